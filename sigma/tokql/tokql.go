// Package tokql turns the expression of a Sigma rule into a KQL predicate.
//
// It promises a predicate that holds for the same rows as the rule holds for the
// same events, or an error that names what KQL cannot say. Every part is true or
// false, never null, so that not means the same in both languages. One
// difference is of the tables, not of the predicate: a string column cannot tell
// an absent value from an empty one, so both count as absent.
//
// It knows no tables: a Column says how a field is read. It is tested by cases
// and by parsing what it makes of every SigmaHQ rule.
package tokql

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/sigma/pattern"
	"github.com/tocsin-soc/tocsin/sigma/rule"
)

// Column returns the expression that reads a field as text, nil if no row of the
// table can have it, or an error if the table has no such column.
type Column func(field string) (ast.Expr, error)

// Predicate returns e as a predicate over columns. It is the literal true or
// false if fields that no row has decide it.
func Predicate(e *rule.Expr, column Column) (ast.Expr, error) {
	t := translator{column: column}
	return t.expr(e)
}

type translator struct{ column Column }

func (t *translator) expr(e *rule.Expr) (ast.Expr, error) {
	switch e.Op {
	case rule.OpLeaf:
		return t.predicate(e.Leaf)
	case rule.OpNot:
		x, err := t.expr(e.Args[0])
		if err != nil {
			return nil, err
		}
		if holds, ok := constant(x); ok {
			return Bool(!holds), nil
		}
		return Call("not", ast.Unparen(x)), nil
	}
	op := ast.OpAnd
	if e.Op == rule.OpOr {
		op = ast.OpOr
	}
	var parts []ast.Expr
	rest := e.Args
	if e.Op == rule.OpOr {
		lists, others, err := t.lists(e.Args)
		if err != nil {
			return nil, err
		}
		parts, rest = lists, others
	}
	for _, a := range rest {
		x, err := t.expr(a)
		if err != nil {
			return nil, err
		}
		if holds, ok := constant(x); ok && holds == (op == ast.OpOr) {
			return x, nil // decides the whole
		} else if !ok {
			parts = append(parts, x)
		}
	}
	return Join(op, parts...), nil
}

// constant reads the literals true and false.
func constant(x ast.Expr) (holds, ok bool) {
	l, ok := x.(*ast.Literal)
	if !ok || l.Kind != ast.Bool {
		return false, false
	}
	return l.Bool, true
}

// minList is how many equal tests of one field become a list.
const minList = 3

// lists gathers the whole-value alternatives of each field into in~.
func (t *translator) lists(args []*rule.Expr) (lists []ast.Expr, others []*rule.Expr, err error) {
	texts := map[string][]ast.Expr{}
	var fields []string
	whole := func(a *rule.Expr) (string, bool) {
		if a.Op != rule.OpLeaf || a.Leaf.Test != rule.TestPattern || a.Leaf.Cased || a.Leaf.Field == "" {
			return "", false
		}
		text, ok := a.Leaf.Pattern.Plain()
		return text, ok && text != ""
	}
	for _, a := range args {
		if text, ok := whole(a); ok {
			if texts[a.Leaf.Field] == nil {
				fields = append(fields, a.Leaf.Field)
			}
			texts[a.Leaf.Field] = append(texts[a.Leaf.Field], String(text))
		}
	}
	for _, a := range args {
		if _, ok := whole(a); !ok || len(texts[a.Leaf.Field]) < minList {
			others = append(others, a)
		}
	}
	for _, f := range fields {
		if len(texts[f]) < minList {
			continue
		}
		col, err := t.column(f)
		if err != nil {
			return nil, nil, err
		}
		if col == nil {
			continue // none of the alternatives holds
		}
		lists = append(lists, &ast.In{Op: ast.OpInCI, X: col, List: texts[f]})
	}
	return lists, others, nil
}

func (t *translator) predicate(p *rule.Predicate) (ast.Expr, error) {
	var col ast.Expr = &ast.Star{}
	if p.Field != "" {
		var err error
		if col, err = t.column(p.Field); err != nil {
			return nil, err
		}
		if col == nil {
			return Bool(p.Test == rule.TestNull || p.Test == rule.TestExists && p.Absent), nil
		}
	}
	switch p.Test {
	case rule.TestPattern:
		return text(p, col)
	case rule.TestRegex:
		return Binary(ast.OpMatchesRegex, col, String(p.Regex.String())), nil
	case rule.TestCIDR:
		name := "ipv4_is_in_range"
		if p.Network.Addr().Is6() {
			name = "ipv6_is_in_range"
		}
		return Call("coalesce", Call(name, col, String(p.Network.String())), Bool(false)), nil
	case rule.TestCompare:
		// Text that is no decimal number is no number for Sigma; KQL would read hex.
		guard := Binary(ast.OpMatchesRegex, col, String(`^[+-]?[0-9]+(\.[0-9]+)?$`))
		return Join(ast.OpAnd, guard, Binary(compareOps[p.Compare], Call("todouble", col), number(p.Number))), nil
	case rule.TestNull:
		return Call("isempty", col), nil
	case rule.TestExists:
		if p.Absent {
			return Call("isempty", col), nil
		}
		return Call("isnotempty", col), nil
	case rule.TestField:
		return t.reference(p, col)
	case rule.TestTime:
		return Call("coalesce", Binary(compareOps[p.Compare], datePart(p.Part, col), number(p.Number)), Bool(false)), nil
	}
	return nil, fmt.Errorf("%s has no counterpart in KQL", p)
}

