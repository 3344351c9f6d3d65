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
