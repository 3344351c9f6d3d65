// Package value types the texts of records: times in the forms that senders write,
// numbers, GUIDs, timespans. It refuses a text that is none, and says so by ok =
// false; it never guesses a value. It is tested by tables and by the golden files
// of package normalize.
package value

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/jsontext"
	"github.com/tocsin-soc/tocsin/kql/catalog"
)

// Of types a text for a column; ok is false if the text is no value of that type.
// clock reads times. An empty text is null but for strings, which Kusto never has null.
func Of(t catalog.Type, s string, clock Clock) (v tocsin.Value, ok bool) {
	if t == catalog.String {
		return tocsin.StringValue(s), true
	}
	if s == "" {
		return tocsin.Value{}, true
	}
	switch t {
	case catalog.Int, catalog.Long:
		n, ok := Integer(s)
		if !ok || t == catalog.Int && (n < math.MinInt32 || n > math.MaxInt32) {
			return v, false
		}
		return tocsin.IntValue(n), true
	case catalog.Real:
		f, err := strconv.ParseFloat(s, 64)
		return tocsin.RealValue(f), err == nil
	case catalog.Bool:
		switch strings.ToLower(s) {
		case "true", "1", "yes":
			return tocsin.BoolValue(true), true
		case "false", "0", "no":
			return tocsin.BoolValue(false), true
		}
		return v, false
	case catalog.DateTime:
		at, ok := Instant(s, clock)
		return tocsin.TimeValue(at), ok
	case catalog.TimeSpan:
		n, ok := span(s)
		return tocsin.Value{Kind: tocsin.TimeSpan, Num: n}, ok
	case catalog.Guid:
		g, ok := GUID(s)
		return tocsin.Value{Kind: tocsin.GUID, Str: g}, ok
	case catalog.Decimal:
		_, err := strconv.ParseFloat(s, 64)
		return tocsin.Value{Kind: tocsin.Decimal, Str: s}, err == nil
	case catalog.Dynamic:
		return tocsin.DynamicValue(string(jsontext.AppendQuoted(nil, s))), true
	}
	return v, false
}

// Integer reads decimal, 0x hexadecimal, and a real number without fraction.
func Integer(s string) (int64, bool) {
	if s = strings.TrimSpace(s); s == "" || s[0] > '9' {
		return 0, false // most texts that are none; the errors of strconv cost an allocation each
	}
	if len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x' {
		n, err := strconv.ParseUint(s[2:], 16, 64)
		return int64(n), err == nil
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, true
	}
	if n, err := strconv.ParseUint(s, 10, 64); err == nil {
		return int64(n), true // Keywords of NXLog and the like: the same 64 bits
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, false
	}
	return int64(f), true
}

// instants are the forms of a time that senders use, the usual first; the forms
// of locals have no zone.
var (
	instants = [...]string{
		time.RFC3339Nano, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05.999999999-0700", "2006-01-02 15:04:05.999999999 -0700",
	}
	locals = [...]string{
		"2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999", "1/2/2006 3:04:05.999999999 PM", "1/2/2006, 3:04:05.999999999 PM", "2006-01-02",
	}
)

// usualInstant reads the forms nearly all times have, to the same result as
// Instant and without its search: 2006-01-02, T or a blank, 15:04:05, at most
// nine digits of a fraction, Z, an offset or nothing; isLocal says that it was
// nothing.
func usualInstant(s string) (t time.Time, isLocal, ok bool) {
	if len(s) < 19 || len(s) > 35 || s[4] != '-' || s[7] != '-' || s[10] != 'T' && s[10] != ' ' || s[13] != ':' || s[16] != ':' {
		return t, false, false
	}
	year, month, day := two(s, 0)*100+two(s, 2), two(s, 5), two(s, 8)
	hour, minute, second := two(s, 11), two(s, 14), two(s, 17)
	if year < 1 || month < 1 || month > 12 || day < 1 || day > 28 && day > daysIn(year, month) || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 {
		return t, false, false
	}
	nanos, rest := 0, s[19:]
	if len(rest) > 1 && rest[0] == '.' {
		unit := 1_000_000_000
		for rest = rest[1:]; len(rest) > 0 && rest[0]-'0' < 10 && unit > 1; rest = rest[1:] {
			unit /= 10
			nanos += unit * int(rest[0]-'0')
		}
		if unit == 1_000_000_000 {
			return t, false, false
		}
	}
	east, ok := usualOffset(rest, s[10] == 'T')
	if !ok {
		return t, false, false
	}
	t = time.Date(year, time.Month(month), day, hour, minute, second, nanos, time.UTC).Add(-east)
	return t, rest == "", t.Year() >= 1 && t.Year() <= 9999
}

