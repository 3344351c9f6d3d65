package parser

import (
	"github.com/tocsin-soc/tocsin/kql/ast"
)

// fork parses fork [name=] (pipe) …, with or without commas.
func (p *parser) fork(t tok) ast.Operator {
	n := &ast.Fork{}
	for !p.failed && p.peek().kind != eof {
		start := p.peek()
		b := &ast.ForkBranch{}
		if p.ahead(1).kind == assign || p.bracketName() {
			b.Name = p.declared()
			p.accept(assign)
		}
		b.Body = p.subPipe()
		b.Loc = p.from(start.start)
		n.Branches = append(n.Branches, b)
		p.accept(comma)
	}
	if len(n.Branches) == 0 && !p.failed {
		p.expected("operators in parentheses")
	}
	n.Loc = p.from(t.start)
	return n
}

// facet parses facet by a, b [with (pipe) | with operator].
func (p *parser) facet(t tok) ast.Operator {
	n := &ast.Facet{}
	if p.needWord("by") {
		p.list(func() { n.By = append(n.By, p.path()) })
	}
	if p.acceptWord("with") {
		if p.peek().kind == lparen {
			n.With = p.subPipe()
		} else {
			start := p.peek()
			op := p.operator()
			n.With = &ast.Pipe{Loc: p.from(start.start), Ops: []ast.Operator{op}}
		}
	}
	n.Loc = p.from(t.start)
	return n
}

// partition parses partition by x (pipe), and with braces a pipe with its own source.
func (p *parser) partition(t tok) ast.Operator {
	n := &ast.Partition{Params: p.onlyParams()}
	if p.text(t) == "partition" {
		p.needWord("by")
	}
	n.By = p.partitionKey()
	if p.acceptWord("in") {
		n.In = p.path()
	}
	switch start := p.peek(); start.kind {
	case lparen:
		n.Body = p.subPipe()
	case lbrace:
		n.Braces = true
		p.group(func() { n.Body = asPipe(p.expr()) })
	default:
		p.expected("operators in parentheses")
	}
	n.Loc = p.from(t.start)
	return n
}

// partitionKey parses a column or path; a bracket behind it begins the body, so it is no call.
func (p *parser) partitionKey() ast.Expr {
	start := p.peek()
	var x ast.Expr = &ast.Ident{}
	if p.bracketName() {
		x = p.quotedName()
	} else if t, ok := p.need(word, "a column"); ok {
		x = &ast.Ident{Loc: locOf(t), Name: p.text(t)}
	}
	for p.peek().kind == dot && !p.failed {
		p.pos++
		if t, ok := p.need(word, "a name behind the dot"); ok {
			x = &ast.Member{Loc: p.from(start.start), X: x, Name: &ast.Ident{Loc: locOf(t), Name: p.text(t)}}
		}
	}
	return x
}

// asPipe makes a pipe of an expression that has no operators.
func asPipe(x ast.Expr) *ast.Pipe {
	if pipe, ok := x.(*ast.Pipe); ok {
		return pipe
	}
	return &ast.Pipe{Loc: ast.Loc(x.Span()), Source: x}
}

// scanOp parses scan [parameters] [order by …] [partition by …] [declare (…)] with (steps).
func (p *parser) scanOp(t tok) ast.Operator {
	n := &ast.Scan{Params: p.onlyParams("with_match_id", "with_step_name")}
	if p.acceptWord("order") || p.acceptWord("sort") {
		if p.needWord("by") {
			p.list(func() { n.OrderBy = append(n.OrderBy, p.orderItem()) })
		}
	}
	if p.acceptWord("partition") {
		if p.needWord("by") {
			p.list(func() { n.PartitionBy = append(n.PartitionBy, p.value()) })
		}
	}
	if p.acceptWord("declare") {
		n.Declare = p.paramGroup()
	}
	if p.needWord("with") {
		if p.peek().kind != lparen {
			p.expected("steps in parentheses")
			return n
		}
		p.group(func() {
			for p.peek().kind != eof {
				end := p.find(semi)
				p.slice(end, func() { n.Steps = append(n.Steps, p.scanStep()) })
				p.accept(semi)
			}
		})
	}
	n.Loc = p.from(t.start)
	return n
}

// scanStep parses step name [optional] [output=all] : condition [=> a = x, …].
func (p *parser) scanStep() *ast.ScanStep {
	start := p.peek()
	n := &ast.ScanStep{}
	if !p.needWord("step") {
		return n
	}
	n.Name = p.declared()
	n.Optional = p.acceptWord("optional")
	if p.isWord(0, "output") && p.ahead(1).kind == assign {
		p.pos += 2
		switch out := p.peek(); p.text(out) {
		case "all", "last", "none":
			n.Output = p.text(out)
			p.pos++
		default:
			p.expected("all, last or none")
		}
	}
	if _, ok := p.need(colon, "\":\" and a condition"); !ok {
		return n
	}
	n.When = p.value()
	if p.accept(arrow) {
		n.Set = p.namedItems()
	}
	n.Loc = p.from(start.start)
	return n
}

// macroExpand parses macro-expand [kind=x] group as name (statements).
func (p *parser) macroExpand(t tok) ast.Operator {
	n := &ast.MacroExpand{Params: p.onlyParams("kind", "isfuzzy")}
	n.Group = p.path()
	if p.needWord("as") {
		n.As = p.declared()
	}
	if p.peek().kind != lparen {
		p.expected("statements in parentheses")
	} else {
		p.group(func() { n.Stmts = p.statements() })
	}
	n.Loc = p.from(t.start)
	return n
}
