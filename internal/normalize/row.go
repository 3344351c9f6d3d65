package normalize

import (
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/jsontext"
	"github.com/tocsin-soc/tocsin/kql/catalog"
)

// receivedFlag marks a row whose sender gave no time of the event.
const receivedFlag = "_TimeGeneratedIsReceived"

// row types a record that is in the shape of the table it names.
func (n *batch) row(raw *tocsin.Raw, body string) (tocsin.Record, error) {
	t, ok := n.tables[raw.Table]
	if !ok {
		if raw.Table == "" {
			return tocsin.Record{}, fmt.Errorf("the record names no table. Send it to /api/v1/ingest/{table}")
		}
		return tocsin.Record{}, fmt.Errorf("table %s is not known. The reference page lists the shipped tables, a folder of --tables adds others; case matters", raw.Table)
	}
	b := n.localRow(t)
	b.source = raw.Source
	z := jsontext.New(body)
	err := z.Object(func(key string) error {
		if len(b.lost) > maxUnits {
			return errManyFields
		}
		return b.member(z, key)
	})
	if err == nil {
		err = z.End()
	}
	if err != nil {
		return tocsin.Record{}, err
	}
	at := b.rowTime(raw.ReceivedAt)
	if t.typeName >= 0 {
		b.values[t.typeName] = tocsin.StringValue(t.name)
	}
	event := tocsin.Event{
		ID: tocsin.IdentifyEvent(raw.Digest(), t.name, 0), Table: t.name, Source: raw.Source,
		OccurredAt: at, ReceivedAt: raw.ReceivedAt, Values: b.finish(n.Normalizer),
	}
	rec := tocsin.Record{Events: n.memory.events.take(1)}
	rec.Events[0] = event
	rec.Fields = n.rowView(&rec, make([]tocsin.Field, 0, len(event.Values)), t, event.Values)
	return rec, nil
}

// unnamedRow types a record that carries the name of its table in Type.
func (n *batch) unnamedRow(raw *tocsin.Raw, body string) (tocsin.Record, error) {
	named := *raw
	z := jsontext.New(body)
	err := z.Object(func(key string) error {
		if key != "Type" || z.Kind() != jsontext.String {
			return z.Skip()
		}
		text, err := z.Text()
		named.Table = text
		return err
	})
	if err != nil {
		return tocsin.Record{}, err
	}
	return n.row(&named, body)
}

// member reads one member of a row.
func (b *rowBuilder) member(z *jsontext.Scanner, key string) error {
	i, ok := b.t.column(key)
	kind := z.Kind()
	if !ok {
		json, err := z.Raw()
		if err != nil || kind == jsontext.Null {
			return err
		}
		if b.t.additional >= 0 && !strings.HasPrefix(key, "_") {
			b.addExtra(key, json)
			b.lose(key, "kept in "+b.t.columns[b.t.additional].Name)
		} else {
			b.lose(key, "no column")
		}
		return nil
	}
	c := &b.t.columns[i]
	if kind == jsontext.Object || kind == jsontext.Array || c.Type == catalog.Dynamic && kind != jsontext.String {
		json, err := z.Raw()
		switch {
		case err != nil || kind == jsontext.Null:
			return err
		case c.Type == catalog.Dynamic:
			b.values[i] = tocsin.DynamicValue(json)
		case c.Type == catalog.String:
			b.values[i] = tocsin.StringValue(json)
		default:
			b.mistyped(c, json)
		}
		return nil
	}
	text, kind, err := z.Scalar()
	if err != nil || kind == jsontext.Null || text == "" && !b.values[i].IsNull() {
		return err // an empty text says nothing against what was said before
	}
	if c.Type == catalog.Dynamic {
		b.values[i] = dynamicText(text)
		return nil
	}
	b.set(i, text)
	return nil
}

// dynamicText makes a dynamic value of a text: exports write dynamic columns as
// JSON in a text.
func dynamicText(text string) tocsin.Value {
	trimmed := strings.TrimSpace(text)
	if trimmed == "" {
		return tocsin.Value{}
	}
	if trimmed[0] == '{' || trimmed[0] == '[' {
		z := jsontext.New(trimmed)
		if json, err := z.Raw(); err == nil && z.End() == nil {
			return tocsin.DynamicValue(json)
		}
	}
	return tocsin.DynamicValue(string(jsontext.AppendQuoted(nil, text)))
}

// rowTime finds when the event of a row happened, and sets both time columns.
func (b *rowBuilder) rowTime(received time.Time) time.Time {
	t := b.t
	for _, i := range [2]int{t.time, t.timestamp} {
		if i >= 0 && !b.values[i].IsNull() {
			at := b.values[i].Time()
			b.setTime(at)
			return at
		}
	}
	if t.time >= 0 {
		b.lose(t.columns[t.time].Name, "no time")
		if t.additional >= 0 {
			b.addExtra(receivedFlag, "true")
		}
	}
	b.setTime(received)
	return received
}

// setTime fills the time columns that are empty.
func (b *rowBuilder) setTime(at time.Time) {
	for _, i := range [2]int{b.t.time, b.t.timestamp} {
		if i >= 0 && b.values[i].IsNull() {
			b.values[i] = tocsin.TimeValue(at)
		}
	}
}