// two reads two digits; less than 0 if they are none.
func two(s string, at int) int {
	tens, ones := int(s[at]-'0'), int(s[at+1]-'0')
	if tens > 9 || ones > 9 {
		return -10_000
	}
	return tens*10 + ones
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// usualOffset reads nothing, Z, +01:00 and, behind a T, +0100.
func usualOffset(s string, afterT bool) (east time.Duration, ok bool) {
	switch {
	case s == "" || s == "Z":
		return 0, true
	case len(s) != 6 && (len(s) != 5 || !afterT) || s[0] != '+' && s[0] != '-' || len(s) == 6 && s[3] != ':':
		return 0, false
	}
	hours, minutes := two(s, 1), two(s, len(s)-2)
	if hours < 0 || hours > 14 || minutes < 0 || minutes > 59 {
		return 0, false
	}
	east = time.Duration(hours*60+minutes) * time.Minute
	if s[0] == '-' {
		east = -east
	}
	return east, true
}

// Instant reads a time; ok is false if it is none, or outside what a datetime
// holds. clock reads one that names no zone.
func Instant(s string, clock Clock) (at time.Time, ok bool) {
	t, isLocal, ok := parseInstant(s)
	if isLocal && ok && clock.Zone != nil {
		t = clock.Local(t)
		return t, t.Year() >= 1 && t.Year() <= 9999
	}
	return t, ok
}

// IsLocal says whether a text is a time that names no zone.
func IsLocal(s string) bool {
	_, isLocal, ok := parseInstant(s)
	return isLocal && ok
}

func parseInstant(s string) (t time.Time, isLocal, ok bool) {
	if t, isLocal, ok := usualInstant(s); ok {
		return t, isLocal, true
	}
	s = strings.TrimSpace(s)
	if len(s) > 4 && two(s, 0) >= 0 && two(s, 2) >= 0 && s[4] != '-' { // no form begins with more than four digits
		t, ok := unixTime(s)
		return t, false, ok
	}
	for _, form := range instants {
		if t, err := time.Parse(form, s); err == nil {
			t = t.UTC()
			return t, false, t.Year() >= 1 && t.Year() <= 9999
		}
	}
	for _, form := range locals {
		if t, err := time.Parse(form, s); err == nil {
			return t, true, t.Year() >= 1 && t.Year() <= 9999
		}
	}
	t, ok = unixTime(s)
	return t, false, ok
}

// unixTime reads Unix time in seconds (which may have a fraction), milliseconds,
// microseconds or nanoseconds, told apart by their size: no source of events is
// older than 1973 or newer than 5138.
func unixTime(s string) (time.Time, bool) {
	if f, err := strconv.ParseFloat(s, 64); err == nil && strings.ContainsAny(s, "eE") && f < 1e18 {
		s = strconv.FormatFloat(f, 'f', -1, 64)
	}
	whole, fraction, _ := strings.Cut(s, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n < 1e8 {
		return time.Time{}, false
	}
	unit := int64(1e9) // nanoseconds of one
	for limit := int64(1e11); n >= limit && unit > 1; limit *= 1000 {
		unit /= 1000
	}
	part := int64(0)
	if fraction != "" {
		if len(fraction) > 9 {
			fraction = fraction[:9]
		}
		f, err := strconv.ParseUint(fraction, 10, 32)
		if err != nil {
			return time.Time{}, false
		}
		part = int64(f)
		for range 9 - len(fraction) {
			part *= 10
		}
		part = part / (1e9 / unit)
	}
	perSecond := int64(1e9) / unit
	return time.Unix(n/perSecond, n%perSecond*unit+part).UTC(), true
}

// TimeText writes a time as Windows does in SystemTime: with seven digits.
func TimeText(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.0000000Z") }

// span reads a timespan in Kusto's form [-][d.]hh:mm:ss[.fffffff] as ticks.
func span(s string) (int64, bool) {
	body, negative := strings.CutPrefix(strings.TrimSpace(s), "-")
	days := int64(0)
	if d, rest, ok := strings.Cut(body, "."); ok && strings.Contains(rest, ":") {
		n, err := strconv.ParseInt(d, 10, 32)
		if err != nil {
			return 0, false
		}
		days, body = n, rest
	}
	parts := strings.Split(body, ":")
	if len(parts) != 3 {
		return 0, false
	}
	hours, err1 := strconv.ParseUint(parts[0], 10, 16)
	minutes, err2 := strconv.ParseUint(parts[1], 10, 8)
	seconds, err3 := strconv.ParseFloat(parts[2], 64)
	if err1 != nil || err2 != nil || err3 != nil || minutes > 59 || seconds < 0 || seconds >= 60 {
		return 0, false
	}
	n := ((days*24+int64(hours))*60+int64(minutes))*60*1e7 + int64(math.Round(seconds*1e7))
	if negative {
		n = -n
	}
	return n, true
}

// GUID reads a GUID with or without braces.
func GUID(s string) (string, bool) {
	s = strings.Trim(strings.TrimSpace(s), "{}")
	if len(s) != 36 {
		return "", false
	}
	var lower [36]byte
	for i := range lower {
		c := s[i]
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return "", false
			}
		} else if c-'0' > 9 {
			if c |= 0x20; c-'a' > 5 {
				return "", false
			}
		}
		lower[i] = c
	}
	if string(lower[:]) == s {
		return s, true
	}
	return string(lower[:]), true
}
