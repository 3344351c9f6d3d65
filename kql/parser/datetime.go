package parser

import (
	"strings"
	"time"
)

// epoch is the Unix time of Kusto's first tick, 0001-01-01T00:00:00Z.
const epoch = -62_135_596_800

// ParseDateTime reads a datetime as Kusto's literals and todatetime() do, into
// 100-ns ticks since 0001-01-01T00:00:00Z. It knows ISO 8601 in any length from the year
// on (with a blank or T, a zone or none), month/day/year, and the RFC 822 and RFC
// 850 forms (documentation: scalar-data-types/datetime). A time without a zone is UTC.
func ParseDateTime(text string) (ticks int64, ok bool) {
	text = strings.TrimSpace(text)
	if len(text) < 4 || len(text) > 64 {
		return 0, false
	}
	text = strings.Map(func(r rune) rune { // no-break blanks come with text copied from pages
		if blank(r) {
			return ' '
		}
		return r
	}, text)
	switch {
	case allDigits(text[:4]):
		return readISO(text)
	case isDigit(text[0]) && strings.ContainsAny(text[1:3], "-/"):
		return readSlashed(text)
	}
	return readNamed(text)
}

// joint reads the separator of a date's parts, which may have blanks around it.
func joint(text string) (rest string, ok bool) {
	rest = strings.TrimLeft(text, " ")
	if rest == "" || !strings.ContainsRune("-/,", rune(rest[0])) {
		return text, false
	}
	return strings.TrimLeft(rest[1:], " "), true
}

func allDigits(text string) bool {
	for i := range len(text) {
		if !isDigit(text[i]) {
			return false
		}
	}
	return text != ""
}

// civil makes ticks of a date and ticks of day, rejecting days that do not exist.
func civil(year, month, day int64, ofDay int64) (int64, bool) {
	if year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 {
		return 0, false
	}
	t := time.Date(int(year), time.Month(month), int(day), 0, 0, 0, 0, time.UTC)
	if int64(t.Day()) != day {
		return 0, false
	}
	return (t.Unix()-epoch)*ticksPerSecond + ofDay, true
}

// field reads a number of one or two digits at the head of text.
func field(text string) (n int64, rest string, ok bool) {
	i := 0
	for i < len(text) && i < 2 && isDigit(text[i]) {
		i++
	}
	n, ok = readDigits(text[:i], 2)
	return n, text[i:], ok
}

// readISO reads yyyy[-mm[-dd[( |T)hh[:mm[:ss[.f]]][zone]]]] and yyyymmdd.
func readISO(text string) (int64, bool) {
	year, _ := readDigits(text[:4], 4)
	month, day := int64(1), int64(1)
	rest := text[4:]
	ok := true
	if len(text) == 8 && allDigits(text) {
		month, _ = readDigits(text[4:6], 2)
		day, _ = readDigits(text[6:8], 2)
		return civil(year, month, day, 0)
	}
	for _, part := range []*int64{&month, &day} {
		after, more := joint(rest)
		if !more {
			break
		}
		if *part, rest, ok = field(after); !ok {
			return 0, false
		}
	}
	if rest == "" {
		return civil(year, month, day, 0)
	}
	switch rest[0] {
	case 'T', 't', ' ':
		rest = strings.TrimLeft(rest[1:], " ")
	case 'Z', 'z':
	default:
		return 0, false
	}
	ofDay, rest, ok := readTime(rest)
	if !ok {
		return 0, false
	}
	shift, ok := readZone(rest)
	if !ok {
		return 0, false
	}
	at, ok := civil(year, month, day, ofDay)
	return at - shift, ok && at >= shift
}

