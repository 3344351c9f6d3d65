// Package pattern holds the string patterns of Sigma: literal text with the
// wildcards * and ?, case folding, the encodings a modifier may ask for, and
// the automaton that finds thousands of literals in one pass over a value.
//
// It promises exact Sigma 2.1 semantics for escaping, wildcards and folding
// and knows nothing of rules or events. Matching never panics on any bytes.
// It is tested by tables, by properties against regular expressions, and by
// fuzzing.
package pattern

import "strings"

// Kind says what one Token of a Pattern stands for.
type Kind uint8

// The kinds of token.
const (
	Literal     Kind = iota // Text as it stands
	Any                     // *: any number of characters, also none
	One                     // ?: exactly one character (code point)
	Placeholder             // %Text%: to be filled by the site before compiling
)

// Token is one piece of a Pattern.
type Token struct {
	Kind Kind
	Text string
}

// A Pattern is a parsed Sigma string value. It matches a whole value; "contains"
// is a pattern that begins and ends with Any. Literals are merged and repeated
// Any tokens are collapsed, so equal patterns have equal tokens.
type Pattern []Token

// Parse reads a Sigma string value. Escapes follow the specification: \* and \?
// are the characters themselves, \\ is one backslash, and a backslash before
// anything else stands for itself. With placeholders, %name% is a Placeholder
// and \% a percent sign.
func Parse(s string, placeholders bool) Pattern {
	if !strings.ContainsAny(s, `\*?%`) {
		return Text(s)
	}
	var b builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && i+1 < len(s) && escapable(s[i+1], placeholders):
			i++
			b.lit = append(b.lit, s[i])
		case c == '*':
			b.add(Token{Kind: Any})
		case c == '?':
			b.add(Token{Kind: One})
		case c == '%' && placeholders:
			name := placeholderName(s[i+1:])
			if name == "" {
				b.lit = append(b.lit, c)
				continue
			}
			b.add(Token{Kind: Placeholder, Text: name})
			i += len(name) + 1
		default:
			b.lit = append(b.lit, c)
		}
	}
	return b.pattern()
}

func escapable(c byte, placeholders bool) bool {
	return c == '*' || c == '?' || c == '\\' || (c == '%' && placeholders)
}

// placeholderName returns the name in "name%…", or "" when s does not begin so.
func placeholderName(s string) string {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '%' {
			return s[:i]
		}
		word := c == '_' || c == '-' || c == '.' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !word {
			return ""
		}
	}
	return ""
}

// Text is the pattern of exactly s, without any escape or wildcard processing.
func Text(s string) Pattern {
	if s == "" {
		return Pattern{}
	}
	return Pattern{{Kind: Literal, Text: s}}
}

type builder struct {
	out Pattern
	lit []byte
}

func (b *builder) flush() {
	if len(b.lit) == 0 {
		return
	}
	if n := len(b.out); n > 0 && b.out[n-1].Kind == Literal {
		b.out[n-1].Text += string(b.lit)
	} else {
		b.out = append(b.out, Token{Kind: Literal, Text: string(b.lit)})
	}
	b.lit = b.lit[:0]
}

func (b *builder) add(t Token) {
	b.flush()
	if n := len(b.out); t.Kind == Any && n > 0 && b.out[n-1].Kind == Any {
		return
	}
	b.out = append(b.out, t)
}

func (b *builder) pattern() Pattern {
	b.flush()
	if b.out == nil {
		return Pattern{}
	}
	return b.out
}

// Concat joins patterns, merging literals and wildcards at the seams.
func Concat(parts ...Pattern) Pattern {
	var b builder
	for _, p := range parts {
		for _, t := range p {
			if t.Kind == Literal {
				b.lit = append(b.lit, t.Text...)
				continue
			}
			b.add(t)
		}
	}
	return b.pattern()
}

var anyPattern = Pattern{{Kind: Any}}

// WithPrefixAny returns p allowed to begin anywhere ("endswith").
func (p Pattern) WithPrefixAny() Pattern { return Concat(anyPattern, p) }

// WithSuffixAny returns p allowed to end anywhere ("startswith").
func (p Pattern) WithSuffixAny() Pattern { return Concat(p, anyPattern) }

// Contains returns p allowed to stand anywhere in the value.
func (p Pattern) Contains() Pattern { return Concat(anyPattern, p, anyPattern) }

// Plain returns the text of a pattern without wildcards and placeholders.
func (p Pattern) Plain() (string, bool) {
	switch {
	case len(p) == 0:
		return "", true
	case len(p) == 1 && p[0].Kind == Literal:
		return p[0].Text, true
	}
	return "", false
}

// Placeholders lists the names of unfilled placeholders, in order.
func (p Pattern) Placeholders() []string {
	var names []string
	for _, t := range p {
		if t.Kind == Placeholder {
			names = append(names, t.Text)
		}
	}
	return names
}

// Shape classifies a pattern for matching.
type Shape uint8

// The shapes: how a literal must sit in the value, or Glob when only Match can tell.
const (
	Exact  Shape = iota // the whole value
	Prefix              // literal*
	Suffix              // *literal
	Infix               // *literal*
	All                 // *: every value, also the empty one
	Glob                // anything else
)

// Shape returns the shape and, unless it is All or Glob, the literal.
func (p Pattern) Shape() (Shape, string) {
	lit := func(i int) bool { return p[i].Kind == Literal }
	any := func(i int) bool { return p[i].Kind == Any }
	switch len(p) {
	case 0:
		return Exact, ""
	case 1:
		if lit(0) {
			return Exact, p[0].Text
		}
		if any(0) {
			return All, ""
		}
	case 2:
		if lit(0) && any(1) {
			return Prefix, p[0].Text
		}
		if any(0) && lit(1) {
			return Suffix, p[1].Text
		}
	case 3:
		if any(0) && lit(1) && any(2) {
			return Infix, p[1].Text
		}
	}
	return Glob, ""
}

// Fold returns p with its literals in lower case; match it against folded values.
func (p Pattern) Fold() Pattern {
	out := make(Pattern, len(p))
	for i, t := range p {
		if t.Kind == Literal {
			t.Text = FoldString(t.Text)
		}
		out[i] = t
	}
	return out
}

// Key is a text equal for equal patterns only; it is not for reading.
func (p Pattern) Key() string {
	var b strings.Builder
	for _, t := range p {
		b.WriteByte('0' + byte(t.Kind))
		b.WriteString(t.Text)
		b.WriteByte(0)
	}
	return b.String()
}

// String writes the pattern as a Sigma value, escaped where necessary.
func (p Pattern) String() string {
	var b strings.Builder
	for i, t := range p {
		switch t.Kind {
		case Literal:
			next := i+1 < len(p)
			writeEscaped(&b, t.Text, next)
		case Any:
			b.WriteByte('*')
		case One:
			b.WriteByte('?')
		case Placeholder:
			b.WriteString("%" + t.Text + "%")
		}
	}
	return b.String()
}

func writeEscaped(b *strings.Builder, s string, wildcardFollows bool) {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '*', '?':
			b.WriteByte('\\')
			b.WriteByte(c)
		case '\\':
			b.WriteByte(c)
			last := i+1 == len(s)
			if last && wildcardFollows || !last && (s[i+1] == '*' || s[i+1] == '?' || s[i+1] == '\\') {
				b.WriteByte(c)
			}
		default:
			b.WriteByte(c)
		}
	}
}
