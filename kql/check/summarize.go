package check

import (
	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// aggregation collects the aggregate calls of one summarize.
type aggregation struct {
	in   *rows
	aggs []plan.Agg
	by   map[plan.ColID]bool // input columns that are keys as they are
	made map[plan.ColID]bool // columns the calls deliver
}

func newAggregation(in *rows) *aggregation {
	return &aggregation{in: in, by: map[plan.ColID]bool{}, made: map[plan.ColID]bool{}}
}

// deliver adds a call with the given columns.
func (a *aggregation) deliver(g plan.Agg) {
	for _, col := range g.Cols {
		a.made[col.ID] = true
	}
	a.aggs = append(a.aggs, g)
}

func (c *checker) summarize(op *ast.Summarize, in *rows, e *env) *rows {
	w := &windows{in: in}
	b := c.newBuilder(len(op.By) + len(op.Aggregates))
	by := op.By
	b.each(by, styleSummarize, &scope{env: e, rows: in, win: w})
	if op.Bin != nil {
		c.errorf(token.UnsupportedForm, op.Bin, "write by bin(column, size)")
	}
	agg := newAggregation(in)
	keys := c.groupKeys(b, agg)
	in = w.over(c, in)
	return c.aggregated(b, agg, keys, op.Aggregates, in, e)
}

// groupKeys turns what the by-clause put into the builder into keys.
func (c *checker) groupKeys(b *builder, agg *aggregation) []plan.Item {
	keys := make([]plan.Item, 0, len(b.cols))
	computed := map[plan.ColID]plan.Expr{}
	for _, it := range b.items {
		computed[it.Col.ID] = it.X
	}
	for _, col := range b.cols {
		x, ok := computed[col.ID]
		if !ok {
			x = colRef(col)
			agg.by[col.ID] = true
		} else if ref, isCol := x.(*plan.Col); isCol {
			agg.by[ref.ID] = true
		}
		keys = append(keys, plan.Item{Col: col, X: x})
		b.skip[col.ID] = true
	}
	b.items = nil
	return keys
}

// aggregated binds the aggregate items and builds the node; expressions over
// aggregates become a Project on top.
func (c *checker) aggregated(b *builder, agg *aggregation, keys []plan.Item, list []*ast.NamedExpr, in *rows, e *env) *rows {
	b.each(list, styleSummarize, &scope{env: e, rows: in, agg: agg})
	for _, it := range b.items {
		c.grouped(list, agg, it.X)
	}
	for _, col := range b.cols[len(keys):] {
		if !computed(b.items, col.ID) {
			c.grouped(list, agg, colRef(col))
		}
	}
	out := unordered(nil, b.cols)
	rel := &plan.Aggregate{In: in.rel, Keys: keys, Aggs: agg.aggs}
	for _, k := range keys {
		rel.Cols = append(rel.Cols, k.Col)
	}
	names := map[plan.ColID]string{}
	for _, col := range b.cols {
		names[col.ID] = col.Name
	}
	for i := range agg.aggs {
		for j := range agg.aggs[i].Cols {
			col := &agg.aggs[i].Cols[j]
			if name, ok := names[col.ID]; ok {
				col.Name = name
			}
			rel.Cols = append(rel.Cols, *col)
		}
	}
	out.rel = rel
	if len(b.items) > 0 || !sameColumns(rel.Cols, b.cols) {
		out.rel = &plan.Project{In: rel, Items: b.liveItems(), Cols: b.cols}
	}
	return out
}

func sameColumns(a, b []plan.Column) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// grouped reports columns used outside aggregates that are not group keys.
func (c *checker) grouped(list []*ast.NamedExpr, agg *aggregation, x plan.Expr) {
	plan.Inspect(x, func(x plan.Expr) bool {
		if ref, ok := x.(*plan.Col); ok && !agg.made[ref.ID] && !agg.by[ref.ID] {
			n := ast.Node(list[0])
			c.hint(token.NotAggregate, n, "wrap it in an aggregate such as take_any(), or group by it",
				"the column \""+ref.Name+"\" is neither aggregated nor grouped by")
			return false
		}
		return true
	})
}

func computed(items []plan.Item, id plan.ColID) bool {
	for _, it := range items {
		if it.Col.ID == id {
			return true
		}
	}
	return false
}

// distinct is grouping without aggregates.
func (c *checker) distinct(list []*ast.NamedExpr, in *rows, e *env) *rows {
	b := c.newBuilder(len(list))
	b.each(list, styleProject, &scope{env: e, rows: in})
	agg := newAggregation(in)
	keys := c.groupKeys(b, agg)
	out := unordered(&plan.Aggregate{In: in.rel, Keys: keys, Cols: b.cols}, b.cols)
	out.name = in.name
	return out
}

func (c *checker) count(op *ast.Count, in *rows) *rows {
	name := "Count"
	if op.Name != nil {
		name = op.Name.Name
	}
	col := c.column(name, catalog.Long)
	rel := &plan.Aggregate{In: in.rel, Aggs: []plan.Agg{{Func: "count", Cols: []plan.Column{col}}}, Cols: []plan.Column{col}}
	return unordered(rel, rel.Cols)
}

// aggregate binds an aggregate call.
func (c *checker) aggregate(e *ast.Call, f *catalog.Function, sc *scope) value {
	if c.unsupported(e, f) {
		return unknown()
	}
	c.deprecated(e.Name, f)
	agg := sc.agg
	inner := sc.scalar()
	switch f.Name {
	case "arg_max", "arg_min", "argmax", "argmin":
		return c.argExtreme(e, f, agg, inner)
	case "take_any", "any":
		return c.takeAny(e, f, agg, inner)
	}
	args, ok := c.arguments(e, f, inner)
	if !ok {
		return unknown()
	}
	sig, params, ok := c.resolve(e, f, args)
	if !ok {
		return unknown()
	}
	xs := make([]plan.Expr, len(args))
	for i, a := range args {
		if params[i].Constant && !constant(a.x) {
			c.errorf(token.NotConstant, e.Args[i], "argument %q of %s() must be a constant", params[i].Name, f.Name)
			return unknown()
		}
		xs[i] = argument(params[i].Class, a.x)
	}
	name := canonical(f)
	if name == "count" && len(xs) == 1 {
		if xs[0].Type() == catalog.Bool {
			name = "countif"
		} else {
			xs = nil // count(x) counts rows, whatever x is
		}
	}
	if sig.Result == catalog.RuleTuple {
		return c.percentiles(e, f, agg, xs, inner)
	}
	col := c.column(name, c.resultType(sig, xs, catalog.Unknown, catalog.Unknown))
	agg.deliver(plan.Agg{Func: name, Args: xs, Cols: []plan.Column{col}})
	return scalarValue(colRef(col))
}

// percentiles delivers a column per percentile, or one array of them.
func (c *checker) percentiles(e *ast.Call, f *catalog.Function, agg *aggregation, xs []plan.Expr, sc *scope) value {
	arg := c.autoName(e.Args[0].X, sc)
	if xs[0].Type() == catalog.Dynamic {
		xs[0] = cast(xs[0], catalog.Real)
	}
	t := xs[0].Type()
	switch t {
	case catalog.Int:
		t = catalog.Long
	case catalog.String, catalog.Bool, catalog.Guid:
		if !c.opt.Lenient {
			c.errorf(token.TypeMismatch, e.Args[0], "%s() needs numbers or times, not %s", f.Name, t)
			return unknown()
		}
	}
	g := plan.Agg{Func: f.Name, Args: xs}
	first := 1
	if f.Name == "percentilew" || f.Name == "percentilesw" || f.Name == "percentilesw_array" {
		first = 2
	}
	v := value{}
	if f.Name == "percentiles_array" || f.Name == "percentilesw_array" {
		prefix := "percentiles_"
		if f.Name == "percentilesw_array" {
			prefix = "percentile_" // as the language reference shows it
		}
		col := c.column(prefix+arg, catalog.Dynamic)
		g.Cols = []plan.Column{col}
		v.tuple = []member{{name: col.Name, x: colRef(col)}}
	} else {
		for i := first; i < len(xs); i++ {
			if !constant(xs[i]) {
				c.errorf(token.NotConstant, e.Args[i], "a percentile must be a constant")
				return unknown()
			}
			col := c.column("percentile_"+arg+"_"+fragment(xs[i]), t)
			g.Cols = append(g.Cols, col)
			v.tuple = append(v.tuple, member{name: col.Name, x: colRef(col)})
		}
	}
	agg.deliver(g)
	if len(v.tuple) == 0 {
		return unknown()
	}
	v.x = v.tuple[0].x
	return v
}

// fragment writes a constant so that it may be part of a name: 99.9 is 99_9.
func fragment(x plan.Expr) string {
	k, ok := x.(*plan.Const)
	if !ok {
		return ""
	}
	text := k.Text
	switch {
	case k.T.Integer():
		text = itoa(int(k.Int))
	case k.T == catalog.Real:
		text = trimReal(k.Real)
	}
	b := []byte(text)
	for i, ch := range b {
		if !(ch >= '0' && ch <= '9' || ch >= 'a' && ch <= 'z' || ch >= 'A' && ch <= 'Z') {
			b[i] = '_'
		}
	}
	return string(b)
}
