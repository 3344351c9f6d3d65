package pattern

import "math/bits"

// automaton is a trie with suffix links (Aho-Corasick): it finds all words in
// one pass. States near the root, where a scan spends most of its time, have a
// full row of transitions; deeper ones a bitmap of children and a suffix link,
// 16 bytes each, so that even tens of thousands of states stay in the
// second-level cache.
type automaton struct {
	trie
	rows    []uint32 // rowWidth per state below split; endFlag tells that words end there
	split   uint32
	outBits []uint64 // states at which a word ends, also by suffix
	link    []uint32 // per state: next suffix state with a word of its own, 0 none
}

const endFlag = 1 << 31

// maxRows bounds the states with a full row (256 bytes each).
const maxRows = 1024

func newAutomaton(words []word) *automaton {
	a := &automaton{trie: newTrie(words)}
	a.connect()
	a.fillRows()
	return a
}

// connect sets suffix links and what ends where.
func (a *automaton) connect() {
	a.link = make([]uint32, len(a.nodes))
	a.outBits = make([]uint64, (len(a.nodes)+63)/64)
	for s := range a.nodes {
		child := a.nodes[s].first
		for set := a.nodes[s].children; set != 0; set &= set - 1 {
			if s != 0 {
				a.nodes[child].fail = a.suffix(uint32(s), uint8(bits.TrailingZeros64(set)))
			}
			f := a.nodes[child].fail
			if a.own[f] >= 0 {
				a.link[child] = f
			} else {
				a.link[child] = a.link[f]
			}
			if a.own[child] >= 0 || a.link[child] != 0 {
				a.outBits[child>>6] |= 1 << (child & 63)
			}
			child++
		}
	}
}

// suffix returns the longest proper suffix of s followed by c that is a state.
func (a *automaton) suffix(s uint32, c uint8) uint32 {
	for s != 0 {
		s = a.nodes[s].fail
		if next, ok := a.child(s, c); ok {
			return next
		}
	}
	return 0
}

func (a *automaton) fillRows() {
	a.split = uint32(min(len(a.nodes), 32+len(a.nodes)/8, maxRows))
	a.rows = make([]uint32, int(a.split)<<rowShift)
	for s := uint32(0); s < a.split; s++ {
		row := a.rows[s<<rowShift : (s+1)<<rowShift]
		if s != 0 {
			f := a.nodes[s].fail
			copy(row, a.rows[f<<rowShift:(f+1)<<rowShift])
		}
		child := a.nodes[s].first
		for set := a.nodes[s].children; set != 0; set &= set - 1 {
			to := child
			if a.ends(child) {
				to |= endFlag
			}
			row[bits.TrailingZeros64(set)] = to
			child++
		}
	}
}

// step is the transition function.
func (a *automaton) step(s uint32, c uint8) uint32 {
	for s >= a.split {
		if next, ok := a.child(s, c); ok {
			return next
		}
		s = a.nodes[s].fail
	}
	return a.rows[s<<rowShift|uint32(c&63)] &^ endFlag
}

// scan adds the words v holds.
func (a *automaton) scan(v []byte, class *[256]uint8, out *found) {
	rows, nodes, split := a.rows, a.nodes, a.split
	s := uint32(0)
next:
	for _, b := range v {
		c := class[b] & (rowWidth - 1)
		for s >= split {
			n := &nodes[s]
			bit := uint64(1) << c
			if n.children&bit != 0 {
				s = n.first + uint32(bits.OnesCount64(n.children&(bit-1)))
				if a.ends(s) {
					a.collect(s, out)
				}
				continue next
			}
			s = n.fail
		}
		if s = rows[s<<rowShift|uint32(c)]; s&endFlag != 0 {
			s &^= endFlag
			a.collect(s, out)
		}
	}
}

func (a *automaton) ends(s uint32) bool { return a.outBits[s>>6]>>(s&63)&1 != 0 }

func (a *automaton) collect(s uint32, out *found) {
	for s != 0 {
		a.emit(s, out)
		s = a.link[s]
	}
}

func (a *automaton) size() int {
	return a.trie.size() + 4*len(a.rows) + 8*len(a.outBits) + 4*len(a.link)
}
