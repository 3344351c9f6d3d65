package sigma

import (
	"fmt"
	"testing"
)

// TestBudget: a rule that costs too much is switched off, alone and visibly.
func TestBudget(t *testing.T) {
	set := Parse("rules", []byte(`
title: Cheap
logsource: {product: test}
detection: {sel: {F: x}, condition: sel}
---
title: Dear
logsource: {product: test}
detection: {sel: {G|re: '(a|b|ab)*c$'}, condition: sel}
`))
	now := int64(0)
	var off []string
	opt := Options{Budget: 500, OnSwitchOff: func(r *Rule, c Cost) { off = append(off, fmt.Sprint(r.Title, " ", c.PerEvent)) }}
	m := (*Matcher)(nil)
	opt.Clock = func() int64 {
		// The test's clock runs by what was evaluated: the regular expression is dear.
		now += 100
		if m != nil && len(m.hits) > 0 && m.hits[len(m.hits)-1] == 1 {
			now += 900
		}
		return now
	}
	p, rejected := Compile(set.Rules, opt)
	if rejected != nil {
		t.Fatal(rejected)
	}
	m = p.NewMatcher()
	ev := NewEvent(p.Fields())
	last := 0
	for range 64 * 1024 {
		ev.Reset()
		ev.Logsource.Product = "test"
		ev.Set("F", "x")
		ev.Set("G", "ababc")
		last = len(m.Match(ev))
	}
	if len(off) != 1 || off[0][:4] != "Dear" || last != 1 {
		t.Errorf("switched off %q, %d matches at the end", off, last)
	}
	h := p.Health()
	if len(h) != 2 || !h[0].Off || h[0].Rule.Title != "Dear" || h[1].Off {
		t.Errorf("%+v", h)
	}
	p.SwitchOn(1)
	if len(m.Match(ev)) != 2 {
		t.Error("the rule does not come back")
	}
}

// onceSlow runs events through one rule with a budget of 500 ns, whose clock
// stands still but for n evaluations of a second each, and says what became of it.
func onceSlow(t *testing.T, n int) []Health {
	t.Helper()
	set := Parse("rules", []byte("title: T\nlogsource: {product: test}\ndetection: {sel: {F|re: 'x+y'}, condition: sel}\n"))
	now, readings := int64(0), 0
	p, rejected := Compile(set.Rules, Options{Budget: 500, Clock: func() int64 {
		if readings++; readings%2 == 0 && readings <= 2*n { // the second reading ends the rule's time
			now += 1e9
		}
		return now
	}})
	if rejected != nil {
		t.Fatal(rejected)
	}
	m, ev := p.NewMatcher(), NewEvent(p.Fields())
	for range 4 * sampleEvery * minSamples {
		ev.Reset()
		ev.Logsource.Product = "test"
		ev.Set("F", "xxy")
		m.Match(ev)
	}
	return p.Health()
}

// TestBudget_APauseOfTheMachineIsNotTheRules: a few long evaluations may be the
// machine's, many are the rule's; what a rule cost stays as it was when it was
// switched off, however many events come after.
func TestBudget_APauseOfTheMachineIsNotTheRules(t *testing.T) {
	for _, n := range []int{1, minDear - 1} {
		if h := onceSlow(t, n); h[0].Off {
			t.Errorf("%d long evaluations switch the rule off: %+v", n, h[0].Cost)
		}
	}
	if h := onceSlow(t, 2*minDear); !h[0].Off || h[0].Cost.PerEvent != 1000 {
		t.Errorf("%+v", h[0])
	}
}
