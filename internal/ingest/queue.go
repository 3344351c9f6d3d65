// Package ingest takes telemetry in: it cuts what a door receives into raw
// records, holds a bounded amount of them in memory, and hands them on until
// they are committed.
//
// It promises that a submission is answered only when everything of it is
// committed or refused, that memory stays bounded whatever is sent (back
// pressure instead of loss), and that one broken record never costs the next
// one. It refuses to understand records: a broken one is handed on like any
// other, with its position, to become a dead letter. It is tested with readers
// cut at every byte, bombs, and a sink that fails.
package ingest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/tocsin-soc/tocsin"
)

// A Receipt says what became of a submission, in records.
type Receipt struct {
	Received     int `json:"received"`
	Stored       int `json:"stored"`
	Duplicates   int `json:"duplicates"`
	DeadLettered int `json:"deadLettered"`
	Filtered     int `json:"filtered"`
	Events       int `json:"events"` // rows stored
	Alerts       int `json:"alerts"` // alerts raised
}

// Add adds another receipt to r.
func (r *Receipt) Add(o Receipt) {
	r.Received += o.Received
	r.Stored += o.Stored
	r.Duplicates += o.Duplicates
	r.DeadLettered += o.DeadLettered
	r.Filtered += o.Filtered
	r.Events += o.Events
	r.Alerts += o.Alerts
}

// A Sink takes records for good: it returns once they are committed. After an
// error the same records may be given to it again.
type Sink func(ctx context.Context, raws []tocsin.Raw) (Receipt, error)

// QueueOptions bound a Queue. Sink is required.
type QueueOptions struct {
	Sink         Sink
	MaxBytes     int64 // of records taken in and not committed; 0 means 128 MiB
	BatchRecords int   // records handed to the sink at once; 0 means 5,000
	BatchBytes   int64 // bytes handed to the sink at once; 0 means 4 MiB
	Parallel     int   // batches in the sink at the same time; 0 means 28: a commit and the next one, see telemetry.groupRows
}

// A Queue stands between the doors and the sink. It is safe for concurrent use.
type Queue struct {
	opts  QueueOptions
	slots chan struct{} // one per batch in the sink

	mu     sync.Mutex
	held   int64 // bytes taken in and not committed
	room   chan struct{}
	closed bool
	open   sync.WaitGroup // submissions under way
}

// NewQueue makes a queue.
func NewQueue(opts QueueOptions) *Queue {
	if opts.MaxBytes <= 0 {
		opts.MaxBytes = 128 << 20
	}
	if opts.BatchRecords <= 0 {
		opts.BatchRecords = 5000
	}
	if opts.BatchBytes <= 0 {
		opts.BatchBytes = 4 << 20
	}
	if opts.Parallel <= 0 {
		opts.Parallel = 28
	}
	return &Queue{opts: opts, slots: make(chan struct{}, opts.Parallel), room: make(chan struct{})}
}

// Full is the cause of a refusal for lack of room. Doors tell the sender when
// to come back.
type Full struct{ RetryAfter time.Duration }

// Error says when to come back.
func (f *Full) Error() string { return fmt.Sprintf("no room; retry after %s", f.RetryAfter) }

// retryAfter is when a refused sender should come back: about one commit later.
const retryAfter = time.Second

// Submit hands records on and returns when all are committed. A queue without
// room refuses with tocsin.Unavailable and the cause *Full, before anything of
// the submission was handed on; after any other error a part may be committed,
// and sending all of it again stores nothing twice.
func (q *Queue) Submit(ctx context.Context, raws []tocsin.Raw) (Receipt, error) {
	return q.Feed(ctx, func(yield func(tocsin.Raw, error) bool) {
		for _, raw := range raws {
			if !yield(raw, nil) {
				return
			}
		}
	})
}

