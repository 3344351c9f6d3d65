package check

import (
	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// value binds an expression, scalar or tabular.
func (c *checker) value(e ast.Expr, sc *scope) value {
	if !c.spend(e) {
		return unknown()
	}
	switch e := e.(type) {
	case *ast.Paren:
		return c.value(e.X, sc)
	case *ast.Ident:
		return c.ident(e, sc)
	case *ast.Literal:
		return scalarValue(literal(e))
	case *ast.Dynamic:
		return scalarValue(dynamicConst(e.Value))
	case *ast.Member:
		return c.member(e, sc)
	case *ast.Index:
		return c.index(e, sc)
	case *ast.Unary:
		return c.unary(e, sc)
	case *ast.Binary:
		return c.binary(e, sc)
	case *ast.In:
		return scalarValue(c.in(e, sc))
	case *ast.Between:
		return scalarValue(c.between(e, sc))
	case *ast.Call:
		return c.call(e, sc)
	case *ast.Pipe:
		return c.pipeValue(e, sc)
	case *ast.DataTable:
		return value{rows: c.dataTable(e, sc)}
	case *ast.ExternalData:
		return value{rows: c.externalData(e, sc)}
	case *ast.FuncLit:
		return value{fn: &function{lit: e, env: sc.env, view: e.View}}
	case *ast.Star:
		c.errorf(token.MisplacedCall, e, "* cannot stand here")
		return unknown()
	case *ast.Wildcard:
		c.errorf(token.MisplacedCall, e, "the pattern %s cannot stand here", e.Pattern)
		return unknown()
	case *ast.TypeLit:
		c.errorf(token.MisplacedCall, e, "typeof() cannot stand here")
		return unknown()
	case *ast.EntityGroup:
		c.errorf(token.UnsupportedForm, e, "entity groups are not supported; name the tables in a union")
		return unknown()
	case *ast.BadExpr, nil:
		return unknown()
	}
	panic("check: expression without a case")
}

// expr binds a scalar expression. Rows of one cell do not turn into a scalar by
// themselves: that is what toscalar is for.
func (c *checker) expr(e ast.Expr, sc *scope) plan.Expr {
	v := c.value(e, sc)
	switch {
	case v.x != nil:
		return v.x
	case v.bad:
	case v.rows != nil || v.fn != nil:
		c.hint(token.NotScalar, e, "toscalar() takes the first value of the first row", "rows cannot stand where a single value is needed")
	default:
		c.errorf(token.NotScalar, e, "a value is needed here")
	}
	return null(catalog.Unknown)
}

// typed binds a scalar expression and converts it to t.
func (c *checker) typed(e ast.Expr, sc *scope, t catalog.Type, what string) plan.Expr {
	return c.assignable(e, c.expr(e, sc), t, what)
}

func literal(l *ast.Literal) plan.Expr {
	k := &plan.Const{Null: l.Null}
	switch l.Kind {
	case ast.Bool:
		k.T, k.Bool = catalog.Bool, l.Bool
	case ast.Int:
		k.T, k.Int = catalog.Int, l.Int
	case ast.Long:
		k.T, k.Int = catalog.Long, l.Int
	case ast.Real:
		k.T, k.Real = catalog.Real, l.Real
	case ast.Decimal:
		k.T, k.Text = catalog.Decimal, l.Text
	case ast.String:
		k.T, k.Text, k.Null = catalog.String, l.Text, false
	case ast.DateTime:
		k.T, k.Int = catalog.DateTime, l.Int
	case ast.TimeSpan:
		k.T, k.Int = catalog.TimeSpan, l.Int
	case ast.Guid:
		k.T, k.Text = catalog.Guid, l.Text
	default:
		panic("check: literal without a case")
	}
	return k
}

// openType is the type of a column an open table does not list: Log Analytics ends the names
// of custom columns in their type ("Custom table and column names", Azure Monitor).
func openType(name string) catalog.Type {
	if len(name) > 2 && name[len(name)-2] == '_' {
		switch name[len(name)-1] {
		case 's', 'g':
			return catalog.String
		case 'd':
			return catalog.Real
		case 'b':
			return catalog.Bool
		case 't':
			return catalog.DateTime
		}
	}
	return catalog.Dynamic
}

// ident resolves a name: a column, a let name or parameter, a table, a saved
// function without arguments.
func (c *checker) ident(e *ast.Ident, sc *scope) value {
	name := e.Name
	if col, ok := sc.rows.find(name); ok && name != "" {
		return scalarValue(colRef(col))
	}
	if b, ok := sc.env.lookup(name); ok {
		return c.bound(e, b, sc)
	}
	scalarOnly := sc.rows != nil && !sc.rowsWelcome
	if scalarOnly && sc.rows.open {
		return scalarValue(null(openType(name)))
	}
	if v, ok := c.source(e, name); ok {
		return v
	}
	if sc.rows != nil {
		if sc.rows.open || sc.tolerant {
			return scalarValue(null(catalog.Dynamic))
		}
		return c.unknownColumn(e, name, sc)
	}
	return c.unknownName(e, name, sc)
}

// bound reads a let name or parameter.
func (c *checker) bound(n ast.Node, b *binding, sc *scope) value {
	switch {
	case b.failed:
		return value{x: null(catalog.Unknown), bad: true}
	case b.x != nil:
		return scalarValue(b.x)
	case b.shared != nil:
		return value{rows: c.reference(b.shared)}
	case b.fn != nil:
		if len(b.fn.lit.Params) == 0 {
			return c.callFunction(n, b.fn, nil, sc)
		}
		return value{fn: b.fn}
	case b.graph != nil:
		return value{rows: b.graph}
	case b.pattern != nil:
		c.errorf(token.ArgumentCount, n, "a pattern needs its arguments")
		return unknown()
	}
	panic("check: empty binding")
}

func (c *checker) unknownColumn(n ast.Node, name string, sc *scope) value {
	hint := token.DidYouMean(name, sc.rows.names())
	if c.opt.Lenient {
		c.diags.Add(token.Diagnostic{Code: token.UnknownColumn, Severity: token.Warning, Span: c.span(n), Hint: hint,
			Message: "unknown column \"" + name + "\" reads as null"})
		return scalarValue(null(catalog.Dynamic))
	}
	c.hint(token.UnknownColumn, n, hint, "unknown column \""+name+"\"")
	return unknown()
}

func (c *checker) unknownName(n ast.Node, name string, sc *scope) value {
	hint := token.DidYouMean(name, func(yield func(string) bool) {
		for s := range sc.env.all() {
			if !yield(s) {
				return
			}
		}
		for _, s := range c.cat.TableNames() {
			if !yield(s) {
				return
			}
		}
		for _, s := range c.cat.FunctionNames() {
			if !yield(s) {
				return
			}
		}
	})
	if c.opt.Lenient {
		c.diags.Add(token.Diagnostic{Code: token.UnknownTable, Severity: token.Warning, Span: c.span(n), Hint: hint,
			Message: "unknown table \"" + name + "\" reads as empty"})
		// Where a value is wanted it is null, where rows are, none.
		return value{rows: c.noRows(name), x: null(catalog.Dynamic)}
	}
	c.hint(token.UnknownTable, n, hint, "unknown table \""+name+"\"")
	return unknown()
}

// noRows is an unknown table in lenient mode: empty, with any columns.
func (c *checker) noRows(name string) *rows {
	return &rows{rel: &plan.Values{}, open: true, name: name}
}

// member binds X.Name: $left.a, a column of a scan step or graph element, a
// table of database(…), or a property of a dynamic.
func (c *checker) member(e *ast.Member, sc *scope) value {
	if id, ok := e.X.(*ast.Ident); ok {
		if side, ok := sc.side(id.Name); ok {
			return c.sideColumn(e.Name, side, sc)
		}
		if el, ok := sc.elements[id.Name]; ok {
			if col, ok := el.find(e.Name.Name); ok {
				return scalarValue(colRef(col))
			}
			if el.open {
				return scalarValue(null(catalog.Dynamic))
			}
			return c.unknownColumn(e.Name, e.Name.Name, &scope{env: sc.env, rows: el})
		}
	}
	if call, ok := e.X.(*ast.Call); ok && call.Recv == nil && call.Name != nil {
		if b, ok := sc.env.lookup(call.Name.Name); ok && b.pattern != nil {
			return c.patternCase(call, b, e.Name.Name, sc)
		}
	}
	v := c.value(e.X, sc)
	if v.entity {
		if found, ok := c.source(e.Name, e.Name.Name); ok {
			return found
		}
		return c.unknownName(e.Name, e.Name.Name, sc)
	}
	x, ok := c.container(e, v)
	if !ok {
		return unknown()
	}
	return scalarValue(&plan.Member{X: x, Name: e.Name.Name})
}

// side returns the rows that $left or $right stand for.
func (s *scope) side(name string) (*rows, bool) {
	switch {
	case name == "$left" && s.left != nil:
		return s.left, true
	case name == "$right" && s.right != nil:
		return s.right, true
	}
	return nil, false
}

func (c *checker) sideColumn(name *ast.Ident, side *rows, sc *scope) value {
	if col, ok := side.find(name.Name); ok {
		return scalarValue(colRef(col))
	}
	if side.open {
		return scalarValue(null(catalog.Dynamic))
	}
	return c.unknownColumn(name, name.Name, &scope{env: sc.env, rows: side})
}

// container returns the dynamic that a path or index goes into.
func (c *checker) container(n ast.Node, v value) (plan.Expr, bool) {
	if v.x == nil {
		if !v.bad {
			c.errorf(token.NotScalar, n, "a path goes into a dynamic value, not into rows")
		}
		return nil, false
	}
	switch t := v.x.Type(); {
	case t == catalog.Dynamic, t == catalog.Unknown:
		return cast(v.x, catalog.Dynamic), true
	case t == catalog.String && c.opt.Lenient:
		c.warnf(token.TypeMismatch, n, "a path into a string reads it as JSON; say parse_json()")
		return &plan.Func{Name: "parse_json", Args: []plan.Expr{v.x}, T: catalog.Dynamic}, true
	default:
		if v.bad {
			return nil, false
		}
		c.hint(token.TypeMismatch, n, "parse_json() reads text as dynamic", "a path goes into a dynamic value, not into "+t.String())
		return nil, false
	}
}

func (c *checker) index(e *ast.Index, sc *scope) value {
	v := c.value(e.X, sc)
	key := c.expr(e.Y, sc)
	if v.entity {
		if k, ok := key.(*plan.Const); ok && k.T == catalog.String {
			if found, ok := c.source(e.Y, k.Text); ok {
				return found
			}
			return c.unknownName(e.Y, k.Text, sc)
		}
	}
	if k, ok := key.(*plan.Const); ok && len(v.tuple) > 1 && k.T.Integer() { // one of a call's several results
		if k.Int < 0 || k.Int >= int64(len(v.tuple)) {
			return scalarValue(null(catalog.Dynamic))
		}
		return scalarValue(v.tuple[k.Int].x)
	}
	x, ok := c.container(e, v)
	if !ok {
		return unknown()
	}
	switch t := key.Type(); {
	case t == catalog.String:
		if k, ok := key.(*plan.Const); ok {
			return scalarValue(&plan.Member{X: x, Name: k.Text})
		}
	case t == catalog.Long:
	case t == catalog.Int:
		key = cast(key, catalog.Long)
	case t == catalog.Dynamic, t == catalog.Unknown, t == catalog.Guid, t == catalog.Bool:
		key = cast(key, catalog.String)
	case t.Numeric():
		key = cast(key, catalog.Long)
	default:
		c.errorf(token.TypeMismatch, e.Y, "an index is a string or a whole number, not %s", t)
		return unknown()
	}
	return scalarValue(&plan.Index{X: x, Key: key})
}

func (c *checker) unary(e *ast.Unary, sc *scope) value {
	x := c.expr(e.X, sc)
	t := x.Type()
	switch {
	case t == catalog.Unknown:
		return scalarValue(x)
	case t == catalog.Dynamic:
		x = cast(x, catalog.Real)
	case !t.Numeric() && t != catalog.TimeSpan:
		c.errorf(token.TypeMismatch, e, "%s applies to a number or timespan, not to %s", e.Op, t)
		return unknown()
	}
	if e.Op == ast.OpAdd {
		return scalarValue(x)
	}
	if k, ok := x.(*plan.Const); ok && !k.Null {
		neg := *k
		switch {
		case k.T == catalog.Real:
			neg.Real = -k.Real
			return scalarValue(&neg)
		case k.T != catalog.Decimal && k.Int != -k.Int:
			neg.Int = -k.Int
			return scalarValue(&neg)
		case k.T != catalog.Decimal:
			return scalarValue(x)
		}
	}
	return scalarValue(&plan.Neg{X: x})
}
