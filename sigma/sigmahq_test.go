package sigma

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// sigmaDir is the reference material beside the checkout; it is never copied here.
const sigmaDir = "../../shared/sigma"

// activeRules are the folders of SigmaHQ that hold active rules.
var activeRules = []string{"rules", "rules-emerging-threats", "rules-threat-hunting", "rules-placeholder", "rules-compliance"}

func loadActive(t testing.TB) *Set {
	t.Helper()
	if _, err := os.Stat(filepath.Join(sigmaDir, "sigmahq")); err != nil {
		t.Skip("SigmaHQ rules are not beside the checkout")
	}
	set, err := readActive()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func readActive() (*Set, error) {
	var folders []fs.FS
	for _, dir := range activeRules {
		folders = append(folders, os.DirFS(filepath.Join(sigmaDir, "sigmahq", dir)))
	}
	return Load(folders...)
}

// activeOnce reads and compiles the active rules once for all tests.
var activeOnce = sync.OnceValues(func() (*Program, error) {
	set, err := readActive()
	if err != nil {
		return nil, err
	}
	mapping, err := LoadMapping(os.DirFS("../content/sigma"))
	if err != nil {
		return nil, err
	}
	p, _ := Compile(set.Rules, Options{Mapping: mapping})
	return p, nil
})

func activeProgram(t testing.TB) *Program {
	t.Helper()
	if _, err := os.Stat(filepath.Join(sigmaDir, "sigmahq")); err != nil {
		t.Skip("SigmaHQ rules are not beside the checkout")
	}
	p, err := activeOnce()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func loadMapping(t testing.TB) *Mapping {
	t.Helper()
	m, err := LoadMapping(os.DirFS("../content/sigma"))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestLoad_SigmaHQ(t *testing.T) {
	set := loadActive(t)
	for _, r := range set.Rejected {
		t.Log(r)
	}
	_, rejected := Compile(set.Rules, Options{Mapping: loadMapping(t)})
	others := 0
	for _, r := range rejected {
		if !strings.Contains(r.Reason, "placeholder") {
			t.Log(r)
			others++
		}
	}
	if n := len(set.Rules); n < 3780 || others > 0 || len(rejected) != 25 {
		t.Errorf("%d of %d rules load, %d rejected for placeholders, %d for other reasons", n, set.Files, len(rejected)-others, others)
	}
}

// regressionCase is one line of regression.jsonl.
type regressionCase struct {
	RulePath string `json:"rule_path"`
	RuleID   string `json:"rule_id"`
	Expected int    `json:"expected_matches"`
	Declared *int   `json:"match_count_declared"`
	JSONPath string `json:"sample_json_path"`
}

func regressionCases(t testing.TB) []regressionCase {
	t.Helper()
	f, err := os.Open(filepath.Join(sigmaDir, "regression.jsonl"))
	if err != nil {
		t.Skip("SigmaHQ regression data is not beside the checkout")
	}
	defer f.Close()
	var cases []regressionCase
	for sc := bufio.NewScanner(f); sc.Scan(); {
		var c regressionCase
		if err := json.Unmarshal(sc.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, c)
	}
	return cases
}

// sampleRecords reads a sample: one JSON document per record.
func sampleRecords(t testing.TB, path string) [][]byte {
	t.Helper()
	f, err := os.Open(filepath.Join(sigmaDir, path))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var records [][]byte
	dec := json.NewDecoder(f)
	for dec.More() {
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			t.Fatal(err)
		}
		if raw[0] == '[' {
			var list []json.RawMessage
			if err := json.Unmarshal(raw, &list); err != nil {
				t.Fatal(err)
			}
			for _, r := range list {
				records = append(records, r)
			}
			continue
		}
		records = append(records, raw)
	}
	return records
}

func TestMatch_SigmaHQRegression(t *testing.T) {
	p := activeProgram(t)
	m, ev := p.NewMatcher(), NewEvent(p.Fields())
	good, exact := 0, 0
	cases := regressionCases(t)
	for _, c := range cases {
		n := 0
		for _, rec := range sampleRecords(t, c.JSONPath) {
			if err := ParseJSON(rec, ev); err != nil {
				t.Errorf("%s: %v", c.JSONPath, err)
				continue
			}
			for _, i := range m.Match(ev) {
				if p.Rules()[i].ID == c.RuleID {
					n++
				}
			}
		}
		if n < c.Expected {
			t.Errorf("%s: %d matches, want %d", c.RulePath, n, c.Expected)
			continue
		}
		good++
		if n == c.Expected {
			exact++
		}
	}
	t.Logf("%d of %d rules match their sample, %d exactly as often as declared", good, len(cases), exact)
}

// TestLoad_OldAggregations: the rules SigmaHQ retired for their aggregations are
// read as correlations where they say all that is needed.
func TestLoad_OldAggregations(t *testing.T) {
	dir := filepath.Join(sigmaDir, "sigmahq", "unsupported")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("SigmaHQ rules are not beside the checkout")
	}
	all := &Set{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".yml" {
			return err
		}
		src, err := os.ReadFile(path)
		src = bytes.ReplaceAll(src, []byte("status: unsupported"), []byte("status: test"))
		part := Parse(filepath.Base(path), src)
		all.Add(&part)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	all.Link()
	for _, r := range all.Rejected {
		t.Log(r)
		known := false // no timeframe, rule collections, and prose in place of a condition
		for _, reason := range []string{"no timeframe", `action "global"`, "title is missing", "unexpected character"} {
			known = known || strings.Contains(r.Reason, reason)
		}
		if !known {
			t.Error("not expected")
		}
	}
	t.Logf("%d correlations, %d rules, %d rejected", len(all.Correlations), len(all.Rules), len(all.Rejected))
	if len(all.Correlations) < 40 {
		t.Errorf("only %d of the old aggregations are read", len(all.Correlations))
	}
}
