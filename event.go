package tocsin

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"time"
)

// A SourceID names where telemetry comes from: a connection, a file, a
// simulation. It is what conservation is counted by.
type SourceID string

// An EventID identifies a stored event for ever: the hash of its content, its
// table and its position at the source. The same bytes sent twice from the
// same position give the same id, which is how a re-send stores nothing twice.
type EventID string

// A Raw is one record as it came through a door, before anything understood it.
type Raw struct {
	Source     SourceID
	Format     Format
	Table      string    // the table the sender named; empty when the format decides
	Position   string    // where in the source: record number, line, offset; stable over re-sends
	Sender     string    // network address (IP) it came from, where the door knows it; no part of its identity
	ReceivedAt time.Time // when the door took it, UTC
	Body       []byte    // at most MaxRawBytes
	Of         Digest    // of the record this one was mended from; zero for a record as it came
	IsNamed    bool      // the sender gave the record a name of its own and stands by it: Position tells it apart, whatever the body
}

// MaxRawBytes bounds the body of one raw record. A longer one is dead-lettered.
const MaxRawBytes = 4 << 20

// A Format says how a raw body is to be read.
type Format string

// The formats a door may hand on.
const (
	FormatRow      Format = "row"       // a JSON object in the shape of Raw.Table
	FormatEvtx     Format = "evtx"      // a Windows event as evtx JSON: {"Event":{"System":…}}
	FormatWindows  Format = "windows"   // a Windows event as another shipper's JSON (Winlogbeat, NXLog)
	FormatJSONLine Format = "json-line" // a JSON object of unknown shape; the normaliser recognises it
	FormatSyslog   Format = "syslog"    // one syslog message with its header (RFC 5424 or 3164); its content is recognised
	FormatLine     Format = "line"      // a line of text of unknown shape: CEF, LEEF, a web server's log, an auditd group
	FormatMail     Format = "mail"      // an e-mail message (RFC 5322)
	FormatEnvelope Format = "envelope"  // a record with what its shipper said beside it (host, time, kind …): see ingest.Envelope
	FormatDamaged  Format = "damaged"   // what a reader could not read: the body says where and why; always a dead letter
)

// A Record is what normalising made of one Raw: the rows it becomes and the
// flat view of it that Sigma rules are matched against. Both say the same.
type Record struct {
	Events    []Event
	LogSource LogSource
	Fields    []Field // flattened by the source's own names; the order is the source's
}

// A LogSource routes a record to the Sigma rules that can speak about it.
type LogSource struct {
	Product  string // windows, azure, m365, linux, …
	Category string // process_creation, …; empty when the channel decides
	Service  string // signinlogs, auditlogs, sysmon, …
	Channel  string // Windows event channel
	Provider string // Windows event provider
	EventID  int    // Windows event id; 0 elsewhere
}

// A Field is one flat field of a record, as text: what a rule compares.
type Field struct {
	Name  string
	Value string
}

// An Event is one row of a table: what is stored, hunted and cited as evidence.
// Values stand in the order of the table's columns; a short slice is padded
// with null.
type Event struct {
	ID         EventID
	Table      string
	Source     SourceID
	OccurredAt time.Time // TimeGenerated; UTC
	ReceivedAt time.Time // _IngestionTime; UTC
	Values     []Value
	// Twin is what the store needs, beyond the values, to show this row in a
	// second table in another form (WindowsEvent in Event); empty when it does not.
	Twin string
}

// A Reject is a raw record that could not become an event, with the reason.
// Nothing is dropped: rejects are stored as dead letters.
type Reject struct {
	Raw    Raw
	Reason string // for an analyst: what is wrong and what would mend it
}

// A Digest identifies a raw record: its source, its position there and its bytes,
// or its source and its name.
type Digest [sha256.Size]byte

// Digest returns the record's digest: of a mended record the original's, so
// that its events keep their identity. It reads the whole body once, unless the
// record is named.
func (r *Raw) Digest() Digest {
	if r.Of != (Digest{}) {
		return r.Of
	}
	h := sha256.New()
	head := make([]byte, 0, 256)
	if r.IsNamed {
		head = binary.BigEndian.AppendUint64(head, math.MaxUint64) // no source is as long: named and unnamed records never meet
	}
	for _, part := range [2]string{string(r.Source), r.Position} {
		head = binary.BigEndian.AppendUint64(head, uint64(len(part)))
		head = append(head, part...)
	}
	h.Write(head)
	if !r.IsNamed {
		h.Write(r.Body)
	}
	var d Digest
	h.Sum(d[:0])
	return d
}

// IdentifyEvent derives the id of an event of this table from its raw record.
// ordinal tells apart several events of one table made from the same record.
func IdentifyEvent(record Digest, table string, ordinal int) EventID {
	text := make([]byte, 0, 128)
	text = append(text, record[:]...)
	text = binary.BigEndian.AppendUint64(text, uint64(ordinal))
	text = append(text, table...)
	sum := sha256.Sum256(text)
	return EventID(hex.AppendEncode(make([]byte, 0, 32), sum[:16]))
}
