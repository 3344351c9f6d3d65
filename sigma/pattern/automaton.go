package pattern

import (
	"bytes"
	"math/bits"
	"slices"
)

// Needle is a folded text an Automaton looks for, and how it must sit. One with an
// empty text must be tied to both ends.
type Needle struct {
	Text    string
	AtStart bool // only at the start of a value
	AtEnd   bool // only at the end of a value
}

// Automaton finds all of a set of folded literals in one pass over a value
// (Aho-Corasick). States near the root, where a scan spends most of its time,
// have a full row of transitions; deeper ones a bitmap of children and a link to
// the longest proper suffix, 16 bytes each, so that even tens of thousands of
// states stay in the second-level cache. It is immutable.
type Automaton struct {
	class   [256]uint8
	nibbles bool // symbols are half bytes: any byte, two steps each
	start   uint32
	dense   []uint32 // rows of rowWidth for states below denseStates
	split   uint32   // number of states with a row
	nodes   []node
	outBits []uint64 // states at which a literal ends, also by suffix
	own     []int32  // per state: literal ending exactly here, -1 none
	link    []uint32 // per state: next suffix state with a literal of its own, 0 none
}

// node is a state; its children are numbered one after another from first, in
// the order of their symbols.
type node struct {
	children uint64
	first    uint32
	fail     uint32
}

// Symbols: 0 is any byte in no literal, then the two ends of a value, then bytes
// or, for nibbles, 16 high and 16 low halves.
const (
	symbolStart = 1
	symbolEnd   = 2
	firstSymbol = 3
	rowShift    = 6
	rowWidth    = 1 << rowShift
)

// denseStates bounds the states with a full row (256 bytes each).
const denseStates = 1024

// maxIndexed bounds the part of one literal that is looked for.
const maxIndexed = 32

// NewAutomaton builds an automaton for lits, which must differ from one another
// and be folded. partial[i] tells that only a part of literal i is looked for:
// Scan then reports a superset that the caller verifies.
func NewAutomaton(lits []Needle) (a *Automaton, partial []bool) {
	a = &Automaton{}
	ascii := true
	for _, l := range lits {
		ascii = ascii && IsASCII([]byte(l.Text))
	}
	if a.nibbles = !ascii; ascii {
		a.assignClasses(lits)
		a.nibbles = slices.ContainsFunc(lits, a.unindexable)
	}
	partial = make([]bool, len(lits))
	words := make([]word, len(lits))
	for i, l := range lits {
		words[i] = word{literal: int32(i)}
		words[i].symbols, partial[i] = a.encode(l)
	}
	slices.SortFunc(words, func(x, y word) int {
		if c := bytes.Compare(x.symbols, y.symbols); c != 0 {
			return c
		}
		return int(x.literal - y.literal)
	})
	a.build(words)
	return a, partial
}

type word struct {
	symbols []byte
	literal int32
}

// assignClasses gives a symbol to every byte of the literals, or, when there are
// too many, to those that alone can represent a literal and then the most used.
func (a *Automaton) assignClasses(lits []Needle) {
	var count [256]int
	for _, l := range lits {
		single := len(l.Text) == 1
		for i := 0; i < len(l.Text); i++ {
			count[l.Text[i]]++
			if single {
				count[l.Text[i]] += 1 << 40
			}
		}
	}
	order := make([]int, 0, 256)
	for b, n := range count {
		if n > 0 {
			order = append(order, b)
		}
	}
	slices.SortStableFunc(order, func(x, y int) int { return count[y] - count[x] })
	if len(order) > rowWidth-firstSymbol {
		order = order[:rowWidth-firstSymbol]
	}
	for i, b := range order {
		a.class[b] = uint8(firstSymbol + i)
	}
	for c := 'A'; c <= 'Z'; c++ {
		a.class[c] = a.class[c+'a'-'A']
	}
}