var compareOps = [...]ast.Op{rule.Equal: ast.OpEq, rule.Less: ast.OpLt, rule.LessEqual: ast.OpLe, rule.Greater: ast.OpGt, rule.GreaterEqual: ast.OpGe}

var dateParts = [...]string{rule.Minute: "minute", rule.Hour: "hour", rule.Day: "day", rule.Month: "month", rule.Year: "year"}

func datePart(part rule.DatePart, col ast.Expr) ast.Expr {
	date := Call("todatetime", col)
	if part == rule.Week {
		return Call("week_of_year", date)
	}
	return Call("datetime_part", String(dateParts[part]), date)
}

// text translates a string test.
func text(p *rule.Predicate, col ast.Expr) (ast.Expr, error) {
	ops := [...]ast.Op{pattern.Exact: ast.OpEqCI, pattern.Prefix: ast.OpStartsWith, pattern.Suffix: ast.OpEndsWith, pattern.Infix: ast.OpContains}
	if p.Cased {
		ops = [...]ast.Op{pattern.Exact: ast.OpEq, pattern.Prefix: ast.OpStartsWithCS, pattern.Suffix: ast.OpEndsWithCS, pattern.Infix: ast.OpContainsCS}
	}
	shape, lit := p.Pattern.Shape()
	switch {
	case shape == pattern.All && p.Field == "":
		return Bool(true), nil
	case shape == pattern.All:
		return Call("isnotempty", col), nil
	case shape == pattern.Exact && lit == "":
		return Call("isempty", col), nil
	case shape == pattern.Glob:
		return Binary(ast.OpMatchesRegex, col, String(globRegex(p))), nil
	}
	return Binary(ops[shape], col, String(lit)), nil
}

// globRegex writes a pattern with inner wildcards as a regular expression.
func globRegex(p *rule.Predicate) string {
	var b strings.Builder
	b.WriteString("(?is)^")
	if p.Cased {
		b.Reset()
		b.WriteString("(?s)^")
	}
	for _, tok := range p.Pattern {
		switch tok.Kind {
		case pattern.Any:
			b.WriteString(".*")
		case pattern.One:
			b.WriteByte('.')
		default:
			b.WriteString(regexp.QuoteMeta(tok.Text))
		}
	}
	b.WriteByte('$')
	return b.String()
}

func (t *translator) reference(p *rule.Predicate, col ast.Expr) (ast.Expr, error) {
	other, err := t.column(p.OtherField)
	if err != nil {
		return nil, err
	}
	if other == nil {
		return Bool(false), nil
	}
	ops := [...]ast.Op{rule.Whole: ast.OpEqCI, rule.AtStart: ast.OpStartsWith, rule.AtEnd: ast.OpEndsWith, rule.Within: ast.OpContains}
	if p.Cased {
		ops = [...]ast.Op{rule.Whole: ast.OpEq, rule.AtStart: ast.OpStartsWithCS, rule.AtEnd: ast.OpEndsWithCS, rule.Within: ast.OpContainsCS}
	}
	return Join(ast.OpAnd, Call("isnotempty", other), Binary(ops[p.Place], col, other)), nil
}

func number(n rule.Number) ast.Expr {
	var x ast.Expr = &ast.Literal{Kind: ast.Real, Real: max(n.Float, -n.Float)}
	if n.IsInt {
		x = &ast.Literal{Kind: ast.Long, Int: max(n.Int, -n.Int)}
	}
	if n.Float < 0 {
		return &ast.Unary{Op: ast.OpSub, X: x}
	}
	return x
}

// Ident names a column.
func Ident(name string) *ast.Ident { return &ast.Ident{Name: name} }

// String is a string literal.
func String(s string) ast.Expr { return &ast.Literal{Kind: ast.String, Text: s} }

// Bool is true or false.
func Bool(b bool) ast.Expr { return &ast.Literal{Kind: ast.Bool, Bool: b} }

// Call is a function call.
func Call(name string, args ...ast.Expr) ast.Expr {
	c := &ast.Call{Name: Ident(name)}
	for _, a := range args {
		c.Args = append(c.Args, &ast.NamedExpr{X: a})
	}
	return c
}

// Binary is x op y.
func Binary(op ast.Op, x, y ast.Expr) ast.Expr { return &ast.Binary{Op: op, X: x, Y: y} }

// Join is parts joined by and or or, in parentheses where they mix; no parts are
// true for and, false for or.
func Join(op ast.Op, parts ...ast.Expr) ast.Expr {
	if len(parts) == 0 {
		return Bool(op == ast.OpAnd)
	}
	var flat []ast.Expr
	for _, p := range parts {
		flat = operands(flat, op, p)
	}
	out := flat[0]
	if len(flat) > 1 {
		out = wrap(op, out)
	}
	for _, p := range flat[1:] {
		out = Binary(op, out, wrap(op, p))
	}
	return out
}

// operands takes x apart where it is itself joined by op.
func operands(dst []ast.Expr, op ast.Op, x ast.Expr) []ast.Expr {
	if b, ok := x.(*ast.Binary); ok && b.Op == op {
		return append(operands(dst, op, b.X), b.Y)
	}
	return append(dst, x)
}

func wrap(op ast.Op, x ast.Expr) ast.Expr {
	if b, ok := x.(*ast.Binary); ok && (b.Op == ast.OpAnd || b.Op == ast.OpOr) && b.Op != op {
		return &ast.Paren{X: x}
	}
	return x
}
