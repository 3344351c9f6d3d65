package pattern

// skipper finds words by looking at three bytes in a window as long as the
// shortest word and moving on by as much as no word can begin in (Wu-Manber).
// Where a word could begin, it walks the trie of all words.
type skipper struct {
	trie
	window int
	shift  [skipTable]uint8
}

const (
	skipBlock = 3
	skipTable = 1 << 12
	// Shorter words leave nothing to skip, more words too little.
	skipMinWord  = 6
	skipMaxWords = 300
	skipWindow   = 16
)

// newSkipper returns nil when the words do not suit.
func newSkipper(words []word, nibbles bool) *skipper {
	if len(words) == 0 || len(words) > skipMaxWords || nibbles {
		return nil
	}
	k := &skipper{window: skipWindow}
	for _, w := range words {
		k.window = min(k.window, len(w.symbols))
	}
	if k.window < skipMinWord {
		return nil
	}
	for i := range k.shift {
		k.shift[i] = uint8(k.window - skipBlock + 1)
	}
	for _, w := range words {
		for end := skipBlock; end <= k.window; end++ {
			at := &k.shift[skipHash(w.symbols[end-3], w.symbols[end-2], w.symbols[end-1])]
			*at = min(*at, uint8(k.window-end))
		}
	}
	k.trie = newTrie(words)
	return k
}

func skipHash(a, b, c uint8) uint32 {
	return (uint32(a)<<7 ^ uint32(b)<<4 ^ uint32(c)) & (skipTable - 1)
}

// scan adds the words v holds.
func (k *skipper) scan(v []byte, class *[256]uint8, out *found) {
	for end := k.window; end <= len(v); {
		by := k.shift[skipHash(class[v[end-3]], class[v[end-2]], class[v[end-1]])]
		if by == 0 {
			k.begins(v[end-k.window:], class, out)
			by = 1
		}
		end += int(by)
	}
}

// begins adds the words v begins with.
func (k *skipper) begins(v []byte, class *[256]uint8, out *found) {
	s, ok := uint32(0), true
	for _, b := range v {
		if s, ok = k.child(s, class[b]); !ok {
			return
		}
		if k.own[s] >= 0 {
			k.emit(s, out)
		}
	}
}

func (k *skipper) size() int { return k.trie.size() + skipTable }
