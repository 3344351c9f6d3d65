package rule

import (
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"github.com/tocsin-soc/tocsin/sigma/pattern"
)

// Op is the operator of an Expr.
type Op uint8

// The operators. And of nothing is true, Or of nothing false.
const (
	OpLeaf Op = iota
	OpAnd
	OpOr
	OpNot
)

// Expr is the boolean meaning of a detection: conditions, selections, value
// lists and modifiers resolved into And, Or, Not over Predicates. It is a tree
// and is not changed after parsing; a pipeline makes new ones.
type Expr struct {
	Op   Op
	Args []*Expr    // OpAnd, OpOr: any number; OpNot: one
	Leaf *Predicate // OpLeaf
}

// Leaf wraps a predicate.
func Leaf(p *Predicate) *Expr { return &Expr{Op: OpLeaf, Leaf: p} }

// And is true when all args are; one argument is returned as it is.
func And(args ...*Expr) *Expr { return combine(OpAnd, args) }

// Or is true when one of args is; one argument is returned as it is.
func Or(args ...*Expr) *Expr { return combine(OpOr, args) }

// Not is true when arg is false, also because a field is absent.
func Not(arg *Expr) *Expr {
	if arg.Op == OpNot {
		return arg.Args[0]
	}
	return &Expr{Op: OpNot, Args: []*Expr{arg}}
}

func combine(op Op, args []*Expr) *Expr {
	if len(args) == 1 {
		return args[0]
	}
	flat := make([]*Expr, 0, len(args))
	for _, a := range args {
		if a.Op == op {
			flat = append(flat, a.Args...)
			continue
		}
		flat = append(flat, a)
	}
	return &Expr{Op: op, Args: flat}
}

// Walk calls visit for every predicate, from left to right.
func (e *Expr) Walk(visit func(*Predicate)) {
	if e.Op == OpLeaf {
		visit(e.Leaf)
		return
	}
	for _, a := range e.Args {
		a.Walk(visit)
	}
}

// Map returns the expression with every predicate replaced by replace's result;
// an error ends it. A nil result without error drops the predicate, and with it
// And, Or and Not that are left without arguments; Map returns nil when nothing
// is left.
func (e *Expr) Map(replace func(*Predicate) (*Expr, error)) (*Expr, error) {
	if e.Op == OpLeaf {
		return replace(e.Leaf)
	}
	args := make([]*Expr, 0, len(e.Args))
	for _, a := range e.Args {
		m, err := a.Map(replace)
		if err != nil {
			return nil, err
		}
		if m != nil {
			args = append(args, m)
		}
	}
	switch {
	case len(args) == 0 && len(e.Args) > 0:
		return nil, nil
	case e.Op == OpNot:
		return Not(args[0]), nil
	}
	return combine(e.Op, args), nil
}

// String writes the expression for people: and, or, not, parentheses.
func (e *Expr) String() string {
	var b strings.Builder
	e.write(&b, 0)
	return b.String()
}

func (e *Expr) write(b *strings.Builder, above int) {
	switch e.Op {
	case OpLeaf:
		b.WriteString(e.Leaf.String())
	case OpNot:
		b.WriteString("not ")
		e.Args[0].write(b, 3)
	case OpAnd, OpOr:
		word, level, empty := " and ", 2, "true"
		if e.Op == OpOr {
			word, level, empty = " or ", 1, "false"
		}
		if len(e.Args) == 0 {
			b.WriteString(empty)
			return
		}
		if level < above {
			b.WriteByte('(')
		}
		for i, a := range e.Args {
			if i > 0 {
				b.WriteString(word)
			}
			a.write(b, level)
		}
		if level < above {
			b.WriteByte(')')
		}
	}
}

// Test says how a Predicate looks at a value.
type Test uint8

// The tests.
const (
	TestPattern Test = iota // Pattern matches the value
	TestRegex               // Regex is found in the value, case as the expression says
	TestCIDR                // the value is an address inside Network
	TestCompare             // the value is a number and compares as Compare says to Number
	TestNull                // the field is absent or null
	TestExists              // the field is present (also null or empty), or absent if Absent
	TestField               // the value matches that of OtherField, placed as Place says
	TestTime                // Part of the value, a date (UTC), compares as Compare says to Number
)

// Compare is a numeric comparison.
type Compare uint8

