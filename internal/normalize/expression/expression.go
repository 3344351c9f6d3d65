package expression

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/tocsin-soc/tocsin/internal/normalize/value"
)

// An Expr makes the text of one column from the fields of a record. It is
// immutable. In a mapping it is written as one of
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
//	$DataXML                             a rendering of the whole event, where it has some
type Expr struct {
	fixed     bool
	text      string
	rendering string
	any       [][]int // alternatives; each joins the fields of these symbols
	between   string  // what stands between joined fields
	steps     []Step
	memo      int // where the conversion is remembered, plus 1; 0 for none
}

// NoSymbol is the symbol of a text that is not one field's.
const NoSymbol = -1

// A Step is one conversion. ok false means: the column stays null.
type Step func(string) (text string, ok bool)

// Names are what expressions may name beside fields.
type Names struct {
	Maps map[string]map[string]string // value maps
	// IsRendering says which names behind a dollar sign are renderings of the whole
	// event. Without it such a name is a field like any other.
	IsRendering func(name string) bool
}

// Parse compiles the text of an expression.
func Parse(text string, sym *Symbols, names Names) (*Expr, error) {
	text = strings.TrimSpace(text)
	if fixed, ok := strings.CutPrefix(text, "="); ok {
		return &Expr{fixed: true, text: strings.TrimSpace(fixed)}, nil
	}
	parts := strings.Split(text, " | ")
	x := &Expr{between: `\`}
	if name, ok := strings.CutPrefix(parts[0], "$"); ok && names.IsRendering != nil {
		if x.rendering = strings.TrimSpace(name); !names.IsRendering(x.rendering) {
			return nil, fmt.Errorf("no rendering $%s", name)
		}
	} else {
		for _, alternative := range strings.Split(parts[0], " or ") {
			var ids []int
			separator := ` \ `
			if strings.Contains(alternative, " & ") {
				separator, x.between = " & ", ""
			}
			for _, field := range strings.Split(alternative, separator) {
				field = strings.TrimSpace(field)
				bare := strings.TrimSuffix(strings.TrimPrefix(field, `"`), `"`)
				if bare == "" || len(bare) == len(field) && strings.ContainsAny(field, " |\\") {
					return nil, fmt.Errorf("%q is no field name", field)
				}
				ids = append(ids, sym.ID(bare))
			}
			x.any = append(x.any, ids)
		}
	}
	for _, part := range parts[1:] {
		name, arg, _ := strings.Cut(strings.TrimSpace(part), " ")
		s, err := ParseStep(name, strings.TrimSpace(arg), names.Maps)
		if err != nil {
			return nil, err
		}
		x.steps = append(x.steps, s)
		if len(parts) == 2 {
			x.memo = slices.Index(remembered[:], name) + 1
		}
	}
	return x, nil
}

// remembered are conversions of fields that have few different values.
var remembered = [...]string{"deviceid", "lower", "domain"}

// ParseStep compiles one conversion of a name and what stands behind it.
func ParseStep(name, arg string, maps map[string]map[string]string) (Step, error) {
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

// Of makes the text from the fields of a record; symbol is the field it is unless
// it was joined or converted, NoSymbol otherwise; ok is false when the record does
// not have it. A rendering is never there: see Rendering.
func (x *Expr) Of(s *Slots) (text string, symbol int, ok bool) {
	if x.fixed {
		return x.text, NoSymbol, true
	}
	text, symbol, ok = x.first(s)
	if len(x.steps) > 0 {
		symbol = NoSymbol
		if x.memo > 0 && ok {
			text, ok = s.memos[x.memo-1].of(text, x.steps[0])
		} else {
			text, ok = x.Convert(text, ok)
		}
	}
	return text, symbol, ok
}

// Rendering is the name of the rendering of the whole event that the expression
// begins with, empty for most: whoever renders gives it to Convert.
func (x *Expr) Rendering() string { return x.rendering }

// Each calls do with the symbol of every field that the expression asks for.
func (x *Expr) Each(do func(symbol int)) {
	for _, ids := range x.any {
		for _, id := range ids {
			do(id)
		}
	}
}

// IsField says whether the expression is one field and nothing else.
func (x *Expr) IsField(symbol int) bool {
	return len(x.any) == 1 && len(x.any[0]) == 1 && x.any[0][0] == symbol
}

// Convert does the expression's conversions.
func (x *Expr) Convert(text string, ok bool) (string, bool) {
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
func (x *Expr) first(s *Slots) (text string, symbol int, ok bool) {
	symbol = NoSymbol
	if len(x.any) == 1 && len(x.any[0]) == 1 { // most of them
		id := x.any[0][0]
		if text, ok = s.Get(id); ok {
			symbol = id
		}
		return text, symbol, ok
	}
	for _, ids := range x.any {
		joined, fields := "", 0
		for _, id := range ids {
			v, present := s.Get(id)
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
			return joined, NoSymbol, true
		}
	}
	return text, symbol, ok
}

// partings are conversions with a text of their own.
var partings = map[string]func(arg string) Step{
	"after": func(arg string) Step {
		return func(s string) (string, bool) { _, rest, ok := strings.Cut(s, arg); return rest, ok }
	},
	"before": func(arg string) Step {
		return func(s string) (string, bool) { head, _, ok := strings.Cut(s, arg); return head, ok }
	},
	"behind": func(arg string) Step { // the last of them; all if there is none
		return func(s string) (string, bool) { return s[strings.LastIndex(s, arg)+1:], true }
	},
	"ahead": func(arg string) Step { // the first of them; all if there is none
		return func(s string) (string, bool) { head, _, _ := strings.Cut(s, arg); return head, true }
	},
}

// conversions by the name that mappings use.
var conversions = map[string]Step{
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
	"guid":        func(s string) (string, bool) { return value.GUID(s) },
	"decimal":     decimal,
	"deviceid":    deviceID,
	"integer":     func(s string) (string, bool) { _, ok := value.Integer(s); return s, ok },
	"int32": func(s string) (string, bool) {
		n, ok := value.Integer(s)
		return s, ok && n >= math.MinInt32 && n <= math.MaxInt32
	},
	"nodot":      func(s string) (string, bool) { return strings.TrimSuffix(s, "."), true },
	"plus":       func(s string) (string, bool) { return strings.ReplaceAll(s, "+", " "), true },
	"uri":        func(s string) (string, bool) { return strings.Replace(s, `\`, "?", 1), true },
	"w3ctime":    func(s string) (string, bool) { return strings.Replace(s, `\`, " ", 1), true },
	"httpresult": httpResult,
	"utc": func(s string) (string, bool) { // a time that its vendor writes in UTC and without a zone
		if value.IsLocal(s) {
			return strings.TrimSpace(s) + "Z", true
		}
		return s, true
	},
	"trim": func(s string) (string, bool) { return strings.TrimSpace(s), true },
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
