package exec

import (
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/result"
)

// components adds to each node the number of its weakly connected component,
// counted in the order of the nodes. The first column of nodes is the key; edges
// are pairs of keys.
func components(op *plan.Call, nodes, edges *result.Table) [][]any {
	parent := map[any]any{}
	var root func(k any) any
	root = func(k any) any {
		p, ok := parent[k]
		if !ok {
			parent[k] = k
			return k
		}
		for p != parent[p] {
			parent[p] = parent[parent[p]]
			p = parent[p]
		}
		parent[k] = p
		return p
	}
	for _, e := range edges.Rows {
		if e[0] == nil || e[1] == nil {
			continue
		}
		a, b := root(e[0]), root(e[1])
		if a != b {
			parent[a] = b
		}
	}
	number := map[any]int64{}
	rows := make([][]any, len(nodes.Rows))
	for i, row := range nodes.Rows {
		r := root(row[0])
		n, ok := number[r]
		if !ok {
			n = int64(len(number))
			number[r] = n
		}
		rows[i] = append(append(make([]any, 0, len(op.Cols)), row...), n)
	}
	return rows
}
