package mining

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// Sequences returns the occurrences of a sequence of predicates (sequence-detect-plugin.md): the
// dimensions, a time per step, and how long it took. A row is an instant in ticks, one bool
// per step, then the dimensions; steps are rows one after the other with at most step
// between two of them and span from first to last. Every row that satisfies the last step
// ends one sequence: that of the latest rows before it that make one.
func Sequences(rows [][]any, steps int, step, span int64) [][]any {
	order := make([]int, 0, len(rows))
	for i, row := range rows {
		if _, timed := row[0].(int64); timed {
			order = append(order, i)
		}
	}
	sort.SliceStable(order, func(a, b int) bool { return rows[order[a]][0].(int64) < rows[order[b]][0].(int64) })
	groups := map[string][][]int64{} // by dimensions: the latest chain that ends at each step
	var out [][]any
	for _, i := range order {
		row, at := rows[i], rows[i][0].(int64)
		dims := row[1+steps:]
		key := identity(dims)
		chains := groups[key]
		if chains == nil {
			chains = make([][]int64, steps)
			groups[key] = chains
		}
		// The last step first: one row is one step of a sequence.
		for k := steps - 1; k >= 0; k-- {
			if met, _ := row[1+k].(bool); !met {
				continue
			}
			chain := []int64{at}
			if k > 0 {
				before := chains[k-1]
				if before == nil || at-before[k-1] > step || at-before[0] > span {
					continue
				}
				chain = append(slices.Clone(before), at)
			}
			chains[k] = chain
			if k == steps-1 {
				found := slices.Clone(dims)
				for _, t := range chain {
					found = append(found, t)
				}
				out = append(out, append(found, at-chain[0]))
			}
		}
	}
	sort.SliceStable(out, func(a, b int) bool {
		return identity(out[a][:len(out[a])-steps-1]) < identity(out[b][:len(out[b])-steps-1])
	})
	return out
}

// identity is a text that tells cells apart.
func identity(cells []any) string {
	var b strings.Builder
	for _, v := range cells {
		t := text(v)
		fmt.Fprintf(&b, "%T%d:%s", v, len(t), t)
	}
	return b.String()
}

// A Column is a row of getschema.
type Column struct {
	Name    string
	Ordinal int64
	Type    string
}

// MergeSchemas makes one schema of several (schema-merge-plugin.md). common gives the type
// that two types are reduced to, or "". With ordered a column must stand at the same place
// in each schema; one that does not has the position -1 and says so in its type.
func MergeSchemas(columns []Column, ordered bool, common func(a, b string) string) []Column {
	type merged struct {
		Column
		last    int64
		moved   bool
		clashes bool
	}
	var list []*merged
	byName := map[string]*merged{}
	for _, c := range columns {
		m, ok := byName[c.Name]
		if !ok {
			m = &merged{Column: c, last: c.Ordinal}
			byName[c.Name] = m
			list = append(list, m)
			continue
		}
		m.moved = m.moved || c.Ordinal != m.Ordinal
		m.last = max(m.last, c.Ordinal)
		if t := common(m.Type, c.Type); t != "" {
			m.Type = t
		} else {
			m.clashes = true
		}
	}
	sort.SliceStable(list, func(a, b int) bool { return list[a].last < list[b].last })
	out := make([]Column, len(list))
	for i, m := range list {
		m.Ordinal = int64(i)
		switch {
		case ordered && m.moved:
			m.Ordinal, m.Type = -1, "ERROR(columns are out of order)"
		case m.clashes:
			m.Ordinal, m.Type = -1, "ERROR(column types do not match)"
		}
		out[i] = m.Column
	}
	return out
}
