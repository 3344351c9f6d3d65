package duckdb

import (
	"strconv"
	"strings"

	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
)

// makeSeries lowers make-series: rows are grouped by key and step number, then
// joined to every step of every key.
func (l *lowerer) makeSeries(r *plan.MakeSeries) *sel {
	exprs := []plan.Expr{r.On}
	for _, k := range r.Keys {
		exprs = append(exprs, k.X)
	}
	for _, g := range r.Aggs {
		exprs = append(exprs, g.Agg.Args...)
	}
	in := l.open(l.flat(l.rel(r.In), exprs...))
	on, keys := l.alias("a"), make([]string, len(r.Keys))
	extra := []string{l.expr(r.On, in) + " AS " + on}
	for i, k := range r.Keys {
		keys[i] = l.alias("k")
		extra = append(extra, l.expr(k.X, in)+" AS "+keys[i])
	}
	src := l.alias("m")
	l.ctes = append(l.ctes, src+" AS MATERIALIZED ("+in.text(in.ids, append(orderColumn(in), extra...), false)+")")
	bounds := l.seriesBounds(r, src, on)
	steps := l.seriesGroups(r, src, bounds, on, keys, in)
	return l.seriesArrays(r, src, bounds, steps, keys)
}

// orderColumn numbers the rows when they have an order, for lists within steps.
func orderColumn(s *sel) []string {
	if len(s.order) == 0 {
		return nil
	}
	return []string{"row_number() OVER (ORDER BY " + strings.Join(s.order, ", ") + ") AS ord"}
}

// seriesBounds is a one-row table: lo, step, and n, the number of steps.
func (l *lowerer) seriesBounds(r *plan.MakeSeries, src, on string) string {
	scope := newSel("")
	t := r.On.Type()
	step := "1"
	if r.Step != nil {
		step = l.expr(r.Step, scope)
	}
	lo := "(SELECT min(" + on + ") FROM " + src + ")"
	if r.From != nil {
		lo = l.expr(r.From, scope)
	} else if t != catalog.Real && t != catalog.Decimal {
		lo = "(SELECT min(" + on + ") - ((min(" + on + ") % " + step + ") + " + step + ") % " + step + " FROM " + src + ")"
	}
	hi, plus := "", "0"
	if r.To != nil {
		hi = l.expr(r.To, scope)
		if r.Inclusive {
			plus = "1"
		}
	} else {
		hi = "(SELECT max(" + on + ") FROM " + src + ")"
		plus = "1"
	}
	count := "ceil((hi - lo)::DOUBLE / step)"
	if plus == "1" {
		count = "floor((hi - lo)::DOUBLE / step) + 1"
	}
	name := l.alias("b")
	l.ctes = append(l.ctes, name+" AS MATERIALIZED (SELECT lo, step, CASE WHEN step > 0 THEN greatest(least("+count+", 1048576), 0)::BIGINT ELSE 0 END AS n FROM (SELECT "+
		lo+" AS lo, "+hi+" AS hi, "+step+" AS step))")
	return name
}

// seriesGroups aggregates the rows of each key and step.
func (l *lowerer) seriesGroups(r *plan.MakeSeries, src, bounds, on string, keys []string, in *sel) string {
	rows := newSel("")
	for _, id := range in.ids {
		rows.set(id, src+"."+colName(id))
	}
	if len(in.order) > 0 {
		rows.order = []string{src + ".ord"}
	}
	cols := []string{}
	for _, k := range keys {
		cols = append(cols, src+"."+k+" AS "+k)
	}
	cols = append(cols, "floor(("+src+"."+on+" - lo)::DOUBLE / step)::BIGINT AS i")
	if t := r.On.Type(); t != catalog.Real && t != catalog.Decimal {
		cols[len(cols)-1] = "((" + src + "." + on + " - lo) // step) AS i"
	}
	group := make([]string, len(cols))
	for i := range group {
		group[i] = strconv.Itoa(i + 1)
	}
	for _, g := range r.Aggs {
		for id, sql := range l.agg(g.Agg, rows) {
			cols = append(cols, sql+" AS "+colName(id))
		}
	}
	name := l.alias("g")
	l.ctes = append(l.ctes, name+" AS MATERIALIZED (SELECT "+strings.Join(cols, ", ")+" FROM "+src+", "+bounds+
		" WHERE "+src+"."+on+" >= lo AND ("+src+"."+on+" - lo) < step * n GROUP BY "+strings.Join(group, ", ")+")")
	return name
}

