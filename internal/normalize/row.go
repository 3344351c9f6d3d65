package normalize

import (
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/kql/catalog"
)

// receivedFlag marks a row whose sender gave no time of the event.
const receivedFlag = "_TimeGeneratedIsReceived"

// row types a record that is in the shape of the table it names.
func (n *Normalizer) row(raw *tocsin.Raw, body string) (tocsin.Record, error) {
	t, ok := n.tables[raw.Table]
	if !ok {
		if raw.Table == "" {
			return tocsin.Record{}, fmt.Errorf("the record names no table. Send it to /api/v1/ingest/{table}")
		}
		return tocsin.Record{}, fmt.Errorf("table %s is not known. The reference page lists the shipped tables, a folder of --tables adds others; case matters", raw.Table)
	}
	b := newRow(t)
	b.source = raw.Source
	z := scanner{s: body}
	err := z.object(func(key string) error { return b.member(&z, key) })
	if err == nil {
		err = z.document()
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
		OccurredAt: at, ReceivedAt: raw.ReceivedAt, Values: b.finish(n),
	}
	rec := tocsin.Record{Events: []tocsin.Event{event}}
	n.rowView(&rec, t, event.Values)
	return rec, nil
}

// unnamedRow types a record that carries the name of its table in Type.
func (n *Normalizer) unnamedRow(raw *tocsin.Raw, body string) (tocsin.Record, error) {
	named := *raw
	z := scanner{s: body}
	err := z.object(func(key string) error {
		if key != "Type" || z.kind() != jsonString {
			return z.skip()
		}
		text, err := z.text()
		named.Table = text
		return err
	})
	if err != nil {
		return tocsin.Record{}, err
	}
	return n.row(&named, body)
}

// member reads one member of a row.
func (b *rowBuilder) member(z *scanner, key string) error {
	i, ok := b.t.column(key)
	kind := z.kind()
	if !ok {
		json, err := z.raw()
		if err != nil || kind == jsonNull {
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
	if kind == jsonObject || kind == jsonArray || c.Type == catalog.Dynamic && kind != jsonString {
		json, err := z.raw()
		switch {
		case err != nil || kind == jsonNull:
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
	text, kind, err := z.scalar()
	if err != nil || kind == jsonNull || text == "" && !b.values[i].IsNull() {
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
		z := scanner{s: trimmed}
		if json, err := z.raw(); err == nil && z.document() == nil {
			return tocsin.DynamicValue(json)
		}
	}
	return tocsin.DynamicValue(string(appendJSONString(nil, text)))
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
