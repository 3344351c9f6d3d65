// Package windows reads Windows events in the shapes they come in – evtx_dump's
// JSON, Winlogbeat's, NXLog's flat one, the OpenTelemetry Collector's, and Windows'
// own XML – into one [Event], and renders its data as Microsoft's tables have it.
//
// It promises the same event whatever the shape; texts it holds are parts of the
// record's body. It knows no table: what an event becomes is the mapping's matter,
// see package normalize. It refuses a body that is no such event, or has more
// values than an event can have. It is tested by a fuzz target, and by the golden
// files and the Sigma regression logs of package normalize.
package windows

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/normalize/expression"
	"github.com/tocsin-soc/tocsin/internal/normalize/value"
)

// A Datum is one value of an event's data.
type Datum struct {
	Name  string // as the event has it; of nameless Data "Data"
	Flat  string // without spaces
	Path  string // UserData: from Event down
	Value string
}

// An Event is a Windows event, whatever shape it came in. It is reused from
// record to record: texts it holds are parts of the record's body.
type Event struct {
	expression.Slots // of the fields that expressions ask for
	symbols          map[string]int

	Channel, Provider string
	ID                int
	At                time.Time // zero if the event has none

	system   []tocsin.Field // flattened, in the order of the source
	data     []Datum
	user     []Datum
	inNames  int    // bytes of all names: each is shown with each of its values
	isCut    bool   // there are more values than maxData, or names than maxNames
	dataJSON string // EventData as it came, if it was an object
	userJSON string
	message  string
	origin   string // "carved" or "uncommitted" if it was recovered
	buffer   []byte // of renderings
	names    nameTable

	original string          // XML that came with a Winlogbeat document
	refused  *Refusal        // why it was not believed
	said     said            // what the document says
	known    map[string]bool // names, while the two are put together
}

// New makes an event whose fields are known to expressions by these symbols.
func New(symbols map[string]int) *Event {
	return &Event{Slots: expression.NewSlots(len(symbols)), symbols: symbols}
}

// A Form is a shape that Windows events come in.
type Form uint8

// The forms.
const (
	Evtx       Form = iota + 1 // {"Event":{"System":…}}
	Winlogbeat                 // {"winlog":{…}}, with XML in event.original or without
	NXLog                      // {"EventID":…,"SourceName":…,"Channel":…}
	OTel                       // {"event_id":{"id":…},"provider":{…},"channel":…,"computer":…}
	XML                        // <Event><System>…
)

// Read reads an event; what the event was before is forgotten. clock reads the
// only times that Windows events may have without a zone, NXLog's.
func (e *Event) Read(form Form, body string, clock value.Clock) error {
	e.reset()
	var err error
	switch form {
	case Evtx:
		err = e.readEvtx(body)
	case Winlogbeat:
		err = e.readWinlogbeat(body)
	case NXLog:
		err = e.readNXLog(body, clock)
	case OTel:
		err = e.readOTel(body)
	case XML:
		err = e.readXML(body)
	default:
		panic(fmt.Sprintf("windows: no form %d", form))
	}
	switch {
	case err != nil:
		return err
	case e.isCut:
		return errManyValues
	case len(e.system) == 0 || e.ID == 0 && e.Provider == "" && e.Channel == "":
		return errNoSystem
	}
	if channel := channelOf[e.Provider]; e.Channel == "" && channel != "" {
		e.setSystem("Channel", channel)
	}
	if e.At.Year() > 9999 || e.At.Year() < 1 {
		e.At = time.Time{}
	}
	return nil
}

var errNoSystem = errors.New("the Windows event has no System part with Provider, Channel or EventID. Is the log damaged?")

func (e *Event) reset() {
	e.Clear()
	e.Channel, e.Provider, e.ID, e.At = "", "", 0, time.Time{}
	e.system, e.data, e.user, e.inNames, e.isCut = e.system[:0], e.data[:0], e.user[:0], 0, false
	e.dataJSON, e.userJSON, e.message, e.origin = "", "", "", ""
	e.original, e.refused = "", nil
}

// Data are the values of EventData, in the order of the event.
func (e *Event) Data() []Datum { return e.data }

// isFull says that the event has as many values, or as much in their names, as it
// may have, and notes that there was one more.
func (e *Event) isFull(name int) bool {
	e.inNames += name
	if len(e.data)+len(e.user)+len(e.system) < maxData && e.inNames <= maxNames {
		return false
	}
	e.isCut = true
	return true
}

