package duckdb

import (
	"maps"
	"strconv"
	"strings"

	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
)

// elements is the list mv-expand runs over, as JSON[]: an array's elements at
// once, other values by the native.
func elements(x string, pairs bool) string {
	// The cast settles the type where x is a constant null, which json_extract takes for JSON.
	return "(CASE WHEN json_type(" + x + ") = 'ARRAY' THEN json_extract(" + x + ", '$[*]') ELSE json_extract(kql_expand(" + x + ", " +
		strings.ToUpper(strconv.FormatBool(pairs)) + "), '$[*]') END)::JSON[]"
}

// expand lowers mv-expand: the lists at one level, unnested side by side at the
// next, which pads the shorter with null.
func (l *lowerer) expand(r *plan.Expand) *sel {
	exprs := make([]plan.Expr, len(r.Items))
	for i, it := range r.Items {
		exprs[i] = it.X
	}
	return l.expanded(r, l.open(l.flat(l.rel(r.In), exprs...)))
}

// expanded expands the items over the rows of s, in which what they read is
// simple.
func (l *lowerer) expanded(r *plan.Expand, s *sel) *sel {
	var lists, names []string
	for _, it := range r.Items {
		name := l.alias("l")
		names = append(names, name)
		lists = append(lists, elements(l.expr(it.X, s), it.Pairs)+" AS "+name)
	}
	inner := l.exported(s, lists)
	order := inner.order
	limit := ""
	if r.Limit != nil {
		limit = l.expr(r.Limit, newSel(""))
	}
	s = unnested(inner, r.Items, names, limit, r.Index.ID)
	// The elements of one row stay together and in order behind its keys.
	s.order = order
	out := l.wrap(s)
	last := out.clone()
	for _, it := range r.Items {
		last.cols[it.Col.ID] = "nullif(" + colName(it.Col.ID) + "::VARCHAR, 'null')"
	}
	return last
}

// exported wraps s with further columns under their own names.
func (l *lowerer) exported(s *sel, extra []string) *sel {
	var order []string
	for _, term := range s.order {
		x, dir := splitTerm(term)
		o := l.alias("o")
		extra = append(extra, x+" AS "+o)
		order = append(order, o+dir)
	}
	out := newSel("(" + s.text(s.ids, extra, false) + ") AS " + l.alias("t"))
	for _, id := range s.ids {
		out.set(id, colName(id))
	}
	out.order = order
	return out
}

// unnested adds the elements and, when wanted, their position.
func unnested(s *sel, items []plan.ExpandItem, names []string, limit string, index plan.ColID) *sel {
	s = s.clone()
	lengths := make([]string, len(names))
	for i, n := range names {
		list := n
		if limit != "" {
			list = "(" + n + ")[1:" + limit + "]"
		}
		lengths[i] = "coalesce(len(" + list + "), 0)"
		s.set(items[i].Col.ID, "unnest("+list+")")
	}
	if index != 0 {
		s.set(index, "unnest(range("+greatest(lengths)+"))")
	}
	s.sealed = true
	return s
}

func greatest(parts []string) string {
	if len(parts) == 1 {
		return parts[0]
	}
	return "greatest(" + strings.Join(parts, ", ") + ")"
}

// apply lowers mv-apply: the expansions of all rows go through the body at once,
// told apart by the number of their row, and meet their row again at the end.
// (A lateral subquery would say the same, but DuckDB 1.5.5 fails to plan some.)
func (l *lowerer) apply(r *plan.Apply) *sel {
	exprs := make([]plan.Expr, len(r.Expand.Items))
	for i, it := range r.Expand.Items {
		exprs[i] = it.X
	}
	s := l.open(l.flat(l.rel(r.In), exprs...)).clone()
	row, outer := l.hidden(), l.by
	s.set(row, "row_number() OVER ("+orderBy(s)+")")
	s.order = nil
	s = l.wrap(s)
	name := l.alias("a")
	l.ctes = append(l.ctes, name+" AS MATERIALIZED ("+s.text(s.ids, nil, false)+")")
	rows := newSel(name)
	for _, id := range s.ids {
		rows.set(id, colName(id))
	}
	pos := l.hidden()
	node := *r.Expand
	if node.Index.ID == 0 {
		node.Index = plan.Column{ID: pos, Type: catalog.Long}
	} else {
		pos = node.Index.ID
	}
	leaf := l.expanded(&node, rows)
	leaf.order = []string{leaf.cols[row] + " ASC NULLS LAST", leaf.cols[pos] + " ASC NULLS LAST"}
	l.leaves[r.Leaf] = leaf
	outerType := l.byType
	l.by, l.byType = row, catalog.Long
	body := l.rel(r.Body)
	l.by, l.byType = outer, outerType
	body = qualify(l.wrap(body))
	alias := l.alias("a")
	res := newSel(name + " AS " + alias + " JOIN " + body.from + " ON " + alias + "." + colName(row) + " = " + body.cols[row])
	for _, c := range l.prune(r.Cols) {
		if sql, ok := body.cols[c.ID]; ok {
			res.set(c.ID, sql)
		} else {
			res.set(c.ID, alias+"."+colName(c.ID))
		}
	}
	if outer != 0 {
		res.set(outer, alias+"."+colName(outer))
	}
	res.order = []string{body.cols[row] + " ASC NULLS LAST"}
	return res
}

