package telemetry_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/telemetry"
	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
	"github.com/tocsin-soc/tocsin/kql/catalog"
)

const batchRows = 122_880

// processEvents makes n events of SecurityEvent as process creation fills it:
// about 25 of its 229 columns, with the variety of a mid-sized network.
func processEvents(t testing.TB, s *schema.Schema, seed, n int) []tocsin.Event {
	table, ok := s.Table("SecurityEvent")
	if !ok {
		t.Fatal("no table SecurityEvent")
	}
	rng := rand.New(rand.NewPCG(uint64(seed), 1))
	index := map[string]int{}
	for i, c := range table.Columns {
		index[c.Name] = i
	}
	events := make([]tocsin.Event, n)
	for i := range events {
		at := noon.Add(time.Duration(i) * time.Millisecond)
		ev := tocsin.Event{
			ID:    tocsin.EventID(fmt.Sprintf("%016x%016x", rng.Uint64(), rng.Uint64())),
			Table: "SecurityEvent", Source: "bench", OccurredAt: at, ReceivedAt: at, Values: make([]tocsin.Value, len(table.Columns)-3),
		}
		set := func(column string, v tocsin.Value) { ev.Values[index[column]] = v }
		user, host := rng.IntN(20000), rng.IntN(5000)
		set("TimeGenerated", tocsin.TimeValue(at))
		set("Computer", tocsin.StringValue(fmt.Sprintf("ws-%04d.corp.contoso.example", host)))
		set("Account", tocsin.StringValue(fmt.Sprintf(`CORP\user%05d`, user)))
		set("AccountType", tocsin.StringValue("User"))
		set("Activity", tocsin.StringValue("4688 - A new process has been created."))
		set("Channel", tocsin.StringValue("Security"))
		set("CommandLine", tocsin.StringValue(fmt.Sprintf(`"C:\Program Files\Vendor %d\agent.exe" --job %d --session %x --config C:\ProgramData\agent\%d.json`, rng.IntN(40), rng.IntN(1e6), rng.Uint64(), rng.IntN(300))))
		set("EventID", tocsin.IntValue(4688))
		set("EventSourceName", tocsin.StringValue("Microsoft-Windows-Security-Auditing"))
		set("Level", tocsin.StringValue("8"))
		set("NewProcessId", tocsin.StringValue(fmt.Sprintf("0x%x", rng.IntN(65536))))
		set("NewProcessName", tocsin.StringValue(fmt.Sprintf(`C:\Program Files\Vendor %d\agent.exe`, rng.IntN(40))))
		set("ParentProcessName", tocsin.StringValue(`C:\Windows\System32\services.exe`))
		set("Process", tocsin.StringValue("agent.exe"))
		set("ProcessId", tocsin.StringValue(fmt.Sprintf("0x%x", rng.IntN(65536))))
		set("SubjectDomainName", tocsin.StringValue("CORP"))
		set("SubjectLogonId", tocsin.StringValue(fmt.Sprintf("0x%x", rng.Uint32())))
		set("SubjectUserName", tocsin.StringValue(fmt.Sprintf("user%05d", user)))
		set("SubjectUserSid", tocsin.StringValue(fmt.Sprintf("S-1-5-21-1004336348-1177238915-682003330-%d", user)))
		set("TargetUserName", tocsin.StringValue("-"))
		set("TokenElevationType", tocsin.StringValue("%%1936"))
		events[i] = ev
	}
	return events
}

// BenchmarkAppend compares Append with the driver's bare appender writing the
// same cells: "ratio" is bare time / Append time, 1 being no overhead at all.
func BenchmarkAppend(b *testing.B) {
	s := contentSchema(b)
	const batches = 4
	work := make([][]tocsin.Event, batches)
	for i := range work {
		work[i] = processEvents(b, s, i, batchRows)
	}
	var bare, full time.Duration
	for b.Loop() {
		start := time.Now()
		appendBare(b, s, work)
		bare += time.Since(start)

		store := open(b, b.TempDir())
		start = time.Now()
		for _, events := range work {
			appendOK(b, store, telemetry.Batch{ID: "b", Events: events})
		}
		full += time.Since(start)
		store.Close()
	}
	rows := float64(b.N * batches * batchRows)
	b.ReportMetric(rows/full.Seconds(), "events/s")
	b.ReportMetric(rows/bare.Seconds(), "bare-events/s")
	b.ReportMetric(bare.Seconds()/full.Seconds(), "ratio")
	b.ReportMetric(0, "ns/op")
}

// appendBare writes the batches with nothing but the driver.
func appendBare(b *testing.B, s *schema.Schema, work [][]tocsin.Event) {
	db, err := duck.Open(filepath.Join(b.TempDir(), "bare.duckdb"), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	c, err := db.Connect()
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	table, _ := s.Table("SecurityEvent")
	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	must(c.Exec(table.DDL()))
	for _, events := range work {
		must(c.Exec("BEGIN"))
		a, err := c.NewAppender("main", "SecurityEvent")
		must(err)
		for rest := events; len(rest) > 0; rest = rest[min(len(rest), duck.ChunkRows):] {
			part := rest[:min(len(rest), duck.ChunkRows)]
			must(a.Append(len(part), func(column int, w *duck.Writer) error {
				for i := range part {
					v := tocsin.Value{}
					if column < len(part[i].Values) {
						v = part[i].Values[column]
					}
					switch table.Columns[column].Type {
					case catalog.String:
						w.Text(i, v.Str)
					case catalog.Int:
						w.Int(i, int32(v.Num))
					case catalog.Guid, catalog.Dynamic:
						w.Null(i)
					case catalog.Bool:
						w.Bool(i, v.Num != 0)
					case catalog.Real:
						w.Real(i, v.Real())
					default:
						w.Long(i, v.Num)
					}
				}
				return nil
			}))
		}
		must(a.Close())
		must(c.Exec("COMMIT"))
	}
}

// BenchmarkAppend_Small is what a quiet system sees: small batches, one after
// the other.
func BenchmarkAppend_Small(b *testing.B) {
	s := contentSchema(b)
	events := processEvents(b, s, 1, 200_000)
	store := open(b, b.TempDir())
	i := 0
	for b.Loop() {
		from := i * 100 % len(events)
		part := events[from : from+100]
		if i*100 >= len(events) {
			b.Fatal("more iterations than events")
		}
		if _, err := store.Append(context.Background(), telemetry.Batch{Events: part}); err != nil {
			b.Fatal(err)
		}
		i++
	}
}
