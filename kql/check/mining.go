package check

import (
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// A mined is the form of a plugin that looks for patterns: what it delivers before the
// columns of the rows, and the places of its arguments. "~" stands for a default.
type mined struct {
	fields    []field
	split     int // column whose values make two sets; -1 for none. The values follow
	weight    int
	threshold int
	least     float64 // of the threshold
	fallback  float64
	most      int // number of values combined; -1 for none
	wildcards int // from here on
}

var minedPlugins = map[string]mined{
	"autocluster": {fields: []field{{"SegmentId", tLong}, {"Count", tLong}, {"Percent", tReal}}, split: -1, threshold: 0, fallback: 0.5, weight: 1, most: -1, wildcards: 3},
	"basket":      {fields: []field{{"SegmentId", tLong}, {"Count", tLong}, {"Percent", tReal}}, split: -1, threshold: 0, fallback: 0.05, weight: 1, most: 2, wildcards: 3},
	"diffpatterns": {fields: []field{{"SegmentId", tLong}, {"CountA", tLong}, {"CountB", tLong}, {"PercentA", tReal}, {"PercentB", tReal}, {"PercentDiffAB", tReal}},
		split: 0, threshold: 4, fallback: 0.05, weight: 3, most: 5, wildcards: 6},
}

// patterns delivers fields and then the columns that patterns are about. The arguments of
// the call become split column, its two values, weight column, threshold, number of
// values, and a wildcard per delivered column; what is not there is a null.
func (p *plugin) patterns(name string) *rows {
	m := minedPlugins[name]
	none := plan.Arg{X: null(catalog.String)}
	p.call.Args = []plan.Arg{none, none, none, none}
	skip := map[plan.ColID]bool{}
	if m.split >= 0 {
		col, ok := p.columnAt(m.split)
		a, okA := p.constantAt(m.split + 1)
		b, okB := p.constantAt(m.split + 2)
		if !ok || !okA || !okB {
			return nil
		}
		skip[col.ID] = true
		p.call.Args[0].X, p.call.Args[1].X, p.call.Args[2].X = colRef(col), cast(a, catalog.String), cast(b, catalog.String)
	}
	if !p.isDefault(m.weight) {
		col, ok := p.columnAt(m.weight)
		if !ok {
			return nil
		}
		if !col.Type.Numeric() {
			p.c.errorf(token.TypeMismatch, p.op.Call.Args[m.weight], "the weight must be a number, and %q is %s", col.Name, col.Type)
			return nil
		}
		skip[col.ID] = true
		p.call.Args[3].X = colRef(col)
	}
	threshold, ok := p.number(m.threshold, m.fallback, 1)
	most, okMost := p.number(m.most, 5, 20)
	if !ok || !okMost {
		return nil
	}
	p.call.Args = append(p.call.Args, plan.Arg{X: &plan.Const{T: catalog.Real, Real: threshold}}, plan.Arg{X: &plan.Const{T: catalog.Real, Real: most}})
	wildcards, ok := p.wildcards(m.wildcards)
	if !ok {
		return nil
	}
	for _, f := range m.fields {
		p.call.Cols = append(p.call.Cols, p.c.column(f.name, f.typ))
	}
	for _, col := range p.in.cols {
		if skip[col.ID] {
			continue
		}
		p.call.Cols = append(p.call.Cols, p.c.column(col.Name, col.Type))
		wildcard, ok := wildcards[col.Type]
		if !ok {
			wildcard = null(col.Type)
		}
		p.call.Args = append(p.call.Args, plan.Arg{Name: "wildcard", X: wildcard}, plan.Arg{Name: "column", X: colRef(col)})
	}
	p.call.Cols = uniqueNames(p.call.Cols)
	return unordered(p.call, p.call.Cols)
}

// isDefault reports whether argument i is left out or "~".
func (p *plugin) isDefault(i int) bool {
	return i < 0 || i >= len(p.op.Call.Args) || p.c.sameText(p.op.Call.Args[i].X, "~")
}

// constantAt binds argument i, which must be a constant.
func (p *plugin) constantAt(i int) (*plan.Const, bool) {
	if i >= len(p.op.Call.Args) {
		p.c.errorf(token.ArgumentCount, p.op, "%s needs at least %d arguments", p.call.Plugin, i+1)
		return nil, false
	}
	k, ok := p.c.expr(p.op.Call.Args[i].X, p.sc.constant()).(*plan.Const)
	if !ok {
		p.c.errorf(token.NotConstant, p.op.Call.Args[i], "%s needs a constant here", p.call.Plugin)
	}
	return k, ok
}

// number reads argument i, a number above 0 and at most most.
func (p *plugin) number(i int, fallback, most float64) (float64, bool) {
	if p.isDefault(i) {
		return fallback, true
	}
	k, ok := p.constantAt(i)
	if !ok {
		return 0, false
	}
	x := k.Real
	if k.T.Integer() {
		x = float64(k.Int)
	}
	if !k.T.Numeric() || k.Null || x <= 0 || x > most {
		p.c.errorf(token.BadArgument, p.op.Call.Args[i], "%s needs a number above 0 and at most %g here", p.call.Plugin, most)
		return 0, false
	}
	return x, true
}

// wildcards reads the arguments from i on: what columns of a type show where a pattern
// leaves them open.
func (p *plugin) wildcards(i int) (map[catalog.Type]plan.Expr, bool) {
	out := map[catalog.Type]plan.Expr{}
	for ; i < len(p.op.Call.Args); i++ {
		if p.isDefault(i) {
			continue
		}
		k, ok := p.constantAt(i)
		if !ok {
			return nil, false
		}
		out[k.T] = k
	}
	return out, true
}

// sequenceDetect delivers the dimensions, a time per named predicate, and how long the
// sequence took. The arguments of the call become the timeline, the predicates, the
// dimensions, then the two spans.
func (p *plugin) sequenceDetect() *rows {
	timeline, ok := p.columnAt(0)
	if !ok {
		return nil
	}
	if timeline.Type != catalog.DateTime {
		p.c.errorf(token.TypeMismatch, p.op.Call.Args[0], "sequence_detect needs a datetime column, and %q is %s", timeline.Name, timeline.Type)
		return nil
	}
	var spans []plan.Arg
	for i := 1; i <= 2; i++ {
		k, ok := p.constantAt(i)
		if !ok {
			return nil
		}
		if k.T != catalog.TimeSpan || k.Null {
			p.c.errorf(token.TypeMismatch, p.op.Call.Args[i], "sequence_detect needs a timespan here, not %s", k.T)
			return nil
		}
		spans = append(spans, plan.Arg{Name: "span", X: k})
	}
	p.call.Args = []plan.Arg{{X: colRef(timeline)}}
	var dims, times []plan.Column
	var dimensions []plan.Arg
	for _, a := range p.op.Call.Args[3:] {
		x := p.c.expr(a.X, p.sc)
		if a.Name() != nil {
			p.call.Args = append(p.call.Args, plan.Arg{Name: "step", X: p.c.predicate(a, x)})
			times = append(times, p.c.column(a.Name().Name+"_"+timeline.Name, timeline.Type))
			continue
		}
		name := "Column" + itoa(len(dims)+1)
		if ref, ok := x.(*plan.Col); ok {
			name = ref.Name
		}
		dimensions = append(dimensions, plan.Arg{Name: "dimension", X: x})
		dims = append(dims, p.c.column(name, x.Type()))
	}
	if len(times) < 2 {
		p.c.errorf(token.ArgumentCount, p.op, "sequence_detect needs two or more steps, each as name = (predicate)")
		return nil
	}
	p.call.Args = append(append(p.call.Args, dimensions...), spans...)
	p.call.Cols = uniqueNames(append(append(dims, times...), p.c.column("Duration", catalog.TimeSpan)))
	return unordered(p.call, p.call.Cols)
}

// schemaMerge makes one schema of rows in the form of getschema.
func (p *plugin) schemaMerge() *rows {
	ordered := true
	if x := p.argument(0, "PreserveOrder"); x != nil {
		k, ok := p.c.expr(x, p.sc.constant()).(*plan.Const)
		if !ok || k.T != catalog.Bool {
			p.c.errorf(token.TypeMismatch, x, "schema_merge needs true or false here")
			return nil
		}
		ordered = k.Bool
	}
	p.call.Args = []plan.Arg{{X: boolConst(ordered)}}
	for _, want := range []field{{"ColumnName", catalog.String}, {"ColumnOrdinal", tLong}, {"ColumnType", catalog.String}} {
		col, ok := p.in.find(want.name)
		if !ok {
			p.c.errorf(token.UnknownColumn, p.op, "schema_merge reads rows of getschema, which have a column %q", want.name)
			return nil
		}
		p.call.Args = append(p.call.Args, plan.Arg{X: cast(colRef(col), want.typ)})
	}
	p.call.Cols = p.c.getSchema(&rows{}).cols
	return unordered(p.call, p.call.Cols)
}
