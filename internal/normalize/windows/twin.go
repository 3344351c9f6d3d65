package windows

import (
	"strings"
	"sync"
	"time"

	"github.com/tocsin-soc/tocsin/internal/jsontext"
)

// What kind of data a Windows event has: the first byte of tocsin.Event.Twin.
// Behind it stand what collected the event, a line break, and the event's text.
const (
	twinData     = 'd' // EventData
	twinUser     = 'u' // UserData, as it came
	twinUserList = 'l' // UserData, leaf by leaf
	twinNothing  = 'n'
)

// Twin makes what the row of Event needs beyond that of WindowsEvent, where the
// event is stored.
func (e *Event) Twin() string {
	kind := byte(twinNothing)
	switch {
	case len(e.data) > 0:
		kind = twinData
	case e.userJSON != "":
		kind = twinUser
	case len(e.user) > 0:
		kind = twinUserList
	}
	if e.message == "" && e.origin == "" {
		return plainTwins[kind]
	}
	system, _ := sourceSystem(e)
	return string(kind) + system + "\n" + e.message
}

// plainTwins are those of most events.
var plainTwins = map[byte]string{
	twinData: "dTocsin\n", twinUser: "uTocsin\n", twinUserList: "lTocsin\n", twinNothing: "nTocsin\n",
}

// EventData renders the data of a Windows event as Event.EventData has it, from
// tocsin.Event.Twin and what WindowsEvent.EventData holds.
func EventData(twin, data string, at time.Time) string {
	return rendered(twin, data, func(e *Event) string {
		e.At = at.UTC()
		return e.dataItemXML()
	})
}

// EventParameters renders the data as Event.ParameterXml has it.
func EventParameters(twin, data string) string {
	return rendered(twin, data, (*Event).paramXML)
}

// rendering holds events without a mapping: only their data is read.
var rendering = sync.Pool{New: func() any { return New(nil) }}

func rendered(twin, data string, render func(*Event) string) string {
	e := rendering.Get().(*Event)
	defer rendering.Put(e)
	e.reset()
	z := jsontext.New(data)
	if twin == "" || data == "" {
		return render(e)
	}
	// What is read here was read before it was stored, so it is well formed; of
	// anything else, what can be read is shown.
	switch twin[0] {
	case twinData:
		_ = z.Object(func(key string) error { return e.dataElement(z, key) })
	case twinUser:
		e.userJSON = strings.TrimSpace(data)
	case twinUserList:
		_ = z.Object(func(key string) error { return e.userElement(z, "", key) })
	}
	return render(e)
}
