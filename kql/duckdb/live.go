package duckdb

import "github.com/tocsin-soc/tocsin/kql/plan"

// liveness is the set of columns that anything above reads. A table of hundreds
// of columns, or arg_max(t, *) over one, is carried only as far as it is used.
type liveness struct {
	cols map[plan.ColID]bool
	all  plan.ColID // IDs from here on are the lowering's own: always live
}

// live finds what the columns of rel need, shared row sets and scalars included.
func live(q *plan.Query, rel plan.Rel) *liveness {
	v := &liveness{cols: map[plan.ColID]bool{}, all: plan.ColID(q.NumColumns)}
	v.whole(rel)
	for _, sc := range q.Scalars {
		v.whole(sc.Rel)
	}
	for i := len(q.Shared) - 1; i >= 0; i-- {
		v.visit(q.Shared[i].Rel)
	}
	return v
}

func (v *liveness) is(id plan.ColID) bool { return id >= v.all || v.cols[id] }

// whole marks every column of r and goes on below.
func (v *liveness) whole(r plan.Rel) {
	if r == nil {
		return
	}
	for _, c := range r.Columns() {
		v.cols[c.ID] = true
	}
	v.visit(r)
}

func (v *liveness) expr(x plan.Expr) {
	plan.Inspect(x, func(x plan.Expr) bool {
		switch x := x.(type) {
		case *plan.Col:
			v.cols[x.ID] = true
		case *plan.In:
			v.whole(x.Rel)
		case *plan.HasAny:
			v.whole(x.Rel)
		}
		return true
	})
}

func (v *liveness) exprs(list []plan.Expr) {
	for _, x := range list {
		v.expr(x)
	}
}

func (v *liveness) items(list []plan.Item) {
	for _, it := range list {
		v.expr(it.X)
	}
}

// visit marks what r needs for the columns marked so far.
func (v *liveness) visit(r plan.Rel) {
	switch r := r.(type) {
	case *plan.Table, *plan.Values, *plan.Range, *plan.External, *plan.Leaf:
	case *plan.Ref:
		for i, c := range r.Cols {
			if v.cols[c.ID] {
				v.cols[r.Shared.Rel.Columns()[i].ID] = true
			}
		}
	case *plan.Filter:
		v.expr(r.Pred)
		v.visit(r.In)
	case *plan.Project:
		for _, it := range r.Items {
			if v.is(it.Col.ID) {
				v.expr(it.X)
			}
		}
		v.visit(r.In)
	case *plan.Aggregate:
		v.items(r.Keys)
		for _, g := range r.Aggs {
			v.agg(g)
		}
		v.visit(r.In)
	case *plan.Join:
		for _, k := range r.On {
			v.expr(k.Left)
			v.expr(k.Right)
		}
		v.visit(r.Left)
		v.visit(r.Right)
	case *plan.Union:
		for n, in := range r.Inputs {
			for k, c := range in.Columns() {
				if v.cols[unionColumn(r, n, k).ID] {
					v.cols[c.ID] = true
				}
			}
			v.visit(in)
		}
	case *plan.Sort:
		for _, k := range r.Keys {
			v.expr(k.X)
		}
		v.visit(r.In)
	case *plan.Limit:
		v.expr(r.N)
		v.visit(r.In)
	case *plan.Sample:
		v.expr(r.N)
		v.visit(r.In)
	case *plan.Number:
		v.visit(r.In)
	case *plan.Window:
		v.cols[r.Ord] = true
		for _, f := range r.Funcs {
			v.exprs(f.Args)
		}
		v.visit(r.In)
	default:
		v.rare(r)
	}
}

// unionColumn is the column of the union that column k of input n becomes.
func unionColumn(r *plan.Union, n, k int) plan.Column {
	if r.From != nil {
		return r.Cols[r.From[n][k]]
	}
	return r.Cols[k]
}

func (v *liveness) agg(g plan.Agg) {
	row := g.Func == "arg_max" || g.Func == "arg_min" || g.Func == "take_any"
	for i, x := range g.Args {
		if !row || i == 0 || v.cols[g.Cols[i].ID] {
			v.expr(x)
		}
	}
}

func (v *liveness) rare(r plan.Rel) {
	switch r := r.(type) {
	case *plan.Expand:
		v.expansion(r)
		v.visit(r.In)
	case *plan.Apply:
		v.visit(r.Body)
		v.expansion(r.Expand)
		v.visit(r.In)
	case *plan.Partition:
		for i, c := range r.Cols {
			if v.cols[c.ID] {
				v.cols[r.Body.Columns()[i].ID] = true
			}
		}
		v.cols[r.Key] = true
		v.visit(r.Body)
		v.visit(r.In)
	case *plan.Parse:
		v.expr(r.X)
		v.visit(r.In)
	case *plan.ParseKV:
		v.expr(r.X)
		v.visit(r.In)
	case *plan.MakeSeries:
		v.items(r.Keys)
		v.exprs([]plan.Expr{r.On, r.From, r.To, r.Step})
		for _, g := range r.Aggs {
			v.exprs(g.Agg.Args)
			v.expr(g.Default)
		}
		v.visit(r.In)
	case *plan.Pivot:
		v.cols[r.Column.ID] = true
		v.items(r.Keys)
		v.exprs(r.Agg.Args)
		v.visit(r.In)
	case *plan.Call:
		for _, a := range r.Args {
			v.expr(a.X)
			v.whole(a.Rel)
		}
		v.whole(r.In)
	case *plan.TopNested:
		for _, t := range r.Levels {
			v.expr(t.Key.X)
			for _, g := range t.Aggs {
				v.exprs(g.Args)
			}
		}
		v.visit(r.In)
	default:
		for _, in := range plan.Inputs(r) {
			v.whole(in)
		}
	}
}

func (v *liveness) expansion(r *plan.Expand) {
	for _, it := range r.Items {
		v.expr(it.X)
	}
	v.expr(r.Limit)
}

// prune drops the columns nothing reads.
func (l *lowerer) prune(cols []plan.Column) []plan.Column {
	out := make([]plan.Column, 0, len(cols))
	for _, c := range cols {
		if l.live.is(c.ID) {
			out = append(out, c)
		}
	}
	return out
}