// seriesArrays makes the arrays: every step of every key, defaults where no row
// fell.
func (l *lowerer) seriesArrays(r *plan.MakeSeries, src, bounds, steps string, keys []string) *sel {
	scope := newSel("")
	each := "(SELECT DISTINCT 1 AS one FROM " + steps + ")"
	if r.NonEmpty && len(keys) == 0 {
		each = "(SELECT 1 AS one)"
	}
	cols, group, match := []string{}, []string{}, []string{"g.i = s.i"}
	if len(keys) > 0 {
		each = "(SELECT DISTINCT " + strings.Join(keys, ", ") + " FROM " + steps + ")"
		for i, k := range keys {
			cols = append(cols, "e."+k+" AS "+colName(r.Keys[i].Col.ID))
			match = append(match, "g."+k+" IS NOT DISTINCT FROM e."+k)
		}
	} else {
		cols = append(cols, "e.one")
	}
	for i := range cols {
		group = append(group, strconv.Itoa(i+1))
	}
	for _, g := range r.Aggs {
		id := g.Agg.Cols[0].ID
		def := null(g.Agg.Cols[0].Type)
		if g.Default != nil {
			def = l.expr(g.Default, scope)
		}
		value := "CASE WHEN g.i IS NULL THEN " + def + " ELSE g." + colName(id) + " END"
		cols = append(cols, "'[' || string_agg(coalesce("+toJSON("("+value+")", g.Agg.Cols[0].Type)+", 'null'), ',' ORDER BY s.i) || ']' AS "+colName(g.Col.ID))
	}
	axis := toJSON("(b.lo + s.i * b.step)", r.On.Type())
	cols = append(cols, "'[' || string_agg("+axis+", ',' ORDER BY s.i) || ']' AS "+colName(r.Axis.ID))
	sql := "SELECT " + strings.Join(cols, ", ") + " FROM " + each + " AS e CROSS JOIN " + bounds + " AS b CROSS JOIN LATERAL (SELECT unnest(range(b.n)) AS i) AS s LEFT JOIN " + steps +
		" AS g ON " + strings.Join(match, " AND ") + " GROUP BY " + strings.Join(group, ", ")
	s := newSel("(" + sql + ") AS " + l.alias("t"))
	for _, k := range r.Keys {
		s.set(k.Col.ID, colName(k.Col.ID))
	}
	for _, g := range r.Aggs {
		s.set(g.Col.ID, colName(g.Col.ID))
	}
	s.set(r.Axis.ID, colName(r.Axis.ID))
	return s
}

// pivot aggregates once per key, each value column over the rows that have it.
func (l *lowerer) pivot(r *plan.Pivot) *sel {
	exprs := append([]plan.Expr{&plan.Col{ID: r.Column.ID, Name: r.Column.Name, T: r.Column.Type}}, r.Agg.Args...)
	for _, k := range r.Keys {
		exprs = append(exprs, k.X)
	}
	s := l.open(l.flat(l.rel(r.In), exprs...))
	text := convert(s.cols[r.Column.ID], r.Column.Type, catalog.String)
	var cols, group []string
	for i, k := range r.Keys {
		cols = append(cols, l.expr(k.X, s)+" AS o"+colName(k.Col.ID))
		group = append(group, strconv.Itoa(i+1))
	}
	for _, v := range r.Values {
		l.only = text + " = " + l.text(v.Text)
		cols = append(cols, l.agg(r.Agg, s)[r.Agg.Cols[0].ID]+" AS o"+colName(v.Col.ID))
	}
	l.only = ""
	if len(cols) == 0 {
		cols = []string{"1 AS one"}
	}
	var b strings.Builder
	b.WriteString("(SELECT " + strings.Join(cols, ", "))
	t := *s
	t.order = nil
	t.tail(&b, false)
	if len(group) > 0 {
		list := strings.Join(group, ", ")
		b.WriteString(" GROUP BY " + list + " ORDER BY " + list) // the same every time
	}
	out := newSel(b.String() + ") AS " + l.alias("t"))
	for i, c := range r.Cols {
		id := c.ID
		if i < len(r.Keys) {
			id = r.Keys[i].Col.ID
		} else {
			id = r.Values[i-len(r.Keys)].Col.ID
		}
		out.set(c.ID, "o"+colName(id))
	}
	return out
}

// ShapeStatement asks what columns a plugin produces: rows of a name and a type
// name. For pivot the type is empty.
func ShapeStatement(q *plan.Query, shape *plan.Shape, opt Options) (*Statement, error) {
	st, err := compile(q, shape.In, false, Options{TableName: opt.TableName, Unguarded: opt.Unguarded})
	if err != nil {
		return nil, err
	}
	col := ""
	for i, c := range shape.In.Columns() {
		if c.ID == shape.Column.ID {
			col = "r" + strconv.Itoa(i+1)
		}
	}
	inner := st.SQL
	if shape.Plugin == "pivot" {
		st.SQL = "SELECT DISTINCT " + convert(col, shape.Column.Type, catalog.String) + " AS c1, '' AS c2 FROM (" + inner + ") ORDER BY c1"
	} else {
		st.SQL = "SELECT json_extract_string(e, '$[0]') AS c1, string_agg(DISTINCT json_extract_string(e, '$[1]'), ',') AS c2 FROM (SELECT unnest(json_extract(kql_bag_columns(" +
			col + ", NULL::VARCHAR), '$[*]')) AS e FROM (" + inner + ")) GROUP BY 1 ORDER BY 1"
	}
	st.Columns = []plan.Column{{Name: "Name", Type: catalog.String}, {Name: "Type", Type: catalog.String}}
	return st, nil
}
