package parser

import (
	"strings"

	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// expr parses a whole expression, with pipes.
//
//	expr = (value | source-operator) {"|" operator}
func (p *parser) expr() ast.Expr {
	start := p.peek()
	if !p.deeper() {
		return &ast.BadExpr{Loc: locOf(start)}
	}
	defer func() { p.depth-- }()
	var source ast.Expr
	var ops []ast.Operator
	first := func() {
		if p.atSource() {
			ops = append(ops, p.operator())
		} else {
			source = p.value()
		}
	}
	if end := p.find(pipe); end < p.end {
		p.slice(end, first)
	} else {
		first()
	}
	if p.peek().kind != pipe && ops == nil {
		return source
	}
	ops = p.pipeline(ops)
	return &ast.Pipe{Loc: p.from(start.start), Source: source, Ops: ops}
}

// pipeline parses {"|" operator}, each operator in its own slice.
func (p *parser) pipeline(ops []ast.Operator) []ast.Operator {
	for p.accept(pipe) {
		p.slice(p.find(pipe), func() { ops = append(ops, p.operator()) })
	}
	return ops
}

// atSource reports whether an operator that brings its own rows stands here,
// rather than a name or function such as range(1, 3).
func (p *parser) atSource() bool {
	t, next := p.peek(), p.ahead(1)
	if t.kind != word || !sources[p.text(t)] {
		return false
	}
	switch p.text(t) {
	case "range":
		return next.kind == word && p.isWord(2, "from")
	case "evaluate":
		return next.kind == word
	}
	return true
}

// value parses an expression without pipes, from or on.
func (p *parser) value() ast.Expr { return p.binary(precOr) }

// Precedences, from the loosest. String operators bind tighter than arithmetic;
// equality and comparison do not chain (Kql.g4: logicalOrExpression and below).
const (
	precOr = iota + 1
	precAnd
	precEquality
	precCompare
	precAdd
	precMultiply
	precString
	precUnary
)

func (p *parser) binary(least int) ast.Expr {
	start := p.peek()
	if !p.deeper() {
		return &ast.BadExpr{Loc: locOf(start)}
	}
	defer func() { p.depth-- }()
	x := p.unary()
	most := precUnary
	for chain := 0; !p.failed; chain++ {
		op, prec, width := p.infix()
		if prec < least || prec > most {
			return x
		}
		if chain >= MaxChain {
			p.failf(token.TooComplex, spanOf(p.peek()), "more than %d operators in a row", MaxChain)
			return x
		}
		at := spanOf(p.peek())
		p.pos += width
		at.End = token.Pos(p.toks[p.pos-1].end)
		x = p.infixRest(x, op, prec, at, start.start)
		most = prec
		if prec == precEquality || prec == precCompare {
			most = prec - 1
		}
	}
	return x
}

// infixRest parses what stands behind an infix operator just read.
func (p *parser) infixRest(x ast.Expr, op ast.Op, prec int, at token.Span, start int32) ast.Expr {
	switch op {
	case ast.OpIn, ast.OpNotIn, ast.OpInCI, ast.OpNotInCI, ast.OpHasAny, ast.OpHasAll:
		list := p.inList(op)
		return &ast.In{Loc: p.from(start), Op: op, OpSpan: at, X: x, List: list}
	case opBetween, opNotBetween:
		return p.between(x, op == opNotBetween, start)
	}
	y := p.binary(prec + 1)
	return &ast.Binary{Loc: p.from(start), Op: op, OpSpan: at, X: x, Y: y}
}

// between parses (lo .. hi).
func (p *parser) between(x ast.Expr, not bool, start int32) ast.Expr {
	n := &ast.Between{Not: not, X: x}
	if p.peek().kind != lparen {
		p.expected("\"(\" behind between")
		return &ast.BadExpr{Loc: p.from(start)}
	}
	p.group(func() {
		n.Lo = p.binary(precCompare)
		if _, ok := p.need(dotdot, "\"..\" between the two ends"); ok {
			n.Hi = p.binary(precCompare)
		} else {
			n.Hi = &ast.BadExpr{}
		}
	})
	n.Loc = p.from(start)
	return n
}

// inList parses the right side of in, has_any and their kin: a list in
// parentheses, or rows. A single value may also stand without parentheses.
func (p *parser) inList(op ast.Op) []ast.Expr {
	if p.peek().kind != lparen {
		if p.peek().kind == eof {
			p.expected("a list in parentheses behind " + string(op))
			return nil
		}
		return []ast.Expr{p.unary()}
	}
	var list []ast.Expr
	p.group(func() {
		if p.peek().kind == eof {
			p.expected("a value")
			return
		}
		if p.find(pipe) < p.end || p.atSource() {
			list = append(list, p.expr())
			return
		}
		p.items(func() {
			if p.peek().kind == eof && p.toks[p.end].kind == rparen && len(list) > 0 {
				return // a trailing comma
			}
			list = append(list, p.expr())
		})
	})
	return list
}

// Operators that are no ast.Op: they become an ast.Between.
const (
	opBetween    ast.Op = "between"
	opNotBetween ast.Op = "!between"
)

// infix looks at the operator that stands here. Precedence 0 means there is
// none; width is its number of tokens.
func (p *parser) infix() (op ast.Op, prec, width int) {
	t := p.peek()
	switch t.kind {
	case word, bangWord:
		return p.infixWord(p.text(t))
	case eq:
		return ast.OpEq, precEquality, 1
	case ne:
		return ast.OpNe, precEquality, 1
	case lt:
		return ast.OpLt, precCompare, 1
	case le:
		return ast.OpLe, precCompare, 1
	case gt:
		return ast.OpGt, precCompare, 1
	case ge:
		return ast.OpGe, precCompare, 1
	case plus:
		return ast.OpAdd, precAdd, 1
	case minus:
		return ast.OpSub, precAdd, 1
	case star:
		return ast.OpMul, precMultiply, 1
	case slash:
		return ast.OpDiv, precMultiply, 1
	case percent:
		return ast.OpMod, precMultiply, 1
	case eqTilde:
		return ast.OpEqCI, precString, 1
	case neTilde:
		return ast.OpNeCI, precString, 1
	case colon:
		return ast.OpSearch, precString, 1
	}
	return "", 0, 0
}

func (p *parser) infixWord(text string) (op ast.Op, prec, width int) {
	switch text {
	case "or":
		return ast.OpOr, precOr, 1
	case "and":
		return ast.OpAnd, precAnd, 1
	case "in", "in~", "!in", "!in~", "has_any", "has_all":
		return ast.Op(text), precEquality, 1
	case "between", "!between":
		return ast.Op(text), precEquality, 1
	case "matches":
		if p.isWord(1, "regex") {
			return ast.OpMatchesRegex, precString, 2
		}
		return "", 0, 0
	}
	if op, ok := stringOps[text]; ok {
		return op, precString, 1
	}
	return "", 0, 0
}

// stringOps maps the words that compare strings, old spellings included, to operators.
var stringOps = map[string]ast.Op{
	"has": ast.OpHas, "!has": ast.OpNotHas, "has_cs": ast.OpHasCS, "!has_cs": ast.OpNotHasCS,
	"hasprefix": ast.OpHasPrefix, "!hasprefix": ast.OpNotHasPrefix,
	"hasprefix_cs": ast.OpHasPrefixCS, "!hasprefix_cs": ast.OpNotHasPrefixCS,
	"hassuffix": ast.OpHasSuffix, "!hassuffix": ast.OpNotHasSuffix,
	"hassuffix_cs": ast.OpHasSuffixCS, "!hassuffix_cs": ast.OpNotHasSuffixCS,
	"contains": ast.OpContains, "!contains": ast.OpNotContains, "notcontains": ast.OpNotContains,
	"contains_cs": ast.OpContainsCS, "containscs": ast.OpContainsCS,
	"!contains_cs": ast.OpNotContainsCS, "notcontainscs": ast.OpNotContainsCS, "!containscs": ast.OpNotContainsCS,
	"startswith": ast.OpStartsWith, "!startswith": ast.OpNotStartsWith,
	"startswith_cs": ast.OpStartsWithCS, "!startswith_cs": ast.OpNotStartsWithCS,
	"endswith": ast.OpEndsWith, "!endswith": ast.OpNotEndsWith,
	"endswith_cs": ast.OpEndsWithCS, "!endswith_cs": ast.OpNotEndsWithCS,
	"like": ast.OpLike, "notlike": ast.OpNotLike, "likecs": ast.OpLikeCS, "notlikecs": ast.OpNotLikeCS,
}

// unary parses [+-] path.
func (p *parser) unary() ast.Expr {
	t := p.peek()
	if t.kind != minus && t.kind != plus {
		return p.path()
	}
	if !p.deeper() {
		return &ast.BadExpr{Loc: locOf(t)}
	}
	defer func() { p.depth-- }()
	p.pos++
	op := ast.OpSub
	if t.kind == plus {
		op = ast.OpAdd
	}
	x := p.unary()
	return &ast.Unary{Loc: p.from(t.start), Op: op, X: x}
}

// path parses a primary and what is hung on it: .name, [x], .f(x).
func (p *parser) path() ast.Expr {
	start := p.peek().start
	x := p.primary()
	for chain := 0; chain < MaxChain && !p.failed; chain++ {
		switch p.peek().kind {
		case dot:
			p.pos++
			x = p.member(x, start)
		case lbracket:
			n := &ast.Index{X: x}
			p.group(func() { n.Y = p.expr() })
			n.Loc = p.from(start)
			x = n
		default:
			return x
		}
	}
	return x
}

// member parses what follows the dot behind x.
func (p *parser) member(x ast.Expr, start int32) ast.Expr {
	t := p.peek()
	switch {
	case t.kind == word:
		p.pos++
		name := &ast.Ident{Loc: locOf(t), Name: p.text(t)}
		if p.peek().kind == lparen {
			return p.call(x, name, start)
		}
		return &ast.Member{Loc: p.from(start), X: x, Name: name}
	case t.kind == lbracket && p.bracketName():
		name := p.quotedName()
		return &ast.Member{Loc: p.from(start), X: x, Name: name}
	case t.kind == lbracket: // the old x.[0]
		n := &ast.Index{X: x}
		p.group(func() { n.Y = p.expr() })
		n.Loc = p.from(start)
		return n
	}
	p.expected("a name behind the dot")
	return x
}

// bracketName reports whether ['name'] stands here.
func (p *parser) bracketName() bool {
	return p.peek().kind == lbracket && p.ahead(1).kind == str && p.ahead(2).kind == rbracket
}

// quotedName parses ['name'], which bracketName has seen.
func (p *parser) quotedName() *ast.Ident {
	open := p.advance()
	name, _, _ := decodeString(p.text(p.advance()))
	p.pos++
	return &ast.Ident{Loc: p.from(open.start), Name: name, Quoted: true}
}

// call parses the arguments of a function whose name has been read.
func (p *parser) call(recv ast.Expr, name *ast.Ident, start int32) *ast.Call {
	n := &ast.Call{Recv: recv, Name: name}
	if !p.deeper() {
		n.Loc = p.from(start)
		return n
	}
	defer func() { p.depth-- }()
	p.group(func() {
		switch {
		case p.peek().kind == eof:
		case takesRows[name.Name] && (p.find(pipe) < p.end || p.atSource()):
			n.Args = append(n.Args, p.unnamed(p.expr()))
		default:
			p.items(func() { n.Args = append(n.Args, p.named(true)) })
		}
	})
	n.Loc = p.from(start)
	return n
}

// takesRows are the functions whose only argument is a whole pipe, commas included.
var takesRows = wordSet("toscalar totable materialize")

func (p *parser) unnamed(x ast.Expr) *ast.NamedExpr {
	return &ast.NamedExpr{Loc: ast.Loc(x.Span()), X: x}
}

// named parses [name =] expression or (a, b) = expression. With pipes, the
// expression may be rows.
func (p *parser) named(pipes bool) *ast.NamedExpr {
	start := p.peek()
	n := &ast.NamedExpr{}
	switch {
	case start.kind == word && p.ahead(1).kind == assign:
		n.Names = []*ast.Ident{p.declared()}
		p.accept(assign)
	case p.bracketName() && p.ahead(3).kind == assign:
		n.Names = []*ast.Ident{p.quotedName()}
		p.pos++
	case start.kind == lparen && start.match >= 0 && int(start.match)+1 < p.end && p.toks[start.match+1].kind == assign:
		n.Tuple = true
		p.group(func() { p.items(func() { n.Names = append(n.Names, p.declared()) }) })
		p.accept(assign)
	}
	if pipes {
		n.X = p.expr()
	} else {
		n.X = p.value()
	}
	n.Loc = p.from(start.start)
	return n
}

// declared parses the name of something new: a column, variable or parameter.
func (p *parser) declared() *ast.Ident {
	t := p.peek()
	if p.bracketName() {
		return p.quotedName()
	}
	if t.kind != word {
		p.expected("a name")
		return &ast.Ident{Loc: locOf(t)}
	}
	text := p.text(t)
	if (reserved[text] && !declarable[text]) || strings.ContainsAny(text, "-~") {
		p.reservedWord(t)
		return &ast.Ident{Loc: locOf(t), Name: text}
	}
	p.pos++
	return &ast.Ident{Loc: locOf(t), Name: text}
}

func (p *parser) reservedWord(t tok) {
	text := p.text(t)
	p.fail(token.Diagnostic{Code: token.ReservedWord, Span: spanOf(t),
		Message: "\"" + text + "\" is a keyword, not a name", Hint: "as a name write ['" + text + "']"})
}
