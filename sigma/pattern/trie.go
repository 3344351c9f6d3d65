package pattern

import (
	"bytes"
	"math/bits"
	"slices"
)

// trie holds words; its nodes are numbered breadth first, so that the children
// of a node are neighbours. The zero trie has no nodes.
type trie struct {
	nodes []node
	own   []int32 // per node: needle ending here, -1 none
	twins []int32 // per needle ending where another does already: the next, else -1
}

// node is a state; its children are numbered one after another from first, in
// the order of their symbols.
type node struct {
	children uint64
	first    uint32
	fail     uint32 // automaton only: longest proper suffix
}

func newTrie(words []word) trie {
	var t trie
	if words == nil {
		return t
	}
	slices.SortFunc(words, func(x, y word) int {
		if c := bytes.Compare(x.symbols, y.symbols); c != 0 {
			return c
		}
		return int(x.needle - y.needle)
	})
	n := countNodes(words)
	t.nodes, t.own = make([]node, 0, n), make([]int32, 0, n)
	type span struct{ lo, hi, depth int32 }
	queue := make([]span, 1, n)
	queue[0] = span{0, int32(len(words)), 0}
	for s := 0; s < len(queue); s++ {
		q := queue[s]
		n, own, i := node{first: uint32(len(queue))}, int32(-1), q.lo
		for ; i < q.hi && int32(len(words[i].symbols)) == q.depth; i++ {
			own = t.twin(words[i].needle, own)
		}
		for i < q.hi {
			c, j := words[i].symbols[q.depth], i
			for j < q.hi && words[j].symbols[q.depth] == c {
				j++
			}
			n.children |= 1 << c
			queue = append(queue, span{i, j, q.depth + 1})
			i = j
		}
		t.nodes = append(t.nodes, n)
		t.own = append(t.own, own)
	}
	return t
}

// countNodes returns the number of different prefixes of sorted words.
func countNodes(words []word) int {
	n := 1
	var before []byte
	for _, w := range words {
		same := 0
		for same < len(before) && same < len(w.symbols) && before[same] == w.symbols[same] {
			same++
		}
		n += len(w.symbols) - same
		before = w.symbols
	}
	return n
}

// twin puts needle in front of those that end at the same node.
func (t *trie) twin(needle, own int32) int32 {
	if own < 0 {
		return needle
	}
	for int(needle) >= len(t.twins) {
		t.twins = append(t.twins, -1)
	}
	t.twins[needle] = own
	return needle
}

// child returns the child of s by a symbol.
func (t *trie) child(s uint32, c uint8) (uint32, bool) {
	n := &t.nodes[s]
	bit := uint64(1) << (c & 63)
	if n.children&bit == 0 {
		return 0, false
	}
	return n.first + uint32(bits.OnesCount64(n.children&(bit-1))), true
}

// emit adds the needles that end at s.
func (t *trie) emit(s uint32, out *found) {
	for n := t.own[s]; n >= 0; {
		out.add(n)
		if int(n) >= len(t.twins) {
			return
		}
		n = t.twins[n]
	}
}

// walk adds the words v begins with, or is when they include the end.
func (t *trie) walk(v []byte, class *[256]uint8, out *found) {
	s, ok := uint32(0), true
	t.emit(s, out)
	for _, b := range v {
		if s, ok = t.child(s, class[b]); !ok {
			return
		}
		if t.own[s] >= 0 {
			t.emit(s, out)
		}
	}
	if s, ok = t.child(s, symbolEnd); ok {
		t.emit(s, out)
	}
}

// walkBack adds the words that v, read backwards, begins with.
func (t *trie) walkBack(v []byte, class *[256]uint8, out *found) {
	s, ok := uint32(0), true
	t.emit(s, out)
	for i := len(v) - 1; i >= 0; i-- {
		if s, ok = t.child(s, class[v[i]]); !ok {
			return
		}
		if t.own[s] >= 0 {
			t.emit(s, out)
		}
	}
}

// nibbleWalk walks a trie of half bytes.
type nibbleWalk struct {
	t    *trie
	s    uint32
	dead bool
}

func (w *nibbleWalk) alive() bool { return !w.dead && len(w.t.nodes) > 0 }

// step follows a symbol; a nil out stands between the halves of a byte.
func (w *nibbleWalk) step(c uint8, out *found) {
	if !w.alive() {
		return
	}
	next, ok := w.t.child(w.s, c)
	if !ok {
		w.dead = true
		return
	}
	w.s = next
	if out != nil {
		w.end(out)
	}
}

func (w *nibbleWalk) end(out *found) {
	if w.alive() {
		w.t.emit(w.s, out)
	}
}

func (t *trie) size() int { return 16*len(t.nodes) + 4*len(t.own) + 4*len(t.twins) }
