package text

import (
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/normalize/value"
)

// A Reading is what a text says. It is reused from text to text: Reset, read.
type Reading struct {
	Shape  string    // what the text is: "cef", "sshd"; the mapping chooses rows by it
	Time   time.Time // when it happened, UTC; zero where the text has no time
	Fields []tocsin.Field

	// What a syslog header says, also where the content is recognised.
	Host, Program string
	Content       string // what stands behind it

	clock value.Clock // reads times without a zone or year
}

// maxFields bounds the fields of one reading. Readers stop to cut a text into
// more: the rest stays in the value of the last one.
const maxFields = 1024

// Reset empties the reading and keeps its memory.
func (r *Reading) Reset() {
	clear(r.Fields)
	*r = Reading{Fields: r.Fields[:0]}
}

// Add appends a field.
func (r *Reading) Add(name, value string) {
	r.Fields = append(r.Fields, tocsin.Field{Name: name, Value: value})
}

// addText appends a field that has a text.
func (r *Reading) addText(name, value string) {
	if value != "" {
		r.Add(name, value)
	}
}

// full says that no more fields may be cut out of the text.
func (r *Reading) full() bool { return len(r.Fields) >= maxFields }

// Get returns the first value of a field; empty where there is none.
func (r *Reading) Get(name string) string {
	for i := range r.Fields {
		if r.Fields[i].Name == name {
			return r.Fields[i].Value
		}
	}
	return ""
}

// back forgets the fields behind the first n, when a reader finds that the text
// is something else.
func (r *Reading) back(n int) bool {
	clear(r.Fields[n:])
	r.Fields = r.Fields[:n]
	return false
}

// word cuts the first word off a text: up to a blank, which is skipped with
// those behind it.
func word(s string) (first, rest string) {
	i := strings.IndexByte(s, ' ')
	if i < 0 {
		return s, ""
	}
	return s[:i], strings.TrimLeft(s[i:], " ")
}

// digits counts the decimal digits that a text begins with.
func digits(s string) int {
	n := 0
	for n < len(s) && s[n]-'0' < 10 {
		n++
	}
	return n
}

// number reads a decimal number that fits; ok is false for anything else.
func number(s string) (n int64, ok bool) {
	if s == "" || len(s) > 18 || digits(s) != len(s) {
		return 0, false
	}
	for i := range len(s) {
		n = n*10 + int64(s[i]-'0')
	}
	return n, true
}

func isAlpha(c byte) bool { return c|0x20-'a' < 26 }

func isAlnum(c byte) bool { return c|0x20-'a' < 26 || c-'0' < 10 }
