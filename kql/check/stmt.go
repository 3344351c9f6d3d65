package check

import (
	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/parser"
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// script binds the statements of a text; every expression statement is a result.
func (c *checker) script(s *ast.Script) {
	if s.Command != nil {
		c.command(s.Command)
		return
	}
	top := (*env)(nil).child()
	c.top = top
	for _, st := range s.Stmts {
		if q, ok := st.(*ast.ExprStmt); ok {
			c.result(q, top)
			continue
		}
		c.stmt(st, top)
	}
}

// stmt binds a statement that has no result of its own.
func (c *checker) stmt(st ast.Stmt, e *env) {
	switch st := st.(type) {
	case *ast.LetStmt:
		c.let(st, e)
	case *ast.ParamsStmt:
		for _, p := range st.Params {
			c.queryParameter(p, e)
		}
	case *ast.SetStmt:
		// Of the request properties only those of bin_auto() change what a query means.
		if st.Name != nil && st.Value != nil {
			c.set[st.Name.Name] = st.Value
		}
	case *ast.PatternStmt:
		if st.Name != nil {
			e.names[st.Name.Name] = &binding{pattern: st, env: e}
		}
	case *ast.AliasStmt, *ast.RestrictStmt:
		c.errorf(token.UnsupportedForm, st, "this statement is not supported; write let")
	case *ast.ExprStmt:
		c.errorf(token.UnsupportedForm, st, "a query cannot stand here")
	case *ast.BadStmt:
	default:
		panic("check: statement without a case")
	}
}

func (c *checker) let(st *ast.LetStmt, e *env) {
	if st.Name == nil {
		return
	}
	name := st.Name.Name
	if _, twice := e.names[name]; twice {
		c.errorf(token.DuplicateName, st.Name, "%q is declared twice", name)
	}
	e.names[name] = c.binding(name, st.Value, e)
}

func (c *checker) binding(name string, x ast.Expr, e *env) *binding {
	if lit, ok := ast.Unparen(x).(*ast.FuncLit); ok {
		return &binding{fn: &function{name: name, lit: lit, env: e.asNow(), view: lit.View}}
	}
	v := c.value(x, &scope{env: e})
	switch {
	case v.fn != nil:
		return &binding{fn: v.fn}
	case v.rows != nil && v.rows.graph != nil:
		return &binding{graph: v.rows}
	case v.rows != nil && v.rows.rel != nil:
		if ref, ok := v.rows.rel.(*plan.Ref); ok && ref.Shared.Uses == 1 && len(v.rows.cols) == len(ref.Cols) {
			// let y = materialize(x), let y = x: no second level of sharing.
			ref.Shared.Uses = 0
			if ref.Shared.Name == "" {
				ref.Shared.Name = name
			}
			r := *v.rows
			r.rel, r.name = ref.Shared.Rel, ""
			return &binding{shared: &shared{plan: ref.Shared, rows: &r}}
		}
		named := *v.rows
		named.name = "" // a let is union_arg0 to withsource, whatever it reads
		return &binding{shared: c.share(name, &named, false)}
	case v.x != nil && !v.bad:
		if !c.light(x, v.x) {
			return &binding{failed: true}
		}
		return &binding{x: v.x}
	case !v.bad:
		c.errorf(token.UnsupportedForm, x, "%q cannot be given this value", name)
	}
	return &binding{failed: true}
}

// queryParameter binds a parameter of declare query_parameters to the value of
// the run or its default.
func (c *checker) queryParameter(p *ast.Param, e *env) {
	if p.Name == nil {
		return
	}
	name := p.Name.Name
	t := catalog.Unknown
	if p.Type != nil {
		t, _ = catalog.ParseType(p.Type.Name)
	}
	var x plan.Expr
	if text, ok := c.opt.Parameters[name]; ok {
		x = c.parameterValue(p, text, t)
	} else if p.Default != nil {
		x = c.expr(p.Default, &scope{env: e})
	} else {
		c.errorf(token.ArgumentCount, p, "the query parameter %q has no value", name)
		e.names[name] = &binding{failed: true}
		return
	}
	e.names[name] = &binding{x: c.assignable(p, x, t, "the query parameter \""+name+"\"")}
}

// parameterValue reads a value given from outside: a KQL literal, or plain text
// for a string parameter.
func (c *checker) parameterValue(n ast.Node, text string, t catalog.Type) plan.Expr {
	script, diags := parser.Parse("print " + text)
	if !diags.HasErrors() && len(script.Stmts) == 1 {
		if q, ok := script.Stmts[0].(*ast.ExprStmt); ok {
			if pipe, ok := q.X.(*ast.Pipe); ok && len(pipe.Ops) == 1 {
				if pr, ok := pipe.Ops[0].(*ast.Print); ok && len(pr.Columns) == 1 {
					switch x := pr.Columns[0].X.(type) {
					case *ast.Literal, *ast.Dynamic, *ast.Unary:
						return c.expr(x.(ast.Expr), &scope{})
					}
				}
			}
		}
	}
	if t == catalog.String {
		return stringConst(text)
	}
	c.errorf(token.BadArgument, n, "%q is not a literal", text)
	return null(t)
}

// result binds a query and adds its results.
func (c *checker) result(st *ast.ExprStmt, e *env) {
	v := c.value(st.X, &scope{env: e})
	switch {
	case v.rows != nil && v.rows.silent:
	case v.rows != nil && v.rows.several != nil:
		c.query.Results = append(c.query.Results, v.rows.several...)
	case v.rows != nil && v.rows.graph != nil:
		c.errorf(token.UnsupportedForm, st, "a graph is no result; end with graph-match or graph-to-table")
	case v.rows != nil && v.rows.rel != nil:
		c.query.Results = append(c.query.Results, c.finish(v.rows))
	case v.fn != nil:
		if len(v.fn.lit.Params) > 0 {
			c.errorf(token.ArgumentCount, st, "%s() needs arguments", v.fn.title())
		}
	case v.x != nil && !v.bad:
		col := c.column("print_0", v.x.Type())
		rel := &plan.Values{Cols: []plan.Column{col}, Rows: [][]plan.Expr{{v.x}}}
		c.query.Results = append(c.query.Results, &plan.Result{Name: "PrimaryResult", Rel: rel})
	}
}

// finish makes rows a result: exactly the visible columns.
func (c *checker) finish(r *rows) *plan.Result {
	rel := r.rel
	if len(rel.Columns()) != len(r.cols) {
		rel = &plan.Project{In: rel, Cols: r.cols}
	}
	return &plan.Result{Name: "PrimaryResult", Rel: rel, Render: r.render, Sorted: r.sorted}
}
