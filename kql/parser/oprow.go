package parser

import (
	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/token"
)

func (p *parser) where(t tok) ast.Operator {
	n := &ast.Where{Params: p.params()}
	x := p.named(false)
	n.Name, n.Predicate = x.Name(), x.X
	if len(x.Names) > 0 {
		p.diags.Add(token.Diagnostic{Code: token.MeantEqual, Severity: token.Warning, Span: x.Names[0].Span(),
			Message: "\"=\" gives a name here and compares nothing", Hint: "to compare, write =="})
	}
	n.Loc = p.from(t.start)
	return n
}

// namedItems parses the rest of the slice as a list of named expressions.
func (p *parser) namedItems() []*ast.NamedExpr {
	var list []*ast.NamedExpr
	p.items(func() {
		if p.peek().kind == eof && len(list) > 0 && p.toks[p.end].kind != comma {
			p.expected("another column behind the comma")
			return
		}
		list = append(list, p.named(false))
	})
	return list
}

func (p *parser) extend(t tok) ast.Operator {
	list := p.namedItems()
	return &ast.Extend{Loc: p.from(t.start), Columns: list}
}

func (p *parser) project(t tok) ast.Operator {
	if p.peek().kind == eof {
		return &ast.Project{Loc: locOf(t)}
	}
	list := p.namedItems()
	return &ast.Project{Loc: p.from(t.start), Columns: list}
}

func (p *parser) projectRename(t tok) ast.Operator {
	if p.peek().kind == eof {
		return &ast.ProjectRename{Loc: locOf(t)}
	}
	list := p.namedItems()
	return &ast.ProjectRename{Loc: p.from(t.start), Columns: list}
}

func (p *parser) print(t tok) ast.Operator {
	list := p.namedItems()
	return &ast.Print{Loc: p.from(t.start), Columns: list}
}

func (p *parser) serialize(t tok) ast.Operator {
	n := &ast.Serialize{Params: p.params()}
	if p.peek().kind != eof {
		n.Columns = p.namedItems()
	}
	n.Loc = p.from(t.start)
	return n
}

func (p *parser) patterns() []ast.Expr {
	var list []ast.Expr
	p.items(func() { list = append(list, p.columnPattern()) })
	return list
}

func (p *parser) projectAway(t tok) ast.Operator {
	list := p.patterns()
	return &ast.ProjectAway{Loc: p.from(t.start), Columns: list}
}

func (p *parser) projectKeep(t tok) ast.Operator {
	list := p.patterns()
	return &ast.ProjectKeep{Loc: p.from(t.start), Columns: list}
}

func (p *parser) projectReorder(t tok) ast.Operator {
	n := &ast.ProjectReorder{}
	p.items(func() {
		start := p.peek()
		item := &ast.ReorderItem{Column: p.columnPattern()}
		for _, order := range [...]string{"asc", "desc", "granny-asc", "granny-desc"} {
			if p.acceptWord(order) {
				item.Order = order
			}
		}
		item.Loc = p.from(start.start)
		n.Columns = append(n.Columns, item)
	})
	n.Loc = p.from(t.start)
	return n
}

func (p *parser) projectByNames(t tok) ast.Operator {
	n := &ast.ProjectByNames{}
	p.items(func() {
		if w := p.wildcard(); w != nil {
			n.Names = append(n.Names, w)
			return
		}
		n.Names = append(n.Names, p.value())
	})
	n.Loc = p.from(t.start)
	return n
}

func (p *parser) distinct(t tok) ast.Operator {
	n := &ast.Distinct{Params: p.params()}
	n.Columns = p.namedItems()
	n.Loc = p.from(t.start)
	return n
}

func (p *parser) count(t tok) ast.Operator {
	n := &ast.Count{}
	if p.acceptWord("as") {
		n.Name = p.declared()
	}
	n.Loc = p.from(t.start)
	return n
}

func (p *parser) take(t tok) ast.Operator {
	n := &ast.Take{Params: p.params()}
	n.N = p.value()
	n.Loc = p.from(t.start)
	return n
}

func (p *parser) sample(t tok) ast.Operator {
	n := &ast.Sample{Params: p.params()}
	n.N = p.value()
	n.Loc = p.from(t.start)
	return n
}

