package assist

import (
	"fmt"
	"strings"

	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// A Card says what a word of the text means.
type Card struct {
	Range Range  `json:"range"`
	Kind  string `json:"kind"`           // column table function variable operator
	Title string `json:"title"`          // code: a signature, a column and its type
	Doc   string `json:"doc,omitempty"`  // sentences
	More  string `json:"more,omitempty"` // code: an example
}

// Hover explains the word at offset pos; false when there is nothing to say.
func Hover(src string, pos token.Pos, cat catalog.Catalog) (Card, bool) {
	script := parse(src)
	if inComment(script, pos) {
		return Card{}, false
	}
	pl := locate(script, pos, cat)
	if len(pl.nodes) == 0 {
		return Card{}, false
	}
	card, at, ok := pl.card(src, pos)
	card.Range = newRuler(src).span(at)
	return card, ok
}

// card explains the innermost node at pos.
func (pl *place) card(src string, pos token.Pos) (Card, token.Span, bool) {
	inner := pl.nodes[len(pl.nodes)-1]
	var parent ast.Node
	if len(pl.nodes) > 1 {
		parent = pl.nodes[len(pl.nodes)-2]
	}
	if id, ok := inner.(*ast.Ident); ok {
		card, ok := pl.nameCard(id, parent)
		return card, id.Span(), ok
	}
	if op, ok := inner.(ast.Operator); ok {
		at := op.Span()
		word := keyword(at.Of(src))
		at.End = at.Start + token.Pos(len(word))
		if o, known := operator(word); known && at.Contains(pos) {
			return Card{Kind: "operator", Title: o.Syntax, Doc: o.Doc}, at, true
		}
	}
	return Card{}, token.Span{}, false
}

// keyword returns the operator's word at the head of its text.
func keyword(text string) string {
	end := strings.IndexFunc(text, func(r rune) bool { return !(r == '-' || r == '_' || 'a' <= r && r <= 'z') })
	if end < 0 {
		return text
	}
	return text[:end]
}

func (pl *place) nameCard(id *ast.Ident, parent ast.Node) (Card, bool) {
	if call, ok := parent.(*ast.Call); ok && call.Name == id {
		return pl.functionCard(id.Name)
	}
	if m, ok := parent.(*ast.Member); ok && m.Name == id {
		return Card{}, false
	}
	if let, ok := parent.(*ast.LetStmt); ok && let.Name == id {
		return letCard(let), true
	}
	for _, c := range pl.columns() {
		if c.Name == id.Name {
			return Card{Kind: "column", Title: c.Name + ": " + c.Type.String(), Doc: pl.columnDoc(c.Name)}, true
		}
	}
	for _, let := range pl.lets() {
		if let.Name.Name == id.Name {
			return letCard(let), true
		}
	}
	if t, ok := pl.cat.Table(id.Name); ok {
		doc := t.Doc
		if t.TimeColumn != "" {
			doc = strings.TrimSpace(doc + " Time column: " + t.TimeColumn + ".")
		}
		return Card{Kind: "table", Title: fmt.Sprintf("%s (%d columns)", t.Name, len(t.Columns)), Doc: doc}, true
	}
	return pl.functionCard(id.Name)
}

// columnDoc looks a column's sentence up in the tables the pipe reads.
func (pl *place) columnDoc(name string) string {
	for i := len(pl.pipes) - 1; i >= 0; i-- {
		if id, ok := pl.pipes[i].pipe.Source.(*ast.Ident); ok {
			if t, ok := pl.cat.Table(id.Name); ok {
				if c, ok := t.Column(name); ok {
					return c.Doc
				}
			}
		}
	}
	return ""
}

func (pl *place) functionCard(name string) (Card, bool) {
	for _, let := range pl.lets() {
		if let.Name.Name == name {
			return letCard(let), true
		}
	}
	if f, ok := pl.cat.Function(name); ok {
		return Card{Kind: "function", Title: name + "(" + f.Parameters + ")", Doc: f.Doc}, true
	}
	for _, kind := range []catalog.Kind{catalog.Scalar, catalog.Aggregate, catalog.Window, catalog.Plugin, catalog.Tabular, catalog.Graph} {
		f, ok := catalog.Functions().Lookup(name, kind)
		if !ok {
			continue
		}
		card := Card{Kind: "function", Title: Signature(f), Doc: f.Doc, More: f.Example}
		switch {
		case f.Unsupported != "":
			card.Doc += " Not supported: " + f.Unsupported
		case f.Fidelity != "":
			card.Doc += " Differs from Kusto: " + f.Fidelity
		case f.Deprecated:
			card.Doc += " Deprecated; use " + f.Alias + "."
		}
		return card, true
	}
	return Card{}, false
}

func letCard(let *ast.LetStmt) Card {
	if f, ok := let.Value.(*ast.FuncLit); ok {
		return Card{Kind: "function", Title: let.Name.Name + signature(f)}
	}
	return Card{Kind: "variable", Title: "let " + let.Name.Name}
}

// signature prints a function's parameters.
func signature(f *ast.FuncLit) string {
	var parts []string
	for _, p := range f.Params {
		text := p.Name.Name + ":"
		switch {
		case p.Type != nil:
			text += p.Type.Text
		case p.Rows != nil:
			text += "(…)"
		}
		parts = append(parts, text)
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

// Signature prints how a function is called and what it gives: its first signature.
//
//	strlen(string) : long
func Signature(f *catalog.Function) string {
	if len(f.Signatures) == 0 {
		return f.Name + "()"
	}
	sig := f.Signatures[0]
	var b strings.Builder
	b.WriteString(f.Name + "(")
	for i, p := range sig.Params {
		if i > 0 {
			b.WriteString(", ")
		}
		switch {
		case p.Optional && !p.Repeat:
			b.WriteString("[" + p.Name + "]")
		default:
			b.WriteString(p.Name)
		}
		if p.Repeat {
			b.WriteString(", …")
		}
	}
	b.WriteString(")")
	if sig.Result == catalog.RuleFixed && f.Kind != catalog.Plugin && f.Kind != catalog.Tabular {
		b.WriteString(" : " + sig.Fixed.String())
	}
	return b.String()
}
