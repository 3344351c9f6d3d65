package token

import (
	"sort"
	"strings"
	"unicode/utf8"
)

// A Pos is a byte offset into the source text, counted from 0.
type Pos int

// A Span is the half-open byte range [Start, End) of the source text.
// The zero Span is the empty range at the beginning and stands for "nowhere in particular".
type Span struct {
	Start, End Pos
}

// Join returns the smallest span that holds both s and t. A zero span adds nothing.
func (s Span) Join(t Span) Span {
	switch {
	case s == Span{}:
		return t
	case t == Span{}:
		return s
	}
	return Span{min(s.Start, t.Start), max(s.End, t.End)}
}

// Len is the number of bytes in the span; never negative.
func (s Span) Len() int { return max(0, int(s.End-s.Start)) }

// Contains reports whether p lies inside the span or directly behind it, which
// is where an editor's cursor stands after a word was typed.
func (s Span) Contains(p Pos) bool { return s.Start <= p && p <= s.End }

// Of returns the text of src the span covers. A span beyond the text is clamped.
func (s Span) Of(src string) string {
	s = s.clamp(src)
	return src[s.Start:s.End]
}

func (s Span) clamp(src string) Span {
	n := Pos(len(src))
	s.Start = min(max(s.Start, 0), n)
	s.End = min(max(s.End, s.Start), n)
	return s
}

// A Place is a human position: Line and Column count from 1, Column in runes.
type Place struct {
	Line, Column int
}

// Locate returns the line and column of p in src. Positions beyond the text are
// clamped to its end. It reads src from the start; use Lines for many lookups.
func Locate(src string, p Pos) Place {
	p = min(max(p, 0), Pos(len(src)))
	head := src[:p]
	line := strings.LastIndexByte(head, '\n') + 1
	return Place{
		Line:   strings.Count(head, "\n") + 1,
		Column: utf8.RuneCountInString(head[line:]) + 1,
	}
}

// Lines finds lines and columns of one text quickly. The zero value serves the empty text.
type Lines struct {
	src    string
	starts []int // byte offset of each line's first byte
}

// NewLines indexes src.
func NewLines(src string) *Lines {
	l := &Lines{src: src, starts: []int{0}}
	for i := 0; i < len(src); i++ {
		if src[i] == '\n' {
			l.starts = append(l.starts, i+1)
		}
	}
	return l
}

// Place is Locate for the indexed text.
func (l *Lines) Place(p Pos) Place {
	if len(l.starts) == 0 {
		return Place{1, 1}
	}
	off := min(max(int(p), 0), len(l.src))
	i := sort.SearchInts(l.starts, off+1) - 1
	return Place{i + 1, utf8.RuneCountInString(l.src[l.starts[i]:off]) + 1}
}

// Offset is the inverse of Place: the byte offset of a line and column (both
// from 1, column in runes), clamped to the line's end and the text.
func (l *Lines) Offset(at Place) Pos {
	if len(l.starts) == 0 || at.Line < 1 {
		return 0
	}
	if at.Line > len(l.starts) {
		return Pos(len(l.src))
	}
	off := l.starts[at.Line-1]
	for c := 1; c < at.Column && off < len(l.src) && l.src[off] != '\n'; c++ {
		_, n := utf8.DecodeRuneInString(l.src[off:])
		off += n
	}
	return Pos(off)
}
