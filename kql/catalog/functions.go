package catalog

import (
	_ "embed" // functions.txt
	"fmt"
	"sort"
	"strings"
	"sync"
)

//go:embed functions.txt
var functionsText string

// FunctionTable is the language's functions, by name and kind. It never changes.
type FunctionTable struct {
	all    []*Function // in the order of functions.txt
	byName map[functionKey]*Function
}

type functionKey struct {
	name string
	kind Kind
}

// Functions returns the language's function table. It is read once per process
// and shared.
var Functions = sync.OnceValue(func() *FunctionTable {
	t, err := parseFunctions(functionsText)
	if err != nil {
		panic("catalog: functions.txt: " + err.Error())
	}
	return t
})

// Lookup returns the function of that name and kind, following no alias.
func (t *FunctionTable) Lookup(name string, kind Kind) (*Function, bool) {
	f, ok := t.byName[functionKey{name, kind}]
	return f, ok
}

// All returns every entry in table order. The caller does not change the slice.
func (t *FunctionTable) All() []*Function { return t.all }

// Names returns the names of one kind that are not hidden, sorted: for
// suggestions.
func (t *FunctionTable) Names(kind Kind) []string {
	var out []string
	for _, f := range t.all {
		if f.Kind == kind && !f.Deprecated {
			out = append(out, f.Name)
		}
	}
	sort.Strings(out)
	return out
}

func parseFunctions(text string) (*FunctionTable, error) {
	t := &FunctionTable{byName: map[functionKey]*Function{}}
	kind := Scalar
	for n, line := range strings.Split(text, "\n") {
		switch {
		case line == "" || line[0] == '#':
			continue
		case line[0] == '[':
			k, ok := kindOf(strings.Trim(line, "[]"))
			if !ok {
				return nil, fmt.Errorf("line %d: unknown section %s", n+1, line)
			}
			kind = k
			continue
		}
		f, err := parseFunction(line, kind)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n+1, err)
		}
		key := functionKey{f.Name, f.Kind}
		if t.byName[key] != nil {
			return nil, fmt.Errorf("line %d: %s is listed twice", n+1, f.Name)
		}
		t.byName[key] = f
		t.all = append(t.all, f)
	}
	return t, nil
}

func kindOf(word string) (Kind, bool) {
	for i, name := range kindNames {
		if name == word {
			return Kind(i), true
		}
	}
	return 0, false
}

// parseFunction reads one line: signatures | naming | doc | example [| note]…
// An example may itself contain bars; notes are recognised by their key.
func parseFunction(line string, kind Kind) (*Function, error) {
	fields := strings.Split(line, " | ")
	if len(fields) < 4 {
		return nil, fmt.Errorf("%d fields instead of at least four", len(fields))
	}
	open := strings.IndexByte(fields[0], '(')
	if open <= 0 {
		return nil, fmt.Errorf("no name in %q", fields[0])
	}
	f := &Function{Name: fields[0][:open], Kind: kind, Doc: fields[2]}
	for _, s := range strings.Split(fields[0][open:], " ; ") {
		sig, err := parseSignature(s)
		if err != nil {
			return nil, err
		}
		f.Signatures = append(f.Signatures, sig)
	}
	naming, err := parseNaming(fields[1])
	if err != nil {
		return nil, err
	}
	f.Naming = naming
	rest := fields[3:]
	for len(rest) > 1 && f.note(rest[len(rest)-1]) {
		rest = rest[:len(rest)-1]
	}
	f.Example = strings.Join(rest, " | ")
	return f, nil
}

// note takes "key: text" and reports whether the key is known.
func (f *Function) note(s string) bool {
	key, text, ok := strings.Cut(s, ": ")
	if !ok {
		return false
	}
	switch key {
	case "alias":
		f.Alias = text
	case "deprecated":
		f.Alias, f.Deprecated = text, true
	case "differs":
		f.Fidelity = text
	case "unsupported":
		f.Unsupported = text
	case "hidden":
	default:
		return false
	}
	return true
}

var classNames = map[string]Class{
	"any": ClassAny, "string": ClassString, "strdyn": ClassString, "text": ClassText, "bool": ClassBool,
	"integer": ClassInteger, "long": ClassLong, "real": ClassReal, "decimal": ClassDecimal, "number": ClassNumber,
	"summable": ClassSummable, "ordered": ClassOrdered, "datetime": ClassDateTime, "timespan": ClassTimeSpan,
	"dynamic": ClassDynamic, "guid": ClassGuid, "notdynamic": ClassNotDynamic, "column": ClassColumn,
	"star": ClassStar, "type": ClassType, "table": ClassTable,
	"common": ClassCommon, "commondyn": ClassCommonOrDynamic, "commonord": ClassCommonOrdered,
}

var ruleNames = map[string]Rule{
	"arg0": RuleArg0, "arg1": RuleArg1, "arg2": RuleArg2, "common": RuleCommon, "widest": RuleWidest,
	"promoted": RulePromoted, "mean": RuleMean, "typearg": RuleTypeArg, "tuple": RuleTuple, "table": RuleTable,
}

func parseSignature(s string) (Signature, error) {
	var sig Signature
	closing := strings.LastIndex(s, ") ")
	if !strings.HasPrefix(s, "(") || closing < 0 {
		return sig, fmt.Errorf("malformed signature %q", s)
	}
	result := strings.TrimSpace(s[closing+2:])
	if rule, ok := ruleNames[result]; ok {
		sig.Result = rule
	} else if t, ok := ParseType(result); ok {
		sig.Fixed = t
	} else {
		return sig, fmt.Errorf("unknown result %q", result)
	}
	if s[1:closing] == "" {
		return sig, nil
	}
	for _, p := range strings.Split(s[1:closing], ", ") {
		name, class, ok := strings.Cut(p, ":")
		if !ok {
			return sig, fmt.Errorf("malformed parameter %q", p)
		}
		param := Param{Name: name}
		for trimmed := false; !trimmed; {
			switch class[len(class)-1] {
			case '?':
				param.Optional = true
			case '+':
				param.Repeat = true
			case '*':
				param.Repeat, param.Optional = true, true
			case '!':
				param.Constant = true
			default:
				trimmed = true
				continue
			}
			class = class[:len(class)-1]
		}
		if param.Class, ok = classNames[class]; !ok {
			return sig, fmt.Errorf("unknown class in %q", p)
		}
		sig.Params = append(sig.Params, param)
	}
	return sig, nil
}

func parseNaming(s string) (Naming, error) {
	kind, prefix, _ := strings.Cut(s, ":")
	switch kind {
	case "-":
		return Naming{}, nil
	case "first":
		return Naming{Kind: NameFirstArg}, nil
	case "only":
		return Naming{Kind: NameOnlyArg}, nil
	case "value":
		return Naming{Kind: NameFirstArgValue}, nil
	case "name":
		return Naming{Kind: NameFuncArg}, nil
	case "prefix":
		return Naming{Kind: NamePrefixArg, Prefix: prefix}, nil
	case "prefixpair":
		return Naming{Kind: NamePrefixArgs, Prefix: prefix}, nil
	case "prefixonly":
		return Naming{Kind: NamePrefixOnly, Prefix: prefix}, nil
	}
	return Naming{}, fmt.Errorf("unknown naming %q", s)
}