// encode turns a literal into symbols: all of it, or its longest part made of
// known bytes and not longer than maxIndexed, preferring its end.
func (a *Automaton) encode(l Needle) (symbols []byte, partial bool) {
	from, to := a.indexable(l.Text)
	if from == 0 && l.AtStart {
		symbols = append(symbols, symbolStart)
	}
	for i := from; i < to; i++ {
		c := l.Text[i]
		if a.nibbles {
			symbols = append(symbols, firstSymbol+c>>4, firstSymbol+16+c&15)
			continue
		}
		symbols = append(symbols, a.class[c])
	}
	if to == len(l.Text) && l.AtEnd {
		symbols = append(symbols, symbolEnd)
	}
	return symbols, from > 0 || to < len(l.Text)
}

// unindexable reports whether no byte of the needle has a symbol.
func (a *Automaton) unindexable(l Needle) bool {
	from, to := a.indexable(l.Text)
	return from == to && l.Text != ""
}

func (a *Automaton) indexable(s string) (from, to int) {
	known := func(i int) bool { return a.nibbles || a.class[s[i]] != 0 }
	for i := 0; i < len(s); {
		if !known(i) {
			i++
			continue
		}
		j := i
		for j < len(s) && known(j) {
			j++
		}
		if j-i >= to-from {
			from, to = i, j
		}
		i = j
	}
	if to-from > maxIndexed {
		from = to - maxIndexed
	}
	return from, to
}

// build numbers the states breadth first, so that the children of a state are
// neighbours and suffixes come before what they are suffixes of.
func (a *Automaton) build(words []word) {
	type span struct{ lo, hi, depth int32 }
	queue := []span{{0, int32(len(words)), 0}}
	extra := map[uint32][]int32{} // further literals with the same symbols: partial ones
	for s := 0; s < len(queue); s++ {
		q := queue[s]
		n, own := node{}, int32(-1)
		i := q.lo
		for ; i < q.hi && int32(len(words[i].symbols)) == q.depth; i++ {
			if own < 0 {
				own = words[i].literal
			} else {
				extra[uint32(s)] = append(extra[uint32(s)], words[i].literal)
			}
		}
		n.first = uint32(len(queue))
		for i < q.hi {
			c, j := words[i].symbols[q.depth], i
			for j < q.hi && words[j].symbols[q.depth] == c {
				j++
			}
			n.children |= 1 << c
			queue = append(queue, span{i, j, q.depth + 1})
			i = j
		}
		a.nodes = append(a.nodes, n)
		a.own = append(a.own, own)
	}
	a.connect()
	a.fillRows()
	a.addTwins(extra)
	a.start = a.step(0, symbolStart)
}

