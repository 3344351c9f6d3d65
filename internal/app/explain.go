package app

import (
	"fmt"
	"strings"

	"github.com/tocsin-soc/tocsin/kql"
	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/parser"
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// Explain compiles a query against the built-in tables and functions and writes its tree,
// its plan and the SQL of each result with the arguments bound to it.
func Explain(text string) (string, token.Diagnostics, error) {
	space, err := openWorkspace(folders{now: noClock()})
	if err != nil {
		return "", nil, err
	}
	script, _ := parser.Parse(text)
	q, diags := kql.Compile(text, space.catalog, kql.Options{Now: noClock()})
	if q == nil {
		return "", diags, nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "tree\n%s\n\nplan\n%s\n", indent(ast.Dump(script)), indent(plan.Print(q.Plan)))
	for i, st := range q.Statements {
		fmt.Fprintf(&b, "\nSQL of result %d\n%s\n", i+1, indent(st.SQL))
		for n, arg := range st.Args {
			fmt.Fprintf(&b, "    $%d = %#v\n", n+1, arg)
		}
		for _, in := range st.Inputs {
			fmt.Fprintf(&b, "    computed before it runs: argument %d\n", in.Arg+1)
		}
	}
	if len(q.Plan.Shapes) > 0 {
		b.WriteString("\nThe columns depend on the data; a first pass finds them.\n")
	}
	return b.String(), diags, nil
}

// indent moves text to the right.
func indent(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n    ")
}
