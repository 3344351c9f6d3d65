package ingest

import (
	"bytes"
	"io"

	"github.com/tocsin-soc/tocsin"
)

const (
	largeBuffer = 256 << 10 // of a stream that is not known to be short
	smallBuffer = 4 << 10
	batchRoom   = 5 << 20 // a batch of the queue's default size, and the record that fills it
)

// A payer pays for what reading a stream holds: buffers by the length of what
// has come, so that whoever sends little holds little and ten thousand short
// submissions cost no more than one long one; then records until the queue counts
// them, which is at most a batch.
type payer struct {
	room   *Room // nil counts nothing
	reader io.Reader
	buffer int // bytes of each buffer and of a block of lines
	paid   int64
	owed   int64
}

// begin reads the beginning of a stream and decides about its buffers.
func (p *payer) begin() error {
	if p.room == nil {
		p.room = (*Budget)(nil).Room()
	}
	p.buffer = largeBuffer
	var head []byte
	length := firstRoom
	if whole, ok := p.reader.(*bytes.Reader); ok {
		length, head = whole.Len(), make([]byte, 4)
		n, _ := whole.ReadAt(head, whole.Size()-int64(length)) // what is there decides
		head = head[:n]
	} else if p.room.budget != nil {
		var err error
		if head, err = p.head(); err != nil {
			return err
		}
		length = len(head)
	}
	if length < firstRoom && !grows(head) {
		p.buffer = max(length+1, smallBuffer)
	}
	return p.room.Grow(3 * int64(p.buffer)) // of what undoes compression, of what cuts, and a block of lines
}

// head reads up to firstRoom bytes as they come and puts them back.
func (p *payer) head() ([]byte, error) {
	head := make([]byte, 0, smallBuffer)
	if err := p.room.Grow(smallBuffer); err != nil {
		return nil, err
	}
	for len(head) < firstRoom {
		if len(head) == cap(head) {
			if err := p.room.Grow(int64(cap(head))); err != nil {
				return nil, err
			}
			head = append(make([]byte, 0, 2*cap(head)), head...)
		}
		n, err := p.reader.Read(head[len(head):cap(head)])
		head = head[:len(head)+n]
		if err == io.EOF {
			p.reader = bytes.NewReader(head)
			return head, nil
		}
		if err != nil {
			// What came before is read first, as from a stream that breaks off later.
			p.reader = io.MultiReader(bytes.NewReader(head), broken{err})
			return head, nil
		}
	}
	p.reader = io.MultiReader(bytes.NewReader(head), p.reader)
	return head, nil
}

// broken is the end of a stream that broke off.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

// grows says whether a stream is longer once it is read than as it comes: packed,
// or UTF-16.
func grows(head []byte) bool {
	for _, magic := range [...]string{"\x1f\x8b", "\x28\xb5\x2f\xfd", "\xff\xfe", "\xfe\xff"} {
		if bytes.HasPrefix(head, []byte(magic)) {
			return true
		}
	}
	return false
}

// pay pays for records before it hands them on.
func (p *payer) pay(yield func(tocsin.Raw, error) bool) func(tocsin.Raw, error) bool {
	if p.room.budget == nil {
		return yield
	}
	const step = 64 << 10
	return func(raw tocsin.Raw, err error) bool {
		if p.owed += cost(&raw); p.paid < batchRoom && p.owed > p.paid {
			more := max(p.owed-p.paid, min(step, batchRoom-p.paid))
			if p.paid == 0 && p.owed < step {
				more = p.owed // short submissions pay what they are
			}
			if err := p.room.Grow(more); err != nil {
				yield(tocsin.Raw{}, err)
				return false
			}
			p.paid += more
		}
		return yield(raw, err)
	}
}
