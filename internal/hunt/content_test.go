package hunt_test

import (
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin/content"
	"github.com/tocsin-soc/tocsin/internal/detect"
	"github.com/tocsin-soc/tocsin/internal/hunt"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/telemetry"
)

// builtin returns a hunter on empty tables, and the built-in rules.
func builtin(t *testing.T) (*hunt.Hunter, *detect.RuleSet) {
	t.Helper()
	folder := func(name string) fs.FS {
		sub, err := fs.Sub(content.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		return sub
	}
	tables, err := schema.Load(folder("tables"))
	if err != nil {
		t.Fatal(err)
	}
	store, err := telemetry.Open(t.Context(), telemetry.Options{Schema: tables, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	h := hunt.New(tables.Catalog(), store, nil, time.Now)
	rules, err := detect.Load(folder("rules"), "builtin")
	if err != nil || len(rules.Rejected) > 0 {
		t.Fatalf("%v %v", rules.Rejected, err)
	}
	return h, rules
}

// TestRules_CompileStrictlyAndRun: the built-in rules have no warning, and run
// on empty tables.
func TestRules_CompileStrictlyAndRun(t *testing.T) {
	h, rules := builtin(t)
	for _, r := range rules.KQL {
		if diags := h.Check(hunt.Query{Text: r.Query}); len(diags) > 0 {
			t.Errorf("%s:\n%s", r.Path, diags.Render("query", r.Query))
			continue
		}
		answer, err := h.Run(t.Context(), hunt.Query{Text: r.Query, From: time.Now().Add(-r.Period), To: time.Now()})
		if err != nil {
			t.Errorf("%s: %v", r.Path, err)
			continue
		}
		columns := " "
		for _, c := range answer.Tables[0].Columns {
			columns += c.Name + " "
		}
		for _, m := range r.Entities {
			for _, f := range m.Fields {
				if !strings.Contains(columns, " "+f.Column+" ") {
					t.Errorf("%s maps %s, which is not in its result:%s", r.Path, f.Column, columns)
				}
			}
		}
	}
}
