package pattern

import (
	"bytes"
	"unicode/utf8"
)

// Match reports whether the pattern matches the whole of v. Case is significant:
// for Sigma's default, fold both sides first. Placeholders never match.
func (p Pattern) Match(v []byte) bool {
	i, star, retry := 0, -1, 0
	at := 0
	for {
		if i < len(p) && p[i].Kind == Any {
			if i == len(p)-1 {
				return true
			}
			star, retry = i, at
			i++
			continue
		}
		if i == len(p) {
			if at == len(v) {
				return true
			}
		} else if n := p[i].prefix(v[at:]); n >= 0 {
			i, at = i+1, at+n
			continue
		}
		if star < 0 || retry >= len(v) {
			return false
		}
		retry = p.nextTry(star+1, v, retry)
		if retry < 0 {
			return false
		}
		i, at = star+1, retry
	}
}

// nextTry returns the next offset after from at which token i could begin, or -1.
func (p Pattern) nextTry(i int, v []byte, from int) int {
	_, n := utf8.DecodeRune(v[from:])
	from += n
	if p[i].Kind != Literal {
		return from
	}
	if i == len(p)-1 { // a literal at the end has one possible place
		if end := len(v) - len(p[i].Text); end > from {
			from = end
		}
	}
	k := bytes.Index(v[from:], []byte(p[i].Text))
	if k < 0 {
		return -1
	}
	return from + k
}

// prefix returns how many bytes of v the token takes at its beginning, or -1.
func (t Token) prefix(v []byte) int {
	switch t.Kind {
	case Literal:
		if len(v) >= len(t.Text) && string(v[:len(t.Text)]) == t.Text {
			return len(t.Text)
		}
	case One:
		if len(v) > 0 {
			_, n := utf8.DecodeRune(v)
			return n
		}
	}
	return -1
}

// Longest returns the longest literal of the pattern ("" when it has none) and
// whether it is tied to the start or the end of the value. A value that lacks it
// cannot match.
func (p Pattern) Longest() (lit string, atStart, atEnd bool) {
	best := -1
	for i, t := range p {
		if t.Kind == Literal && (best < 0 || len(t.Text) > len(p[best].Text)) {
			best = i
		}
	}
	if best < 0 {
		return "", false, false
	}
	return p[best].Text, best == 0, best == len(p)-1
}
