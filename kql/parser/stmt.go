package parser

import (
	"strings"

	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// maxMissing bounds how often one statement is cut in pieces for want of semicolons; each
// piece looks for pipes up to the end of the whole.
const maxMissing = 20

// statements parses {statement ";"} to the end of the slice.
func (p *parser) statements() []ast.Stmt {
	var list []ast.Stmt
	for {
		for p.accept(semi) {
		}
		if p.peek().kind == eof {
			return list
		}
		end := p.find(semi)
		p.slice(end, func() {
			list = append(list, p.statement())
			for n := 0; n < maxMissing && p.missingSemicolon(); n++ {
				list = append(list, p.statement())
			}
		})
	}
}

// missingSemicolon recovers from a statement that ends without a semicolon at the
// end of a line: it reports that and lets the next line be read as a statement.
func (p *parser) missingSemicolon() bool {
	t := p.peek()
	if p.failed || t.kind != word || p.pos == 0 || !strings.Contains(p.src[p.toks[p.pos-1].end:t.start], "\n") {
		return false
	}
	p.diags.Add(token.Diagnostic{Code: token.Syntax, Span: spanOf(t), Message: "unexpected " + p.describe(t),
		Hint: p.missing(p.text(t))})
	return p.operatorParser(p.text(t)) == nil || p.atSource()
}

func (p *parser) statement() ast.Stmt {
	t := p.peek()
	if t.kind == word && p.ahead(1).kind == word || p.isWord(0, "let") && p.ahead(1).kind == lbracket {
		switch p.text(t) {
		case "let":
			return p.let()
		case "set":
			return p.set()
		case "declare":
			return p.declare()
		case "alias":
			return p.alias()
		case "restrict":
			return p.restrict()
		}
	}
	if t.kind == pipe {
		p.fail(token.Diagnostic{Code: token.Syntax, Span: spanOf(t), Message: "a query cannot begin with a pipe",
			Hint: "name a table before the first |"})
		return &ast.BadStmt{Loc: locOf(t)}
	}
	x := p.expr()
	return &ast.ExprStmt{Loc: p.from(t.start), X: x}
}

// let parses let name = expression | function | view.
func (p *parser) let() ast.Stmt {
	start := p.advance()
	n := &ast.LetStmt{Name: p.declared()}
	if _, ok := p.need(assign, "\"=\" behind the name"); ok {
		if p.atFunction() {
			n.Value = p.function()
		} else {
			n.Value = p.expr()
		}
	} else {
		n.Value = &ast.BadExpr{Loc: locOf(p.peek())}
	}
	n.Loc = p.from(start.start)
	return n
}

// atFunction reports whether (parameters) { or view (parameters) { stands here.
func (p *parser) atFunction() bool {
	i := p.pos
	if p.isWord(0, "view") {
		i++
	}
	if i >= p.end || p.toks[i].kind != lparen || p.toks[i].match < 0 {
		return false
	}
	after := int(p.toks[i].match) + 1
	return after < p.end && p.toks[after].kind == lbrace
}

func (p *parser) function() ast.Expr {
	start := p.peek()
	if !p.deeper() {
		return &ast.BadExpr{Loc: locOf(start)}
	}
	defer func() { p.depth-- }()
	n := &ast.FuncLit{View: p.acceptWord("view")}
	n.Params = p.paramGroup()
	n.Body = p.funcBody()
	n.Loc = p.from(start.start)
	return n
}

// paramGroup parses (name:type = default, …).
func (p *parser) paramGroup() []*ast.Param {
	var list []*ast.Param
	if p.peek().kind != lparen {
		p.expected("parameters in parentheses")
		return nil
	}
	p.group(func() {
		if p.peek().kind == eof {
			return
		}
		p.items(func() {
			if p.peek().kind != eof { // a trailing comma
				list = append(list, p.param())
			}
		})
	})
	return list
}

func (p *parser) param() *ast.Param {
	start := p.peek()
	n := &ast.Param{Name: p.declared()}
	if _, ok := p.need(colon, "\":\" and a type"); ok {
		if p.peek().kind == lparen {
			n.Rows = p.rowSchema()
		} else {
			n.Type = p.typeName()
		}
	}
	if p.accept(assign) {
		n.Default = p.value()
	}
	n.Loc = p.from(start.start)
	return n
}

// funcBody parses { {let …;} expression [;] }.
func (p *parser) funcBody() *ast.FuncBody {
	start := p.peek()
	n := &ast.FuncBody{Loc: locOf(start)}
	if start.kind != lbrace {
		p.expected("a body in braces")
		return n
	}
	p.group(func() {
		stmts := p.statements()
		if len(stmts) > 0 {
			if last, ok := stmts[len(stmts)-1].(*ast.ExprStmt); ok {
				n.Result = last.X
				stmts = stmts[:len(stmts)-1]
			}
		}
		for _, s := range stmts {
			if extra, ok := s.(*ast.ExprStmt); ok {
				p.diags.Errorf(token.Syntax, extra.Span(), "only the last statement of a function may be a query")
			}
		}
		n.Stmts = stmts
	})
	n.Loc = p.from(start.start)
	return n
}

// set parses set name [= value].
func (p *parser) set() ast.Stmt {
	start := p.advance()
	t := p.advance()
	n := &ast.SetStmt{Name: &ast.Ident{Loc: locOf(t), Name: p.text(t)}}
	if p.accept(assign) {
		n.Value = p.paramValue()
	}
	n.Loc = p.from(start.start)
	return n
}

// declare parses declare query_parameters (…) and declare pattern ….
func (p *parser) declare() ast.Stmt {
	start := p.advance()
	switch {
	case p.acceptWord("query_parameters"):
		params := p.paramGroup()
		return &ast.ParamsStmt{Loc: p.from(start.start), Params: params}
	case p.acceptWord("pattern"):
		return p.pattern(start)
	}
	p.expected("query_parameters or pattern")
	return &ast.BadStmt{Loc: locOf(start)}
}

// pattern parses declare pattern name [= (params)[path] { rules }].
func (p *parser) pattern(start tok) ast.Stmt {
	n := &ast.PatternStmt{Name: p.declared()}
	if p.accept(assign) {
		n.Params = p.paramGroup()
		if p.peek().kind == lbracket {
			p.group(func() { n.Path = p.param() })
		}
		if p.peek().kind != lbrace {
			p.expected("rules in braces")
		} else {
			p.group(func() {
				for p.peek().kind != eof {
					n.Rules = append(n.Rules, p.patternRule())
					for p.accept(semi) {
					}
				}
			})
		}
	}
	n.Loc = p.from(start.start)
	return n
}

// patternRule parses ("a", "b").["path"] = { body }.
func (p *parser) patternRule() *ast.PatternRule {
	start := p.peek()
	n := &ast.PatternRule{}
	if start.kind != lparen {
		p.expected("arguments in parentheses")
		return n
	}
	p.group(func() { p.items(func() { n.Args = append(n.Args, p.value()) }) })
	if p.accept(dot) && p.peek().kind == lbracket {
		p.group(func() { n.Path = p.value() })
	}
	if _, ok := p.need(assign, "\"=\""); ok {
		n.Body = p.funcBody()
	}
	n.Loc = p.from(start.start)
	return n
}

// alias parses alias database name = expression.
func (p *parser) alias() ast.Stmt {
	start := p.advance()
	n := &ast.AliasStmt{}
	if p.needWord("database") {
		n.Name = p.declared()
		if _, ok := p.need(assign, "\"=\""); ok {
			n.Value = p.value()
		}
	}
	n.Loc = p.from(start.start)
	return n
}

// restrict parses restrict access to (entities).
func (p *parser) restrict() ast.Stmt {
	start := p.advance()
	n := &ast.RestrictStmt{}
	if p.needWord("access") && p.needWord("to") {
		if p.peek().kind != lparen {
			p.expected("tables in parentheses")
		} else {
			p.group(func() { p.items(func() { n.Entities = append(n.Entities, p.entity()) }) })
		}
	}
	n.Loc = p.from(start.start)
	return n
}

// entity parses a table, a view, a wildcard, or a path that ends in *: database("d").*.
func (p *parser) entity() ast.Expr {
	if w := p.wildcard(); w != nil {
		return w
	}
	start := p.peek()
	x := p.primary()
	for !p.failed && p.accept(dot) {
		if p.peek().kind == star {
			t := p.advance()
			x = &ast.Member{Loc: p.from(start.start), X: x, Name: &ast.Ident{Loc: locOf(t), Name: "*"}}
			break
		}
		x = p.member(x, start.start)
	}
	return x
}
