package assist

import (
	"strings"

	"github.com/tocsin-soc/tocsin/kql/parser"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// A cursor is what can be told about a position from the tokens before it.
type cursor struct {
	src     string
	lexemes []parser.Lexeme // complete ones before the word being typed
	partial token.Span      // the word being typed; empty between words
	inside  bool            // within a string or literal, where nothing is offered
	frames  []frame         // open brackets, outermost first; the first is the statement itself
}

// A frame is what is open around the cursor: a bracket, or the statement.
type frame struct {
	opener   string // "", ( [ or {
	callee   string // the word before the bracket
	operator string // the present operator's keyword; "" before the first pipe
	piped    bool   // a pipe has been seen
	first    int    // index of the first lexeme of the operator, or of the statement
	by       bool   // "by" has been seen in the operator
}

// newCursor reads the tokens up to pos.
func newCursor(src string, pos token.Pos) cursor {
	c := cursor{src: src, partial: token.Span{Start: pos, End: pos}, frames: []frame{{}}}
	for _, l := range parser.Lexemes(src) {
		if l.Span.Start >= pos {
			break
		}
		word := l.Class == parser.ClassWord || strings.HasPrefix(l.Span.Of(src), "!")
		switch {
		case l.Span.End < pos, l.Span.End == pos && !word && !c.open(l):
			c.push(l)
		case word:
			c.partial = token.Span{Start: l.Span.Start, End: pos}
		default:
			c.inside = true
		}
	}
	return c
}

// closed returns the text before the cursor with its open brackets closed, so that what
// is being typed inside them is read as standing inside.
func (c *cursor) closed() string {
	text := c.src[:c.partial.End]
	for i := len(c.frames) - 1; i > 0; i-- {
		text += string(")]}"[strings.Index("([{", c.frames[i].opener)])
	}
	return text
}

// open reports whether a string is not closed, so that its end is still inside.
func (c *cursor) open(l parser.Lexeme) bool {
	text := l.Span.Of(c.src)
	if l.Class != parser.ClassString {
		return false
	}
	last := text[len(text)-1]
	return len(strings.TrimLeft(text, "hH@")) < 2 || last != '"' && last != '\'' && last != '`' && last != '~'
}

func (c *cursor) text(i int) string {
	if i < 0 || i >= len(c.lexemes) {
		return ""
	}
	return c.lexemes[i].Span.Of(c.src)
}

// back returns the n-th text before the cursor, 1 for the last.
func (c *cursor) back(n int) string { return c.text(len(c.lexemes) - n) }

func (c *cursor) top() *frame { return &c.frames[len(c.frames)-1] }

// push takes a complete token into account.
func (c *cursor) push(l parser.Lexeme) {
	text := l.Span.Of(c.src)
	f := c.top()
	switch {
	case l.Class == parser.ClassBracket && strings.Contains("([{", text):
		callee := ""
		if n := len(c.lexemes); n > 0 && c.lexemes[n-1].Class == parser.ClassWord {
			callee = c.back(1)
		}
		c.lexemes = append(c.lexemes, l)
		c.frames = append(c.frames, frame{opener: text, callee: callee, first: len(c.lexemes)})
		return
	case l.Class == parser.ClassBracket:
		if len(c.frames) > 1 {
			c.frames = c.frames[:len(c.frames)-1]
		}
	case text == ";":
		*f = frame{opener: f.opener, callee: f.callee, first: len(c.lexemes) + 1}
	case text == "|":
		f.piped, f.operator, f.by, f.first = true, "", false, len(c.lexemes)+1
	case l.Class == parser.ClassWord && len(c.lexemes) == f.first:
		if _, ok := operator(text); ok {
			f.operator = text
		}
	case text == "by":
		f.by = true
	}
	c.lexemes = append(c.lexemes, l)
}

// operatorFrame is the innermost frame with an operator: the place's clause.
func (c *cursor) operatorFrame() frame {
	for i := len(c.frames) - 1; i >= 0; i-- {
		f := c.frames[i]
		if f.operator != "" || f.piped {
			return f
		}
	}
	return c.frames[0]
}

// afterValue reports whether a value has just ended, so that an operator or a
// clause may follow.
func (c *cursor) afterValue() bool {
	n := len(c.lexemes)
	f := c.top()
	if n == 0 || n <= f.first && f.opener == "" {
		return false
	}
	switch l := c.lexemes[n-1]; l.Class {
	case parser.ClassNumber, parser.ClassString, parser.ClassTyped:
		return true
	case parser.ClassBracket:
		return strings.Contains(")]}", c.back(1))
	case parser.ClassWord:
		if n-1 == f.first {
			_, op := operator(c.back(1))
			return !op
		}
		return !leading[c.back(1)]
	}
	return false
}

// leading are the words an expression follows.
var leading = words(`and or by on with in of where contains has startswith endswith has_any has_all in~ hasprefix hassuffix
	has_cs contains_cs startswith_cs endswith_cs hasprefix_cs hassuffix_cs between regex matches from to step limit as let set default project`)

func words(list string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(list) {
		set[w] = true
	}
	return set
}
