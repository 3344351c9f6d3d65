package ingest

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/tocsin-soc/tocsin"
)

// A Health is the state of one source that Tocsin itself opens: a listener, a
// consumer, a folder that is followed. What HTTP senders do shows in the
// conservation of their sources; this shows what no record can: that a port
// could not be opened, that a broker does not answer.
type Health struct {
	Source       tocsin.SourceID
	Door         string
	State        State
	Detail       string    // where it listens, what it reads; for people
	Since        time.Time // of the state
	LastReceived time.Time // zero until something came
	LastError    string    // kept after it has passed; empty if there was none
	LastErrorAt  time.Time
	Connections  int           // open now
	Received     int64         // records since start
	Refused      []RefusedFile // those of a followed folder that are not read as they are now, the latest first
	RefusedMore  int           // beyond them
}

// A RefusedFile is one of which nothing, or not everything, was read.
type RefusedFile struct {
	Path, Reason string
	At           time.Time
}

// maxRefused bounds the refused files that are told.
const maxRefused = 50

// A State is what a source is doing.
type State string

// The states. A source is waiting before it has been connected for the first
// time and after each error until the next success.
const (
	StateWaiting   State = "waiting"
	StateConnected State = "connected" // listening, consuming, following
	StateFailed    State = "failed"    // it will not come back by itself; LastError says what to do
	StateStopped   State = "stopped"
)

// A Pulse keeps the Health of one source. It is safe for concurrent use; a nil
// Pulse takes and says nothing, so that a door needs no question.
type Pulse struct {
	now   func() time.Time
	tried chan struct{} // closed once the state was set
	once  sync.Once
	mu    sync.Mutex
	h     Health

	refused map[string]RefusedFile // by path
}

// NewPulse makes the pulse of a source that waits.
func NewPulse(source tocsin.SourceID, door string, now func() time.Time) *Pulse {
	return &Pulse{now: now, tried: make(chan struct{}), h: Health{Source: source, Door: door, State: StateWaiting, Since: now()}}
}

// Set changes the state. An error is kept as the last one.
func (p *Pulse) Set(state State, detail string, err error) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	at := p.now()
	if p.h.State != state {
		p.h.State, p.h.Since = state, at
	}
	if detail != "" {
		p.h.Detail = detail
	}
	if err != nil {
		p.h.LastError, p.h.LastErrorAt = Reason(err), at
	}
	p.once.Do(func() { close(p.tried) })
}

// Tried is closed once it is known whether the source can be opened: its state
// was set for the first time.
func (p *Pulse) Tried() <-chan struct{} { return p.tried }

// Refuse notes that a file is not read, and why.
func (p *Pulse) Refuse(path string, err error) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refused == nil {
		p.refused = map[string]RefusedFile{}
	}
	p.refused[path] = RefusedFile{Path: path, Reason: Reason(err), At: p.now()}
}

// Accept takes back that files were refused: they are read now, or gone.
func (p *Pulse) Accept(path string) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.refused, path)
}

// Took counts records that came in.
func (p *Pulse) Took(records int) {
	if p == nil || records == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.h.Received += int64(records)
	p.h.LastReceived = p.now()
}

// Connected counts connections that were opened, or closed if n is negative.
func (p *Pulse) Connected(n int) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.h.Connections += n
}

// Health returns the state as it is now.
func (p *Pulse) Health() Health {
	if p == nil {
		return Health{}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.h
	h.Refused = slices.SortedFunc(maps.Values(p.refused), func(a, b RefusedFile) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.Path, b.Path))
	})
	if more := len(h.Refused) - maxRefused; more > 0 {
		h.Refused, h.RefusedMore = h.Refused[:maxRefused], more
	}
	return h
}

// Reason gives the words of an error for people, or the error itself: who reads
// of a file or a listener is who runs it.
func Reason(err error) string {
	var e *tocsin.Error
	if errors.As(err, &e) {
		return e.Msg
	}
	return err.Error()
}
