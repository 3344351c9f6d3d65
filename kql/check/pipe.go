package check

import (
	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/command"
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// pipeValue binds a pipe. In the body of mv-apply, partition, fork … the rows
// are implied: sc.implied.
func (c *checker) pipeValue(e *ast.Pipe, sc *scope) value {
	var in *rows
	if e.Source != nil {
		v := c.value(e.Source, &scope{env: sc.env})
		if len(e.Ops) == 0 {
			return v
		}
		switch {
		case v.rows != nil:
			in = v.rows
		case v.bad:
			return unknown()
		default:
			c.errorf(token.NotTabular, e.Source, "rows are needed before a pipe")
			return unknown()
		}
	}
	out := c.operators(in, e.Ops, sc.env)
	if out == nil {
		return unknown()
	}
	return value{rows: out}
}

// operators applies the operators of a pipe in turn; nil after an error that
// leaves nothing to go on with.
func (c *checker) operators(in *rows, ops []ast.Operator, e *env) *rows {
	for i, op := range ops {
		if !c.spend(op) {
			return nil
		}
		if as, ok := op.(*ast.As); ok {
			in, e = c.as(as, in, e)
			continue
		}
		if in != nil && in.several != nil {
			c.errorf(token.UnsupportedForm, op, "nothing can follow an operator that makes several results")
			return in
		}
		if in == nil && i == 0 && !bringsRows(op) {
			c.errorf(token.NotTabular, op, "this operator needs rows before it")
			return nil
		}
		if in != nil && in.graph != nil {
			in = c.graphOperator(op, in, e)
		} else {
			in = c.operator(op, in, e)
		}
		if in == nil {
			return nil
		}
		// Every operator carries every column on: many of both are as much as many expressions.
		c.nodes += len(in.cols) / columnsPerNode
	}
	return in
}

// columnsPerNode is how many columns at an operator count like one expression.
const columnsPerNode = 8

// bringsRows reports whether an operator may begin a pipe.
func bringsRows(op ast.Operator) bool {
	switch op.(type) {
	case *ast.Print, *ast.Range, *ast.Union, *ast.Search, *ast.Find, *ast.Evaluate, *ast.MacroExpand:
		return true
	}
	return false
}

// operator binds one operator over in (nil where it brings its own rows).
func (c *checker) operator(op ast.Operator, in *rows, e *env) *rows {
	switch op := op.(type) {
	case *ast.Where:
		return c.where(op.Predicate, in, e)
	case *ast.Extend:
		return c.extend(op.Columns, in, e)
	case *ast.Project:
		return c.project(op.Columns, in, e)
	case *ast.ProjectAway:
		return c.projectAway(op, in)
	case *ast.ProjectKeep:
		return c.projectKeep(op, in)
	case *ast.ProjectRename:
		return c.projectRename(op, in)
	case *ast.ProjectReorder:
		return c.projectReorder(op, in)
	case *ast.ProjectByNames:
		return c.projectByNames(op, in, e)
	case *ast.Summarize:
		return c.summarize(op, in, e)
	case *ast.Distinct:
		return c.distinct(op.Columns, in, e)
	case *ast.Count:
		return c.count(op, in)
	case *ast.Take:
		return in.with(&plan.Limit{In: in.rel, N: c.rowCount(op.N, e)}, in.cols)
	case *ast.Sample:
		out := in.with(&plan.Sample{In: in.rel, N: c.rowCount(op.N, e)}, in.cols)
		out.serialized, out.sorted, out.written, out.ord = false, false, false, plan.Column{}
		return out
	case *ast.SampleDistinct:
		out := c.distinct([]*ast.NamedExpr{op.Of}, in, e)
		return out.with(&plan.Sample{In: out.rel, N: c.rowCount(op.N, e)}, out.cols)
	case *ast.Sort:
		return c.sort(op.By, in, e)
	case *ast.Top:
		n := c.rowCount(op.N, e)
		out := c.sort(op.By, in, e)
		return out.with(&plan.Limit{In: out.rel, N: n}, out.cols)
	case *ast.TopHitters:
		return c.topHitters(op, in, e)
	case *ast.TopNested:
		return c.topNested(op, in, e)
	case *ast.Join:
		return c.join(op, in, e)
	case *ast.Lookup:
		return c.lookup(op, in, e)
	case *ast.Union:
		return c.union(op, in, e)
	case *ast.MvExpand:
		return c.mvExpand(op, in, e)
	case *ast.MvApply:
		return c.mvApply(op, in, e)
	case *ast.Parse:
		return c.parse(op, in, e)
	case *ast.ParseKV:
		return c.parseKV(op, in, e)
	case *ast.MakeSeries:
		return c.makeSeries(op, in, e)
	case *ast.Evaluate:
		return c.evaluate(op, in, e)
	case *ast.Invoke:
		return c.invokeOperator(op, in, e)
	case *ast.Render:
		return c.renderOperator(op, in)
	case *ast.Serialize:
		return c.serialize(op, in, e)
	case *ast.Consume:
		out := unordered(&plan.Values{}, nil)
		return out
	case *ast.GetSchema:
		return c.getSchema(in)
	case *ast.Print:
		return c.print(op, e)
	case *ast.Range:
		return c.rangeOperator(op, e)
	case *ast.Search:
		return c.search(op, in, e)
	case *ast.Find:
		return c.find(op, in, e)
	case *ast.Fork:
		return c.fork(op, in, e)
	case *ast.Facet:
		return c.facet(op, in, e)
	case *ast.Partition:
		return c.partition(op, in, e)
	case *ast.Reduce:
		return c.reduce(op, in, e)
	case *ast.Scan:
		return c.scan(op, in, e)
	case *ast.AssertSchema:
		return c.assertSchema(op, in)
	case *ast.MakeGraph:
		return c.makeGraph(op, in, e)
	case *ast.MacroExpand, *ast.ExecuteAndCache:
		c.errorf(token.UnsupportedOperator, op, "this operator is not supported")
		return nil
	case *ast.GraphMatch, *ast.GraphShortestPaths, *ast.GraphToTable, *ast.GraphMarkComponents, *ast.GraphWhere:
		c.errorf(token.NotTabular, op, "this operator needs a graph: write make-graph before it")
		return nil
	case *ast.BadOperator:
		return nil
	}
	panic("check: operator without a case")
}

// rowCount binds the number of take, top and sample.
func (c *checker) rowCount(n ast.Expr, e *env) plan.Expr {
	x := c.expr(n, &scope{env: e})
	if t := x.Type(); !t.Integer() && t != catalog.Unknown && t != catalog.Dynamic {
		c.errorf(token.TypeMismatch, n, "a number of rows is a long, not %s", t)
		return longConst(0)
	}
	return cast(x, catalog.Long)
}

func (c *checker) where(pred ast.Expr, in *rows, e *env) *rows {
	w := &windows{in: in}
	x := c.predicate(pred, c.expr(pred, &scope{env: e, rows: in, win: w}))
	in = w.over(c, in)
	return in.with(&plan.Filter{In: in.rel, Pred: x}, in.cols)
}

func (c *checker) extend(list []*ast.NamedExpr, in *rows, e *env) *rows {
	w := &windows{in: in}
	b := c.newBuilder(len(in.cols) + len(list))
	b.pass(in.cols)
	b.each(list, styleExtend, &scope{env: e, rows: in, win: w})
	return b.project(w.over(c, in))
}

func (c *checker) project(list []*ast.NamedExpr, in *rows, e *env) *rows {
	w := &windows{in: in}
	b := c.newBuilder(len(list))
	b.each(list, styleProject, &scope{env: e, rows: in, win: w})
	out := b.project(w.over(c, in))
	out.open = false
	return out
}

// serialize fixes the order and may add columns, which can use window functions.
func (c *checker) serialize(op *ast.Serialize, in *rows, e *env) *rows {
	out := *in
	out.serialized = true
	in = &out
	if c.ordered {
		in = c.numbered(in)
	}
	if len(op.Columns) == 0 {
		return in
	}
	return c.extend(op.Columns, in, e)
}

func (c *checker) print(op *ast.Print, e *env) *rows {
	in := unordered(&plan.Values{Rows: [][]plan.Expr{{}}}, nil)
	in.serialized = true
	b := c.newBuilder(len(op.Columns))
	b.each(op.Columns, stylePrint, &scope{env: e, rows: in})
	return b.project(in)
}

func (c *checker) rangeOperator(op *ast.Range, e *env) *rows {
	sc := &scope{env: e}
	from, to, step := c.expr(op.From, sc), c.expr(op.To, sc), c.expr(op.Step, sc)
	t, ok := common(from.Type(), to.Type())
	stepType := step.Type()
	switch {
	case t == catalog.Dynamic:
		t = catalog.Long
	case t == catalog.DateTime:
		if stepType != catalog.TimeSpan && stepType != catalog.Unknown {
			ok = false
		}
	case t.Numeric():
		if !stepType.Numeric() && stepType != catalog.Unknown && stepType != catalog.Dynamic {
			ok = false
		} else if stepType.Numeric() {
			t = wider(t, stepType)
		}
	case t == catalog.TimeSpan:
		ok = ok && (stepType == catalog.TimeSpan || stepType == catalog.Unknown)
	case t != catalog.Unknown:
		ok = false
	}
	if !ok {
		c.errorf(token.TypeMismatch, op, "range cannot step from %s to %s by %s", from.Type(), to.Type(), stepType)
		t = catalog.Long
		from, to, step = longConst(0), longConst(0), longConst(1)
	}
	if t == catalog.Int {
		t = catalog.Long
	}
	if t == catalog.DateTime {
		step = cast(step, catalog.TimeSpan)
	} else {
		step = cast(step, t)
	}
	col := c.column(op.Name.Name, t)
	out := unordered(&plan.Range{Col: col, From: cast(from, t), To: cast(to, t), Step: step}, []plan.Column{col})
	out.serialized = true
	return out
}

// as names the rows for later statements of the same pipe.
func (c *checker) as(op *ast.As, in *rows, e *env) (*rows, *env) {
	if in == nil || op.Name == nil || in.rel == nil {
		return in, e
	}
	s := c.share(op.Name.Name, in, true)
	inner := e.child()
	inner.names[op.Name.Name] = &binding{shared: s}
	out := c.reference(s)
	out.name = op.Name.Name
	return out, inner
}

func (c *checker) renderOperator(op *ast.Render, in *rows) *rows {
	out := *in
	out.render = &plan.Render{Kind: op.Kind}
	for _, p := range op.With {
		text := ast.Properties{p}.Word(p.Name)
		for _, x := range p.List {
			if id, ok := x.(*ast.Ident); ok {
				text += "," + id.Name
			}
		}
		out.render.Properties = append(out.render.Properties, plan.Property{Name: p.Name, Value: text})
	}
	return &out
}

// getSchema delivers a row per column, as Kusto does, with its .NET type names.
func (c *checker) getSchema(in *rows) *rows {
	cols := []plan.Column{c.column("ColumnName", catalog.String), c.column("ColumnOrdinal", catalog.Int),
		c.column("DataType", catalog.String), c.column("ColumnType", catalog.String)}
	rel := &plan.Values{Cols: cols}
	for i, col := range in.cols {
		rel.Rows = append(rel.Rows, []plan.Expr{stringConst(col.Name), &plan.Const{T: catalog.Int, Int: int64(i)},
			stringConst(command.NetType(col.Type)), stringConst(col.Type.String())})
	}
	out := unordered(rel, cols)
	out.serialized = true
	return out
}

func (c *checker) assertSchema(op *ast.AssertSchema, in *rows) *rows {
	for i, d := range op.Schema.Columns {
		t := catalog.Unknown
		if d.Type != nil {
			t, _ = catalog.ParseType(d.Type.Name)
		}
		if i >= len(in.cols) || in.cols[i].Name != d.Name.Name || in.cols[i].Type != t {
			c.errorf(token.IncompatibleRows, d, "the rows do not have the column %s:%s at position %d", d.Name.Name, t, i+1)
		}
	}
	return in
}
