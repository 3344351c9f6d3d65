package auth

import (
	"container/list"
	"net/netip"
	"sync"
	"time"

	"github.com/tocsin-soc/tocsin"
)

// A throttle slows down guessing: after some failures each further attempt has
// to wait longer, per user and address together, per user from anywhere, and
// per address for anyone. The first is strict, the others are wide, so that a
// stranger cannot easily keep a user out. It forgets after a time, and it holds
// a bounded number of entries, the least recently failed making room.
type throttle struct {
	mu      sync.Mutex
	entries map[string]*list.Element
	recent  *list.List // of *strikes, the most recent first
}

// strikes are the failures of one user, address or pair.
type strikes struct {
	key   string
	count int
	last  time.Time
	until time.Time // no attempt before
	told  bool      // this wait stands in the audit trail
}

// What the throttle allows.
const (
	freePair     = 5
	freeUser     = 20
	freeAddress  = 50
	longestWait  = 15 * time.Minute
	forgetAfter  = time.Hour
	maxThrottled = 20_000
)

func newThrottle() *throttle {
	return &throttle{entries: map[string]*list.Element{}, recent: list.New()}
}

// An attempt is one try that was let through. It counts as failed until it succeeds.
type attempt struct {
	throttle *throttle
	keys     []string
	prior    []time.Time // the waits that stood before it
}

// begin lets an attempt through or says how long to wait. first is true for the
// first refusal of a wait, for the audit trail.
func (t *throttle) begin(user, address string, now time.Time) (a *attempt, wait time.Duration, first bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	where := network(address)
	a = &attempt{throttle: t, keys: []string{"p " + user + " " + where, "u " + user, "a " + where}}
	limits := []int{freePair, freeUser, freeAddress}
	for _, k := range a.keys {
		if s := t.get(k, now); s != nil && s.until.After(now) {
			if w := s.until.Sub(now); w > wait {
				wait = w
			}
			first = first || !s.told
			s.told = true
		}
	}
	if wait > 0 {
		return nil, wait, first
	}
	for i, k := range a.keys {
		a.prior = append(a.prior, t.strike(k, limits[i], now))
	}
	return a, 0, false
}

// get returns the strikes of a key, unless they are forgotten.
func (t *throttle) get(key string, now time.Time) *strikes {
	e, ok := t.entries[key]
	if !ok {
		return nil
	}
	s := e.Value.(*strikes)
	if now.Sub(s.last) > forgetAfter {
		t.recent.Remove(e)
		delete(t.entries, key)
		return nil
	}
	return s
}

// strike counts a failure ahead of time: attempts made at once must not all pass.
// It returns the wait that stood before.
func (t *throttle) strike(key string, free int, now time.Time) (prior time.Time) {
	s := t.get(key, now)
	if s == nil {
		if t.recent.Len() >= maxThrottled {
			oldest := t.recent.Back()
			delete(t.entries, oldest.Value.(*strikes).key)
			t.recent.Remove(oldest)
		}
		s = &strikes{key: key}
		t.entries[key] = t.recent.PushFront(s)
	} else {
		t.recent.MoveToFront(t.entries[key])
	}
	prior = s.until
	s.count++
	s.last, s.told = now, false
	if over := s.count - free; over >= 0 {
		s.until = now.Add(min(time.Second<<min(over, 20), longestWait))
	}
	return prior
}

// succeed takes the attempt's failure back: for the pair all of them.
func (a *attempt) succeed() {
	a.throttle.mu.Lock()
	defer a.throttle.mu.Unlock()
	for i, k := range a.keys {
		e, ok := a.throttle.entries[k]
		if !ok {
			continue
		}
		s := e.Value.(*strikes)
		s.count--
		s.until = a.prior[i]
		if i == 0 || s.count <= 0 {
			a.throttle.recent.Remove(e)
			delete(a.throttle.entries, k)
		}
	}
}

// network is what counts as one address: an IPv4 address, or the /64 that one
// IPv6 customer has.
func network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return "?"
	}
	if ip = ip.Unmap(); ip.Is6() {
		p, err := ip.WithZone("").Prefix(64)
		if err != nil {
			return "?"
		}
		return p.String()
	}
	return ip.String()
}

// tooMany is the error for an attempt that has to wait.
func tooMany(wait time.Duration) error {
	return tocsin.Errorf(tocsin.Unavailable, "Too many failed sign-ins. Try again in %s.", (wait + time.Second - 1).Truncate(time.Second))
}
