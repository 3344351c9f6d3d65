package normalize

import (
	"errors"
	"fmt"
	"math/bits"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

const maxNesting = 64

var (
	errEnd     = errors.New("the JSON text ends early")
	errNesting = fmt.Errorf("the JSON text is nested deeper than %d", maxNesting)
)

// A jsonKind is the type of a JSON value.
type jsonKind uint8

const (
	jsonNull jsonKind = iota
	jsonBool
	jsonNumber
	jsonString
	jsonObject
	jsonArray
)

// A scanner reads one JSON text strictly, from front to back, without building
// a tree. Texts it returns are parts of the input unless they had escapes.
type scanner struct {
	s     string
	at    int
	depth int
}

func (z *scanner) fail(want string) error {
	if z.at >= len(z.s) {
		return errEnd
	}
	return fmt.Errorf("invalid JSON at byte %d: %s is expected", z.at, want)
}

// peek skips white space and returns the next byte, 0 at the end.
func (z *scanner) peek() byte {
	for z.at < len(z.s) {
		switch c := z.s[z.at]; c {
		case ' ', '\t', '\r', '\n':
			z.at++
		default:
			return c
		}
	}
	return 0
}

// kind returns the type of the next value by its first byte.
func (z *scanner) kind() jsonKind {
	switch z.peek() {
	case '{':
		return jsonObject
	case '[':
		return jsonArray
	case '"':
		return jsonString
	case 't', 'f':
		return jsonBool
	case 'n':
		return jsonNull
	}
	return jsonNumber
}

// object reads an object and calls member for each key; member must read the
// value.
func (z *scanner) object(member func(key string) error) error {
	if z.peek() != '{' {
		return z.fail("{")
	}
	if z.depth++; z.depth > maxNesting {
		return errNesting
	}
	z.at++
	if z.peek() == '}' {
		z.at++
		z.depth--
		return nil
	}
	for {
		if z.peek() != '"' {
			return z.fail("a name in quotes")
		}
		key, err := z.text()
		if err != nil {
			return err
		}
		if z.peek() != ':' {
			return z.fail(":")
		}
		z.at++
		if err := member(key); err != nil {
			return err
		}
		switch z.peek() {
		case ',':
			z.at++
		case '}':
			z.at++
			z.depth--
			return nil
		default:
			return z.fail(", or }")
		}
	}
}

// array reads an array and calls element in front of each element, which it
// must read.
func (z *scanner) array(element func() error) error {
	if z.peek() != '[' {
		return z.fail("[")
	}
	if z.depth++; z.depth > maxNesting {
		return errNesting
	}
	z.at++
	if z.peek() == ']' {
		z.at++
		z.depth--
		return nil
	}
	for {
		if err := element(); err != nil {
			return err
		}
		switch z.peek() {
		case ',':
			z.at++
		case ']':
			z.at++
			z.depth--
			return nil
		default:
			return z.fail(", or ]")
		}
	}
}

// skip reads any value. It checks escapes but does not resolve them.
func (z *scanner) skip() error {
	switch z.kind() {
	case jsonObject:
		return z.object(func(string) error { return z.skip() })
	case jsonArray:
		return z.array(z.skip)
	case jsonString:
		return z.skipText()
	}
	_, _, err := z.scalar()
	return err
}

// plain moves to the next byte that is not an ordinary one of a text: a quote,
// a backslash or a control character; or to the end. It looks at eight bytes at
// a time: in each byte of special, the top bit says that this byte is one. Above
// the first such byte the bits may be wrong, which does not matter.
func (z *scanner) plain() {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	s, at := z.s, z.at
	for at+8 <= len(s) {
		b := s[at : at+8]
		word := uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 | uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
		quote, backslash := word^ones*'"', word^ones*'\\'
		special := ((word-ones*' ')&^word | (quote-ones)&^quote | (backslash-ones)&^backslash) & tops
		if special != 0 {
			z.at = at + bits.TrailingZeros64(special)/8
			return
		}
		at += 8
	}
	for at < len(s) && s[at] != '"' && s[at] != '\\' && s[at] >= ' ' {
		at++
	}
	z.at = at
}

// skipText reads a string.
func (z *scanner) skipText() error {
	z.at++ // "
	for z.plain(); z.at < len(z.s); z.plain() {
		switch c := z.s[z.at]; {
		case c == '"':
			z.at++
			return nil
		case c < ' ':
			return z.fail("no control character in a text")
		case c == '\\' && z.at+1 < len(z.s):
			z.at++
			if z.s[z.at] == 'u' {
				z.at++
				if _, err := z.hex4(); err != nil {
					return err
				}
				continue
			}
			if c := z.s[z.at]; c != '\\' && strings.IndexByte(`"/bfnrt`, c) < 0 {
				return z.fail(`one of "\/bfnrtu behind a backslash`)
			}
		}
		z.at++
	}
	return errEnd
}

// raw reads any value and returns its JSON text, valid for every parser: lone
// surrogates, which some refuse, become U+FFFD.
func (z *scanner) raw() (string, error) {
	z.peek()
	from := z.at
	if err := z.skip(); err != nil {
		return "", err
	}
	return plainJSON(z.s[from:z.at]), nil
}

// plainJSON returns valid JSON without lone surrogates.
func plainJSON(text string) string {
	if strings.Contains(text, `\ud`) || strings.Contains(text, `\uD`) {
		return string(reencode(nil, text))
	}
	return text
}

// reencode appends valid JSON with every string written anew.
func reencode(dst []byte, text string) []byte {
	z := scanner{s: text}
	from := 0
	for z.at < len(text) {
		if text[z.at] != '"' {
			z.at++
			continue
		}
		dst = append(dst, text[from:z.at]...)
		value, err := z.text()
		if err != nil {
			return append(dst, text[z.at:]...)
		}
		dst = appendJSONString(dst, value)
		from = z.at
	}
	return append(dst, text[from:]...)
}

// scalar reads a string, number, boolean or null as text.
func (z *scanner) scalar() (string, jsonKind, error) {
	switch kind := z.kind(); kind {
	case jsonString:
		text, err := z.text()
		return text, kind, err
	case jsonBool:
		for _, word := range [2]string{"true", "false"} {
			if strings.HasPrefix(z.s[z.at:], word) {
				z.at += len(word)
				return word, kind, nil
			}
		}
		return "", kind, z.fail("true or false")
	case jsonNull:
		if strings.HasPrefix(z.s[z.at:], "null") {
			z.at += 4
			return "", kind, nil
		}
		return "", kind, z.fail("null")
	case jsonNumber:
		text, err := z.number()
		return text, kind, err
	}
	return "", jsonNull, z.fail("a text, number, true, false or null")
}

func (z *scanner) digits() bool {
	from := z.at
	for z.at < len(z.s) && z.s[z.at]-'0' < 10 {
		z.at++
	}
	return z.at > from
}

func (z *scanner) number() (string, error) {
	from := z.at
	if z.at < len(z.s) && z.s[z.at] == '-' {
		z.at++
	}
	if z.at < len(z.s) && z.s[z.at] == '0' {
		z.at++
	} else if !z.digits() {
		return "", z.fail("a value")
	}
	if z.at < len(z.s) && z.s[z.at] == '.' {
		if z.at++; !z.digits() {
			return "", z.fail("a digit")
		}
	}
	if z.at < len(z.s) && z.s[z.at]|0x20 == 'e' {
		if z.at++; z.at < len(z.s) && (z.s[z.at] == '+' || z.s[z.at] == '-') {
			z.at++
		}
		if !z.digits() {
			return "", z.fail("a digit")
		}
	}
	return z.s[from:z.at], nil
}

// text reads a string.
func (z *scanner) text() (string, error) {
	z.at++ // "
	from := z.at
	z.plain()
	switch {
	case z.at >= len(z.s):
		return "", errEnd
	case z.s[z.at] == '"':
		z.at++
		return z.s[from : z.at-1], nil
	case z.s[z.at] == '\\':
		return z.escaped(from)
	}
	return "", z.fail("no control character in a text")
}

// escaped reads the rest of a string that has escapes.
func (z *scanner) escaped(from int) (string, error) {
	start := z.at
	z.at-- // skipText begins behind the byte it stands at; the backslash is read again
	if err := z.skipText(); err != nil {
		return "", err
	}
	end := z.at - 1
	var out strings.Builder
	out.Grow(end - from)
	out.WriteString(z.s[from:start])
	for i := start; i < end; i++ {
		c := z.s[i]
		if c != '\\' {
			run := strings.IndexByte(z.s[i:end], '\\')
			if run < 0 {
				run = end - i
			}
			out.WriteString(z.s[i : i+run])
			i += run - 1
			continue
		}
		i++
		switch c = z.s[i]; c {
		case 'b':
			out.WriteByte('\b')
		case 'f':
			out.WriteByte('\f')
		case 'n':
			out.WriteByte('\n')
		case 'r':
			out.WriteByte('\r')
		case 't':
			out.WriteByte('\t')
		case 'u':
			r, size := unicodeEscape(z.s[i+1 : end])
			out.WriteRune(r)
			i += size
		default: // a quote, backslash or slash: skipText lets nothing else pass
			out.WriteByte(c)
		}
	}
	return out.String(), nil
}

// unicodeEscape reads what stands behind \u, with the second half of a
// surrogate pair; a lone surrogate is U+FFFD. size is what was read.
func unicodeEscape(s string) (r rune, size int) {
	z := scanner{s: s}
	r, _ = z.hex4() // checked by skipText
	if utf16.IsSurrogate(r) {
		low := rune(0)
		if strings.HasPrefix(s[z.at:], `\u`) {
			pair := scanner{s: s, at: z.at + 2}
			low, _ = pair.hex4()
		}
		if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
			return r, 10
		}
	}
	return r, 4
}

func (z *scanner) hex4() (rune, error) {
	if z.at+4 > len(z.s) {
		return 0, errEnd
	}
	var r rune
	for range 4 {
		c := z.s[z.at]
		switch {
		case c-'0' < 10:
			r = r<<4 | rune(c-'0')
		case c|0x20-'a' < 6:
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, z.fail("four hexadecimal digits")
		}
		z.at++
	}
	return r, nil
}

// document checks that nothing but white space is left.
func (z *scanner) document() error {
	if z.peek() != 0 || z.at < len(z.s) {
		return z.fail("the end of the record")
	}
	return nil
}

const hexDigits = "0123456789abcdef"

// appendJSONString appends a quoted JSON string.
func appendJSONString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[from:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		from = i + 1
	}
	return append(append(dst, s[from:]...), '"')
}
