package parser

import (
	"strings"

	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// splitInput separates a management command from the data or query behind its <|.
// It reports false for queries and for commands without input.
func splitInput(src string) (head, input string, ok bool) {
	if !strings.HasPrefix(strings.TrimLeft(src, " \t\r\n"), ".") {
		return "", "", false
	}
	head, input, ok = strings.Cut(src, "<|")
	return head, input, ok
}

// command parses a management command with input.
func (p *parser) command(head, input string) *ast.Script {
	p.src = head
	p.toks, p.comments = scan(head, &p.diags)
	p.end = len(p.toks) - 1
	c := p.parseCommand()
	c.Input = input
	c.Loc.End = token.Pos(len(head) + len("<|") + len(input))
	return &ast.Script{Command: c, Comments: p.comments}
}

// parseCommand splits .verb words … [| operators] into words. What they mean, and
// whether the command exists, is the server's to say.
func (p *parser) parseCommand() *ast.Command {
	start := p.advance() // the dot
	c := &ast.Command{}
	if p.peek().kind != word {
		p.failf(token.BadManagementWord, spanOf(p.peek()), "expected a command such as .show tables, found %s", p.describe(p.peek()))
	}
	end := p.find(pipe)
	for p.pos < end {
		c.Words = append(c.Words, p.commandWord(end))
	}
	c.Ops = p.pipeline(nil)
	c.Loc = p.from(start.start)
	return c
}

// commandWord takes one token, or several joined by hyphens: create-or-alter.
func (p *parser) commandWord(end int) ast.Word {
	t := p.advance()
	switch {
	case t.kind == str:
		text, _, _ := decodeString(p.text(t))
		return ast.Word{Loc: locOf(t), Text: text, Quoted: true}
	case t.kind == lbracket && p.ahead(0).kind == str && p.ahead(1).kind == rbracket:
		p.pos--
		name := p.quotedName()
		return ast.Word{Loc: name.Loc, Text: name.Name, Quoted: true}
	case t.kind == word:
		for p.pos+1 < end && p.peek().kind == minus && p.ahead(1).kind == word && p.joined(p.pos) && p.joined(p.pos+1) {
			p.pos += 2
		}
	}
	loc := p.from(t.start)
	return ast.Word{Loc: loc, Text: loc.Span().Of(p.src)}
}
