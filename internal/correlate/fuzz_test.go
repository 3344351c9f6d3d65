package correlate

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzFiles reads arbitrary bytes as a rule and as the policy: what is accepted
// must be usable, and nothing may panic.
func FuzzFiles(f *testing.F) {
	names, err := filepath.Glob("../../content/correlation/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > maxFile {
			return
		}
		if r, err := readRule(text); err == nil && (r.id == "" || r.window <= 0 || r.weight <= 0 || len(r.types) == 0 || (r.first == nil) != (r.then == nil)) {
			t.Errorf("accepted %+v", r)
		}
		if p, err := readPolicy(text); err == nil && (p.link <= 0 || p.merge < p.link || p.retire <= 0) {
			t.Errorf("accepted %+v", p)
		}
	})
}
