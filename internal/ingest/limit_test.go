package ingest_test

import (
	"context"
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
)

// count is a feed that takes everything.
func count(_ context.Context, raws iter.Seq2[tocsin.Raw, error]) (r ingest.Receipt, err error) {
	for _, err := range raws {
		if err != nil {
			return r, err
		}
		r.Received++
	}
	return r, nil
}

// of makes n records of a source.
func of(source tocsin.SourceID, n int) iter.Seq2[tocsin.Raw, error] {
	return func(yield func(tocsin.Raw, error) bool) {
		for range n {
			if !yield(tocsin.Raw{Source: source}, nil) {
				return
			}
		}
	}
}

func TestMeter_HoldsTheAverage(t *testing.T) {
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	meter := ingest.NewMeter(func(s tocsin.SourceID) int {
		if s == "limited" {
			return 100
		}
		return 0
	}, func() time.Time { return now })
	feed := meter.Feed(count)
	taken := 0
	for step := range 1000 { // 100 s in steps of 100 ms, 50 records offered each: five times the limit
		r, err := feed(t.Context(), of("limited", 50))
		var full *ingest.Full
		if err != nil && (!errors.As(err, &full) || full.RetryAfter <= 0 || r.Received != 0) {
			t.Fatalf("step %d: %+v, %v", step, r, err)
		}
		taken += r.Received
		now = now.Add(100 * time.Millisecond)
	}
	if taken < 9_900 || taken > 10_200 {
		t.Errorf("%d records in 100 s, at 100 per second", taken)
	}
	if r, err := feed(t.Context(), of("free", 1_000_000)); err != nil || r.Received != 1_000_000 {
		t.Errorf("a source without a limit: %+v, %v", r, err)
	}
}

func TestMeter_RefusedForRoomCostsNothing(t *testing.T) {
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	meter := ingest.NewMeter(func(tocsin.SourceID) int { return 10 }, func() time.Time { return now })
	full := meter.Feed(func(_ context.Context, raws iter.Seq2[tocsin.Raw, error]) (ingest.Receipt, error) {
		for range raws {
			break
		}
		return ingest.Receipt{}, &ingest.Full{RetryAfter: time.Second}
	})
	for range 100 {
		_, _ = full(t.Context(), of("s", 1000))
	}
	if r, err := meter.Feed(count)(t.Context(), of("s", 5)); err != nil || r.Received != 5 {
		t.Errorf("after refusals for room: %+v, %v", r, err)
	}
}
