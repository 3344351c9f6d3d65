package sigma

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
)

// FieldID is an interned field name. IDs are dense, begin at 1 and never change
// within one Fields.
type FieldID uint32

// NoField stands for every name no rule asks for. Its values are still seen by
// keyword searches.
const NoField FieldID = 0

// Fields every table knows from the start: routing and time read them.
const (
	FieldChannel  FieldID = 1 + iota // Windows event channel
	FieldProvider                    // Provider_Name
	FieldEventID
	firstTimeField
)

// routingFields is one more than the last ID that routing reads.
const routingFields = int(FieldEventID) + 1

// wellKnown are the names behind the fixed IDs: NoField, the routing fields, and
// the usual names of an event's time, the most trusted first.
var wellKnown = [...]string{"", "Channel", "Provider_Name", "EventID",
	"SystemTime", "@timestamp", "TimeGenerated", "TimeCreated", "timestamp", "eventTime", "EventTime", "UtcTime", "time"}

// Fields interns field names. It grows when rules are compiled and is read
// without locks by any number of goroutines. Programs that replace one another
// while running share one Fields, so events built for one fit the next.
type Fields struct {
	grow  sync.Mutex
	table atomic.Pointer[fieldTable]
}

// fieldTable is an immutable open-addressing hash table.
type fieldTable struct {
	slots []FieldID // 0 is free; length a power of two
	names []string  // by FieldID; names[0] is ""
}

// NewFields returns a table that knows only the well-known fields.
func NewFields() *Fields {
	f := &Fields{}
	f.table.Store(newFieldTable(wellKnown[:]))
	return f
}

func newFieldTable(names []string) *fieldTable {
	size := 64
	for size < 4*len(names) {
		size *= 2
	}
	t := &fieldTable{slots: make([]FieldID, size), names: names}
	for id := 1; id < len(names); id++ {
		i := fieldHash([]byte(names[id])) & uint64(size-1)
		for t.slots[i] != NoField {
			i = (i + 1) & uint64(size-1)
		}
		t.slots[i] = FieldID(id)
	}
	return t
}

// fieldHash mixes length and both ends: field names differ there.
func fieldHash(name []byte) uint64 {
	const m1, m2 = 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93
	var a, b uint64
	switch n := len(name); {
	case n >= 8:
		a = binary.LittleEndian.Uint64(name)
		b = binary.LittleEndian.Uint64(name[n-8:])
	case n >= 4:
		a = uint64(binary.LittleEndian.Uint32(name))
		b = uint64(binary.LittleEndian.Uint32(name[n-4:]))
	default:
		for _, c := range name {
			a = a<<8 | uint64(c)
		}
	}
	h := (a ^ uint64(len(name))*m2) * m1
	h = (h ^ h>>29 ^ b) * m2
	return h ^ h>>32
}

func (t *fieldTable) lookup(name []byte) FieldID {
	mask := uint64(len(t.slots) - 1)
	for i := fieldHash(name) & mask; ; i = (i + 1) & mask {
		id := t.slots[i]
		if id == NoField || t.names[id] == string(name) {
			return id
		}
	}
}

// Lookup returns the ID of a name, NoField when no rule knows it.
func (f *Fields) Lookup(name []byte) FieldID { return f.table.Load().lookup(name) }

// ID interns a name; "" is NoField. It is for set-up, not for each event.
func (f *Fields) ID(name string) FieldID {
	if name == "" {
		return NoField
	}
	if id := f.Lookup([]byte(name)); id != NoField {
		return id
	}
	f.grow.Lock()
	defer f.grow.Unlock()
	old := f.table.Load()
	if id := old.lookup([]byte(name)); id != NoField {
		return id
	}
	names := append(old.names[:len(old.names):len(old.names)], name)
	f.table.Store(newFieldTable(names))
	return FieldID(len(names) - 1)
}

// addAll interns many names with one copy of the table.
func (f *Fields) addAll(names []string) {
	f.grow.Lock()
	defer f.grow.Unlock()
	old := f.table.Load()
	all := old.names[:len(old.names):len(old.names)]
	seen := map[string]bool{"": true}
	for _, n := range names {
		if !seen[n] && old.lookup([]byte(n)) == NoField {
			all = append(all, n)
		}
		seen[n] = true
	}
	if len(all) > len(old.names) {
		f.table.Store(newFieldTable(all))
	}
}

// Name returns the name of an ID; "" for NoField and unknown IDs.
func (f *Fields) Name(id FieldID) string {
	if t := f.table.Load(); int(id) < len(t.names) {
		return t.names[id]
	}
	return ""
}

// Len returns the number of IDs in use, NoField included.
func (f *Fields) Len() int { return len(f.table.Load().names) }
