package format

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/tocsin-soc/tocsin/kql/ast"
)

// literal prints a literal as it was written, or plainly if it was built by hand.
func literal(l *ast.Literal) string {
	if l.Raw != "" {
		return l.Raw
	}
	if l.Null {
		return l.Kind.String() + "(null)"
	}
	switch l.Kind {
	case ast.Bool:
		return strconv.FormatBool(l.Bool)
	case ast.Int:
		return fmt.Sprintf("int(%d)", l.Int)
	case ast.Long:
		if l.Int < 0 {
			return fmt.Sprintf("long(%d)", l.Int)
		}
		return strconv.FormatInt(l.Int, 10)
	case ast.Real:
		return "real(" + strconv.FormatFloat(l.Real, 'g', -1, 64) + ")"
	case ast.Decimal:
		return "decimal(" + l.Text + ")"
	case ast.String:
		if l.Hidden {
			return "h" + quote(l.Text)
		}
		return quote(l.Text)
	case ast.DateTime:
		return "datetime(" + datetime(l.Int) + ")"
	case ast.TimeSpan:
		return timespan(l.Int)
	case ast.Guid:
		return "guid(" + l.Text + ")"
	}
	panic(fmt.Sprintf("format: literal of kind %d", l.Kind))
}

// quote writes a string literal: verbatim where backslashes would have to be doubled.
func quote(s string) string {
	plain := true
	for _, r := range s {
		if r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' {
			plain = false
		}
	}
	if plain && strings.ContainsRune(s, '\\') {
		return `@"` + strings.ReplaceAll(s, `"`, `""`) + `"`
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029':
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

const (
	ticksPerSecond = 10_000_000
	ticksPerDay    = 86_400 * ticksPerSecond
)

// datetime prints ticks since 0001-01-01 by the civil-from-days arithmetic of the
// proleptic Gregorian calendar.
func datetime(ticks int64) string {
	days, rest := ticks/ticksPerDay, ticks%ticksPerDay
	z := days + 306 // days since 0000-03-01
	era := z / 146097
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	day := doy - (153*mp+2)/5 + 1
	month := mp + 3
	year := yoe + era*400
	if month > 12 {
		month -= 12
		year++
	}
	s := fmt.Sprintf("%04d-%02d-%02d", year, month, day)
	if rest == 0 {
		return s
	}
	return s + "T" + clock(rest) + "Z"
}

func clock(ticks int64) string {
	sec, frac := ticks/ticksPerSecond, ticks%ticksPerSecond
	s := fmt.Sprintf("%02d:%02d:%02d", sec/3600, sec/60%60, sec%60)
	if frac != 0 {
		s += strings.TrimRight(fmt.Sprintf(".%07d", frac), "0")
	}
	return s
}

// timespan prints ticks in the largest unit that keeps them whole.
func timespan(ticks int64) string {
	if ticks >= 0 {
		for _, u := range [...]struct {
			name string
			per  int64
		}{{"d", ticksPerDay}, {"h", 3600 * ticksPerSecond}, {"m", 60 * ticksPerSecond}, {"s", ticksPerSecond}, {"ms", 10_000}} {
			if ticks != 0 && ticks%u.per == 0 {
				return strconv.FormatInt(ticks/u.per, 10) + u.name
			}
		}
		return strconv.FormatInt(ticks, 10) + "tick"
	}
	u := uint64(-ticks)
	return fmt.Sprintf("timespan(-%d.%s)", u/ticksPerDay, clock(int64(u%ticksPerDay)))
}

// dyn prints a value inside dynamic(…).
func (b *builder) dyn(v *ast.DynValue) *doc {
	before := nothing
	if v.Loc != (ast.Loc{}) {
		before = b.at(v.Start)
	}
	var kids []*doc
	switch v.Kind {
	case ast.DynNull:
		return cat(before, str("null"))
	case ast.DynScalar:
		b.skip(v.Span())
		return cat(before, str(literal(v.Scalar)))
	case ast.DynArray:
		for i, item := range v.Items {
			kids = append(kids, b.separator(i, item.Start), b.dyn(item))
		}
		return cat(before, grouped(str("["), nested(kids...), b.brk(softDoc, v.End-1), str("]")))
	case ast.DynObject:
		for i, f := range v.Fields {
			kids = append(kids, b.separator(i, f.Value.Start), str(quote(f.Key)+": "), b.dyn(f.Value))
		}
		return cat(before, grouped(str("{"), nested(kids...), b.brk(softDoc, v.End-1), str("}")))
	}
	panic(fmt.Sprintf("format: dynamic value of kind %d", v.Kind))
}