// The comparisons.
const (
	Equal Compare = iota
	Less
	LessEqual
	Greater
	GreaterEqual
)

var compareSigns = [...]string{"=", "<", "<=", ">", ">="}

// Holds reports whether a compares to b as c says, given cmp = -1, 0 or +1.
func (c Compare) Holds(cmp int) bool {
	switch c {
	case Equal:
		return cmp == 0
	case Less:
		return cmp < 0
	case LessEqual:
		return cmp <= 0
	case Greater:
		return cmp > 0
	case GreaterEqual:
		return cmp >= 0
	}
	panic("rule: unknown comparison")
}

// DatePart is what a time modifier takes from a date.
type DatePart uint8

// The parts; Week is the ISO 8601 week number.
const (
	Minute DatePart = iota
	Hour
	Day
	Week
	Month
	Year
)

var datePartNames = [...]string{"minute", "hour", "day", "week", "month", "year"}

// Place says where in a value the text of another field must stand.
type Place uint8

// The places.
const (
	Whole Place = iota
	AtStart
	AtEnd
	Within
)

// Predicate is one test of one field. Several values of a field (a list) satisfy
// it when one of them does. An absent field satisfies only TestNull and
// TestExists with Absent.
type Predicate struct {
	Field string // "" is a keyword: any value of the event, or its raw text
	Test  Test

	Pattern pattern.Pattern // TestPattern, not folded
	Cased   bool            // TestPattern, TestField: case is significant

	Regex    *regexp.Regexp // TestRegex, compiled with its flags
	RegexSrc string         // TestRegex, as the rule has it
	Network  netip.Prefix   // TestCIDR

	Compare Compare // TestCompare, TestTime
	Number  Number
	Part    DatePart // TestTime

	Absent     bool   // TestExists
	OtherField string // TestField
	Place      Place
}

// Number is a numeric operand: an exact integer when IsInt, else Float.
type Number struct {
	IsInt bool
	Int   int64
	Float float64
}

// ParseNumber reads a decimal integer or a decimal fraction with optional
// exponent; nothing else is a number (no hex, no spaces, no Inf or NaN).
func ParseNumber(s string) (Number, bool) {
	if s == "" || len(s) > 64 {
		return Number{}, false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !('0' <= c && c <= '9' || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E') {
			return Number{}, false
		}
	}
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return Number{IsInt: true, Int: i, Float: float64(i)}, true
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return Number{}, false
	}
	return Number{Float: f}, true
}

// Cmp compares two numbers: -1, 0 or +1. Two integers compare exactly.
func (n Number) Cmp(m Number) int {
	if n.IsInt && m.IsInt {
		switch {
		case n.Int < m.Int:
			return -1
		case n.Int > m.Int:
			return 1
		}
		return 0
	}
	switch {
	case n.Float < m.Float:
		return -1
	case n.Float > m.Float:
		return 1
	}
	return 0
}

// String writes the number in decimal.
func (n Number) String() string {
	if n.IsInt {
		return strconv.FormatInt(n.Int, 10)
	}
	return strconv.FormatFloat(n.Float, 'f', -1, 64)
}

// String writes the predicate for people, for example Image: *\cmd.exe.
func (p *Predicate) String() string {
	field := p.Field
	if field == "" {
		field = "keyword"
	}
	switch p.Test {
	case TestPattern:
		if p.Cased {
			return fmt.Sprintf("%s|cased: %s", field, p.Pattern)
		}
		return fmt.Sprintf("%s: %s", field, p.Pattern)
	case TestRegex:
		return fmt.Sprintf("%s|re: %s", field, p.Regex)
	case TestCIDR:
		return fmt.Sprintf("%s|cidr: %s", field, p.Network)
	case TestCompare:
		return fmt.Sprintf("%s %s %s", field, compareSigns[p.Compare], p.Number)
	case TestNull:
		return field + ": null"
	case TestExists:
		return fmt.Sprintf("%s|exists: %t", field, !p.Absent)
	case TestField:
		return fmt.Sprintf("%s|fieldref%s: %s", field, [...]string{"", "|startswith", "|endswith", "|contains"}[p.Place], p.OtherField)
	case TestTime:
		return fmt.Sprintf("%s|%s %s %s", field, datePartNames[p.Part], compareSigns[p.Compare], p.Number)
	}
	panic("rule: unknown test")
}
