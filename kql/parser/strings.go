package parser

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// decodeString returns the value of a string literal as written, whether it was
// obfuscated (h"…"), and the offset of a backslash sequence that does not exist, or -1.
// Unclosed strings decode to what is there.
func decodeString(raw string) (value string, hidden bool, badAt int) {
	body := raw
	if body[0] == 'h' || body[0] == 'H' {
		hidden = true
		body = body[1:]
	}
	switch {
	case strings.HasPrefix(body, "```"), strings.HasPrefix(body, "~~~"):
		fence := body[:3]
		return strings.TrimSuffix(body[3:], fence), hidden, -1
	case body[0] == '@':
		q := body[1:2]
		body = body[2:]
		if n := trailing(body, q); n%2 == 1 {
			body = body[:len(body)-1]
		}
		return strings.ReplaceAll(body, q+q, q), hidden, -1
	}
	q := body[0]
	start := len(raw) - len(body) + 1
	body = body[1:]
	if n := len(body); n > 0 && body[n-1] == q && trailing(body[:n-1], `\`)%2 == 0 {
		body = body[:n-1]
	}
	if strings.IndexByte(body, '\\') < 0 {
		return body, hidden, -1
	}
	value, badAt = unescape(body)
	if badAt >= 0 {
		badAt += start
	}
	return value, hidden, badAt
}

// trailing counts how often the one-byte string c ends text.
func trailing(text, c string) int {
	n := 0
	for strings.HasSuffix(text, c) {
		text = text[:len(text)-1]
		n++
	}
	return n
}

var simpleEscapes = map[byte]byte{
	'\'': '\'', '"': '"', '\\': '\\', 'a': '\a', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v',
}

// unescape decodes backslash sequences; badAt is the offset of the first that does not exist, or -1.
func unescape(body string) (value string, badAt int) {
	badAt = -1
	var b strings.Builder
	b.Grow(len(body))
	for i := 0; i < len(body); {
		c := body[i]
		if c != '\\' {
			b.WriteByte(c)
			i++
			continue
		}
		n := escape(&b, body[i:])
		if n == 0 {
			if badAt < 0 {
				badAt = i
			}
			b.WriteByte(c)
			n = 1
		}
		i += n
	}
	return b.String(), badAt
}

// escape decodes one sequence at the head of text and returns its length, or 0.
// Octal takes one to three digits, \x one to four, \u four and \U eight.
func escape(b *strings.Builder, text string) int {
	if len(text) < 2 {
		return 0
	}
	if c, ok := simpleEscapes[text[1]]; ok {
		b.WriteByte(c)
		return 2
	}
	switch c := text[1]; c {
	case 'x', 'u', 'U':
		least, most := 1, 4
		if c == 'u' {
			least = 4
		} else if c == 'U' {
			least, most = 8, 8
		}
		n := 2
		for n < len(text) && n < 2+most && allHex(text[n:n+1]) {
			n++
		}
		if n < 2+least {
			return 0
		}
		code, _ := strconv.ParseUint(text[2:n], 16, 32)
		r := rune(code)
		if 0xD800 <= code && code < 0xDC00 {
			if low, ok := lowSurrogate(text[n:]); ok {
				r = 0x10000 + (r-0xD800)<<10 + (low - 0xDC00)
				n += 6
			}
		}
		if code > utf8.MaxRune {
			return 0
		}
		b.WriteRune(r)
		return n
	}
	n := 1
	for n < len(text) && n < 4 && '0' <= text[n] && text[n] <= '7' {
		n++
	}
	if n == 1 {
		return 0
	}
	code, _ := strconv.ParseUint(text[1:n], 8, 16)
	b.WriteRune(rune(code))
	return n
}

// lowSurrogate reads the second half of a character written as two \u sequences.
func lowSurrogate(text string) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' || !allHex(text[2:6]) {
		return 0, false
	}
	code, _ := strconv.ParseUint(text[2:6], 16, 32)
	return rune(code), 0xDC00 <= code && code < 0xE000
}
