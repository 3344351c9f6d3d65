package text

import (
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin/internal/normalize/value"
)

// stamp reads the time that a text begins with, in the forms of syslog headers,
// and returns what is behind it. clock tells the year and the zone where the text
// has none. ok is false if the text begins with no time.
//
// RFC 3164 section 4.1.2 has "Mmm dd hh:mm:ss"; devices add a year in front or
// behind, fractions, a zone, or write ISO 8601 or Unix seconds instead.
func stamp(s string, clock value.Clock) (at time.Time, rest string, ok bool) {
	if len(s) < 8 {
		return at, s, false
	}
	if c := s[0]; c-'0' < 10 {
		if at, rest, ok = isoStamp(s, clock); ok {
			return at, rest, true
		}
		return unixStamp(s)
	}
	if _, isDay := weekdays[s[:3]]; isDay && s[3] == ' ' { // Mon Nov 22 00:12:37 2026
		s = strings.TrimLeft(s[4:], " ")
	}
	return monthStamp(s, clock)
}

var weekdays = map[string]bool{"Mon": true, "Tue": true, "Wed": true, "Thu": true, "Fri": true, "Sat": true, "Sun": true}

const monthNames = "JanFebMarAprMayJunJulAugSepOctNovDec"

func month(s string) time.Month {
	if len(s) < 3 {
		return 0
	}
	for i := 0; i < len(monthNames); i += 3 {
		if s[0]&^0x20 == monthNames[i] && s[1]|0x20 == monthNames[i+1] && s[2]|0x20 == monthNames[i+2] {
			return time.Month(i/3 + 1)
		}
	}
	return 0
}

// monthStamp reads "Nov 22 00:12:37", with a year behind the day or the clock.
func monthStamp(s string, clock value.Clock) (at time.Time, rest string, ok bool) {
	whole, m := s, month(s)
	if m == 0 || len(s) < 4 || s[3] != ' ' {
		return at, whole, false
	}
	s = strings.TrimLeft(s[4:], " ")
	n := digits(s)
	day, _ := number(s[:n])
	if n == 0 || n > 2 || day == 0 || day > 31 || n == len(s) {
		return at, whole, false
	}
	s = strings.TrimLeft(strings.TrimPrefix(s[n:], ","), " ")
	year := int64(0)
	if digits(s) == 4 && len(s) > 4 && s[4] == ' ' {
		year, _ = number(s[:4])
		s = s[5:]
	}
	sec, nano, s, ok := timeOfDay(s)
	if !ok {
		return at, whole, false
	}
	zone, s, hasZone := zoneOf(s)
	if hasZone {
		clock.Zone = nil
	}
	if year == 0 && len(s) > 4 && s[0] == ' ' && digits(s[1:]) == 4 && (len(s) == 5 || s[5] == ' ' || s[5] == ':' && (len(s) == 6 || s[6] == ' ')) {
		if y, _ := number(s[1:5]); y >= 1970 && y < 2100 {
			year, s = y, s[5:]
		}
	}
	if year == 0 {
		return clock.Local(guessYear(m, int(day), sec-zone, nano, clock.Received)), s, true
	}
	return clock.Local(time.Date(int(year), m, int(day), 0, 0, sec-zone, nano, time.UTC)), s, true
}

