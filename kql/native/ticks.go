package native

import (
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // time zone names must work on a machine without a zone database
)

// Ticks are 100 ns; a datetime counts them from 0001-01-01T00:00:00Z.
const (
	TicksPerSecond = 10_000_000
	TicksPerDay    = 86_400 * TicksPerSecond
	unixTicks      = 621_355_968_000_000_000
	// MaxDateTime is 9999-12-31T23:59:59.9999999Z.
	MaxDateTime = 3_155_378_975_999_999_999
)

// Ticks converts a time to datetime ticks, truncating below 100 ns.
func Ticks(t time.Time) int64 {
	return t.Unix()*TicksPerSecond + int64(t.Nanosecond()/100) + unixTicks
}

// Time converts datetime ticks to a UTC time.
func Time(ticks int64) time.Time {
	s := ticks - unixTicks
	sec, rest := s/TicksPerSecond, s%TicksPerSecond
	return time.Unix(sec, rest*100).UTC()
}

func validTicks(t int64) any {
	if t < 0 || t > MaxDateTime {
		return nil
	}
	return t
}

// DateTimeText prints datetime ticks as Kusto does: seven digits and Z.
func DateTimeText(ticks int64) string {
	return Time(ticks).Format("2006-01-02T15:04:05.0000000Z")
}

// TimeSpanText prints timespan ticks as [-][d.]hh:mm:ss[.fffffff].
func TimeSpanText(ticks int64) string {
	var b []byte
	u := uint64(ticks)
	if ticks < 0 {
		b = append(b, '-')
		u = -u
	}
	if d := u / TicksPerDay; d > 0 {
		b = append(strconv.AppendUint(b, d, 10), '.')
	}
	two := func(n uint64) { b = append(b, byte('0'+n/10), byte('0'+n%10)) }
	two(u / (3600 * TicksPerSecond) % 24)
	b = append(b, ':')
	two(u / (60 * TicksPerSecond) % 60)
	b = append(b, ':')
	two(u / TicksPerSecond % 60)
	if f := u % TicksPerSecond; f > 0 {
		b = append(b, '.')
		s := strconv.FormatUint(f, 10)
		b = append(b, "0000000"[len(s):]...)
		b = append(b, s...)
	}
	return string(b)
}

// dateLayouts are the forms todatetime reads besides ISO 8601: RFC 822, RFC 850
// and the month-first forms of the language reference.
var dateLayouts = []string{
	"Mon, 2 Jan 2006 15:04:05 MST", "Mon, 2 Jan 06 15:04:05 MST", "Mon, 2 Jan 2006 15:04:05 -0700", "Mon, 2 Jan 06 15:04 MST",
	"2 Jan 06 15:04:05", "2 Jan 06 15:04:05 MST", "2 Jan 06 15:04", "2 Jan 06 15:04 MST", "2 Jan 06",
	"2 Jan 2006 15:04:05", "2 Jan 2006 15:04:05 MST", "2 Jan 2006 15:04", "2 Jan 2006",
	"Monday, 02-Jan-06 15:04:05 MST", "Monday, 02-Jan-06 15:04 MST", "02-Jan-06 15:04:05", "02-Jan-06 15:04",
	"Mon Jan 2 15:04:05 2006", "Mon Jan _2 15:04:05 2006", "Jan 2, 2006", "Jan 2, 2006 15:04:05", "January 2, 2006", "2-Jan-2006", "2-Jan-2006 15:04:05",
	"1/2/2006", "1/2/2006 15:04", "1/2/2006 15:04:05", "1/2/2006 15:04:05.9999999", "1/2/2006 3:04 PM", "1/2/2006 3:04:05 PM", "1/2/2006 3:04:05.9999999 PM",
	"1-2-2006", "1-2-2006 15:04:05", "2-1-2006", "2-1-2006 15:04:05",
	"2006/1/2", "2006/1/2 15:04", "2006/1/2 15:04:05", "2006/1/2 15:04:05.9999999", "2006/1/2T15:04:05Z",
	"20060102", "20060102150405", "20060102T150405Z",
}

// ParseDateTime reads a datetime in any form Kusto accepts, as ticks; a zone is
// applied, none means UTC.
func ParseDateTime(s string) (int64, bool) {
	s = strings.TrimSpace(s)
	if len(s) < 4 || len(s) > 64 {
		return 0, false
	}
	if t, ok := parseISO(s); ok {
		return t, t >= 0 && t <= MaxDateTime
	}
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			n := Ticks(t.UTC())
			return n, n >= 0 && n <= MaxDateTime
		}
	}
	return 0, false
}

// digits reads between least and most digits.
func digits(s string, least, most int) (n int, rest string, ok bool) {
	i := 0
	for i < len(s) && i < most && s[i] >= '0' && s[i] <= '9' {
		n = n*10 + int(s[i]-'0')
		i++
	}
	return n, s[i:], i >= least
}

func parseISO(s string) (int64, bool) {
	year, s, ok := digits(s, 4, 4)
	if !ok {
		return 0, false
	}
	month, day := 1, 1
	if s != "" {
		if s[0] != '-' {
			return 0, false
		}
		if month, s, ok = digits(s[1:], 1, 2); !ok {
			return 0, false
		}
		if strings.HasPrefix(s, "-") {
			if day, s, ok = digits(s[1:], 1, 2); !ok {
				return 0, false
			}
		}
	}
	if year < 1 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return 0, false
	}
	ticks := Ticks(time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC))
	if s == "" {
		return ticks, true
	}
	if s[0] != 'T' && s[0] != 't' && s[0] != ' ' {
		return 0, false
	}
	clock, s, ok := parseClock(strings.TrimLeft(s[1:], " "))
	if !ok {
		return 0, false
	}
	offset, ok := parseOffset(strings.TrimSpace(s))
	return ticks + clock - offset, ok
}

