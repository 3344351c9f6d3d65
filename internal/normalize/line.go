package normalize

import (
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/normalize/text"
)

// syslogShape is the shape of a syslog message whose content nobody knows; its
// table is syslogTable, unless the source names another one.
const (
	syslogShape = "syslog"
	syslogTable = "Syslog"

	accessLogShape = "access_log"
	nginxShape     = "nginx_access"
	nginxTable     = "NGINX_CL"
)

// lineRecord makes the record of a text that is no JSON object, or of a syslog
// message with its header.
func (n *batch) lineRecord(raw *tocsin.Raw, body string) (tocsin.Record, error) {
	if raw.Format == tocsin.FormatSyslog {
		rec, _, err := n.line(raw, body, wrapping{})
		return rec, err
	}
	rec, ok, err := n.inner(raw, body, wrapping{})
	if ok || err != nil {
		return rec, err
	}
	if raw.Table != "" && n.tables[raw.Table] == nil {
		return rec, fmt.Errorf("table %s is not known. The reference page lists the shipped tables, a folder of --tables adds others; case matters", raw.Table)
	}
	if raw.Table != "" {
		return n.lastResort(raw, &envelope{table: raw.Table, record: body})
	}
	return rec, fmt.Errorf("no parser knows this line: %s. Name the table it belongs to, or send it as syslog", excerpt(body))
}

// line recognises a line of text; ok is false if no parser knows it. A parser
// gives [batch.readingRecord] the name of a shape and the fields it found; w
// is what the envelopes around the line said, as a fallback for host and time.
func (n *batch) line(raw *tocsin.Raw, body string, w wrapping) (rec tocsin.Record, ok bool, err error) {
	reading := n.read.Get().(*text.Reading)
	defer n.read.Put(reading)
	reading.Reset()
	clock := n.clock
	if !w.at.IsZero() {
		clock.Received = w.at
	}
	if w.host == "" {
		w.host = raw.Sender
	}
	if raw.Format == tocsin.FormatSyslog {
		n.texts.Syslog(reading, body, clock)
	} else if !n.texts.Line(reading, body, clock) {
		return tocsin.Record{}, false, nil
	}
	if reading.Shape == accessLogShape && (raw.Table == nginxTable || strings.Contains(w.kind, "nginx")) {
		reading.Shape = nginxShape // the same text as Apache's: only who sent it tells (a path, a sourcetype, Filebeat's dataset)
	}
	if reading.Shape == syslogShape && raw.Table != "" && raw.Table != syslogTable && n.tables[raw.Table] != nil {
		rec, err = n.lastResort(raw, &envelope{table: raw.Table, host: reading.Host, at: reading.Time, record: body})
		return rec, true, err
	}
	rec, err = n.readingRecord(raw, body, reading, w)
	if err != nil || reading.Shape != syslogShape {
		return rec, true, err
	}
	return n.syslogContent(raw, reading, rec, w), true, nil
}

// readingRecord makes the record of what a parser of text read.
func (n *batch) readingRecord(raw *tocsin.Raw, body string, reading *text.Reading, w wrapping) (tocsin.Record, error) {
	s := n.shapes.named[reading.Shape]
	if s == nil {
		return tocsin.Record{}, fmt.Errorf("no mapping file in content/normalize declares the shape %s. Is the folder complete?", reading.Shape)
	}
	if !reading.Time.IsZero() {
		w.at = reading.Time
	}
	r := n.readers.Get().(*recordReader)
	defer n.readers.Put(r)
	r.begin(s)
	r.readFlat(reading.Fields)
	r.tell("$Raw", body)
	r.tell("$Table", raw.Table)
	r.tell("$Sender", raw.Sender)
	if _, asked := s.sym.IDs["$Time"]; asked && !w.at.IsZero() {
		r.tell("$Time", w.at.Format(time.RFC3339Nano))
	}
	return n.shaped(raw, r, w)
}

// syslogContent looks into the content of a syslog message for a record of
// another kind: Sysmon for Linux writes Windows' XML, others write JSON. The
// message stays a row of Syslog, in front of those that the content becomes.
func (n *batch) syslogContent(raw *tocsin.Raw, reading *text.Reading, message tocsin.Record, w wrapping) tocsin.Record {
	content := strings.TrimSpace(strings.TrimPrefix(reading.Content, "@cee:"))
	if !strings.HasPrefix(content, "{") && !strings.HasPrefix(content, "<Event") {
		return message
	}
	w.host, w.kind, w.at = reading.Host, reading.Program, reading.Time
	rec, ok, err := n.inner(raw, content, w)
	if !ok || err != nil {
		return message
	}
	rec.Events = append(message.Events, rec.Events...)
	return rec
}
