package format

import (
	"strings"
	"unicode/utf8"
)

// width is the column up to which a group is kept on one line.
const width = 100

// A doc is a document: text with possible line breaks.
type doc struct {
	kind docKind
	text string
	kids []*doc
	hard bool // holds something that forces a line break
}

type docKind uint8

const (
	text    docKind = iota
	concat          // kids in order
	group           // kids on one line if they fit, else each of its own line breaks breaks
	nest            // kids, indented
	line            // a blank, or a line break if the group breaks
	soft            // nothing, or a line break if the group breaks
	hard            // a line break
	blank           // an empty line; follows a hard
	suffix          // text for the end of the line: a comment
	ifBreak         // text only if the group breaks
)

const indent = 4

func str(s string) *doc { return &doc{kind: text, text: s} }

func cat(kids ...*doc) *doc { return gather(concat, kids) }

func grouped(kids ...*doc) *doc { return gather(group, kids) }

func nested(kids ...*doc) *doc { return gather(nest, kids) }

func gather(kind docKind, kids []*doc) *doc {
	d := &doc{kind: kind, kids: kids}
	for _, k := range kids {
		d.hard = d.hard || k.hard
	}
	return d
}

var (
	lineDoc  = &doc{kind: line}
	softDoc  = &doc{kind: soft}
	hardDoc  = &doc{kind: hard, hard: true}
	blankDoc = &doc{kind: blank, hard: true}
	nothing  = &doc{kind: text}
)

// A frame is a document waiting to be printed.
type frame struct {
	d      *doc
	indent int
	broken bool
}

type layouter struct {
	out     strings.Builder
	column  int
	lead    int      // blanks owed at the head of this line
	pending []string // comments for the end of this line
}

// layout prints d.
func layout(d *doc) string {
	l := &layouter{}
	stack := []frame{{d: d, broken: true}}
	for len(stack) > 0 {
		f := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		switch f.d.kind {
		case text:
			l.write(f.d.text)
		case suffix:
			l.pending = append(l.pending, f.d.text)
		case ifBreak:
			if f.broken {
				l.write(f.d.text)
			}
		case concat, nest, group:
			stack = l.push(stack, f)
		case line, soft:
			if f.broken {
				l.newline(f.indent)
			} else if f.d.kind == line {
				l.write(" ")
			}
		case hard:
			l.newline(f.indent)
		case blank:
			l.out.WriteByte('\n')
		}
	}
	l.newline(0)
	return strings.TrimRight(l.out.String(), "\n") + "\n"
}

func (l *layouter) push(stack []frame, f frame) []frame {
	switch f.d.kind {
	case nest:
		f.indent += indent
	case group:
		f.broken = f.d.hard || !l.fits(f, stack)
	}
	for i := len(f.d.kids) - 1; i >= 0; i-- {
		stack = append(stack, frame{f.d.kids[i], f.indent, f.broken})
	}
	return stack
}

func (l *layouter) write(s string) {
	if s == "" {
		return
	}
	l.out.WriteString(strings.Repeat(" ", l.lead))
	l.lead = 0
	l.out.WriteString(s)
	if i := strings.LastIndexByte(s, '\n'); i >= 0 { // a multi-line string
		l.column = utf8.RuneCountInString(s[i+1:])
		return
	}
	l.column += utf8.RuneCountInString(s)
}

// newline ends the line with the comments waiting for it.
func (l *layouter) newline(indent int) {
	for i, c := range l.pending {
		empty := l.lead > 0 || l.out.Len() == 0
		switch {
		case i > 0, !empty && strings.HasPrefix(c, "#"): // # is a comment at the beginning of a line only
			l.out.WriteString("\n" + strings.Repeat(" ", indent))
		case empty:
			l.out.WriteString(strings.Repeat(" ", l.lead))
		default:
			l.out.WriteByte(' ')
		}
		l.out.WriteString(c)
	}
	l.pending = l.pending[:0]
	l.out.WriteByte('\n')
	l.column, l.lead = indent, indent
}

// fits reports whether f printed flat, with what follows it up to the next
// possible line break, stays within the width.
func (l *layouter) fits(f frame, rest []frame) bool {
	room := width - l.column
	queue := []frame{{f.d, 0, false}}
	next := len(rest) - 1
	for room >= 0 {
		if len(queue) == 0 {
			if next < 0 {
				return true
			}
			queue = append(queue, rest[next])
			next--
		}
		g := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		switch g.d.kind {
		case text:
			if i := strings.IndexByte(g.d.text, '\n'); i >= 0 {
				return room-i >= 0
			}
			room -= utf8.RuneCountInString(g.d.text)
		case line, soft, hard, blank:
			if g.broken || g.d.kind == hard || g.d.kind == blank {
				return true
			}
			if g.d.kind == line {
				room--
			}
		case concat, nest, group:
			for i := len(g.d.kids) - 1; i >= 0; i-- { // a group still to come may break, so it keeps the mode around it
				queue = append(queue, frame{g.d.kids[i], 0, g.broken})
			}
		}
	}
	return false
}