// parseClock reads hh:mm[:ss[.fffffff]] with an optional AM or PM.
func parseClock(s string) (ticks int64, rest string, ok bool) {
	h, s, ok := digits(s, 1, 2)
	if !ok || !strings.HasPrefix(s, ":") {
		return 0, s, false
	}
	m, s, ok := digits(s[1:], 1, 2)
	if !ok || h > 24 || m > 59 {
		return 0, s, false
	}
	ticks = int64(h*3600+m*60) * TicksPerSecond
	if strings.HasPrefix(s, ":") {
		sec, after, ok := digits(s[1:], 1, 2)
		if !ok || sec > 59 {
			return 0, s, false
		}
		ticks += int64(sec) * TicksPerSecond
		s = after
		if strings.HasPrefix(s, ".") || strings.HasPrefix(s, ",") {
			f, after, ok := fraction(s[1:])
			if !ok {
				return 0, s, false
			}
			ticks, s = ticks+f, after
		}
	}
	switch t := strings.ToUpper(strings.TrimSpace(s)); {
	case strings.HasPrefix(t, "PM") && h < 12:
		return ticks + 12*3600*TicksPerSecond, strings.TrimSpace(s)[2:], true
	case strings.HasPrefix(t, "AM") && h == 12:
		return ticks - 12*3600*TicksPerSecond, strings.TrimSpace(s)[2:], true
	case strings.HasPrefix(t, "PM"), strings.HasPrefix(t, "AM"):
		return ticks, strings.TrimSpace(s)[2:], true
	}
	return ticks, s, h < 24
}

// fraction reads digits after the point as ticks; what is below 100 ns is cut.
func fraction(s string) (ticks int64, rest string, ok bool) {
	i, unit := 0, int64(TicksPerSecond/10)
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		ticks += int64(s[i]-'0') * unit
		unit /= 10
		i++
	}
	return ticks, s[i:], i > 0
}

func parseOffset(s string) (int64, bool) {
	switch strings.ToUpper(s) {
	case "", "Z", "UTC", "GMT":
		return 0, true
	}
	if s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	h, rest, ok := digits(s[1:], 1, 2)
	if !ok {
		return 0, false
	}
	m := 0
	if rest = strings.TrimPrefix(rest, ":"); rest != "" {
		if m, rest, ok = digits(rest, 2, 2); !ok || rest != "" {
			return 0, false
		}
	}
	off := int64(h*60+m) * 60 * TicksPerSecond
	if s[0] == '-' {
		off = -off
	}
	return off, true
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

var spanUnits = []struct {
	suffix string
	ticks  float64
}{
	{"microseconds", 10}, {"microsecond", 10}, {"milliseconds", 1e4}, {"millisecond", 1e4}, {"nanoseconds", 0.01}, {"nanosecond", 0.01},
	{"days", TicksPerDay}, {"day", TicksPerDay}, {"hours", 3600 * TicksPerSecond}, {"hour", 3600 * TicksPerSecond}, {"hrs", 3600 * TicksPerSecond}, {"hr", 3600 * TicksPerSecond},
	{"minutes", 60 * TicksPerSecond}, {"minute", 60 * TicksPerSecond}, {"min", 60 * TicksPerSecond},
	{"seconds", TicksPerSecond}, {"second", TicksPerSecond}, {"sec", TicksPerSecond}, {"millis", 1e4}, {"micros", 10}, {"nanos", 0.01},
	{"ticks", 1}, {"tick", 1}, {"ms", 1e4}, {"us", 10}, {"ns", 0.01},
	{"d", TicksPerDay}, {"h", 3600 * TicksPerSecond}, {"m", 60 * TicksPerSecond}, {"s", TicksPerSecond},
}

// ParseTimeSpan reads a timespan: "1.02:03:04.5", "13:00", "-1d", "90s", "3"
// (days), as ticks.
func ParseTimeSpan(s string) (int64, bool) {
	s = strings.TrimSpace(s)
	sign := int64(1)
	if strings.HasPrefix(s, "-") {
		sign, s = -1, s[1:]
	}
	if s == "" {
		return 0, false
	}
	if !strings.Contains(s, ":") {
		for _, u := range spanUnits {
			if number, ok := strings.CutSuffix(s, u.suffix); ok {
				f, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
				return sign * int64(f*u.ticks), err == nil
			}
		}
		n, rest, ok := digits(s, 1, 8)
		return sign * int64(n) * TicksPerDay, ok && rest == ""
	}
	days := 0
	if dot, colon := strings.IndexByte(s, '.'), strings.IndexByte(s, ':'); dot >= 0 && dot < colon {
		var rest string
		var ok bool
		if days, rest, ok = digits(s, 1, 8); !ok || !strings.HasPrefix(rest, ".") {
			return 0, false
		}
		s = rest[1:]
	} else if strings.Count(s, ":") == 3 {
		var rest string
		var ok bool
		if days, rest, ok = digits(s, 1, 8); !ok || !strings.HasPrefix(rest, ":") {
			return 0, false
		}
		s = rest[1:]
	}
	clock, rest, ok := parseClock(s)
	return sign * (int64(days)*TicksPerDay + clock), ok && rest == ""
}
