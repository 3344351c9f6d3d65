package format

import (
	"strings"

	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// A builder turns a tree into a document and weaves its comments in.
type builder struct {
	src      string
	comments []ast.Comment // not yet placed, in source order
}

// take removes and returns the comments that begin before pos.
func (b *builder) take(pos token.Pos) []ast.Comment {
	n := 0
	for n < len(b.comments) && b.comments[n].Start < pos {
		n++
	}
	taken := b.comments[:n]
	b.comments = b.comments[n:]
	return taken
}

// skip drops comments inside a text that is printed as it was written.
func (b *builder) skip(s token.Span) {
	if len(b.comments) > 0 && b.comments[0].Start < s.End && b.comments[0].Start >= s.Start {
		b.take(s.End)
	}
}

// ownLine reports whether nothing but blanks stands before the comment on its line.
func (b *builder) ownLine(c ast.Comment) bool {
	from := strings.LastIndexByte(b.src[:c.Start], '\n') + 1
	return strings.TrimSpace(b.src[from:c.Start]) == ""
}

// gapBefore reports whether an empty line stands directly before pos.
func (b *builder) gapBefore(pos token.Pos) bool {
	if int(pos) > len(b.src) {
		return false
	}
	head := strings.TrimRight(b.src[:pos], " \t\r")
	if !strings.HasSuffix(head, "\n") {
		return false
	}
	head = strings.TrimRight(strings.TrimSuffix(head, "\n"), " \t\r")
	return strings.HasSuffix(head, "\n")
}

// trailing makes a comment that goes to the end of its line and breaks the group around it.
func trailing(c ast.Comment) *doc {
	return &doc{kind: suffix, text: c.Text, hard: true}
}

// at returns the comments before pos as comments at the line's end. It is used
// where no line can break, so that no comment is ever lost.
func (b *builder) at(pos token.Pos) *doc {
	taken := b.take(pos)
	if len(taken) == 0 {
		return nothing
	}
	var kids []*doc
	for _, c := range taken {
		kids = append(kids, trailing(c))
	}
	return cat(kids...)
}

// brk is a line break of the given kind before what begins at pos, with the comments that
// stand between: those beside the old line stay on it, the others get lines of their own.
func (b *builder) brk(kind *doc, pos token.Pos) *doc {
	taken := b.take(pos)
	if len(taken) == 0 {
		return kind
	}
	var kids []*doc
	i := 0
	for ; i < len(taken) && !b.ownLine(taken[i]); i++ {
		kids = append(kids, trailing(taken[i]))
	}
	for ; i < len(taken); i++ {
		kids = append(kids, hardDoc)
		kids = append(kids, str(taken[i].Text))
	}
	kids = append(kids, hardDoc)
	return cat(kids...)
}
