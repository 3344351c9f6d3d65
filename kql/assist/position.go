package assist

import (
	"unicode/utf8"

	"github.com/tocsin-soc/tocsin/kql/token"
)

// A Position is a place in a text as editors count: from 1, columns in UTF-16 code units.
type Position struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

// A Range is the text between two positions, end excluded.
type Range struct {
	Start Position `json:"start"`
	End   Position `json:"end"`
}

// A ruler converts between offsets and positions of one text.
type ruler struct {
	src   string
	lines *token.Lines
}

func newRuler(src string) ruler { return ruler{src, token.NewLines(src)} }

func (r ruler) position(p token.Pos) Position {
	p = min(max(p, 0), token.Pos(len(r.src)))
	line := r.lines.Place(p).Line
	start := r.lines.Offset(token.Place{Line: line, Column: 1})
	return Position{line, 1 + units(r.src[start:p])}
}

func (r ruler) span(s token.Span) Range {
	return Range{r.position(s.Start), r.position(max(s.Start, s.End))}
}

// Offset returns the byte offset of a position, clamped to the line and the text.
func Offset(src string, at Position) token.Pos {
	i := int(token.NewLines(src).Offset(token.Place{Line: at.Line, Column: 1}))
	for c := 1; c < at.Column && i < len(src) && src[i] != '\n'; {
		ch, n := utf8.DecodeRuneInString(src[i:])
		c += width(ch)
		i += n
	}
	return token.Pos(i)
}

// units is the length of s in UTF-16 code units.
func units(s string) int {
	n := 0
	for _, ch := range s {
		n += width(ch)
	}
	return n
}

func width(ch rune) int {
	if ch >= 0x10000 {
		return 2
	}
	return 1
}