func orderBy(s *sel) string {
	if len(s.order) == 0 {
		return ""
	}
	return "ORDER BY " + strings.Join(s.order, ", ")
}

// partition sends all rows through the body at once, told apart by the key.
func (l *lowerer) partition(r *plan.Partition) *sel {
	in := l.wrap(l.rel(r.In)).clone()
	by, outer := l.hidden(), l.by
	in.set(by, in.cols[r.Key])
	l.leaves[r.Leaf] = in
	outerType := l.byType
	l.by, l.byType = by, keyType(r)
	body := l.rel(r.Body)
	l.by, l.byType = outer, outerType
	res := body.clone()
	res.cols, res.ids = map[plan.ColID]string{}, nil
	for i, c := range r.Body.Columns() {
		if sql, ok := body.cols[c.ID]; ok {
			res.set(r.Cols[i].ID, sql)
		}
	}
	l.keep(body, res)
	return res
}

func keyType(r *plan.Partition) catalog.Type {
	for _, c := range r.In.Columns() {
		if c.ID == r.Key {
			return c.Type
		}
	}
	panic("duckdb: partition key is not a column of its input")
}

// outside binds rows the runner computes before the statement. Dynamic cells
// come as JSON text within a JSON string.
func (l *lowerer) outside(r plan.Rel, cols []plan.Column, sources ...plan.Rel) *sel {
	in := &Input{Operator: r}
	for _, src := range sources {
		st := l.source(src)
		in.Sources = append(in.Sources, st)
		if len(st.Columns) > len(src.Columns()) {
			in.Hidden = 1
			cols = append(append([]plan.Column(nil), cols...), plan.Column{ID: l.by, Type: l.byType})
		}
	}
	l.args = append(l.args, "[]")
	in.mark = len(l.args) - 1
	l.inputs = append(l.inputs, in)
	return l.wrap(l.unnested(mark(in.mark), cols))
}

// external reads what the runner fetched: texts, each converted as its column's type reads
// them; what does not convert is null.
func (l *lowerer) external(r *plan.External) *sel {
	texts := make([]plan.Column, len(r.Cols))
	for i, c := range r.Cols {
		texts[i] = plan.Column{ID: l.hidden(), Name: c.Name, Type: catalog.String}
	}
	s := l.outside(r, texts).clone()
	for i, c := range r.Cols {
		text := s.cols[texts[i].ID]
		switch c.Type {
		case catalog.String:
			s.set(c.ID, text)
		case catalog.Dynamic:
			s.set(c.ID, "kql_parse_json("+text+")")
		default:
			s.set(c.ID, fromText(text, c.Type, "_of_text("))
		}
	}
	return l.wrap(s)
}

// source is a statement for the rows an operator outside the engine reads, in
// their order, the hidden column of an enclosing body last.
func (l *lowerer) source(r plan.Rel) *Statement {
	sub := *l
	sub.inputs, sub.opt.Limit = nil, 0
	sub.ctes = append([]string(nil), l.ctes...)
	// What this statement names, the next one must name again.
	sub.shared, sub.scalars = maps.Clone(l.shared), maps.Clone(l.scalars)
	s := sub.rel(r)
	cols := append([]plan.Column(nil), r.Columns()...)
	if _, ok := s.cols[l.by]; ok && l.by != 0 {
		cols = append(cols, plan.Column{ID: l.by, Type: l.byType})
	}
	body := sub.final(s, cols, true)
	text, args := sub.bind(sub.with() + body)
	l.args, l.aliases, l.nextCol = sub.args, sub.aliases, sub.nextCol
	return &Statement{SQL: text, Args: args, Columns: cols, Inputs: sub.inputs}
}
