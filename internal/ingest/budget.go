package ingest

import (
	"sync"

	"github.com/tocsin-soc/tocsin"
)

// A Budget bounds the bytes that everything under way in the doors holds at once:
// bodies of requests, the windows of what undoes their compression, what is made
// of them before the queue has it – however many there are and however slowly
// they come. It is safe for concurrent use.
type Budget struct {
	mu   sync.Mutex
	size int64
	left int64
}

// NewBudget makes a budget of so many bytes.
func NewBudget(size int64) *Budget { return &Budget{size: size, left: size} }

func (b *Budget) take(n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left < n {
		return false
	}
	b.left -= n
	return true
}

func (b *Budget) give(n int64) {
	b.mu.Lock()
	b.left += n
	b.mu.Unlock()
}

// Room is the start of what somebody holds of the budget. A nil budget bounds
// nothing.
func (b *Budget) Room() *Room { return &Room{budget: b} }

// A Room is what somebody holds of a budget. It is not safe for concurrent use.
type Room struct {
	budget  *Budget
	held    int64
	refused error // of the last Grow: readers in between may hide it
}

// Grow takes n bytes more. It fails with the cause *Full when they are not there
// now, and with *TooLarge when they never can be: then coming back is no use.
func (r *Room) Grow(n int64) error {
	switch {
	case r.budget == nil:
	case !r.fits(n):
		r.refused = tocsin.Wrap(&TooLarge{r.budget.size}, tocsin.Invalid, "The body takes more memory than there is for bodies, %d MiB. Send smaller batches.", r.budget.size>>20)
		return r.refused
	case !r.budget.take(n):
		r.refused = errNoBudget()
		return r.refused
	}
	r.held += n
	return nil
}

// fits says whether n bytes more can ever be taken.
func (r *Room) fits(n int64) bool { return r.budget == nil || r.held+n <= r.budget.size }

// Release gives everything back.
func (r *Room) Release() {
	if r.budget != nil {
		r.budget.give(r.held)
	}
	r.held = 0
}

func errNoBudget() error {
	return tocsin.Wrap(&Full{RetryAfter: retryAfter}, tocsin.Unavailable, "Too much is being sent at once. Nothing of this was kept; send it again in %s.", retryAfter)
}
