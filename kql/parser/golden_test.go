package parser_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/parser"
)

var update = flag.Bool("update", false, "rewrite the tree and diagnostics sections of kql/testdata/syntax")

// TestGolden compares the sections tree and diagnostics of every syntax case. A
// case without a diagnostics section must have none.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("../testdata/syntax/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases found: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { checkCase(t, file) })
	}
}

func checkCase(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var query string
	for _, f := range archive.Files {
		if f.Name == "query.kql" {
			query = string(f.Data)
		}
	}
	tree, diags := parser.Parse(query)
	got := map[string]string{"tree": ast.Dump(tree) + "\n", "diagnostics": diags.Render("query", query)}
	expected := false
	for i := range archive.Files {
		f := &archive.Files[i]
		text, ours := got[f.Name]
		if !ours {
			continue
		}
		expected = expected || f.Name == "diagnostics"
		if *update {
			f.Data = []byte(text)
		} else if text != string(f.Data) {
			t.Errorf("%ssection %s, got:\n%swant:\n%s", archive.Comment, f.Name, text, f.Data)
		}
	}
	if !expected && len(diags) > 0 {
		t.Errorf("%sunexpected:\n%s", archive.Comment, got["diagnostics"])
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
