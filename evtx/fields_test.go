package evtx

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// suffix is what the JSON shape adds to a path and flattening does not.
var suffix = regexp.MustCompile(`(/#text)?(/\d+)?$`)

// jsonLeaves lists the leaves of a record's JSON as "path=value", by the paths
// of Name.Path. The attributes of Event, name spaces, empty sections and empty elements of System
// are left out, as in flattening.
func jsonLeaves(t testing.TB, rec *Record) []string {
	t.Helper()
	text, err := rec.AppendJSON(nil, JSONOptions{})
	if err != nil {
		t.Fatal(err)
	}
	leaves, err := pairs(json.NewDecoder(bytes.NewReader(text)))
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	var list []string
	for _, leaf := range leaves {
		path := strings.TrimPrefix(suffix.ReplaceAllString(leaf.path, ""), "/Event/")
		value := fmt.Sprint(leaf.value)
		if leaf.value == nil {
			value = ""
		}
		if strings.HasPrefix(path, "#attributes") || strings.Contains(path, "#attributes/xmlns") ||
			leaf.value == nil && (strings.HasPrefix(path, "System/") || !strings.Contains(path, "/")) {
			continue
		}
		list = append(list, strings.ReplaceAll(path, "/", ".")+"="+value)
	}
	return list
}

// fieldLeaves lists the same from flattening.
func fieldLeaves(rec *Record) []string {
	var list []string
	add := func(f Field) {
		value := string(f.Value)
		if f.Kind == Time {
			value = value[:len(value)-2] + "Z" // the JSON shape has 6 digits
		}
		list = append(list, strings.ReplaceAll(f.Name.Path, "/", ".")+"="+value)
	}
	for f := range rec.SystemFields() {
		if len(f.Value) > 0 {
			add(f)
		}
	}
	for f := range rec.Fields() {
		add(f)
	}
	return list
}

// TestFields_SayWhatJSONSays compares the two ways through a record on all real
// logs: the plans of flattening and the tree of rendering.
func TestFields_SayWhatJSONSays(t *testing.T) {
	records := 0
	for _, path := range logs(t, ".") {
		for rec, err := range open(t, path, Options{}).Records() {
			if err != nil {
				t.Fatal(err)
			}
			records++
			want, have := count(jsonLeaves(t, rec)), count(fieldLeaves(rec))
			for leaf, n := range want {
				if have[leaf] != n {
					t.Errorf("%s: record %d: JSON has %d × %q, the fields %d ×", filepath.Base(path), rec.ID, n, leaf, have[leaf])
				}
			}
			for leaf, n := range have {
				if want[leaf] == 0 {
					t.Errorf("%s: record %d: the fields have %d × %q, the JSON none", filepath.Base(path), rec.ID, n, leaf)
				}
			}
			if t.Failed() {
				t.Fatalf("%s\n%s", strings.Join(jsonLeaves(t, rec), "\n"), strings.Join(fieldLeaves(rec), "\n"))
			}
		}
	}
	t.Logf("%d records", records)
}

func count(list []string) map[string]int {
	m := map[string]int{}
	for _, s := range list {
		m[s]++
	}
	return m
}
