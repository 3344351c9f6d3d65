package ingest

import (
	"context"
	"errors"
	"iter"
	"sync"
	"time"

	"github.com/tocsin-soc/tocsin"
)

// A Meter holds sources to their Limits.RecordsPerSecond, for all doors in one
// place. It is safe for concurrent use.
//
// A submission of a source that is within its limit is taken whole, however
// long it is; what it has above the limit is a debt, and while there is debt the
// next one is refused as by a full queue, with the time until it is paid. So a
// door that can say so tells its sender when to come back, one that reads a
// stream holds it back, and the average is exact without a record being lost.
type Meter struct {
	now  func() time.Time
	rate func(tocsin.SourceID) int

	mu   sync.Mutex
	paid map[tocsin.SourceID]time.Time // when the debt of a source is, or was, paid
}

// NewMeter makes a meter. rate gives the records per second a source may send,
// 0 without a limit.
func NewMeter(rate func(tocsin.SourceID) int, now func() time.Time) *Meter {
	return &Meter{now: now, rate: rate, paid: map[tocsin.SourceID]time.Time{}}
}

// A FeedFunc hands records on until they are committed, see Queue.Feed.
type FeedFunc func(ctx context.Context, raws iter.Seq2[tocsin.Raw, error]) (Receipt, error)

// Feed returns next with the limits before it. A submission is of one source.
func (m *Meter) Feed(next FeedFunc) FeedFunc {
	return func(ctx context.Context, raws iter.Seq2[tocsin.Raw, error]) (Receipt, error) {
		var source tocsin.SourceID
		read := 0
		receipt, err := next(ctx, func(yield func(tocsin.Raw, error) bool) {
			for raw, err := range raws {
				if err == nil && read == 0 {
					source = raw.Source
					if wait := m.debt(source); wait > 0 {
						yield(tocsin.Raw{}, tocsin.Wrap(&Full{RetryAfter: wait}, tocsin.Unavailable,
							"The source %s sends more than its limit of %d records per second. Nothing of this was kept; send it again in %s.", source, m.rate(source), wait))
						return
					}
				}
				if err == nil {
					read++
				}
				if !yield(raw, err) {
					return
				}
			}
		})
		if read > 0 && !IsFull(err) {
			m.charge(source, read)
		}
		return receipt, err
	}
}

// IsFull says whether records were refused for lack of room, or by a limit, and
// when to come back is known: see Full.
func IsFull(err error) bool {
	var full *Full
	return errors.As(err, &full)
}

// debt returns how long a source has to wait, in whole milliseconds.
func (m *Meter) debt(source tocsin.SourceID) time.Duration {
	if m.rate(source) <= 0 {
		return 0
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	wait := m.paid[source].Sub(m.now())
	if wait <= 0 {
		return 0
	}
	return max(wait.Round(time.Millisecond), time.Millisecond)
}

// charge adds records to what a source has to wait for. What it did not use is
// kept for a second, so that bursts within the limit pass.
func (m *Meter) charge(source tocsin.SourceID, records int) {
	rate := m.rate(source)
	if rate <= 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	from := m.now().Add(-time.Second)
	if m.paid[source].After(from) {
		from = m.paid[source]
	}
	m.paid[source] = from.Add(time.Duration(float64(records) / float64(rate) * float64(time.Second)))
}
