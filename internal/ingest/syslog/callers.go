package syslog

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"time"
)

// A caller is an open connection.
type caller struct {
	conn    net.Conn
	address netip.Addr

	// Below: guarded by the callers' mutex.
	idle  time.Time // since when nothing came and nothing of it is held; zero while there is something
	asked bool      // to make place for another
}

// callers are the connections of one source. When all places are taken, whoever was
// idle longest makes place for one who knocks, by these rules: nobody within a
// message; nobody who was idle for less than patience, unless another address has
// more than half of all places; and nobody whose address has fewer connections than
// that of who knocks would then have. So one address can neither keep others out
// nor drive them out.
type callers struct {
	mu       sync.Mutex
	places   int
	patience time.Duration
	open     map[*caller]struct{}
	from     map[netip.Addr]int // connections by address
}

func newCallers(places int, patience time.Duration) *callers {
	return &callers{places: places, patience: patience, open: map[*caller]struct{}{}, from: map[netip.Addr]int{}}
}

// greet lets a connection in; nil means that there is no place. left is who made
// place for it, if somebody had to.
func (c *callers) greet(ctx context.Context, conn net.Conn, now time.Time) (in, left *caller) {
	in = &caller{conn: conn, address: addressOf(conn)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if ctx.Err() != nil {
		return nil, nil
	}
	if len(c.open) >= c.places {
		if left = c.leaving(in.address, now); left == nil {
			return nil, nil
		}
		left.asked = true
		c.forget(left)
		_ = left.conn.SetReadDeadline(time.Unix(1, 0)) // a closed one needs none
	}
	c.open[in] = struct{}{}
	c.from[in.address]++
	return in, left
}

// leaving chooses who makes place for a connection from an address.
func (c *callers) leaving(address netip.Addr, now time.Time) (longest *caller) {
	for one := range c.open {
		isOwn := one.address == address
		isLong := now.Sub(one.idle) >= c.patience || !isOwn && c.from[one.address] > c.places/2
		if isLong && !one.idle.IsZero() && (isOwn || c.from[one.address] > c.from[address]) && (longest == nil || one.idle.Before(longest.idle)) {
			longest = one
		}
	}
	return longest
}

// part forgets a connection that has ended.
func (c *callers) part(one *caller) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forget(one)
}

func (c *callers) forget(one *caller) {
	if _, ok := c.open[one]; !ok {
		return // it made place for another
	}
	delete(c.open, one)
	if c.from[one.address]--; c.from[one.address] == 0 {
		delete(c.from, one.address)
	}
}

// waits notes that a connection waits for its sender, with nothing held of it since
// a time; the zero time, that something came. It reports whether the connection was
// asked to leave.
func (c *callers) waits(one *caller, since time.Time) (asked bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	one.idle = since
	return one.asked
}

// hangUp ends the reading of every connection; what was read is kept.
func (c *callers) hangUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for one := range c.open {
		_ = one.conn.SetReadDeadline(time.Unix(1, 0)) // a closed one needs none
	}
}

// addressOf is the address at the other end, without port and zone.
func addressOf(conn net.Conn) netip.Addr {
	from, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err != nil {
		return netip.Addr{}
	}
	return from.Addr().Unmap().WithZone("")
}

// A sparing speaker says something once in a while and counts what it did not say:
// what others bring about must not fill the log.
type sparing struct {
	mu     sync.Mutex
	until  time.Time
	unsaid int
}

const sparingEvery = time.Minute

// speak reports whether to speak now, and how much was left unsaid before.
func (s *sparing) speak(now time.Time) (unsaid int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Before(s.until) {
		s.unsaid++
		return 0, false
	}
	unsaid, s.unsaid, s.until = s.unsaid, 0, now.Add(sparingEvery)
	return unsaid, true
}
