package pattern

import (
	"slices"
)

// Needle is a folded text a Finder looks for, and how it must sit. One with an
// empty text must be tied to an end.
type Needle struct {
	Text    string
	AtStart bool // only at the start of a value
	AtEnd   bool // only at the end of a value
}

// Finder finds which of many needles a value holds: those tied to an end by
// walking a trie from there, the others by an Aho-Corasick automaton or, when
// they are few and long, by a search that skips most of the value. It is
// immutable.
type Finder struct {
	alphabet
	forward  trie // tied to the start
	backward trie // tied to the end only, read from there
	infix    *automaton
	skip     *skipper
}

// NewFinder builds a finder for needles, which must differ from one another and
// be folded. partial[i] tells that only a part of needle i is looked for: Find
// then reports a superset that the caller verifies.
func NewFinder(needles []Needle) (f *Finder, partial []bool) {
	f = &Finder{}
	f.alphabet = newAlphabet(needles)
	partial = make([]bool, len(needles))
	var forward, backward, infix []word
	for i, n := range needles {
		w := word{needle: int32(i)}
		switch {
		case n.AtStart:
			w.symbols, partial[i] = f.fromStart(n)
			forward = append(forward, w)
		case n.AtEnd:
			w.symbols, partial[i] = f.fromEnd(n)
			backward = append(backward, w)
		default:
			w.symbols, partial[i] = f.middle(n.Text)
			infix = append(infix, w)
		}
	}
	f.forward, f.backward = newTrie(forward), newTrie(backward)
	if f.skip = newSkipper(infix, f.nibbles); f.skip == nil && infix != nil {
		f.infix = newAutomaton(infix)
	}
	return f, partial
}

// Find appends to dst the needles that v holds, each once, as indices into the
// list the finder was built from. v need only be folded when it is not ASCII.
// seen has an element per needle, and gen is a value that none of them has.
func (f *Finder) Find(v []byte, dst []uint32, seen []uint32, gen uint32) []uint32 {
	out := found{dst: dst, seen: seen, gen: gen}
	if f.nibbles {
		f.findNibbles(v, &out)
		return out.dst
	}
	if len(f.forward.nodes) > 0 {
		f.forward.walk(v, &f.class, &out)
	}
	if len(f.backward.nodes) > 0 {
		f.backward.walkBack(v, &f.class, &out)
	}
	switch {
	case f.infix != nil:
		f.infix.scan(v, &f.class, &out)
	case f.skip != nil:
		f.skip.scan(v, &f.class, &out)
	}
	return out.dst
}

func (f *Finder) findNibbles(v []byte, out *found) {
	w := nibbleWalk{t: &f.forward}
	w.end(out)
	for i := 0; i < len(v) && w.alive(); i++ {
		b := lowerASCII[v[i]]
		w.step(firstSymbol+b>>4, nil)
		w.step(firstSymbol+16+b&15, out)
	}
	w.step(symbolEnd, out)
	w = nibbleWalk{t: &f.backward}
	w.end(out)
	for i := len(v) - 1; i >= 0 && w.alive(); i-- {
		b := lowerASCII[v[i]]
		w.step(firstSymbol+16+b&15, nil)
		w.step(firstSymbol+b>>4, out)
	}
	if f.infix == nil {
		return
	}
	s := uint32(0)
	for _, b := range v {
		b = lowerASCII[b]
		s = f.infix.step(s, firstSymbol+b>>4)
		s = f.infix.step(s, firstSymbol+16+b&15)
		if f.infix.ends(s) {
			f.infix.collect(s, out)
		}
	}
}

// Size returns the finder's memory in bytes, roughly.
func (f *Finder) Size() int {
	n := 256 + f.forward.size() + f.backward.size()
	if f.infix != nil {
		n += f.infix.size()
	}
	if f.skip != nil {
		n += f.skip.size()
	}
	return n
}

// found collects needles, each once.
type found struct {
	dst  []uint32
	seen []uint32
	gen  uint32
}

func (o *found) add(needle int32) {
	if o.seen[needle] != o.gen {
		o.seen[needle] = o.gen
		o.dst = append(o.dst, uint32(needle))
	}
}

