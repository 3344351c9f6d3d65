package check

import (
	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// partition runs the body on the rows of each key.
func (c *checker) partition(op *ast.Partition, in *rows, e *env) *rows {
	key, ok := c.expr(op.By, &scope{env: e, rows: in}).(*plan.Col)
	if !ok {
		c.errorf(token.UnknownColumn, op.By, "partition needs a column")
		return nil
	}
	if op.Body == nil || op.Body.Source != nil || op.In != nil {
		c.hint(token.UnsupportedForm, op, "write partition by key ( operators )", "this form of partition is not supported")
		return nil
	}
	c.nextLeaf++
	leaf := &plan.Leaf{ID: c.nextLeaf, Cols: in.rel.Columns()}
	body := in.with(leaf, in.cols)
	res := c.operators(body, op.Body.Ops, e)
	if res == nil || res.rel == nil {
		return nil
	}
	rel := res.rel
	if len(rel.Columns()) != len(res.cols) {
		rel = &plan.Project{In: rel, Cols: res.cols}
	}
	return unordered(&plan.Partition{In: in.rel, Key: key.ID, Leaf: leaf, Body: rel, Cols: res.cols}, res.cols)
}

// fork makes a result of each branch, all over the same rows.
func (c *checker) fork(op *ast.Fork, in *rows, e *env) *rows {
	s := c.share("", in, true)
	out := &rows{}
	for i, b := range op.Branches {
		if b.Body == nil {
			continue
		}
		res := c.operators(c.reference(s), b.Body.Ops, e)
		if res == nil || res.rel == nil {
			continue
		}
		r := c.finish(res)
		r.Name = "fork_" + itoa(i)
		if b.Name != nil {
			r.Name = b.Name.Name
		}
		out.several = append(out.several, r)
	}
	return out
}

// facet makes a table of counts per column, and one of the rows with a body.
func (c *checker) facet(op *ast.Facet, in *rows, e *env) *rows {
	s := c.share("", in, true)
	out := &rows{}
	for _, x := range op.By {
		r := c.reference(s)
		sc := &scope{env: e, rows: r}
		col, ok := c.expr(x, sc).(*plan.Col)
		if !ok {
			c.errorf(token.UnknownColumn, x, "facet needs columns")
			continue
		}
		key := plan.Column{ID: col.ID, Name: col.Name, Type: col.T}
		n := c.column("count_"+col.Name, catalog.Long)
		rel := &plan.Aggregate{In: r.rel, Keys: []plan.Item{{Col: key, X: col}},
			Aggs: []plan.Agg{{Func: "count", Cols: []plan.Column{n}}}, Cols: []plan.Column{key, n}}
		res := c.finish(unordered(rel, rel.Cols))
		res.Name = "facet_" + col.Name
		out.several = append(out.several, res)
	}
	if op.With != nil {
		if res := c.operators(c.reference(s), op.With.Ops, e); res != nil && res.rel != nil {
			out.several = append(out.several, c.finish(res))
		}
	}
	return out
}

// topHitters keeps the most frequent values, or those with the greatest sum.
func (c *checker) topHitters(op *ast.TopHitters, in *rows, e *env) *rows {
	n := c.rowCount(op.N, e)
	sc := &scope{env: e, rows: in}
	b := c.newBuilder(2)
	b.each([]*ast.NamedExpr{op.Of}, styleSummarize, sc)
	agg := newAggregation(in)
	keys := c.groupKeys(b, agg)
	if len(keys) == 0 {
		return nil
	}
	g := plan.Agg{Func: "count"}
	if op.By != nil {
		weight := c.expr(op.By.X, sc)
		t := weight.Type()
		if t == catalog.Int {
			t = catalog.Long
		}
		if t == catalog.Dynamic {
			weight, t = cast(weight, catalog.Real), catalog.Real
		}
		g = plan.Agg{Func: "sum", Args: []plan.Expr{weight},
			Cols: []plan.Column{c.column("approximate_sum_"+c.autoName(op.By.X, sc), t)}}
	} else {
		g.Cols = []plan.Column{c.column("approximate_count_"+keys[0].Col.Name, catalog.Long)}
	}
	rel := &plan.Aggregate{In: in.rel, Keys: keys, Aggs: []plan.Agg{g}, Cols: []plan.Column{keys[0].Col, g.Cols[0]}}
	out := unordered(rel, rel.Cols)
	sorted := &plan.Sort{In: out.rel, Keys: []plan.SortKey{{X: colRef(g.Cols[0]), Desc: true}}, Cols: out.cols}
	out.rel = &plan.Limit{In: sorted, N: n}
	out.serialized, out.sorted = true, true
	return out
}

// topNested binds the levels; each adds its group and its aggregate.
func (c *checker) topNested(op *ast.TopNested, in *rows, e *env) *rows {
	rel := &plan.TopNested{In: in.rel}
	b := c.newBuilder(2 * len(op.Levels))
	for i, l := range op.Levels {
		lv := plan.TopLevel{}
		sc := &scope{env: e, rows: in}
		if l.N != nil {
			lv.N = c.rowCount(l.N, e)
		}
		x := c.expr(l.Of.X, sc)
		name := c.autoName(l.Of.X, sc)
		if l.Of.Name() != nil {
			name = l.Of.Name().Name
		}
		if name == "" {
			name = "Column" + itoa(i+1)
		}
		lv.Key = plan.Item{Col: c.column(b.unique(name, name), x.Type()), X: x}
		b.used[lv.Key.Col.Name] = true
		if l.Others != nil {
			lv.Others = c.typed(l.Others, &scope{env: e}, x.Type(), "others")
		}
		agg := newAggregation(in)
		lv.Desc = l.By == nil || l.By.Order != "asc"
		if l.By == nil || l.By.X == nil {
			return nil
		}
		asc := &scope{env: e, rows: in, agg: agg}
		ax := c.expr(l.By.X.X, asc)
		// The aggregate column is named after the group and not after the function.
		aggName := "aggregated_" + lv.Key.Col.Name
		if l.By.X.Name() != nil {
			aggName = l.By.X.Name().Name
		}
		if len(agg.aggs) == 0 && ax.Type() != catalog.Unknown {
			c.errorf(token.NotAggregate, l.By, "top-nested needs an aggregate here")
		}
		lv.Aggs = agg.aggs
		lv.Agg = plan.Item{Col: c.column(b.unique(aggName, aggName), ax.Type()), X: ax}
		b.used[lv.Agg.Col.Name] = true
		rel.Levels = append(rel.Levels, lv)
		rel.Cols = append(rel.Cols, lv.Key.Col, lv.Agg.Col)
	}
	return unordered(rel, rel.Cols)
}

// reduce groups strings by similarity.
func (c *checker) reduce(op *ast.Reduce, in *rows, e *env) *rows {
	x := c.expr(op.By.X, &scope{env: e, rows: in})
	call := &plan.Call{In: in.rel, Plugin: "reduce", Args: []plan.Arg{{X: cast(x, catalog.String)}}}
	for _, w := range op.With {
		if w.Name() != nil {
			call.Args = append(call.Args, plan.Arg{Name: w.Name().Name, X: c.expr(w.X, &scope{env: e})})
		}
	}
	call.Cols = []plan.Column{c.column("Pattern", catalog.String), c.column("Count", catalog.Long), c.column("Representative", catalog.String)}
	if op.Params.Word("kind") == "source" {
		call.Args = append(call.Args, plan.Arg{Name: "kind", X: stringConst("source")})
		call.Cols = append(append([]plan.Column(nil), in.cols...), c.column("Pattern", catalog.String))
	}
	return unordered(call, call.Cols)
}

// scan binds the state machine. A step's expressions see the row and, as
// step.column, the row and declared columns as the named step last saw them.
func (c *checker) scan(op *ast.Scan, in *rows, e *env) *rows {
	if len(op.OrderBy) > 0 {
		in = c.sort(op.OrderBy, in, e)
	}
	if !in.serialized {
		c.hint(token.NotSerialized, op, "sort the rows, or put | serialize before", "scan needs rows in an order")
		return nil
	}
	in = c.numbered(in)
	rel := &plan.Scan{In: in.rel, Ord: in.ord.ID}
	for _, x := range op.PartitionBy {
		v := c.expr(x, &scope{env: e, rows: in})
		rel.Keys = append(rel.Keys, plan.Item{Col: c.column("", v.Type()), X: v})
	}
	own := append([]plan.Column(nil), in.cols...)
	for _, d := range op.Declare {
		if d.Name == nil || d.Type == nil {
			continue
		}
		t, _ := catalog.ParseType(d.Type.Name)
		item := plan.Item{Col: c.column(d.Name.Name, t), X: null(t)}
		if d.Default != nil {
			item.X = c.typed(d.Default, &scope{env: e}, t, "the default of \""+d.Name.Name+"\"")
		}
		rel.Declared = append(rel.Declared, item)
		own = append(own, item.Col)
	}
	own = uniqueNames(own)
	sc := &scope{env: e, rows: &rows{cols: own, serialized: true}, elements: map[string]*rows{}}
	for _, st := range op.Steps {
		if st.Name == nil {
			continue
		}
		state := make([]plan.Column, len(own))
		for i, col := range own {
			state[i] = c.column(col.Name, col.Type)
		}
		sc.elements[st.Name.Name] = &rows{cols: state}
		rel.Steps = append(rel.Steps, plan.ScanStep{Name: st.Name.Name, Optional: st.Optional, Output: st.Output, State: state})
	}
	i := 0
	for _, st := range op.Steps {
		if st.Name == nil {
			continue
		}
		step := &rel.Steps[i]
		i++
		step.When = c.predicate(st.When, c.expr(st.When, sc))
		for _, set := range st.Set {
			if set.Name() == nil {
				c.errorf(token.UnsupportedForm, set, "a step assigns a declared column: name = value")
				continue
			}
			target, ok := declaredItem(rel.Declared, set.Name().Name)
			if !ok {
				c.errorf(token.UnknownColumn, set, "scan does not declare %q", set.Name().Name)
				continue
			}
			step.Assign = append(step.Assign, plan.Item{Col: target, X: c.typed(set.X, sc, target.Type, "\""+target.Name+"\"")})
		}
	}
	cols := own
	if name := op.Params.Word("with_match_id"); name != "" {
		rel.MatchID = c.column(name, catalog.Long)
		cols = append(append([]plan.Column(nil), own...), rel.MatchID)
	}
	if name := op.Params.Word("with_step_name"); name != "" {
		rel.StepName = c.column(name, catalog.String)
		cols = append(append([]plan.Column(nil), cols...), rel.StepName)
	}
	rel.Cols = cols
	out := unordered(rel, cols)
	out.serialized = true
	return out
}

func declaredItem(list []plan.Item, name string) (plan.Column, bool) {
	for _, it := range list {
		if it.Col.Name == name {
			return it.Col, true
		}
	}
	return plan.Column{}, false
}
