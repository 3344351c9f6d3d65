package sigma

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/format"
	"github.com/tocsin-soc/tocsin/kql/parser"
	"github.com/tocsin-soc/tocsin/sigma/document"
)

var update = flag.Bool("update", false, "rewrite golden results")

// shippedColumns reads the columns of content/tables.
func shippedColumns(t *testing.T) Columns {
	t.Helper()
	tables := map[string]map[string]string{}
	return func(table, column string) (string, bool) {
		cols, ok := tables[table]
		if !ok {
			cols = map[string]string{}
			if src, err := os.ReadFile(filepath.Join("../content/tables", table+".yaml")); err == nil {
				docs, err := document.Parse(src)
				if err != nil {
					t.Fatal(err)
				}
				for _, line := range strings.Split(docs[0].Get("columns").Str(), "\n") {
					if f := strings.Fields(line); len(f) > 1 {
						cols[f[0]] = f[1]
					}
				}
			}
			tables[table] = cols
		}
		kind, ok := cols[column]
		return kind, ok
	}
}

// TestToKQL_Cases: a case has rule.yml and want.kql or reject.
func TestToKQL_Cases(t *testing.T) {
	paths, _ := filepath.Glob("testdata/kql/*.txtar")
	if len(paths) == 0 {
		t.Fatal("no cases")
	}
	mapping, columns := loadMapping(t), shippedColumns(t)
	for _, path := range paths {
		ar, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files := map[string]string{}
		for _, f := range ar.Files {
			files[f.Name] = string(f.Data)
		}
		set := Parse("rule.yml", []byte(files["rule.yml"]))
		if len(set.Rules) != 1 {
			t.Fatal(set.Rejected)
		}
		script, err := ToKQL(set.Rules[0], mapping, columns)
		if err != nil {
			if want := strings.TrimSpace(files["reject"]); want == "" || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", path, err)
			}
			continue
		}
		got := strings.TrimSpace(format.Node(script))
		if *update {
			ar.Files[len(ar.Files)-1] = txtar.File{Name: "want.kql", Data: []byte(got + "\n")}
			if err := os.WriteFile(path, txtar.Format(ar), 0o644); err != nil {
				t.Fatal(err)
			}
		} else if got != strings.TrimSpace(files["want.kql"]) {
			t.Errorf("%s:\n%s", path, got)
		}
	}
}

// TestToKQL_SigmaHQ: every query made of a rule on Windows is KQL, and reads back
// as the tree it was printed from.
func TestToKQL_SigmaHQ(t *testing.T) {
	p := activeProgram(t)
	mapping, columns := loadMapping(t), shippedColumns(t)
	made, refused := 0, map[string]int{}
	for _, r := range p.Rules() {
		if r.Logsource.Product != "windows" {
			continue
		}
		script, err := ToKQL(r, mapping, columns)
		if err != nil {
			reason := err.Error()
			if i := strings.LastIndex(reason, "field "); i >= 0 {
				reason = "a field without column"
			}
			refused[reason]++
			continue
		}
		made++
		text := format.Node(script)
		again, diags := parser.Parse(text)
		if diags.HasErrors() {
			t.Errorf("%s: %v\n%s", r.Source, diags, text)
			continue
		}
		if a, b := ast.Dump(stripped(script)), ast.Dump(stripped(again)); a != b {
			t.Errorf("%s: reads back as another tree\n%s\n%s\n%s", r.Source, text, a, b)
			return
		}
	}
	t.Logf("%d queries, refused: %v", made, refused)
	if made < 2700 {
		t.Errorf("only %d rules on Windows become KQL", made)
	}
}

// TestToKQL_SigmaHQText: rules about Linux, web servers, proxies, DNS and firewalls
// find the tables their records are stored in.
func TestToKQL_SigmaHQText(t *testing.T) {
	p := activeProgram(t)
	mapping, columns := loadMapping(t), shippedColumns(t)
	made, asked := map[string]int{}, map[string]int{}
	for _, r := range p.Rules() {
		l := r.Logsource
		if l.Product != "" && l.Product != "linux" || l.Product == "" && !strings.Contains(" webserver proxy dns firewall ", " "+l.Category+" ") {
			continue
		}
		asked[l.String()]++
		if _, err := ToKQL(r, mapping, columns); err == nil {
			made[l.String()]++
		}
	}
	t.Logf("queries: %v of %v", made, asked)
	for source, least := range map[string]int{"linux/process_creation/-": 140, "linux/file_event/-": 15, "-/webserver/-": 75, "-/proxy/-": 50, "-/dns/-": 11} {
		if made[source] < least {
			t.Errorf("%d rules on %s become KQL, at least %d did", made[source], source, least)
		}
	}
}

// stripped forgets the comments of a script.
func stripped(s *ast.Script) *ast.Script { return &ast.Script{Stmts: s.Stmts} }
