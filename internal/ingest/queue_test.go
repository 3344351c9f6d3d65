package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
)

func raws(n, size int) []tocsin.Raw {
	list := make([]tocsin.Raw, n)
	for i := range list {
		list[i] = tocsin.Raw{Source: "s", Position: fmt.Sprint(i), Body: make([]byte, size)}
	}
	return list
}

// sink counts what it is given; it waits for gate if there is one.
type sink struct {
	mu       sync.Mutex
	batches  []int
	received map[string]int
	gate     chan struct{}
	fail     error
}

func (s *sink) take(ctx context.Context, raws []tocsin.Raw) (ingest.Receipt, error) {
	if s.gate != nil {
		select {
		case <-s.gate:
		case <-ctx.Done():
			return ingest.Receipt{}, ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return ingest.Receipt{}, s.fail
	}
	s.batches = append(s.batches, len(raws))
	for _, r := range raws {
		if s.received == nil {
			s.received = map[string]int{}
		}
		s.received[r.Position]++
	}
	return ingest.Receipt{Stored: len(raws)}, nil
}

func TestQueue_HandsOnEverythingOnce(t *testing.T) {
	s := &sink{}
	q := ingest.NewQueue(ingest.QueueOptions{Sink: s.take, BatchRecords: 100, MaxBytes: 50_000})
	receipt, err := q.Submit(context.Background(), raws(1234, 50))
	if err != nil || receipt.Received != 1234 || receipt.Stored != 1234 {
		t.Errorf("got %+v, %v", receipt, err)
	}
	if len(s.received) != 1234 || len(s.batches) != 13 || q.Held() != 0 {
		t.Errorf("%d records in %d batches, %d bytes held", len(s.received), len(s.batches), q.Held())
	}
	if receipt, err := q.Submit(context.Background(), nil); err != nil || receipt != (ingest.Receipt{}) {
		t.Errorf("an empty submission gives %+v, %v", receipt, err)
	}
}

func TestQueue_RefusesWhenFull(t *testing.T) {
	s := &sink{gate: make(chan struct{})}
	q := ingest.NewQueue(ingest.QueueOptions{Sink: s.take, MaxBytes: 10_000})
	first := make(chan error)
	go func() { _, err := q.Submit(context.Background(), raws(1, 9_000)); first <- err }()
	for q.Held() == 0 {
		time.Sleep(time.Millisecond)
	}
	_, err := q.Submit(context.Background(), raws(1, 5_000))
	var full *ingest.Full
	if kind, message := tocsin.Explain(err); kind != tocsin.Unavailable || !errors.As(err, &full) || full.RetryAfter != time.Second || !strings.Contains(message, "send it again in 1s") {
		t.Errorf("got %v", err)
	}
	close(s.gate)
	if err := <-first; err != nil {
		t.Error(err)
	}
	// A submission larger than the whole queue gets through an empty one.
	if receipt, err := q.Submit(context.Background(), raws(1, 50_000)); err != nil || receipt.Stored != 1 {
		t.Errorf("got %+v, %v", receipt, err)
	}
}

func TestQueue_StopsAtTheFirstError(t *testing.T) {
	boom := tocsin.Errorf(tocsin.Unavailable, "no")
	s := &sink{fail: boom}
	q := ingest.NewQueue(ingest.QueueOptions{Sink: s.take, BatchRecords: 10, Parallel: 1})
	if _, err := q.Submit(context.Background(), raws(1000, 10)); !errors.Is(err, boom) || q.Held() != 0 {
		t.Errorf("got %v, %d bytes held", err, q.Held())
	}
	broken := errors.New("the stream broke")
	s.fail = nil
	receipt, err := q.Feed(context.Background(), func(yield func(tocsin.Raw, error) bool) {
		for _, r := range raws(25, 10) {
			if !yield(r, nil) {
				return
			}
		}
		yield(tocsin.Raw{}, broken)
	})
	if !errors.Is(err, broken) || receipt.Stored != 25 {
		t.Errorf("got %+v, %v: what came before the error must be stored", receipt, err)
	}
}

func TestQueue_CloseWaitsForWhatIsUnderWay(t *testing.T) {
	s := &sink{gate: make(chan struct{})}
	q := ingest.NewQueue(ingest.QueueOptions{Sink: s.take})
	done := make(chan ingest.Receipt)
	go func() { r, _ := q.Submit(context.Background(), raws(7, 10)); done <- r }()
	for q.Held() == 0 {
		time.Sleep(time.Millisecond)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if err := q.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("closing with work under way: %v", err)
	}
	if _, err := q.Submit(context.Background(), raws(1, 1)); !tocsin.IsKind(err, tocsin.Unavailable) {
		t.Errorf("a closed queue answers %v", err)
	}
	close(s.gate)
	if err := q.Close(context.Background()); err != nil {
		t.Error(err)
	}
	if r := <-done; r.Stored != 7 {
		t.Errorf("got %+v", r)
	}
}
