package incident

import (
	"sync"
	"time"

	"github.com/tocsin-soc/tocsin"
)

// A Notice tells a subscriber that something is no longer what it was.
type Notice struct {
	Incident tocsin.IncidentID // 0 when only an alert changed
	Alert    tocsin.AlertID    // empty when an incident changed
	Version  int               // of the incident
	At       time.Time
	// Lagged says that notices were left out here, because the subscriber was
	// slow: whatever it shows has to be read again. Only At is set beside it.
	Lagged bool
}

// maxSubscription bounds the notices that wait for one subscriber.
const maxSubscription = 1024

// A feed hands notices to subscribers and never waits for one.
type feed struct {
	mu   sync.Mutex
	subs map[*subscription]struct{}
}

// A subscription is one subscriber's buffer. Its last slot is only ever filled
// with a Lagged notice, so whatever is left out is followed by one.
type subscription struct{ out chan Notice }

func newFeed() *feed { return &feed{subs: map[*subscription]struct{}{}} }

// Subscribe returns a channel of notices of every change committed from now on,
// and a function that ends the subscription and closes the channel; it may be
// called more than once. buffer (1..1024) is how many notices may wait. When
// more come they are left out, and a Lagged notice stands where they would be.
func (d *Desk) Subscribe(buffer int) (notices <-chan Notice, stop func()) {
	s := &subscription{out: make(chan Notice, min(max(buffer, 1), maxSubscription)+1)}
	d.feed.mu.Lock()
	d.feed.subs[s] = struct{}{}
	d.feed.mu.Unlock()
	return s.out, func() {
		d.feed.mu.Lock()
		defer d.feed.mu.Unlock()
		if _, ok := d.feed.subs[s]; ok {
			delete(d.feed.subs, s)
			close(s.out)
		}
	}
}

// publish hands notices to everyone who has room.
func (f *feed) publish(notices []Notice) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for s := range f.subs {
		for _, n := range notices {
			switch len(s.out) {
			case cap(s.out):
			case cap(s.out) - 1:
				s.out <- Notice{Lagged: true, At: n.At}
			default:
				s.out <- n
			}
		}
	}
}
