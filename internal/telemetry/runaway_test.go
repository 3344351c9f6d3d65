//go:build unix

package telemetry_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/telemetry"
)

// runaways are queries nobody should run: a join of everything with everything,
// a sort far beyond the memory, a regular expression over every text many times.
var runaways = []string{
	`SELECT count(*) FROM "SecurityEvent" a, "SecurityEvent" b WHERE a."CommandLine" < b."CommandLine"`,
	`SELECT * FROM (SELECT a.*, r.range AS n FROM "SecurityEvent" a, range(1000) r) ORDER BY md5("CommandLine" || n) LIMIT 10 OFFSET 100000000`,
	`SELECT count(*) FROM "SecurityEvent" a, range(100000) r WHERE regexp_matches("CommandLine" || r.range, '([a-z0-9]+[0-9]+)+x{3}y')`,
}

// BenchmarkAppend_BesideRunaways appends at full speed, by turns alone and while
// runaway queries keep every worker busy. "ratio" is the best speed beside them
// over the best alone; how the queries ended is counted: each ends by a limit, or
// because its turn is over.
func BenchmarkAppend_BesideRunaways(b *testing.B) {
	s := contentSchema(b)
	const turns, batches = 4, 2
	for b.Loop() {
		store := open(b, b.TempDir(), func(o *telemetry.Options) { o.QueryTime, o.MemoryLimit = 5*time.Second, 1<<30 })
		appendOK(b, store, telemetry.Batch{ID: "before", Events: processEvents(b, s, 1000, batchRows)})
		speed := func(seed int) float64 {
			var work [][]tocsin.Event
			for i := range batches {
				work = append(work, processEvents(b, s, seed+i, batchRows))
			}
			start := time.Now()
			for _, events := range work {
				appendOK(b, store, telemetry.Batch{ID: "b", Events: events})
			}
			return batches * batchRows / time.Since(start).Seconds()
		}
		alone, beside := 0.0, 0.0
		ends := map[string]int{}
		for turn := range turns {
			alone = max(alone, speed(turn*10))
			stop := run(store, ends)
			time.Sleep(6 * time.Second) // each meets its limit at least once and is under way again
			beside = max(beside, speed(turn*10+5))
			stop()
		}
		b.ReportMetric(alone, "alone-events/s")
		b.ReportMetric(beside, "beside-events/s")
		b.ReportMetric(beside/alone, "ratio")
		for how, n := range ends {
			b.ReportMetric(float64(n), how)
		}
		store.Close()
	}
	b.ReportMetric(0, "ns/op")
}

// run keeps the runaway queries running, each again when it has ended, until stop.
func run(store *telemetry.Store, ends map[string]int) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var mu sync.Mutex
	var running sync.WaitGroup
	for _, sql := range runaways {
		running.Go(func() {
			for ctx.Err() == nil {
				err := drain(ctx, store, sql)
				mu.Lock()
				ends[end(err)]++
				mu.Unlock()
			}
		})
	}
	return func() { cancel(); running.Wait() }
}

func end(err error) string {
	switch _, message := tocsin.Explain(err); {
	case err == nil:
		return "ended-by-itself"
	case errors.Is(err, context.Canceled):
		return "ended-by-stop"
	case strings.HasPrefix(message, "The query needs more memory"):
		return "ended-by-memory"
	case strings.HasPrefix(message, "The query ran longer"):
		return "ended-by-time"
	}
	return "ended-otherwise"
}

// A query that was stopped is over: nothing of the process computes on. The
// processor time of the process is watched until a stretch of real time passes
// with next to none used.
func TestQuery_StoppedQueryLeavesTheProcessorAlone(t *testing.T) {
	s := open(t, t.TempDir())
	appendOK(t, s, telemetry.Batch{Events: signins("a", 0, 5000)})
	for name, sql := range map[string]string{
		"join":  endless,
		"sort":  `SELECT md5(range::VARCHAR) AS m FROM range(2000000000) ORDER BY m`,
		"regex": `SELECT count(*) FROM range(100000) a, range(1000000) b WHERE regexp_matches('aaaaaaaaaaaaaaaaaaaaaaaa' || (a.range * b.range), '(a+a+)+b')`,
		"group": `SELECT count(*) FROM (SELECT md5(range::VARCHAR) AS m, count(*) FROM range(2000000000) GROUP BY m)`,
		"kql":   `SELECT count(*) FROM range(2000000000) WHERE kql_has('a b c d e f g ' || range, 'zz', 0)`,
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			ended := make(chan error, 1)
			before := processTime()
			go func() { ended <- drain(ctx, s, sql) }()
			for processTime()-before < 200*time.Millisecond { // it computes
				select {
				case err := <-ended:
					t.Fatalf("ended by itself: %v", err)
				case <-time.After(time.Millisecond):
				}
			}
			cancel()
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Fatalf("got %v", err)
			}
			deadline := time.Now().Add(time.Minute)
			for {
				used := processTime()
				time.Sleep(100 * time.Millisecond)
				if processTime()-used < 20*time.Millisecond {
					return
				}
				if time.Now().After(deadline) {
					t.Fatal("the process still computes a minute after the query was stopped")
				}
			}
		})
	}
}
