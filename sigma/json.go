package sigma

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Bounds on one JSON record.
const (
	maxJSONDepth  = 64
	maxJSONValues = 8192
)

var (
	errJSONDepth = fmt.Errorf("is nested deeper than %d", maxJSONDepth)
	errJSONMany  = fmt.Errorf("has more than %d values", maxJSONValues)
)

// ErrIncomplete is wrapped by the error for JSON that ends inside an object.
var ErrIncomplete = errors.New("ends in the middle of a value")

// ParseJSON adds the fields of one JSON object to ev, which it resets first.
// Values refer into line, which must stay unchanged until the next Reset.
//
// Two shapes are known. The member "Event" of an object is an event log record as
// evtx_dump writes it: System, EventData and UserData are flattened to the names
// rules use; so is the member "winlog" that Winlogbeat writes. Any other object is
// flattened by joining the names of nested objects with dots; members of arrays
// are several values of one field. Spaces in names are dropped, as the
// specification demands.
func ParseJSON(line []byte, ev *Event) error {
	n, err := ScanJSON(line, ev)
	if err != nil {
		return err
	}
	for _, c := range line[n:] {
		if c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return fmt.Errorf("reading JSON at byte %d: more text behind the object", n)
		}
	}
	return nil
}

// ScanJSON is ParseJSON for an object that other text may follow; it returns the
// bytes the object takes. A text that ends too early gives ErrIncomplete.
func ScanJSON(text []byte, ev *Event) (n int, err error) {
	ev.Reset()
	if need := min(len(text), arenaStart) + 64; cap(ev.arena) < need {
		ev.arena = make([]byte, 0, need)
	}
	s := &ev.scan
	s.src, s.at, s.path, s.depth = text, 0, s.path[:0], 0
	err = s.record(ev)
	s.src = nil
	if err != nil {
		return s.at, fmt.Errorf("reading JSON at byte %d: %w", s.at, err)
	}
	return s.at, nil
}

// arenaStart is the memory an event begins with for unescaped text.
const arenaStart = 16 << 10

// jsonScanner walks a JSON text once and hands scalars to the event.
type jsonScanner struct {
	src   []byte
	at    int
	depth int
	path  []byte // dotted name of the object being read
}

func (s *jsonScanner) record(ev *Event) error {
	switch s.skipSpace() {
	case '{':
	case 0:
		return ErrIncomplete
	default:
		return errors.New("an object is expected")
	}
	return s.members(ev, func(key []byte) error {
		if string(key) == "Event" && s.skipSpace() == '{' {
			return s.logRecord(ev)
		}
		if string(key) == "winlog" && s.skipSpace() == '{' {
			return s.members(ev, func(key []byte) error { return s.winlogMember(ev, key) })
		}
		return s.member(ev, key)
	})
}

// skipSpace moves to the next byte that is no white space and returns it, 0 at
// the end.
func (s *jsonScanner) skipSpace() byte {
	for s.at < len(s.src) {
		switch c := s.src[s.at]; c {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return c
		}
	}
	return 0
}

// members reads an object; value is called in front of each member's value.
func (s *jsonScanner) members(ev *Event, value func(key []byte) error) error {
	if s.depth++; s.depth > maxJSONDepth {
		return errJSONDepth
	}
	s.at++ // {
	if s.skipSpace() == '}' {
		s.at++
		s.depth--
		return nil
	}
	for {
		if s.skipSpace() != '"' {
			return s.expected("a member name")
		}
		key, err := s.text(ev)
		if err != nil {
			return err
		}
		if s.skipSpace() != ':' {
			return s.expected("a colon")
		}
		s.at++
		if err := value(key); err != nil {
			return err
		}
		switch s.skipSpace() {
		case ',':
			s.at++
		case '}':
			s.at++
			s.depth--
			return nil
		default:
			return s.expected("a comma or }")
		}
	}
}

