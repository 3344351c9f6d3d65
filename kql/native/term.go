package native

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// HasTerm is the has operator: term occurs in s, and where its own first or
// last character is a letter or digit, it begins or ends at a border of s's
// terms. Terms are runs of letters and digits of any script; an empty term
// matches everything.
func HasTerm(s, term string, matchCase bool) bool { return termMatch(s, term, matchCase, true, true) }

// termMatch is has with borders demanded only at the chosen ends: hasprefix
// demands the left one, hassuffix the right one.
func termMatch(s, term string, matchCase, left, right bool) bool {
	if term == "" {
		return true
	}
	if !matchCase {
		s, term = strings.ToLower(s), strings.ToLower(term)
	}
	first, _ := utf8.DecodeRuneInString(term)
	last, _ := utf8.DecodeLastRuneInString(term)
	left, right = left && isTermRune(first), right && isTermRune(last)
	for at := 0; ; {
		i := strings.Index(s[at:], term)
		if i < 0 {
			return false
		}
		i += at
		before, n := utf8.DecodeLastRuneInString(s[:i])
		after, m := utf8.DecodeRuneInString(s[i+len(term):])
		if (!left || n == 0 || !isTermRune(before)) && (!right || m == 0 || !isTermRune(after)) {
			return true
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		at = i + size
	}
}

func isTermRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }

// WordRune says whether a character belongs to a term of has.
func WordRune(r rune) bool { return isTermRune(r) }
