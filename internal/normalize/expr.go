package normalize

import (
	"fmt"
	"math"
	"strings"
)

// An expr makes the text of one column from the fields of an event. In a
// mapping it is written as one of
//
//	= ProcessCreated                     a fixed text
//	Image                                a field
//	"Date (UTC)"                         a field whose name has spaces
//	NewProcessName or ProcessName        the first that is there and not empty
//	SubjectDomainName \ SubjectUserName  both, joined by a backslash
//	host & uri                           both, joined by nothing
//	Hashes | sha256                      a conversion, see conversions
//	LogonType | map logon_type           a value map; what it lacks stays
//	ProcessName | only service           the value of "*" is for what a map lacks
//	rule | as Rule                       a fixed text, where the field has any
//	SubStatus | only failure             a value map; what it lacks is absent
//	$DataXML                             a rendering of the event, see specials
type expr struct {
	fixed   bool
	text    string
	special special
	any     [][]int // alternatives; each joins the fields of these symbols
	between string  // what stands between joined fields
	steps   []step
	memo    int // where a Windows event remembers the conversion, plus 1; 0 for none
}

// noSymbol is the symbol of a text that is not one field's.
const noSymbol = -1

// A step is one conversion. ok false means: the column stays null.
type step func(string) (text string, ok bool)

// symbols numbers the field names that mappings ask for.
type symbols struct {
	ids   map[string]int
	memos int // how many expressions remember what they converted
}

func (s *symbols) id(name string) int {
	id, ok := s.ids[name]
	if !ok {
		id = len(s.ids)
		s.ids[name] = id
	}
	return id
}

