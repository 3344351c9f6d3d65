// Package correlation runs Sigma correlation rules over the matches of a
// program: counts, distinct values, sums, temporal proximity, chains of these.
//
// It is driven by event time alone. Observations wait in a buffer until no
// earlier one can come (Options.Lateness) and are then judged in the order of
// their times, so that any order of arrival within the lateness gives the same
// hits. Windows slide; they are not restricted to boundaries.
//
// A condition that more events can only make truer (gt, gte on counts and sums,
// temporal without not) is judged at every event and fires when it begins to
// hold; it fires again only after an event found it not holding. Every other
// condition (lt, lte, eq, neq, ranges, averages, medians, percentiles, not) is
// judged when the window that opened with the group's first event closes.
//
// State is bounded (Options.MaxBytes): when it is full, the groups that have
// been quiet longest are dropped, and each drop is reported as a Loss, never
// silently. It refuses correlations whose rules are not in the program. It is
// tested by cases in testdata, by permutations of arrival, and against a naive
// evaluation of windows.
package correlation

import (
	"container/heap"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin/sigma"
	"github.com/tocsin-soc/tocsin/sigma/pattern"
	"github.com/tocsin-soc/tocsin/sigma/rule"
)

// Options bound the state. The zero value means: no lateness, 64 MiB, 100 pieces
// of evidence per hit.
type Options struct {
	Lateness    time.Duration // how much later than the latest event an earlier one may come
	MaxBytes    int           // of remembered observations
	MaxEvidence int           // event ids kept per hit
}

// Hit is a correlation that holds.
type Hit struct {
	Rule   *rule.Correlation
	Group  []GroupValue // in the order of group-by
	First  time.Time    // of the events in the window
	Last   time.Time
	Value  float64  // count, number of rules, sum, …
	Events []string // ids given to Observe, oldest first, at most MaxEvidence
}

// GroupValue is one field of a group and its value.
type GroupValue struct {
	Field string
	Value string
}

// Loss is state given up for lack of memory; a hit may be missed because of it.
type Loss struct {
	Rule   *rule.Correlation
	Group  []GroupValue
	Events int // observations forgotten
}

// Stats count what was observed and what could not be used.
type Stats struct {
	Observed     int
	Late         int // older than the lateness allows: not used
	Timeless     int // events without a time: not used
	MissingGroup int // events without a group-by field: not used
	MissingValue int // events without the value's field, or with one that is no number
	Bytes        int // memory of the state, roughly
	Groups       int
}

// State holds what correlations remember. It belongs to one goroutine.
type State struct {
	opt       Options
	rules     []*correlator
	feeds     map[int32][]feed // by rule index of the program
	queue     queue
	watermark int64 // everything up to it has been judged
	latest    int64 // time of the latest event
	started   bool
	hits      []Hit
	losses    []Loss
	stats     Stats
	judged    int // since the last sweep
}

// feed leads matches of a rule, or hits of a correlation, into a correlation.
type feed struct {
	to   *correlator
	ref  int             // index in the correlation's Rules
	take []sigma.FieldID // from a rule: the event's field for each carried value
	from []int           // from a correlation: index of its carried value
}

// sweepEvery is how many observations pass between looks for dead groups.
const sweepEvery = 4096

const (
	defaultMaxBytes    = 64 << 20
	defaultMaxEvidence = 100
)

// New compiles correlations for the matches of p. Those that refer to rules p
// does not have come back as rejections.
func New(list []*rule.Correlation, p *sigma.Program, opt Options) (*State, []rule.Rejection) {
	if opt.MaxBytes == 0 {
		opt.MaxBytes = defaultMaxBytes
	}
	if opt.MaxEvidence == 0 {
		opt.MaxEvidence = defaultMaxEvidence
	}
	s := &State{opt: opt, feeds: map[int32][]feed{}}
	var rejected []rule.Rejection
	for changed := true; changed; {
		changed = false
		kept := list[:0:0]
		for _, c := range list {
			if ref := dangling(c, list, p); ref != "" {
				rejected = append(rejected, rule.Rejection{Source: c.Source, ID: c.ID, Title: c.Title, Reason: fmt.Sprintf("refers to rule %q, which is not in force", ref)})
				changed = true
				continue
			}
			kept = append(kept, c)
		}
		list = kept
	}
	for _, c := range list {
		s.rules = append(s.rules, &correlator{Correlation: c, groups: map[string]*group{}})
	}
	s.connect(p)
	return s, rejected
}

func dangling(c *rule.Correlation, list []*rule.Correlation, p *sigma.Program) string {
	for _, ref := range c.Rules {
		found := false
		for _, r := range p.Rules() {
			found = found || r.Ref(ref)
		}
		for _, o := range list {
			found = found || o != c && o.Ref(ref)
		}
		if !found {
			return ref
		}
	}
	return ""
}

// connect decides which values each correlation carries and draws the feeds,
// outer correlations first: an inner one carries what the outer ones need.
func (s *State) connect(p *sigma.Program) {
	for _, c := range s.rules {
		c.need()
	}
	for range s.rules { // as often as chains can be long
		for _, outer := range s.rules {
			for i, ref := range outer.Rules {
				for _, inner := range s.rules {
					if inner != outer && inner.Ref(ref) {
						for _, f := range outer.carry[i] {
							inner.carryAll(f)
						}
					}
				}
			}
		}
	}
	s.arrange()
	for _, c := range s.rules {
		for i, ref := range c.Rules {
			for n, r := range p.Rules() {
				if !r.Ref(ref) {
					continue
				}
				f := feed{to: c, ref: i}
				for _, name := range c.carry[i] {
					f.take = append(f.take, p.Fields().ID(name))
				}
				s.feeds[int32(n)] = append(s.feeds[int32(n)], f)
			}
			for _, inner := range s.rules {
				if inner != c && inner.Ref(ref) {
					inner.outer = append(inner.outer, feed{to: c, ref: i})
				}
			}
		}
	}
}

