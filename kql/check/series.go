package check

import (
	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// makeSeries binds make-series: keys, then an array per aggregate, then the axis.
func (c *checker) makeSeries(op *ast.MakeSeries, in *rows, e *env) *rows {
	sc := &scope{env: e, rows: in}
	rel := &plan.MakeSeries{In: in.rel, Inclusive: op.InRange, NonEmpty: op.Params.Word("kind") == "nonempty"}
	b := c.newBuilder(len(op.By) + len(op.Aggregates) + 1)
	b.each(op.By, styleSummarize, sc)
	agg := newAggregation(in)
	rel.Keys = c.groupKeys(b, agg)
	for _, item := range op.Aggregates {
		c.seriesItem(item, rel, b, agg, in, e)
	}
	if op.On == nil {
		return nil
	}
	rel.On = c.expr(op.On.X, sc)
	t := rel.On.Type()
	if t == catalog.Dynamic {
		rel.On = cast(rel.On, catalog.Real)
		t = catalog.Real
	}
	if !t.Numeric() && !t.Temporal() && t != catalog.Unknown {
		c.errorf(token.TypeMismatch, op.On, "the axis is a number or a time, not %s", t)
	}
	step := t
	if t == catalog.DateTime {
		step = catalog.TimeSpan
	}
	if op.From != nil {
		rel.From = c.typed(op.From, &scope{env: e}, t, "from")
	}
	if op.To != nil {
		rel.To = c.typed(op.To, &scope{env: e}, t, "to")
	}
	if op.Step != nil {
		rel.Step = c.typed(op.Step, &scope{env: e}, step, "step")
	}
	name := c.autoName(op.On.X, sc)
	if op.On.Name() != nil {
		name = op.On.Name().Name
	}
	if name == "" {
		name = "Column1"
	}
	rel.Axis = c.column(b.unique(name, name), catalog.Dynamic)
	rel.Cols = append(append([]plan.Column(nil), b.cols...), rel.Axis)
	return unordered(rel, rel.Cols)
}

// seriesItem binds one aggregate. An expression over several aggregates is not
// supported: each series is one call.
func (c *checker) seriesItem(item *ast.SeriesItem, rel *plan.MakeSeries, b *builder, agg *aggregation, in *rows, e *env) {
	before := len(agg.aggs)
	sc := &scope{env: e, rows: in, agg: agg}
	v := c.value(item.X.X, sc)
	if v.bad || v.x == nil {
		return
	}
	name := c.autoName(item.X.X, sc)
	if item.X.Name() != nil {
		name = item.X.Name().Name
	}
	made := agg.aggs[before:]
	if len(made) == 0 {
		c.errorf(token.NotAggregate, item, "make-series needs an aggregate here")
		return
	}
	element := v.x
	if ref, ok := element.(*plan.Col); !ok || len(made) != 1 || ref.ID != made[0].Cols[0].ID {
		c.hint(token.UnsupportedForm, item, "make a series of each aggregate and combine them with series_add(), series_divide() …",
			"a series of an expression over aggregates is not supported")
		return
	}
	g := made[0]
	s := plan.SeriesAgg{Agg: g}
	t := g.Cols[0].Type
	if item.Default != nil {
		s.Default = c.typed(item.Default, &scope{env: e}, t, "the default")
	} else if t.Numeric() || t == catalog.TimeSpan {
		s.Default = cast(longConst(0), t)
		if t == catalog.TimeSpan {
			s.Default = &plan.Const{T: t}
		}
	} else {
		s.Default = null(t)
	}
	col := c.column(name, catalog.Dynamic)
	if item.X.Name() != nil {
		b.declare(item, name, colRef(col), false)
	} else {
		b.add(name, name, colRef(col), false)
	}
	s.Col = b.cols[len(b.cols)-1]
	rel.Aggs = append(rel.Aggs, s)
}
