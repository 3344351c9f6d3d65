package windows

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// XML 1.0 has no control characters but tab and line breaks, not even by number
// (§2.2, §4.1), and Windows renders those that an event has all the same: a
// command line with one in it must not keep its event out. Such XML is read with
// noncharacters in their place, of which Unicode has 32 that no text may have
// (U+FDD0 to U+FDEF, The Unicode Standard, 23.7); values get them back. Those that
// an event itself has there, and U+FFFE and U+FFFF, become U+FFFD.
const standIn = '\uFDD0'

// isControl says whether XML refuses a character that Windows renders.
func isControl(c uint64) bool { return c < ' ' && c != '\t' && c != '\n' && c != '\r' }

// withStandIns returns XML that can be read, and whether control characters have
// to be put back.
func withStandIns(body string) (string, bool) {
	from := firstRefused(body)
	if from < 0 {
		return body, false
	}
	b := make([]byte, 0, len(body)+len(body)/8)
	b = append(b, body[:from]...)
	for i := from; i < len(body); {
		c, size := utf8.DecodeRuneInString(body[i:])
		switch {
		case isControl(uint64(c)):
			b = utf8.AppendRune(b, standIn+c)
		case c >= standIn && c < standIn+' ' || c == '\uFFFE' || c == '\uFFFF':
			b = utf8.AppendRune(b, utf8.RuneError)
		case c == '&':
			if n, length := reference(body[i:]); length > 0 && isControl(n) {
				b, size = utf8.AppendRune(b, standIn+rune(n)), length
				break
			}
			b = append(b, '&')
		default:
			b = append(b, body[i:i+size]...)
		}
		i += size
	}
	return string(b), true
}

// firstRefused finds the first character that XML refuses, control characters also
// by number; -1 if there is none. Windows renders no CDATA, in which a number
// would be a text.
func firstRefused(body string) int {
	for i := range len(body) {
		switch c := body[i]; {
		case isControl(uint64(c)):
		case c == "\uFFFE"[0]:
			if rest := body[i:]; !strings.HasPrefix(rest, "\uFFFE") && !strings.HasPrefix(rest, "\uFFFF") {
				continue
			}
		case c == '&':
			if n, length := reference(body[i:]); length == 0 || !isControl(n) {
				continue
			}
		default:
			continue
		}
		if strings.Contains(body, "<![CDATA[") {
			return -1
		}
		return i
	}
	return -1
}

// maxReference is how long a reference to a control character is: &#x0000001f;.
const maxReference = 12

// reference reads a character by number at the start of a text; length is 0 if
// there is none.
func reference(text string) (n uint64, length int) {
	digits, ok := strings.CutPrefix(text[:min(len(text), maxReference)], "&#")
	end := strings.IndexByte(digits, ';')
	if !ok || end < 1 {
		return 0, 0
	}
	base := 10
	number := digits[:end]
	if number[0] == 'x' {
		base, number = 16, number[1:]
	}
	n, err := strconv.ParseUint(number, base, 32)
	if err != nil {
		return 0, 0
	}
	return n, len("&#") + end + 1
}

// withControls puts the control characters back.
func withControls(text string) string {
	return strings.Map(func(c rune) rune {
		if c >= standIn && c < standIn+' ' {
			return c - standIn
		}
		return c
	}, text)
}
