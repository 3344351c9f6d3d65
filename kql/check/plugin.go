package check

import (
	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// declared brings the output to the columns of evaluate f() : (a:long, *).
func (p *plugin) declared(in *rows) *rows {
	proj := &projection{plan.Project{In: in.rel}}
	named := map[string]bool{}
	for _, d := range p.op.Schema.Columns {
		t := catalog.Dynamic
		if d.Type != nil {
			t, _ = catalog.ParseType(d.Type.Name)
		}
		named[d.Name.Name] = true
		col, ok := in.find(d.Name.Name)
		switch {
		case ok && col.Type == t:
			proj.keep(col)
		case ok:
			proj.compute(p.c.column(d.Name.Name, t), explicitCast(colRef(col), t))
		default:
			proj.compute(p.c.column(d.Name.Name, t), null(t))
		}
	}
	if p.op.Schema.Open {
		var rest []plan.Column
		for _, col := range in.cols {
			if !named[col.Name] {
				rest = append(rest, col)
			}
		}
		proj.Cols = append(rest, proj.Cols...)
	}
	return unordered(&proj.Project, proj.Cols)
}

// preview makes two results: some rows, and how many there are.
func (p *plugin) preview() *rows {
	n := p.c.rowCount(p.argument(0, ""), p.sc.env)
	s := p.c.share("", p.in, true)
	first, second := p.c.reference(s), p.c.reference(s)
	count := p.c.count(&ast.Count{}, second)
	return &rows{several: []*plan.Result{
		p.c.finish(first.with(&plan.Limit{In: first.rel, N: n}, first.cols)),
		p.c.finish(count),
	}}
}

// ipLookup joins addresses with ranges: the source's columns and the lookup
// table's, for ipv6_lookup in the opposite order (Kusto's documentation).
func (p *plugin) ipLookup() *rows {
	args := p.op.Call.Args
	if len(args) < 3 {
		p.c.errorf(token.ArgumentCount, p.op, "%s needs a table, an address column and a range column", p.call.Plugin)
		return nil
	}
	right := p.c.operand(args[0].X, p.sc.env)
	if right == nil {
		return nil
	}
	p.call.Args = append(p.call.Args, plan.Arg{Rel: right.rel})
	ip := p.c.expr(args[1].X, p.sc)
	p.call.Args = append(p.call.Args, plan.Arg{X: cast(ip, catalog.String)})
	unmatched := plan.Expr(boolConst(false))
	for _, a := range args[2:] {
		if a.Name() != nil && a.Name().Name == "return_unmatched" {
			unmatched = p.c.expr(a.X, p.sc.constant())
			continue
		}
		x := p.c.value(a.X, &scope{env: p.sc.env, rows: right})
		if x.x == nil {
			return nil
		}
		if x.x.Type() == catalog.Bool {
			unmatched = x.x
			continue
		}
		p.call.Args = append(p.call.Args, plan.Arg{X: x.x})
	}
	p.call.Args = append(p.call.Args, plan.Arg{Name: "return_unmatched", X: unmatched})
	cols := append(append([]plan.Column(nil), p.in.cols...), right.cols...)
	if p.call.Plugin == "ipv6_lookup" {
		cols = append(append(cols[:0], right.cols...), p.in.cols...)
	}
	p.call.Cols = uniqueNames(cols)
	return unordered(p.call, p.call.Cols)
}

// rowsNear keeps rows within a distance of those where a predicate holds.
func (p *plugin) rowsNear() *rows {
	if !p.in.serialized {
		p.c.errorf(token.NotSerialized, p.op, "rows_near needs rows in an order; put | serialize before")
		return nil
	}
	in := p.c.numbered(p.in)
	p.call.In = in.rel
	args := p.op.Call.Args
	if len(args) < 2 || len(args) > 3 {
		p.c.errorf(token.ArgumentCount, p.op, "rows_near needs a predicate and one or two distances")
		return nil
	}
	p.call.Args = append(p.call.Args, plan.Arg{Name: "order", X: colRef(in.ord)})
	p.call.Args = append(p.call.Args, plan.Arg{X: p.c.predicate(args[0], p.c.expr(args[0].X, p.sc))})
	for _, a := range args[1:] {
		p.call.Args = append(p.call.Args, plan.Arg{X: cast(p.c.expr(a.X, p.sc.constant()), catalog.Long)})
	}
	p.call.Cols = in.rel.Columns()
	return in.with(p.call, in.cols)
}

// A layout describes the result of an analytics plugin: the timeline column, the
// dimensions (the arguments from the given position on), then fields.
type layout struct {
	timeline   int
	dimensions int
	fields     []field
}

var layouts = map[string]layout{
	"active_users_count":      {1, 8, []field{{"dcount", tLong}}},
	"activity_counts_metrics": {1, 5, []field{{"count", tLong}, {"dcount", tLong}, {"new_dcount", tLong}, {"aggregated_dcount", tLong}}},
	"activity_engagement":     {1, 6, []field{{"dcount_activities_inner", tLong}, {"dcount_activities_outer", tLong}, {"activity_ratio", tReal}}},
	"activity_metrics":        {1, 5, []field{{"dcount_values", tLong}, {"dcount_newvalues", tLong}, {"retention_rate", tReal}, {"churn_rate", tReal}}},
	"session_count":           {1, 6, []field{{"count_sessions", tLong}}},
	"sliding_window_counts":   {1, 6, []field{{"Count", tLong}, {"dcount", tLong}}},
}

func (p *plugin) analytics(name string) *rows {
	if l, ok := layouts[name]; ok {
		return p.timelined(l)
	}
	switch name {
	case "dcount_intersect":
		var fields []field
		for i := range p.op.Call.Args {
			fields = append(fields, field{"s" + itoa(i), tLong})
		}
		return p.fixed(fields...)
	case "autocluster", "basket", "diffpatterns":
		return p.patterns(name)
	case "schema_merge":
		return p.schemaMerge()
	case "rolling_percentile":
		return p.rollingPercentile()
	case "new_activity_metrics":
		return p.newActivity()
	case "sequence_detect":
		return p.sequenceDetect()
	}
	f, _ := p.c.fns.Lookup(name, catalog.Plugin)
	p.c.errorf(token.UnsupportedFunction, p.op, "the plugin %s is not supported", f.Name)
	return nil
}

func (p *plugin) timelined(l layout) *rows {
	p.arguments(p.op.Call.Args)
	timeline, ok := p.columnAt(l.timeline)
	if !ok {
		return nil
	}
	cols := []plan.Column{p.c.column(timeline.Name, timeline.Type)}
	for i := l.dimensions; i < len(p.op.Call.Args); i++ {
		if col, ok := p.columnAt(i); ok {
			cols = append(cols, p.c.column(col.Name, col.Type))
		}
	}
	for _, f := range l.fields {
		cols = append(cols, p.c.column(f.name, f.typ))
	}
	p.call.Cols = uniqueNames(cols)
	return unordered(p.call, p.call.Cols)
}

func (p *plugin) rollingPercentile() *rows {
	p.arguments(p.op.Call.Args)
	val, okV := p.columnAt(0)
	idx, okI := p.columnAt(2)
	if !okV || !okI || len(p.call.Args) < 5 {
		return nil
	}
	cols := []plan.Column{p.c.column(idx.Name, idx.Type)}
	for i := 5; i < len(p.op.Call.Args); i++ {
		if col, ok := p.columnAt(i); ok {
			cols = append(cols, p.c.column(col.Name, col.Type))
		}
	}
	cols = append(cols, p.c.column("rolling_"+fragment(p.call.Args[4].X)+"_percentile_"+val.Name+"_"+fragment(p.call.Args[1].X), val.Type))
	p.call.Cols = cols
	return unordered(p.call, cols)
}

func (p *plugin) newActivity() *rows {
	p.arguments(p.op.Call.Args)
	timeline, ok := p.columnAt(1)
	if !ok {
		return nil
	}
	if n := len(p.op.Call.Args); n != 5 {
		p.c.errorf(token.UnsupportedForm, p.op, "new_activity_metrics runs with 5 arguments: id, time, start, end, window; a cohort, dimensions and a lookback are not supported")
		return nil
	}
	cols := []plan.Column{p.c.column("from_"+timeline.Name, timeline.Type), p.c.column("to_"+timeline.Name, timeline.Type)}
	for _, f := range []field{{"dcount_new_values", tLong}, {"dcount_retained_values", tLong}, {"dcount_churn_values", tLong},
		{"retention_rate", tReal}, {"churn_rate", tReal}} {
		cols = append(cols, p.c.column(f.name, f.typ))
	}
	p.call.Cols = cols
	return unordered(p.call, cols)
}

// invokeOperator binds | invoke f(…): the rows become the first argument.
func (c *checker) invokeOperator(op *ast.Invoke, in *rows, e *env) *rows {
	if op.Call == nil || op.Call.Name == nil {
		return nil
	}
	name := op.Call.Name.Name
	f := (*function)(nil)
	if b, ok := e.lookup(name); ok && b.fn != nil {
		f = b.fn
	} else if f = c.savedFunction(op.Call.Name, name); f == nil {
		switch name {
		case "FileProfile":
			return c.stub(in, fileProfile)
		case "SeenBy":
			return c.stub(in, seenBy)
		}
		c.unknownFunction(op.Call, name, &scope{env: e})
		if c.opt.Lenient {
			out := *in
			out.open = true
			return &out
		}
		return nil
	}
	v := c.invoke(op.Call, f, op.Call.Args, in, &scope{env: e, rows: in})
	if v.rows == nil || v.rows.rel == nil {
		if !v.bad {
			c.errorf(token.NotTabular, op, "%s() does not deliver rows", name)
		}
		return nil
	}
	return v.rows
}

// The columns Defender's own functions add. Their data is Microsoft's; here the
// columns are null or empty, and the function table says so.
var (
	fileProfile = []field{
		{"SHA1", catalog.String}, {"MD5", catalog.String}, {"FileSize", catalog.Long},
		{"GlobalPrevalence", catalog.Long}, {"GlobalFirstSeen", catalog.DateTime}, {"GlobalLastSeen", catalog.DateTime},
		{"Signer", catalog.String}, {"Issuer", catalog.String}, {"SignerHash", catalog.String},
		{"IsCertificateValid", catalog.Bool}, {"IsRootSignerMicrosoft", catalog.Bool}, {"SignatureState", catalog.String},
		{"IsExecutable", catalog.Bool}, {"ThreatName", catalog.String}, {"Publisher", catalog.String},
		{"SoftwareName", catalog.String}, {"ProfileAvailability", catalog.String},
	}
	seenBy = []field{{"SeenBy", catalog.String}}
)

func (c *checker) stub(in *rows, fields []field) *rows {
	proj := &projection{plan.Project{In: in.rel}}
	proj.Cols = append(proj.Cols, in.cols...)
	for _, f := range fields {
		if _, exists := in.find(f.name); exists {
			f.name += "_"
		}
		proj.compute(c.column(f.name, f.typ), null(f.typ))
	}
	return unordered(&proj.Project, proj.Cols)
}
