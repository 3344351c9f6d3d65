package correlation

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin/sigma"
)

var update = flag.Bool("update", false, "rewrite the expected hits")

// A case file holds rules (YAML), a line "---- events", lines of events
// ("12s a User=x Host=y": time, then the value of kind, then fields), and a line
// "---- hits" with the expected hits, one per line.
type correlationCase struct {
	rules  string
	events []string
	hits   []string
}

func readCase(t *testing.T, path string) correlationCase {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rules, rest, ok1 := strings.Cut(string(src), "---- events\n")
	events, hits, ok2 := strings.Cut(rest, "---- hits\n")
	if !ok1 || !ok2 {
		t.Fatalf("%s: sections are missing", path)
	}
	lines := func(s string) []string {
		return slices.DeleteFunc(strings.Split(s, "\n"), func(l string) bool { return l == "" || strings.HasPrefix(l, "#") })
	}
	return correlationCase{rules, lines(events), lines(hits)}
}

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

type bench struct {
	program *sigma.Program
	matcher *sigma.Matcher
	event   *sigma.Event
	state   *State
}

func newBench(t *testing.T, rules string, opt Options) *bench {
	t.Helper()
	set := sigma.Parse("case", []byte(rules))
	set.Link()
	for _, r := range set.Rejected {
		t.Fatal(r)
	}
	p, rejected := sigma.Compile(set.Rules, sigma.Options{})
	state, more := New(set.Correlations, p, opt)
	for _, r := range append(rejected, more...) {
		t.Fatal(r)
	}
	return &bench{p, p.NewMatcher(), sigma.NewEvent(p.Fields()), state}
}

func (b *bench) observe(t *testing.T, line string) {
	t.Helper()
	words := strings.Fields(line)
	at, err := time.ParseDuration(words[0])
	if err != nil {
		t.Fatal(err)
	}
	b.event.Reset()
	b.event.Time = epoch.Add(at)
	b.event.Logsource = sigma.Logsource{Product: "test"}
	b.event.Set("kind", words[1])
	for _, w := range words[2:] {
		k, v, _ := strings.Cut(w, "=")
		b.event.Set(k, v)
	}
	for _, i := range b.matcher.Match(b.event) {
		b.state.Observe(i, b.event, line)
	}
}

func hitLines(hits []Hit) []string {
	var out []string
	for _, h := range hits {
		var group []string
		for _, g := range h.Group {
			group = append(group, g.Field+"="+g.Value)
		}
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s..%s %s value=%v events=%d %s", h.First.Sub(epoch), h.Last.Sub(epoch), h.Rule.Title, h.Value, len(h.Events), strings.Join(group, " "))))
	}
	return out
}

func TestCorrelation_Cases(t *testing.T) {
	paths, _ := filepath.Glob("testdata/*.txt")
	if len(paths) == 0 {
		t.Fatal("no cases")
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			c := readCase(t, path)
			b := newBench(t, c.rules, Options{})
			var got []string
			for _, line := range c.events {
				b.observe(t, line)
				got = append(got, hitLines(b.state.Advance(time.Time{}))...)
			}
			got = append(got, hitLines(b.state.Flush())...)
			if *update {
				src, _ := os.ReadFile(path)
				head, _, _ := strings.Cut(string(src), "---- hits\n")
				if err := os.WriteFile(path, []byte(head+"---- hits\n"+strings.Join(got, "\n")+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if !slices.Equal(got, c.hits) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.hits, "\n"))
			}
			checkArrival(t, c, got)
			checkRestart(t, c, got)
		})
	}
}

// checkArrival: any order of arrival within the lateness gives the same hits.
func checkArrival(t *testing.T, c correlationCase, want []string) {
	t.Helper()
	r := rand.New(rand.NewPCG(5, 6))
	for range 20 {
		b := newBench(t, c.rules, Options{Lateness: 1000 * time.Hour})
		for _, i := range r.Perm(len(c.events)) {
			b.observe(t, c.events[i])
			if hits := b.state.Advance(time.Time{}); len(hits) > 0 {
				t.Fatalf("judged too early: %v", hitLines(hits))
			}
		}
		if got := hitLines(b.state.Flush()); !slices.Equal(got, want) {
			t.Fatalf("another order of arrival gives\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// checkRestart: a checkpoint between any two events changes nothing.
func checkRestart(t *testing.T, c correlationCase, want []string) {
	t.Helper()
	b := newBench(t, c.rules, Options{})
	var got []string
	for _, line := range c.events {
		data, err := b.state.Checkpoint()
		if err != nil {
			t.Fatal(err)
		}
		next := newBench(t, c.rules, Options{})
		if dropped, err := next.state.Restore(data); err != nil || dropped != nil {
			t.Fatal(err, dropped)
		}
		b = next
		b.observe(t, line)
		got = append(got, hitLines(b.state.Advance(time.Time{}))...)
	}
	if got = append(got, hitLines(b.state.Flush())...); !slices.Equal(got, want) {
		t.Errorf("after restarts\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

const countRule = `
title: A
name: a
logsource: {product: test}
detection: {sel: {kind: a}, condition: sel}
---
title: Many
correlation: {type: event_count, rules: [a], group-by: [User], timespan: 1h, condition: {gte: 1000}}
`

// TestState_LossIsVisible: memory is bounded and what is given up is told.
func TestState_LossIsVisible(t *testing.T) {
	b := newBench(t, countRule, Options{MaxBytes: 20_000})
	lost := 0
	for i := range 2000 {
		b.observe(t, fmt.Sprintf("%dms a User=u%d", i, i))
		b.state.Advance(time.Time{})
		if st := b.state.Stats(); st.Bytes > 21_000 {
			t.Fatalf("%d bytes", st.Bytes)
		}
		for _, l := range b.state.Losses() {
			lost += l.Events
		}
	}
	if st := b.state.Stats(); lost == 0 || lost+st.Groups != 2000 {
		t.Errorf("%d lost, %d groups left of 2000", lost, st.Groups)
	}
}

func TestState_CountsWhatItCannotUse(t *testing.T) {
	b := newBench(t, countRule, Options{Lateness: time.Minute})
	for _, line := range []string{"10m a User=x", "0s a User=x", "10m a", "10m b User=x"} {
		b.observe(t, line)
		b.state.Advance(time.Time{})
	}
	b.state.Flush()
	if st := b.state.Stats(); st.Late != 1 || st.MissingGroup != 1 || st.Observed != 3 {
		t.Errorf("%+v", st)
	}
}
