package sigma

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestTraps runs a case per rule of the language that engines get wrong. A case
// is a txtar file: rule.yml (one or more documents), events (one JSON object per
// line, + must match, - must not; a leading [product/category/service] names the
// source, default test), and for rules to be refused reject (a part of the
// reason). The comment says the rule of the language.
func TestTraps(t *testing.T) {
	paths, _ := filepath.Glob("testdata/traps/*.txtar")
	if len(paths) < 28 {
		t.Fatalf("%d cases", len(paths))
	}
	mapping := loadMapping(t)
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			ar, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if len(strings.TrimSpace(string(ar.Comment))) == 0 {
				t.Fatal("the case does not say its rule")
			}
			t.Log(strings.TrimSpace(string(ar.Comment)))
			files := map[string]string{}
			for _, f := range ar.Files {
				files[f.Name] = string(f.Data)
			}
			runTrap(t, mapping, files)
		})
	}
}

func runTrap(t *testing.T, mapping *Mapping, files map[string]string) {
	t.Helper()
	set := Parse("rule.yml", []byte(files["rule.yml"]))
	set.Link()
	opt := Options{Mapping: mapping}
	if list, ok := files["placeholders"]; ok {
		opt.Placeholders = map[string][]string{}
		for _, line := range strings.Fields(list) {
			name, values, _ := strings.Cut(line, "=")
			opt.Placeholders[name] = strings.Split(values, ",")
		}
	}
	p, rejected := Compile(set.Rules, opt)
	rejected = append(set.Rejected, rejected...)
	if want, ok := files["reject"]; ok {
		if len(rejected) == 0 || !strings.Contains(rejected[0].Reason, strings.TrimSpace(want)) {
			t.Errorf("rejected %v, want %q", rejected, want)
		}
		return
	}
	if rejected != nil {
		t.Fatal(rejected)
	}
	m, ev := p.NewMatcher(), NewEvent(p.Fields())
	for _, line := range strings.Split(files["events"], "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		trapEvent(t, m, ev, line)
	}
}

func trapEvent(t *testing.T, m *Matcher, ev *Event, line string) {
	t.Helper()
	sign, text := line[0], strings.TrimSpace(line[1:])
	source := Logsource{Product: "test"}
	if strings.HasPrefix(text, "[") {
		named, rest, _ := strings.Cut(text[1:], "]")
		text = strings.TrimSpace(rest)
		source = Logsource{}
		if parts := strings.Split(named, "/"); len(parts) == 3 {
			source = Logsource{Product: parts[0], Category: parts[1], Service: parts[2]}
		}
	}
	raw, isRaw := strings.CutPrefix(text, "raw ")
	if isRaw {
		ev.Reset()
		ev.Raw = []byte(raw)
	} else if err := ParseJSON([]byte(text), ev); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	ev.Logsource = source
	got := len(m.Match(ev)) > 0
	if naive := len(naiveMatch(m.p.rules, m.p.mapping, naiveCopy(ev))) > 0; naive != got {
		t.Errorf("%s: matcher %t, naive evaluator %t", line, got, naive)
	}
	if want := sign == '+'; got != want {
		t.Errorf("%s: matches is %t", line, got)
	}
}
