package sigma

import (
	"slices"
	"sync/atomic"
)

// Cost is what evaluating a rule has cost, from a sample of the events.
type Cost struct {
	Evaluations int64 // times its condition was evaluated
	Nanos       int64 // time that took, by the program's clock
	PerEvent    int64 // Nanos divided by the sampled events while it was in force: what it costs each event
}

// Health is a rule that was switched off, or the cost of one that is in force.
type Health struct {
	Rule *Rule
	Cost Cost
	Off  bool
}

// Accounting looks at every sampleEvery-th event and decides on budgets each
// flushEvery samples of a matcher.
const (
	sampleEvery = 32
	flushEvery  = 64
	minSamples  = 512 // events in the sample before a rule is judged
	minDear     = 4   // evaluations it takes at least to switch a rule off: one may contain a pause of the machine
)

// accounts adds up the costs of a program's rules over all matchers. A rule that
// is off is skipped by every matcher from its next event on.
type accounts struct {
	opt         Options
	events      atomic.Int64 // sampled
	evaluations []atomic.Int64
	nanos       []atomic.Int64
	from, until []atomic.Int64 // sampled events before a rule was in force, and when it was switched off
	off         []atomic.Bool
	anyOff      atomic.Bool
}

func newAccounts(rules int, opt Options) *accounts {
	a := &accounts{opt: opt}
	if opt.Clock != nil {
		a.evaluations, a.nanos, a.off = make([]atomic.Int64, rules), make([]atomic.Int64, rules), make([]atomic.Bool, rules)
		a.from, a.until = make([]atomic.Int64, rules), make([]atomic.Int64, rules)
	}
	return a
}

func (a *accounts) enabled() bool { return a.opt.Clock != nil }

// skips reports whether the rule has been switched off.
func (a *accounts) skips(rule int32) bool { return a.anyOff.Load() && a.off[rule].Load() }

func (a *accounts) add(rule int32, nanos int64) {
	if most := a.opt.Budget * minSamples / minDear; most > 0 {
		nanos = min(nanos, most)
	}
	a.evaluations[rule].Add(1)
	a.nanos[rule].Add(nanos)
}

// settle switches off what exceeds the budget.
func (a *accounts) settle(p *Program) {
	now := a.events.Load()
	if a.opt.Budget <= 0 || now < minSamples {
		return
	}
	for i := range a.nanos {
		events := now - a.from[i].Load()
		if events >= minSamples && a.nanos[i].Load() > a.opt.Budget*events && !a.off[i].Load() {
			a.until[i].Store(now)
			if a.off[i].Swap(true) {
				continue // another matcher did
			}
			a.anyOff.Store(true)
			if a.opt.OnSwitchOff != nil {
				a.opt.OnSwitchOff(p.rules[i], a.cost(i))
			}
		}
	}
}

func (a *accounts) cost(i int) Cost {
	c := Cost{Evaluations: a.evaluations[i].Load(), Nanos: a.nanos[i].Load()}
	until := a.events.Load()
	if a.off[i].Load() {
		until = a.until[i].Load()
	}
	if n := until - a.from[i].Load(); n > 0 {
		c.PerEvent = c.Nanos / n
	}
	return c
}

// Health returns the rules with a cost, those switched off first, then the most
// expensive. It is empty without Options.Clock.
func (p *Program) Health() []Health {
	var out []Health
	for i := range p.costs.nanos {
		h := Health{Rule: p.rules[i], Cost: p.costs.cost(i), Off: p.costs.off[i].Load()}
		if h.Cost.Evaluations > 0 {
			out = append(out, h)
		}
	}
	slices.SortStableFunc(out, func(x, y Health) int {
		if x.Off != y.Off {
			if x.Off {
				return -1
			}
			return 1
		}
		return int(min(max(y.Cost.Nanos-x.Cost.Nanos, -1), 1))
	})
	return out
}

// SwitchOn puts a rule that was switched off in force again and forgets what it
// cost.
func (p *Program) SwitchOn(index int32) {
	if int(index) < len(p.costs.off) {
		p.costs.from[index].Store(p.costs.events.Load())
		p.costs.nanos[index].Store(0)
		p.costs.evaluations[index].Store(0)
		p.costs.off[index].Store(false)
	}
}