func (p *parser) sampleDistinct(t tok) ast.Operator {
	n := &ast.SampleDistinct{Params: p.params()}
	n.N = p.value()
	if p.needWord("of") {
		n.Of = p.named(false)
	}
	n.Loc = p.from(t.start)
	return n
}

// summarize parses summarize [aggregates] [by keys [bin=x]].
func (p *parser) summarize(t tok) ast.Operator {
	n := &ast.Summarize{Params: p.params()}
	by := p.findWord("by")
	if by > p.pos {
		p.slice(by, func() { n.Aggregates = p.namedItems() })
	}
	if p.acceptWord("by") {
		p.items(func() {
			if p.peek().kind == eof && len(n.By) > 0 {
				p.expected("another key behind the comma")
				return
			}
			n.By = append(n.By, p.named(false))
			if p.isWord(0, "bin") && p.ahead(1).kind == assign {
				p.pos += 2
				n.Bin = p.value()
			}
		})
	}
	n.Loc = p.from(t.start)
	return n
}

// findWord returns the index of a keyword outside brackets, or the end of the slice.
// A word behind a dot or before = is a name.
func (p *parser) findWord(keyword string) int {
	for i := p.pos; i < p.end; i++ {
		t := p.toks[i]
		if t.kind == word && p.text(t) == keyword && (i == 0 || p.toks[i-1].kind != dot) && p.toks[i+1].kind != assign {
			return i
		}
		if t.match > int32(i) && int(t.match) < p.end {
			i = int(t.match)
		}
	}
	return p.end
}

func (p *parser) sort(t tok) ast.Operator {
	n := &ast.Sort{Params: p.params()}
	if p.needWord("by") {
		p.items(func() { n.By = append(n.By, p.orderItem()) })
	}
	n.Loc = p.from(t.start)
	return n
}

// orderItem parses x [asc|desc] [nulls first|last].
func (p *parser) orderItem() *ast.OrderItem {
	start := p.peek()
	n := &ast.OrderItem{X: p.named(false)}
	switch {
	case p.acceptWord("asc"):
		n.Order = "asc"
	case p.acceptWord("desc"):
		n.Order = "desc"
	}
	if p.acceptWord("nulls") {
		switch {
		case p.acceptWord("first"):
			n.Nulls = "first"
		case p.acceptWord("last"):
			n.Nulls = "last"
		default:
			p.expected("first or last")
		}
	}
	n.Loc = p.from(start.start)
	return n
}

func (p *parser) top(t tok) ast.Operator {
	n := &ast.Top{Params: p.params()}
	n.N = p.value()
	if p.needWord("by") {
		p.items(func() { n.By = append(n.By, p.orderItem()) })
	}
	n.Loc = p.from(t.start)
	return n
}

func (p *parser) topHitters(t tok) ast.Operator {
	n := &ast.TopHitters{N: p.value()}
	if p.needWord("of") {
		n.Of = p.named(false)
	}
	if p.acceptWord("by") {
		n.By = p.named(false)
		for _, w := range [...]string{"asc", "desc"} {
			p.acceptWord(w)
		}
	}
	n.Loc = p.from(t.start)
	return n
}

func (p *parser) topNested(t tok) ast.Operator {
	n := &ast.TopNested{}
	start := t
	p.list(func() {
		if len(n.Levels) > 0 {
			if start = p.peek(); !p.needWord("top-nested") {
				return
			}
		}
		n.Levels = append(n.Levels, p.topLevel(start))
	})
	n.Loc = p.from(t.start)
	return n
}

// topLevel parses [n] of x [with others = y] by z [asc|desc].
func (p *parser) topLevel(start tok) *ast.TopLevel {
	n := &ast.TopLevel{}
	if !p.isWord(0, "of") {
		n.N = p.value()
	}
	if p.needWord("of") {
		n.Of = p.named(false)
	}
	if p.acceptWord("with") {
		if p.needWord("others") {
			if _, ok := p.need(assign, "\"=\""); ok {
				n.Others = p.value()
			}
		}
	}
	if p.needWord("by") {
		n.By = p.orderItem()
	}
	if t := p.peek(); n.Others == nil && p.isWord(0, "with") && p.isWord(1, "others") {
		p.fail(token.Diagnostic{Code: token.Syntax, Span: spanOf(t), Message: "unexpected \"with\"",
			Hint: "with others= stands before by"})
	}
	n.Loc = p.from(start.start)
	return n
}
