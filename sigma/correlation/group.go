package correlation

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin/sigma/rule"
)

// correlator is a correlation with its groups.
type correlator struct {
	*rule.Correlation
	order  int        // inner correlations come first
	carry  [][]string // by rule: event fields remembered; group-by first, then the value's
	outer  []feed     // correlations that use its hits
	groups map[string]*group
}

// group is what is remembered for one combination of group-by values.
type group struct {
	key    string
	values []GroupValue
	events []observation // in order of time, none older than the timespan
	last   int64
	firing bool           // the condition held at the last event
	open   bool           // a window is open; it is judged when it closes
	counts map[string]int // value_count: events per distinct value
	chain  [][]int64      // temporal_ordered: [length][rule] latest start of such a chain
	bytes  int
}

// noStart marks a chain that does not exist.
const noStart = math.MinInt64

// need lists the fields this correlation itself reads, per rule.
func (c *correlator) need() {
	c.carry = make([][]string, len(c.Rules))
	for i, ref := range c.Rules {
		for _, name := range c.GroupBy {
			c.carry[i] = append(c.carry[i], c.Field(name, ref))
		}
		for _, name := range c.Fields {
			c.carry[i] = append(c.carry[i], c.Field(name, ref))
		}
	}
}

// carryAll makes every rule of c carry a field for an outer correlation.
func (c *correlator) carryAll(field string) {
	for i := range c.carry {
		if field != "" && !slices.Contains(c.carry[i], field) {
			c.carry[i] = append(c.carry[i], field)
		}
	}
}

// take adds an observation to its group and judges it.
func (s *State) take(c *correlator, o observation) {
	key, ok := c.key(&o)
	if !ok {
		s.stats.MissingGroup++
		return
	}
	if len(c.Fields) > 0 && !c.usable(&o) {
		s.stats.MissingValue++
		return
	}
	g := c.groups[key]
	if g == nil {
		g = &group{key: key}
		for i, f := range c.GroupBy {
			g.values = append(g.values, GroupValue{f, o.values[i].text})
		}
		c.groups[key] = g
	}
	if g.counted(c, &o) {
		return
	}
	c.expire(s, g, o.at)
	g.add(s, c, o)
	if !c.atEnd() {
		v, holds := c.judge(g, o)
		if holds && !g.firing {
			s.fire(c, g, v)
		}
		g.firing = holds
	} else if !g.open {
		g.open = true
		s.push(item{observation: observation{at: o.at + int64(c.Timespan)}, to: c, closes: g})
	}
	s.bound(c, g)
}

// counted reports whether the same event was added before, through another rule
// of a correlation that counts events rather than rules.
func (g *group) counted(c *correlator, o *observation) bool {
	if c.Type == rule.Temporal || c.Type == rule.TemporalOrdered || len(o.ids) != 1 || o.ids[0] == "" {
		return false
	}
	for i := len(g.events) - 1; i >= 0 && g.events[i].at == o.at; i-- {
		if slices.Equal(g.events[i].ids, o.ids) {
			return true
		}
	}
	return false
}

// key is the group an observation belongs to.
func (c *correlator) key(o *observation) (string, bool) {
	var b strings.Builder
	for i := range c.GroupBy {
		if !o.values[i].ok {
			return "", false
		}
		b.WriteString(fold(o.values[i].text))
		b.WriteByte(0)
	}
	return b.String(), true
}

// usable reports whether the observation has the values the correlation reads.
func (c *correlator) usable(o *observation) bool {
	for i := range c.Fields {
		v := o.values[len(c.GroupBy)+i]
		if !v.ok {
			return false
		}
		if _, number := rule.ParseNumber(v.text); !number && c.Type != rule.ValueCount {
			return false
		}
	}
	return true
}

// atEnd reports whether the condition is judged when the window closes.
func (c *correlator) atEnd() bool {
	for _, b := range c.Bounds {
		if b.Not || b.Compare != rule.Greater && b.Compare != rule.GreaterEqual {
			return true
		}
	}
	switch c.Type {
	case rule.ValueAvg, rule.ValueMedian, rule.ValuePercentile:
		return true
	}
	return c.When != nil && c.When.Negates()
}

