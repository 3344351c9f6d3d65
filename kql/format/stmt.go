package format

import (
	"fmt"

	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/token"
)

func (b *builder) stmt(s ast.Stmt) *doc {
	switch s := s.(type) {
	case *ast.LetStmt:
		return cat(str("let "), b.ident(s.Name), str(" ="), b.letValue(s.Value))
	case *ast.SetStmt:
		if s.Value == nil {
			return cat(str("set "), b.ident(s.Name))
		}
		return cat(str("set "), b.ident(s.Name), str(" = "), b.expr(s.Value))
	case *ast.ParamsStmt:
		return cat(str("declare query_parameters "), b.params(s.Params, s.End))
	case *ast.PatternStmt:
		return b.pattern(s)
	case *ast.RestrictStmt:
		return cat(str("restrict access to "), b.brackets("(", s.Entities, ")", s.End))
	case *ast.AliasStmt:
		return cat(str("alias database "), b.ident(s.Name), str(" = "), b.expr(s.Value))
	case *ast.ExprStmt:
		if pipe, ok := s.X.(*ast.Pipe); ok {
			return b.pipe(pipe, 1)
		}
		return b.expr(s.X)
	}
	panic(fmt.Sprintf("format: statement %T", s))
}

// letValue puts a long pipe on lines of its own below the name.
func (b *builder) letValue(x ast.Expr) *doc {
	pipe, ok := x.(*ast.Pipe)
	if !ok {
		return cat(str(" "), b.expr(x))
	}
	return grouped(nested(b.brk(lineDoc, x.Span().Start), b.pipe(pipe, 2)))
}

// pipe prints a pipeline: on one line if it has at most so many operators and fits.
func (b *builder) pipe(p *ast.Pipe, most int) *doc {
	var kids []*doc
	if p.Source != nil {
		kids = append(kids, b.expr(p.Source))
	}
	for i, op := range p.Ops {
		if i == 0 && p.Source == nil {
			kids = append(kids, b.operator(op))
			continue
		}
		kids = append(kids, b.brk(lineDoc, op.Span().Start), str("| "), b.operator(op))
	}
	if len(p.Ops) > most {
		kids = append(kids, &doc{kind: text, hard: true})
	}
	return grouped(kids...)
}

func (b *builder) pattern(s *ast.PatternStmt) *doc {
	kids := []*doc{str("declare pattern "), b.ident(s.Name)}
	if s.Params == nil {
		return cat(kids...)
	}
	kids = append(kids, str(" = "), b.params(s.Params, 0))
	if s.Path != nil {
		kids = append(kids, str("["), b.param(s.Path), str("]"))
	}
	var rules []*doc
	for _, r := range s.Rules {
		rules = append(rules, b.brk(hardDoc, r.Start), b.brackets("(", r.Args, ")", 0))
		if r.Path != nil {
			rules = append(rules, str(".["), b.expr(r.Path), str("]"))
		}
		rules = append(rules, str(" = "), b.body(r.Body), str(";"))
	}
	kids = append(kids, str(" {"), nested(rules...), b.brk(hardDoc, s.End-1), str("}"))
	return cat(kids...)
}

func (b *builder) function(f *ast.FuncLit) *doc {
	kids := []*doc{}
	if f.View {
		kids = append(kids, str("view "))
	}
	end := f.End
	if f.Body != nil {
		end = f.Body.Start
	}
	return cat(append(kids, b.params(f.Params, end), str(" "), b.body(f.Body))...)
}

// body prints { statements; result }, on one line when it is a short expression.
func (b *builder) body(f *ast.FuncBody) *doc {
	var kids []*doc
	for _, s := range f.Stmts {
		pos := s.Span().Start
		kids = append(kids, b.endOfLine(pos), hardDoc, b.above(pos), b.stmt(s), b.at(s.Span().End), str(";"))
	}
	if f.Result != nil {
		pos := f.Result.Span().Start
		kids = append(kids, b.brk(lineDoc, pos))
		if pipe, ok := f.Result.(*ast.Pipe); ok {
			kids = append(kids, b.pipe(pipe, 1))
		} else {
			kids = append(kids, b.expr(f.Result))
		}
	}
	if len(kids) == 0 && len(b.comments) == 0 {
		return str("{ }")
	}
	return grouped(str("{"), nested(kids...), b.brk(lineDoc, f.End-1), str("}"))
}

// params prints (a:int, b:string = "x"); end is where the list ends in the source at the latest.
func (b *builder) params(list []*ast.Param, end token.Pos) *doc {
	if len(list) == 0 {
		return str("()")
	}
	var kids []*doc
	for i, p := range list {
		if i > 0 {
			kids = append(kids, str(","), b.brk(lineDoc, p.Start))
		} else {
			kids = append(kids, b.brk(softDoc, p.Start))
		}
		kids = append(kids, b.param(p))
	}
	return grouped(str("("), nested(kids...), b.brk(softDoc, end), str(")"))
}

func (b *builder) param(p *ast.Param) *doc {
	kids := []*doc{b.ident(p.Name), str(":")}
	if p.Rows != nil {
		kids = append(kids, b.schema(p.Rows))
	} else {
		kids = append(kids, str(p.Type.Text))
	}
	if p.Default != nil {
		kids = append(kids, str(" = "), b.expr(p.Default))
	}
	return cat(kids...)
}
