package normalize

import (
	"testing"

	"github.com/tocsin-soc/tocsin"
)

// TestSyslog_SenderStandsIn: a device that leaves its name out of its messages is
// known by the address they came from; a name it gives stays.
func TestSyslog_SenderStandsIn(t *testing.T) {
	n := shipped(t)
	for body, want := range map[string][2]string{
		"<134>filterlog[1]: no columns":            {"192.0.2.1", "192.0.2.1"},
		"<13>Jan  2 03:04:00 web1 app: text":       {"web1", "192.0.2.1"},
		"<13>1 2026-01-02T03:04:00Z - app - - - x": {"192.0.2.1", "192.0.2.1"},
	} {
		raw := tocsin.Raw{Source: "test", Format: tocsin.FormatSyslog, Sender: "192.0.2.1", ReceivedAt: received, Body: []byte(body)}
		records, rejects := n.Batch([]tocsin.Raw{raw})
		if len(rejects) > 0 {
			t.Fatal(rejects[0].Reason)
		}
		row, syslog := records[0].Events[0].Values, n.tables["Syslog"]
		got := [2]string{row[syslog.byName["Computer"]].Str, row[syslog.byName["HostIP"]].Str}
		if got != want {
			t.Errorf("%s: Computer and HostIP are %q, want %q", body, got, want)
		}
	}
}
