package transform

import (
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/telemetry/scratch"
	"github.com/tocsin-soc/tocsin/internal/telemetry/tuple"
	"github.com/tocsin-soc/tocsin/kql/catalog"
)

// A Rule is the transform of one source.
type Rule struct {
	Text   string
	Tables []string // tables that its records go to, as far as they are known: the text must fit them
}

// A Set holds the transforms of all sources. It is safe for concurrent use; nil
// is a set without any.
type Set struct {
	schema *schema.Schema
	now    func() time.Time
	rules  map[tocsin.SourceID]Rule
	lanes  chan *scratch.Database // free ones; nil stands for one to be opened

	mu       sync.Mutex
	programs map[programKey]compiled
}

type programKey struct {
	source tocsin.SourceID
	table  string
}

// compiled is a program, or why there is none for that table.
type compiled struct {
	program *program
	err     error
}

// Load compiles the transforms of sources. The error names the source, the place
// and what is wrong; it is *tocsin.Error. A set without rules is nil.
func Load(rules map[tocsin.SourceID]Rule, s *schema.Schema, now func() time.Time) (*Set, error) {
	if len(rules) == 0 {
		return nil, nil
	}
	set := &Set{schema: s, now: now, rules: maps.Clone(rules), programs: map[programKey]compiled{}, lanes: make(chan *scratch.Database, runtime.NumCPU())}
	for range cap(set.lanes) {
		set.lanes <- nil
	}
	for _, source := range slices.Sorted(maps.Keys(rules)) {
		if _, _, err := parse(rules[source].Text); err != nil {
			return nil, tocsin.Errorf(tocsin.Invalid, "The transform of source %s cannot be used: %s.", source, err)
		}
		for _, table := range rules[source].Tables {
			if _, err := set.program(source, table); err != nil {
				return nil, tocsin.Errorf(tocsin.Invalid, "The transform of source %s cannot be used: %s.", source, err)
			}
		}
	}
	return set, nil
}

// Applies reports whether some of these records come from a source with a
// transform.
func (s *Set) Applies(records []tocsin.Record) bool {
	if s == nil {
		return false
	}
	var last tocsin.SourceID
	for i := range records {
		source := records[i].Events[0].Source
		if i > 0 && source == last {
			continue
		}
		last = source
		if _, ok := s.rules[source]; ok {
			return true
		}
	}
	return false
}

// An Outcome says what became of records. Every record is in exactly one of its
// lists, by position; the lists ascend.
type Outcome struct {
	Kept     []int
	Filtered []int
	Failed   []Failure
}

// A Failure is a record that the transform could not work on, for a dead letter.
type Failure struct {
	Record int
	Reason string
}

// Apply transforms the events of records in place. A record that loses all its
// events is filtered, one of which any event fails has failed. The error is the
// context's or a defect of the engine; nothing may be stored then.
func (s *Set) Apply(ctx context.Context, records []tocsin.Record) (Outcome, error) {
	verdicts := make([]verdict, len(records))
	for i := range records {
		verdicts[i].drop = make([]bool, len(records[i].Events))
	}
	for _, g := range s.group(records) {
		c := s.lookUp(g.key)
		if c.err != nil {
			for _, p := range g.places {
				verdicts[p.record].fail(g.key.source, c.err)
			}
			continue
		}
		if err := s.applyGroup(ctx, c.program, g, records, verdicts); err != nil {
			return Outcome{}, err
		}
	}
	var out Outcome
	for i := range records {
		v := &verdicts[i]
		if v.reason != "" {
			out.Failed = append(out.Failed, Failure{i, v.reason})
			continue
		}
		at := 0
		for j := range v.drop {
			if !v.drop[j] {
				records[i].Events[at] = records[i].Events[j]
				at++
			}
		}
		records[i].Events = records[i].Events[:at]
		if at > 0 {
			out.Kept = append(out.Kept, i)
		} else {
			out.Filtered = append(out.Filtered, i)
		}
	}
	return out, nil
}

// verdict is what is known of one record.
type verdict struct {
	drop   []bool // by event
	reason string // of a failure
}

func (v *verdict) fail(source tocsin.SourceID, err error) {
	v.reason = fmt.Sprintf("the transform of source %s failed on this record: %s. Mend it in the sources file, then replay", source, err)
}

// place is an event of a record.
type place struct{ record, event int }

// group is the events of one source and table.
type group struct {
	key    programKey
	places []place
}

// group sorts the events of sources with a transform.
func (s *Set) group(records []tocsin.Record) []*group {
	var list []*group
	byKey := map[programKey]*group{}
	for i := range records {
		for j := range records[i].Events {
			ev := &records[i].Events[j]
			key := programKey{ev.Source, ev.Table}
			g, ok := byKey[key]
			if !ok {
				if _, has := s.rules[key.source]; has {
					g = &group{key: key}
					list = append(list, g)
				}
				byKey[key] = g
			}
			if g != nil {
				g.places = append(g.places, place{i, j})
			}
		}
	}
	return list
}

