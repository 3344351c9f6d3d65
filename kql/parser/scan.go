package parser

import (
	"strings"
	"unicode/utf8"

	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// A kind is the lexical class of a token. Punctuation has a kind each, words are
// told apart by their text.
type kind uint8

const (
	eof      kind = iota
	word          // name or keyword, also hyphenated (project-away) and with a tilde (in~)
	bangWord      // !has, !in~
	long          // 5, 0x1F
	real          // 1.5
	span          // 1d, 30min
	str           // any string literal
	typed         // datetime(2024-01-01) and its kin, as one token
	bad           // a character that begins no token

	lparen
	rparen
	lbracket
	rbracket
	lbrace
	rbrace
	comma
	semi
	pipe
	dot
	dotdot
	colon
	assign
	eq
	ne
	lt
	le
	gt
	ge
	eqTilde
	neTilde
	plus
	minus
	star
	slash
	percent
	arrow // =>
)

// A tok is one token. Brackets know their partner.
type tok struct {
	kind       kind
	start, end int32
	match      int32 // index of the matching bracket, or -1
}

type scanner struct {
	src      string
	pos      int
	toks     []tok
	open     []int32 // indexes of brackets not yet closed
	opened   [3]int  // how many of each kind are in open
	comments []ast.Comment
	diags    *token.Diagnostics
}

// scan splits src into tokens, ending with an eof token.
func scan(src string, diags *token.Diagnostics) ([]tok, []ast.Comment) {
	s := &scanner{src: src, diags: diags, toks: make([]tok, 0, len(src)/4+8)}
	for s.skipBlank(); s.pos < len(s.src); s.skipBlank() {
		s.next()
	}
	for _, i := range s.open {
		s.report(token.UnclosedBracket, int(s.toks[i].start), int(s.toks[i].end),
			"this "+s.src[s.toks[i].start:s.toks[i].end]+" is never closed")
	}
	s.emit(eof, s.pos)
	return s.toks, s.comments
}

func (s *scanner) report(code token.Code, start, end int, msg string) {
	s.diags.Errorf(code, token.Span{Start: token.Pos(start), End: token.Pos(end)}, "%s", msg)
}

func (s *scanner) emit(k kind, end int) {
	s.toks = append(s.toks, tok{kind: k, start: int32(s.pos), end: int32(end), match: -1})
	s.pos = end
}

// skipBlank skips white space and collects comments.
func (s *scanner) skipBlank() {
	for s.pos < len(s.src) {
		c := s.src[s.pos]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v':
			s.pos++
		case c == '/' && strings.HasPrefix(s.src[s.pos:], "//"):
			s.comment()
		case c == '#' && s.atLineStart():
			start := s.pos
			s.comment()
			s.diags.Warnf(token.IgnoredDirective, token.Span{Start: token.Pos(start), End: token.Pos(s.pos)},
				"client directives are not part of the query; this line is ignored")
		case c >= utf8.RuneSelf:
			r, n := utf8.DecodeRuneInString(s.src[s.pos:])
			if !blank(r) {
				return
			}
			s.pos += n
		default:
			return
		}
	}
}

// blank lists the white space of Kusto's lexer beyond ASCII, zero-width blanks included.
func blank(r rune) bool {
	switch {
	case r == 0x85, r == 0xa0, r == 0x1680, r == 0x180e, 0x2000 <= r && r <= 0x200b,
		r == 0x2028, r == 0x2029, r == 0x202f, r == 0x205f, r == 0x3000, r == 0xfeff:
		return true
	}
	return false
}

func (s *scanner) comment() {
	end := len(s.src)
	if i := strings.IndexByte(s.src[s.pos:], '\n'); i >= 0 {
		end = s.pos + i
	}
	text := strings.TrimRight(s.src[s.pos:end], " \t\r")
	s.comments = append(s.comments, ast.Comment{
		Loc:  ast.Loc{Start: token.Pos(s.pos), End: token.Pos(s.pos + len(text))},
		Text: text,
	})
	s.pos = end
}

