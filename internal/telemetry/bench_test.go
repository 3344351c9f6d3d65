//go:build unix

package telemetry_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"syscall"
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
// same cells into a table of exactly the columns that the events use: "ratio" is
// bare time / Append time, 1 being no overhead at all. cpu-ratio is the same in
// processor time, which a busy machine does not blur.
func BenchmarkAppend(b *testing.B) {
	s := contentSchema(b)
	const batches = 4
	work := make([][]tocsin.Event, batches)
	for i := range work {
		work[i] = processEvents(b, s, i, batchRows)
	}
	var bare, full, bareCPU, fullCPU time.Duration
	for b.Loop() {
		start, cpu := time.Now(), processTime()
		appendBare(b, s, work)
		bare, bareCPU = bare+time.Since(start), bareCPU+processTime()-cpu

		store := open(b, b.TempDir())
		start, cpu = time.Now(), processTime()
		for _, events := range work {
			appendOK(b, store, telemetry.Batch{ID: "b", Events: events})
		}
		full, fullCPU = full+time.Since(start), fullCPU+processTime()-cpu
		store.Close()
	}
	rows := float64(b.N * batches * batchRows)
	b.ReportMetric(rows/full.Seconds(), "events/s")
	b.ReportMetric(rows/bare.Seconds(), "bare-events/s")
	b.ReportMetric(bare.Seconds()/full.Seconds(), "ratio")
	b.ReportMetric(bareCPU.Seconds()/fullCPU.Seconds(), "cpu-ratio")
	b.ReportMetric(fullCPU.Seconds()/rows*1e6, "cpu-us/event")
	b.ReportMetric(0, "ns/op")
}

// processTime is the processor time this process has used.
func processTime() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// appendBare writes the batches with nothing but the driver.
func appendBare(b *testing.B, s *schema.Schema, work [][]tocsin.Event) {
	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	wide, _ := s.Table("SecurityEvent")
	var columns []schema.Column
	var index []int
	for i, v := range work[0][0].Values {
		if !v.IsNull() {
			columns, index = append(columns, wide.Columns[i]), append(index, i)
		}
	}
	columns = append(columns, schema.Column{Name: "_EventId", Type: catalog.String}, schema.Column{Name: "_IngestionTime", Type: catalog.Long}, schema.Column{Name: "_Source", Type: catalog.String})
	db, err := duck.Open(filepath.Join(b.TempDir(), "bare.duckdb"), map[string]string{"checkpoint_threshold": "1TB"})
	must(err)
	defer db.Close()
	c, err := db.Connect()
	must(err)
	defer c.Close()
	must(c.Exec(schema.NewTable("bare", columns).DDL()))
	for _, events := range work {
		must(c.Exec("BEGIN"))
		a, err := c.NewAppender("main", "bare")
		must(err)
		for rest := events; len(rest) > 0; rest = rest[min(len(rest), duck.ChunkRows):] {
			part := rest[:min(len(rest), duck.ChunkRows)]
			must(a.Append(len(part), func(column int, w *duck.Writer) error {
				for i := range part {
					switch {
					case column == len(index):
						w.Text(i, string(part[i].ID))
					case column == len(index)+1:
						w.Long(i, tocsin.Ticks(part[i].ReceivedAt))
					case column == len(index)+2:
						w.Text(i, string(part[i].Source))
					case columns[column].Type == catalog.String:
						w.Text(i, part[i].Values[index[column]].Str)
					case columns[column].Type == catalog.Int:
						w.Int(i, int32(part[i].Values[index[column]].Num))
					default:
						w.Long(i, part[i].Values[index[column]].Num)
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