// guessYear puts a day into the year that brings it closest below the time of
// receipt. A day is allowed for clocks and zones that are ahead; 29 February
// goes to the last leap year.
func guessYear(m time.Month, day, sec, nano int, received time.Time) time.Time {
	latest := received.Add(25 * time.Hour)
	year := latest.UTC().Year()
	for range 9 {
		at := time.Date(year, m, day, 0, 0, sec, nano, time.UTC)
		if real := time.Date(year, m, day, 0, 0, 0, 0, time.UTC); real.Day() == day && !at.After(latest) {
			return at
		}
		year--
	}
	return time.Date(latest.UTC().Year(), m, day, 0, 0, sec, nano, time.UTC)
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

// timeOfDay reads "hh:mm:ss" with a fraction behind a dot or comma, as seconds of
// the day.
func timeOfDay(s string) (sec, nano int, rest string, ok bool) {
	if len(s) < 8 || s[2] != ':' || s[5] != ':' {
		if len(s) < 7 || s[1] != ':' || s[4] != ':' { // 9:05:01
			return 0, 0, s, false
		}
		s = "0" + s
	}
	h, ok1 := number(s[:2])
	m, ok2 := number(s[3:5])
	x, ok3 := number(s[6:8])
	if !ok1 || !ok2 || !ok3 || h > 23 || m > 59 || x > 60 {
		return 0, 0, s, false
	}
	sec, s = int(h*3600+m*60+x), s[8:]
	if len(s) > 1 && (s[0] == '.' || s[0] == ',') && s[1]-'0' < 10 {
		nano, s = fraction(s[1:])
	}
	return sec, nano, s, true
}

// fraction reads the digits behind a decimal point as nanoseconds.
func fraction(s string) (nano int, rest string) {
	n := digits(s)
	scale := int(1e8)
	for i := range min(n, 9) {
		nano += int(s[i]-'0') * scale
		scale /= 10
	}
	return nano, s[n:]
}

// zones are the abbreviations that mean one offset everywhere: those of RFC
// 5322 section 4.3 and what European devices write. Hours east of UTC.
var zones = map[string]int{
	"UTC": 0, "GMT": 0, "UT": 0, "Z": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
	"WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "MSK": 3, "JST": 9,
}

// zoneOf reads a zone behind a time, "Z", "+01:00", "+0100" or " CET", as
// seconds east of UTC. What is no zone stays in rest.
func zoneOf(s string) (east int, rest string, ok bool) {
	t := s
	if len(t) > 1 && t[0] == ' ' {
		t = t[1:]
	}
	if t == "" {
		return 0, s, false
	}
	if (t[0] == '+' || t[0] == '-') && len(t) >= 5 {
		east, rest, ok := offset(t)
		if ok {
			return east, rest, true
		}
		return 0, s, false
	}
	n := 0
	for n < len(t) && n < 5 && t[n]-'A' < 26 {
		n++
	}
	if n == 0 || n < len(t) && t[n] != ' ' && t[n] != ':' && t[n] != ']' {
		return 0, s, false
	}
	if hours, ok := zones[t[:n]]; ok {
		return hours * 3600, t[n:], true
	}
	return 0, s, false
}

// offset reads "+01:00" or "+0100" as seconds.
func offset(s string) (east int, rest string, ok bool) {
	h, ok1 := number(s[1:3])
	rest = strings.TrimPrefix(s[3:], ":")
	if len(rest) < 2 {
		return 0, s, false
	}
	m, ok2 := number(rest[:2])
	if !ok1 || !ok2 || h > 14 || m > 59 {
		return 0, s, false
	}
	east = int(h*3600 + m*60)
	if s[0] == '-' {
		east = -east
	}
	return east, rest[2:], true
}

// isoStamp reads RFC 3339 and its relatives: a blank for the T, slashes for
// dashes, no zone (that of clock).
func isoStamp(s string, clock value.Clock) (at time.Time, rest string, ok bool) {
	if len(s) < 19 || digits(s) != 4 || s[4] != '-' && s[4] != '/' || s[7] != s[4] || s[10] != 'T' && s[10] != ' ' && s[10] != 't' {
		return at, s, false
	}
	y, _ := number(s[:4])
	m, ok1 := number(s[5:7])
	d, ok2 := number(s[8:10])
	if !ok1 || !ok2 || m < 1 || m > 12 || d < 1 || d > 31 || y == 0 {
		return at, s, false
	}
	sec, nano, rest, ok := timeOfDay(s[11:])
	if !ok {
		return at, s, false
	}
	zone, rest, hasZone := zoneOf(rest)
	if at = time.Date(int(y), time.Month(m), int(d), 0, 0, sec-zone, nano, time.UTC); !hasZone {
		at = clock.Local(at)
	}
	return at, rest, true
}

// unixStamp reads Unix seconds with a fraction, as Meraki and Squid write them:
// "1379988354.403169330".
func unixStamp(s string) (at time.Time, rest string, ok bool) {
	n := digits(s)
	if n < 9 || n > 10 || n+1 >= len(s) || s[n] != '.' || s[n+1]-'0' > 9 {
		return at, s, false
	}
	sec, _ := number(s[:n])
	nano, rest := fraction(s[n+1:])
	return time.Unix(sec, int64(nano)).UTC(), rest, true
}

// epoch reads Unix time in seconds, milliseconds, microseconds or nanoseconds:
// their lengths tell them apart from 2001 to 2286.
func epoch(s string) (at time.Time, ok bool) {
	s, frac, _ := strings.Cut(s, ".")
	n, ok := number(s)
	if !ok && len(s) == 19 && digits(s) == 19 { // nanoseconds do not fit number's bound
		head, _ := number(s[:16])
		tail, _ := number(s[16:])
		return time.UnixMicro(head).Add(time.Duration(tail)).UTC(), true
	}
	switch {
	case !ok:
		return at, false
	case len(s) == 9 || len(s) == 10:
		nano, rest := fraction(frac)
		return time.Unix(n, int64(nano)).UTC(), rest == ""
	case len(s) == 13:
		return time.UnixMilli(n).UTC(), true
	case len(s) == 16:
		return time.UnixMicro(n).UTC(), true
	}
	return at, false
}
