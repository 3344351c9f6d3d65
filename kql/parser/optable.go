package parser

import (
	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/token"
)

func (p *parser) join(t tok) ast.Operator {
	n := &ast.Join{Params: p.onlyParams("kind")}
	n.Right = p.value()
	n.On = p.joinOn()
	n.Loc = p.from(t.start)
	return n
}

func (p *parser) lookup(t tok) ast.Operator {
	n := &ast.Lookup{Params: p.onlyParams("kind")}
	n.Right = p.value()
	n.On = p.joinOn()
	n.Loc = p.from(t.start)
	return n
}

// joinOn parses on condition, …; a join without one matches nothing and is left to check.
func (p *parser) joinOn() []ast.Expr {
	var on []ast.Expr
	if p.acceptWord("on") {
		p.items(func() { on = append(on, p.value()) })
		return on
	}
	if p.peek().kind != eof {
		p.needWord("on")
	}
	return on
}

func (p *parser) union(t tok) ast.Operator {
	n := &ast.Union{Params: p.onlyParams("kind", "withsource", "with_source", "isfuzzy", "best_effort", "force_remote")}
	p.items(func() { n.Tables = append(n.Tables, p.tableItem()) })
	n.Loc = p.from(t.start)
	return n
}

// tableItem parses one table of union, search in and find in.
func (p *parser) tableItem() ast.Expr {
	if w := p.wildcard(); w != nil {
		return w
	}
	x := p.path()
	if m, ok := x.(*ast.Member); ok && p.peek().kind == star && p.joined(p.pos) { // database("d").Table*
		p.pos++
		m.Name.Name += "*"
		m.Loc.End++
	}
	return x
}

// tableGroup parses in (T1, T2*) if it stands here.
func (p *parser) tableGroup() []ast.Expr {
	var list []ast.Expr
	if p.isWord(0, "in") && p.ahead(1).kind == lparen {
		p.pos++
		p.group(func() { p.items(func() { list = append(list, p.tableItem()) }) })
	}
	return list
}

func (p *parser) search(t tok) ast.Operator {
	n := &ast.Search{Params: p.onlyParams("kind")}
	n.In = p.tableGroup()
	n.Predicate = p.value()
	n.Loc = p.from(t.start)
	return n
}

// findOp parses find [withsource=x] [in (tables)] [where] predicate [project …].
func (p *parser) findOp(t tok) ast.Operator {
	n := &ast.Find{Params: p.onlyParams("withsource", "with_source")}
	n.In = p.tableGroup()
	p.acceptWord("where")
	n.Predicate = p.value()
	switch {
	case p.acceptWord("project-smart"):
		n.ProjectSmart = true
	case p.acceptWord("project"):
		p.list(func() { n.Project = append(n.Project, p.findColumn()) })
	}
	if p.acceptWord("project-away") || p.acceptWord("__projectAway") {
		p.items(func() { n.ProjectAway = append(n.ProjectAway, p.columnPattern()) })
	}
	n.Loc = p.from(t.start)
	return n
}

// findColumn parses name[:type] or pack(*).
func (p *parser) findColumn() *ast.FindColumn {
	start := p.peek()
	n := &ast.FindColumn{}
	if (p.isWord(0, "pack") || p.isWord(0, "pack_all")) && p.ahead(1).kind == lparen {
		p.pos++
		p.group(func() { p.accept(star) })
		n.Pack = true
	} else {
		n.Column = p.columnDecl(false)
	}
	n.Loc = p.from(start.start)
	return n
}

// rangeOp parses range x from a to b step c.
func (p *parser) rangeOp(t tok) ast.Operator {
	n := &ast.Range{Name: p.declared()}
	if p.needWord("from") {
		n.From = p.value()
	}
	if p.needWord("to") {
		n.To = p.value()
	}
	if p.needWord("step") {
		n.Step = p.value()
	}
	n.Loc = p.from(t.start)
	return n
}

// evaluate parses evaluate plugin(…) [: (schema)].
func (p *parser) evaluate(t tok) ast.Operator {
	n := &ast.Evaluate{Params: p.onlyParams()}
	n.Call = p.needCall()
	if p.accept(colon) {
		n.Schema = p.rowSchema()
	}
	n.Loc = p.from(t.start)
	return n
}

func (p *parser) invoke(t tok) ast.Operator {
	n := &ast.Invoke{}
	n.Call = p.needCall()
	n.Loc = p.from(t.start)
	return n
}

// needCall parses a function call, possibly of another database: database("d").f(x).
func (p *parser) needCall() *ast.Call {
	start := p.peek()
	x := p.path()
	if call, ok := x.(*ast.Call); ok {
		return call
	}
	if !p.failed {
		p.failf(token.Syntax, spanOf(start), "expected a function call, found %s", p.describe(start))
	}
	return &ast.Call{Loc: ast.Loc(x.Span()), Name: &ast.Ident{Loc: locOf(start)}}
}

// render parses render kind [with (…)] and the older name=value list.
func (p *parser) render(t tok) ast.Operator {
	n := &ast.Render{}
	if kind, ok := p.need(word, "a kind of chart"); ok {
		n.Kind = p.text(kind)
	}
	if p.isWord(0, "with") && p.ahead(1).kind == lparen {
		p.pos++
		n.With = p.propertyGroup()
	}
	for !p.failed && p.peek().kind == word {
		start := p.advance()
		prop := &ast.Property{Name: p.text(start)}
		if prop.Name != "by" && prop.Name != "with" {
			if _, ok := p.need(assign, "\"=\""); !ok {
				break
			}
		}
		prop.Value = p.propertyValue()
		for p.accept(comma) {
			prop.List = append(prop.List, p.value())
		}
		prop.Loc = p.from(start.start)
		n.With = append(n.With, prop)
	}
	n.Loc = p.from(t.start)
	return n
}

func (p *parser) as(t tok) ast.Operator {
	n := &ast.As{Params: p.onlyParams()}
	n.Name = p.declared()
	n.Loc = p.from(t.start)
	return n
}

func (p *parser) consume(t tok) ast.Operator {
	n := &ast.Consume{Params: p.onlyParams("decodeblocks")}
	n.Loc = p.from(t.start)
	return n
}

func (p *parser) assertSchema(t tok) ast.Operator {
	n := &ast.AssertSchema{Schema: p.rowSchema()}
	n.Loc = p.from(t.start)
	return n
}

// reduce parses reduce [kind=source] by x [with threshold=0.1, characters="."].
func (p *parser) reduce(t tok) ast.Operator {
	n := &ast.Reduce{Params: p.onlyParams("kind")}
	if p.needWord("by") {
		n.By = p.named(false)
	}
	if p.acceptWord("with") {
		n.With = p.namedItems()
	}
	n.Loc = p.from(t.start)
	return n
}
