package detect

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/sigma"
	"github.com/tocsin-soc/tocsin/sigma/correlation"
	"github.com/tocsin-soc/tocsin/sigma/rule"
)

// chainLateness is how much later than the newest event an older one may come
// and still count in a Sigma correlation.
const chainLateness = 10 * time.Minute

// An Observation is a match that a Sigma correlation rule wants to remember. It
// is stored with its event, so that a crash forgets none.
type Observation struct {
	ID     string // the same for the same match
	Rule   tocsin.RuleID
	Event  tocsin.EventID
	Table  string
	At     time.Time
	Fields []tocsin.Field // those that correlations group by or count
}

// chains runs Sigma's correlation rules over observations.
type chains struct {
	rules   []*rule.Correlation
	program *sigma.Program
	index   map[tocsin.RuleID]int32 // rule id → index in the program
	names   map[string]bool         // fields to remember
	probe   *correlation.State      // asked only which rules it observes
}

// newChains compiles correlation rules.
func newChains(list []*rule.Correlation, program *sigma.Program) (*chains, []sigma.Rejection) {
	probe, rejected := correlation.New(list, program, correlation.Options{})
	bad := map[string]bool{}
	for _, r := range rejected {
		bad[r.Source] = true
	}
	c := &chains{program: program, index: map[tocsin.RuleID]int32{}, names: map[string]bool{}, probe: probe}
	for _, r := range list {
		if bad[r.Source] {
			continue
		}
		c.rules = append(c.rules, r)
		for _, ref := range r.Rules {
			for _, name := range append(append([]string(nil), r.GroupBy...), r.Fields...) {
				c.names[r.Field(name, ref)] = true
			}
		}
	}
	for i, r := range program.Rules() {
		c.index[tocsin.RuleID(r.ID)] = int32(i)
	}
	return c, rejected
}

// observes reports whether a correlation listens to the rule of that index.
func (c *chains) observes(index int32) bool { return len(c.rules) > 0 && c.probe.Observed(index) }

// observation notes what correlations need of a match.
func (c *chains) observation(r *tocsin.Rule, record *tocsin.Record) Observation {
	o := Observation{Rule: r.ID}
	if len(record.Events) > 0 {
		e := &record.Events[0]
		o.Event, o.Table, o.At = e.ID, e.Table, e.OccurredAt
	}
	for _, f := range record.Fields {
		if c.names[f.Name] {
			o.Fields = append(o.Fields, f)
		}
	}
	o.ID = "observed " + string(o.Rule) + " " + string(o.Event)
	return o
}

// A Correlator holds what Sigma correlations remember of one stream of events.
// It is safe for concurrent use.
type Correlator struct {
	stream *Stream
	mu     sync.Mutex
	state  *correlation.State
	event  *sigma.Event
}

// NewCorrelator starts with an empty memory. Recordings of different times are
// given a correlator each, since state is driven by event time.
func (s *Stream) NewCorrelator() *Correlator {
	state, _ := correlation.New(s.chains.rules, s.program, correlation.Options{Lateness: chainLateness})
	return &Correlator{stream: s, state: state, event: sigma.NewEvent(s.program.Fields())}
}

// Observe takes observations, whose events are stored, and returns what
// correlations found by now. A state that had to forget for lack of memory says
// so as a finding of its own.
func (c *Correlator) Observe(list []Observation, now time.Time) []Finding {
	if len(c.stream.chains.rules) == 0 {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range list {
		o := &list[i]
		index, ok := c.stream.chains.index[o.Rule]
		if !ok {
			continue // the rule was removed since the observation was stored
		}
		c.event.Reset()
		c.event.Time = o.At
		for _, f := range o.Fields {
			c.event.Set(f.Name, f.Value)
		}
		c.state.Observe(index, c.event, o.Table+" "+string(o.Event))
	}
	return c.findings(c.state.Advance(time.Time{}), now)
}

// Flush judges everything that is remembered: the recording has ended.
func (c *Correlator) Flush(now time.Time) []Finding {
	if len(c.stream.chains.rules) == 0 {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.findings(c.state.Flush(), now)
}

// Late returns how many observations were older than the lateness allows and
// were not used.
func (c *Correlator) Late() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state.Stats().Late
}

// Checkpoint returns the memory as bytes for Restore.
func (c *Correlator) Checkpoint() ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state.Checkpoint()
}

// Restore fills an empty correlator from a checkpoint and returns the names of
// the rules whose memory was dropped because they changed or are gone.
func (c *Correlator) Restore(data []byte) (dropped []string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state.Restore(data)
}

// findings makes alerts of hits, and of what was forgotten.
func (c *Correlator) findings(hits []correlation.Hit, now time.Time) []Finding {
	var list []Finding
	for i := range hits {
		if !hits[i].Rule.Silent {
			list = append(list, c.stream.chained(&hits[i], now))
		}
	}
	for _, l := range c.state.Losses() {
		list = append(list, c.stream.forgotten(&l, now))
	}
	return list
}

// chained makes the alert of a correlation that holds.
func (s *Stream) chained(h *correlation.Hit, now time.Time) Finding {
	r := s.correlationRule(h.Rule)
	a := sigmaAlert(r, now)
	a.FirstActivity, a.LastActivity = h.First, h.Last
	fields, said := groupFields(h.Group)
	a.Entities = s.entities.Entities(fields)
	a.CustomDetails = map[string][]string{"Value": {fmt.Sprintf("%g", h.Value)}}
	for _, id := range h.Events[:min(len(h.Events), tocsin.MaxEvidence)] {
		table, event, _ := strings.Cut(id, " ")
		a.Evidence = append(a.Evidence, tocsin.Evidence{Event: tocsin.EventID(event), Table: table, OccurredAt: h.Last, Summary: said})
	}
	a.Fingerprint = fingerprint(a.Entities)
	if len(a.Entities) == 0 {
		a.Fingerprint = tocsin.Fingerprint(nil, said)
	}
	return newFinding(a, said+" "+h.Last.UTC().Format(time.RFC3339Nano)+" "+strings.Join(h.Events, " "))
}

// forgotten makes the finding that says that memory ran out.
func (s *Stream) forgotten(l *correlation.Loss, now time.Time) Finding {
	r := s.correlationRule(l.Rule)
	_, said := groupFields(l.Group)
	a := sigmaAlert(r, now)
	a.Title = "Not enough memory for the correlation “" + r.Title + "”"
	a.Description = "Some of what this rule remembered was given up; it may have missed something. Narrow the rules it refers to, or its time span."
	a.Severity, a.FirstActivity, a.LastActivity = tocsin.Informational, now, now
	a.Notes = []string{fmt.Sprintf("%d events of the group %s were forgotten.", l.Events, said)}
	a.Fingerprint = tocsin.Fingerprint(nil, "forgotten")
	return newFinding(a, said+" "+now.UTC().Format(time.RFC3339Nano))
}

// correlationRule finds the vocabulary of a correlation.
func (s *Stream) correlationRule(c *rule.Correlation) *tocsin.Rule {
	for i, r := range s.chains.rules {
		if r == c {
			return &s.rules[len(s.program.Rules())+i]
		}
	}
	panic("detect: a hit of a correlation that was not loaded: " + c.ID)
}

// groupFields are a group's fields as a record has them, and in words.
func groupFields(group []correlation.GroupValue) (fields []tocsin.Field, said string) {
	var parts []string
	for _, g := range group {
		fields = append(fields, tocsin.Field{Name: g.Field, Value: g.Value})
		parts = append(parts, g.Field+"="+shorten(g.Value, 80))
	}
	return fields, strings.Join(parts, "  ")
}
