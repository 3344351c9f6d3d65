package parser

import (
	"math"
	"strconv"
	"strings"

	"github.com/tocsin-soc/tocsin/kql/ast"
)

// ticksPer… are 100-ns ticks, Kusto's unit of time.
const (
	ticksPerSecond = 10_000_000
	ticksPerMinute = 60 * ticksPerSecond
	ticksPerHour   = 60 * ticksPerMinute
	ticksPerDay    = 24 * ticksPerHour
)

// timeUnits are the suffixes of timespan literals in ticks; nano is below one
// tick and is handled where it is read.
var timeUnits = map[string]int64{
	"d": ticksPerDay, "day": ticksPerDay, "days": ticksPerDay,
	"h": ticksPerHour, "hr": ticksPerHour, "hrs": ticksPerHour, "hour": ticksPerHour, "hours": ticksPerHour,
	"m": ticksPerMinute, "min": ticksPerMinute, "minute": ticksPerMinute, "minutes": ticksPerMinute,
	"s": ticksPerSecond, "sec": ticksPerSecond, "second": ticksPerSecond, "seconds": ticksPerSecond,
	"ms": 10_000, "milli": 10_000, "millis": 10_000, "millisec": 10_000, "millisecond": 10_000, "milliseconds": 10_000,
	"micro": 10, "micros": 10, "microsec": 10, "microsecond": 10, "microseconds": 10,
	"nano": nano, "nanos": nano, "nanosec": nano, "nanosecond": nano, "nanoseconds": nano,
	"tick": 1, "ticks": 1,
}

const nano = -1 // a hundredth of a tick

// readTyped decodes the contents of a literal such as datetime(…). Kind 0 means
// that word names no literal; an empty complaint means success.
func readTyped(word, inner string) (lit ast.Literal, complaint string) {
	text := strings.TrimSpace(inner)
	lit.Kind = typedKinds[word]
	if text == "null" {
		lit.Null = true
		return lit, ""
	}
	ok := false
	switch lit.Kind {
	case ast.Bool:
		lit.Bool, ok = readBool(text)
	case ast.Int:
		lit.Int, ok = readInteger(text)
		ok = ok && math.MinInt32 <= lit.Int && lit.Int <= math.MaxInt32
	case ast.Long:
		lit.Int, ok = readInteger(text)
	case ast.Real:
		lit.Real, ok = readReal(text)
	case ast.Decimal:
		lit.Text, ok = text, isDecimal(text)
	case ast.DateTime:
		lit.Int, ok = ParseDateTime(unquote(text))
	case ast.TimeSpan:
		lit.Int, ok = ParseTimeSpan(unquote(text))
	case ast.Guid:
		lit.Text, ok = ParseGuid(unquote(text))
	}
	if !ok {
		return lit, "\"" + text + "\" is not a " + lit.Kind.String()
	}
	return lit, ""
}

var typedKinds = map[string]ast.LiteralKind{
	"bool": ast.Bool, "boolean": ast.Bool, "int": ast.Int, "int32": ast.Int, "long": ast.Long, "int64": ast.Long,
	"real": ast.Real, "double": ast.Real, "decimal": ast.Decimal, "date": ast.DateTime, "datetime": ast.DateTime,
	"time": ast.TimeSpan, "timespan": ast.TimeSpan, "guid": ast.Guid, "uuid": ast.Guid, "uniqueid": ast.Guid,
}

func readBool(text string) (value, ok bool) {
	switch strings.ToLower(text) {
	case "true", "1":
		return true, true
	case "false", "0":
		return false, true
	}
	return false, false
}

