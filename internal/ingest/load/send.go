package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tocsin-soc/tocsin/sigma/lane"
)

// Sent is what the generator knows of what it sent.
type Sent struct {
	Acked     int64 // events the server said it took
	Stored    int64 // of these, said to be stored
	Bytes     int64 // of their bodies
	Refused   int64 // batches turned away with 429 and sent again
	Alerts    int64
	Elapsed   time.Duration   // until the last answer that counts
	InTime    int64           // events acknowledged before the time was over
	Latencies []time.Duration // of the requests that were taken
	Offered   time.Duration   // how long events were offered
}

func (s *Sent) add(o Sent) {
	s.Acked += o.Acked
	s.Stored += o.Stored
	s.Bytes += o.Bytes
	s.Refused += o.Refused
	s.Alerts += o.Alerts
}

// answer is what the ingest door says after the commit.
type answer struct {
	Received     int64 `json:"received"`
	Stored       int64 `json:"stored"`
	Duplicates   int64 `json:"duplicates"`
	DeadLettered int64 `json:"deadLettered"`
	Alerts       int64 `json:"alerts"`
}

// send offers events for a time and waits for the last answer.
func (s *server) send(ctx context.Context, o *Options, phase string, during time.Duration) (Sent, error) {
	began := o.Now()
	until := began.Add(during)
	pace := &pace{began: began, now: o.Now}
	if o.Rate > 0 {
		pace.each = time.Duration(float64(o.Batch) / float64(o.Rate) * float64(time.Second))
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	parts := make([]Sent, o.Connections)
	var work sync.WaitGroup
	for i := range parts {
		work.Go(func() {
			c := connection{server: s, o: o, sent: &parts[i], name: fmt.Sprintf("%s-%d", phase, i), pace: pace, until: until}
			if err := c.run(ctx, i); err != nil {
				cancel(err)
			}
		})
	}
	work.Wait()
	total := Sent{Elapsed: o.Now().Sub(began), Offered: during}
	for i := range parts {
		total.add(parts[i])
		total.InTime += parts[i].InTime
		total.Latencies = append(total.Latencies, parts[i].Latencies...)
	}
	slices.Sort(total.Latencies)
	return total, context.Cause(ctx)
}

// pace says when the next batch is due, over all connections.
type pace struct {
	began time.Time
	now   func() time.Time
	each  time.Duration // 0: at once
	n     atomic.Int64
}

// next waits for the next turn; false when ctx ended.
func (p *pace) next(ctx context.Context) bool {
	n := p.n.Add(1) - 1
	return wait(ctx, p.began.Add(time.Duration(n)*p.each).Sub(p.now()))
}

func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// A connection sends one batch after another.
type connection struct {
	server *server
	o      *Options
	sent   *Sent
	name   string
	pace   *pace
	until  time.Time
}

func (c *connection) run(ctx context.Context, number int) error {
	stream, err := lane.NewStream(lane.Sysmon, c.o.Seed+uint64(number)<<32)
	if err != nil {
		return err
	}
	stream.At = c.o.Now
	var body []byte
	for n := 0; ; n++ {
		// Every second batch comes in the other shape, as from two kinds of shipper.
		stream.Shape = lane.Shape((n + number) % 2)
		if !c.pace.next(ctx) || !c.o.Now().Before(c.until) {
			return ctx.Err()
		}
		body = body[:0]
		for range c.o.Batch {
			body = append(stream.Append(body), '\n')
		}
		if err := c.deliver(ctx, fmt.Sprintf("%s-%d", c.name, n), body); err != nil {
			return err
		}
	}
}

// deliver sends a batch until it is taken.
func (c *connection) deliver(ctx context.Context, name string, body []byte) error {
	for {
		began := c.o.Now()
		got, err := c.post(ctx, name, body)
		var no *refusal
		if errors.As(err, &no) && no.status == http.StatusTooManyRequests {
			c.sent.Refused++
			if !wait(ctx, no.after) {
				return ctx.Err()
			}
			continue
		}
		if err != nil {
			return fmt.Errorf("sending batch %s: %w", name, err)
		}
		now := c.o.Now()
		c.sent.Acked += got.Received
		c.sent.Stored += got.Stored
		c.sent.Alerts += got.Alerts
		c.sent.Bytes += int64(len(body))
		c.sent.Latencies = append(c.sent.Latencies, now.Sub(began))
		if !now.After(c.until) {
			c.sent.InTime += got.Received
		}
		if got.Received != int64(c.o.Batch) || got.Stored != got.Received {
			return fmt.Errorf("batch %s of %d new events was answered %+v", name, c.o.Batch, got)
		}
		return nil
	}
}

func (c *connection) post(ctx context.Context, name string, body []byte) (got answer, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.server.base+"/api/v1/ingest", bytes.NewReader(body))
	if err != nil {
		return got, err
	}
	req.Header.Set("Content-Type", "application/x-ndjson")
	req.Header.Set("X-Tocsin-Batch", name)
	return got, c.server.ask(req, c.server.ingest, &got)
}
