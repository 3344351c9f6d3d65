package assist

import (
	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/check"
	"github.com/tocsin-soc/tocsin/kql/parser"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// A place is where in the tree a position lies.
type place struct {
	cat    catalog.Catalog
	before []ast.Stmt // statements whose names are visible
	pipes  []pipeAt   // from the outermost to the innermost
	nodes  []ast.Node // all nodes around the position, outermost first
}

// A pipeAt is a pipe and how many of its operators lie before the position.
type pipeAt struct {
	pipe *ast.Pipe
	done int
}

// locate finds the place of an offset that lies in or directly behind a token.
func locate(script *ast.Script, at token.Pos, cat catalog.Catalog) place {
	pl := place{cat: cat}
	for _, s := range script.Stmts {
		if s.Span().Start > at {
			break
		}
		if s.Span().Contains(at) {
			ast.Walk(s, func(n ast.Node) bool { return pl.enter(n, at) })
			break
		}
		pl.declare(s)
	}
	return pl
}

// enter notes a node around the position and reports whether to look inside.
func (pl *place) enter(n ast.Node, at token.Pos) bool {
	if body, ok := n.(*ast.FuncBody); ok && body.Loc.Span().Contains(at) {
		for _, s := range body.Stmts {
			if s.Span().End < at {
				pl.declare(s)
			}
		}
	}
	if !n.Span().Contains(at) {
		return false
	}
	pl.nodes = append(pl.nodes, n)
	if p, ok := n.(*ast.Pipe); ok {
		done := 0
		for done < len(p.Ops) && p.Ops[done].Span().Start <= at {
			done++
		}
		pl.pipes = append(pl.pipes, pipeAt{p, done - 1})
	}
	return true
}

func (pl *place) declare(s ast.Stmt) {
	switch s.(type) {
	case *ast.LetStmt, *ast.ParamsStmt, *ast.AliasStmt:
		pl.before = append(pl.before, s)
	}
}

// lets returns the visible names with what they stand for.
func (pl *place) lets() []*ast.LetStmt {
	var list []*ast.LetStmt
	for _, s := range pl.before {
		if let, ok := s.(*ast.LetStmt); ok && let.Name != nil {
			list = append(list, let)
		}
	}
	return list
}

// columns returns the columns of the rows that reach the operator at the position.
func (pl *place) columns() []catalog.Column {
	return pl.rows(pl.upstream(len(pl.pipes)))
}

// upstream returns the rows that reach the position within the first n pipes: the
// source and operators before it, with the rows from outside if the pipe has no source.
func (pl *place) upstream(n int) *ast.Pipe {
	if n == 0 {
		return nil
	}
	in := pl.pipes[n-1]
	if in.done < 0 {
		return pl.upstream(n - 1) // inside the source: perhaps an argument of an operator further out
	}
	ops := in.pipe.Ops[:in.done]
	source := in.pipe.Source
	if source == nil && (len(ops) == 0 || !brings(ops[0])) {
		outer := pl.upstream(n - 1)
		if outer == nil {
			return nil
		}
		all := append([]ast.Operator(nil), outer.Ops...)
		if around := pl.pipes[n-2]; around.done >= 0 {
			if apply, ok := around.pipe.Ops[around.done].(*ast.MvApply); ok { // its body sees the elements
				all = append(all, &ast.MvExpand{Columns: apply.Columns})
			}
		}
		return &ast.Pipe{Source: outer.Source, Ops: append(all, ops...)}
	}
	return &ast.Pipe{Source: source, Ops: ops}
}

// brings reports whether an operator may stand at the head of a pipe.
func brings(op ast.Operator) bool {
	switch op.(type) {
	case *ast.Print, *ast.Range, *ast.Union, *ast.Search, *ast.Find, *ast.Evaluate, *ast.MacroExpand:
		return true
	}
	return false
}

// rows asks the checker for the columns of a pipe, leaving out operators that are
// not yet written to the end.
func (pl *place) rows(p *ast.Pipe) []catalog.Column {
	if p == nil {
		return nil
	}
	ops := make([]ast.Operator, 0, len(p.Ops))
	for _, op := range p.Ops {
		if whole(op) {
			ops = append(ops, op)
		}
	}
	const tries = 8
	for range tries {
		if columns, ok := pl.check(&ast.Pipe{Source: p.Source, Ops: ops}); ok {
			return columns
		}
		if len(ops) == 0 {
			break
		}
		ops = ops[:len(ops)-1]
	}
	return nil
}

// check returns the columns of an expression that stands for rows.
func (pl *place) check(x ast.Expr) ([]catalog.Column, bool) {
	if p, ok := x.(*ast.Pipe); ok && len(p.Ops) == 0 {
		if x = p.Source; x == nil {
			return nil, false
		}
	}
	script := &ast.Script{}
	for _, s := range pl.before {
		if whole(s) {
			script.Stmts = append(script.Stmts, s)
		}
	}
	script.Stmts = append(script.Stmts, &ast.ExprStmt{X: x})
	query, diags := check.CheckBroken(script, pl.cat, check.Options{Lenient: true})
	if query == nil || diags.HasErrors() || len(query.Results) == 0 || query.Results[0].Rel == nil {
		return nil, false
	}
	var list []catalog.Column
	for _, c := range query.Results[0].Rel.Columns() {
		list = append(list, catalog.Column{Name: c.Name, Type: c.Type})
	}
	return list, true
}

// whole reports whether a part of the tree was read without gaps.
func whole(n ast.Node) bool {
	ok := true
	ast.Walk(n, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.BadExpr, *ast.BadOperator, *ast.BadStmt:
			ok = false
		}
		return ok
	})
	return ok
}

// join returns the columns of both sides of the join around the position.
func (pl *place) join() (left, right []catalog.Column) {
	for i := len(pl.nodes) - 1; i >= 0; i-- {
		var table ast.Expr
		switch n := pl.nodes[i].(type) {
		case *ast.Join:
			table = n.Right
		case *ast.Lookup:
			table = n.Right
		default:
			continue
		}
		if table != nil && whole(table) {
			right, _ = pl.check(ast.Unparen(table))
		}
		break
	}
	return pl.columns(), right
}

// parse is parser.Parse for texts of which only the tree matters.
func parse(src string) *ast.Script {
	script, _ := parser.Parse(src)
	return script
}
