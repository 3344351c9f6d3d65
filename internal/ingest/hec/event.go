package hec

import (
	"bytes"
	"encoding/json"
	"iter"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
	"github.com/tocsin-soc/tocsin/internal/jsontext"
)

// batch is one request's events on their way.
type batch struct {
	door     *door
	sender   ingest.Sender
	prefix   string
	at       time.Time // of the request
	room     *ingest.Room
	defaults beside
	number   int // of the next event

	invalid       *reply // of the first invalid event
	invalidNumber int
}

// raw makes a record of the next event. One that is too long is cut one byte
// past the limit, by which the normaliser knows it.
func (b *batch) raw(format tocsin.Format, table string, body []byte) tocsin.Raw {
	body = body[:min(len(body), tocsin.MaxRawBytes+1)]
	r := tocsin.Raw{
		Source: b.sender.Source, Format: format, Table: table, ReceivedAt: b.at,
		Position: b.prefix + ":" + strconv.Itoa(b.number), Body: body,
	}
	b.number++
	return r
}

// spoil remembers the first invalid event.
func (b *batch) spoil(r reply) {
	if b.invalid == nil {
		b.invalid, b.invalidNumber = &r, b.number
	}
}

// events cuts a body of JSON objects, one behind the other, with or without
// white space between them; an array of them is taken as well.
func (b *batch) events(body []byte) iter.Seq2[tocsin.Raw, error] {
	return func(yield func(tocsin.Raw, error) bool) {
		between := " \t\r\n"
		body = bytes.Trim(body, between)
		if inner, ok := bytes.CutPrefix(body, []byte("[")); ok && bytes.HasSuffix(inner, []byte("]")) {
			between += ","
			body = bytes.Trim(inner[:len(inner)-1], between)
		}
		for len(body) > 0 {
			n, ok := 0, false
			if body[0] == '{' {
				n, ok = cut(body)
			}
			if !ok {
				b.spoil(badFormat)
				b.rest(body, yield)
				return
			}
			if !yield(b.event(body[:n]), nil) {
				return
			}
			body = bytes.TrimLeft(body[n:], between)
		}
	}
}

// rest hands on what cannot be read, in pieces a record can have, to become
// dead letters.
func (b *batch) rest(body []byte, yield func(tocsin.Raw, error) bool) {
	for body = bytes.TrimSpace(body); len(body) > 0; {
		n := min(len(body), tocsin.MaxRawBytes)
		if !yield(b.raw(tocsin.FormatJSONLine, "", body[:n]), nil) {
			return
		}
		body = body[n:]
	}
}

// event makes the record of one object.
func (b *batch) event(text json.RawMessage) tocsin.Raw {
	if !json.Valid(text) {
		b.spoil(badFormat)
		return b.raw(tocsin.FormatJSONLine, "", text)
	}
	side := b.defaults
	var event, fields, at json.RawMessage
	members(text, func(name string, value json.RawMessage) {
		s, isScalar := scalar(value)
		switch {
		case name == "event":
			event = value
		case name == "fields":
			fields = value
		case name == "time":
			at = value
			if t, ok := epoch(s); ok {
				side.at = t
			}
		case name == "host" && isScalar:
			side.host = s
		case name == "source" && isScalar:
			side.source = s
		case name == "sourcetype" && isScalar:
			side.sourcetype = s
		case name == "index" && isScalar:
			side.index = s
		}
	})
	switch {
	case len(event) == 0 || string(event) == "null":
		b.spoil(eventRequired)
		return b.raw(tocsin.FormatJSONLine, "", text)
	case string(event) == `""`:
		b.spoil(eventBlank)
		return b.raw(tocsin.FormatJSONLine, "", text)
	}
	if len(fields) > 0 && fields[0] != '{' {
		if string(fields) != "null" {
			b.spoil(badFields)
		}
		fields = nil
	}
	e := ingest.Envelope{Host: side.host, At: side.at, Shipper: side.shipper(fields, at)}
	switch {
	case event[0] == '{':
		e.JSON, e.Format = event, tocsin.FormatJSONLine
	case event[0] == '"':
		e.Text = unquote(event)
		e.Format = ingest.FormatOf(e.Text)
	default: // a number, true, a list: its text
		e.Text, e.Format = string(event), tocsin.FormatLine
	}
	return b.wrapped(&e, &side)
}

// textTable takes text that nothing recognises and no setting names a table for:
// a line of some program is worth finding, whatever wrote it.
const textTable = "Syslog"

// wrapped makes a record of an envelope: by its table if it has one.
func (b *batch) wrapped(e *ingest.Envelope, side *beside) tocsin.Raw {
	table, isNamed := b.tableOf(side)
	e.Table = table
	if len(e.JSON) == 0 && e.Format == tocsin.FormatJSONLine && json.Valid([]byte(e.Text)) {
		e.JSON = []byte(e.Text)
	}
	if isNamed && len(e.JSON) > 0 {
		e.Format = tocsin.FormatRow
	}
	if e.Table == "" && e.Format == tocsin.FormatLine {
		e.Table = textTable
	}
	if e.Bare() {
		body := e.JSON
		if len(body) == 0 {
			body = []byte(e.Text)
		}
		return b.raw(e.Format, e.Table, body)
	}
	return b.raw(tocsin.FormatEnvelope, "", e.Append(nil))
}

