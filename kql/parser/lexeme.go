package parser

import "github.com/tocsin-soc/tocsin/kql/token"

// A Class is what an editor needs to know of a token.
type Class uint8

// The classes of tokens.
const (
	ClassWord    Class = iota + 1 // name or keyword
	ClassNumber                   // number or timespan
	ClassString                   // string of any form, even unclosed
	ClassTyped                    // datetime(2024-01-01) and its kin
	ClassSymbol                   // operator or punctuation, also !has
	ClassBracket                  // one of ( ) [ ] { }
	ClassBad                      // a character that begins no token
)

// A Lexeme is one token of a text, for editors.
type Lexeme struct {
	Class Class
	Span  token.Span
}

// Lexemes splits any text into tokens, without comments and white space.
func Lexemes(src string) []Lexeme {
	var diags token.Diagnostics
	toks, _ := scan(src, &diags)
	list := make([]Lexeme, 0, len(toks))
	for _, t := range toks {
		class := ClassSymbol
		switch t.kind {
		case eof:
			continue
		case word:
			class = ClassWord
		case long, real, span:
			class = ClassNumber
		case str:
			class = ClassString
		case typed:
			class = ClassTyped
		case bad:
			class = ClassBad
		case lparen, rparen, lbracket, rbracket, lbrace, rbrace:
			class = ClassBracket
		}
		list = append(list, Lexeme{class, spanOf(t)})
	}
	return list
}
