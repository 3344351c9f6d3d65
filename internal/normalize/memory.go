package normalize

import "github.com/tocsin-soc/tocsin"

// A Memory is where the rows and fields of a batch stand. Used again for batch
// after batch it spares the garbage collector nearly all of what normalising
// makes. The zero Memory is ready; one goroutine uses it at a time.
type Memory struct {
	values slab[tocsin.Value]
	fields slab[tocsin.Field]
	events slab[tocsin.Event]
}

// Reset makes the memory free: what Batch returned with it must not be used any
// more. Texts that were taken out of it stay good.
func (m *Memory) Reset() {
	m.values.reset()
	m.fields.reset()
	m.events.reset()
}

// A slab hands out parts of large blocks.
type slab[T any] struct {
	blocks      [][]T
	block, used int // what is handed out: all blocks before block, and used of it
}

// slabBlock is how many things a block holds.
const slabBlock = 4096

// take returns n zero values.
func (s *slab[T]) take(n int) []T {
	for s.block < len(s.blocks) {
		if b := s.blocks[s.block]; s.used+n <= len(b) {
			s.used += n
			return b[s.used-n : s.used : s.used]
		}
		s.block, s.used = s.block+1, 0
	}
	s.blocks = append(s.blocks, make([]T, max(n, slabBlock)))
	s.used = n
	return s.blocks[s.block][:n:n]
}

func (s *slab[T]) reset() {
	for i := range s.blocks {
		if i <= s.block {
			clear(s.blocks[i])
		}
	}
	s.block, s.used = 0, 0
}
