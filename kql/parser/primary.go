package parser

import (
	"math"
	"strings"

	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// primary parses a literal, a name, a call or something in brackets.
func (p *parser) primary() ast.Expr {
	t := p.peek()
	switch t.kind {
	case str:
		return p.stringLiteral()
	case long, real, span:
		return p.numberLiteral()
	case typed:
		return p.typedLiteral()
	case star:
		p.pos++
		return &ast.Star{Loc: locOf(t)}
	case lparen:
		n := &ast.Paren{}
		p.group(func() { n.X = p.expr() })
		n.Loc = p.from(t.start)
		return n
	case lbracket:
		if p.bracketName() {
			name := p.quotedName()
			if p.peek().kind == lparen {
				return p.call(nil, name, t.start)
			}
			return name
		}
		p.fail(token.Diagnostic{Code: token.Syntax, Span: spanOf(t), Message: "a value cannot begin with [",
			Hint: "a list is written dynamic([1, 2]), a name with blanks ['a name']"})
	case word:
		return p.wordExpr(t)
	case bad:
		p.failed = true // the scanner has said so
		p.pos = p.end
	default:
		p.expected("an expression")
	}
	return &ast.BadExpr{Loc: locOf(t)}
}

// wordExpr parses what begins with a word: a constant, a special form, a call or a name.
func (p *parser) wordExpr(t tok) ast.Expr {
	text := p.text(t)
	next := p.ahead(1).kind
	switch text {
	case "true", "false", "True", "False", "TRUE", "FALSE":
		p.pos++
		return &ast.Literal{Loc: locOf(t), Kind: ast.Bool, Raw: text, Bool: strings.EqualFold(text, "true")}
	case "dynamic":
		if next == lparen {
			return p.dynamic()
		}
	case "typeof":
		if next == lparen {
			return p.typeOf()
		}
	case "datatable":
		return p.dataTable()
	case "externaldata", "external_data":
		return p.externalData()
	case "entity_group":
		if next == lbracket {
			return p.entityGroup()
		}
	case "toscalar", "totable":
		if next == word && p.isWord(1, "kind") && p.ahead(2).kind == assign && p.ahead(4).kind == lparen {
			p.pos += 4 // kind=nooptimization asks for a slower way to the same value
			return p.call(nil, &ast.Ident{Loc: locOf(t), Name: text}, t.start)
		}
	}
	if next == lparen {
		if typedWords[text] {
			p.fail(token.Diagnostic{Code: token.BadLiteral, Span: spanOf(t),
				Message: text + "(…) holds a constant, not an expression", Hint: "to convert a value use to" + text + "()"})
			return &ast.BadExpr{Loc: locOf(t)}
		}
		if _, operator := stringOps[text]; !operator && text != "and" && text != "or" && text != "in" {
			p.pos++
			return p.call(nil, &ast.Ident{Loc: locOf(t), Name: text}, t.start)
		}
	}
	if reserved[text] || strings.ContainsAny(text, "-~") {
		d := token.Diagnostic{Code: token.Syntax, Span: spanOf(t), Message: "expected an expression, found \"" + text + "\"",
			Hint: "a column of this name is written ['" + text + "']"}
		if _, operator := stringOps[text]; operator && next == lparen {
			d.Hint = text + " is an operator, not a function: a " + text + " b"
		}
		p.fail(d)
		return &ast.BadExpr{Loc: locOf(t)}
	}
	p.pos++
	return &ast.Ident{Loc: locOf(t), Name: text}
}

// stringLiteral parses one or more adjacent strings, which are one value.
func (p *parser) stringLiteral() *ast.Literal {
	start := p.peek()
	lit := &ast.Literal{Kind: ast.String}
	var rest strings.Builder // of further strings: there may be very many
	for p.peek().kind == str {
		t := p.advance()
		value, hidden, badAt := decodeString(p.text(t))
		if badAt >= 0 {
			p.badEscape(t, badAt)
		}
		if lit.Text == "" {
			lit.Text = value
		} else {
			rest.WriteString(value)
		}
		lit.Hidden = lit.Hidden || hidden
	}
	if rest.Len() > 0 {
		lit.Text += rest.String()
	}
	lit.Loc = p.from(start.start)
	lit.Raw = lit.Span().Of(p.src)
	return lit
}

// badEscape reports a backslash sequence that does not exist, without giving up on
// the operator: the rest of it reads well.
func (p *parser) badEscape(t tok, at int) {
	from := int(t.start) + at
	to := min(from+2, int(t.end))
	p.diags.Add(token.Diagnostic{Code: token.BadEscape, Span: token.Span{Start: token.Pos(from), End: token.Pos(to)},
		Message: "\"" + p.src[from:to] + "\" is not an escape sequence", Hint: "double the backslash, or write the string as @\"…\""})
}

func (p *parser) numberLiteral() ast.Expr {
	t := p.advance()
	raw := p.text(t)
	lit := &ast.Literal{Loc: locOf(t), Raw: raw}
	ok := false
	switch t.kind {
	case long:
		lit.Kind = ast.Long
		lit.Int, ok = readInteger(raw)
	case real:
		lit.Kind = ast.Real
		lit.Real, ok = readReal(raw)
	default:
		i := 0
		for isDigit(raw[i]) || raw[i] == '.' {
			i++
		}
		lit.Kind = ast.TimeSpan
		lit.Int, ok = readAmount(raw[:i], raw[i:])
	}
	if !ok {
		p.diags.Add(token.Diagnostic{Code: token.BadLiteral, Span: spanOf(t),
			Message: raw + " is too large for a " + lit.Kind.String()})
	}
	return lit
}

// typedLiteral parses datetime(…) and its kin.
func (p *parser) typedLiteral() ast.Expr {
	t := p.advance()
	raw := p.text(t)
	head, inner, _ := strings.Cut(raw, "(")
	lit, complaint := readTyped(strings.TrimSpace(head), strings.TrimSuffix(inner, ")"))
	if complaint != "" {
		d := token.Diagnostic{Code: token.BadLiteral, Span: spanOf(t), Message: complaint}
		if lit.Kind == ast.DateTime {
			d.Hint = "write datetime(2024-01-31 10:00)"
			if strings.ContainsAny(inner, `"'`) { // published queries hold placeholders such as datetime("Insert date")
				d.Severity, lit.Null = token.Warning, true
				d.Message += "; the literal is null and compares as never true"
			}
		}
		p.diags.Add(d)
	}
	lit.Loc, lit.Raw = locOf(t), raw
	return &lit
}

// typeOf parses typeof(long) and typeof(a:long, *).
func (p *parser) typeOf() ast.Expr {
	start := p.advance()
	n := &ast.TypeLit{}
	if p.ahead(1).kind == word && p.ahead(2).kind == rparen {
		p.group(func() { n.Type = p.typeName() })
	} else {
		n.Schema = p.rowSchema()
	}
	n.Loc = p.from(start.start)
	return n
}

// typeName parses the name of a scalar type.
func (p *parser) typeName() *ast.TypeName {
	t, ok := p.need(word, "a type")
	if !ok {
		return nil
	}
	text := p.text(t)
	name, known := typeNames[text]
	if !known {
		d := token.Diagnostic{Code: token.Syntax, Span: spanOf(t), Message: "unknown type \"" + text + "\"",
			Hint: token.DidYouMean(text, keys(typeNames))}
		p.diags.Add(d)
	}
	return &ast.TypeName{Loc: locOf(t), Text: text, Name: name}
}

// rowSchema parses (a:long, b:string), (*) and mixtures.
func (p *parser) rowSchema() *ast.RowSchema {
	start := p.peek()
	n := &ast.RowSchema{Loc: locOf(start)}
	if start.kind != lparen {
		p.expected("a list of columns in parentheses")
		return n
	}
	p.group(func() {
		if p.peek().kind == eof {
			return
		}
		p.items(func() {
			switch p.peek().kind {
			case star:
				p.pos++
				n.Open = true
			case eof: // a trailing comma
			default:
				n.Columns = append(n.Columns, p.columnDecl(true))
			}
		})
	})
	n.Loc = p.from(start.start)
	return n
}

// columnDecl parses name:type; without needType the type may be absent.
func (p *parser) columnDecl(needType bool) *ast.ColumnDecl {
	start := p.peek()
	n := &ast.ColumnDecl{Name: p.declared()}
	if p.accept(colon) {
		n.Type = p.typeName()
	} else if needType && !p.failed {
		p.expected("\":\" and a type")
	}
	n.Loc = p.from(start.start)
	return n
}

// dataTable parses datatable (schema) [values].
func (p *parser) dataTable() ast.Expr {
	start := p.advance()
	n := &ast.DataTable{Params: p.onlyParams()}
	n.Schema = p.rowSchema()
	if p.peek().kind != lbracket {
		p.expected("the values in [ ]")
		return &ast.BadExpr{Loc: p.from(start.start)}
	}
	p.group(func() {
		for p.accept(comma) { // a leading comma is an accepted slip
		}
		if p.peek().kind == eof {
			return
		}
		p.list(func() {
			if p.peek().kind != eof { // a trailing comma
				n.Values = append(n.Values, p.cell())
			}
		})
	})
	n.Loc = p.from(start.start)
	return n
}

// cell parses a value of datatable. Here, unlike in an expression, a sign belongs to the
// number, which matters for the smallest long: without its sign it is too large.
func (p *parser) cell() ast.Expr {
	t, next := p.peek(), p.ahead(1)
	if t.kind == minus && next.kind == long && p.text(next) == smallestLong[1:] {
		p.pos += 2
		return &ast.Literal{Loc: p.from(t.start), Kind: ast.Long, Int: math.MinInt64, Raw: smallestLong}
	}
	return p.binary(precAdd)
}

const smallestLong = "-9223372036854775808"

// externalData parses externaldata (schema) [uris] with (properties).
func (p *parser) externalData() ast.Expr {
	start := p.advance()
	n := &ast.ExternalData{Params: p.onlyParams()}
	n.Schema = p.rowSchema()
	if p.peek().kind != lbracket {
		p.expected("the addresses in [ ]")
		return &ast.BadExpr{Loc: p.from(start.start)}
	}
	p.group(func() {
		p.items(func() {
			if p.peek().kind != eof {
				n.URIs = append(n.URIs, p.value())
			}
		})
	})
	if p.isWord(0, "with") && p.ahead(1).kind == lparen {
		p.pos++
		n.With = p.propertyGroup()
	}
	n.Loc = p.from(start.start)
	return n
}

// entityGroup parses entity_group [a, b].
func (p *parser) entityGroup() ast.Expr {
	start := p.advance()
	n := &ast.EntityGroup{}
	p.group(func() { p.items(func() { n.Items = append(n.Items, p.value()) }) })
	n.Loc = p.from(start.start)
	return n
}
