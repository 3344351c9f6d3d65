package sigma

import (
	"strconv"
	"time"
	"unsafe"
)

// Kind is the type a value had in its source. Matching compares text; the kind
// only tells null from the rest.
type Kind uint8

// The kinds.
const (
	KindString Kind = iota
	KindNumber      // canonical decimal text
	KindBool        // "true" or "false"
	KindNull        // present without a value
)

type eventValue struct {
	id    FieldID
	kind  Kind
	bytes []byte
}

// Event is one log record as a list of interned fields and values, reused from
// record to record: Reset, add, match. A field added several times has several
// values. Values are referenced, not copied, and must stay unchanged until the
// next Reset. An Event belongs to one goroutine.
type Event struct {
	// Logsource is what the sender knows of the record's source; empty parts are
	// derived from Channel, Provider_Name and EventID, or from the fields present.
	Logsource Logsource
	// Time is when it happened; zero means: read it from the fields (OccurredAt).
	Time time.Time
	// Raw is the record's text where there is one (syslog); keywords search it.
	Raw []byte

	fields   *Fields
	values   []eventValue
	arena    []byte
	known    [routingFields]int // index+1 of the first value of a routing field
	eventIDs int                // how many values EventID has
	scan     jsonScanner
}

// NewEvent returns an empty event whose names are interned in fields.
func NewEvent(fields *Fields) *Event {
	return &Event{fields: fields, values: make([]eventValue, 0, 64), arena: make([]byte, 0, 4096)}
}

// Reset empties the event and keeps its memory.
func (e *Event) Reset() {
	e.Logsource, e.Time, e.Raw = Logsource{}, time.Time{}, nil
	e.values, e.arena = e.values[:0], e.arena[:0]
	e.known, e.eventIDs = [routingFields]int{}, 0
}

// Fields returns the table the event's names are interned in.
func (e *Event) Fields() *Fields { return e.fields }

// Len returns the number of values.
func (e *Event) Len() int { return len(e.values) }

// At returns the i-th value.
func (e *Event) At(i int) (FieldID, Kind, []byte) {
	v := &e.values[i]
	return v.id, v.kind, v.bytes
}

// Add appends a value.
func (e *Event) Add(id FieldID, kind Kind, value []byte) {
	e.values = append(e.values, eventValue{id, kind, value})
	if int(id) < routingFields {
		if e.known[id] == 0 {
			e.known[id] = len(e.values)
		}
		if id == FieldEventID {
			e.eventIDs++
		}
	}
}

// AddString appends a text.
func (e *Event) AddString(id FieldID, value string) { e.Add(id, KindString, stringBytes(value)) }

// AddNull appends a null: present, without a value.
func (e *Event) AddNull(id FieldID) { e.Add(id, KindNull, nil) }

// AddInt appends an integer.
func (e *Event) AddInt(id FieldID, n int64) {
	at := len(e.arena)
	e.arena = strconv.AppendInt(e.arena, n, 10)
	e.Add(id, KindNumber, e.arena[at:len(e.arena):len(e.arena)])
}

// AddBool appends a truth value.
func (e *Event) AddBool(id FieldID, b bool) {
	e.Add(id, KindBool, stringBytes(strconv.FormatBool(b)))
}

// Set appends a text under a name, for callers that do not keep IDs.
func (e *Event) Set(name, value string) { e.AddString(e.fields.Lookup(stringBytes(name)), value) }

// Value returns the first value of a field that is not null.
func (e *Event) Value(id FieldID) ([]byte, bool) {
	if id == NoField {
		return nil, false
	}
	if int(id) < routingFields && e.known[id] == 0 {
		return nil, false
	}
	for i := range e.values {
		if v := &e.values[i]; v.id == id && v.kind != KindNull {
			return v.bytes, true
		}
	}
	return nil, false
}

// OccurredAt returns Time or, when it is zero, the time the event's own fields
// tell (SystemTime, @timestamp, …); zero when none can be read.
func (e *Event) OccurredAt() time.Time {
	if !e.Time.IsZero() {
		return e.Time
	}
	best := FieldID(len(wellKnown))
	for i := range e.values {
		v := &e.values[i]
		if v.id < firstTimeField || v.id >= best {
			continue
		}
		if t, ok := ParseTime(v.bytes); ok {
			best, e.Time = v.id, t
		}
	}
	return e.Time
}

// stringBytes views a string as bytes nobody writes to.
func stringBytes(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
