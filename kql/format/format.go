package format

import (
	"strings"

	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/parser"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// Source formats a text. With syntax errors the text comes back unchanged,
// together with the diagnostics.
func Source(src string) (string, token.Diagnostics) {
	script, diags := parser.Parse(src)
	if diags.HasErrors() {
		return src, diags
	}
	return Script(script, src), diags
}

// Script formats a tree that was parsed from src without errors.
func Script(s *ast.Script, src string) string {
	if s.Command != nil {
		return strings.TrimSpace(src) + "\n"
	}
	out := once(s, src)
	if len(s.Comments) == 0 {
		return out
	}
	// A comment deep inside an expression moves to the end of its line, where it belongs to
	// something else and may let another group close up. A second look settles that.
	for range maxLooks {
		again, diags := parser.Parse(out)
		if diags.HasErrors() {
			break // unreachable: the tree of the result is the tree of the source
		}
		next := once(again, out)
		if next == out {
			break
		}
		out = next
	}
	return out
}

const maxLooks = 4

func once(s *ast.Script, src string) string {
	b := &builder{src: src, comments: s.Comments}
	return layout(b.script(s))
}

// Node formats a statement, expression, operator or script built by hand. It adds
// the parentheses that precedence asks for. Comments of a script that begin before
// 0 stand above it; others have no place in a tree built by hand.
func Node(n ast.Node) string {
	b := &builder{}
	switch n := n.(type) {
	case ast.Stmt:
		return layout(b.stmt(n))
	case ast.Expr:
		return layout(b.expr(n))
	case ast.Operator:
		return layout(b.operator(n))
	case *ast.Script:
		var above strings.Builder
		for _, c := range n.Comments {
			if c.Start < 0 {
				above.WriteString(c.Text + "\n")
			}
		}
		return above.String() + layout(b.script(n))
	}
	panic("format.Node: node is no statement, expression or operator")
}

// script prints statements, one empty line between paragraphs as in the source.
func (b *builder) script(s *ast.Script) *doc {
	var kids []*doc
	for i, st := range s.Stmts {
		pos := st.Span().Start
		first := b.firstOf(pos)
		if i > 0 {
			kids = append(kids, b.endOfLine(pos), hardDoc)
			if b.gapBefore(first) || isQuery(st) && !isQuery(s.Stmts[i-1]) {
				kids = append(kids, blankDoc)
			}
		}
		kids = append(kids, b.above(pos), b.stmt(st), b.at(st.Span().End))
		if _, query := st.(*ast.ExprStmt); !query || i < len(s.Stmts)-1 {
			kids = append(kids, str(";"))
		}
	}
	kids = append(kids, b.rest(len(s.Stmts) > 0))
	return cat(kids...)
}

func isQuery(s ast.Stmt) bool {
	_, ok := s.(*ast.ExprStmt)
	return ok
}

// firstOf returns where the next own-line comment or the thing at pos begins.
func (b *builder) firstOf(pos token.Pos) token.Pos {
	for _, c := range b.comments {
		if c.Start >= pos {
			break
		}
		if b.ownLine(c) {
			return c.Start
		}
	}
	return pos
}

// endOfLine returns the comments beside the text before pos.
func (b *builder) endOfLine(pos token.Pos) *doc {
	n := 0
	for n < len(b.comments) && b.comments[n].Start < pos && !b.ownLine(b.comments[n]) {
		n++
	}
	if n == 0 {
		return nothing
	}
	return b.at(b.comments[n-1].Start + 1)
}

// above returns the comments before pos, each on its line, with the empty lines between them.
func (b *builder) above(pos token.Pos) *doc {
	taken := b.take(pos)
	if len(taken) == 0 {
		return nothing
	}
	var kids []*doc
	for i, c := range taken {
		if i > 0 && b.gapBefore(c.Start) {
			kids = append(kids, blankDoc)
		}
		kids = append(kids, str(c.Text), hardDoc)
	}
	if b.gapBefore(pos) {
		kids = append(kids, blankDoc)
	}
	return cat(kids...)
}

// rest returns the comments behind everything.
func (b *builder) rest(after bool) *doc {
	var kids []*doc
	if after {
		kids = append(kids, b.endOfLine(token.Pos(len(b.src)+1)))
	}
	for i, c := range b.take(token.Pos(len(b.src) + 1)) {
		if i > 0 || after {
			kids = append(kids, hardDoc)
			if b.gapBefore(c.Start) {
				kids = append(kids, blankDoc)
			}
		}
		kids = append(kids, str(c.Text))
	}
	return cat(kids...)
}