// put makes a value known to expressions; the first of a name wins.
func (e *Event) put(name, text string) {
	if len(name) > maxKnown {
		return // nobody asks for it
	}
	if id := e.names.of(name, e.symbols).symbol; id != expression.NoSymbol {
		e.Set(id, text)
	}
}

// setSystem takes a value of System by its flattened name.
func (e *Event) setSystem(name, text string) {
	if name == "Channel" && text == "" {
		return // a log saved without one: see channelOf
	}
	if e.isFull(len(name)) {
		return
	}
	e.system = append(e.system, tocsin.Field{Name: name, Value: text})
	e.put(name, text)
	switch name {
	case "Channel":
		e.Channel = text
	case "Provider_Name":
		e.Provider = text
	case "EventID":
		e.ID, _ = strconv.Atoi(text)
	case "SystemTime":
		e.At, _ = value.Instant(text, value.Clock{})
	case "Computer":
		e.system = append(e.system, tocsin.Field{Name: "ComputerName", Value: text})
	}
}

// setTime takes the time of shapes that do not write it as SystemTime.
func (e *Event) setTime(t time.Time) {
	text := value.TimeText(t)
	e.system = append(e.system, tocsin.Field{Name: "SystemTime", Value: text})
	e.put("SystemTime", text)
	e.At = t
}

// addData takes a value of EventData.
func (e *Event) addData(name, value string) {
	if e.isFull(len(name)) {
		return
	}
	if len(name) > maxKnown {
		e.data = append(e.data, Datum{Name: name, Flat: name, Value: value})
		return
	}
	known := e.names.of(name, e.symbols)
	e.data = append(e.data, Datum{Name: known.name, Flat: known.flat, Value: value})
	if known.symbol != expression.NoSymbol {
		e.Set(known.symbol, value)
	}
}

// addUser takes a leaf of UserData.
func (e *Event) addUser(path, leaf, value string) {
	if e.isFull(len(path) + len(leaf)) {
		return
	}
	e.user = append(e.user, Datum{Name: leaf, Flat: strings.ReplaceAll(leaf, " ", ""), Path: path, Value: value})
	e.put(leaf, value)
}

// maxData bounds the values of one event, maxNames the bytes of their names.
const (
	maxData  = 8192
	maxNames = 1 << 20
)

// channelOf routes events whose log was saved without a channel.
var channelOf = map[string]string{
	"Microsoft-Windows-Sysmon":            "Microsoft-Windows-Sysmon/Operational",
	"Microsoft-Windows-Security-Auditing": "Security",
}

// FieldCount is how many fields the event has at most.
func (e *Event) FieldCount() int { return len(e.system) + len(e.data) + 2*len(e.user) + 2 }

// AppendFields flattens the event for Sigma: System by the names of its taxonomy,
// EventData by its names without spaces, several nameless Data one by one and
// joined, UserData by the names of its leaves (the first wins) and their paths.
func (e *Event) AppendFields(list []tocsin.Field) []tocsin.Field {
	list = append(list, e.system...)
	nameless, first := 0, -1
	for i := range e.data {
		d := &e.data[i]
		list = append(list, tocsin.Field{Name: d.Flat, Value: d.Value})
		if d.Name == "Data" {
			if nameless++; first < 0 {
				first = i
			}
		}
	}
	if nameless > 1 {
		list = append(list, tocsin.Field{Name: "Data", Value: e.joinedData()})
	}
	known := map[string]bool{}
	if len(e.user) > 0 {
		for i := range list {
			known[list[i].Name] = true
		}
	}
	for i := range e.user {
		d := &e.user[i]
		if !known[d.Flat] {
			known[d.Flat] = true
			list = append(list, tocsin.Field{Name: d.Flat, Value: d.Value})
		}
		list = append(list, tocsin.Field{Name: d.Path, Value: d.Value})
	}
	if e.origin != "" {
		list = append(list, tocsin.Field{Name: "_Recovered", Value: e.origin})
	}
	return list
}

// joinedData joins nameless Data by spaces.
func (e *Event) joinedData() string {
	var b strings.Builder
	for i := range e.data {
		if d := &e.data[i]; d.Name == "Data" {
			if b.Len() > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(d.Value)
		}
	}
	return b.String()
}
