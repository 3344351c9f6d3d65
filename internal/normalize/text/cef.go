package text

import (
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin/internal/normalize/value"
)

// cefHeader names the parts of a CEF header behind the version, as the columns
// of CommonSecurityLog are called.
var cefHeader = [...]string{"DeviceVendor", "DeviceProduct", "DeviceVersion", "DeviceEventClassID", "Activity", "LogSeverity"}

// CEF reads a message of the Common Event Format (ArcSight, version 25: header
// of seven parts split by bars, extension of key=value), which begins with
// "CEF:". The header's parts are fields by the names of CommonSecurityLog's
// columns, the extension's by their own keys.
func CEF(r *Reading, s string) bool {
	from := len(r.Fields)
	s, ok := strings.CutPrefix(s, "CEF:")
	if !ok {
		return false
	}
	version, s, ok := strings.Cut(s, "|")
	if version = strings.TrimSpace(version); !ok || version == "" || digits(version) == 0 {
		return false
	}
	for i, name := range cefHeader {
		end := barAt(s)
		if end < 0 {
			if i < len(cefHeader)-1 {
				return r.back(from)
			}
			r.Add(name, unescape(strings.TrimSpace(s), headerPart))
			s = "" // no extension, and no bar to say so
			break
		}
		r.Add(name, unescape(strings.TrimSpace(s[:end]), headerPart))
		s = s[end+1:]
	}
	r.extension(s)
	r.Shape = "cef"
	r.cefTimes(from)
	return true
}

// barAt finds the next bar that no backslash escapes.
func barAt(s string) int {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '|':
			return i
		}
	}
	return -1
}

// extension reads "key=value key=value", where values have blanks. A key is a
// word of letters, digits, dots and the like in front of an equals sign; an
// equals sign behind anything else belongs to the value, escaped or not.
func (r *Reading) extension(s string) {
	key, start := "", 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			i++
		case c == '=':
			k := i
			for k > start && isKeyByte(s[k-1]) {
				k--
			}
			if k == i || k > 0 && s[k-1] != ' ' && s[k-1] != '\t' || k == start && key != "" || r.full() {
				continue
			}
			if key != "" {
				r.Add(key, extensionValue(key, s[start:k]))
			} else if lead := strings.TrimSpace(s[:k]); lead != "" {
				r.Add("extension", lead) // text in front of the first key
			}
			key, start = s[k:i], i+1
		}
	}
	if key != "" {
		r.Add(key, extensionValue(key, s[start:]))
	} else if s = strings.TrimSpace(s); s != "" {
		r.Add("extension", s)
	}
}

// extensionValue resolves the escapes of a value. In names of users and files
// nobody means a line break by \n: senders forget to escape DOMAIN\nina.
func extensionValue(key, s string) string {
	s = strings.TrimSpace(s)
	switch key {
	case "suser", "duser", "suid", "duid", "sproc", "dproc", "fname", "filePath", "oldFileName", "oldFilePath":
		return unescape(s, extensionName)
	}
	return unescape(s, extensionText)
}

func isKeyByte(c byte) bool {
	return isAlnum(c) || c == '_' || c == '.' || c == '-' || c == '[' || c == ']'
}

// A cefPart is a part of a message with escapes of its own.
type cefPart uint8

const (
	headerPart cefPart = iota
	extensionText
	extensionName // a text that has no lines
)

// unescape resolves the escapes of CEF: backslash and bar in the header;
// backslash, equals sign, \n and \r in the extension. Any other backslash
// stands for itself, as in a Windows path that nobody escaped.
func unescape(s string, part cefPart) string {
	at := strings.IndexByte(s, '\\')
	if at < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '\\' && i+1 < len(s) {
			switch n := s[i+1]; {
			case n == '\\' || n == '|' && part == headerPart || n == '=' && part != headerPart:
				c = n
				i++
			case part == extensionText && (n == 'n' || n == 'r') && !looksLikePath(s, i):
				c = '\n'
				if n == 'r' {
					c = '\r'
				}
				i++
			}
		}
		b = append(b, c)
	}
	return string(b)
}

// looksLikePath says that the backslash at i stands in an unescaped Windows
// path: `C:\new`, `\\server\reports`, `DOMAIN\nina`. A letter or colon in front
// and no blank since the last separator is not enough to tell, so a drive or a
// share must begin the value.
func looksLikePath(s string, i int) bool {
	return i >= 2 && s[1] == ':' && isAlpha(s[0]) || strings.HasPrefix(s, `\\`)
}

// cefTimes takes the time of the event from rt, or from end and start where the
// message has no rt, and writes start and end in ISO form. CEF has Unix
// milliseconds, or "MMM dd yyyy HH:mm:ss.SSS zzz" with parts missing.
func (r *Reading) cefTimes(from int) {
	var start time.Time
	for i := from; i < len(r.Fields); i++ {
		f := &r.Fields[i]
		switch f.Name {
		case "rt", "start", "end", "deviceReceiptTime", "startTime", "endTime":
		default:
			continue
		}
		at, ok := anyTime(f.Value, r.clock)
		if !ok {
			continue
		}
		switch f.Name {
		case "rt", "deviceReceiptTime":
			r.Time = at
		default:
			f.Value = at.Format(time.RFC3339Nano)
			if start.IsZero() || f.Name[0] == 's' {
				start = at
			}
		}
	}
	if r.Time.IsZero() {
		r.Time = start
	}
}

// anyTime reads a time that is the whole text: Unix time of any precision, ISO,
// or a month by its name.
func anyTime(s string, clock value.Clock) (time.Time, bool) {
	s = strings.TrimSpace(s)
	if at, ok := epoch(s); ok {
		return at, true
	}
	at, rest, ok := stamp(s, clock)
	return at, ok && strings.TrimSpace(rest) == ""
}
