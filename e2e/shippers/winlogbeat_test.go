package shippers

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestWinlogbeat: docs/connect/winlogbeat.md, with Winlogbeat's own documents and
// set-up. Its rows must be those that the same events make as XML, which is what
// Windows itself writes: all of each row as the page has it, with include_xml; all
// but what JSON cannot say without.
func TestWinlogbeat(t *testing.T) {
	binary(t)
	recorded, err := filepath.Abs("testdata/windows.xml")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(recorded)
	if err != nil {
		t.Fatal(err)
	}
	events := strings.Count(string(text), "\n")
	for name, withXML := range map[string]bool{"include_xml": true, "JSON alone": false} {
		t.Run(name, func(t *testing.T) { winlogbeat(t, recorded, events, withXML) })
	}
}

// winlogbeat sends a recording of so many events and compares.
func winlogbeat(t *testing.T, recorded string, events int, withXML bool) {
	t.Helper()
	s := start(t, "--sources", write(t, t.TempDir(), "sources.yaml", "sources:\n  - {name: xml, door: folder, path: "+recorded+"}\n"))
	t.Setenv("TOCSIN_TOKEN", s.token)
	home := t.TempDir()
	settings, _, _ := strings.Cut(configuration(t, "winlogbeat", "winlogbeat.yml", "https://tocsin.example:8700", s.url), "setup.template.enabled") // set-up left on
	if !withXML {
		settings = strings.ReplaceAll(settings, "include_xml: true", "include_xml: false")
	}
	said := background(t, installed(t, "winlogbeat", "--path.home", home, "-e", "-E", "winlogbeat.recorded="+recorded, "-c", write(t, home, "winlogbeat.yml", settings)))
	said.wait(t, regexp.MustCompile("Loaded index template"))
	received := func(source string) int {
		return s.count(t, `IngestHealth | where SourceId == "`+source+`" and Received == `+fmt.Sprint(events)+` and DeadLettered == 0`)
	}
	s.until(t, "all events of both", func() bool { return received("elastic:shipper") == 1 && received("folder:xml") == 1 })

	for table, key := range map[string]string{
		"SecurityEvent": "EventRecordId", "WindowsEvent": "EventRecordId", "Event": "EventID", "DeviceProcessEvents": "ProcessCommandLine",
		"DeviceNetworkEvents": "RemoteIP", "DeviceLogonEvents": "AccountName", "DeviceEvents": "ActionType",
	} {
		byKey := func(source string) map[string]map[string]any {
			rows := map[string]map[string]any{}
			for _, row := range s.rows(t, table+` | where _Source == "`+source+`"`) {
				rows[fmt.Sprint(row[key])] = row
			}
			return rows
		}
		xml, beat := byKey("folder:xml"), byKey("elastic:shipper")
		if len(xml) == 0 || len(xml) != len(beat) {
			t.Errorf("%s: %d rows of XML, %d of Winlogbeat", table, len(xml), len(beat))
		}
		for id, want := range xml {
			for column, value := range want {
				got := beat[id][column]
				isEqual := fmt.Sprint(got) == fmt.Sprint(value) || strings.HasPrefix(column, "_") && column != "_Unmapped"
				if !withXML {
					isEqual = notSent[column] || strings.HasPrefix(column, "_") || sameCell(got, value)
				}
				if !isEqual {
					t.Errorf("%s %s: %s is %v, of XML %v", table, id, column, got, value)
				}
			}
		}
	}
}

// notSent are columns that come of what Winlogbeat's JSON leaves out: the order of
// EventData and what is empty in it, the names of nameless values, numbers for
// which it has words.
var notSent = map[string]bool{"EventData": true, "ParameterXml": true, "Task": true, "Opcode": true, "Keywords": true, "Version": true, "EventLevelName": true, "EventCategory": true}

// sameCell compares cells; of times, Winlogbeat's JSON has milliseconds.
func sameCell(got, want any) bool {
	g, w := fmt.Sprint(got), fmt.Sprint(want)
	if precise := regexp.MustCompile(`^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})\d{4}Z$`); precise.MatchString(w) {
		g, w = precise.ReplaceAllString(g, "$1"), precise.ReplaceAllString(w, "$1")
	}
	return g == w
}
