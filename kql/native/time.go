package native

import (
	"strconv"
	"strings"
	"time"
)

func timeFunctions() []Function {
	return []Function{
		{Name: "kql_datetime_text", Args: []Kind{Long}, Result: Text, Fn: func(a []any) any { return textOf(a[0], DateTimeText) }},
		{Name: "kql_timespan_text", Args: []Kind{Long}, Result: Text, Fn: func(a []any) any { return textOf(a[0], TimeSpanText) }},
		{Name: "kql_format_datetime", Args: []Kind{Long, Text}, Result: Text, Fn: formatDateTime},
		{Name: "kql_format_timespan", Args: []Kind{Long, Text}, Result: Text, Fn: formatTimeSpan},
		{Name: "kql_datetime_add", Args: []Kind{Text, Long, Long}, Result: Long, Fn: datetimeAdd},
		{Name: "kql_datetime_diff", Args: []Kind{Text, Long, Long}, Result: Long, Fn: datetimeDiff},
		{Name: "kql_datetime_part", Args: []Kind{Text, Long}, Result: Long, Fn: datetimePart},
		{Name: "kql_make_datetime", Args: []Kind{Long, Long, Long, Long, Long, Real}, Result: Long, Fn: makeDateTime},
		{Name: "kql_make_timespan", Args: []Kind{Long, Long, Long, Real}, Result: Long, Fn: makeTimeSpan},
		{Name: "kql_sessions", Args: []Kind{Text, Long, Long}, Result: Text, Fn: sessionStarts},
		{Name: "kql_utc_to_local", Args: []Kind{Long, Text}, Result: Long, Fn: utcToLocal},
		{Name: "kql_local_to_utc", Args: []Kind{Long, Text}, Result: Long, Fn: localToUTC},
	}
}

// textOf prints a tick count; null is the empty string, as tostring makes it.
func textOf(v any, print func(int64) string) any {
	n, ok := v.(int64)
	if !ok {
		return ""
	}
	return print(n)
}

// run is a maximal run of one letter in a format, cut to the longest token the
// letter has: Kusto reads "dddd" as "dd" twice.
func formatRuns(format string, longest func(c byte) int, emit func(c byte, n int)) {
	for i := 0; i < len(format); {
		n, most := 1, longest(format[i])
		for i+n < len(format) && n < most && format[i+n] == format[i] {
			n++
		}
		emit(format[i], n)
		i += n
	}
}

func pad(n, width int) string {
	s := strconv.Itoa(n)
	if len(s) < width {
		s = strings.Repeat("0", width-len(s)) + s
	}
	return s
}

// fractionText prints the first n digits of the ticks below a second; F drops
// trailing zeros.
func fractionText(ticks int64, c byte, n int) string {
	s := pad(int(ticks%TicksPerSecond), 7)[:n]
	if c == 'F' {
		s = strings.TrimRight(s, "0")
	}
	return s
}

func formatDateTime(a []any) any {
	ticks, ok := a[0].(int64)
	format, _ := a[1].(string)
	if !ok {
		return ""
	}
	t := Time(ticks)
	var b strings.Builder
	longest := func(c byte) int {
		switch c {
		case 'y':
			return 4
		case 'f', 'F':
			return 7
		case 'd', 'M', 'h', 'H', 'm', 's', 't':
			return 2
		}
		return 1
	}
	formatRuns(format, longest, func(c byte, n int) {
		switch c {
		case 'y':
			if n == 4 {
				b.WriteString(pad(t.Year(), 4))
			} else {
				b.WriteString(pad(t.Year()%100, min(n, 2)))
			}
		case 'M':
			b.WriteString(pad(int(t.Month()), n))
		case 'd':
			b.WriteString(pad(t.Day(), n))
		case 'H':
			b.WriteString(pad(t.Hour(), n))
		case 'h':
			b.WriteString(pad((t.Hour()+11)%12+1, n))
		case 'm':
			b.WriteString(pad(t.Minute(), n))
		case 's':
			b.WriteString(pad(t.Second(), n))
		case 't':
			b.WriteString([]string{"AM", "PM"}[t.Hour()/12][:n])
		case 'f', 'F':
			b.WriteString(fractionText(ticks, c, n))
		default:
			b.WriteByte(c)
		}
	})
	return b.String()
}