// Feed is Submit for a stream of records. It reads on only while there is room.
// An error of the stream ends it; what was read before is committed first.
func (q *Queue) Feed(ctx context.Context, raws iter.Seq2[tocsin.Raw, error]) (Receipt, error) {
	if err := q.enter(); err != nil {
		return Receipt{}, err
	}
	defer q.open.Done()
	f := &feeding{queue: q}
	f.ctx, f.cancel = context.WithCancel(ctx)
	defer f.cancel()
	var batch []tocsin.Raw
	var size int64
	flush := func() bool {
		ok := f.hand(batch, size)
		batch, size = nil, 0
		return ok
	}
	var readErr error
	for raw, err := range raws {
		if err != nil {
			readErr = err
			break
		}
		batch = append(batch, raw)
		size += cost(&raw)
		if (len(batch) >= q.opts.BatchRecords || size >= q.opts.BatchBytes) && !flush() {
			break
		}
	}
	if len(batch) > 0 {
		flush()
	}
	f.running.Wait()
	return f.receipt, errors.Join(f.err, readErr)
}

// feeding is one submission under way.
type feeding struct {
	queue   *Queue
	ctx     context.Context //nolint:containedctx // it is the submission's own, ended with it
	cancel  context.CancelFunc
	running sync.WaitGroup
	begun   bool

	mu      sync.Mutex
	receipt Receipt
	err     error
}

// hand gives a batch to the sink as soon as there is room; false ends the feeding.
func (f *feeding) hand(batch []tocsin.Raw, size int64) bool {
	if err := f.queue.take(f.ctx, size, !f.begun); err != nil {
		f.fail(err)
		return false
	}
	f.begun = true
	select {
	case f.queue.slots <- struct{}{}:
	case <-f.ctx.Done():
		f.queue.give(size)
		f.fail(f.ctx.Err())
		return false
	}
	records := len(batch) // not asked of the batch later: the sink may be done with it long before the commit
	f.running.Go(func() {
		receipt, err := f.queue.opts.Sink(f.ctx, batch)
		<-f.queue.slots
		f.queue.give(size)
		if err != nil {
			f.fail(err)
			return
		}
		receipt.Received = records
		f.mu.Lock()
		f.receipt.Add(receipt)
		f.mu.Unlock()
	})
	return true
}

// fail keeps the first error and stops the rest.
func (f *feeding) fail(err error) {
	f.mu.Lock()
	if f.err == nil {
		f.err = err
	}
	f.mu.Unlock()
	f.cancel()
}

// recordCost is what a record costs in memory besides its body.
const recordCost = 200

func cost(r *tocsin.Raw) int64 { return int64(len(r.Body)) + recordCost }

func (q *Queue) enter() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return tocsin.Errorf(tocsin.Unavailable, "Tocsin is shutting down. Send it again when it is back.")
	}
	q.open.Add(1)
	return nil
}

// take reserves room. A submission that has not begun is refused when there is
// none; one that has begun waits. A batch larger than the whole queue gets in
// when the queue is empty.
func (q *Queue) take(ctx context.Context, size int64, refuse bool) error {
	for {
		q.mu.Lock()
		if q.held == 0 || q.held+size <= q.opts.MaxBytes {
			q.held += size
			q.mu.Unlock()
			return nil
		}
		room := q.room
		q.mu.Unlock()
		if refuse {
			return tocsin.Wrap(&Full{RetryAfter: retryAfter}, tocsin.Unavailable, "More telemetry is arriving than can be stored. Nothing of this was kept; send it again in %s.", retryAfter)
		}
		select {
		case <-room:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// give returns room and wakes those who wait for it.
func (q *Queue) give(size int64) {
	q.mu.Lock()
	q.held -= size
	close(q.room)
	q.room = make(chan struct{})
	q.mu.Unlock()
}

// Held returns the bytes that are taken in and not committed yet.
func (q *Queue) Held() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.held
}

// Close refuses new submissions and waits for those under way, at most until
// ctx ends.
func (q *Queue) Close(ctx context.Context) error {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	done := make(chan struct{})
	go func() { q.open.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("draining the ingest queue: %w", ctx.Err())
	}
}
