package sigma

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tocsin-soc/tocsin/sigma/lane"
	"github.com/tocsin-soc/tocsin/sigma/rule"
)

// sameMatches fails when the matcher and the naive evaluator differ on ev.
func sameMatches(t *testing.T, p *Program, m *Matcher, ev *Event) int {
	t.Helper()
	want := naiveMatch(p.Rules(), p.mapping, naiveCopy(ev))
	got := m.Match(ev)
	if slices.Equal(got, want) {
		return len(got)
	}
	for _, i := range want {
		if !slices.Contains(got, i) {
			t.Errorf("missed %s", p.Rules()[i].Title)
		}
	}
	for _, i := range got {
		if !slices.Contains(want, i) {
			t.Errorf("matched %s", p.Rules()[i].Title)
		}
	}
	for i := range ev.Len() {
		id, kind, v := ev.At(i)
		t.Logf("  %s (%d): %.200q", ev.Fields().Name(id), kind, v)
	}
	return len(got)
}

// mutate changes a record without breaking its JSON: parts of values move
// between records, letters change case, characters become others.
func mutate(r *rand.Rand, rec []byte, pool [][]byte) []byte {
	out := bytes.Clone(rec)
	other := pool[r.IntN(len(pool))]
	for range 1 + r.IntN(6) {
		i := r.IntN(len(out))
		switch c := out[i]; {
		case 'a' <= c && c <= 'z' && r.IntN(2) == 0:
			out[i] -= 32
		case 'A' <= c && c <= 'Z':
			out[i] += 32
		case '0' <= c && c <= '9' || 'a' <= c && c <= 'z':
			if o := other[r.IntN(len(other))]; 'a' <= o && o <= 'z' || '0' < o && o <= '9' {
				out[i] = o
			}
		case c == ' ':
			out = slices.Insert(out, i, []byte("\u2013\u00e9")...)
		}
	}
	return out
}

func TestMatch_SameAsNaive(t *testing.T) {
	p := activeProgram(t)
	m, ev := p.NewMatcher(), NewEvent(p.Fields())
	var records [][]byte
	for _, c := range regressionCases(t) {
		records = append(records, sampleRecords(t, c.JSONPath)...)
	}
	r := rand.New(rand.NewPCG(3, 4))
	samples := len(records)
	for range 150 {
		records = append(records, mutate(r, records[r.IntN(samples)], records[:samples]))
	}
	for _, mix := range []lane.Mix{lane.ProcessCreation, lane.FileEvent, lane.Office} {
		recs, err := lane.Generate(mix, 30, 11)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, recs...)
	}
	matches := 0
	for _, rec := range records {
		if err := ParseJSON(rec, ev); err != nil {
			continue // a mutation broke the text
		}
		matches += sameMatches(t, p, m, ev)
	}
	t.Logf("%d events, %d matches", len(records), matches)
}

// TestMatch_SourcesSameAsNaive sends the same fields under every source name.
func TestMatch_SourcesSameAsNaive(t *testing.T) {
	p := activeProgram(t)
	m, ev := p.NewMatcher(), NewEvent(p.Fields())
	for _, g := range p.routes.groups {
		ev.Reset()
		ev.Logsource = g.is
		r := p.Rules()[g.rules[0]]
		r.Expr.Walk(func(q *Predicate) { // what the first rule looks for
			if text, ok := q.Pattern.Plain(); q.Test == rule.TestPattern && (ok || len(q.Pattern) > 0) {
				if !ok {
					text, _, _ = q.Pattern.Longest()
				}
				ev.Set(q.Field, text)
				if q.Field == "" {
					ev.Raw = []byte("before " + text + " behind")
				}
			}
		})
		sameMatches(t, p, m, ev)
	}
}

func loadLane(b testing.TB, mix lane.Mix, n int) [][]byte {
	recs, err := lane.Generate(mix, n, 1)
	if err != nil {
		b.Fatal(err)
	}
	return recs
}
