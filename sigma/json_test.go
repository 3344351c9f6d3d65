package sigma

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// eventText lists an event's fields, unknown ones as -.
func eventText(ev *Event) string {
	var b strings.Builder
	for i := range ev.Len() {
		id, kind, v := ev.At(i)
		name := ev.Fields().Name(id)
		if name == "" {
			name = "-"
		}
		if kind == KindNull {
			fmt.Fprintf(&b, "%s null\n", name)
			continue
		}
		fmt.Fprintf(&b, "%s %q\n", name, v)
	}
	return b.String()
}

func TestParseJSON(t *testing.T) {
	fields := NewFields()
	for _, n := range strings.Fields("a a.b list obj.x ThreatName Image Data Execution_ProcessID UserID Computer ComputerName SubjectUserName Event.UserData.LogFileCleared.SubjectUserName Binary Qualifiers") {
		fields.ID(n)
	}
	for _, c := range []struct{ name, in, want string }{
		{"scalars", `{"a": "x\u00e9\n\ud83d\ude00\\", "zz": true, "a": null}`, "a \"xé\\n😀\\\\\"\n- \"true\"\na null\n"},
		{"numbers in canonical form", `{"a":4688,"a":4688.0,"a":1.50,"a":-0.25,"a":1e3}`, "a \"4688\"\na \"4688\"\na \"1.5\"\na \"-0.25\"\na \"1000\"\n"},
		{"nested objects and lists", `{"a":{"b":1},"list":["x",2,[]],"obj":[{"x":1},{"x":2}],"list":[]}`,
			"a.b \"1\"\nlist \"x\"\nlist \"2\"\nlist null\nobj.x \"1\"\nobj.x \"2\"\nlist null\n"},
		{"spaces in names", `{"Threat Name":"EICAR"}`, "ThreatName \"EICAR\"\n"},
		{"log record", `{"Event":{"System":{"Provider":{"#attributes":{"Name":"P"}},"EventID":{"#attributes":{"Qualifiers":0},"#text":400},"Channel":"C","Computer":"h","Execution":{"#attributes":{"ProcessID":7}},"Security":{"#attributes":{"UserID":"S-1"}},"Correlation":null},"EventData":{"#attributes":{"Name":"n"},"Threat Name":"T","Data":{"#text":["one","two"]},"Binary":null}}}`,
			"Provider_Name \"P\"\nQualifiers \"0\"\nEventID \"400\"\nChannel \"C\"\nComputer \"h\"\nComputerName \"h\"\nExecution_ProcessID \"7\"\nUserID \"S-1\"\n- null\n- \"n\"\nThreatName \"T\"\nData \"one\"\nData \"two\"\nData \"one two\"\nBinary null\n"},
		{"winlogbeat", `{"winlog":{"computer_name":"h","event_data":{"Image":"x","a":"y"},"process":{"pid":4}},"a":"z"}`, "Computer \"h\"\nImage \"x\"\na \"y\"\n- \"4\"\na \"z\"\n"},
		{"user data", `{"Event":{"UserData":{"LogFileCleared":{"#attributes":{"xmlns":"x"},"SubjectUserName":"u","Other":{"SubjectUserName":"second"}}}}}`,
			"- \"x\"\nSubjectUserName \"u\"\nEvent.UserData.LogFileCleared.SubjectUserName \"u\"\n- \"second\"\n"},
	} {
		ev := NewEvent(fields)
		if err := ParseJSON([]byte(c.in), ev); err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if got := eventText(ev); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

func TestParseJSON_Refuses(t *testing.T) {
	ev := NewEvent(NewFields())
	for _, in := range []string{``, `[]`, `{"a":1} x`, `{"a"}`, `{"a":1,}`, `{"a":tru}`, `{"a":"\x"}`, `{"a":"\u12"}`, "{\"a\":\"\n\"}", `{"a":--1}`, `{"a":-}`,
		strings.Repeat(`{"a":`, 100), strings.Repeat(`[`, 100), `{"a":` + strings.Repeat("[1,", 9000)} {
		if err := ParseJSON([]byte(in), ev); err == nil {
			t.Errorf("%.40q is accepted", in)
		}
	}
	for _, in := range []string{`{"a":"x`, `{"a"`, `{"a":[1,2`, `{"a":tr`, `{`, `{"a":"\`} {
		if _, err := ScanJSON([]byte(in), ev); !errors.Is(err, ErrIncomplete) {
			t.Errorf("%q: %v", in, err)
		}
	}
}

// FuzzParseJSON: what is accepted is JSON for encoding/json, too, and the other
// way round within our bounds.
func FuzzParseJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,{"b":"\u00e9"}]}`, `{"Event":{"System":{"EventID":1},"EventData":{"Data":["x"]},"UserData":{"R":{"F":1}}}}`, `{"a":1.5e3}`} {
		f.Add([]byte(s))
	}
	fields := NewFields()
	fields.ID("a")
	f.Fuzz(func(t *testing.T, in []byte) {
		ev := NewEvent(fields)
		err := ParseJSON(in, ev)
		var v map[string]any
		std := json.Unmarshal(in, &v)
		if std == nil && v != nil && err != nil && !strings.Contains(err.Error(), "nested") && !strings.Contains(err.Error(), "values") {
			t.Fatalf("valid JSON is refused: %v", err)
		}
	})
}
