package windows

import (
	"strings"

	"github.com/tocsin-soc/tocsin/internal/normalize/expression"
)

// A nameTable remembers what is known of the names of fields, because the same
// few come with every event. It has no more than its fixed number of entries;
// of two names that share one, the later takes it.
type nameTable [1024]nameEntry

// maxKnown bounds the names that are remembered.
const maxKnown = 128

type nameEntry struct {
	name   string
	flat   string // without spaces
	symbol int    // expression.NoSymbol when no expression asks for it
}

// of returns the entry of a name.
func (t *nameTable) of(name string, symbols map[string]int) *nameEntry {
	if name == "" {
		return &nameEntry{symbol: expression.NoSymbol}
	}
	n := uint32(len(name))
	h := (n*0x9e3779b1 ^ uint32(name[0])*0x85ebca6b ^ uint32(name[n/2])*0xc2b2ae35 ^ uint32(name[n-1])*0x27d4eb2f)
	entry := &t[(h^h>>15)%uint32(len(t))]
	if entry.name == name {
		return entry
	}
	clone := strings.Clone(name) // it is a part of a record
	*entry = nameEntry{name: clone, flat: clone, symbol: expression.NoSymbol}
	if strings.Contains(clone, " ") {
		entry.flat = strings.ReplaceAll(clone, " ", "")
	}
	if id, ok := symbols[entry.flat]; ok {
		entry.symbol = id
	}
	return entry
}
