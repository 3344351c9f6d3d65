package expression

import "strings"

// Symbols number the field names that a set of expressions asks for. The zero
// value is ready.
type Symbols struct {
	IDs map[string]int
}

// ID returns the number of a name, a new one if it has none.
func (s *Symbols) ID(name string) int {
	id, ok := s.IDs[name]
	if !ok {
		if s.IDs == nil {
			s.IDs = map[string]int{}
		}
		id = len(s.IDs)
		s.IDs[name] = id
	}
	return id
}

// Slots hold the values that expressions ask for, by symbol. They are reused
// from record to record: a value counts only if its mark is the current round.
type Slots struct {
	values []string
	marks  []uint32
	round  uint32
	memos  [len(remembered)]memo
}

// NewSlots makes room for so many symbols.
func NewSlots(symbols int) Slots {
	s := Slots{values: make([]string, symbols), marks: make([]uint32, symbols)}
	for i := range s.memos {
		s.memos[i] = memo{}
	}
	return s
}

// Clear forgets every value.
func (s *Slots) Clear() {
	if s.round++; s.round == 0 {
		clear(s.marks)
		s.round = 1
	}
}

// Get returns the value of a symbol.
func (s *Slots) Get(symbol int) (string, bool) {
	if s.marks[symbol] != s.round {
		return "", false
	}
	return s.values[symbol], true
}

// Has says whether a symbol has a value.
func (s *Slots) Has(symbol int) bool { return s.marks[symbol] == s.round }

// Set takes a value; the first of a symbol wins.
func (s *Slots) Set(symbol int, value string) {
	if s.marks[symbol] != s.round {
		s.marks[symbol], s.values[symbol] = s.round, value
	}
}

// A memo remembers conversions whose inputs come again and again, such as the
// names of hosts.
type memo map[string]string

// maxMemo bounds a memo; a full one begins anew.
const maxMemo = 8192

// maxMemoText bounds the texts of a memo.
const maxMemoText = 128

// of returns the conversion of s, which must depend on s alone.
func (m memo) of(s string, convert Step) (string, bool) {
	if text, ok := m[s]; ok {
		return text, true
	}
	text, ok := convert(s)
	if ok && len(s) <= maxMemoText {
		if len(m) >= maxMemo {
			clear(m)
		}
		m[strings.Clone(s)] = strings.Clone(text)
	}
	return text, ok
}
