package parser

import (
	"fmt"
	"strings"

	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// Limits of a text. The longest published query known has 125,000 bytes.
const (
	MaxLength = 1 << 20 // bytes of a query; a management command with inline data may be longer
	MaxDepth  = 200     // brackets, subqueries and functions within each other
	MaxChain  = 10_000  // operators of one expression at one level, such as a or b or c …
)

// Parse reads a query, a batch of statements or a management command. The tree
// is never nil; it is complete when the diagnostics hold no error.
func Parse(src string) (*ast.Script, token.Diagnostics) {
	var p parser
	if len(src) > MaxLength && !strings.HasPrefix(strings.TrimSpace(src), ".") {
		p.diags.Errorf(token.TooLong, token.Span{}, "a query may have %d bytes; this one has %d", MaxLength, len(src))
		return &ast.Script{}, p.diags
	}
	p.src = src
	if head, input, ok := splitInput(src); ok {
		return p.command(head, input), p.diags
	}
	p.toks, p.comments = scan(src, &p.diags)
	p.end = len(p.toks) - 1
	script := &ast.Script{Comments: p.comments}
	if p.peek().kind == dot {
		script.Command = p.parseCommand()
	} else {
		script.Stmts = p.statements()
		if len(script.Stmts) == 0 && !p.diags.HasErrors() {
			p.diags.Errorf(token.EmptyQuery, token.Span{}, "there is no query here")
		}
	}
	p.diags.Sort()
	return script, p.diags
}

// A parser holds the tokens of one text and the slice of them it may read now.
type parser struct {
	src      string
	toks     []tok // ends with eof
	comments []ast.Comment
	pos, end int  // the next token, and the end of the present slice
	failed   bool // the present slice has a diagnostic; it is skipped to its end
	depth    int
	diags    token.Diagnostics
}

// peek returns the next token; at the end of the slice a token of kind eof.
func (p *parser) peek() tok { return p.ahead(0) }

// ahead returns the n-th token after the next.
func (p *parser) ahead(n int) tok {
	if p.pos+n < p.end {
		return p.toks[p.pos+n]
	}
	at := p.toks[p.end].start
	if p.end > 0 { // what is missing is missing behind the last word, not before the next
		at = p.toks[p.end-1].end
	}
	return tok{kind: eof, start: at, end: at, match: -1}
}

func (p *parser) text(t tok) string { return p.src[t.start:t.end] }

// advance returns the next token and moves behind it.
func (p *parser) advance() tok {
	t := p.peek()
	if t.kind != eof {
		p.pos++
	}
	return t
}

// accept moves over the next token if it is of kind k.
func (p *parser) accept(k kind) bool {
	if p.peek().kind == k {
		p.pos++
		return true
	}
	return false
}

// isWord reports whether the n-th token ahead is this keyword.
func (p *parser) isWord(n int, keyword string) bool {
	t := p.ahead(n)
	return t.kind == word && p.text(t) == keyword
}

// acceptWord moves over the next token if it is this keyword.
func (p *parser) acceptWord(keyword string) bool {
	if p.isWord(0, keyword) {
		p.pos++
		return true
	}
	return false
}

// joined reports whether the token at index i follows its predecessor without a blank.
func (p *parser) joined(i int) bool { return i > 0 && p.toks[i-1].end == p.toks[i].start }

// from returns the span from a byte offset to the end of the last token read.
func (p *parser) from(start int32) ast.Loc {
	end := start
	if p.pos > 0 {
		end = max(end, p.toks[p.pos-1].end)
	}
	return ast.Loc{Start: token.Pos(start), End: token.Pos(end)}
}

func spanOf(t tok) token.Span { return token.Span{Start: token.Pos(t.start), End: token.Pos(t.end)} }

func locOf(t tok) ast.Loc { return ast.Loc(spanOf(t)) }

// fail reports the first mistake of the present slice and skips the rest of it,
// so that one mistake is told once.
func (p *parser) fail(d token.Diagnostic) {
	if !p.failed {
		p.diags.Add(d)
	}
	p.failed = true
	p.pos = p.end
}

func (p *parser) failf(code token.Code, at token.Span, format string, args ...any) {
	p.fail(token.Diagnostic{Code: code, Span: at, Message: fmt.Sprintf(format, args...)})
}

// expected reports that something is missing at the next token.
func (p *parser) expected(what string) {
	t := p.peek()
	d := token.Diagnostic{Code: token.Syntax, Span: spanOf(t), Message: "expected " + what + ", found " + p.describe(t)}
	if t.kind == rparen || t.kind == rbracket || t.kind == rbrace {
		if t.match < 0 {
			d.Code, d.Message = token.UnclosedBracket, "this "+p.text(t)+" closes nothing"
		}
	}
	p.fail(d)
}

// describe names a token for a message.
func (p *parser) describe(t tok) string {
	switch t.kind {
	case eof:
		switch next := p.toks[p.end]; next.kind {
		case eof:
			return "the end of the query"
		default:
			return "\"" + p.text(next) + "\""
		}
	case str:
		return "a string"
	}
	text := p.text(t)
	if len(text) > 40 {
		text = text[:40] + "…"
	}
	return "\"" + text + "\""
}

// need moves over a token of kind k or reports that what is missing.
func (p *parser) need(k kind, what string) (tok, bool) {
	t := p.peek()
	if t.kind != k {
		p.expected(what)
		return t, false
	}
	p.pos++
	return t, true
}

// needWord moves over a keyword or reports that it is missing.
func (p *parser) needWord(keyword string) bool {
	if p.acceptWord(keyword) {
		return true
	}
	t := p.peek()
	d := token.Diagnostic{Code: token.Syntax, Span: spanOf(t),
		Message: "expected \"" + keyword + "\", found " + p.describe(t)}
	if t.kind == word && strings.EqualFold(p.text(t), keyword) {
		d.Code, d.Hint = token.KeywordCase, "keywords are lower case: "+keyword
	}
	p.fail(d)
	return false
}

// slice parses the tokens up to end by f. What f leaves unread is reported, and
// whatever happens the parser stands at end afterwards.
func (p *parser) slice(end int, f func()) {
	savedEnd, savedFailed := p.end, p.failed
	p.end, p.failed = end, false
	f()
	if t := p.peek(); t.kind != eof && !p.failed {
		p.unexpected(t)
	}
	p.pos, p.end, p.failed = end, savedEnd, savedFailed
}

// unexpected reports a token left over behind something complete.
func (p *parser) unexpected(t tok) {
	d := token.Diagnostic{Code: token.Syntax, Span: spanOf(t), Message: "unexpected " + p.describe(t)}
	text := p.text(t)
	switch {
	case (t.kind == rparen || t.kind == rbracket || t.kind == rbrace) && t.match < 0:
		d.Code, d.Message = token.UnclosedBracket, "this "+text+" closes nothing"
	case t.kind == word && lowered[strings.ToLower(text)] && text != strings.ToLower(text):
		d.Code, d.Hint = token.KeywordCase, "keywords are lower case: "+strings.ToLower(text)
	case t.kind == assign:
		d.Hint = "to compare, write =="
	case t.kind == bad:
		p.failed = true // the scanner has said so
		return
	case t.kind == word:
		d.Hint = p.missing(text)
	}
	p.fail(d)
}

// missing guesses what should stand before a word nothing leads to.
func (p *parser) missing(text string) string {
	switch {
	case p.pos == 0:
		return ""
	case p.text(p.toks[p.pos-1]) == "not":
		return "not is a function: not(" + text + ")"
	case text == "let" || text == "set" || text == "declare":
		return "the statement before it must end with ;"
	case !strings.Contains(p.src[p.toks[p.pos-1].end:p.toks[p.pos].start], "\n"):
		return ""
	case p.operatorParser(text) != nil:
		return "an operator begins with a pipe: | " + text
	}
	return "a statement ends with ;"
}

// find returns the index of the next token of kind k outside brackets, or the end of the slice.
func (p *parser) find(k kind) int {
	for i := p.pos; i < p.end; i++ {
		t := p.toks[i]
		if t.kind == k {
			return i
		}
		if t.match > int32(i) && int(t.match) < p.end {
			i = int(t.match)
		}
	}
	return p.end
}

// deeper guards recursion; it reports whether there is room for one more level.
// Every true must be answered by p.depth--.
func (p *parser) deeper() bool {
	if p.depth >= MaxDepth {
		p.failf(token.TooDeep, spanOf(p.peek()), "nested deeper than %d levels", MaxDepth)
		return false
	}
	p.depth++
	return true
}

// list parses items separated by commas, as long as commas follow.
func (p *parser) list(item func()) {
	for item(); p.accept(comma); {
		item()
	}
}

// items parses items separated by commas up to the end of the slice. Each is a
// slice of its own, so several bad items are told apart. Nothing may follow the last.
func (p *parser) items(item func()) {
	for {
		end := p.find(comma)
		p.slice(end, item)
		if end == p.end {
			return
		}
		p.pos++ // the comma
	}
}

// group parses what stands between the bracket at the parser's position and its
// partner by f, as a slice of its own. Without a partner f gets the rest of the slice.
func (p *parser) group(f func()) {
	open := p.advance()
	if close := int(open.match); open.match >= 0 && close < p.end {
		p.slice(close, f)
		p.pos++ // the closing bracket
		return
	}
	failed := p.failed
	p.slice(p.end, f)
	p.failed = failed || open.match < 0 // the scanner has reported the bracket
	if !p.failed {
		p.failf(token.UnclosedBracket, spanOf(open), "this %s is not closed where it should be", p.text(open))
	}
}
