package check

import (
	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// in binds the membership tests: in, in~, has_any, has_all and their negations.
// An item may be a value, a dynamic array or rows; several kinds are or-ed.
func (c *checker) in(e *ast.In, sc *scope) plan.Expr {
	textual := e.Op == ast.OpHasAny || e.Op == ast.OpHasAll
	if _, star := ast.Unparen(e.X).(*ast.Star); star {
		return c.inAnyColumn(e, sc)
	}
	x := c.expr(e.X, sc)
	return c.membership(e, x, textual, sc)
}

// inAnyColumn binds `* in (…)` and `* has_any (…)`.
func (c *checker) inAnyColumn(e *ast.In, sc *scope) plan.Expr {
	var out plan.Expr = boolConst(false)
	if sc.rows == nil {
		c.errorf(token.MisplacedCall, e, "* needs rows")
		return out
	}
	for i, col := range sc.rows.cols {
		if col.Type != catalog.String && col.Type != catalog.Dynamic {
			continue
		}
		t := c.membership(e, cast(colRef(col), catalog.String), e.Op == ast.OpHasAny || e.Op == ast.OpHasAll, sc)
		if i == 0 {
			out = t
		} else {
			out = &plan.Binary{Op: plan.OpOr, X: out, Y: t, T: catalog.Bool}
		}
	}
	return out
}

func (c *checker) membership(e *ast.In, x plan.Expr, textual bool, sc *scope) plan.Expr {
	var list []plan.Expr
	var arrays []plan.Expr
	var sets []*rows
	inner := *sc
	inner.rowsWelcome = true
	for _, item := range e.List {
		v := c.value(item, &inner)
		switch {
		case v.rows != nil && v.rows.rel != nil:
			if len(v.rows.cols) == 0 && !v.rows.open {
				c.errorf(token.IncompatibleRows, item, "these rows have no column to look in")
				continue
			}
			sets = append(sets, v.rows)
		case v.x == nil:
			if !v.bad {
				c.errorf(token.NotScalar, item, "values or rows are needed here")
			}
		case v.x.Type() == catalog.Dynamic:
			arrays = append(arrays, v.x)
		default:
			list = append(list, v.x)
		}
	}
	t := c.memberType(e, x, list, textual)
	if t == catalog.Unknown {
		return boolConst(false)
	}
	x = cast(x, t)
	for i := range list {
		list[i] = cast(list[i], t)
	}
	var out plan.Expr
	add := func(p plan.Expr) {
		op := plan.OpOr
		if e.Op == ast.OpHasAll {
			op = plan.OpAnd
		}
		if out == nil {
			out = p
		} else {
			out = &plan.Binary{Op: op, X: out, Y: p, T: catalog.Bool}
		}
	}
	single := func(list []plan.Expr, array plan.Expr, rel plan.Rel) {
		if textual {
			add(&plan.HasAny{X: x, List: list, Array: array, Rel: rel, All: e.Op == ast.OpHasAll})
		} else {
			add(&plan.In{X: x, List: list, Array: array, Rel: rel, Fold: fold2(e.Op) && t == catalog.String})
		}
	}
	if len(list) > 0 {
		single(list, nil, nil)
	}
	for _, a := range arrays {
		single(nil, a, nil)
	}
	for _, r := range sets {
		single(nil, nil, c.singleColumn(r, t))
	}
	if out == nil {
		out = boolConst(false)
	}
	if e.Op == ast.OpNotIn || e.Op == ast.OpNotInCI {
		out = &plan.Not{X: out}
	}
	return out
}

func fold2(op ast.Op) bool { return op == ast.OpInCI || op == ast.OpNotInCI }

// memberType is the type the test is made in; Unknown after an error.
func (c *checker) memberType(e *ast.In, x plan.Expr, list []plan.Expr, textual bool) catalog.Type {
	t := x.Type()
	if textual || fold2(e.Op) && (t == catalog.Dynamic || t == catalog.Unknown) {
		if t != catalog.String && t != catalog.Dynamic && t != catalog.Unknown && textual && !c.opt.Lenient {
			c.errorf(token.TypeMismatch, e.X, "%s looks into a string, not into %s", e.Op, t)
			return catalog.Unknown
		}
		return catalog.String
	}
	if t == catalog.Dynamic || t == catalog.Unknown {
		for _, item := range list {
			if it := item.Type(); it != catalog.Unknown {
				if it.Integer() {
					return catalog.Real
				}
				return it
			}
		}
		return catalog.String
	}
	for _, item := range list {
		if item.Type() != t && item.Type().Numeric() && t.Numeric() {
			if k, ok := item.(*plan.Const); ok {
				if _, ok := castConst(k, t); ok {
					continue
				}
			}
			t = wider(t, item.Type())
		}
	}
	return t
}

// singleColumn reduces rows to their first column, converted to t.
func (c *checker) singleColumn(r *rows, t catalog.Type) plan.Rel {
	if len(r.cols) == 0 {
		return &plan.Values{Cols: []plan.Column{c.column("", t)}}
	}
	first := r.cols[0]
	if first.Type == t {
		return &plan.Project{In: r.rel, Cols: []plan.Column{first}}
	}
	col := c.column(first.Name, t)
	return &plan.Project{In: r.rel, Items: []plan.Item{{Col: col, X: cast(colRef(first), t)}}, Cols: []plan.Column{col}}
}
