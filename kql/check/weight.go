package check

import (
	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// maxWeight is the number of nodes one expression may have when every let and
// parameter in it is written out.
const maxWeight = 20_000

// light reports whether x may be bound to a name. Names share their expression,
// so let b = a + a; let c = b + b; … would double with each line once written out.
func (c *checker) light(n ast.Node, x plan.Expr) bool {
	if c.weight(x) <= maxWeight {
		return true
	}
	c.errorf(token.TooComplex, n, "this expression unfolds into more than %d terms", maxWeight)
	return false
}

// weight counts the nodes of x, shared ones each time they occur.
func (c *checker) weight(x plan.Expr) int {
	switch x.(type) {
	case *plan.Const, *plan.Col, *plan.ScalarRef:
		return 1
	}
	if w, ok := c.weights[x]; ok {
		return w
	}
	total := 0
	plan.Inspect(x, func(e plan.Expr) bool {
		if total > maxWeight {
			return false
		}
		if e == x {
			total++
			return true
		}
		total += c.weight(e)
		return false
	})
	c.weights[x] = total
	return total
}