// connect sets suffix links and what ends where.
func (a *Automaton) connect() {
	a.link = make([]uint32, len(a.nodes))
	a.outBits = make([]uint64, (len(a.nodes)+63)/64)
	for s := range a.nodes {
		n := &a.nodes[s]
		child := n.first
		for set := n.children; set != 0; set &= set - 1 {
			c := uint8(bits.TrailingZeros64(set))
			if s != 0 {
				f := n.fail
				for f != 0 && a.nodes[f].children>>c&1 == 0 {
					f = a.nodes[f].fail
				}
				if next, ok := a.child(f, c); ok {
					a.nodes[child].fail = next
				}
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

func (a *Automaton) child(s uint32, c uint8) (uint32, bool) {
	n := &a.nodes[s]
	bit := uint64(1) << c
	if n.children&bit == 0 {
		return 0, false
	}
	return n.first + uint32(bits.OnesCount64(n.children&(bit-1))), true
}

func (a *Automaton) fillRows() {
	a.split = uint32(min(len(a.nodes), denseStates))
	a.dense = make([]uint32, int(a.split)<<rowShift)
	for s := uint32(0); s < a.split; s++ {
		row := a.dense[s<<rowShift : (s+1)<<rowShift]
		if s != 0 {
			f := a.nodes[s].fail
			copy(row, a.dense[f<<rowShift:(f+1)<<rowShift])
		}
		child := a.nodes[s].first
		for set := a.nodes[s].children; set != 0; set &= set - 1 {
			row[bits.TrailingZeros64(set)] = child
			child++
		}
	}
}

// addTwins hangs further literals of one state into its link chain as states
// that no transition reaches.
func (a *Automaton) addTwins(extra map[uint32][]int32) {
	for _, s := range slices.Sorted(mapKeys(extra)) {
		for _, lit := range extra[s] {
			twin := uint32(len(a.nodes))
			a.nodes = append(a.nodes, node{})
			a.own = append(a.own, lit)
			a.link = append(a.link, a.link[s])
			a.link[s] = twin
		}
	}
}

func mapKeys(m map[uint32][]int32) func(func(uint32) bool) {
	return func(yield func(uint32) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func (a *Automaton) step(s uint32, c uint8) uint32 {
	for s >= a.split {
		n := &a.nodes[s]
		bit := uint64(1) << (c & 63)
		if n.children&bit != 0 {
			return n.first + uint32(bits.OnesCount64(n.children&(bit-1)))
		}
		s = n.fail
	}
	return a.dense[s<<rowShift|uint32(c&63)]
}

// Scan appends to dst the literals that v holds, each once, as indices into the
// list the automaton was built from. v need only be folded when it is not ASCII. seen has an element per literal, and gen is a
// value that none of them has.
func (a *Automaton) Scan(v []byte, dst []uint32, seen []uint32, gen uint32) []uint32 {
	if a.nibbles {
		return a.scanNibbles(v, dst, seen, gen)
	}
	s := a.start
	if a.ends(s) {
		dst = a.collect(s, dst, seen, gen)
	}
	dense, nodes, split := a.dense, a.nodes, a.split
next:
	for _, b := range v {
		c := a.class[b] & (rowWidth - 1)
		for s >= split {
			n := &nodes[s]
			bit := uint64(1) << c
			if n.children&bit != 0 {
				s = n.first + uint32(bits.OnesCount64(n.children&(bit-1)))
				if a.ends(s) {
					dst = a.collect(s, dst, seen, gen)
				}
				continue next
			}
			s = n.fail
		}
		s = dense[s<<rowShift|uint32(c)]
		if a.ends(s) {
			dst = a.collect(s, dst, seen, gen)
		}
	}
	s = a.step(s, symbolEnd)
	if a.ends(s) {
		dst = a.collect(s, dst, seen, gen)
	}
	return dst
}

func (a *Automaton) scanNibbles(v []byte, dst []uint32, seen []uint32, gen uint32) []uint32 {
	s := a.start
	if a.ends(s) {
		dst = a.collect(s, dst, seen, gen)
	}
	for _, b := range v {
		b = lowerASCII[b]
		s = a.step(s, firstSymbol+b>>4)
		s = a.step(s, firstSymbol+16+b&15)
		if a.ends(s) {
			dst = a.collect(s, dst, seen, gen)
		}
	}
	s = a.step(s, symbolEnd)
	if a.ends(s) {
		dst = a.collect(s, dst, seen, gen)
	}
	return dst
}

func (a *Automaton) ends(s uint32) bool { return a.outBits[s>>6]>>(s&63)&1 != 0 }

func (a *Automaton) collect(s uint32, dst []uint32, seen []uint32, gen uint32) []uint32 {
	if a.own[s] < 0 {
		s = a.link[s]
	}
	for s != 0 {
		lit := a.own[s]
		if seen[lit] != gen {
			seen[lit] = gen
			dst = append(dst, uint32(lit))
		}
		s = a.link[s]
	}
	return dst
}

// Size returns the automaton's memory in bytes.
func (a *Automaton) Size() int {
	return 4*len(a.dense) + 16*len(a.nodes) + 8*len(a.outBits) + 8*len(a.own)
}
