package duckdb

import "github.com/tocsin-soc/tocsin/kql/plan"

// plugin lowers a plugin call whose columns are known.
func (l *lowerer) plugin(r *plan.Call) *sel {
	unsupported("the plugin "+r.Plugin, "")
	return nil
}
