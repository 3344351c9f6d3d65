package parser

import (
	"github.com/tocsin-soc/tocsin/kql/ast"
)

// mvColumns parses [name =] array [to typeof(t)], ….
func (p *parser) mvColumns() []*ast.MvColumn {
	var list []*ast.MvColumn
	p.list(func() {
		start := p.peek()
		n := &ast.MvColumn{X: p.named(false)}
		if p.acceptWord("to") {
			if p.isWord(0, "typeof") && p.ahead(1).kind == lparen {
				n.To, _ = p.typeOf().(*ast.TypeLit)
			} else {
				p.expected("typeof(…)")
			}
		}
		n.Loc = p.from(start.start)
		list = append(list, n)
	})
	return list
}

var mvParams = []string{"kind", "bagexpansion", "with_itemindex"}

func (p *parser) mvExpand(t tok) ast.Operator {
	n := &ast.MvExpand{Params: p.params(mvParams...)}
	n.Columns = p.mvColumns()
	if p.acceptWord("limit") {
		n.Limit = p.value()
	}
	n.Loc = p.from(t.start)
	return n
}

// mvApply parses mv-apply columns [limit n] [id x] on (pipe).
func (p *parser) mvApply(t tok) ast.Operator {
	n := &ast.MvApply{Params: p.params(mvParams...)}
	n.Columns = p.mvColumns()
	if p.acceptWord("limit") {
		n.Limit = p.value()
	}
	if p.isWord(0, "id") && p.ahead(1).kind == typed {
		p.pos++
		n.ID = p.value()
	}
	if p.needWord("on") {
		n.Body = p.subPipe()
	}
	n.Loc = p.from(t.start)
	return n
}

// subPipe parses (operator | operator …): a pipe whose rows come from outside.
func (p *parser) subPipe() *ast.Pipe {
	start := p.peek()
	n := &ast.Pipe{Loc: locOf(start)}
	if start.kind != lparen {
		p.expected("operators in parentheses")
		return n
	}
	p.group(func() {
		p.accept(pipe) // some begin with one
		p.slice(p.find(pipe), func() { n.Ops = append(n.Ops, p.operator()) })
		n.Ops = p.pipeline(n.Ops)
	})
	n.Loc = p.from(start.start)
	return n
}

func (p *parser) parse(t tok) ast.Operator      { return p.parseOp(t, false) }
func (p *parser) parseWhere(t tok) ast.Operator { return p.parseOp(t, true) }

// parseOp parses parse [kind=k [flags=f]] x with pattern.
func (p *parser) parseOp(t tok, where bool) ast.Operator {
	n := &ast.Parse{Where: where, Params: p.onlyParams("kind", "flags")}
	n.X = p.value()
	if p.needWord("with") {
		for !p.failed && p.peek().kind != eof {
			n.Pattern = append(n.Pattern, p.parsePart())
		}
		if len(n.Pattern) == 0 && !p.failed {
			p.expected("a pattern of strings and columns")
		}
	}
	n.Loc = p.from(t.start)
	return n
}

func (p *parser) parsePart() ast.ParsePart {
	t := p.peek()
	part := ast.ParsePart{}
	switch {
	case t.kind == star:
		p.pos++
		part.Star = true
	case t.kind == str:
		part.Text = p.stringLiteral()
	case t.kind == word || p.bracketName():
		part.Column = p.columnDecl(false)
	default:
		p.expected("a string, a column or *")
	}
	part.Loc = p.from(t.start)
	return part
}

// parseKV parses parse-kv x as (schema) [with (properties)].
func (p *parser) parseKV(t tok) ast.Operator {
	n := &ast.ParseKV{X: p.value()}
	if p.needWord("as") {
		n.Schema = p.rowSchema()
	}
	if p.acceptWord("with") {
		if p.peek().kind == lparen {
			n.With = p.propertyGroup()
		} else {
			p.expected("properties in parentheses")
		}
	}
	n.Loc = p.from(t.start)
	return n
}

// makeSeries parses make-series aggregates on x from a to b step c by d, and the
// form in range(a, b, c).
func (p *parser) makeSeries(t tok) ast.Operator {
	n := &ast.MakeSeries{Params: p.params("kind")}
	p.list(func() {
		start := p.peek()
		item := &ast.SeriesItem{X: p.named(false)}
		if p.isWord(0, "default") && p.ahead(1).kind == assign {
			p.pos += 2
			item.Default = p.value()
		}
		item.Loc = p.from(start.start)
		n.Aggregates = append(n.Aggregates, item)
	})
	if p.needWord("on") {
		p.seriesAxis(n)
	}
	if p.acceptWord("by") {
		n.By = p.namedItems()
	}
	n.Loc = p.from(t.start)
	return n
}

func (p *parser) seriesAxis(n *ast.MakeSeries) {
	// "on x in range(…)" would read as a membership test, so the axis ends at "in".
	in := p.findWord("in")
	if in < p.end && p.toks[in+1].kind == word && p.text(p.toks[in+1]) == "range" {
		p.slice(in, func() { n.On = p.named(false) })
		p.pos += 2
		n.InRange = true
		if p.peek().kind != lparen {
			p.expected("(from, to, step)")
			return
		}
		p.group(func() {
			ends := []*ast.Expr{&n.From, &n.To, &n.Step}
			p.list(func() {
				if len(ends) == 0 {
					p.expected("the end of range(from, to, step)")
					return
				}
				*ends[0], ends = p.value(), ends[1:]
			})
			if len(ends) > 0 {
				p.expected("from, to and step")
			}
		})
		return
	}
	n.On = p.named(false)
	if p.acceptWord("from") {
		n.From = p.value()
	}
	if p.acceptWord("to") {
		n.To = p.value()
	}
	if p.needWord("step") {
		n.Step = p.value()
	}
}
