package duckdb

import "github.com/tocsin-soc/tocsin/kql/plan"

// eachCol calls fn for every column an expression reads, subqueries excluded.
func eachCol(x plan.Expr, fn func(*plan.Col)) {
	plan.Inspect(x, func(x plan.Expr) bool {
		if c, ok := x.(*plan.Col); ok {
			fn(c)
		}
		return true
	})
}
