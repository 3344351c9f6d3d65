package rule

import (
	"fmt"
	"strings"
)

// maxConditionDepth bounds the nesting of parentheses and not.
const maxConditionDepth = 100

// conditionParser reads Sigma's condition language. Binding from loose to tight:
// or, and, not, "x of". Words of the language are read in any case.
type conditionParser struct {
	words   []string
	at      int
	depth   int
	resolve func(name string) *Expr // nil when there is no such selection
	names   []string                // all selections, in order
}

// parseCondition returns the expression of one condition over named selections.
func parseCondition(text string, names []string, resolve func(string) *Expr) (*Expr, error) {
	words, err := conditionWords(text)
	if err != nil {
		return nil, err
	}
	p := &conditionParser{words: words, names: names, resolve: resolve}
	e, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.at < len(p.words) {
		return nil, fmt.Errorf("condition: unexpected %q in %q", p.words[p.at], text)
	}
	return e, nil
}

func conditionWords(text string) ([]string, error) {
	var words []string
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case c == '(' || c == ')':
			words = append(words, text[i:i+1])
			i++
		case conditionWordByte(c):
			j := i
			for j < len(text) && conditionWordByte(text[j]) {
				j++
			}
			words = append(words, text[i:j])
			i = j
		default:
			return nil, fmt.Errorf("condition: unexpected character %q in %q", text[i:i+1], text)
		}
	}
	return words, nil
}

func conditionWordByte(c byte) bool {
	return c == '_' || c == '-' || c == '*' || c == '.' || c >= 0x80 ||
		'0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// next returns the next word in lower case when it is a word of the language,
// as written otherwise; "" at the end.
func (p *conditionParser) next() string {
	if p.at == len(p.words) {
		return ""
	}
	w := p.words[p.at]
	switch l := strings.ToLower(w); l {
	case "and", "or", "not", "of", "them", "all", "any":
		return l
	}
	return w
}

func (p *conditionParser) or() (*Expr, error) {
	return p.binary("or", Or, func() (*Expr, error) { return p.binary("and", And, p.not) })
}

func (p *conditionParser) binary(word string, join func(...*Expr) *Expr, operand func() (*Expr, error)) (*Expr, error) {
	var args []*Expr
	for {
		e, err := operand()
		if err != nil {
			return nil, err
		}
		args = append(args, e)
		if p.next() != word {
			return join(args...), nil
		}
		p.at++
	}
}

func (p *conditionParser) not() (*Expr, error) {
	if p.depth++; p.depth > maxConditionDepth {
		return nil, fmt.Errorf("condition: nested deeper than %d", maxConditionDepth)
	}
	defer func() { p.depth-- }()
	if p.next() == "not" {
		p.at++
		e, err := p.not()
		if err != nil {
			return nil, err
		}
		return Not(e), nil
	}
	return p.primary()
}

func (p *conditionParser) primary() (*Expr, error) {
	w := p.next()
	p.at++
	switch w {
	case "":
		return nil, fmt.Errorf("condition: ends where a selection is expected")
	case "(":
		e, err := p.or()
		if err != nil {
			return nil, err
		}
		if p.next() != ")" {
			return nil, fmt.Errorf("condition: missing )")
		}
		p.at++
		return e, nil
	case ")", "and", "or", "of":
		return nil, fmt.Errorf("condition: %q where a selection is expected", w)
	}
	if p.next() == "of" {
		p.at++
		return p.of(w)
	}
	e := p.resolve(w)
	if e == nil {
		return nil, fmt.Errorf("condition: no selection named %q", w)
	}
	return e, nil
}

func (p *conditionParser) of(quantity string) (*Expr, error) {
	join := Or
	switch quantity {
	case "1", "any":
	case "all":
		join = And
	default:
		return nil, fmt.Errorf("condition: %q of is not part of Sigma; use 1, any or all", quantity)
	}
	target := p.next()
	if target == "" || target == "(" || target == ")" {
		return nil, fmt.Errorf("condition: %q of what?", quantity)
	}
	p.at++
	var args []*Expr
	for _, name := range p.names {
		if selectionMatches(target, name) {
			args = append(args, p.resolve(name))
		}
	}
	if len(args) == 0 {
		return nil, fmt.Errorf("condition: %s of %s names no selection", quantity, target)
	}
	return join(args...), nil
}

// selectionMatches applies "them" and patterns; names with a leading underscore
// take part only when the pattern asks for one.
func selectionMatches(target, name string) bool {
	if strings.HasPrefix(name, "_") && !strings.HasPrefix(target, "_") {
		return false
	}
	return target == "them" || starMatch(target, name)
}

func starMatch(pat, s string) bool {
	head, rest, star := strings.Cut(pat, "*")
	if !star {
		return pat == s
	}
	if !strings.HasPrefix(s, head) {
		return false
	}
	s = s[len(head):]
	for {
		part, more, star := strings.Cut(rest, "*")
		if !star {
			return strings.HasSuffix(s, part)
		}
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s, rest = s[i+len(part):], more
	}
}