func formatTimeSpan(a []any) any {
	ticks, ok := a[0].(int64)
	format, _ := a[1].(string)
	if !ok {
		return ""
	}
	var b strings.Builder
	if ticks < 0 {
		b.WriteByte('-')
		ticks = -ticks
	}
	longest := func(c byte) int {
		switch c {
		case 'd':
			return 8
		case 'f', 'F':
			return 7
		case 'h', 'H', 'm', 's':
			return 2
		}
		return 1
	}
	sec := ticks / TicksPerSecond
	formatRuns(format, longest, func(c byte, n int) {
		switch c {
		case 'd':
			b.WriteString(pad(int(ticks/TicksPerDay), n))
		case 'h', 'H':
			b.WriteString(pad(int(sec/3600%24), n))
		case 'm':
			b.WriteString(pad(int(sec/60%60), n))
		case 's':
			b.WriteString(pad(int(sec%60), n))
		case 'f', 'F':
			b.WriteString(fractionText(ticks, c, n))
		default:
			b.WriteByte(c)
		}
	})
	return b.String()
}

// partName folds the spellings of a period: "Week", "week", "weeks".
func partName(v any) string {
	s, _ := v.(string)
	s = strings.ToLower(strings.TrimSpace(s))
	if p := strings.TrimSuffix(s, "s"); p != "" {
		return p
	}
	return s
}

var fixedParts = map[string]int64{
	"week": 7 * TicksPerDay, "day": TicksPerDay, "hour": 3600 * TicksPerSecond, "minute": 60 * TicksPerSecond,
	"second": TicksPerSecond, "millisecond": 10_000, "microsecond": 10, "tick": 1,
}

func datetimeAdd(a []any) any {
	n, ok := a[1].(int64)
	t, ok2 := a[2].(int64)
	if !ok || !ok2 {
		return nil
	}
	part := partName(a[0])
	if part == "nanosecond" {
		return validTicks(t + n/100)
	}
	if unit, ok := fixedParts[part]; ok {
		if n > MaxDateTime/unit || n < -MaxDateTime/unit {
			return nil
		}
		return validTicks(t + n*unit)
	}
	months, ok := map[string]int64{"month": 1, "quarter": 3, "year": 12}[part]
	if !ok || n > 200_000 || n < -200_000 {
		return nil
	}
	return addMonths(t, int(n*months))
}

// addMonths keeps the day of the month, or the last one where it does not exist.
func addMonths(ticks int64, n int) any {
	t := Time(ticks)
	m := t.Year()*12 + int(t.Month()) - 1 + n
	year, month := m/12, m%12+1
	if year < 1 || year > 9999 {
		return nil
	}
	day := min(t.Day(), daysIn(year, month))
	return validTicks(Ticks(time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)) + ticks%TicksPerDay)
}

// datetimeDiff counts the borders of the period between b and a, as Kusto does:
// both are cut to the period and subtracted; a week starts on Sunday.
func datetimeDiff(a []any) any {
	x, ok := a[1].(int64)
	y, ok2 := a[2].(int64)
	if !ok || !ok2 {
		return nil
	}
	p, q := Time(x), Time(y)
	switch part := partName(a[0]); part {
	case "year":
		return int64(p.Year() - q.Year())
	case "quarter":
		return int64((p.Year()*4 + (int(p.Month())-1)/3) - (q.Year()*4 + (int(q.Month())-1)/3))
	case "month":
		return int64((p.Year()*12 + int(p.Month())) - (q.Year()*12 + int(q.Month())))
	case "week":
		return (x+TicksPerDay)/(7*TicksPerDay) - (y+TicksPerDay)/(7*TicksPerDay)
	case "nanosecond":
		return (x - y) * 100
	default:
		unit, ok := fixedParts[part]
		if !ok {
			return nil
		}
		return x/unit - y/unit
	}
}