// program returns the compiled transform of a source for a table.
func (s *Set) program(source tocsin.SourceID, table string) (*program, error) {
	c := s.lookUp(programKey{source, table})
	return c.program, c.err
}

func (s *Set) lookUp(key programKey) compiled {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.programs[key]
	if !ok {
		t, declared := s.schema.Table(key.table)
		if !declared || !t.IsStamped() {
			c.err = fmt.Errorf("there is no table %q", key.table)
		} else {
			c.program, c.err = compile(s.rules[key.source].Text, "source_"+strconv.Itoa(len(s.programs)+1), t)
		}
		s.programs[key] = c
	}
	return c
}

// applyGroup runs a program over its events. When the statement fails, each
// event is tried alone, so that one costs its neighbours nothing.
func (s *Set) applyGroup(ctx context.Context, p *program, g *group, records []tocsin.Record, verdicts []verdict) error {
	x, err := s.take(ctx)
	if err != nil {
		return err
	}
	healthy := false
	defer func() { s.give(x, healthy) }()
	events := make([]*tocsin.Event, len(g.places))
	for i, at := range g.places {
		events[i] = &records[at.record].Events[at.event]
	}
	try := func(events []*tocsin.Event, places []place) error {
		if err := x.Load(p.input, events); err != nil {
			return err
		}
		return p.change(ctx, x, s.now(), events, func(i int, left bool, err error) {
			v := &verdicts[places[i].record]
			if err != nil {
				v.fail(g.key.source, err)
			}
			v.drop[places[i].event] = !left
		})
	}
	if err := try(events, g.places); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		for i := range events {
			if err := try(events[i:i+1], g.places[i:i+1]); err != nil {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				verdicts[g.places[i].record].fail(g.key.source, err)
			}
		}
	}
	healthy = true
	return nil
}

// take waits for a free lane.
func (s *Set) take(ctx context.Context) (*scratch.Database, error) {
	select {
	case x := <-s.lanes:
		if x != nil {
			return x, nil
		}
		x, err := scratch.Open()
		if err != nil {
			s.lanes <- nil
		}
		return x, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// give returns a lane; one that failed is closed and opened anew when needed.
func (s *Set) give(x *scratch.Database, healthy bool) {
	if !healthy {
		x.Close()
		x = nil
	}
	s.lanes <- x
}

// Close frees the engines. Nothing may be applied any more.
func (s *Set) Close() {
	if s == nil {
		return
	}
	for range cap(s.lanes) {
		if x := <-s.lanes; x != nil {
			x.Close()
		}
	}
}

// change runs the program and writes its result into the events. tell says of
// each event whether it is left, and why it failed.
func (p *program) change(ctx context.Context, x *scratch.Database, now time.Time, events []*tocsin.Event, tell func(i int, left bool, err error)) error {
	t, err := p.run(ctx, x, now)
	if err != nil {
		return err
	}
	left := make([]bool, len(events))
	for _, row := range t.Rows {
		i, ok := row[0].(int64)
		if !ok || i < 0 || i >= int64(len(events)) || left[i] {
			return fmt.Errorf("the result has a row of no record: %v", row[0])
		}
		left[i] = true
		values := make([]tocsin.Value, len(p.outputs))
		var failed error
		for j, o := range p.outputs {
			v := tuple.ValueOf(t.Columns[j+1].Type, row[j+1])
			if want := p.table.Columns[o.index].Type; want == catalog.Int && v.Kind == tocsin.Int && v.Num != int64(int32(v.Num)) {
				failed = fmt.Errorf("%d does not fit column %s, an int", v.Num, o.name)
			}
			values[j] = v
		}
		if failed != nil {
			tell(int(i), true, failed)
			continue
		}
		p.put(events[i], values)
		tell(int(i), true, nil)
	}
	for i := range left {
		if !left[i] {
			tell(i, false, nil)
		}
	}
	return nil
}

// put writes assigned values into an event and drops the columns the result has
// not. A record's time that became null is the time of its receipt.
func (p *program) put(ev *tocsin.Event, values []tocsin.Value) {
	for _, o := range p.outputs {
		if n := o.index + 1 - len(ev.Values); n > 0 {
			ev.Values = append(ev.Values, make([]tocsin.Value, n)...)
		}
	}
	for i := range ev.Values {
		if !p.keeps[i] {
			ev.Values[i] = tocsin.Value{}
		}
	}
	for j, o := range p.outputs {
		ev.Values[o.index] = values[j]
		if p.table.Columns[o.index].Name == p.table.TimeColumn {
			if values[j].IsNull() {
				ev.Values[o.index] = tocsin.TimeValue(ev.ReceivedAt)
			}
			ev.OccurredAt = ev.Values[o.index].Time()
		}
	}
}
