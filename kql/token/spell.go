package token

import (
	"iter"
	"strings"
	"unicode/utf8"
)

// maxSpell bounds the words compared, so that a name of a megabyte costs nothing.
const maxSpell = 64

// Nearest returns the candidate a misspelt word most likely meant, or "" when
// none is near enough to be worth saying. A candidate that differs only in case
// always wins; otherwise the edit distance (a swap of two neighbours counts one)
// may be at most a third of the word's length. The first of equals wins.
func Nearest(word string, candidates iter.Seq[string]) string {
	if word == "" || len(word) > maxSpell {
		return ""
	}
	best, found := utf8.RuneCountInString(word)/3+1, ""
	lower := []rune(strings.ToLower(word))
	for c := range candidates {
		if c == word || len(c) > maxSpell {
			continue
		}
		if strings.EqualFold(c, word) {
			return c
		}
		if d := distance(lower, []rune(strings.ToLower(c)), best); d < best {
			best, found = d, c
		}
	}
	return found
}

// DidYouMean is the usual hint: `did you mean "x"?`, or "" when nothing is near.
func DidYouMean(word string, candidates iter.Seq[string]) string {
	if near := Nearest(word, candidates); near != "" {
		return "did you mean \"" + near + "\"?"
	}
	return ""
}

// distance is the optimal string alignment distance of a and b, or limit when it is not below it.
func distance(a, b []rune, limit int) int {
	if diff := len(a) - len(b); diff >= limit || -diff >= limit {
		return limit
	}
	prev2 := make([]int, len(b)+1)
	prev := make([]int, len(b)+1)
	row := make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(prev[j]+1, row[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], prev2[j-2]+1)
			}
			least = min(least, row[j])
		}
		if least >= limit {
			return limit
		}
		prev2, prev, row = prev, row, prev2
	}
	return min(prev[len(b)], limit)
}