func datetimePart(a []any) any {
	ticks, ok := a[1].(int64)
	if !ok {
		return nil
	}
	t := Time(ticks)
	switch strings.ReplaceAll(partName(a[0]), "_", "") {
	case "year":
		return int64(t.Year())
	case "quarter":
		return int64(t.Month()-1)/3 + 1
	case "month":
		return int64(t.Month())
	case "week_of_year", "weekofyear", "week":
		_, w := t.ISOWeek()
		return int64(w)
	case "day":
		return int64(t.Day())
	case "dayofyear":
		return int64(t.YearDay())
	case "hour":
		return int64(t.Hour())
	case "minute":
		return int64(t.Minute())
	case "second":
		return int64(t.Second())
	case "millisecond":
		return ticks % TicksPerSecond / 10_000
	case "microsecond":
		return ticks % TicksPerSecond / 10
	case "nanosecond":
		return ticks % TicksPerSecond * 100
	}
	return nil
}

func makeDateTime(a []any) any {
	var n [5]int
	for i := range n {
		v, ok := a[i].(int64)
		if !ok || v < 0 || v > 9999 {
			return nil
		}
		n[i] = int(v)
	}
	sec, ok := a[5].(float64)
	year, month, day, hour, minute := n[0], n[1], n[2], n[3], n[4]
	if !ok || year < 1 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || hour > 23 || minute > 59 || !(sec >= 0 && sec < 60) {
		return nil
	}
	whole := Ticks(time.Date(year, time.Month(month), day, hour, minute, 0, 0, time.UTC))
	return validTicks(whole + int64(sec*TicksPerSecond+0.5))
}

func makeTimeSpan(a []any) any {
	d, ok0 := a[0].(int64)
	h, ok1 := a[1].(int64)
	m, ok2 := a[2].(int64)
	s, ok3 := a[3].(float64)
	if !ok0 || !ok1 || !ok2 || !ok3 || h < 0 || h > 23 || m < 0 || m > 59 || !(s >= 0 && s < 60) || d < 0 || d > 10_675_199 {
		return nil
	}
	return d*TicksPerDay + (h*3600+m*60)*TicksPerSecond + int64(s*TicksPerSecond+0.5)
}

func utcToLocal(a []any) any {
	ticks, zone := zoneArgs(a)
	if zone == nil {
		return nil
	}
	_, offset := Time(ticks).In(zone).Zone()
	return validTicks(ticks + int64(offset)*TicksPerSecond)
}

// localToUTC reads ticks as a wall clock in the zone; in the hour that occurs
// twice the first (summer time) is meant.
func localToUTC(a []any) any {
	ticks, zone := zoneArgs(a)
	if zone == nil {
		return nil
	}
	t := Time(ticks)
	local := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone)
	return validTicks(Ticks(local.UTC()))
}

func zoneArgs(a []any) (int64, *time.Location) {
	ticks, ok := a[0].(int64)
	name, ok2 := a[1].(string)
	if !ok || !ok2 || name == "" || name == "Local" {
		return 0, nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return 0, nil
	}
	return ticks, zone
}

// sessionStarts is row_window_session over a list of times: a session ends when a
// time is too far from its first or from its neighbour.
func sessionStarts(a []any) any {
	times, ok := dynamicOf(a[0]).([]any)
	whole, ok2 := a[1].(int64)
	gap, ok3 := a[2].(int64)
	if !ok || !ok2 || !ok3 {
		return nil
	}
	starts := make([]any, len(times))
	var start, last any
	for i, v := range times {
		if t, ok := v.(int64); ok {
			s, started := start.(int64)
			p, had := last.(int64)
			if !started || !had || t-s > whole || t-p > gap {
				start = t
			}
			last = t
		} else {
			last = nil
		}
		starts[i] = start
	}
	return printJSON(starts)
}
