package normalize

import (
	"fmt"
	"strings"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/normalize/expression"
	"github.com/tocsin-soc/tocsin/internal/normalize/value"
	"github.com/tocsin-soc/tocsin/internal/normalize/windows"
)

// maxEnvelopes bounds the envelopes around a record.
const maxEnvelopes = 4

// wrapped recognises the record inside another one; ok is false if it is none that is
// known, and then the envelope stands for itself.
func (n *batch) wrapped(raw *tocsin.Raw, r *recordReader, w wrapping) (rec tocsin.Record, ok bool, err error) {
	u := r.shape.unwrap
	body, _, _ := u.body.Of(&r.Slots)
	if strings.TrimSpace(body) == "" {
		return tocsin.Record{}, false, nil
	}
	if w.depth++; w.depth > maxEnvelopes {
		return tocsin.Record{}, true, fmt.Errorf("the record is wrapped in more than %d envelopes", maxEnvelopes)
	}
	if text, ok := r.evaluate(u.host); ok {
		w.host = text
	}
	if text, ok := r.evaluate(u.kind); ok {
		w.kind = text
	}
	if text, ok := r.evaluate(u.time); ok {
		if at, ok := value.Instant(text, n.clock); ok {
			w.at = at
		}
	}
	if header, isSyslog := r.syslogHeader(u, w); isSyslog {
		message := *raw
		message.Format = tocsin.FormatSyslog
		rec, ok, err = n.line(&message, header+strings.TrimLeft(body, " "), w)
	} else {
		rec, ok, err = n.inner(raw, body, w)
	}
	if ok && err == nil {
		n.shipper(raw, r, &rec, w)
		return rec, true, nil
	}
	if len(r.shape.plans) == 0 && raw.Table != "" && n.tables[raw.Table] != nil {
		rec, err := n.lastResort(raw, &envelope{table: raw.Table, host: w.host, at: w.at, record: body})
		return rec, true, err
	}
	if !ok && len(r.shape.plans) == 0 {
		switch {
		case err == nil:
			err = fmt.Errorf("nothing knows it")
		case w.depth > 1:
			return rec, true, err // the innermost reason is said once, below the outermost name
		}
		return rec, true, fmt.Errorf("the record has the shape %s, an envelope, and what is in it cannot be read: %w", r.shape.name, err)
	}
	return rec, false, nil // what cannot be read stays in its envelope
}

// shipper adds to what was in an envelope what else the envelope says.
func (n *batch) shipper(raw *tocsin.Raw, r *recordReader, rec *tocsin.Record, w wrapping) {
	var rest restWriter
	for i := range r.units {
		u := &r.units[i]
		if u.part || u.nd.ignored || u.nd.opened {
			continue
		}
		u.nd.tally.count(n.Normalizer, raw.Source, r.shape, rec.Events[0].Table, u.nd.path, shipperField)
		rest.add(u)
	}
	rest.close(0)
	env := envelope{host: w.host}
	if len(rest.b) > 0 {
		env.shipper = "{" + string(rest.b) + "}"
	}
	n.keepBeside(rec, &env)
}

// keepBeside keeps what an envelope says with the first event of its record, and
// its host with all.
func (n *batch) keepBeside(rec *tocsin.Record, env *envelope) {
	for i := range rec.Events {
		n.beside(&rec.Events[i], env)
		env.shipper = ""
	}
}

func (r *recordReader) evaluate(x *expression.Expr) (string, bool) {
	if x == nil {
		return "", false
	}
	text, _, ok := x.Of(&r.Slots)
	return text, ok && text != ""
}

// inner recognises what was in an envelope.
func (n *batch) inner(raw *tocsin.Raw, body string, w wrapping) (rec tocsin.Record, ok bool, err error) {
	body = strings.TrimSpace(body)
	switch {
	case strings.HasPrefix(body, "{"):
		rec, err := n.object(raw, body, w)
		return rec, err == nil, err
	case strings.HasPrefix(body, "<Event"):
		rec, err := n.windowsEvent(raw, body, windows.XML)
		return rec, err == nil, err
	}
	return n.line(raw, body, w)
}

// object makes the record of a JSON object: of a Windows event, of a shape that
// a mapping describes, or of a row that names its table.
func (n *batch) object(raw *tocsin.Raw, body string, w wrapping) (tocsin.Record, error) {
	f, err := n.shapes.signals.Find(body)
	switch {
	case err != nil:
		return tocsin.Record{}, err
	case f.Form != 0:
		return n.windowsEvent(raw, body, f.Form)
	case f.IsRow:
		rec, err := n.unnamedRow(raw, body)
		if err == nil || f.Shape == "" {
			return rec, err
		}
	}
	switch {
	case f.Shape != "":
		return n.jsonRecord(raw, body, n.shapes.named[f.Shape], w)
	case raw.Table != "":
		return n.row(raw, body) // the source's own table
	}
	return tocsin.Record{}, fmt.Errorf("the record's shape is not known: no mapping recognises it, and it has neither Event, nor winlog, nor EventID with SourceName, nor Type with TimeGenerated. " +
		"Write a mapping for it (docs/reference/custom-sources.md), send it to /api/v1/ingest/{table} in the shape of a table, or set the source's table")
}

// carriedRow types the row that a record carries.
func (n *batch) carriedRow(raw *tocsin.Raw, r *recordReader) (tocsin.Record, error) {
	named := *raw
	table, ok := r.evaluate(r.shape.rowTable)
	body, hasBody := r.evaluate(r.shape.rowBody)
	if !ok || !hasBody {
		return tocsin.Record{}, fmt.Errorf("the record has the shape %s, but it says no table or has no row in it", r.shape.name)
	}
	named.Table = table
	rec, err := n.row(&named, body)
	if _, isWhole := r.shape.sym.IDs["$Record"]; err == nil && !isWhole {
		n.shipper(raw, r, &rec, wrapping{})
	}
	return rec, err
}
