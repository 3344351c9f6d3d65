package normalize

import (
	"fmt"
	"strings"
)

// An expr makes the text of one column from the fields of an event. In a
// mapping it is written as one of
//
//	= ProcessCreated                     a fixed text
//	Image                                a field
//	NewProcessName or ProcessName        the first that is there and not empty
//	SubjectDomainName \ SubjectUserName  both, joined by a backslash
//	Hashes | sha256                      a conversion, see conversions
//	LogonType | map logon_type           a value map; what it lacks stays
//	SubStatus | only failure             a value map; what it lacks is absent
//	$DataXML                             a rendering of the event, see specials
type expr struct {
	fixed   bool
	text    string
	special special
	any     [][]int // alternatives; each joins the fields of these symbols
	steps   []step
}

// A step is one conversion. ok false means: the column stays null.
type step func(string) (text string, ok bool)

// symbols numbers the field names that mappings ask for.
type symbols struct{ ids map[string]int }

func (s *symbols) id(name string) int {
	id, ok := s.ids[name]
	if !ok {
		id = len(s.ids)
		s.ids[name] = id
	}
	return id
}

// parseExpr compiles the text of an expression.
func parseExpr(text string, sym *symbols, maps map[string]map[string]string) (*expr, error) {
	text = strings.TrimSpace(text)
	if fixed, ok := strings.CutPrefix(text, "="); ok {
		return &expr{fixed: true, text: strings.TrimSpace(fixed)}, nil
	}
	parts := strings.Split(text, " | ")
	e := &expr{}
	if name, ok := strings.CutPrefix(parts[0], "$"); ok {
		if e.special, ok = specials[strings.TrimSpace(name)]; !ok {
			return nil, fmt.Errorf("no rendering $%s", name)
		}
	} else {
		for _, alternative := range strings.Split(parts[0], " or ") {
			var ids []int
			for _, field := range strings.Split(alternative, ` \ `) {
				field = strings.TrimSpace(field)
				if field == "" || strings.ContainsAny(field, " |\\") {
					return nil, fmt.Errorf("%q is no field name", field)
				}
				ids = append(ids, sym.id(field))
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
	}
	return e, nil
}

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
			return s, name == "map"
		}, nil
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
		text, ok = x.first(e)
	}
	for _, s := range x.steps {
		if !ok {
			return "", false
		}
		text, ok = s(text)
	}
	return text, ok
}

// first returns the first alternative with a text; "-" is how Windows writes
// that there is none, and counts only where there is nothing better.
func (x *expr) first(e *winEvent) (text string, ok bool) {
	for _, ids := range x.any {
		joined := ""
		for _, id := range ids {
			v, present := e.get(id)
			if present && !ok {
				text, ok = v, true
			}
			if v == "" || v == "-" {
				continue
			}
			if joined != "" {
				joined += `\`
			}
			joined += v
		}
		if joined != "" {
			return joined, true
		}
	}
	return text, ok
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
	"key":         func(s string) (string, bool) { return registryPath(s), true },
	"parentkey": func(s string) (string, bool) {
		s = registryPath(s)
		return s[:max(0, strings.LastIndexByte(s, '\\'))], true
	},
	"regdata": registryData,
	"regtype": registryType,

	"commandname":     contextLine("Command Name"),
	"hostapplication": contextLine("Host Application"),
	"contextuser":     contextLine("User"),
}
