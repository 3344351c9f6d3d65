package normalize

// slots hold the values that expressions ask for, by symbol. They are reused
// from record to record: a value counts only if its mark is the current round.
type slots struct {
	values []string
	marks  []uint32
	round  uint32
}

func newSlots(n int) slots { return slots{values: make([]string, n), marks: make([]uint32, n)} }

// clear forgets every value.
func (s *slots) clear() {
	if s.round++; s.round == 0 {
		clear(s.marks)
		s.round = 1
	}
}

func (s *slots) get(symbol int) (string, bool) {
	if s.marks[symbol] != s.round {
		return "", false
	}
	return s.values[symbol], true
}

// set takes a value; the first of a symbol wins.
func (s *slots) set(symbol int, value string) {
	if s.marks[symbol] != s.round {
		s.marks[symbol], s.values[symbol] = s.round, value
	}
}
