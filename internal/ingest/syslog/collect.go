package syslog

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
)

// What is collected before it is handed on, and how much may be on its way.
const (
	batchRecords = 5000
	batchBytes   = 4 << 20
	batchWait    = 100 * time.Millisecond
	parallel     = 4        // batches being committed
	roomBytes    = 16 << 20 // read and not committed, of one source
)

// A chunk is what one connection hands on at once.
type chunk struct {
	raws   []tocsin.Raw
	stream int64
	bytes  int64
}

// A collector makes large batches of what small chunks bring, over all
// connections of a source, and sees them committed. Whoever brings a chunk
// waits while there is no room: so a connection is read no further than what
// can be committed, and TCP tells its sender.
type collector struct {
	intake  ingest.Intake
	pulse   *ingest.Pulse
	log     *slog.Logger
	in      chan chunk
	room    *room
	working sync.WaitGroup
}

func newCollector(intake ingest.Intake, pulse *ingest.Pulse, log *slog.Logger) *collector {
	return &collector{intake: intake, pulse: pulse, log: log, in: make(chan chunk), room: newRoom(roomBytes)}
}

// add takes a chunk as soon as there is room. After the collector was given up
// it counts the chunk as lost.
func (c *collector) add(ctx context.Context, raws []tocsin.Raw, stream int64) {
	ch := chunk{raws: raws, stream: stream}
	for i := range raws {
		ch.bytes += int64(len(raws[i].Body)) + 200
	}
	c.pulse.Took(len(raws))
	if c.room.take(ch.bytes) {
		select {
		case c.in <- ch:
			return
		case <-ctx.Done():
		}
	}
	c.lose(len(raws))
}

// run collects until the channel is closed, then returns when everything is
// committed or ctx has ended.
func (c *collector) run(ctx context.Context) {
	defer c.working.Wait()
	slots := make(chan struct{}, parallel)
	var batch pending
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	flush := func() {
		if len(batch.raws) == 0 {
			return
		}
		full := batch
		batch = pending{}
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			c.lose(len(full.raws))
			return
		}
		c.working.Go(func() {
			defer func() { <-slots }()
			c.commit(ctx, full)
		})
	}
	for {
		select {
		case ch, ok := <-c.in:
			if !ok {
				flush()
				return
			}
			if len(batch.raws) == 0 {
				timer.Reset(batchWait)
			}
			batch.add(ch)
			if len(batch.raws) >= batchRecords || batch.bytes >= batchBytes {
				flush()
			}
		case <-timer.C:
			flush()
		}
	}
}

// pending is a batch that grows.
type pending struct {
	raws    []tocsin.Raw
	streams []int64
	bytes   int64
}

func (p *pending) add(ch chunk) {
	p.raws = append(p.raws, ch.raws...)
	for range ch.raws {
		p.streams = append(p.streams, ch.stream)
	}
	p.bytes += ch.bytes
}

// commit hands a batch on, again and again until it is stored: syslog has no
// answer by which a sender would send it again.
func (c *collector) commit(ctx context.Context, p pending) {
	defer c.room.give(p.bytes)
	raws := ingest.JoinAudit(p.raws, func(i int) int64 { return p.streams[i] })
	each := func(yield func(tocsin.Raw, error) bool) {
		for i := range raws {
			if !yield(raws[i], nil) {
				return
			}
		}
	}
	for pause := time.Second; ; pause = min(2*pause, 30*time.Second) {
		_, err := c.intake.Feed(ctx, each)
		if err == nil {
			return
		}
		wait := pause
		var full *ingest.Full
		if errors.As(err, &full) {
			wait, pause = full.RetryAfter, time.Second
		} else if ctx.Err() == nil {
			c.pulse.Set(ingest.StateConnected, "", err)
			c.log.Error("storing syslog; it is held and tried again", "error", err)
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			c.lose(len(raws))
			return
		}
	}
}

// lose counts what was read and can no longer be stored.
func (c *collector) lose(n int) {
	c.intake.Refused(ingest.DoorSyslog, "read and not stored before the end", n)
	c.log.Error("syslog messages were read and could not be stored before the end", "messages", n)
}

// A room bounds what is on its way.
type room struct {
	mu          sync.Mutex
	changed     *sync.Cond
	total, held int64
	closed      bool
}

func newRoom(total int64) *room {
	r := &room{total: total}
	r.changed = sync.NewCond(&r.mu)
	return r
}

// take waits for room; what is larger than all of it gets in when there is
// nothing else. It returns false once the room is closed.
func (r *room) take(n int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for !r.closed && r.held > 0 && r.held+n > r.total {
		r.changed.Wait()
	}
	r.held += n
	return !r.closed
}

func (r *room) give(n int64) {
	r.mu.Lock()
	r.held -= n
	r.mu.Unlock()
	r.changed.Broadcast()
}

// close lets nobody wait any more.
func (r *room) close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.changed.Broadcast()
}