// parseExpr compiles the text of an expression. Without renderings a name that
// begins with a dollar sign is a symbol like any other.
func parseExpr(text string, sym *symbols, maps map[string]map[string]string, renderings map[string]special) (*expr, error) {
	text = strings.TrimSpace(text)
	if fixed, ok := strings.CutPrefix(text, "="); ok {
		return &expr{fixed: true, text: strings.TrimSpace(fixed)}, nil
	}
	parts := strings.Split(text, " | ")
	e := &expr{between: `\`}
	if name, ok := strings.CutPrefix(parts[0], "$"); ok && renderings != nil {
		if e.special, ok = renderings[strings.TrimSpace(name)]; !ok {
			return nil, fmt.Errorf("no rendering $%s", name)
		}
	} else {
		for _, alternative := range strings.Split(parts[0], " or ") {
			var ids []int
			separator := ` \ `
			if strings.Contains(alternative, " & ") {
				separator, e.between = " & ", ""
			}
			for _, field := range strings.Split(alternative, separator) {
				field = strings.TrimSpace(field)
				bare := strings.TrimSuffix(strings.TrimPrefix(field, `"`), `"`)
				if bare == "" || len(bare) == len(field) && strings.ContainsAny(field, " |\\") {
					return nil, fmt.Errorf("%q is no field name", field)
				}
				ids = append(ids, sym.id(bare))
			}
			e.any = append(e.any, ids)
		}
	}
	for _, part := range parts[1:] {
		name, arg, _ := strings.Cut(strings.TrimSpace(part), " ")
		s, err := parseStep(name, strings.TrimSpace(arg), maps)
		if err != nil {
			return nil, err
		}
		e.steps = append(e.steps, s)
		if len(parts) == 2 && remembered[name] {
			sym.memos++
			e.memo = sym.memos
		}
	}
	return e, nil
}

// remembered are conversions of fields that have few different values.
var remembered = map[string]bool{"deviceid": true, "lower": true, "domain": true}

func parseStep(name, arg string, maps map[string]map[string]string) (step, error) {
	if name == "map" || name == "only" {
		m, ok := maps[arg]
		if !ok {
			return nil, fmt.Errorf("no value map %q", arg)
		}
		return func(s string) (string, bool) {
			if v, ok := m[s]; ok {
				return v, true
			}
			if v, ok := m["*"]; ok {
				return v, true
			}
			return s, name == "map"
		}, nil
	}
	if arg != "" {
		if with, ok := partings[name]; ok {
			return with(arg), nil
		}
	}
	if name == "as" && arg != "" {
		return func(s string) (string, bool) { return arg, s != "" }, nil
	}
	s, ok := conversions[name]
	if !ok || arg != "" {
		return nil, fmt.Errorf("no conversion %q", strings.TrimSpace(name+" "+arg))
	}
	return s, nil
}

// eval makes the text; ok is false when the event does not have it.
func (x *expr) eval(e *winEvent) (text string, ok bool) {
	switch {
	case x.fixed:
		return x.text, true
	case x.special != nil:
		text, ok = x.special(e)
	default:
		text, _, ok = x.first(&e.slots)
	}
	if x.memo > 0 && ok {
		return e.memos[x.memo-1].of(text, x.steps[0])
	}
	return x.convert(text, ok)
}

// of makes the text from the fields of a record that is no Windows event; symbol
// is the field it is unless it was joined or converted.
func (x *expr) of(s *slots) (text string, symbol int, ok bool) {
	if x.fixed {
		return x.text, noSymbol, true
	}
	text, symbol, ok = x.first(s)
	if len(x.steps) > 0 {
		symbol = noSymbol
		text, ok = x.convert(text, ok)
	}
	return text, symbol, ok
}

func (x *expr) convert(text string, ok bool) (string, bool) {
	for _, s := range x.steps {
		if !ok {
			return "", false
		}
		text, ok = s(text)
	}
	return text, ok
}

// first returns the first alternative with a text and, if it is one field's, its
// symbol; "-" is how Windows writes that there is none, and counts only where
// there is nothing better.
func (x *expr) first(s *slots) (text string, symbol int, ok bool) {
	symbol = noSymbol
	if len(x.any) == 1 && len(x.any[0]) == 1 { // most of them
		id := x.any[0][0]
		if text, ok = s.get(id); ok {
			symbol = id
		}
		return text, symbol, ok
	}
	for _, ids := range x.any {
		joined, fields := "", 0
		for _, id := range ids {
			v, present := s.get(id)
			if present && !ok {
				text, symbol, ok = v, id, true
			}
			if v == "" || v == "-" {
				continue
			}
			if joined != "" {
				joined += x.between
			}
			joined += v
			fields++
		}
		switch {
		case fields == 1 && len(ids) == 1:
			return joined, ids[0], true
		case fields > 0:
			return joined, noSymbol, true
		}
	}
	return text, symbol, ok
}

// partings are conversions with a text of their own.
var partings = map[string]func(arg string) step{
	"after": func(arg string) step {
		return func(s string) (string, bool) { _, rest, ok := strings.Cut(s, arg); return rest, ok }
	},
	"before": func(arg string) step {
		return func(s string) (string, bool) { head, _, ok := strings.Cut(s, arg); return head, ok }
	},
	"behind": func(arg string) step { // the last of them; all if there is none
		return func(s string) (string, bool) { return s[strings.LastIndex(s, arg)+1:], true }
	},
	"ahead": func(arg string) step { // the first of them; all if there is none
		return func(s string) (string, bool) { head, _, _ := strings.Cut(s, arg); return head, true }
	},
}

// conversions by the name that mappings use.
var conversions = map[string]step{
	"file":        func(s string) (string, bool) { return s[strings.LastIndexAny(s, `\/`)+1:], true },
	"lower":       func(s string) (string, bool) { return strings.ToLower(s), true },
	"dash":        func(s string) (string, bool) { return s, s != "-" && s != "" },
	"user":        func(s string) (string, bool) { return s[strings.LastIndexByte(s, '\\')+1:], true },
	"domain":      accountDomain,
	"accounttype": accountType,
	"md5":         func(s string) (string, bool) { return hashOf(s, "MD5") },
	"sha1":        func(s string) (string, bool) { return hashOf(s, "SHA1") },
	"sha256":      func(s string) (string, bool) { return hashOf(s, "SHA256") },
	"ip":          plainIP,
	"iptype":      ipType,
	"guid":        func(s string) (string, bool) { return guid(s) },
	"decimal":     decimal,
	"deviceid":    deviceID,
	"integer":     func(s string) (string, bool) { _, ok := integer(s); return s, ok },
	"int32": func(s string) (string, bool) {
		n, ok := integer(s)
		return s, ok && n >= math.MinInt32 && n <= math.MaxInt32
	},
	"nodot":      func(s string) (string, bool) { return strings.TrimSuffix(s, "."), true },
	"plus":       func(s string) (string, bool) { return strings.ReplaceAll(s, "+", " "), true },
	"uri":        func(s string) (string, bool) { return strings.Replace(s, `\`, "?", 1), true },
	"w3ctime":    func(s string) (string, bool) { return strings.Replace(s, `\`, " ", 1), true },
	"httpresult": httpResult,
	"trim":       func(s string) (string, bool) { return strings.TrimSpace(s), true },
	"firstword": func(s string) (string, bool) {
		s, _, _ = strings.Cut(strings.TrimSpace(s), " ")
		return s, s != ""
	},
	"key": func(s string) (string, bool) { return registryPath(s), true },
	"parentkey": func(s string) (string, bool) {
		s = registryPath(s)
		return s[:max(0, strings.LastIndexByte(s, '\\'))], true
	},
	"first":   firstElement,
	"join":    joinElements,
	"seconds": secondsToMillis,
	"upper":   func(s string) (string, bool) { return strings.ToUpper(s), true },
	"regdata": registryData,
	"regtype": registryType,

	"commandname":     contextLine("Command Name"),
	"hostapplication": contextLine("Host Application"),
	"contextuser":     contextLine("User"),
}

// httpResult is what ASIM calls the outcome of a request with this status.
func httpResult(s string) (string, bool) {
	switch {
	case len(s) != 3 || s[0] < '1' || s[0] > '5':
		return "", false
	case s[0] >= '4':
		return "Failure", true
	}
	return "Success", true
}
