package windows

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/normalize/value"
)

// A Refusal says why the XML that a shipper sent beside its own reading of an
// event was not believed: the event is the shipper's reading.
type Refusal struct {
	Reason string // one of a few: "cannot be read", "another EventID" …
	Detail string // for an analyst, with the values; of bounded length
}

// Refused says why event.original was not read, nil if it was, or there was none.
func (e *Event) Refused() *Refusal { return e.refused }

// said is what a shipper said of the event whose XML is read.
type said struct {
	system  []tocsin.Field
	data    []Datum
	hasUser bool
	message string
	at      time.Time
}

// vouched are the values by which an event is told from others. The shipper
// writes them out of the XML, and it is the shipper who was let in: XML that has
// others, or a second one of them, is not of this event. The rest need not agree:
// shippers put words for numbers and for %%1833, trim, rename and redact.
var vouched = [...]string{"EventID", "EventRecordID", "Channel", "Provider_Name", "Computer"}

// precision is what is left of a time in Winlogbeat's JSON.
const precision = time.Millisecond

// isOriginal says whether a text is XML that Windows rendered.
func isOriginal(text string) bool { return strings.HasPrefix(text, "<Event") }

// readOriginal reads the XML that came with the Winlogbeat document that was just
// read, adds what only the document has, and reads the document again where the
// XML is not to be believed.
func (e *Event) readOriginal(body string) error {
	original := e.original
	s := &e.said
	s.system, e.system = e.system, s.system
	s.data, e.data = e.data, s.data
	s.hasUser, s.message, s.at = len(e.user) > 0, e.message, e.At
	e.reset()
	if e.refused = e.believe(original, s); e.refused == nil {
		return nil
	}
	refused := e.refused
	e.reset()
	err := e.readWinlog(body)
	e.refused = refused
	return err
}

// believe reads XML and adds what was said beyond it.
func (e *Event) believe(original string, s *said) *Refusal {
	err := e.readXML(original)
	if err == nil && e.isCut {
		err = errManyValues
	}
	if err != nil {
		return &Refusal{Reason: "cannot be read", Detail: cut(err.Error())}
	}
	if r := e.contradicts(s); r != nil {
		return r
	}
	if e.complete(s); e.isCut {
		return &Refusal{Reason: "cannot be read", Detail: errManyValues.Error()}
	}
	return nil
}

var errManyValues = fmt.Errorf("the event has more than %d values, or more than %d bytes of names", maxData, maxNames)

// contradicts says what of the XML is not as it was said.
func (e *Event) contradicts(s *said) *Refusal {
	var want [len(vouched)]string
	var isSaid, isThere [len(vouched)]bool
	for i := range s.system {
		if v := vouchedIndex(s.system[i].Name); v >= 0 {
			want[v], isSaid[v] = s.system[i].Value, true
		}
	}
	hasTime := s.at.IsZero()
	for i := range e.system {
		f := &e.system[i]
		if v := vouchedIndex(f.Name); v >= 0 && isSaid[v] {
			if isThere[v] = true; !strings.EqualFold(f.Value, want[v]) {
				return &Refusal{Reason: "another " + f.Name, Detail: fmt.Sprintf("its %s is %s, that of winlog is %s", f.Name, quoted(f.Value), quoted(want[v]))}
			}
		}
		if f.Name == "SystemTime" && !s.at.IsZero() {
			at, ok := value.Instant(f.Value, value.Clock{})
			if hasTime = true; !ok || at.Sub(s.at).Abs() >= precision {
				return &Refusal{Reason: "another time", Detail: fmt.Sprintf("its time is %s, @timestamp is %s", quoted(f.Value), value.TimeText(s.at))}
			}
		}
	}
	for v, name := range vouched {
		if isSaid[v] && !isThere[v] {
			return &Refusal{Reason: "no " + name, Detail: fmt.Sprintf("it has no %s, that of winlog is %s", name, quoted(want[v]))}
		}
	}
	switch {
	case !hasTime:
		return &Refusal{Reason: "no time", Detail: "it has no time, @timestamp is " + value.TimeText(s.at)}
	case len(s.data) > 0 && len(e.data) == 0:
		return &Refusal{Reason: "no EventData", Detail: "it has no EventData, winlog has event_data"}
	case s.hasUser && len(e.user) == 0:
		return &Refusal{Reason: "no UserData", Detail: "it has no UserData, winlog has user_data"}
	}
	return nil
}

func vouchedIndex(name string) int {
	for i := range vouched {
		if vouched[i] == name {
			return i
		}
	}
	return -1
}

// complete adds what was said and the XML lacks: the message of forwarded events,
// and what processors of the shipper put beside the event's data.
func (e *Event) complete(s *said) {
	if e.message == "" {
		e.message = s.message
	}
	if len(e.known) > maxKept {
		e.known = nil // that was an event out of proportion
	}
	if e.known == nil {
		e.known = map[string]bool{}
	}
	clear(e.known)
	for i := range e.system {
		e.known[e.system[i].Name] = true
	}
	for i := range s.system {
		if f := &s.system[i]; !e.known[f.Name] {
			e.setSystem(f.Name, f.Value)
		}
	}
	clear(e.known)
	for i := range e.data {
		e.known[e.data[i].Name] = true
	}
	windows := len(e.data)
	for i := range s.data {
		if d := &s.data[i]; !e.known[d.Name] && strings.TrimSpace(d.Value) != "" && !e.isParameter(d.Name, windows) {
			e.addData(d.Name, d.Value)
		}
	}
}

// maxKept is how many names an event keeps room for.
const maxKept = 1024

// isParameter says whether a name is the one that Winlogbeat makes up for one of
// the first values of the event, because it is nameless: param2 for the second.
func (e *Event) isParameter(name string, first int) bool {
	digits, ok := strings.CutPrefix(name, "param")
	if !ok {
		return false
	}
	n, err := strconv.Atoi(digits)
	return err == nil && n >= 1 && n <= first && e.data[n-1].Name == "Data"
}

// maxDetail is how many bytes of a text are shown in a refusal.
const maxDetail = 200

func cut(text string) string {
	if len(text) <= maxDetail {
		return text
	}
	return strings.ToValidUTF8(text[:maxDetail], "") + "…"
}

func quoted(text string) string { return strconv.Quote(cut(text)) }