// word is a needle in symbols.
type word struct {
	symbols []byte
	needle  int32
}

// Symbols: 0 is any byte in no needle, then the end of a value, then bytes or,
// for nibbles, 16 high and 16 low halves.
const (
	symbolEnd   = 1
	firstSymbol = 2
	rowShift    = 6
	rowWidth    = 1 << rowShift
)

// maxIndexed bounds the part of one infix that is looked for.
const maxIndexed = 32

// alphabet gives bytes their symbols.
type alphabet struct {
	class   [256]uint8
	nibbles bool // symbols are half bytes: any byte, two steps each
}

// newAlphabet gives a symbol to every byte of the needles. When there are too
// many, the least used share symbol 0, as long as every needle keeps a byte; if
// that cannot be, or a needle is not ASCII, symbols are half bytes.
func newAlphabet(needles []Needle) alphabet {
	var a alphabet
	var count [256]int
	for _, n := range needles {
		if !IsASCII([]byte(n.Text)) {
			return alphabet{nibbles: true}
		}
		for i := 0; i < len(n.Text); i++ {
			count[n.Text[i]]++
		}
	}
	for {
		a.class = classesOf(count)
		lost := slices.IndexFunc(needles, func(n Needle) bool {
			from, to := a.indexable(n.Text)
			return from == to && n.Text != ""
		})
		if lost < 0 {
			return a
		}
		b := needles[lost].Text[0]
		if count[b] >= mustHave {
			return alphabet{nibbles: true}
		}
		count[b] += mustHave
	}
}

const mustHave = 1 << 40

func classesOf(count [256]int) (class [256]uint8) {
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
		class[b] = uint8(firstSymbol + i)
	}
	for c := 'A'; c <= 'Z'; c++ {
		class[c] = class[c+'a'-'A']
	}
	return class
}

func (a *alphabet) known(c byte) bool { return a.nibbles || a.class[c] != 0 }

// indexable returns the longest part of s made of known bytes, the last if there
// are several.
func (a *alphabet) indexable(s string) (from, to int) {
	for i := 0; i < len(s); {
		if !a.known(s[i]) {
			i++
			continue
		}
		j := i
		for j < len(s) && a.known(s[j]) {
			j++
		}
		if j-i >= to-from {
			from, to = i, j
		}
		i = j
	}
	return from, to
}

func (a *alphabet) appendSymbol(dst []byte, c byte) []byte {
	if a.nibbles {
		return append(dst, firstSymbol+c>>4, firstSymbol+16+c&15)
	}
	return append(dst, a.class[c])
}

// fromStart encodes a needle tied to the start, up to the first unknown byte.
func (a *alphabet) fromStart(n Needle) (symbols []byte, partial bool) {
	for i := 0; i < len(n.Text); i++ {
		if !a.known(n.Text[i]) {
			return symbols, true
		}
		symbols = a.appendSymbol(symbols, n.Text[i])
	}
	if n.AtEnd {
		symbols = append(symbols, symbolEnd)
	}
	return symbols, false
}

// fromEnd encodes a needle tied to the end, backwards.
func (a *alphabet) fromEnd(n Needle) (symbols []byte, partial bool) {
	for i := len(n.Text) - 1; i >= 0; i-- {
		c := n.Text[i]
		if !a.known(c) {
			return symbols, true
		}
		if a.nibbles {
			symbols = append(symbols, firstSymbol+16+c&15, firstSymbol+c>>4)
			continue
		}
		symbols = append(symbols, a.class[c])
	}
	return symbols, false
}

// middle encodes a needle that may sit anywhere: its longest known part, of that
// at most maxIndexed bytes, preferring the end.
func (a *alphabet) middle(text string) (symbols []byte, partial bool) {
	from, to := a.indexable(text)
	if to-from > maxIndexed {
		from = to - maxIndexed
	}
	for i := from; i < to; i++ {
		symbols = a.appendSymbol(symbols, text[i])
	}
	return symbols, to-from < len(text)
}
