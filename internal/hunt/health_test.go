package hunt_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/tocsin-soc/tocsin/internal/detect"
	"github.com/tocsin-soc/tocsin/internal/hunt"
)

// TestHealthRules runs the built-in rules about sources over made histories of
// the intake: a history takes the place of the tables in the rule's query.
func TestHealthRules(t *testing.T) {
	h, rules := builtin(t)
	cases, err := filepath.Glob("testdata/health/*.txtar")
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, path := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			part := map[string]string{}
			for _, f := range a.Files {
				part[f.Name] = strings.TrimSpace(string(f.Data))
			}
			var rule *detect.KQLRule
			for _, r := range rules.KQL {
				if strings.HasSuffix(r.Path, "/"+part["rule"]+".yaml") {
					rule = r
				}
			}
			at, err := time.Parse(time.RFC3339, part["at"])
			if rule == nil || err != nil {
				t.Fatalf("rule %q, time %v", part["rule"], err)
			}
			text := part["history.kql"] + "\n" + rule.Query
			answer, err := h.Run(t.Context(), hunt.Query{Text: text, From: at.Add(-rule.Period), To: at, Now: at})
			if err != nil {
				t.Fatal(err)
			}
			if answer.Diagnostics.HasErrors() {
				t.Fatal(answer.Diagnostics.Render("query", text))
			}
			var got []string
			for _, row := range answer.Tables[0].Rows {
				got = append(got, row[0].(string))
			}
			if strings.Join(got, "\n") != part["sources"] {
				t.Errorf("alerts on %q, want %q\n%v", got, part["sources"], answer.Tables[0].Rows)
			}
		})
	}
}
