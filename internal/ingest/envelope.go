package ingest

import (
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/jsontext"
)

// An Envelope carries a record together with what its shipper said beside it,
// so that a host, a time or a label that the record itself lacks is not lost.
// It travels as the body of a raw record of tocsin.FormatEnvelope:
//
//	{"format":"line","table":"","host":"web-1","time":"2026-11-22T00:12:34.5Z",
//	 "shipper":{"sourcetype":"linux_secure",…},"row":{…},"record":"…"}
//
// The record is read by its format. Where its rows have no time or computer of
// their own they take those of the envelope; shipper goes to AdditionalFields, or
// _Unmapped, under Shipper. Table is a last resort unless the format is
// FormatRow: it takes the record when nothing recognises it, as the columns in
// row, with the text in the table's column for it (Body, RawData, SyslogMessage
// or Message). When the record is recognised, row counts as shipper.
type Envelope struct {
	Format  tocsin.Format // of the record
	Table   string
	Host    string
	At      time.Time // when the event happened; zero if the shipper did not say
	Shipper []byte    // JSON object of what else the shipper said, or empty
	Row     []byte    // JSON object: columns of Table, or empty
	Text    string    // the record, if it is text
	JSON    []byte    // the record, if it is a JSON value; Text is then ignored
}

// Append appends the envelope's JSON to dst.
func (e *Envelope) Append(dst []byte) []byte {
	dst = append(dst, `{"format":`...)
	dst = jsontext.AppendQuoted(dst, string(e.Format))
	if e.Table != "" {
		dst = jsontext.AppendQuoted(append(dst, `,"table":`...), e.Table)
	}
	if e.Host != "" {
		dst = jsontext.AppendQuoted(append(dst, `,"host":`...), e.Host)
	}
	if !e.At.IsZero() {
		dst = append(dst, `,"time":"`...)
		dst = append(e.At.UTC().AppendFormat(dst, time.RFC3339Nano), '"')
	}
	if len(e.Shipper) > 0 {
		dst = append(append(dst, `,"shipper":`...), e.Shipper...)
	}
	if len(e.Row) > 0 {
		dst = append(append(dst, `,"row":`...), e.Row...)
	}
	dst = append(dst, `,"record":`...)
	if len(e.JSON) > 0 {
		dst = append(dst, e.JSON...)
	} else {
		dst = jsontext.AppendQuoted(dst, e.Text)
	}
	return append(dst, '}')
}

// Bare reports whether there is nothing beside the record.
func (e *Envelope) Bare() bool {
	return e.Host == "" && e.At.IsZero() && len(e.Shipper) == 0 && len(e.Row) == 0
}

// FormatOf says how a record of text that came without a word about itself is
// to be read: a JSON object, a syslog message by its priority, a Windows event
// in XML, or a line whose shape is to be recognised.
func FormatOf(text string) tocsin.Format {
	for text != "" && (text[0] == ' ' || text[0] == '\t' || text[0] == '\r' || text[0] == '\n') {
		text = text[1:]
	}
	switch {
	case text == "":
		return tocsin.FormatLine
	case text[0] == '{':
		return tocsin.FormatJSONLine
	case text[0] == '<' && hasPriority(text):
		return tocsin.FormatSyslog
	case len(text) > 6 && text[:6] == "<Event":
		return tocsin.FormatWindows
	}
	return tocsin.FormatLine
}

// hasPriority reports whether text begins with a syslog priority: <0> to <191>.
func hasPriority(text string) bool {
	for i := 1; i < len(text) && i < 5; i++ {
		if text[i] == '>' {
			return i > 1
		}
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return false
}
