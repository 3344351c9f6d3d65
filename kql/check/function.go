package check

import (
	"iter"

	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/parser"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// savedFunction reads the text of a saved function; nil when there is none of
// that name or it cannot be read (which is reported at n).
func (c *checker) savedFunction(n ast.Node, name string) *function {
	lit, ok := c.saved[name]
	switch {
	case ok && lit == nil:
		c.errorf(token.UnknownFunction, n, "the saved function %s cannot be read", name)
	case !ok:
		f, found := c.cat.Function(name)
		if !found {
			return nil
		}
		script, diags := parser.Parse("let f = (" + f.Parameters + ") {\n" + f.Body + "\n};")
		if err := diags.Err(); err != nil {
			c.errorf(token.UnknownFunction, n, "the saved function %s cannot be read: %v", name, err)
		} else if len(script.Stmts) == 1 {
			if let, isLet := script.Stmts[0].(*ast.LetStmt); isLet {
				lit, _ = let.Value.(*ast.FuncLit)
			}
			c.ordered = c.ordered || usesOrder(script)
		}
		if lit == nil && diags.Err() == nil {
			c.errorf(token.UnknownFunction, n, "the saved function %s is not one function", name)
		}
		c.saved[name] = lit
	}
	if lit == nil {
		return nil
	}
	return &function{name: name, lit: lit, env: nil, view: lit.View}
}

// callFunction inlines a let or saved function: its body is bound anew with the
// parameters standing for the arguments.
func (c *checker) callFunction(n ast.Node, f *function, args []*ast.NamedExpr, sc *scope) value {
	return c.invoke(n, f, args, nil, sc)
}

// invoke is callFunction with rows given as the first argument.
func (c *checker) invoke(n ast.Node, f *function, args []*ast.NamedExpr, piped *rows, sc *scope) value {
	if c.depth >= c.limits.Depth {
		c.errorf(token.TooDeep, n, "functions call each other more than %d deep", c.limits.Depth)
		return unknown()
	}
	c.depth++
	defer func() { c.depth-- }()

	inner := f.env.child()
	if !c.bindArguments(n, f, args, piped, sc, inner) {
		return unknown()
	}
	if f.env == nil && c.at == nil {
		at := n.Span()
		c.at = &at
		defer func() { c.at = nil }()
	}
	return c.body(f.lit.Body, inner)
}

// body binds the statements of a function and its result.
func (c *checker) body(b *ast.FuncBody, e *env) value {
	if b == nil {
		return unknown()
	}
	for _, s := range b.Stmts {
		c.stmt(s, e)
	}
	if b.Result == nil {
		c.errorf(token.NotTabular, b, "the function has no result")
		return unknown()
	}
	return c.value(b.Result, &scope{env: e})
}

// bindArguments matches arguments, by position and by name, with parameters.
func (c *checker) bindArguments(n ast.Node, f *function, args []*ast.NamedExpr, piped *rows, sc *scope, inner *env) bool {
	params := f.lit.Params
	given := make([]*ast.NamedExpr, len(params))
	next := 0
	if piped != nil {
		if len(params) == 0 || params[0].Rows == nil {
			c.errorf(token.NotTabular, n, "invoke needs a function whose first parameter takes rows")
			return false
		}
		inner.names[params[0].Name.Name] = &binding{shared: c.share(params[0].Name.Name, c.restrict(n, piped, params[0]), false)}
		next = 1
	}
	for k, a := range args {
		i := next + k
		if name := a.Name(); name != nil {
			i = paramIndex(params, name.Name)
			if i < 0 && (c.at != nil || c.opt.Lenient) {
				// Published parsers misspell names of arguments.
				if near := token.Nearest(name.Name, paramNames(params)); near != "" {
					c.warnf(token.UnknownParameter, a, "%s() has no parameter %q; it is taken as %q", f.title(), name.Name, near)
					i = paramIndex(params, near)
				} else {
					c.warnf(token.UnknownParameter, a, "%s() has no parameter %q; the argument is taken in order", f.title(), name.Name)
					i = next + k
				}
			}
			if i < 0 {
				c.errorf(token.UnknownParameter, a, "%s() has no parameter %q", f.title(), name.Name)
				return false
			}
		}
		if i >= len(params) {
			c.errorf(token.ArgumentCount, n, "%s() takes %s, not %d", f.title(), plural(len(params)), len(args))
			return false
		}
		given[i] = a
	}
	for i, p := range params {
		if piped != nil && i == 0 {
			continue
		}
		b, ok := c.bindParameter(n, f, p, given[i], sc)
		if !ok {
			return false
		}
		inner.names[p.Name.Name] = b
	}
	return true
}

func (f *function) title() string {
	if f.name == "" {
		return "function"
	}
	return f.name
}

func paramIndex(params []*ast.Param, name string) int {
	for i, p := range params {
		if p.Name != nil && p.Name.Name == name {
			return i
		}
	}
	return -1
}

func paramNames(params []*ast.Param) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, p := range params {
			if p.Name != nil && !yield(p.Name.Name) {
				return
			}
		}
	}
}

func (c *checker) bindParameter(n ast.Node, f *function, p *ast.Param, a *ast.NamedExpr, sc *scope) (*binding, bool) {
	if a == nil && p.Default == nil {
		c.errorf(token.ArgumentCount, n, "%s() needs the argument %q", f.title(), p.Name.Name)
		return nil, false
	}
	if p.Rows != nil {
		if a == nil {
			c.errorf(token.ArgumentCount, n, "%s() needs rows for %q", f.title(), p.Name.Name)
			return nil, false
		}
		v := c.value(a.X, sc.constant())
		if v.rows == nil || v.rows.rel == nil {
			if !v.bad {
				c.errorf(token.NotTabular, a, "the parameter %q of %s() takes rows", p.Name.Name, f.title())
			}
			return &binding{failed: true}, true
		}
		return &binding{shared: c.share(p.Name.Name, c.restrict(a, v.rows, p), false)}, true
	}
	t := catalog.Unknown
	if p.Type != nil {
		t, _ = catalog.ParseType(p.Type.Name)
	}
	if a == nil {
		x := c.expr(p.Default, &scope{env: f.env})
		return &binding{x: c.assignable(n, x, t, "the default of \""+p.Name.Name+"\"")}, true
	}
	v := c.value(a.X, sc)
	if v.x == nil {
		if !v.bad {
			c.errorf(token.NotScalar, a, "the parameter %q of %s() takes a value, not rows", p.Name.Name, f.title())
		}
		return &binding{failed: true}, true
	}
	if !c.light(a, v.x) {
		return &binding{failed: true}, true
	}
	return &binding{x: c.passed(a, v.x, t, "the parameter \""+p.Name.Name+"\" of "+f.title()+"()")}, true
}

// restrict reports declared columns of a tabular parameter that the rows lack.
// Columns beyond the declared ones pass, as in Kusto.
func (c *checker) restrict(n ast.Node, r *rows, p *ast.Param) *rows {
	for _, d := range p.Rows.Columns {
		if _, ok := r.find(d.Name.Name); !ok && !r.open {
			c.errorf(token.IncompatibleRows, n, "the rows for %q lack the column %q", p.Name.Name, d.Name.Name)
		}
	}
	return r
}