// arrange puts inner correlations in front of those that build on them.
func (s *State) arrange() {
	depth := map[*correlator]int{}
	for range s.rules {
		for _, c := range s.rules {
			for _, inner := range s.rules {
				if inner != c && slices.ContainsFunc(c.Rules, inner.Ref) {
					depth[c] = max(depth[c], depth[inner]+1)
				}
			}
		}
	}
	slices.SortStableFunc(s.rules, func(a, b *correlator) int { return depth[a] - depth[b] })
	for i, c := range s.rules {
		c.order = i
	}
}

// Observe takes a match of the rule with that index of the program. id names the
// event in hits. Hits are returned by Advance and Flush.
func (s *State) Observe(ruleIndex int32, ev *sigma.Event, id string) {
	feeds := s.feeds[ruleIndex]
	if len(feeds) == 0 {
		return
	}
	s.stats.Observed++
	t := ev.OccurredAt()
	if t.IsZero() {
		s.stats.Timeless++
		return
	}
	at := t.UnixNano()
	if s.started && at <= s.watermark && s.opt.Lateness > 0 || s.started && at < s.watermark {
		s.stats.Late++
		return
	}
	for _, f := range feeds {
		o := observation{at: at, ref: f.ref, ids: []string{id}, values: make([]value, len(f.take))}
		for i, field := range f.take {
			if v, ok := ev.Value(field); ok {
				o.values[i] = value{text: string(v), ok: true}
			}
		}
		s.push(item{observation: o, to: f.to})
	}
	if !s.started || at > s.latest {
		s.latest, s.started = at, true
	}
}

// Observed reports whether any correlation listens to the rule.
func (s *State) Observed(ruleIndex int32) bool { return len(s.feeds[ruleIndex]) > 0 }

// Advance judges everything that is older than the latest event by more than the
// lateness and returns the hits, oldest first. now may be the time of a quiet
// source's clock, so that windows close without further events; zero if unknown.
func (s *State) Advance(now time.Time) []Hit {
	if !now.IsZero() && (!s.started || now.UnixNano() > s.latest) {
		s.latest, s.started = now.UnixNano(), true
	}
	if !s.started {
		return nil
	}
	return s.judge(s.latest - int64(s.opt.Lateness))
}

// Flush judges everything and closes every window: the stream has ended.
func (s *State) Flush() []Hit { return s.judge(1<<63 - 1) }

func (s *State) judge(until int64) []Hit {
	s.hits = nil
	for len(s.queue) > 0 && s.queue[0].at <= until {
		it := heap.Pop(&s.queue).(item)
		s.stats.Bytes -= it.size()
		s.judged++
		if it.closes != nil {
			s.close(it.to, it.closes, it.at)
			continue
		}
		s.take(it.to, it.observation)
	}
	if until < 1<<63-1 && until > s.watermark {
		s.watermark = until
	}
	if s.judged > sweepEvery {
		s.judged = 0
		s.sweep()
	}
	return s.hits
}

// Losses returns what was given up since the last call.
func (s *State) Losses() []Loss {
	l := s.losses
	s.losses = nil
	return l
}

// Stats returns the counts so far.
func (s *State) Stats() Stats {
	st := s.stats
	for _, c := range s.rules {
		st.Groups += len(c.groups)
	}
	return st
}

func (s *State) push(it item) {
	s.stats.Bytes += it.size()
	heap.Push(&s.queue, it)
}

// item waits in the queue for its time: an observation or the end of a window.
type item struct {
	observation
	to     *correlator
	closes *group
}

// observation is a match as a correlation sees it.
type observation struct {
	at     int64
	ref    int
	ids    []string
	values []value // parallel to the carried fields of ref
}

type value struct {
	text string
	ok   bool
}

func (o *observation) size() int {
	n := 96
	for _, v := range o.values {
		n += 24 + len(v.text)
	}
	for _, id := range o.ids {
		n += 16 + len(id)
	}
	return n
}

// queue orders by time; at one time inner correlations come before outer ones,
// rules in their order, which lets ordered correlations allow ties, then ids; at
// last windows close.
type queue []item

func (q queue) Len() int      { return len(q) }
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q queue) Less(i, j int) bool {
	a, b := &q[i], &q[j]
	switch {
	case a.at != b.at:
		return a.at < b.at
	case (a.closes == nil) != (b.closes == nil):
		return a.closes == nil
	case a.to.order != b.to.order:
		return a.to.order < b.to.order
	case a.ref != b.ref:
		return a.ref < b.ref
	}
	return strings.Join(a.ids, "\x00") < strings.Join(b.ids, "\x00")
}

// Push and Pop are heap.Interface.
func (q *queue) Push(x any) { *q = append(*q, x.(item)) }

// Pop removes the last item.
func (q *queue) Pop() any {
	old := *q
	x := old[len(old)-1]
	old[len(old)-1] = item{}
	*q = old[:len(old)-1]
	return x
}

// fold makes values comparable: Sigma compares without case.
func fold(s string) string { return pattern.FoldString(s) }
