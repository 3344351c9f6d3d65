package telemetry

import (
	"context"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
	"github.com/tocsin-soc/tocsin/internal/telemetry/engine"
)

// A Batch is what one Append stores, all or nothing.
type Batch struct {
	ID      string // of the batch, for dead letters and the log; need not be unique
	Events  []tocsin.Event
	Rejects []tocsin.Reject
	// Starts holds, for each record that became events, the position of its
	// first event in Events, ascending from 0. Nil means one event per record.
	Starts []int
	// Counts says, per source, how many records came in and how many of them a
	// filter left out. A source that is missing here has filtered none. What was
	// received must be the sum of records, rejects and filtered.
	Counts   map[tocsin.SourceID]Count
	Findings []Finding
	Replay   *Replay // set when the records come from dead letters
}

// A Count is what a door and the filters know of a batch, in records.
type Count struct {
	Received int // 0 derives it from the others
	Filtered int
}

// Appended says what became of a batch, in records.
type Appended struct {
	Stored       int
	Duplicates   int
	DeadLettered int
	Filtered     int
	Discarded    int      // dead letters given up
	Events       int      // rows stored
	Findings     []string // ids of the findings that were kept: new, and not resting on a duplicate
}

// Append stores a batch and returns once it is committed to disk: Prepare and
// Commit. The batch must not be changed before Append returns.
func (s *Store) Append(ctx context.Context, b Batch) (Appended, error) {
	p, err := s.Prepare(b)
	if err != nil {
		return Appended{}, err
	}
	return s.Commit(ctx, p)
}

// Commit stores a prepared batch and returns once it is committed to disk. After
// an error nothing of it is stored, and sending it again is right; after a crash
// or a lost answer too, because an event that is stored already is only counted.
// The batch is used up in any case.
func (s *Store) Commit(ctx context.Context, p *Prepared) (Appended, error) {
	defer s.release(p)
	if err := s.Room(); err != nil {
		return Appended{}, err
	}
	r := &request{prepared: p, reply: make(chan reply, 1)}
	if err := s.send(ctx, r); err != nil {
		return Appended{}, err
	}
	// Once accepted the batch is committed or refused; giving up here would leave
	// the caller not knowing which.
	answer := <-r.reply
	return answer.appended, answer.err
}

// do runs fn in the writer goroutine, between two commits.
func (s *Store) do(ctx context.Context, fn func() error) error {
	r := &request{run: fn, reply: make(chan reply, 1)}
	if err := s.send(ctx, r); err != nil {
		return err
	}
	return (<-r.reply).err
}

// withWriter runs fn in the writer goroutine with its connection.
func (s *Store) withWriter(ctx context.Context, fn func(c *duck.Conn) error) error {
	return s.do(ctx, func() error {
		e := s.engine.Load()
		if e == nil {
			return unavailable(nil)
		}
		return fn(e.Writer)
	})
}

func (s *Store) send(ctx context.Context, r *request) error {
	select {
	case <-s.closing:
		return engine.Closed()
	default:
	}
	select {
	case s.requests <- r:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.closing:
		return engine.Closed()
	}
}

// check refuses a batch whose numbers cannot be right, before anything of it
// is stored: the balance of the sources must never need an excuse.
func (b *Batch) check() error {
	if len(b.Starts) > 0 && b.Starts[0] != 0 || len(b.Starts) == 0 && b.Starts != nil && len(b.Events) > 0 {
		return tocsin.Errorf(tocsin.Internal, "batch %s: the first record must start at event 0", b.ID)
	}
	for i, start := range b.Starts {
		if i > 0 && start <= b.Starts[i-1] || start >= len(b.Events) {
			return tocsin.Errorf(tocsin.Internal, "batch %s: record %d starts at event %d of %d", b.ID, i, start, len(b.Events))
		}
	}
	for i := range b.Events {
		if ev := &b.Events[i]; ev.ID == "" || ev.ReceivedAt.IsZero() || ev.OccurredAt.IsZero() {
			return tocsin.Errorf(tocsin.Internal, "batch %s: event %d of table %s lacks its id or a time", b.ID, i, ev.Table)
		}
	}
	if b.Replay != nil {
		return b.Replay.check(b)
	}
	records := map[tocsin.SourceID]int{}
	for i := range b.records() {
		records[b.Events[b.start(i)].Source]++
	}
	for i := range b.Rejects {
		records[b.Rejects[i].Raw.Source]++
	}
	for source, count := range b.Counts {
		if got := records[source] + count.Filtered; count.Received != 0 && count.Received != got || count.Filtered < 0 {
			return tocsin.Errorf(tocsin.Internal, "batch %s: source %s sent %d records, but %d are accounted for", b.ID, source, count.Received, got)
		}
	}
	return nil
}

// records returns the number of records that became events.
func (b *Batch) records() int {
	if b.Starts == nil {
		return len(b.Events)
	}
	return len(b.Starts)
}

// start returns the position of the first event of record i; of one past the
// last record, the number of events.
func (b *Batch) start(i int) int {
	switch {
	case b.Starts == nil:
		return i
	case i == len(b.Starts):
		return len(b.Events)
	}
	return b.Starts[i]
}
