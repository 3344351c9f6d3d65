package duckdb

import (
	"strings"

	"github.com/tocsin-soc/tocsin/kql/plan"
)

// nest is a chain of top-nested clauses being lowered: each level ranks its groups
// inside the group above and keeps the best.
type nest struct {
	l      *lowerer
	levels []plan.TopLevel
	rows   string // the input with the key of every level
	base   *sel
	keys   []string
	others []string // selects of what levels left over, in the columns of the result
}

func (l *lowerer) topNested(r *plan.TopNested) *sel {
	var exprs []plan.Expr
	for _, v := range r.Levels {
		exprs = append(exprs, v.Key.X)
		for _, g := range v.Aggs {
			exprs = append(exprs, g.Args...)
		}
	}
	in := l.open(l.flat(l.rel(r.In), exprs...)).clone()
	n := &nest{l: l, levels: r.Levels, keys: make([]string, len(r.Levels))}
	var extra []string
	for i, v := range r.Levels {
		n.keys[i] = l.alias("k")
		extra = append(extra, l.expr(v.Key.X, in)+" AS "+n.keys[i])
	}
	n.base = l.exported(in, extra)
	n.base.order = nil
	n.rows = l.alias("n")
	l.ctes = append(l.ctes, n.rows+" AS MATERIALIZED ("+n.base.text(n.base.ids, n.keys, false)+")")
	above := ""
	for i := range r.Levels {
		kept := n.level(i, above)
		if r.Levels[i].Others != nil {
			n.others = append(n.others, n.rest(i, above, kept))
		}
		above = kept
	}
	from := above
	if len(n.others) > 0 {
		from = "(SELECT " + n.columns(len(n.levels)) + " FROM " + above + " UNION ALL " + strings.Join(n.others, " UNION ALL ") + ")"
	}
	out := newSel(from + " AS " + l.alias("t"))
	for i, v := range r.Levels {
		out.set(v.Key.Col.ID, n.keys[i])
		out.set(v.Agg.Col.ID, colName(v.Agg.Col.ID))
	}
	return out
}

// columns are the keys and the aggregates of the first levels, in one order everywhere.
func (n *nest) columns(levels int) string {
	var list []string
	for i := range levels {
		list = append(list, n.keys[i], colName(n.levels[i].Agg.Col.ID))
	}
	return strings.Join(list, ", ")
}

// aggregates are the select items of a level's aggregates over the rows n, and where
// their values are found.
func (n *nest) aggregates(v plan.TopLevel) (items []string, found *sel) {
	rows := newSel(n.rows + " AS n")
	for _, id := range n.base.ids {
		rows.set(id, "n."+colName(id))
	}
	found = newSel("")
	for _, g := range v.Aggs {
		sql := n.l.agg(g, rows)
		for _, c := range g.Cols {
			items = append(items, sql[c.ID]+" AS "+colName(c.ID))
			found.set(c.ID, colName(c.ID))
		}
	}
	return items, found
}

// within joins the rows with the groups of the level above, and returns the select items
// that carry those groups along and the columns to group by.
func (n *nest) within(i int, above string) (from string, items, group []string) {
	from = n.rows + " AS n"
	for j := range i {
		group = append(group, "n."+n.keys[j])
	}
	items = append(items, group...)
	if above != "" {
		from += " JOIN " + above + " AS a ON " + n.same("a", i)
		for j := range i {
			id := colName(n.levels[j].Agg.Col.ID)
			items = append(items, "any_value(a."+id+") AS "+id)
		}
	}
	return from, items, group
}

// same says that a row of n belongs to a group of other by its first keys.
func (n *nest) same(other string, keys int) string {
	on := make([]string, keys)
	for j := range on {
		on[j] = other + "." + n.keys[j] + " IS NOT DISTINCT FROM n." + n.keys[j]
	}
	return strings.Join(on, " AND ")
}

// level makes the table of the groups that level i keeps.
func (n *nest) level(i int, above string) string {
	l, v := n.l, n.levels[i]
	from, items, group := n.within(i, above)
	group = append(group, "n."+n.keys[i])
	aggs, found := n.aggregates(v)
	items = append(append(items, "n."+n.keys[i]), aggs...)
	grouped := "SELECT " + strings.Join(items, ", ") + " FROM " + from + " GROUP BY " + strings.Join(group, ", ")
	text := "SELECT *, " + l.expr(v.Agg.X, found) + " AS v FROM (" + grouped + ")"
	if v.N != nil {
		dir := " DESC NULLS LAST"
		if !v.Desc {
			dir = " ASC NULLS LAST"
		}
		part := ""
		if i > 0 {
			part = "PARTITION BY " + strings.Join(n.keys[:i], ", ") + " "
		}
		text += " QUALIFY row_number() OVER (" + part + "ORDER BY v" + dir + ", " + n.keys[i] + ") <= " + l.expr(v.N, newSel(""))
	}
	cols := n.keys[i] + ", v AS " + colName(v.Agg.Col.ID)
	if i > 0 {
		cols = n.columns(i) + ", " + cols
	}
	kept := l.alias("n")
	l.ctes = append(l.ctes, kept+" AS MATERIALIZED (SELECT "+cols+" FROM ("+text+"))")
	return kept
}

// rest selects what level i left over, as one row per group above: the text of others as
// its key, the aggregate of the remaining rows, and the same on the levels below that
// have others too; the levels that have not are null.
func (n *nest) rest(i int, above, kept string) string {
	l := n.l
	from, items, group := n.within(i, above)
	where := " WHERE NOT EXISTS (SELECT 1 FROM " + kept + " AS c WHERE " + n.same("c", i+1) + ")"
	var out []string
	if i > 0 {
		out = append(out, n.columns(i))
	}
	none := newSel("")
	for j := i; j < len(n.levels); j++ {
		v := n.levels[j]
		id := colName(v.Agg.Col.ID)
		if v.Others == nil {
			out = append(out, null(v.Key.Col.Type)+" AS "+n.keys[j], null(v.Agg.Col.Type)+" AS "+id)
			continue
		}
		aggs, found := n.aggregates(v)
		items = append(items, aggs...)
		out = append(out, l.expr(v.Others, none)+" AS "+n.keys[j], l.expr(v.Agg.X, found)+" AS "+id)
	}
	grouped := "SELECT " + strings.Join(items, ", ") + " FROM " + from + where
	if len(group) > 0 {
		grouped += " GROUP BY " + strings.Join(group, ", ")
	}
	return "SELECT " + strings.Join(out, ", ") + " FROM (" + grouped + " HAVING count(*) > 0)"
}
