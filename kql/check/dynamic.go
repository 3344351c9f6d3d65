package check

import (
	"math"
	"strconv"
	"strings"

	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
)

// dynamicConst is the JSON form of a dynamic literal: datetimes, timespans and
// guids become strings, as Kusto stores them.
func dynamicConst(v *ast.DynValue) plan.Expr {
	if v == nil || v.Kind == ast.DynNull {
		return null(catalog.Dynamic)
	}
	var b strings.Builder
	writeDynamic(&b, v)
	return &plan.Const{T: catalog.Dynamic, Text: b.String()}
}

func writeDynamic(b *strings.Builder, v *ast.DynValue) {
	switch v.Kind {
	case ast.DynNull:
		b.WriteString("null")
	case ast.DynScalar:
		b.WriteString(scalarJSON(v.Scalar))
	case ast.DynArray:
		b.WriteByte('[')
		for i, item := range v.Items {
			if i > 0 {
				b.WriteByte(',')
			}
			writeDynamic(b, item)
		}
		b.WriteByte(']')
	case ast.DynObject:
		b.WriteByte('{')
		last := map[string]int{}
		for i, f := range v.Fields {
			last[f.Key] = i
		}
		first := true
		for i, f := range v.Fields {
			if last[f.Key] != i {
				continue // of a repeated key the last value stays
			}
			if !first {
				b.WriteByte(',')
			}
			first = false
			b.WriteString(quoteJSON(f.Key))
			b.WriteByte(':')
			writeDynamic(b, f.Value)
		}
		b.WriteByte('}')
	default:
		panic("check: dynamic value without a case")
	}
}

func scalarJSON(l *ast.Literal) string {
	if l.Null {
		return "null"
	}
	switch l.Kind {
	case ast.Bool:
		return strconv.FormatBool(l.Bool)
	case ast.Int, ast.Long:
		return strconv.FormatInt(l.Int, 10)
	case ast.Real:
		return realJSON(l.Real)
	case ast.Decimal:
		return quoteJSON(l.Text)
	case ast.String, ast.Guid:
		return quoteJSON(l.Text)
	case ast.DateTime:
		return quoteJSON(FormatDateTime(l.Int))
	case ast.TimeSpan:
		return quoteJSON(FormatTimeSpan(l.Int))
	}
	panic("check: literal without a case")
}

// realJSON writes a real so that it stays one: 1.0, not 1. JSON has no NaN or
// infinity; Kusto writes them as strings.
func realJSON(f float64) string {
	switch {
	case math.IsNaN(f):
		return `"NaN"`
	case math.IsInf(f, 1):
		return `"Infinity"`
	case math.IsInf(f, -1):
		return `"-Infinity"`
	}
	s := strconv.FormatFloat(f, 'g', -1, 64)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return s
}

const (
	ticksPerSecond = int64(10_000_000)
	ticksPerDay    = 86_400 * ticksPerSecond
)

// FormatDateTime writes ticks since year 1 as 2024-02-29T13:45:00.0000000Z.
func FormatDateTime(ticks int64) string {
	days := ticks / ticksPerDay
	rest := ticks % ticksPerDay
	y, m, d := civil(days)
	return pad(y, 4) + "-" + pad(m, 2) + "-" + pad(d, 2) + "T" + clock(rest) + "." + pad(rest%ticksPerSecond, 7) + "Z"
}

// FormatTimeSpan writes ticks as [-][d.]hh:mm:ss[.fffffff].
func FormatTimeSpan(ticks int64) string {
	sign := ""
	u := uint64(ticks)
	if ticks < 0 {
		sign, u = "-", uint64(-ticks)
	}
	day := uint64(ticksPerDay)
	s := sign
	if d := u / day; d > 0 {
		s += strconv.FormatUint(d, 10) + "."
	}
	rest := int64(u % day)
	s += clock(rest)
	if f := rest % ticksPerSecond; f > 0 {
		s += "." + pad(f, 7)
	}
	return s
}

func clock(ticks int64) string {
	seconds := ticks / ticksPerSecond
	return pad(seconds/3600, 2) + ":" + pad(seconds/60%60, 2) + ":" + pad(seconds%60, 2)
}

func pad(n int64, width int) string {
	s := strconv.FormatInt(n, 10)
	for len(s) < width {
		s = "0" + s
	}
	return s
}

// civil is the proleptic Gregorian date of a day counted from 0001-01-01.
func civil(days int64) (y, m, d int64) {
	z := days + 306 // days since 0000-03-01
	era := z / 146_097
	doe := z % 146_097
	yoe := (doe - doe/1460 + doe/36_524 - doe/146_096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	d = doy - (153*mp+2)/5 + 1
	m = mp + 3
	y = yoe + era*400
	if m > 12 {
		m -= 12
		y++
	}
	return y, m, d
}
