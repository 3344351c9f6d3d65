package check

import (
	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// graph is a bound make-graph, waiting for the operator that reads it.
type graph struct{}

func (c *checker) makeGraph(op *ast.MakeGraph, in *rows, e *env) *rows {
	c.hint(token.UnsupportedOperator, op, "join the edges with themselves", "graphs are not supported yet")
	return nil
}

func (c *checker) graphOperator(op ast.Operator, in *rows, e *env) *rows {
	c.hint(token.UnsupportedOperator, op, "join the edges with themselves", "graphs are not supported yet")
	return nil
}