func (g *group) add(s *State, c *correlator, o observation) {
	g.events = append(g.events, o)
	g.last = o.at
	n := o.size()
	g.bytes += n
	s.stats.Bytes += n
	if c.Type == rule.ValueCount {
		if g.counts == nil {
			g.counts = map[string]int{}
		}
		g.counts[c.tuple(&o)]++
	}
	if c.Type == rule.TemporalOrdered {
		g.extend(c, o)
	}
}

// tuple is the distinct value of value_count.
func (c *correlator) tuple(o *observation) string {
	var b strings.Builder
	for i := range c.Fields {
		b.WriteString(fold(o.values[len(c.GroupBy)+i].text))
		b.WriteByte(0)
	}
	return b.String()
}

// extend updates the chains of an ordered correlation: for each length and last
// rule the latest start, which is the one that stays in the window longest.
func (g *group) extend(c *correlator, o observation) {
	if g.chain == nil {
		g.chain = make([][]int64, len(c.Rules)+1)
		for i := range g.chain {
			g.chain[i] = slices.Repeat([]int64{noStart}, len(c.Rules))
		}
	}
	for length := min(o.ref+1, len(c.Rules)); length > 1; length-- {
		for _, start := range g.chain[length-1][:o.ref] {
			g.chain[length][o.ref] = max(g.chain[length][o.ref], start)
		}
	}
	g.chain[1][o.ref] = o.at
}

// expire forgets events older than the timespan before now.
func (c *correlator) expire(s *State, g *group, now int64) {
	n := 0
	for n < len(g.events) && g.events[n].at < now-int64(c.Timespan) {
		n++
	}
	g.forget(s, c, n)
}

// forget drops the n oldest events.
func (g *group) forget(s *State, c *correlator, n int) {
	for i := range g.events[:n] {
		o := &g.events[i]
		g.bytes -= o.size()
		s.stats.Bytes -= o.size()
		if c.Type == rule.ValueCount {
			t := c.tuple(o)
			if g.counts[t]--; g.counts[t] == 0 {
				delete(g.counts, t)
			}
		}
	}
	if n == len(g.events) {
		g.events = nil
		return
	}
	g.events = g.events[n:]
}

// judge returns the correlation's value and whether its condition holds; o is
// the latest observation.
func (c *correlator) judge(g *group, o observation) (float64, bool) {
	v := 0.0
	switch c.Type {
	case rule.EventCount:
		v = float64(len(g.events))
	case rule.ValueCount:
		v = float64(len(g.counts))
	case rule.Temporal:
		seen := map[int]bool{}
		for i := range g.events {
			seen[g.events[i].ref] = true
		}
		v = float64(len(seen))
		if c.When != nil {
			return v, c.When.Holds(func(r int) bool { return seen[r] })
		}
	case rule.TemporalOrdered:
		for length := len(c.Rules); length > 0 && v == 0; length-- {
			if slices.Max(g.chain[length]) >= o.at-int64(c.Timespan) {
				v = float64(length)
			}
		}
	default:
		v = c.numeric(g)
	}
	if len(c.Bounds) == 0 {
		return v, v >= float64(len(c.Rules))
	}
	for _, b := range c.Bounds {
		if !b.Holds(v) {
			return v, false
		}
	}
	return v, true
}

// numeric computes sum, average, median or percentile (nearest rank).
func (c *correlator) numeric(g *group) float64 {
	numbers := make([]float64, 0, len(g.events))
	sum := 0.0
	for i := range g.events {
		n, _ := rule.ParseNumber(g.events[i].values[len(c.GroupBy)].text)
		numbers = append(numbers, n.Float)
		sum += n.Float
	}
	if c.Type == rule.ValueSum || len(numbers) == 0 {
		return sum
	}
	if c.Type == rule.ValueAvg {
		return sum / float64(len(numbers))
	}
	slices.Sort(numbers)
	if c.Type == rule.ValueMedian {
		if mid := len(numbers) / 2; len(numbers)%2 == 0 {
			return (numbers[mid-1] + numbers[mid]) / 2
		}
		return numbers[len(numbers)/2]
	}
	rank := int(math.Ceil(c.Percentile / 100 * float64(len(numbers))))
	return numbers[max(rank, 1)-1]
}