// tableOf is the table the settings name for an event, or it names itself. What
// the settings name for all events of a source is only for those that nothing
// recognises.
func (b *batch) tableOf(side *beside) (table string, isNamed bool) {
	for _, kind := range []string{side.sourcetype, side.index, side.source} {
		if t, ok := b.sender.Tables[kind]; ok && kind != "" {
			return t, true
		}
	}
	if side.sourcetype != "" && b.door.Intake.IsTable(side.sourcetype) {
		return side.sourcetype, true
	}
	return b.sender.Table, false
}

// shipper is what stands beside an event and is neither its host nor its time;
// a time that cannot be read is kept here.
func (s *beside) shipper(fields, at json.RawMessage) []byte {
	dst := []byte("{")
	add := func(name string, value []byte) {
		if len(dst) > 1 {
			dst = append(dst, ',')
		}
		dst = append(append(jsontext.AppendQuoted(dst, name), ':'), value...)
	}
	for _, m := range [...]struct{ name, value string }{{"source", s.source}, {"sourcetype", s.sourcetype}, {"index", s.index}} {
		if m.value != "" {
			add(m.name, jsontext.AppendQuoted(nil, m.value))
		}
	}
	if len(at) > 0 && s.at.IsZero() && string(at) != "null" {
		add("time", at)
	}
	if len(fields) > 2 {
		add("fields", fields)
	}
	if len(dst) == 1 {
		return nil
	}
	return append(dst, '}')
}

// lines cuts a raw body: JSON objects, or lines of text.
func (b *batch) lines(body []byte) iter.Seq2[tocsin.Raw, error] {
	return func(yield func(tocsin.Raw, error) bool) {
		hand := func(text []byte) bool {
			e := ingest.Envelope{Host: b.defaults.host, At: b.defaults.at, Shipper: b.defaults.shipper(nil, nil), Text: string(text)}
			e.Format = ingest.FormatOf(e.Text)
			return yield(b.wrapped(&e, &b.defaults), nil)
		}
		if bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("{")) {
			for raw, err := range ingest.Read(bytes.NewReader(body), ingest.Spec{MaxBytes: b.door.Limit, Room: b.room}) {
				if err != nil {
					yield(tocsin.Raw{}, err)
					return
				}
				if !hand(raw.Body) {
					return
				}
			}
			return
		}
		for len(body) > 0 {
			line, rest, _ := bytes.Cut(body, []byte("\n"))
			if line = bytes.TrimRight(line, "\r"); len(bytes.TrimSpace(line)) > 0 && !hand(line) {
				return
			}
			body = rest
		}
	}
}

// scalar is the text of a JSON string or number.
func scalar(text json.RawMessage) (string, bool) {
	switch {
	case len(text) == 0 || text[0] == 'n' || text[0] == '{' || text[0] == '[':
		return "", false
	case text[0] == '"':
		return unquote(text), true
	}
	return string(text), true
}

// unquote reads a JSON string that was checked before.
func unquote(text json.RawMessage) string {
	var s string
	_ = json.Unmarshal(text, &s) // it was checked
	return s
}

// plainEpoch reads ten digits of seconds and at most nine of a fraction, which is
// what nearly all senders write.
func plainEpoch(text string) (time.Time, bool) {
	whole, fraction, _ := strings.Cut(text, ".")
	if len(whole) != 10 || len(fraction) > 9 {
		return time.Time{}, false
	}
	seconds, err := strconv.ParseUint(whole, 10, 63)
	nanos := uint64(0)
	if err == nil && fraction != "" {
		nanos, err = strconv.ParseUint(fraction+"000000000"[len(fraction):], 10, 63)
	}
	return time.Unix(int64(seconds), int64(nanos)).UTC(), err == nil && seconds > 0
}

// epoch reads a time in seconds since 1970 with a fraction. Senders also write
// milli-, micro- and nanoseconds; the magnitude tells them apart.
func epoch(text string) (time.Time, bool) {
	text = strings.TrimSpace(text)
	if text == "" || len(text) > 40 || strings.ContainsAny(text, "eExXpP_/") {
		return time.Time{}, false
	}
	if at, ok := plainEpoch(text); ok {
		return at, true
	}
	n, ok := new(big.Rat).SetString(text)
	if !ok || n.Sign() <= 0 {
		return time.Time{}, false
	}
	whole := new(big.Int).Quo(n.Num(), n.Denom())
	scale := int64(1e9)
	switch digits := len(whole.String()); {
	case digits > 20:
		return time.Time{}, false
	case digits > 17:
		scale = 1
	case digits > 14:
		scale = 1e3
	case digits > 11:
		scale = 1e6
	}
	n.Mul(n, new(big.Rat).SetInt64(scale))
	nanos := new(big.Int).Quo(n.Num(), n.Denom())
	if !nanos.IsInt64() {
		return time.Time{}, false
	}
	return time.Unix(0, nanos.Int64()).UTC(), true
}
