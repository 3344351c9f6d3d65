package check

import (
	"strconv"

	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// picked is one column that arg_max, arg_min or take_any delivers.
type picked struct {
	name   string
	x      plan.Expr
	source plan.ColID // set when it came by *, so that a key is not repeated
}

// argExtreme binds arg_max and arg_min: the extreme and values of its row. By *
// come all columns that are neither keys nor named before.
func (c *checker) argExtreme(e *ast.Call, f *catalog.Function, agg *aggregation, sc *scope) value {
	prefix := f.Name[len(f.Name)-3:] // max or min
	old := f.Deprecated
	if len(e.Args) == 0 {
		c.errorf(token.ArgumentCount, e, "%s() needs an argument", f.Name)
		return unknown()
	}
	primary := c.autoName(e.Args[0].X, sc)
	anyStar := hasStar(e)
	taken := map[plan.ColID]bool{}
	var list []picked
	for i, a := range e.Args {
		if _, star := ast.Unparen(a.X).(*ast.Star); star {
			if i == 0 {
				c.errorf(token.BadArgument, a, "%s() needs a column to compare first", f.Name)
				return unknown()
			}
			for _, col := range agg.in.cols {
				if !agg.by[col.ID] && !taken[col.ID] {
					taken[col.ID] = true
					list = append(list, picked{col.Name, colRef(col), col.ID})
				}
			}
			continue
		}
		x := c.expr(a.X, sc)
		if ref, ok := x.(*plan.Col); ok && columnLike(ast.Unparen(a.X)) {
			if i > 0 && anyStar && (taken[ref.ID] || agg.by[ref.ID]) {
				continue
			}
			taken[ref.ID] = true
			name := ref.Name
			if a.Name() != nil {
				name = a.Name().Name
			}
			list = append(list, picked{name: name, x: x})
			continue
		}
		name := c.autoName(a.X, sc)
		switch {
		case a.Name() != nil:
			name = a.Name().Name
		case name == "" && i == 0:
			name = prefix + "_"
		case name == "":
			name = prefix + "_" + primary + "_arg" + itoa(i)
		}
		list = append(list, picked{name: name, x: x})
	}
	if old {
		for i := range list {
			if i == 0 {
				list[i].name = prefix + "_" + list[i].name
			} else {
				list[i].name = prefix + "_" + primary + "_" + list[i].name
			}
		}
	}
	return c.deliverPicked("arg_"+prefix, agg, list)
}

func hasStar(e *ast.Call) bool {
	for _, a := range e.Args {
		if _, star := ast.Unparen(a.X).(*ast.Star); star {
			return true
		}
	}
	return false
}

// takeAny binds take_any and the older any, which puts any_ before the names.
func (c *checker) takeAny(e *ast.Call, f *catalog.Function, agg *aggregation, sc *scope) value {
	if len(e.Args) == 0 {
		c.errorf(token.ArgumentCount, e, "%s() needs an argument", f.Name)
		return unknown()
	}
	old := f.Name == "any"
	anyStar := hasStar(e)
	taken := map[plan.ColID]bool{}
	var list []picked
	for i, a := range e.Args {
		if _, star := ast.Unparen(a.X).(*ast.Star); star {
			for _, col := range agg.in.cols {
				if !agg.by[col.ID] && !taken[col.ID] {
					taken[col.ID] = true
					list = append(list, picked{col.Name, colRef(col), col.ID})
				}
			}
			continue
		}
		x := c.expr(a.X, sc)
		ref, isCol := x.(*plan.Col)
		if isCol && anyStar && (taken[ref.ID] || agg.by[ref.ID]) {
			continue
		}
		name := c.autoName(a.X, sc)
		switch {
		case a.Name() != nil:
			name = a.Name().Name
		case isCol && columnLike(ast.Unparen(a.X)):
			name = ref.Name
		case name == "" && old && len(e.Args) == 1:
			name = ""
		case name == "":
			name = "any_arg" + itoa(i)
		}
		if isCol {
			taken[ref.ID] = true
		}
		list = append(list, picked{name: name, x: x})
	}
	if old {
		for i := range list {
			list[i].name = "any_" + list[i].name
			list[i].source = 0
		}
	}
	return c.deliverPicked("take_any", agg, list)
}

// deliverPicked adds the call with a column for each value.
func (c *checker) deliverPicked(name string, agg *aggregation, list []picked) value {
	g := plan.Agg{Func: name}
	v := value{}
	for _, p := range list {
		col := c.column(p.name, p.x.Type())
		g.Args = append(g.Args, p.x)
		g.Cols = append(g.Cols, col)
		v.tuple = append(v.tuple, member{name: p.name, x: colRef(col), source: p.source})
	}
	if len(list) == 0 {
		return unknown()
	}
	agg.deliver(g)
	v.x = v.tuple[0].x
	return v
}

func trimReal(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
