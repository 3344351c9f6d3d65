package parser

import (
	"math"
	"strings"

	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// dynamic parses dynamic(value). The contents are KQL literals in JSON's shape
// (Kql.g4: jsonValue), not JSON.
func (p *parser) dynamic() ast.Expr {
	start := p.advance()
	n := &ast.Dynamic{}
	p.group(func() { n.Value = p.dynValue() })
	if n.Value == nil {
		n.Value = &ast.DynValue{}
	}
	n.Loc = p.from(start.start)
	return n
}

func (p *parser) dynValue() *ast.DynValue {
	t := p.peek()
	v := &ast.DynValue{Loc: locOf(t)}
	if !p.deeper() {
		return v
	}
	defer func() { p.depth-- }()
	switch t.kind {
	case lbracket:
		v.Kind = ast.DynArray
		p.group(func() { p.dynItems(func() { v.Items = append(v.Items, p.dynValue()) }) })
	case lbrace:
		v.Kind = ast.DynObject
		p.group(func() { p.dynItems(func() { p.dynField(v) }) })
	case str:
		v.Kind, v.Scalar = ast.DynScalar, p.dynString()
	case typed:
		v.Kind, v.Scalar = ast.DynScalar, p.typedLiteral().(*ast.Literal)
		if v.Scalar.Null {
			v.Kind, v.Scalar = ast.DynNull, nil
		}
	case long, real, span, minus, plus:
		p.dynNumber(v)
	case word:
		return p.dynWord(v, t)
	default:
		p.expected("a value of dynamic(…)")
	}
	v.Loc = p.from(t.start)
	return v
}

// dynItems parses the items of an array or object; both may be empty or end in a comma.
func (p *parser) dynItems(item func()) {
	if p.peek().kind == eof {
		return
	}
	p.list(func() {
		if p.peek().kind != eof {
			item()
		}
	})
}

func (p *parser) dynField(v *ast.DynValue) {
	t := p.peek()
	var key string
	switch t.kind {
	case str:
		key = p.dynString().Text
	default:
		p.expected("a key in quotes")
		return
	}
	if _, ok := p.need(colon, "\":\" behind the key"); ok {
		v.Fields = append(v.Fields, ast.DynField{Key: key, Value: p.dynValue()})
	}
}

// dynString parses strings inside dynamic(…), where JSON's \/ is also an escape.
func (p *parser) dynString() *ast.Literal {
	start := p.peek()
	lit := &ast.Literal{Kind: ast.String}
	for p.peek().kind == str {
		t := p.advance()
		value, hidden, badAt := decodeString(p.text(t))
		if badAt >= 0 && strings.HasPrefix(p.text(t)[badAt:], `\/`) {
			value, _, badAt = decodeString(strings.ReplaceAll(p.text(t), `\/`, `/`))
		}
		if badAt >= 0 {
			p.badEscape(t, badAt)
		}
		lit.Text += value
		lit.Hidden = lit.Hidden || hidden
	}
	lit.Loc = p.from(start.start)
	lit.Raw = lit.Span().Of(p.src)
	return lit
}

func (p *parser) dynNumber(v *ast.DynValue) {
	t := p.peek()
	negative := t.kind == minus
	if t.kind == minus || t.kind == plus {
		p.pos++
	}
	n := p.peek()
	if n.kind != long && n.kind != real && n.kind != span {
		p.expected("a number")
		return
	}
	if negative && p.text(n) == smallestLong[1:] {
		p.pos++
		v.Kind = ast.DynScalar
		v.Scalar = &ast.Literal{Loc: p.from(t.start), Kind: ast.Long, Int: math.MinInt64, Raw: smallestLong}
		return
	}
	lit := p.numberLiteral().(*ast.Literal)
	if negative {
		lit.Int, lit.Real = -lit.Int, -lit.Real
		lit.Raw = "-" + lit.Raw
	}
	if lit.Kind == ast.Real && math.IsInf(lit.Real, 0) {
		p.diags.Add(token.Diagnostic{Code: token.BadLiteral, Span: spanOf(n), Message: p.text(n) + " is too large for a real"})
	}
	v.Kind, v.Scalar = ast.DynScalar, lit
}

func (p *parser) dynWord(v *ast.DynValue, t tok) *ast.DynValue {
	switch text := p.text(t); {
	case text == "null":
		p.pos++
	case strings.EqualFold(text, "true"), strings.EqualFold(text, "false"):
		p.pos++
		v.Kind = ast.DynScalar
		v.Scalar = &ast.Literal{Loc: locOf(t), Kind: ast.Bool, Raw: text, Bool: strings.EqualFold(text, "true")}
	case text == "dynamic" && p.ahead(1).kind == lparen:
		p.pos++
		inner := v
		p.group(func() { inner = p.dynValue() })
		inner.Loc = p.from(t.start)
		return inner
	default:
		p.fail(token.Diagnostic{Code: token.Syntax, Span: spanOf(t), Message: "dynamic(…) holds constants, found \"" + text + "\"",
			Hint: "a string needs quotes; to build a value from columns use pack_array() or bag_pack()"})
	}
	return v
}
