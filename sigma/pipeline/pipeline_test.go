package pipeline

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/tocsin-soc/tocsin/sigma/rule"
)

// TestPipelines: a case has pipeline.yml, rule.yml and either want (each rule's
// log source and expression, each correlation's group fields by rule) or reject.
func TestPipelines(t *testing.T) {
	paths, _ := filepath.Glob("testdata/*.txtar")
	if len(paths) == 0 {
		t.Fatal("no cases")
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			ar, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			files := map[string]string{}
			for _, f := range ar.Files {
				files[f.Name] = string(f.Data)
			}
			p, err := Parse([]byte(files["pipeline.yml"]))
			if err != nil {
				if want := strings.TrimSpace(files["reject"]); want == "" || !strings.Contains(err.Error(), want) {
					t.Errorf("%v, want %q", err, want)
				}
				return
			}
			set := rule.Parse("rule.yml", []byte(files["rule.yml"]))
			set.Link()
			if set.Rejected != nil {
				t.Fatal(set.Rejected)
			}
			Apply(&set, p)
			if got, want := describe(&set), strings.TrimSpace(files["want"]+files["reject"]); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func describe(set *rule.Set) string {
	var out []string
	for _, r := range set.Rejected {
		out = append(out, r.Reason)
	}
	for _, r := range set.Rules {
		out = append(out, r.Logsource.String()+" "+r.Expr.String())
	}
	for _, c := range set.Correlations {
		for _, g := range c.GroupBy {
			for _, ref := range c.Rules {
				out = append(out, g+" of "+ref+": "+c.Field(g, ref))
			}
		}
	}
	return strings.Join(out, "\n")
}
