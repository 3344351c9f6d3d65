package pattern

import (
	"regexp/syntax"
	"slices"
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
	if lits := requiredLiterals(re); selective(lits) > tooCommon {
		q.Literals = lits
	}
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

// requiredLiterals returns texts one of which every match holds, nil if unknown.
func requiredLiterals(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral, syntax.OpCharClass:
		return spelled(re)
	case syntax.OpCapture, syntax.OpPlus:
		return requiredLiterals(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return requiredLiterals(re.Sub[0])
		}
	case syntax.OpConcat:
		return concatLiterals(re.Sub)
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

// concatLiterals returns the most selective of a sequence's parts, where parts
// that can be spelled out and follow one another count as one.
func concatLiterals(subs []*syntax.Regexp) []string {
	var best, run []string
	consider := func(lits []string) {
		if selective(lits) > selective(best) {
			best = lits
		}
	}
	for _, sub := range subs {
		s := spelled(sub)
		if s == nil || len(run)*len(s) > maxRequired {
			consider(run)
			run = nil
		}
		switch {
		case s == nil:
			consider(requiredLiterals(sub))
		case run == nil:
			run = s
		default:
			var next []string
			for _, head := range run {
				for _, tail := range s {
					next = append(next, head+tail)
				}
			}
			run = next
		}
	}
	consider(run)
	return best
}

// spelled returns all texts an expression can be, folded, when they are few.
func spelled(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		return []string{FoldString(string(re.Rune))}
	case syntax.OpCapture:
		return spelled(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min == re.Max && re.Min == 1 {
			return spelled(re.Sub[0])
		}
	case syntax.OpCharClass:
		return classLiterals(re)
	}
	return nil
}

// classLiterals spells out a class of few characters.
func classLiterals(re *syntax.Regexp) []string {
	var out []string
	for i := 0; i < len(re.Rune); i += 2 {
		for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
			if r >= utf8.RuneSelf || len(out) == 6 {
				return nil
			}
			if s := FoldString(string(r)); !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	return out
}

// selective orders sets of literals: the weakest decides, then how few they are.
func selective(lits []string) int {
	if len(lits) == 0 {
		return -1
	}
	weakest := 1 << 10
	for _, l := range lits {
		score := 0
		for i := 0; i < len(l); i++ {
			score += byteScore(l[i])
		}
		weakest = min(weakest, score)
	}
	return weakest*2*maxRequired - len(lits)
}

// tooCommon is the selectivity of a single space: in nearly every value.
const tooCommon = 2 * maxRequired

// byteScore guesses how telling a byte is: letters and the punctuation of paths
// and flags are everywhere, other punctuation is rare.
func byteScore(c byte) int {
	switch {
	case c == ' ':
		return 1
	case wordRune(rune(c)), c == '\\', c == '.', c == '-', c == '/', c == '"', c == ':':
		return 2
	}
	return 5
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
