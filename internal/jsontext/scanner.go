// Package jsontext reads and writes JSON texts where they are hot: a scanner that
// hands out parts of its input instead of building a tree, and the quoting of
// strings.
//
// It promises that what it takes for JSON, every parser does (RFC 8259; lone
// surrogates become U+FFFD where a text is handed on, see Plain), that nesting is
// bounded, and that time is linear in the text. It knows nothing of what the
// texts say. It is tested against encoding/json by a fuzz target.
package jsontext

import (
	"errors"
	"fmt"
	"math/bits"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxNesting is how deep objects and arrays may stand in one another.
const MaxNesting = 64

var (
	errEnd     = errors.New("the JSON text ends early")
	errNesting = fmt.Errorf("the JSON text is nested deeper than %d", MaxNesting)
)

// A Kind is the type of a JSON value.
type Kind uint8

// The kinds of values.
const (
	Null Kind = iota
	Bool
	Number
	String
	Object
	Array
)

// A Scanner reads one JSON text strictly, from front to back, without building
// a tree. Texts it returns are parts of the input unless they had escapes.
type Scanner struct {
	s     string
	at    int
	depth int
}

// New returns a scanner that stands at the beginning of a text.
func New(s string) *Scanner { return &Scanner{s: s} }

// Offset returns the byte at which the scanner stands.
func (z *Scanner) Offset() int { return z.at }

// Since returns the text between an offset and where the scanner stands.
func (z *Scanner) Since(from int) string { return z.s[from:z.at] }

func (z *Scanner) fail(want string) error {
	if z.at >= len(z.s) {
		return errEnd
	}
	return fmt.Errorf("invalid JSON at byte %d: %s is expected", z.at, want)
}

// Peek skips white space and returns the next byte, 0 at the end.
func (z *Scanner) Peek() byte {
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

// Kind returns the type of the next value by its first byte.
func (z *Scanner) Kind() Kind {
	switch z.Peek() {
	case '{':
		return Object
	case '[':
		return Array
	case '"':
		return String
	case 't', 'f':
		return Bool
	case 'n':
		return Null
	}
	return Number
}

// Object reads an object and calls member for each key; member must read the
// value.
func (z *Scanner) Object(member func(key string) error) error {
	if z.Peek() != '{' {
		return z.fail("{")
	}
	if z.depth++; z.depth > MaxNesting {
		return errNesting
	}
	z.at++
	if z.Peek() == '}' {
		z.at++
		z.depth--
		return nil
	}
	for {
		if z.Peek() != '"' {
			return z.fail("a name in quotes")
		}
		key, err := z.Text()
		if err != nil {
			return err
		}
		if z.Peek() != ':' {
			return z.fail(":")
		}
		z.at++
		if err := member(key); err != nil {
			return err
		}
		switch z.Peek() {
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

// Array reads an array and calls element in front of each element, which it
// must read.
func (z *Scanner) Array(element func() error) error {
	if z.Peek() != '[' {
		return z.fail("[")
	}
	if z.depth++; z.depth > MaxNesting {
		return errNesting
	}
	z.at++
	if z.Peek() == ']' {
		z.at++
		z.depth--
		return nil
	}
	for {
		if err := element(); err != nil {
			return err
		}
		switch z.Peek() {
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

// Skip reads any value. It checks escapes but does not resolve them.
func (z *Scanner) Skip() error {
	switch z.Kind() {
	case Object:
		return z.Object(func(string) error { return z.Skip() })
	case Array:
		return z.Array(z.Skip)
	case String:
		return z.skipText()
	}
	_, _, err := z.Scalar()
	return err
}

// plain moves to the next byte that is not an ordinary one of a text: a quote,
// a backslash or a control character; or to the end. It looks at eight bytes at
// a time: in each byte of special, the top bit says that this byte is one. Above
// the first such byte the bits may be wrong, which does not matter.
func (z *Scanner) plain() {
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
func (z *Scanner) skipText() error {
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

// Raw reads any value and returns its JSON text, valid for every parser: lone
// surrogates, which some refuse, become U+FFFD.
func (z *Scanner) Raw() (string, error) {
	z.Peek()
	from := z.at
	if err := z.Skip(); err != nil {
		return "", err
	}
	return Plain(z.s[from:z.at]), nil
}

// Plain returns valid JSON without lone surrogates.
func Plain(text string) string {
	if strings.Contains(text, `\ud`) || strings.Contains(text, `\uD`) {
		return string(reencode(nil, text))
	}
	return text
}

// reencode appends valid JSON with every string written anew.
func reencode(dst []byte, text string) []byte {
	z := Scanner{s: text}
	from := 0
	for z.at < len(text) {
		if text[z.at] != '"' {
			z.at++
			continue
		}
		dst = append(dst, text[from:z.at]...)
		value, err := z.Text()
		if err != nil {
			return append(dst, text[z.at:]...)
		}
		dst = AppendQuoted(dst, value)
		from = z.at
	}
	return append(dst, text[from:]...)
}

// Scalar reads a string, number, boolean or null as text.
func (z *Scanner) Scalar() (string, Kind, error) {
	switch kind := z.Kind(); kind {
	case String:
		text, err := z.Text()
		return text, kind, err
	case Bool:
		for _, word := range [2]string{"true", "false"} {
			if strings.HasPrefix(z.s[z.at:], word) {
				z.at += len(word)
				return word, kind, nil
			}
		}
		return "", kind, z.fail("true or false")
	case Null:
		if strings.HasPrefix(z.s[z.at:], "null") {
			z.at += 4
			return "", kind, nil
		}
		return "", kind, z.fail("null")
	case Number:
		text, err := z.number()
		return text, kind, err
	}
	return "", Null, z.fail("a text, number, true, false or null")
}

func (z *Scanner) digits() bool {
	from := z.at
	for z.at < len(z.s) && z.s[z.at]-'0' < 10 {
		z.at++
	}
	return z.at > from
}

func (z *Scanner) number() (string, error) {
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

// Text reads a string.
func (z *Scanner) Text() (string, error) {
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
func (z *Scanner) escaped(from int) (string, error) {
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
	z := Scanner{s: s}
	r, _ = z.hex4() // checked by skipText
	if utf16.IsSurrogate(r) {
		low := rune(0)
		if strings.HasPrefix(s[z.at:], `\u`) {
			pair := Scanner{s: s, at: z.at + 2}
			low, _ = pair.hex4()
		}
		if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
			return r, 10
		}
	}
	return r, 4
}

func (z *Scanner) hex4() (rune, error) {
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

// End checks that nothing but white space is left.
func (z *Scanner) End() error {
	if z.Peek() != 0 || z.at < len(z.s) {
		return z.fail("the end of the record")
	}
	return nil
}
