package normalize

import (
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/jsontext"
	"github.com/tocsin-soc/tocsin/internal/normalize/value"
	"github.com/tocsin-soc/tocsin/kql/catalog"
)

// shipperField is the member of AdditionalFields, or of _Unmapped, that keeps
// what a shipper said beside a record and no column takes.
const shipperField = "Shipper"

// An envelope is a record with what its shipper said beside it
// (ingest.Envelope writes it). Its texts are parts of the raw body.
type envelope struct {
	format   tocsin.Format
	table    string
	host     string
	at       time.Time
	shipper  string // JSON object, or empty
	row      string // JSON object, or empty
	record   string // text, or JSON
	isObject bool   // the record is a JSON object
}

// readEnvelope reads the body of a raw record of tocsin.FormatEnvelope.
func readEnvelope(body string) (env envelope, err error) {
	z := jsontext.New(body)
	has := false
	err = z.Object(func(key string) error {
		kind := z.Kind()
		if key == "record" {
			has = true
			var err error
			if kind == jsontext.String {
				env.record, err = z.Text()
			} else {
				env.record, err = z.Raw()
				env.isObject = kind == jsontext.Object
			}
			return err
		}
		if kind == jsontext.Object && (key == "shipper" || key == "row") {
			text, err := z.Raw()
			if key == "row" {
				env.row = text
			} else {
				env.shipper = text
			}
			return err
		}
		if kind != jsontext.String {
			return z.Skip()
		}
		text, err := z.Text()
		switch key {
		case "format":
			env.format = tocsin.Format(text)
		case "table":
			env.table = text
		case "host":
			env.host = text
		case "time":
			env.at, _ = value.Instant(text, value.Clock{})
		}
		return err
	})
	if err == nil {
		err = z.End()
	}
	switch {
	case err != nil:
		return env, err
	case !has:
		return env, fmt.Errorf("the envelope holds no record")
	case env.format == tocsin.FormatEnvelope || env.format == tocsin.FormatDamaged || env.format == "":
		return env, fmt.Errorf("an envelope cannot hold a record of format %q", env.format)
	}
	return env, nil
}

// unwrap normalises the record in an envelope and adds what the envelope says.
func (n *batch) unwrap(raw *tocsin.Raw, body string) (tocsin.Record, error) {
	env, err := readEnvelope(body)
	if err != nil {
		return tocsin.Record{}, err
	}
	if env.format == tocsin.FormatRow {
		return n.envelopeRow(raw, &env, env.record)
	}
	inner := *raw
	inner.Format, inner.Table, inner.Body = env.format, "", []byte(env.record)
	if !env.at.IsZero() {
		inner.ReceivedAt = env.at // what a record without a time, or without a year, goes by
	}
	rec, err := n.one(&inner)
	if err != nil && env.table != "" {
		if n.tables[env.table] == nil {
			return tocsin.Record{}, fmt.Errorf("%w. It was sent to the table %s, which there is not: name a table for it in the sources file, under tables", err, env.table)
		}
		return n.lastResort(raw, &env)
	}
	if err != nil {
		return tocsin.Record{}, err
	}
	if env.shipper == "" {
		env.shipper = env.row // it was for the last resort, and that was not needed
	}
	for i := range rec.Events {
		rec.Events[i].ReceivedAt = raw.ReceivedAt
	}
	n.keepBeside(&rec, &env)
	return rec, nil
}

// textColumns are where a table keeps the text of a record, the first it has.
var textColumns = []string{"Body", "RawData", "SyslogMessage", "Message"}

// lastResort makes a row of the envelope's table of a record nothing recognised.
func (n *batch) lastResort(raw *tocsin.Raw, env *envelope) (tocsin.Record, error) {
	t := n.tables[env.table]
	if t == nil || env.isObject && env.row == "" { // row says that a table is not known
		return n.envelopeRow(raw, env, env.record)
	}
	column := textColumns[len(textColumns)-1] // without any, it goes to AdditionalFields by this name
	for _, name := range textColumns {
		if i, ok := t.byName[name]; ok && t.columns[i].Type == catalog.String {
			column = name
			break
		}
	}
	return n.envelopeRow(raw, env, string(withMember(env.row, column, env.record)))
}

// withMember adds a text to a JSON object, which may be empty.
func withMember(object, name, text string) []byte {
	b := append(jsontext.AppendQuoted([]byte("{"), name), ':')
	b = jsontext.AppendQuoted(b, text)
	if rest := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(object), "{")); rest != "" && rest != "}" {
		return append(append(b, ','), rest...)
	}
	return append(b, '}')
}

// envelopeRow types a row; the envelope fills what the row does not say, which
// is why its members come first: the row's own come later and win.
func (n *batch) envelopeRow(raw *tocsin.Raw, env *envelope, row string) (tocsin.Record, error) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(row), "{")
	if _, known := n.tables[env.table]; known && !ok {
		return tocsin.Record{}, fmt.Errorf("a row of table %s must be a JSON object, not %s", env.table, excerpt(row))
	}
	b := []byte("{")
	add := func(name, json string) {
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(append(jsontext.AppendQuoted(b, name), ':'), json...)
	}
	if t := n.tables[env.table]; t != nil {
		if t.time >= 0 && !env.at.IsZero() {
			add(t.columns[t.time].Name, `"`+env.at.UTC().Format(time.RFC3339Nano)+`"`)
		}
		for _, name := range hostColumns {
			if i, ok := t.byName[name]; ok && env.host != "" && t.columns[i].Type == catalog.String {
				add(name, string(jsontext.AppendQuoted(nil, env.host)))
			}
		}
	}
	if env.shipper != "" {
		add(shipperField, env.shipper)
	}
	if len(b) > 1 && strings.TrimSpace(rest) != "}" {
		b = append(b, ',')
	}
	inner := *raw
	inner.Format, inner.Table = tocsin.FormatRow, env.table
	return n.row(&inner, string(append(b, rest...)))
}

// hostColumns are the columns that name the computer of an event.
var hostColumns = []string{"Computer", "DeviceName", "HostName"}

// beside adds to an event what its envelope says and it does not say itself.
func (n *batch) beside(event *tocsin.Event, env *envelope) {
	t := n.tables[event.Table]
	if t == nil {
		return
	}
	row := n.newRow(t)
	copy(row.values, event.Values)
	for _, name := range hostColumns {
		i, ok := t.byName[name]
		if ok && env.host != "" && t.columns[i].Type == catalog.String && (row.values[i].IsNull() || row.values[i].Str == "") {
			row.values[i] = tocsin.StringValue(env.host)
		}
	}
	if env.shipper != "" {
		if t.additional >= 0 {
			row.addExtra(shipperField, env.shipper)
		} else {
			row.lose(shipperField, "no column")
		}
	}
	event.Values = row.finish(n.Normalizer)
}
