package telemetry_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/telemetry"
)

// TestAppend_LongTexts: rows of megabytes do not take down a store with little
// memory, and can be read. As many are whole as fit, of others the long texts are
// shortened; each says so, and the source counts it.
func TestAppend_LongTexts(t *testing.T) {
	const rows, each = 2400, 250 << 10
	dir := t.TempDir()
	limited := func(o *telemetry.Options) { o.MemoryLimit, o.Threads = 160<<20, 2 }
	s := open(t, dir, limited)
	table, _ := contentSchema(t).Table("WindowsEvent")
	data, _ := table.Column("EventData")
	computer, _ := table.Column("Computer")
	dice := rand.New(rand.NewPCG(1, 2))
	for from := 0; from < rows; from += 40 {
		b := telemetry.Batch{ID: fmt.Sprint(from)}
		for i := range 40 {
			raw := tocsin.Raw{Source: "a", Position: fmt.Sprint(from + i)}
			ev := tocsin.Event{ID: tocsin.IdentifyEvent(raw.Digest(), "WindowsEvent", 0), Table: "WindowsEvent", Source: "a", OccurredAt: noon, ReceivedAt: noon, Values: make([]tocsin.Value, len(table.Columns)-3)}
			ev.Values[computer] = tocsin.StringValue("DC01")
			ev.Values[data] = tocsin.Value{Kind: tocsin.Dynamic, Str: `{"Image":"cmd.exe","Payload":"` + noise(dice, each) + `"}`}
			b.Events = append(b.Events, ev)
		}
		appendOK(t, s, b)
	}
	const whole = `SELECT count(*), count(*) FILTER (length("EventData") > 200000) > 40, count(*) FILTER (length("EventData") < 2000 AND contains("EventData", '[shortened by Tocsin: 256000 bytes]')) > 2200 FROM "WindowsEvent"`
	const inside = `SELECT count(*) FROM "WindowsEvent" WHERE "EventData"->>'Image' = 'cmd.exe'`
	wantText(t, "rows", query(t, s, whole), "2400|true|true\n")
	wantText(t, "inside", query(t, s, inside), "2400\n")
	wantText(t, "counted", query(t, s, `SELECT "SourceId", "Stored", "Shortened" > 2200, "LastShortened" IS NOT NULL FROM "IngestHealth"`), "a|2400|true|true\n")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wantText(t, "rows after a restart", query(t, open(t, dir, limited), whole), "2400|true|true\n")
}

// noise makes a text that does not compress well.
func noise(dice *rand.Rand, n int) string {
	var text strings.Builder
	for text.Len() < n {
		fmt.Fprintf(&text, "%x ", dice.Uint64())
	}
	return text.String()[:n]
}

// TestAppend_LongDeadLetters: garbage of megabytes does not take down a store with
// little memory. As many whole records are kept as fit, of others the beginning,
// and every short one.
func TestAppend_LongDeadLetters(t *testing.T) {
	const letters = 60
	s := open(t, t.TempDir(), func(o *telemetry.Options) { o.MemoryLimit, o.Threads = 200<<20, 2 })
	for i := range letters {
		text := strings.Repeat(fmt.Sprintf("garbage %d ", i), tocsin.MaxRawBytes/9)
		appendOK(t, s, telemetry.Batch{ID: fmt.Sprint(i), Rejects: []tocsin.Reject{
			reject("a", fmt.Sprint("whole ", i), text[:tocsin.MaxRawBytes]), reject("a", fmt.Sprint("long ", i), text[:tocsin.MaxRawBytes+1]),
			reject("a", fmt.Sprint("short ", i), text[:1000]),
		}})
	}
	wantText(t, "letters", query(t, s, `SELECT "RawLength", "IsTruncated", length("RawData"), count(*) FROM "DeadLetters" GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`),
		"1000|false|1000|60\n4194304|false|4194304|4\n4194304|true|4096|56\n4194305|true|4096|42\n4194305|true|32768|18\n")
}
