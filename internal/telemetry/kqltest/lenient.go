package kqltest

import (
	"strconv"
	"strings"
)

// lenientJSON reads JSON as documents print it: single quotes, bare words,
// missing blanks. Numbers keep their printed form.
func lenientJSON(s string) (ok bool, v any) {
	defer func() {
		if recover() != nil {
			ok, v = false, nil
		}
	}()
	p := &lenient{s: []rune(strings.TrimSpace(s))}
	v = p.value()
	p.space()
	return p.i == len(p.s), v
}

type lenient struct {
	s []rune
	i int
}

func (p *lenient) space() {
	for p.i < len(p.s) && strings.ContainsRune(" \t\r\n\u00a0", p.s[p.i]) {
		p.i++
	}
}

// value panics with an index error on broken text; lenientJSON recovers.
func (p *lenient) value() any {
	p.space()
	switch c := p.s[p.i]; c {
	case '{':
		p.i++
		out := map[string]any{}
		for {
			p.space()
			if p.s[p.i] == '}' {
				p.i++
				return out
			}
			k := p.value()
			p.space()
			if p.s[p.i] != ':' {
				panic("no colon")
			}
			p.i++
			name, isText := k.(string)
			if n, ok := k.(printed); ok {
				name, isText = n.text, true
			}
			if !isText {
				panic("bad key")
			}
			out[name] = p.value()
			p.space()
			if p.s[p.i] == ',' {
				p.i++
			}
		}
	case '[':
		p.i++
		out := []any{}
		for {
			p.space()
			if p.s[p.i] == ']' {
				p.i++
				return out
			}
			out = append(out, p.value())
			p.space()
			if p.s[p.i] == ',' {
				p.i++
			} else if p.s[p.i] != ']' {
				panic("no comma")
			}
		}
	case '"', '\'':
		return p.text(c)
	}
	return p.word()
}

func (p *lenient) text(end rune) string {
	var b strings.Builder
	for p.i++; p.s[p.i] != end; p.i++ {
		c := p.s[p.i]
		if c != '\\' || p.i+1 >= len(p.s) {
			b.WriteRune(c)
			continue
		}
		p.i++
		switch c = p.s[p.i]; c {
		case 'n':
			b.WriteByte('\n')
		case 't':
			b.WriteByte('\t')
		case 'r':
			b.WriteByte('\r')
		case 'b':
			b.WriteByte('\b')
		case 'f':
			b.WriteByte('\f')
		case '"', '\'', '\\', '/':
			b.WriteRune(c)
		case 'u':
			n, err := strconv.ParseUint(string(p.s[p.i+1:p.i+5]), 16, 32)
			if err != nil {
				panic(err)
			}
			b.WriteRune(rune(n))
			p.i += 4
		default:
			b.WriteString(`\` + string(c))
		}
	}
	p.i++
	return b.String()
}

func (p *lenient) word() any {
	start := p.i
	for p.i < len(p.s) && !strings.ContainsRune(",]}:\n", p.s[p.i]) {
		p.i++
	}
	if p.i == start {
		panic("no value")
	}
	w := strings.TrimSpace(string(p.s[start:p.i]))
	switch w {
	case "true", "True":
		return true
	case "false", "False":
		return false
	case "null":
		return nil
	}
	if n, ok := number(w); ok {
		return n
	}
	return w
}
