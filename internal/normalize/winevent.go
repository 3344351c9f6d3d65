package normalize

import (
	"strings"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/jsontext"
	"github.com/tocsin-soc/tocsin/internal/normalize/windows"
	"github.com/tocsin-soc/tocsin/kql/catalog"
)

// A winEvent is a Windows event on its way to rows, reused from record to record.
type winEvent struct {
	*windows.Event
	m      *mapping
	digest tocsin.Digest
	made   []tocsin.Event
}

func newWinEvent(m *mapping) *winEvent { return &winEvent{Event: windows.New(m.sym.IDs), m: m} }

// originalField is where Winlogbeat puts an event's XML, and the member of
// AdditionalFields, or of _Unmapped, of the first row that says why it was not
// read.
const originalField = "event.original"

// windowsEvent makes a record of a Windows event.
func (n *batch) windowsEvent(raw *tocsin.Raw, body string, form windows.Form) (tocsin.Record, error) {
	e := n.windows
	if err := e.Read(form, body, n.clock); err != nil {
		return tocsin.Record{}, err
	}
	if e.At.IsZero() {
		n.losses.add(Loss{Table: "Windows event", Field: "SystemTime", Reason: "no time"})
		e.At = raw.ReceivedAt
	}
	if r := e.Refused(); r != nil {
		n.losses.add(Loss{Table: "Windows event", Field: originalField, Reason: r.Reason})
	}
	rec := tocsin.Record{
		LogSource: tocsin.LogSource{Product: "windows", Channel: e.Channel, Provider: e.Provider, EventID: e.ID},
	}
	if e.Provider == "Linux-Sysmon" {
		rec.LogSource.Product = "linux"
	}
	e.digest = raw.Digest()
	rec.Fields = e.AppendFields(n.memory.fields.take(e.FieldCount())[:0])
	e.made = e.made[:0]
	for _, p := range e.m.at(e.Channel, e.ID) {
		if p.holds(e) {
			e.made = append(e.made, n.event(raw, p, e, e.made))
		}
	}
	rec.Events = n.memory.events.take(len(e.made))
	copy(rec.Events, e.made)
	return rec, nil
}

// holds says whether the event fulfils the conditions of a row.
func (p *rowPlan) holds(e *winEvent) bool {
	for _, c := range p.when {
		value, _ := e.Get(c.symbol)
		found := false
		for _, want := range c.values {
			found = found || strings.EqualFold(value, want)
		}
		if !found {
			return false
		}
	}
	return true
}

// event makes the row of a plan.
func (n *batch) event(raw *tocsin.Raw, p *rowPlan, e *winEvent, before []tocsin.Event) tocsin.Event {
	t := p.t
	b := n.newRow(t)
	if p.auto {
		data := e.Data()
		for i := range data {
			d := &data[i]
			if column, ok := t.byName[d.Flat]; ok && b.values[column].IsNull() && column != t.time && column != t.typeName {
				b.set(column, d.Value)
			}
		}
	}
	for i := range p.cells {
		text, ok := p.cells[i].eval(e)
		switch column := p.cells[i].column; {
		case !ok:
		case t.columns[column].Type == catalog.Dynamic && p.cells[i].rendering != nil:
			b.values[column] = tocsin.DynamicValue(text) // JSON that was checked when it was read
		default:
			b.set(column, text)
		}
	}
	for i := range p.special {
		if text, ok := p.special[i].eval(e); ok && (text == "true" || text == "false") {
			b.addExtra(p.special[i].member, text)
		} else if ok {
			b.addExtra(p.special[i].member, string(jsontext.AppendQuoted(nil, text)))
		}
	}
	if r := e.Refused(); r != nil && len(before) == 0 {
		b.addExtra(originalField, string(jsontext.AppendQuoted(nil, "not read: "+r.Detail)))
	}
	b.setTime(e.At)
	if t.typeName >= 0 {
		b.values[t.typeName] = tocsin.StringValue(t.name)
	}
	ordinal := 0
	for i := range before {
		if before[i].Table == t.name {
			ordinal++
		}
	}
	event := tocsin.Event{
		ID: tocsin.IdentifyEvent(e.digest, t.name, ordinal), Table: t.name, Source: raw.Source,
		OccurredAt: e.At, ReceivedAt: raw.ReceivedAt, Values: b.finish(n.Normalizer),
	}
	if p.twin {
		event.Twin = e.Twin()
	}
	return event
}
