package windows

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tocsin-soc/tocsin/internal/normalize/value"
)

// FuzzRead holds reading and rendering to their promises on hostile bodies: an
// event has no more values than it may, an event that is used again remembers
// nothing, and what it renders for a column of XML opens and closes.
func FuzzRead(f *testing.F) {
	for form, body := range map[Form]string{
		Evtx:       `{"Event":{"System":{"Provider":{"#attributes":{"Name":"P"}},"EventID":{"#text":1,"#attributes":{"Qualifiers":"0"}},"Channel":"C"},"EventData":{"Data":["a",1],"b c":{"#text":"x"}},"UserData":{"a":{"b":["1","2"],"#text":"t"}}}}`,
		Winlogbeat: `{"@timestamp":"2026-01-01T00:00:00Z","winlog":{"event_id":1,"channel":"C","event_data":{"a":"b"},"user_data":{"c":{"d":1}},"keywords":["Audit Success"],"process":{"pid":1,"thread":{"id":2}}}}`,
		NXLog:      `{"EventTime":"2026-01-01 00:00:00","EventID":1,"SourceName":"S","Channel":"C","Hostname":"h","Keywords":-9214364837600034816,"EventType":"INFO","x":"y"}`,
		OTel:       `{"event_id":{"id":1},"provider":{"name":"P"},"channel":"C","computer":"h","event_data":{"data":[{"":"x"},{"a":"b"},"c"],"binary":"00"},"keywords":["0x8020000000000000"]}`,
		XML:        `<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System><Provider Name="P"/><EventID Qualifiers="0">1</EventID><Channel>C</Channel></System><EventData><Data Name="a">b</Data><Data>c</Data></EventData><UserData><x k="1" xmlns:l="m"><y>z</y><y a="b">&lt;</y><y/></x></UserData></Event>`,
	} {
		f.Add(uint8(form), body)
	}
	for _, original := range []string{ // of this event, with data of both; of another
		`<Event><System><EventID>1</EventID><Channel>C</Channel><TimeCreated SystemTime='2026-01-01T00:00:00.0001Z'/></System><EventData><Data>x</Data><Data Name='c'/></EventData></Event>`,
		`<Event><System><EventID>2</EventID></System></Event>`,
	} {
		f.Add(uint8(Winlogbeat-1), `{"@timestamp":"2026-01-01T00:00:00Z","event":{"original":"`+original+`"},"winlog":{"event_id":1,"channel":"C","event_data":{"a":"b","param1":"x"}}}`)
	}
	f.Add(uint8(XML-1), "<Event><System><EventID>1</EventID></System><EventData><Data Name='a\x01'>\x1b&#x1b;&#0;\uFDD0&amp;#1;</Data></EventData></Event>")
	f.Fuzz(func(t *testing.T, form uint8, body string) {
		form = 1 + form%uint8(XML)
		e := New(map[string]int{"Channel": 0, "a": 1})
		first := e.Read(Form(form), body, value.Clock{})
		fields, count := e.AppendFields(nil), e.FieldCount()
		if first == nil && (len(fields) > count || len(e.data)+len(e.user)+len(e.system) > maxData+1) {
			t.Fatalf("%d fields of at most %d", len(fields), count)
		}
		var shown [5]string
		for i, name := range []string{"DataXML", "DataItemXML", "ParamXML", "DataJSON", "Message"} {
			shown[i], _ = RenderingOf(name)(e)
		}
		if x := shown[0]; first == nil && x != "" && !strings.HasSuffix(x, "</EventData>") && !strings.HasSuffix(x, "</UserData>") {
			t.Fatalf("%q does not close", x)
		}
		if bag := shown[3]; first == nil && bag != "" && !json.Valid([]byte(bag)) {
			t.Fatalf("%q is no JSON", bag)
		}
		twin := e.Twin()
		_, _ = EventData(twin, shown[3], e.At), EventParameters(twin, shown[3])
		if err := e.Read(Form(form), body, value.Clock{}); (err == nil) != (first == nil) || len(e.AppendFields(nil)) != len(fields) {
			t.Fatalf("the second time: %v, the first time: %v; %d and %d fields", err, first, len(e.AppendFields(nil)), len(fields))
		}
		for i, name := range []string{"DataXML", "DataItemXML", "ParamXML", "DataJSON", "Message"} {
			if again, _ := RenderingOf(name)(e); again != shown[i] {
				t.Fatalf("%s is %q the second time, %q the first time", name, again, shown[i])
			}
		}
	})
}
