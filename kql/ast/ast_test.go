package ast_test

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/parser"
)

// trees parses the queries of the syntax cases, which hold every kind of node.
func trees(t *testing.T) map[string]*ast.Script {
	t.Helper()
	files, err := filepath.Glob("../testdata/syntax/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases found: %v", err)
	}
	out := map[string]*ast.Script{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tree, _ := parser.Parse(string(txtar.Parse(text).Files[0].Data))
		out[filepath.Base(file)] = tree
	}
	return out
}

// TestWalk_MissesNothing compares what Walk visits with what reflection finds.
func TestWalk_MissesNothing(t *testing.T) {
	kinds := map[string]bool{}
	for name, tree := range trees(t) {
		visited := map[ast.Node]bool{}
		ast.Walk(tree, func(n ast.Node) bool {
			if reflect.TypeOf(n).Kind() == reflect.Pointer {
				if visited[n] {
					t.Errorf("%s: %T is visited twice", name, n)
				}
				visited[n] = true
			}
			kinds[reflect.TypeOf(n).String()] = true
			return true
		})
		for _, n := range pointers(reflect.ValueOf(tree)) {
			if !visited[n] {
				t.Errorf("%s: Walk misses a %T", name, n)
			}
		}
	}
	const fewest = 98 // kinds of nodes; a new one needs a syntax case
	if len(kinds) < fewest {
		t.Errorf("the syntax cases hold %d kinds of nodes, fewer than %d", len(kinds), fewest)
	}
}

// pointers collects the nodes below v that are pointers. Values inside dynamic(…) are leaves to Walk.
func pointers(v reflect.Value) (list []ast.Node) {
	switch v.Kind() {
	case reflect.Interface:
		if !v.IsNil() {
			list = pointers(v.Elem())
		}
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		if n, ok := v.Interface().(ast.Node); ok {
			list = append(list, n)
			if _, leaf := n.(*ast.Dynamic); leaf {
				return list
			}
		}
		list = append(list, pointers(v.Elem())...)
	case reflect.Struct:
		for i := range v.NumField() {
			list = append(list, pointers(v.Field(i))...)
		}
	case reflect.Slice:
		for i := range v.Len() {
			list = append(list, pointers(v.Index(i))...)
		}
	}
	return list
}

func TestWalk_StopsWhereTold(t *testing.T) {
	tree, _ := parser.Parse("T | where a == 1 | join (U | where b) on c")
	n := 0
	ast.Walk(tree, func(node ast.Node) bool {
		n++
		_, pipe := node.(*ast.Pipe)
		return !pipe
	})
	if n != 3 { // script, statement, pipe
		t.Errorf("visited %d nodes", n)
	}
}

func TestUnparen(t *testing.T) {
	inner := &ast.Ident{Name: "a"}
	if got := ast.Unparen(&ast.Paren{X: &ast.Paren{X: inner}}); got != inner {
		t.Errorf("got %T", got)
	}
}

func TestProperties(t *testing.T) {
	tree, _ := parser.Parse("T | join kind=inner hint.num_partitions=5 U on a | render timechart with (title='x y')")
	ops := tree.Stmts[0].(*ast.ExprStmt).X.(*ast.Pipe).Ops
	join, render := ops[0].(*ast.Join), ops[1].(*ast.Render)
	for got, want := range map[string]string{
		join.Params.Word("kind"): "inner", join.Params.Word("hint.num_partitions"): "5", render.With.Word("title"): "x y", join.Params.Word("absent"): "",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
