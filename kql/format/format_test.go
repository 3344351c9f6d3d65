package format_test

import (
	"bufio"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/format"
	"github.com/tocsin-soc/tocsin/kql/parser"
)

var update = flag.Bool("update", false, "rewrite the format.kql sections of kql/testdata/syntax")

// TestGolden compares the section format.kql of every syntax case.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("../testdata/syntax/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases found: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			query := section(archive, "query.kql")
			want := section(archive, "format.kql")
			if query == nil || want == nil {
				return
			}
			got, diags := format.Source(string(query.Data))
			if diags.HasErrors() {
				t.Fatalf("%s\n%s", archive.Comment, diags.Render("query", string(query.Data)))
			}
			if *update {
				want.Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(want.Data) {
				t.Errorf("%sgot:\n%swant:\n%s", archive.Comment, got, want.Data)
			}
		})
	}
}

func section(a *txtar.Archive, name string) *txtar.File {
	for i := range a.Files {
		if a.Files[i].Name == name {
			return &a.Files[i]
		}
	}
	return nil
}

// TestCorpus keeps the three promises over the published queries and the suites.
func TestCorpus(t *testing.T) {
	for _, name := range []string{"corpus/queries", "suites/emulator", "suites/docs", "suites/kustoloco"} {
		t.Run(name, func(t *testing.T) {
			f, err := os.Open("../../../shared/kql/" + name + ".jsonl")
			if err != nil {
				t.Skip("the shared corpus is not here")
			}
			defer f.Close()
			lines := bufio.NewScanner(f)
			lines.Buffer(nil, 1<<24)
			for lines.Scan() {
				var c struct{ ID, Query string }
				if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
					t.Fatal(err)
				}
				checkPromises(t, c.ID, c.Query)
			}
		})
	}
}

func checkPromises(t *testing.T, id, src string) {
	t.Helper()
	tree, diags := parser.Parse(src)
	if diags.HasErrors() {
		return
	}
	once := format.Script(tree, src)
	again, diags := parser.Parse(once)
	switch {
	case diags.HasErrors():
		t.Errorf("%s: the formatted text does not parse:\n%s", id, diags.Render(id, once))
	case ast.Dump(tree) != ast.Dump(again):
		t.Errorf("%s: formatting changed the tree:\n%s", id, once)
	case comments(tree) != comments(again):
		t.Errorf("%s: formatting changed the comments:\n%s", id, once)
	case format.Script(again, once) != once:
		t.Errorf("%s: formatting is not stable:\n%s", id, once)
	}
}

func comments(s *ast.Script) string {
	var b strings.Builder
	for _, c := range s.Comments {
		b.WriteString(c.Text + "\n")
	}
	return b.String()
}

// TestNode prints trees built by hand, with the parentheses and brackets they need.
func TestNode(t *testing.T) {
	a, b := &ast.Ident{Name: "a"}, &ast.Ident{Name: "b c"}
	or := &ast.Binary{Op: ast.OpOr, X: &ast.Binary{Op: ast.OpEq, X: a, Y: &ast.Literal{Kind: ast.String, Text: `C:\x "y"`}},
		Y: &ast.Binary{Op: ast.OpHas, X: b, Y: &ast.Literal{Kind: ast.String, Text: "two\nlines"}}}
	tree := &ast.Pipe{Source: &ast.Ident{Name: "T"}, Ops: []ast.Operator{
		&ast.Where{Predicate: &ast.Binary{Op: ast.OpAnd, X: or, Y: &ast.In{Op: ast.OpIn, X: a,
			List: []ast.Expr{&ast.Literal{Kind: ast.Long, Int: -5}, &ast.Literal{Kind: ast.TimeSpan, Int: 36_000_000_000}}}}},
		&ast.Take{N: &ast.Literal{Kind: ast.Long, Int: 7}},
	}}
	want := "T\n| where (a == @\"C:\\x \"\"y\"\"\" or [\"b c\"] has \"two\\nlines\") and a in (long(-5), 1h)\n| take 7\n"
	if got := format.Node(&ast.ExprStmt{X: tree}); got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
}

// FuzzSource looks for texts that break the promises.
func FuzzSource(f *testing.F) {
	f.Add("let f = (a:int) { T | where x == a // c\n | take 1 };\n// d\nf(1)")
	f.Add("T | join kind=inner (U // e\n) on $left.a == $right.b, c | summarize count() by d = bin(t, 1h)")
	f.Add("print dynamic([1, 'x', {\"k\": datetime(2024-01-01)}]), @'v''' h\"z\"")
	f.Fuzz(func(t *testing.T, src string) { checkPromises(t, "fuzz", src) })
}
