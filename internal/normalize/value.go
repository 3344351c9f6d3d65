package normalize

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/kql/catalog"
)

// textValue types a text for a column; ok is false if the text is no value of
// that type. An empty text is null but for strings, which Kusto never has null.
func textValue(t catalog.Type, s string) (v tocsin.Value, ok bool) {
	if t == catalog.String {
		return tocsin.StringValue(s), true
	}
	if s == "" {
		return tocsin.Value{}, true
	}
	switch t {
	case catalog.Int, catalog.Long:
		n, ok := integer(s)
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
		at, ok := instant(s)
		return tocsin.TimeValue(at), ok
	case catalog.TimeSpan:
		n, ok := span(s)
		return tocsin.Value{Kind: tocsin.TimeSpan, Num: n}, ok
	case catalog.Guid:
		g, ok := guid(s)
		return tocsin.Value{Kind: tocsin.GUID, Str: g}, ok
	case catalog.Decimal:
		_, err := strconv.ParseFloat(s, 64)
		return tocsin.Value{Kind: tocsin.Decimal, Str: s}, err == nil
	case catalog.Dynamic:
		return tocsin.DynamicValue(string(appendJSONString(nil, s))), true
	}
	return v, false
}

// integer reads decimal, 0x hexadecimal, and a real number without fraction.
func integer(s string) (int64, bool) {
	s = strings.TrimSpace(s)
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

// instants are the forms of a time that senders use, the usual first. A form
// without a zone is read as UTC.
var instants = [...]string{
	time.RFC3339Nano, "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05Z07:00",
	"2006-01-02T15:04:05.999999999-0700", "2006-01-02 15:04:05.999999999 -0700",
	"1/2/2006 3:04:05.999999999 PM", "1/2/2006, 3:04:05.999999999 PM", "2006-01-02",
}

// instant reads a time; ok is false if it is none, or outside what a datetime
// holds.
func instant(s string) (time.Time, bool) {
	s = strings.TrimSpace(s)
	for _, form := range instants {
		if t, err := time.Parse(form, s); err == nil {
			t = t.UTC()
			return t, t.Year() >= 1 && t.Year() <= 9999
		}
	}
	return unixTime(s)
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

// guid reads a GUID with or without braces.
func guid(s string) (string, bool) {
	s = strings.ToLower(strings.Trim(strings.TrimSpace(s), "{}"))
	if len(s) != 36 {
		return "", false
	}
	for i := range len(s) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if c := s[i]; dash != (c == '-') || !dash && c-'0' > 9 && c-'a' > 5 {
			return "", false
		}
	}
	return s, true
}
