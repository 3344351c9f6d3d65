package detect

import (
	"fmt"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/sigma"
)

// ruleBudget is what evaluating one Sigma rule may cost on average over all
// events. Usual rules cost far below a microsecond; one at this limit leaves
// 5,000 events a second to a core. The matcher judges a rule only after a sample
// of 512 events, one in 32.
const ruleBudget = 200 * time.Microsecond

// Timing is how a stream keeps account of what its rules cost. One that costs
// more than its budget is switched off, so that it does not hold up the others.
type Timing struct {
	// Clock returns nanoseconds that only grow. Nil means no accounting.
	Clock func() int64
	// Told is told, on the matching goroutine, of a rule that was switched off.
	// It may be nil; Stream.Slow lists the rule in any case.
	Told func(Slow)
}

// A Slow is a rule that was switched off because it held up the stream.
type Slow struct {
	ID     tocsin.RuleID
	Title  string
	Reason string // what it cost and what to do
}

func (t *Timing) options(mapping *sigma.Mapping) sigma.Options {
	opt := sigma.Options{Mapping: mapping, Clock: t.Clock, Budget: int64(ruleBudget)}
	if t.Told != nil {
		opt.OnSwitchOff = func(r *sigma.Rule, c sigma.Cost) { t.Told(slow(r, c)) }
	}
	return opt
}

func slow(r *sigma.Rule, c sigma.Cost) Slow {
	perEvent := time.Duration(c.PerEvent).Round(time.Microsecond)
	each := time.Duration(c.Nanos / max(c.Evaluations, 1)).Round(time.Microsecond)
	return Slow{ID: tocsin.RuleID(r.ID), Title: r.Title, Reason: fmt.Sprintf(
		"Switched off because it is too slow: it costs every event %s on average (limit %s), %s each time it is evaluated. "+
			"Test a field for plain text before its regular expression, or simplify the expression, and start Tocsin again.",
		perEvent, ruleBudget, each)}
}

// Slow lists the rules that were switched off, the most expensive first.
func (s *Stream) Slow() []Slow {
	var out []Slow
	for _, h := range s.program.Health() {
		if h.Off {
			out = append(out, slow(h.Rule, h.Cost))
		}
	}
	return out
}