// elements reads an array; value is called in front of each element.
func (s *jsonScanner) elements(value func() error) (n int, err error) {
	if s.depth++; s.depth > maxJSONDepth {
		return 0, errJSONDepth
	}
	s.at++ // [
	if s.skipSpace() == ']' {
		s.at++
		s.depth--
		return 0, nil
	}
	for {
		if err := value(); err != nil {
			return n, err
		}
		n++
		switch s.skipSpace() {
		case ',':
			s.at++
		case ']':
			s.at++
			s.depth--
			return n, nil
		default:
			return n, s.expected("a comma or ]")
		}
	}
}

// member reads a member of a plain record, key being relative to s.path.
func (s *jsonScanner) member(ev *Event, key []byte) error {
	before := len(s.path)
	if before > 0 {
		s.path = append(s.path, '.')
	}
	s.path = append(s.path, key...)
	err := s.nested(ev, ev.fieldNamed(s.path))
	s.path = s.path[:before]
	return err
}

// nested reads a value of the field id; objects inside it extend s.path.
func (s *jsonScanner) nested(ev *Event, id FieldID) error {
	switch s.skipSpace() {
	case '{':
		return s.members(ev, func(key []byte) error { return s.member(ev, key) })
	case '[':
		n, err := s.elements(func() error { return s.nested(ev, id) })
		if n == 0 && err == nil {
			ev.AddNull(id)
		}
		return err
	}
	return s.scalar(ev, id)
}

// fieldNamed looks a name up as written and, failing that, without its spaces.
func (e *Event) fieldNamed(name []byte) FieldID {
	id := e.fields.Lookup(name)
	if id != NoField {
		return id
	}
	for i, c := range name {
		if c != ' ' {
			continue
		}
		var buf [128]byte
		short := append(buf[:0], name[:i]...)
		for _, c := range name[i:] {
			if c != ' ' {
				short = append(short, c)
			}
		}
		return e.fields.Lookup(short)
	}
	return NoField
}

// scalar reads a string, number, true, false or null.
func (s *jsonScanner) scalar(ev *Event, id FieldID) error {
	if len(ev.values) >= maxJSONValues {
		return errJSONMany
	}
	switch c := s.skipSpace(); {
	case c == '"':
		v, err := s.text(ev)
		if err != nil {
			return err
		}
		ev.Add(id, KindString, v)
		return nil
	case c == 't' && s.word("true"):
		ev.AddBool(id, true)
		return nil
	case c == 'f' && s.word("false"):
		ev.AddBool(id, false)
		return nil
	case c == 'n' && s.word("null"):
		ev.AddNull(id)
		return nil
	case c == '-' || '0' <= c && c <= '9':
		return s.number(ev, id)
	}
	return s.expected("a value")
}

// expected says what is missing; at the end of the text it is the rest. A word
// cut short (tru) counts as the end, too.
func (s *jsonScanner) expected(what string) error {
	rest := string(s.src[s.at:min(s.at+6, len(s.src))])
	for _, word := range []string{"true", "false", "null"} {
		if len(rest) < len(word) && word[:len(rest)] == rest {
			return ErrIncomplete
		}
	}
	return fmt.Errorf("%s is expected", what)
}

func (s *jsonScanner) word(w string) bool {
	if len(s.src)-s.at < len(w) || string(s.src[s.at:s.at+len(w)]) != w {
		return false
	}
	s.at += len(w)
	return true
}

// number adds the number in canonical form: integers as they stand, others as
// the shortest decimal without exponent.
func (s *jsonScanner) number(ev *Event, id FieldID) error {
	from, integer := s.at, true
	for s.at++; s.at < len(s.src); s.at++ {
		c := s.src[s.at]
		if c == '.' || c == 'e' || c == 'E' {
			integer = false
		} else if !('0' <= c && c <= '9' || c == '+' || c == '-') {
			break
		}
	}
	text := s.src[from:s.at]
	if integer {
		for _, c := range text[1:] {
			if c == '+' || c == '-' {
				return errors.New("a malformed number")
			}
		}
		if len(text) == 1 && text[0] == '-' {
			return errors.New("a malformed number")
		}
		ev.Add(id, KindNumber, text)
		return nil
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return errors.New("a malformed number")
	}
	if math.Abs(f) > 1e21 {
		ev.Add(id, KindNumber, text)
		return nil
	}
	at := len(ev.arena)
	ev.arena = strconv.AppendFloat(ev.arena, f, 'f', -1, 64)
	ev.Add(id, KindNumber, ev.arena[at:len(ev.arena):len(ev.arena)])
	return nil
}