// close judges a group at the end of its window and begins afresh.
func (s *State) close(c *correlator, g *group, at int64) {
	if c.groups[g.key] != g || !g.open || len(g.events) == 0 {
		return // dropped meanwhile
	}
	if v, holds := c.judge(g, observation{at: at}); holds {
		s.fire(c, g, v)
	}
	g.forget(s, c, len(g.events))
	delete(c.groups, g.key)
}

// fire reports a hit and hands it to the correlations that build on it.
func (s *State) fire(c *correlator, g *group, v float64) {
	first, last := g.events[0].at, g.events[len(g.events)-1].at
	if !c.Silent || len(c.outer) == 0 {
		s.hits = append(s.hits, Hit{Rule: c.Correlation, Group: g.values, First: time.Unix(0, first).UTC(), Last: time.Unix(0, last).UTC(), Value: v, Events: s.evidence(g.events)})
	}
	for _, f := range c.outer {
		s.pass(c, g, f, last)
	}
}

func (s *State) evidence(events []observation) []string {
	var ids []string
	for i := range events {
		for _, id := range events[i].ids {
			if len(ids) == s.opt.MaxEvidence {
				return ids
			}
			if id != "" && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// pass gives a hit to an outer correlation: one observation per combination of
// the outer group-by values among the hit's events, since only the outer
// grouping counts there.
func (s *State) pass(c *correlator, g *group, f feed, at int64) {
	seen := map[string]bool{}
	for i := range g.events {
		e := &g.events[i]
		o := observation{at: at, ref: f.ref, values: make([]value, len(f.to.carry[f.ref]))}
		for k, name := range f.to.carry[f.ref] {
			if at := slices.Index(c.carry[e.ref], name); at >= 0 {
				o.values[k] = e.values[at]
			}
		}
		key, ok := f.to.key(&o)
		if !ok || seen[key] {
			continue
		}
		seen[key] = true
		o.ids = s.evidence(g.events)
		s.push(item{observation: o, to: f.to})
	}
	if len(seen) == 0 {
		s.stats.MissingGroup++
	}
}

// sweep drops the groups whose events have all left the window.
func (s *State) sweep() {
	for _, c := range s.rules {
		for key, g := range c.groups {
			if !g.open && g.last < s.watermark-int64(c.Timespan) {
				g.forget(s, c, len(g.events))
				delete(c.groups, key)
			}
		}
	}
}

// bound keeps the state below its limit: the groups quiet longest go first, then
// the oldest events of the current one.
func (s *State) bound(current *correlator, g *group) {
	if s.stats.Bytes <= s.opt.MaxBytes {
		return
	}
	type quiet struct {
		c *correlator
		g *group
	}
	var all []quiet
	for _, c := range s.rules {
		for _, other := range c.groups {
			if other != g {
				all = append(all, quiet{c, other})
			}
		}
	}
	slices.SortFunc(all, func(a, b quiet) int {
		if a.g.last != b.g.last {
			return int(min(max(a.g.last-b.g.last, -1), 1))
		}
		return strings.Compare(a.g.key, b.g.key)
	})
	for _, q := range all {
		if s.stats.Bytes <= s.opt.MaxBytes/10*9 {
			return
		}
		s.losses = append(s.losses, Loss{Rule: q.c.Correlation, Group: q.g.values, Events: len(q.g.events)})
		q.g.forget(s, q.c, len(q.g.events))
		delete(q.c.groups, q.g.key)
	}
	if n := len(g.events) / 2; s.stats.Bytes > s.opt.MaxBytes && n > 0 {
		s.losses = append(s.losses, Loss{Rule: current.Correlation, Group: g.values, Events: n})
		g.forget(s, current, n)
	}
}
