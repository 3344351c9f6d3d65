package telemetry

import (
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/telemetry/ledger"
	"github.com/tocsin-soc/tocsin/internal/telemetry/tuple"
)

// A Prepared is a batch whose rows are checked and written down, ready for
// Commit. It needs the batch's events, rejects and their records no more.
type Prepared struct {
	batch   Batch // without events; of a replay with its rejects, which name reasons
	records []preparedRecord
	rows    []preparedRow
	block   *tuple.Block
}

// preparedRecord is one record of the batch: what the balance counts.
type preparedRecord struct {
	source   tocsin.SourceID
	lag      time.Duration // at the door; 0 of a reject
	isReject bool
	end      int // of its rows
}

// preparedRow is one event or dead letter.
type preparedRow struct {
	tuple.Tuple
	event tocsin.EventID // the event; of a dead letter the one that did not fit, if any
	dead  bool
}

// Prepare checks a batch and writes its rows. It reads and changes nothing
// stored and takes most of the work of Append, on the caller's goroutine. Events
// of an undeclared table, or whose values do not fit their columns, become dead
// letters. The batch's events may be changed afterwards.
func (s *Store) Prepare(b Batch) (*Prepared, error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	p := &Prepared{batch: b, block: s.borrow()}
	p.batch.Events, p.batch.Starts = nil, nil
	p.records = make([]preparedRecord, 0, b.records()+len(b.Rejects))
	p.rows = make([]preparedRow, 0, len(b.Events)+len(b.Rejects))
	for i := range b.records() {
		events := b.Events[b.start(i):b.start(i+1)]
		for j := range events {
			if err := s.prepareEvent(p, &events[j]); err != nil {
				return nil, err
			}
		}
		p.records = append(p.records, preparedRecord{source: events[0].Source, lag: events[0].ReceivedAt.Sub(events[0].OccurredAt), end: len(p.rows)})
	}
	if b.Replay != nil {
		return p, nil // its rejects are letters already
	}
	for i := range b.Rejects {
		if err := s.bury(p, "", &b.Rejects[i]); err != nil {
			return nil, err
		}
		p.records = append(p.records, preparedRecord{source: b.Rejects[i].Raw.Source, isReject: true, end: len(p.rows)})
	}
	p.batch.Rejects = nil
	return p, nil
}

// prepareEvent writes an event as a row; what does not fit becomes a dead letter.
func (s *Store) prepareEvent(p *Prepared, ev *tocsin.Event) error {
	layout, declared := s.layouts[ev.Table]
	if !declared {
		return s.buryEvent(p, ev, "table "+ev.Table+" is not declared; write "+ev.Table+".yaml in a folder of --tables")
	}
	if ev.Twin != "" && !s.opts.renders() {
		return tocsin.Errorf(tocsin.Internal, "a store without a renderer was given a row of %s that is to be shown in another table", ev.Table)
	}
	row, reason := p.block.Add(layout, ev)
	if reason != "" {
		return s.buryEvent(p, ev, reason)
	}
	p.rows = append(p.rows, preparedRow{Tuple: row, event: ev.ID})
	return nil
}

// buryEvent makes an event that does not fit a dead letter.
func (s *Store) buryEvent(p *Prepared, ev *tocsin.Event, reason string) error {
	reject := rejectEvent(ev, reason)
	return s.bury(p, ev.ID, &reject)
}

// bury makes a reject a dead letter.
func (s *Store) bury(p *Prepared, event tocsin.EventID, r *tocsin.Reject) error {
	letters, ok := s.layouts[deadLetterTable]
	if !ok {
		return tocsin.Errorf(tocsin.Internal, "no table %s to keep a reject in: %s", deadLetterTable, r.Reason)
	}
	ev := deadLetter(letters.Table, p.batch.ID, r)
	row, reason := p.block.Add(letters, &ev)
	if reason != "" {
		return tocsin.Errorf(tocsin.Internal, "a dead letter cannot be kept: %s", reason)
	}
	p.rows = append(p.rows, preparedRow{Tuple: row, event: event, dead: true})
	return nil
}

// borrow returns a block for a batch, release takes it back.
func (s *Store) borrow() *tuple.Block {
	if b, ok := s.spare.Get().(*tuple.Block); ok {
		return b
	}
	return &tuple.Block{}
}

func (s *Store) release(p *Prepared) {
	p.block.Reset()
	s.spare.Put(p.block)
	p.block, p.rows, p.records = nil, nil, nil
}

// layoutsOf makes the layouts of the tables that can be appended to.
func layoutsOf(s *schema.Schema) map[string]*tuple.Layout {
	layouts := map[string]*tuple.Layout{}
	_, twins := s.Table(twinTable)
	for _, decl := range s.Tables() {
		if !ledger.Shows(decl.Name) && decl.IsStamped() {
			layouts[decl.Name] = tuple.NewLayout(decl, twins && decl.Name == twinSource)
		}
	}
	return layouts
}