// text reads a string: a view of the source when it holds no escape, else its
// unescaped copy in the event's arena.
func (s *jsonScanner) text(ev *Event) ([]byte, error) {
	s.at++ // "
	from := s.at
	i := stringStop(s.src, from)
	if i < 0 {
		s.at = len(s.src)
		return nil, ErrIncomplete
	}
	if s.src[i] == '"' {
		s.at = i + 1
		return s.src[from:i:i], nil
	}
	at := len(ev.arena)
	out := ev.arena
	for {
		out = append(out, s.src[from:i]...)
		if s.src[i] == '"' {
			break
		}
		s.at = i
		if s.src[i] != '\\' {
			return nil, errors.New("a control character inside a string")
		}
		var err error
		if out, err = s.escape(out); err != nil {
			return nil, err
		}
		from = s.at
		if i = stringStop(s.src, from); i < 0 {
			s.at = len(s.src)
			return nil, ErrIncomplete
		}
	}
	s.at = i + 1
	ev.arena = out
	return out[at:len(out):len(out)], nil
}

// stringStop returns the offset of the next quote, backslash or control
// character, or -1. It looks at eight bytes at a time.
func stringStop(src []byte, i int) int {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(src); i += 8 {
		w := binary.LittleEndian.Uint64(src[i:])
		quote, slash := w^(ones*'"'), w^(ones*'\\')
		// A byte of x-ones borrows into its high bit where x has a zero byte; the
		// lowest bit set is exact, which is all that is used.
		stop := ((quote-ones)&^quote | (slash-ones)&^slash | (w-ones*0x20)&^w) & high
		if stop != 0 {
			return i + bits.TrailingZeros64(stop)/8
		}
	}
	for ; i < len(src); i++ {
		if c := src[i]; c == '"' || c == '\\' || c < 0x20 {
			return i
		}
	}
	return -1
}

// escape decodes the escape sequence at s.at and moves behind it.
func (s *jsonScanner) escape(out []byte) ([]byte, error) {
	if s.at+1 >= len(s.src) {
		return out, ErrIncomplete
	}
	c := s.src[s.at+1]
	s.at += 2
	switch c {
	case '"', '\\', '/':
		return append(out, c), nil
	case 'b':
		return append(out, '\b'), nil
	case 'f':
		return append(out, '\f'), nil
	case 'n':
		return append(out, '\n'), nil
	case 'r':
		return append(out, '\r'), nil
	case 't':
		return append(out, '\t'), nil
	case 'u':
		return s.unicode(out)
	}
	return out, fmt.Errorf("unknown escape \\%c", c)
}

func (s *jsonScanner) unicode(out []byte) ([]byte, error) {
	r, ok := s.hex4(s.at)
	if !ok {
		return out, errors.New("a malformed \\u escape")
	}
	s.at += 4
	if utf16.IsSurrogate(r) && s.at+6 <= len(s.src) && s.src[s.at] == '\\' && s.src[s.at+1] == 'u' {
		if low, ok := s.hex4(s.at + 2); ok {
			if full := utf16.DecodeRune(r, low); full != utf8.RuneError {
				s.at += 6
				return utf8.AppendRune(out, full), nil
			}
		}
	}
	return utf8.AppendRune(out, r), nil // a lone surrogate becomes U+FFFD
}

func (s *jsonScanner) hex4(at int) (rune, bool) {
	if at+4 > len(s.src) {
		return 0, false
	}
	var r rune
	for _, c := range s.src[at : at+4] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