// readInteger reads an optionally signed decimal or hexadecimal 64-bit integer.
func readInteger(text string) (int64, bool) {
	if digits, hex := strings.CutPrefix(strings.ToLower(text), "0x"); hex {
		u, err := strconv.ParseUint(digits, 16, 64)
		return int64(u), err == nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

func readReal(text string) (float64, bool) {
	switch strings.ToLower(text) {
	case "nan":
		return math.NaN(), true
	case "inf", "+inf":
		return math.Inf(1), true
	case "-inf":
		return math.Inf(-1), true
	}
	if text == "" || strings.ContainsAny(text, "xXpP_iInN") {
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && !math.IsInf(f, 0) {
		return 0, false
	}
	return f, true
}

func isDecimal(text string) bool {
	_, ok := readReal(text)
	return ok && !strings.ContainsAny(strings.ToLower(text), "nif")
}

// unquote strips quotes around a literal's contents: datetime("2024-01-01") is legal.
func unquote(text string) string {
	if n := len(text); n >= 2 && (text[0] == '"' || text[0] == '\'') && text[n-1] == text[0] {
		return text[1 : n-1]
	}
	return text
}

// ParseGuid reads a GUID with or without dashes or braces and returns it in lower case with dashes.
func ParseGuid(text string) (string, bool) {
	if n := len(text); n >= 2 && text[0] == '{' && text[n-1] == '}' {
		text = text[1 : n-1]
	}
	text = strings.ToLower(text)
	switch len(text) {
	case 32:
	case 36:
		for _, i := range [...]int{8, 13, 18, 23} {
			if text[i] != '-' {
				return "", false
			}
		}
		text = text[:8] + text[9:13] + text[14:18] + text[19:23] + text[24:]
	default:
		return "", false
	}
	if !allHex(text) {
		return "", false
	}
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:], true
}

// ParseTimeSpan reads the contents of timespan(…) into 100-ns ticks:
//
//	1d   1.5h   15 seconds   2 (days)   [-][d.]hh:mm[:ss[.fffffff]]
func ParseTimeSpan(text string) (ticks int64, ok bool) {
	text = strings.TrimSpace(text)
	body, negative := strings.CutPrefix(text, "-")
	body = strings.TrimSpace(body)
	if strings.Contains(body, ":") {
		ticks, ok = readClock(body)
	} else {
		i := 0
		for i < len(body) && (isDigit(body[i]) || body[i] == '.') {
			i++
		}
		unit := strings.TrimSpace(body[i:])
		if unit == "" {
			unit = "d"
		}
		ticks, ok = readAmount(body[:i], unit)
	}
	if negative {
		ticks = -ticks
	}
	return ticks, ok
}

// readAmount multiplies a number by a unit, exactly where both are integers.
func readAmount(number, unit string) (int64, bool) {
	per, known := timeUnits[unit]
	if !known || number == "" {
		return 0, false
	}
	if n, err := strconv.ParseInt(number, 10, 64); err == nil && per != nano {
		if n > math.MaxInt64/per {
			return 0, false
		}
		return n * per, true
	}
	f, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return 0, false
	}
	if per == nano {
		f /= 100
	} else {
		f *= float64(per)
	}
	if f = math.Round(f); math.Abs(f) >= math.MaxInt64 {
		return 0, false
	}
	return int64(f), true
}

// readClock reads [d.]hh:mm[:ss[.fffffff]].
func readClock(text string) (int64, bool) {
	var days int64
	if dot, col := strings.IndexByte(text, '.'), strings.IndexByte(text, ':'); dot >= 0 && dot < col {
		n, ok := readDigits(text[:dot], 8)
		if !ok {
			return 0, false
		}
		days, text = n, text[dot+1:]
	}
	parts := strings.Split(text, ":")
	if len(parts) > 3 {
		return 0, false
	}
	h, ok1 := readDigits(parts[0], 2)
	m, ok2 := readDigits(parts[1], 2)
	var sec, frac int64
	ok3, ok4 := true, true
	if len(parts) == 3 {
		whole, fraction, has := strings.Cut(parts[2], ".")
		sec, ok3 = readDigits(whole, 2)
		if has {
			frac, ok4 = readFraction(fraction)
		}
	}
	if !ok1 || !ok2 || !ok3 || !ok4 || h > 23 || m > 59 || sec > 59 || days > math.MaxInt64/ticksPerDay {
		return 0, false
	}
	ticks := days*ticksPerDay + h*ticksPerHour + m*ticksPerMinute + sec*ticksPerSecond + frac
	return ticks, ticks >= 0 // negative: beyond the largest timespan
}

func readDigits(text string, most int) (int64, bool) {
	if text == "" || len(text) > most {
		return 0, false
	}
	var n int64
	for i := range len(text) {
		if !isDigit(text[i]) {
			return 0, false
		}
		n = n*10 + int64(text[i]-'0')
	}
	return n, true
}

// readFraction reads the digits behind a second's point into ticks, rounding beyond the seventh.
func readFraction(text string) (int64, bool) {
	if text == "" || len(text) > 20 {
		return 0, false
	}
	var n int64
	for i := range 8 {
		d := byte('0')
		if i < len(text) {
			d = text[i]
		}
		if !isDigit(d) {
			return 0, false
		}
		if i < 7 {
			n = n*10 + int64(d-'0')
		} else if d >= '5' {
			n++
		}
	}
	if len(text) > 8 {
		_, ok := readDigits(text[8:], 20)
		return n, ok
	}
	return n, true
}
