package text

import (
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin/internal/normalize/value"
)

// LEEF reads a message of IBM's Log Event Extended Format, version 1.0 or 2.0,
// which begins with "LEEF:": header of five parts, in 2.0 with the delimiter as
// a sixth ("^", "x5E", "0x5E"; empty is a tab), then key=value.
func LEEF(r *Reading, s string) bool {
	s, ok := strings.CutPrefix(s, "LEEF:")
	if !ok {
		return false
	}
	parts := strings.SplitN(s, "|", 6)
	if len(parts) < 6 || parts[0] != "1.0" && parts[0] != "2.0" && parts[0] != "1" && parts[0] != "2" {
		return false
	}
	for i, name := range [...]string{"DeviceVendor", "DeviceProduct", "DeviceVersion", "DeviceEventClassID"} {
		r.Add(name, parts[i+1])
	}
	delimiter, body := "\t", parts[5]
	if parts[0][0] == '2' {
		if head, rest, ok := strings.Cut(body, "|"); ok {
			if d, ok := leefDelimiter(head); ok {
				delimiter, body = d, rest
			}
		}
	}
	if delimiter == "\t" && !strings.Contains(body, "\t") { // a relay turned tabs into blanks
		r.extension(body)
	} else {
		r.leefPairs(body, delimiter)
	}
	r.Shape = "leef"
	if at, ok := leefTime(r.Get("devTime"), r.Get("devTimeFormat"), r.clock); ok {
		r.Time = at
	}
	return true
}

func (r *Reading) leefPairs(body, delimiter string) {
	for body != "" {
		pair, rest, found := strings.Cut(body, delimiter)
		if r.full() {
			pair, rest = body, ""
		}
		body = rest
		key, value, ok := strings.Cut(pair, "=")
		key = strings.TrimSpace(key)
		switch {
		case ok && key != "":
			r.Add(key, strings.TrimSpace(value))
		case strings.TrimSpace(pair) != "":
			r.Add("extension", strings.TrimSpace(pair))
		}
		if !found {
			return
		}
	}
}

// leefDelimiter reads the sixth part of a header: one character, or its code.
func leefDelimiter(s string) (string, bool) {
	if s == "" {
		return "\t", true
	}
	code := strings.TrimPrefix(strings.TrimPrefix(s, "0"), "x")
	if n, err := strconv.ParseUint(code, 16, 16); err == nil && code != s && n > 0 {
		return string(rune(n)), true
	}
	r := []rune(s[:min(len(s), 8)])
	return s, len(r) == 1 && len(s) <= 4
}

// javaLayout turns the letters of Java's SimpleDateFormat, which devTimeFormat
// is written in, into Go's form of a time.
var javaLayout = strings.NewReplacer(
	"yyyy", "2006", "YYYY", "2006", "yy", "06", "MMMM", "January", "MMM", "Jan", "MM", "01", "dd", "02", "HH", "15", "hh", "03",
	"mm", "04", "ss", "05", "SSSSSS", "000000", "SSS", "000", "EEE", "Mon", "XXX", "Z07:00", "zzz", "MST", "z", "MST", "Z", "-0700", "a", "PM", "'", "",
)

func leefTime(s, format string, clock value.Clock) (time.Time, bool) {
	if s == "" {
		return time.Time{}, false
	}
	if format != "" && len(format) < 64 {
		layout := javaLayout.Replace(format)
		if at, err := time.Parse(layout, s); err == nil && at.Year() > 1970 {
			if !strings.Contains(layout, "07") && !strings.Contains(layout, "MST") {
				at = clock.Local(at)
			}
			return at.UTC(), true
		}
	}
	return anyTime(s, clock)
}
