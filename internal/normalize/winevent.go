package normalize

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/kql/catalog"
)

// A datum is one value of an event's data.
type datum struct {
	name  string // as the event has it; of nameless Data "Data"
	flat  string // without spaces
	path  string // UserData: from Event down
	value string
}

// A winEvent is a Windows event, whatever shape it came in. It is reused from
// record to record: texts it holds are parts of the record's body.
type winEvent struct {
	m *mapping
	slots

	channel, provider string
	eventID           int
	at                time.Time
	digest            tocsin.Digest
	system            []tocsin.Field // flattened, in the order of the source
	data              []datum
	user              []datum
	dataJSON          string // EventData as it came, if it was an object
	userJSON          string
	message           string
	origin            string  // "carved" or "uncommitted" if it was recovered
	buffer            []byte  // of renderings
	memory            *Memory // of the batch's events; nil takes new memory
	fieldMemory       *Memory // of the batch's fields
	made              []tocsin.Event
	names             nameTable
	memos             []memo // by memo of an expression
}

func newWinEvent(m *mapping) *winEvent {
	e := &winEvent{m: m, slots: newSlots(len(m.sym.ids)), memos: make([]memo, m.sym.memos)}
	for i := range e.memos {
		e.memos[i] = memo{}
	}
	return e
}

func (e *winEvent) reset() {
	e.slots.clear()
	e.channel, e.provider, e.eventID, e.at = "", "", 0, time.Time{}
	e.system, e.data, e.user = e.system[:0], e.data[:0], e.user[:0]
	e.dataJSON, e.userJSON, e.message, e.origin = "", "", "", ""
}

// put makes a value known to expressions; the first of a name wins.
func (e *winEvent) put(name, value string) {
	if id := e.names.of(name, e.m.sym.ids).symbol; id != noSymbol {
		e.set(id, value)
	}
}

// setSystem takes a value of System by its flattened name.
func (e *winEvent) setSystem(name, value string) {
	if name == "Channel" && value == "" {
		return // a log saved without one: see channelOf
	}
	e.system = append(e.system, tocsin.Field{Name: name, Value: value})
	e.put(name, value)
	switch name {
	case "Channel":
		e.channel = value
	case "Provider_Name":
		e.provider = value
	case "EventID":
		e.eventID, _ = strconv.Atoi(value)
	case "SystemTime":
		e.at, _ = instant(value)
	case "Computer":
		e.system = append(e.system, tocsin.Field{Name: "ComputerName", Value: value})
	}
}

// addData takes a value of EventData.
func (e *winEvent) addData(name, value string) {
	known := e.names.of(name, e.m.sym.ids)
	e.data = append(e.data, datum{name: known.name, flat: known.flat, value: value})
	if known.symbol != noSymbol {
		e.set(known.symbol, value)
	}
}

// addUser takes a leaf of UserData.
func (e *winEvent) addUser(path, leaf, value string) {
	e.user = append(e.user, datum{name: leaf, flat: strings.ReplaceAll(leaf, " ", ""), path: path, value: value})
	e.put(leaf, value)
}

// maxData bounds the values of one event.
const maxData = 8192

// windowsEvent makes a record of a Windows event.
func (n *Normalizer) windowsEvent(raw *tocsin.Raw, body string, s shape, e *winEvent) (tocsin.Record, error) {
	e.reset()
	var err error
	switch s {
	case shapeEvtx:
		err = e.readEvtx(body)
	case shapeWinlogbeat:
		err = e.readWinlogbeat(body)
	case shapeNXLog:
		err = e.readNXLog(body)
	case shapeOTel:
		err = e.readOTel(body)
	case shapeXML:
		err = e.readXML(body)
	}
	if err == nil && len(e.data)+len(e.user)+len(e.system) > maxData {
		err = fmt.Errorf("the event has more than %d values", maxData)
	}
	if err != nil {
		return tocsin.Record{}, err
	}
	if len(e.system) == 0 || e.eventID == 0 && e.provider == "" && e.channel == "" {
		return tocsin.Record{}, fmt.Errorf("the Windows event has no System part with Provider, Channel or EventID. Is the log damaged?")
	}
	if channel := channelOf[e.provider]; e.channel == "" && channel != "" {
		e.setSystem("Channel", channel)
	}
	if e.at.IsZero() || e.at.Year() > 9999 || e.at.Year() < 1 {
		n.losses.add(Loss{Table: "Windows event", Field: "SystemTime", Reason: "no time"})
		e.at = raw.ReceivedAt
	}
	rec := tocsin.Record{
		LogSource: tocsin.LogSource{Product: "windows", Channel: e.channel, Provider: e.provider, EventID: e.eventID},
	}
	if e.provider == "Linux-Sysmon" {
		rec.LogSource.Product = "linux"
	}
	e.digest = raw.Digest()
	if e.memory == nil {
		e.memory = &Memory{}
		e.fieldMemory = e.memory
		defer func() { e.memory, e.fieldMemory = nil, nil }()
	}
	rec.Fields = e.fields()
	e.made = e.made[:0]
	for _, p := range e.m.at(e.channel, e.eventID) {
		if p.holds(e) {
			e.made = append(e.made, n.event(raw, p, e, e.made))
		}
	}
	rec.Events = e.memory.events.take(len(e.made))
	copy(rec.Events, e.made)
	return rec, nil
}