// readTime reads hh[:mm[:ss[.f]]] with an optional AM or PM and returns what follows.
func readTime(text string) (ofDay int64, rest string, ok bool) {
	if text == "" || !isDigit(text[0]) {
		return 0, text, true
	}
	var h, m, s, frac int64
	h, rest, _ = field(text)
	if strings.HasPrefix(rest, ":") {
		if m, rest, ok = field(rest[1:]); !ok {
			return 0, rest, false
		}
		if strings.HasPrefix(rest, ":") {
			if s, rest, ok = field(rest[1:]); !ok {
				return 0, rest, false
			}
			if strings.HasPrefix(rest, ".") || strings.HasPrefix(rest, ",") {
				i := 1
				for i < len(rest) && isDigit(rest[i]) {
					i++
				}
				if frac, ok = readFraction(rest[1:i]); !ok {
					return 0, rest, false
				}
				rest = rest[i:]
			}
		}
	}
	rest = strings.TrimLeft(rest, " ")
	switch half, _, _ := strings.Cut(strings.ToUpper(rest), " "); half {
	case "AM", "PM":
		if h < 1 || h > 12 {
			return 0, rest, false
		}
		h %= 12
		if half == "PM" {
			h += 12
		}
		rest = strings.TrimLeft(rest[2:], " ")
	}
	if h > 23 || m > 59 || s > 59 {
		return 0, rest, false
	}
	return h*ticksPerHour + m*ticksPerMinute + s*ticksPerSecond + frac, rest, true
}

// readZone reads "", Z, UTC, GMT or ±hh[:mm] into ticks east of Greenwich.
func readZone(text string) (int64, bool) {
	switch strings.ToUpper(text) {
	case "", "Z", "UTC", "GMT":
		return 0, true
	}
	sign := int64(1)
	switch text[0] {
	case '-':
		sign = -1
	case '+':
	default:
		return 0, false
	}
	h, rest, ok := field(text[1:])
	if !ok || h > 14 {
		return 0, false
	}
	var m int64
	if rest = strings.TrimPrefix(rest, ":"); rest != "" {
		if m, rest, ok = field(rest); !ok || rest != "" || m > 59 {
			return 0, false
		}
	}
	return sign * (h*ticksPerHour + m*ticksPerMinute), true
}

// readSlashed reads month/day/year with an optional time. A first number beyond
// twelve is the day.
func readSlashed(text string) (int64, bool) {
	month, rest, _ := field(text)
	rest, ok1 := joint(rest)
	day, rest, ok2 := field(rest)
	rest, ok3 := joint(rest)
	if !ok1 || !ok2 || !ok3 || len(rest) < 4 {
		return 0, false
	}
	if month > 12 {
		month, day = day, month
	}
	year, ok := readDigits(rest[:4], 4)
	if !ok {
		return 0, false
	}
	ofDay, rest, ok := readTime(strings.TrimLeft(rest[4:], " "))
	if !ok {
		return 0, false
	}
	shift, ok := readZone(rest)
	if !ok {
		return 0, false
	}
	at, ok := civil(year, month, day, ofDay)
	return at - shift, ok && at >= shift
}

// readNamed reads [weekday, ]day month year [time [zone]] with the month's name,
// parts joined by blanks or dashes.
func readNamed(text string) (int64, bool) {
	if _, after, ok := strings.Cut(text, ","); ok {
		text = strings.TrimSpace(after)
	}
	fields := strings.Fields(text)
	if len(fields) > 0 && strings.Count(fields[0], "-") == 2 {
		fields = append(strings.Split(fields[0], "-"), fields[1:]...)
	}
	if len(fields) < 3 {
		return 0, false
	}
	day, ok := readDigits(fields[0], 2)
	month := monthNumber(fields[1])
	if !ok || month == 0 {
		return 0, false
	}
	year, ok := readDigits(fields[2], 4)
	if len(fields[2]) == 2 { // as .NET: 00–29 are 20xx
		if year += 1900; year < 1930 {
			year += 100
		}
	}
	if !ok {
		return 0, false
	}
	ofDay, rest, ok := readTime(strings.Join(fields[3:], " "))
	if !ok {
		return 0, false
	}
	shift, ok := readZone(rest)
	if !ok {
		return 0, false
	}
	at, ok := civil(year, month, day, ofDay)
	return at - shift, ok && at >= shift
}

func monthNumber(name string) int64 {
	for m := time.January; m <= time.December; m++ {
		if full := m.String(); strings.EqualFold(name, full) || strings.EqualFold(name, full[:3]) {
			return int64(m)
		}
	}
	return 0
}
