package ingest

import (
	"container/list"
	"strconv"
	"sync"
)

// maxRepeats bounds the submissions that are remembered.
const maxRepeats = 1 << 16

// Repeats tells a submission that is sent again, because its answer never came,
// from one that says the same a second time. Protocols without an id of their
// own (HEC, _bulk without _id, OTLP) give no other way to.
//
// A submission is named by its content. One whose content was never answered
// with success gets the number of the one before it: the store then knows its
// records. One whose content was answered is new and gets the next number. So
// two equal lines in one second are two events; a batch that is sent again after
// a refusal, a time-out or a crash stores nothing twice. Two cases remain: an
// answer that was written and then lost on the network makes the re-send a
// repeat, and a repeat across a restart, or after 65,536 other submissions,
// counts as a re-send; records that bear a time with fractions meet neither.
//
// The zero value is ready. It is safe for concurrent use.
type Repeats struct {
	mu     sync.Mutex
	byName map[string]*list.Element
	order  list.List // of *submission, the latest used first
}

type submission struct {
	name string
	next int
	free []int // numbers whose submission failed
	open int   // submissions under way
}

// Begin numbers a submission and returns the prefix for the positions of its
// records. End must follow.
func (r *Repeats) Begin(name string) (prefix string, number int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byName == nil {
		r.byName = map[string]*list.Element{}
	}
	e, ok := r.byName[name]
	if ok {
		r.order.MoveToFront(e)
	} else {
		e = r.order.PushFront(&submission{name: name})
		r.byName[name] = e
		r.forget()
	}
	s := e.Value.(*submission)
	s.open++
	if n := len(s.free); n > 0 {
		number, s.free = s.free[n-1], s.free[:n-1]
	} else {
		number = s.next
		s.next++
	}
	if number == 0 {
		return name, 0
	}
	return name + "+" + strconv.Itoa(number), number
}

// End says whether the sender was told that everything of it is kept.
func (r *Repeats) End(name string, number int, answered bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e, ok := r.byName[name]
	if !ok {
		return
	}
	s := e.Value.(*submission)
	s.open--
	if !answered {
		s.free = append(s.free, number)
	}
}

// forget drops the submissions that were used longest ago.
func (r *Repeats) forget() {
	for e := r.order.Back(); r.order.Len() > maxRepeats && e != nil; {
		before := e.Prev()
		if s := e.Value.(*submission); s.open == 0 {
			delete(r.byName, s.name)
			r.order.Remove(e)
		}
		e = before
	}
}