func (s *scanner) atLineStart() bool {
	return strings.TrimSpace(s.src[strings.LastIndexByte(s.src[:s.pos], '\n')+1:s.pos]) == ""
}

// next scans one token; s.pos is at its first byte.
func (s *scanner) next() {
	c := s.src[s.pos]
	switch {
	case isDigit(c):
		s.number()
	case c == '"' || c == '\'':
		s.quoted(s.pos)
	case c == '@' && s.quoteAt(s.pos+1):
		s.verbatim(s.pos + 1)
	case (c == '`' || c == '~') && s.fenceAt(s.pos):
		s.fenced(s.pos)
	case (c == 'h' || c == 'H') && s.hidden():
	case isWordByte(c) || c == '$':
		s.word()
	case c == '!' && s.pos+1 < len(s.src) && isLetter(s.src[s.pos+1]):
		end := s.wordEnd(s.pos + 1)
		if end < len(s.src) && s.src[end] == '~' && s.src[s.pos+1:end] == "in" {
			end++
		}
		s.emit(bangWord, end)
	default:
		s.punctuation(c)
	}
}

func isDigit(c byte) bool    { return '0' <= c && c <= '9' }
func isLetter(c byte) bool   { return 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_' }
func isWordByte(c byte) bool { return isLetter(c) || isDigit(c) }

func (s *scanner) wordEnd(i int) int {
	for i < len(s.src) && isWordByte(s.src[i]) {
		i++
	}
	return i
}

var twoByte = map[string]kind{
	"==": eq, "!=": ne, "<>": ne, "<=": le, ">=": ge, "=~": eqTilde, "!~": neTilde, "=>": arrow, "..": dotdot,
}

var oneByte = [128]kind{
	'(': lparen, ')': rparen, '[': lbracket, ']': rbracket, '{': lbrace, '}': rbrace,
	',': comma, ';': semi, '|': pipe, '.': dot, ':': colon, '=': assign, '<': lt, '>': gt,
	'+': plus, '-': minus, '*': star, '/': slash, '%': percent,
}

func (s *scanner) punctuation(c byte) {
	if s.pos+1 < len(s.src) {
		if k, ok := twoByte[s.src[s.pos:s.pos+2]]; ok {
			s.emit(k, s.pos+2)
			return
		}
	}
	if c < 128 && oneByte[c] != eof {
		k := oneByte[c]
		s.emit(k, s.pos+1)
		s.bracket(k)
		return
	}
	r, n := utf8.DecodeRuneInString(s.src[s.pos:])
	msg := "this character has no meaning in KQL"
	if strings.ContainsRune("“”„‘’‚«»", r) {
		msg = "typographic quotation mark; strings are written in \" or '"
	}
	s.report(token.BadCharacter, s.pos, s.pos+n, msg)
	s.emit(bad, s.pos+n)
}

// bracket links the bracket just emitted with its partner. A closing bracket
// closes the nearest opening one of its kind; openers in between stay unmatched.
func (s *scanner) bracket(k kind) {
	if k < lparen || k > rbrace {
		return
	}
	this := int32(len(s.toks) - 1)
	which := (k - lparen) / 2
	if (k-lparen)%2 == 0 {
		s.open = append(s.open, this)
		s.opened[which]++
		return
	}
	if s.opened[which] == 0 {
		return // the parser reports it where it stands
	}
	for {
		top := s.open[len(s.open)-1]
		s.open = s.open[:len(s.open)-1]
		t := &s.toks[top]
		s.opened[(t.kind-lparen)/2]--
		if t.kind == k-1 {
			t.match, s.toks[this].match = this, top
			return
		}
		s.report(token.UnclosedBracket, int(t.start), int(t.end),
			"this "+s.src[t.start:t.end]+" is not closed before the next "+s.src[s.toks[this].start:s.toks[this].end])
	}
}
