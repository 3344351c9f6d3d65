package parser

import (
	"strings"

	"github.com/tocsin-soc/tocsin/kql/token"
)

// hyphenated lists the words with a hyphen; anywhere else a hyphen is a minus.
var hyphenated = wordSet(`project-away project-keep project-rename project-reorder project-by-names project-smart
	mv-expand mv-apply make-series make-graph graph-match graph-to-table graph-shortest-paths
	graph-mark-components graph-where-nodes graph-where-edges sample-distinct top-nested top-hitters
	parse-where parse-kv macro-expand granny-asc granny-desc partitioned-by assert-schema`)

// hyphenStarts are the first parts of hyphenated words: only they are looked at twice.
var hyphenStarts = wordSet(`project mv make graph sample top parse macro granny partitioned assert`)

// typedWords begin a literal such as datetime(2024-01-01) when a bracket follows.
var typedWords = wordSet(`bool boolean date datetime decimal double guid int int32 int64 long real time timespan uniqueid uuid`)

func wordSet(list string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(list) {
		set[w] = true
	}
	return set
}

func (s *scanner) word() {
	end := s.wordEnd(s.pos + 1)
	text := s.src[s.pos:end]
	switch {
	case end < len(s.src) && s.src[end] == '~' && text == "in":
		end++
	case end < len(s.src) && s.src[end] == '-' && hyphenStarts[text]:
		if long := s.hyphenEnd(end); hyphenated[s.src[s.pos:long]] {
			end = long
		}
	case typedWords[text] && !s.afterDot():
		if close := s.typedEnd(end); close > 0 {
			s.emit(typed, close)
			return
		}
	}
	s.emit(word, end)
}

// hyphenEnd returns the end of the letters and hyphens at i, looking no further
// than the longest hyphenated word reaches.
func (s *scanner) hyphenEnd(i int) int {
	const longest = 24
	for j := 0; i < len(s.src) && j < longest && (isLetter(s.src[i]) || s.src[i] == '-'); j++ {
		i++
	}
	return i
}

func (s *scanner) afterDot() bool {
	return len(s.toks) > 0 && s.toks[len(s.toks)-1].kind == dot
}

// typedEnd returns the end of "(…)" behind a type name, or 0 when there is none
// or its contents hold a bracket and so cannot be a literal. Quotes protect brackets.
func (s *scanner) typedEnd(i int) int {
	for i < len(s.src) && (s.src[i] == ' ' || s.src[i] == '\t') {
		i++
	}
	if i >= len(s.src) || s.src[i] != '(' {
		return 0
	}
	const longest = 256 // no literal is longer; keeps scanning linear
	for j := i + 1; j < len(s.src) && j-i < longest; j++ {
		switch s.src[j] {
		case ')':
			return j + 1
		case '(', '|', ';', '\n':
			return 0
		}
	}
	return 0
}

// number scans 5, 0x1F, 1.5, 1e3, 30min, and words that begin with a digit.
func (s *scanner) number() {
	i := s.pos
	if strings.HasPrefix(s.src[i:], "0x") || strings.HasPrefix(s.src[i:], "0X") {
		if end := s.wordEnd(i + 2); end > i+2 && allHex(s.src[i+2:end]) {
			s.emit(long, end)
			return
		}
	}
	for i < len(s.src) && isDigit(s.src[i]) {
		i++
	}
	k := long
	if i < len(s.src) && s.src[i] == '.' && !strings.HasPrefix(s.src[i:], "..") && (i+1 >= len(s.src) || !isLetter(s.src[i+1]) || s.src[i+1]|0x20 == 'e') {
		k = real
		for i++; i < len(s.src) && isDigit(s.src[i]); {
			i++
		}
	}
	end := s.wordEnd(i)
	suffix := s.src[i:end]
	switch {
	case suffix == "":
		s.emit(k, i)
	case timeUnits[suffix] != 0:
		s.emit(span, end)
	case suffix[0]|0x20 == 'e' && s.exponent(i) > 0:
		s.emit(real, s.exponent(i))
	case k == real:
		s.report(token.BadLiteral, s.pos, end, "\""+s.src[s.pos:end]+"\" is neither a number nor a timespan")
		s.emit(real, i)
		s.pos = end
	default:
		s.emit(word, end)
	}
}

// exponent returns the end of an exponent at i, or 0.
func (s *scanner) exponent(i int) int {
	j := i + 1
	if j < len(s.src) && (s.src[j] == '+' || s.src[j] == '-') {
		j++
	}
	k := j
	for k < len(s.src) && isDigit(s.src[k]) {
		k++
	}
	if k == j || k < len(s.src) && isLetter(s.src[k]) {
		return 0
	}
	return k
}

func allHex(text string) bool {
	for i := range len(text) {
		if c := text[i]; !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'f') {
			return false
		}
	}
	return true
}

func (s *scanner) quoteAt(i int) bool {
	return i < len(s.src) && (s.src[i] == '"' || s.src[i] == '\'')
}

func (s *scanner) fenceAt(i int) bool {
	return strings.HasPrefix(s.src[i:], "```") || strings.HasPrefix(s.src[i:], "~~~")
}

// hidden scans an obfuscated string (h"…") if there is one at s.pos.
func (s *scanner) hidden() bool {
	i := s.pos + 1
	switch {
	case s.quoteAt(i):
		s.quoted(i)
	case i < len(s.src) && s.src[i] == '@' && s.quoteAt(i+1):
		s.verbatim(i + 1)
	case i < len(s.src) && s.fenceAt(i):
		s.fenced(i)
	default:
		return false
	}
	return true
}

// quoted scans "…" or '…' whose opening quote is at i.
func (s *scanner) quoted(i int) {
	q := s.src[i]
	for i++; i < len(s.src); i++ {
		switch s.src[i] {
		case q:
			s.emit(str, i+1)
			return
		case '\\':
			if i+1 < len(s.src) && s.src[i+1] != '\n' && s.src[i+1] != '\r' {
				i++
			}
		case '\n', '\r':
			s.unclosed(i, string(q))
			return
		}
	}
	s.unclosed(len(s.src), string(q))
}

// verbatim scans @"…" or @'…' whose quote is at i; a doubled quote stands for one.
func (s *scanner) verbatim(i int) {
	q := s.src[i]
	for i++; i < len(s.src); i++ {
		switch s.src[i] {
		case q:
			if i+1 >= len(s.src) || s.src[i+1] != q {
				s.emit(str, i+1)
				return
			}
			i++
		case '\n', '\r':
			s.unclosed(i, string(q))
			return
		}
	}
	s.unclosed(len(s.src), string(q))
}

// fenced scans a multi-line string between three backticks or tildes.
func (s *scanner) fenced(i int) {
	fence := s.src[i : i+3]
	if n := strings.Index(s.src[i+3:], fence); n >= 0 {
		s.emit(str, i+3+n+3)
		return
	}
	s.unclosed(len(s.src), fence)
}

func (s *scanner) unclosed(end int, quote string) {
	s.report(token.UnclosedString, s.pos, end, "this string is not closed; a "+quote+" is missing")
	s.emit(str, end)
}
