package rewrite

import "github.com/tocsin-soc/tocsin/kql/plan"

// rare folds the sources and the operators of the last few per cent of queries.
func (f *folder) rare(r plan.Rel) plan.Rel {
	switch r := r.(type) {
	case *plan.Table:
		if f.holds != nil && !r.Watchlist && !f.holds(r.Name) {
			return none(r.Cols)
		}
		return r
	case *plan.Leaf:
		return r
	case *plan.Values:
		out := &plan.Values{Cols: r.Cols}
		for _, row := range r.Rows {
			out.Rows = append(out.Rows, f.exprs(row))
		}
		return out
	case *plan.Range:
		return &plan.Range{Col: r.Col, From: f.expr(r.From), To: f.expr(r.To), Step: f.expr(r.Step)}
	case *plan.External:
		out := *r
		out.URLs = f.exprs(r.URLs)
		return &out
	case *plan.Sample:
		return &plan.Sample{In: f.rel(r.In), N: f.expr(r.N)}
	case *plan.Parse:
		out := *r
		out.In, out.X = f.rel(r.In), f.expr(r.X)
		if empty(out.In) {
			return none(r.Cols)
		}
		return &out
	case *plan.ParseKV:
		out := *r
		out.In, out.X = f.rel(r.In), f.expr(r.X)
		return &out
	case *plan.Expand:
		out := f.expansion(r)
		if r.In != nil && empty(out.In) {
			return none(r.Cols)
		}
		return out
	case *plan.Apply:
		out := *r
		out.In, out.Expand, out.Body = f.rel(r.In), f.expansion(r.Expand), f.rel(r.Body)
		return &out
	case *plan.Partition:
		out := *r
		out.In, out.Body = f.rel(r.In), f.rel(r.Body)
		return &out
	case *plan.Call:
		out := *r
		out.In = f.rel(r.In)
		out.Args = append([]plan.Arg(nil), r.Args...)
		for i, a := range r.Args {
			out.Args[i].X, out.Args[i].Rel = f.expr(a.X), f.rel(a.Rel)
		}
		return &out
	}
	return f.grouping(r)
}

func (f *folder) expansion(r *plan.Expand) *plan.Expand {
	out := *r
	out.In, out.Limit = f.rel(r.In), f.expr(r.Limit)
	out.Items = append([]plan.ExpandItem(nil), r.Items...)
	for i := range out.Items {
		out.Items[i].X = f.expr(r.Items[i].X)
	}
	return &out
}

// grouping folds the operators that look at many rows at once.
func (f *folder) grouping(r plan.Rel) plan.Rel {
	switch r := r.(type) {
	case *plan.MakeSeries:
		out := *r
		out.In, out.Keys, out.On = f.rel(r.In), f.items(r.Keys), f.expr(r.On)
		out.From, out.To, out.Step = f.expr(r.From), f.expr(r.To), f.expr(r.Step)
		out.Aggs = append([]plan.SeriesAgg(nil), r.Aggs...)
		for i, g := range r.Aggs {
			out.Aggs[i].Agg.Args, out.Aggs[i].Default = f.exprs(g.Agg.Args), f.expr(g.Default)
		}
		return &out
	case *plan.Pivot:
		out := *r
		out.In, out.Keys, out.Agg.Args = f.rel(r.In), f.items(r.Keys), f.exprs(r.Agg.Args)
		return &out
	case *plan.TopNested:
		out := *r
		out.In = f.rel(r.In)
		out.Levels = append([]plan.TopLevel(nil), r.Levels...)
		for i, level := range r.Levels {
			to := &out.Levels[i]
			to.N, to.Others, to.Aggs = f.expr(level.N), f.expr(level.Others), f.aggs(level.Aggs)
			to.Key.X, to.Agg.X = f.expr(level.Key.X), f.expr(level.Agg.X)
		}
		return &out
	case *plan.Scan:
		out := *r
		out.In, out.Keys, out.Declared = f.rel(r.In), f.items(r.Keys), f.items(r.Declared)
		out.Steps = append([]plan.ScanStep(nil), r.Steps...)
		for i, step := range r.Steps {
			out.Steps[i].When, out.Steps[i].Assign = f.expr(step.When), f.items(step.Assign)
		}
		return &out
	}
	panic("rewrite: operator without a case")
}
