package check

import (
	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// windows collects the window function calls of one operator.
type windows struct {
	in     *rows
	levels [][]plan.WindowFunc
	level  map[plan.ColID]int // the level that computes a column, from 1
}

// windowCall binds prev(), row_number() … A call within another's arguments is
// computed first.
func (c *checker) windowCall(e *ast.Call, f *catalog.Function, sc *scope) value {
	if sc.win == nil {
		c.errorf(token.MisplacedCall, e, "%s() cannot stand here; use it in extend, project, where or serialize", f.Name)
		return unknown()
	}
	if !c.inOrder(e, f, sc.win.in) {
		return unknown()
	}
	c.deprecated(e.Name, f)
	inner := *sc
	inner.agg = nil
	args, ok := c.arguments(e, f, &inner)
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
	t := c.resultType(sig, xs, catalog.Unknown, catalog.Unknown)
	if (name == "prev" || name == "next") && len(xs) == 3 {
		xs[2] = c.assignable(e, xs[2], t, "the default of "+name+"()")
	}
	if (name == "prev" || name == "next") && !columnOnly(xs[0]) {
		c.errorf(token.BadArgument, e, "%s() takes a column", name)
		return unknown()
	}
	return scalarValue(sc.win.add(plan.WindowFunc{Func: name, Args: xs, Col: c.column(name, t)}))
}

// inOrder reports rows that have no order. Kusto refuses row_number() over a
// datatable, and so do we. Of running sums nothing like it is recorded, other
// engines take them, and rows that stand in the text have one order: a warning.
func (c *checker) inOrder(e *ast.Call, f *catalog.Function, in *rows) bool {
	if in.serialized {
		return true
	}
	if in.written && canonical(f) == "row_cumsum" {
		c.warnf(token.NotSerialized, e, "%s() takes these rows as they are written; put | serialize before, which Kusto wants", f.Name)
		return true
	}
	c.hint(token.NotSerialized, e, "sort the rows, or put | serialize before", f.Name+"() needs rows in an order")
	return false
}

func columnOnly(x plan.Expr) bool {
	if k, ok := x.(*plan.Const); ok && k.T == catalog.Unknown {
		return true
	}
	_, ok := x.(*plan.Col)
	return ok
}

func (w *windows) add(f plan.WindowFunc) plan.Expr {
	depth := 0
	for _, a := range f.Args {
		plan.Inspect(a, func(x plan.Expr) bool {
			if ref, ok := x.(*plan.Col); ok {
				depth = max(depth, w.level[ref.ID])
			}
			return true
		})
	}
	if depth == len(w.levels) {
		w.levels = append(w.levels, nil)
	}
	w.levels[depth] = append(w.levels[depth], f)
	if w.level == nil {
		w.level = map[plan.ColID]int{}
	}
	w.level[f.Col.ID] = depth + 1
	return colRef(f.Col)
}

// over returns the input with the collected calls computed as hidden columns.
func (w *windows) over(c *checker, in *rows) *rows {
	if len(w.levels) == 0 {
		return in
	}
	in = c.numbered(in)
	out := *in
	for _, funcs := range w.levels {
		cols := append([]plan.Column(nil), out.rel.Columns()...)
		for _, f := range funcs {
			cols = append(cols, f.Col)
		}
		out.rel = &plan.Window{In: out.rel, Ord: out.ord.ID, Funcs: funcs, Cols: cols}
	}
	return &out
}

// numbered makes sure that the rows carry their numbers.
func (c *checker) numbered(in *rows) *rows {
	if in.ord.ID != 0 {
		return in
	}
	out := *in
	out.ord = c.column("", catalog.Long)
	out.rel = &plan.Number{In: in.rel, Ord: out.ord, Cols: append(append([]plan.Column(nil), in.rel.Columns()...), out.ord)}
	return &out
}