// channelOf routes events whose log was saved without a channel.
var channelOf = map[string]string{
	"Microsoft-Windows-Sysmon":            "Microsoft-Windows-Sysmon/Operational",
	"Microsoft-Windows-Security-Auditing": "Security",
}

// holds says whether the event fulfils the conditions of a row.
func (p *rowPlan) holds(e *winEvent) bool {
	for _, c := range p.when {
		value, _ := e.get(c.symbol)
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
func (n *Normalizer) event(raw *tocsin.Raw, p *rowPlan, e *winEvent, before []tocsin.Event) tocsin.Event {
	t := p.t
	b := rowBuilder{t: t, values: e.memory.values.take(len(t.columns))}
	if p.auto {
		for i := range e.data {
			d := &e.data[i]
			if column, ok := t.byName[d.flat]; ok && b.values[column].IsNull() && column != t.time && column != t.typeName {
				b.set(column, d.value)
			}
		}
	}
	for i := range p.cells {
		text, ok := p.cells[i].expr.eval(e)
		switch column := p.cells[i].column; {
		case !ok:
		case t.columns[column].Type == catalog.Dynamic && p.cells[i].expr.special != nil:
			b.values[column] = tocsin.DynamicValue(text) // JSON that was checked when it was read
		default:
			b.set(column, text)
		}
	}
	for i := range p.special {
		if text, ok := p.special[i].expr.eval(e); ok && (text == "true" || text == "false") {
			b.addExtra(p.special[i].member, text)
		} else if ok {
			b.addExtra(p.special[i].member, string(appendJSONString(nil, text)))
		}
	}
	b.setTime(e.at)
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
		OccurredAt: e.at, ReceivedAt: raw.ReceivedAt, Values: b.finish(n),
	}
	if p.twin {
		event.Twin = e.twin()
	}
	return event
}

// fields flattens the event for Sigma: System by the names of its taxonomy,
// EventData by its names without spaces, several nameless Data one by one and
// joined, UserData by the names of its leaves (the first wins) and their paths.
func (e *winEvent) fields() []tocsin.Field {
	list := e.fieldMemory.fields.take(len(e.system) + len(e.data) + 2*len(e.user) + 2)[:0]
	list = append(list, e.system...)
	nameless, first := 0, -1
	for i := range e.data {
		d := &e.data[i]
		list = append(list, tocsin.Field{Name: d.flat, Value: d.value})
		if d.name == "Data" {
			if nameless++; first < 0 {
				first = i
			}
		}
	}
	if nameless > 1 {
		list = append(list, tocsin.Field{Name: "Data", Value: e.joinedData()})
	}
	for i := range e.user {
		d := &e.user[i]
		if !named(list, d.flat) {
			list = append(list, tocsin.Field{Name: d.flat, Value: d.value})
		}
		list = append(list, tocsin.Field{Name: d.path, Value: d.value})
	}
	if e.origin != "" {
		list = append(list, tocsin.Field{Name: "_Recovered", Value: e.origin})
	}
	return list
}

func named(fields []tocsin.Field, name string) bool {
	for i := range fields {
		if fields[i].Name == name {
			return true
		}
	}
	return false
}

// joinedData joins nameless Data by spaces.
func (e *winEvent) joinedData() string {
	var b strings.Builder
	for i := range e.data {
		if d := &e.data[i]; d.name == "Data" {
			if b.Len() > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(d.value)
		}
	}
	return b.String()
}
