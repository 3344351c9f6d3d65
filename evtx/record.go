package evtx

import (
	"iter"
	"strconv"
	"strings"
	"time"
)

// Origin says how sure it is that a record belongs to the log.
type Origin uint8

// The origins of a record.
const (
	// Logical records lie in front of the chunk's free-space mark.
	Logical Origin = iota
	// Uncommitted records follow that mark without a gap in a file that is
	// marked dirty: the service had written them and not yet the header.
	Uncommitted
	// Carved records were found in slack space or in a damaged chunk. They may
	// have been deleted, and may repeat others.
	Carved
)

// String names the origin in lower case.
func (o Origin) String() string {
	switch o {
	case Logical:
		return "logical"
	case Uncommitted:
		return "uncommitted"
	case Carved:
		return "carved"
	}
	return "origin(" + strconv.Itoa(int(o)) + ")"
}

// A Record is one event. It and everything it yields is valid until the
// iteration moves on; Clone keeps it.
type Record struct {
	// ID is the record id of the record header.
	ID uint64
	// Chunk is the number of the chunk in the file, Offset the byte offset of
	// the record in the file, Size its length.
	Chunk  int64
	Offset int64
	Size   int
	// Origin tells logical records from recovered ones.
	Origin Origin

	written  uint64 // FILETIME
	chunk    *chunk
	from, to int // payload in the chunk
	reader   *Reader
	problem  error
	system   [numSystemFields]systemValue
	fields   []field
	text     []byte
}

type field struct {
	name      *Name
	off, size uint32
	kind      Kind
}

type systemValue struct {
	number    uint64
	off, size uint32
	kind      Kind
	numeric   bool
}

// A Field is one value of an event. Value must not be changed.
type Field struct {
	Name  *Name
	Value []byte // UTF-8
	Kind  Kind
}

// Recovered says that the record does not belong to the log proper.
func (r *Record) Recovered() bool { return r.Origin != Logical }

// Problem is not nil for a degraded record: its template is missing, so values
// that have lost their names are called _raw[0], _raw[1], …
func (r *Record) Problem() error { return r.problem }

// Written is the time of the record header: when the log service took it.
func (r *Record) Written() time.Time { return filetime(r.written) }

// Fields yields the values outside System in document order: Data elements of
// EventData by their Name attribute, nameless ones as "Data", the leaves and
// attributes of UserData and other sections by their names. A repeated element
// and each item of an array is a field of its own.
//
// Len and Field give the same without the few allocations of an iterator.
func (r *Record) Fields() iter.Seq[Field] {
	return func(yield func(Field) bool) {
		for i := range r.fields {
			if !yield(r.Field(i)) {
				return
			}
		}
	}
}

// Len is the number of fields that Fields yields.
func (r *Record) Len() int { return len(r.fields) }

// Field returns the field at position i of Fields.
func (r *Record) Field(i int) Field {
	f := &r.fields[i]
	return Field{Name: f.name, Value: r.text[f.off : f.off+f.size : f.off+f.size], Kind: f.kind}
}

// System returns the text of a field of System and what it was; Null if the
// event does not have it.
func (r *Record) System(f SystemField) ([]byte, Kind) {
	v := &r.system[f]
	if v.numeric && v.size == 0 {
		v.off = uint32(len(r.text))
		switch v.kind {
		case Hex:
			r.text = strconv.AppendUint(append(r.text, '0', 'x'), v.number, 16)
		case Time:
			r.text = appendFiletime(r.text, v.number, r.reader.dec.format.digits)
		default:
			r.text = strconv.AppendUint(r.text, v.number, 10)
		}
		v.size = uint32(len(r.text)) - v.off
	}
	return r.text[v.off : v.off+v.size : v.off+v.size], v.kind
}

// SystemFields yields the fields of System that the event has, by their
// flattened names (Name.Flat: "Provider_Name", "EventID", …).
func (r *Record) SystemFields() iter.Seq[Field] {
	return func(yield func(Field) bool) {
		for f := range numSystemFields {
			value, kind := r.System(f)
			if kind != Null && !yield(Field{Name: r.reader.sym.system[f], Value: value, Kind: kind}) {
				return
			}
		}
	}
}

// Text returns a field of System as a string, interned while the Reader's
// table has room. Use it for values that repeat: channel, provider, computer.
func (r *Record) Text(f SystemField) string {
	value, _ := r.System(f)
	return r.reader.sym.text(value)
}

// Number returns a numeric field of System (decimal or 0x hex), 0 if absent.
func (r *Record) Number(f SystemField) uint64 {
	if v := &r.system[f]; v.numeric {
		return v.number
	}
	value, _ := r.System(f)
	n, err := strconv.ParseUint(string(value), 0, 64)
	if err != nil {
		return 0
	}
	return n
}

// EventID is the number of the event, without qualifiers.
func (r *Record) EventID() uint32 { return uint32(r.Number(EventID)) }

// Provider is the name of the event's provider.
func (r *Record) Provider() string { return r.Text(ProviderName) }

// Channel is the log the event was written to; it can be empty.
func (r *Record) Channel() string { return r.Text(Channel) }

// Computer is the name of the machine that wrote the event.
func (r *Record) Computer() string { return r.Text(Computer) }

// Time is when the event happened (System/TimeCreated), exact to 100 ns, or
// when it was written if the event does not say.
func (r *Record) Time() time.Time {
	v := &r.system[SystemTime]
	if v.numeric {
		return filetime(v.number)
	}
	text := strings.TrimSpace(string(r.text[v.off : v.off+v.size]))
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t.UTC()
	}
	return r.Written()
}

// Clone returns a copy that stays valid. It keeps the record's 64 KiB chunk in
// memory.
func (r *Record) Clone() *Record {
	c := *r
	c.chunk.kept = true
	c.fields = append([]field(nil), r.fields...)
	c.text = append([]byte(nil), r.text...)
	return &c
}
