package parser_test

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"

	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/parser"
)

// A sample is one query of the shared corpus or suites.
type sample struct {
	ID, Query   string
	Binds       bool // Microsoft's analyzer accepts it
	ExpectError any  `json:"expect_error"` // Kusto's emulator rejects it
}

func samples(t testing.TB, name string) []sample {
	t.Helper()
	f, err := os.Open("../../../shared/kql/" + name + ".jsonl")
	if err != nil {
		t.Skip("the shared corpus is not here")
	}
	defer f.Close()
	var list []sample
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var s sample
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			t.Fatal(err)
		}
		list = append(list, s)
	}
	return list
}

// TestCorpus_ParsesWhatKustoAccepts: every query known to be accepted parses
// without error, and the broken ones stay as many as were read through once.
func TestCorpus_ParsesWhatKustoAccepts(t *testing.T) {
	for name, broken := range map[string]int{
		"corpus/queries": 30, "suites/emulator": 27, "suites/docs": 0, "suites/kustoloco": 0,
	} {
		t.Run(name, func(t *testing.T) {
			rejected := 0
			for _, s := range samples(t, name) {
				good := s.Binds
				if name != "corpus/queries" {
					good = s.ExpectError == nil
				}
				tree, diags := parser.Parse(s.Query)
				checkTree(t, s.ID, s.Query, tree, diags.HasErrors())
				if !diags.HasErrors() {
					continue
				}
				rejected++
				if good {
					t.Errorf("%s: %s", s.ID, diags.Render(s.ID, s.Query))
				}
			}
			if rejected != broken {
				t.Errorf("%d queries do not parse, %d were expected", rejected, broken)
			}
		})
	}
}

// checkTree checks what holds of every tree: spans lie in the text, and there is no
// Bad node without an error.
func checkTree(t *testing.T, id, src string, tree *ast.Script, failed bool) {
	t.Helper()
	if tree == nil {
		t.Fatalf("%s: no tree", id)
	}
	ast.Walk(tree, func(n ast.Node) bool {
		if s := n.Span(); s.Start < 0 || s.End < s.Start || int(s.End) > len(src) {
			t.Errorf("%s: %T spans %d to %d of %d bytes", id, n, s.Start, s.End, len(src))
		}
		switch n.(type) {
		case *ast.BadExpr, *ast.BadOperator, *ast.BadStmt:
			if !failed {
				t.Errorf("%s: %T without an error", id, n)
			}
		}
		return true
	})
}

func BenchmarkParse(b *testing.B) {
	list := samples(b, "corpus/queries")
	bytes := 0
	for _, s := range list {
		bytes += len(s.Query)
	}
	b.SetBytes(int64(bytes / len(list)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		parser.Parse(list[i%len(list)].Query)
	}
}
