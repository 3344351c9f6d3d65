package sigma

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/tocsin-soc/tocsin/sigma/pattern"
	"github.com/tocsin-soc/tocsin/sigma/rule"
)

// randomText draws from an alphabet small enough for things to coincide, with
// letters of both cases, separators, and characters of several bytes.
func randomText(r *rand.Rand, most int) string {
	alphabet := []string{"a", "b", "A", "B", "\\", ".", "-", "ab", "ä", "Ä", "K", "😀", " ", "c"}
	var b strings.Builder
	for range r.IntN(most + 1) {
		b.WriteString(alphabet[r.IntN(len(alphabet))])
	}
	return b.String()
}

var randomRegexes = []string{"a+b", "(?i)ab|ba", "^a", "b$", "[ab]{3}", "ä", "(?i)K", "\\\\a\\.", ".{4,}", "(a|b)-", "a{0,2}c"}

func randomPattern(r *rand.Rand) pattern.Pattern {
	p := pattern.Text(randomText(r, 4))
	switch r.IntN(7) {
	case 0:
		p = p.Contains()
	case 1:
		p = p.WithPrefixAny()
	case 2:
		p = p.WithSuffixAny()
	case 3:
		p = pattern.Concat(p, pattern.Pattern{{Kind: pattern.Any}}, pattern.Text(randomText(r, 3)))
	case 4:
		p = pattern.Concat(p, pattern.Pattern{{Kind: pattern.One}}, pattern.Text(randomText(r, 3))).Contains()
	case 5:
		p = pattern.Concat(pattern.Pattern{{Kind: pattern.One}}, pattern.Pattern{{Kind: pattern.Any}}, p)
	}
	return p
}

func randomPredicate(r *rand.Rand) *Predicate {
	p := &Predicate{Field: []string{"F", "G", "H", "N", ""}[r.IntN(5)], Cased: r.IntN(6) == 0}
	switch n := r.IntN(20); {
	case n < 11:
		p.Pattern = randomPattern(r)
	case n < 13:
		p.Test = rule.TestRegex
		p.RegexSrc = randomRegexes[r.IntN(len(randomRegexes))]
		p.Regex = regexp.MustCompile(p.RegexSrc)
	case p.Field == "":
		p.Pattern = randomPattern(r).Contains()
	case n == 13:
		p.Test = rule.TestNull
	case n == 14:
		p.Test, p.Absent = rule.TestExists, r.IntN(2) == 0
	case n < 17:
		p.Test, p.OtherField, p.Place = rule.TestField, []string{"F", "G", "H", "nowhere"}[r.IntN(4)], rule.Place(r.IntN(4))
	default:
		p.Test, p.Compare, p.Number = rule.TestCompare, rule.Compare(r.IntN(5)), rule.Number{IsInt: true, Int: int64(r.IntN(5)), Float: 0}
		p.Number.Float = float64(p.Number.Int)
	}
	return p
}

func randomExpr(r *rand.Rand, depth int) *Expr {
	if depth == 0 || r.IntN(4) == 0 {
		return rule.Leaf(randomPredicate(r))
	}
	var args []*Expr
	for range 1 + r.IntN(4) {
		args = append(args, randomExpr(r, depth-1))
	}
	switch r.IntN(5) {
	case 0:
		return rule.Not(args[0])
	case 1, 2:
		return rule.Or(args...)
	}
	return rule.And(args...)
}

func randomEvent(r *rand.Rand, ev *Event) {
	ev.Reset()
	ev.Logsource.Product = "test"
	for range r.IntN(6) {
		name := []string{"F", "G", "H", "N", "unknown"}[r.IntN(5)]
		id := ev.Fields().Lookup([]byte(name))
		switch r.IntN(8) {
		case 0:
			ev.AddNull(id)
		case 1:
			ev.AddInt(id, int64(r.IntN(6)))
		default:
			ev.AddString(id, randomText(r, 8))
		}
	}
	if r.IntN(4) == 0 {
		ev.Raw = []byte(randomText(r, 10))
	}
}

func TestMatch_RandomRulesSameAsNaive(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	matches := 0
	for range 150 {
		var rules []*Rule
		for i := range 1 + r.IntN(60) {
			rules = append(rules, &Rule{Head: Head{Title: fmt.Sprint(i)}, Logsource: Logsource{Product: "test"}, Expr: randomExpr(r, 3)})
		}
		p, rejected := Compile(rules, Options{})
		if rejected != nil {
			t.Fatal(rejected)
		}
		m, ev := p.NewMatcher(), NewEvent(p.Fields())
		for range 60 {
			randomEvent(r, ev)
			matches += sameMatches(t, p, m, ev)
			matches += sameMatches(t, p, m, ev) // again, from the memo
			if t.Failed() {
				for _, x := range rules {
					t.Log(x.Title, x.Expr)
				}
				t.FailNow()
			}
		}
	}
	t.Logf("%d matches", matches)
}

// FuzzMatch: whatever rule is accepted, matcher and naive evaluator agree on
// whatever event is accepted, and nothing panics.
func FuzzMatch(f *testing.F) {
	f.Add("title: x\nlogsource: {product: test}\ndetection:\n  s: {F|contains: 'a*b'}\n  k: [q, '1?2']\n  condition: s or not 1 of k*\n", `{"F":"xaabb","q":[1,"102"]}`)
	f.Add("title: x\nlogsource: {product: windows, category: process_creation}\ndetection:\n  s: {Image|endswith: '\\a.exe', User: 'A\\b', ProcessId|gt: 3}\n  condition: s\n", `{"Channel":"Security","EventID":4688,"NewProcessName":"c\\a.exe","NewProcessId":"0x10","SubjectUserName":"b","SubjectDomainName":"A"}`)
	f.Add("title: x\nlogsource: {product: test}\ndetection:\n  s: {F|re|i: 'a.{2}b', G|windash|contains: '-x /y', H|base64offset|contains: foo, I|cidr: '10.0.0.0/8', J|fieldref: F, K: null, L|exists: true}\n  condition: 1 of s\n", `{"F":"AxxB","J":"axxb"}`)
	mapping := loadMapping(f)
	f.Fuzz(func(t *testing.T, yml, event string) {
		set := Parse("fuzz", []byte(yml))
		set.Link()
		if len(set.Rules) == 0 {
			return
		}
		p, _ := Compile(set.Rules, Options{Mapping: mapping})
		m, ev := p.NewMatcher(), NewEvent(p.Fields())
		if ParseJSON([]byte(event), ev) != nil {
			return
		}
		if ev.Logsource.Product == "" && len(event)%2 == 0 {
			ev.Logsource.Product = "test"
		}
		sameMatches(t, p, m, ev)
		for i := range p.Rules() {
			m.Explain(int32(i), ev)
		}
	})
}
