package rewrite

import "github.com/tocsin-soc/tocsin/kql/plan"

// Held folds a plan, open or closed, with the knowledge which stored tables hold
// rows. A union over hundreds of declared tables (search, union *) shrinks to the
// few that do: the engine spends most of such a query binding columns and
// conditions of tables that have nothing to say. Columns, their order and types
// stay; what the remaining inputs lack is null, as the union says.
//
// The plan is that of one run, at one moment: never keep it for the next.
func Held(q *plan.Query, holds func(table string) bool) *plan.Query { return fold(q, holds) }
