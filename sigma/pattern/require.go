package pattern

import (
	"bytes"
	"regexp/syntax"
	"unicode/utf8"
)

// Requirement is what a value must have before a regular expression can be found
// in it; checking it is far cheaper than the search.
type Requirement struct {
	Literals []string // one of these folded texts must occur; nil: nothing known
	MinLen   int      // bytes
	runClass [256]bool
	runLen   int // that many bytes in a row must be of runClass; 0: nothing known
}

// maxRequired bounds the alternatives of a Requirement.
const maxRequired = 64

// maxMinLen keeps lengths of nested repetitions from overflowing.
const maxMinLen = 1 << 16

// Require analyses a regular expression as regexp.Compile reads it. Its Literals
// hold for ASCII values only: a case-insensitive search may equate a letter with
// others that folding keeps apart.
func Require(expr string) Requirement {
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return Requirement{}
	}
	var q Requirement
	q.Literals = requiredLiterals(re)
	q.MinLen = minLen(re)
	q.findRun(re)
	return q
}

// Allows reports whether v is long enough and has the run of bytes needed.
func (q *Requirement) Allows(v []byte) bool {
	if len(v) < q.MinLen {
		return false
	}
	if q.runLen == 0 {
		return true
	}
	// Look at every runLen-th byte first: a run must cover one of them.
	for i := q.runLen - 1; i < len(v); i += q.runLen {
		if !q.runClass[v[i]] {
			continue
		}
		from, to := i, i+1
		for from > 0 && q.runClass[v[from-1]] {
			from--
		}
		for to < len(v) && q.runClass[v[to]] {
			to++
		}
		if to-from >= q.runLen {
			return true
		}
	}
	return false
}

func requiredLiterals(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		return []string{FoldString(string(re.Rune))}
	case syntax.OpCapture, syntax.OpPlus:
		return requiredLiterals(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return requiredLiterals(re.Sub[0])
		}
	case syntax.OpCharClass:
		return classLiterals(re)
	case syntax.OpConcat:
		var best []string
		for _, sub := range re.Sub {
			if lits := requiredLiterals(sub); selective(lits) > selective(best) {
				best = lits
			}
		}
		return best
	case syntax.OpAlternate:
		var all []string
		for _, sub := range re.Sub {
			lits := requiredLiterals(sub)
			if lits == nil || len(all)+len(lits) > maxRequired {
				return nil
			}
			all = append(all, lits...)
		}
		return all
	}
	return nil
}

// classLiterals spells out a class of very few characters, none a letter or digit.
func classLiterals(re *syntax.Regexp) []string {
	var out []string
	for i := 0; i < len(re.Rune); i += 2 {
		for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
			if wordRune(r) || r == ' ' || r >= utf8.RuneSelf || len(out) == 3 {
				return nil
			}
			out = append(out, string(r))
		}
	}
	return out
}

// selective orders sets of literals: the shortest decides, then the fewer.
func selective(lits []string) int {
	if len(lits) == 0 {
		return -1
	}
	shortest := len(lits[0])
	for _, l := range lits {
		shortest = min(shortest, len(l))
	}
	return min(shortest, 16)*2*maxRequired - len(lits)
}

func minLen(re *syntax.Regexp) int {
	n := 0
	switch re.Op {
	case syntax.OpLiteral:
		n = len(re.Rune)
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		n = 1
	case syntax.OpCapture, syntax.OpPlus:
		n = minLen(re.Sub[0])
	case syntax.OpRepeat:
		n = re.Min * minLen(re.Sub[0])
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			n += minLen(sub)
		}
	case syntax.OpAlternate:
		n = minLen(re.Sub[0])
		for _, sub := range re.Sub[1:] {
			n = min(n, minLen(sub))
		}
	}
	return min(n, maxMinLen)
}

// minRun is the shortest run of a class worth looking for.
const minRun = 8

// findRun looks for a necessary repetition of one ASCII class.
func (q *Requirement) findRun(re *syntax.Regexp) {
	switch re.Op {
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			q.findRun(sub)
		}
	case syntax.OpCapture:
		q.findRun(re.Sub[0])
	case syntax.OpRepeat:
		sub := re.Sub[0]
		if sub.Op != syntax.OpCharClass || re.Min < minRun || re.Min <= q.runLen || sub.Rune[len(sub.Rune)-1] >= utf8.RuneSelf {
			return
		}
		q.runLen, q.runClass = re.Min, [256]bool{}
		for i := 0; i < len(sub.Rune); i += 2 {
			for r := sub.Rune[i]; r <= sub.Rune[i+1]; r++ {
				q.runClass[r] = true
			}
		}
	}
}

// EqualFoldASCII compares two ASCII texts ignoring case.
func EqualFoldASCII(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if lowerASCII[a[i]] != lowerASCII[b[i]] {
			return false
		}
	}
	return true
}

// ContainsFolded is bytes.Contains for a folded needle in an ASCII text.
func ContainsFolded(v []byte, needle string) bool {
	if needle == "" {
		return true
	}
	first := needle[0]
	for len(v) >= len(needle) {
		i := indexFolded(v[:len(v)-len(needle)+1], first)
		if i < 0 {
			return false
		}
		if EqualFoldASCII(v[i:i+len(needle)], []byte(needle)) {
			return true
		}
		v = v[i+1:]
	}
	return false
}

func indexFolded(v []byte, lower byte) int {
	i := bytes.IndexByte(v, lower)
	if 'a' <= lower && lower <= 'z' {
		if j := bytes.IndexByte(v, lower-32); j >= 0 && (i < 0 || j < i) {
			return j
		}
	}
	return i
}
