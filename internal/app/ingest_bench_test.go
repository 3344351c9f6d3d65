//go:build unix

package app

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
	"github.com/tocsin-soc/tocsin/sigma/lane"
)

// BenchmarkIngest measures the pipeline without HTTP: bytes cut into records,
// normalised, matched against SigmaHQ's rules and committed, in processor time.
// `make bench-ingest` measures the same over HTTP with its yardstick.
func BenchmarkIngest(b *testing.B) {
	cfg := Config{Data: b.TempDir(), Now: time.Now, Random: rand.Reader, Log: slog.New(slog.DiscardHandler), EngineMemory: 800 << 20}
	const rules = "../../../shared/sigma/sigmahq"
	if _, err := os.Stat(rules); err == nil {
		cfg.RuleDirs = []string{rules}
	} else {
		b.Log("no SigmaHQ rules: built-in ones only")
	}
	a, err := Open(context.Background(), cfg)
	if err != nil {
		b.Fatal(err)
	}
	defer a.Close()
	const senders, batch = 24, 2500
	queue := ingest.NewQueue(ingest.QueueOptions{Sink: a.pipe.Ingest})
	bodies := make(chan []byte, 4)
	stream, err := lane.NewStream(lane.Sysmon, 1)
	if err != nil {
		b.Fatal(err)
	}
	stream.At = time.Now
	var made time.Duration // processor time of making events, near enough
	go func() {
		defer close(bodies)
		for i := range b.N {
			began := time.Now()
			stream.Shape = lane.Shape(i % 2)
			var body []byte
			for range batch {
				body = append(stream.Append(body), '\n')
			}
			made += time.Since(began)
			bodies <- body
		}
	}()
	var work sync.WaitGroup
	b.ResetTimer()
	cpu := processCPU()
	for i := range senders {
		work.Go(func() {
			for body := range bodies {
				spec := ingest.Spec{Source: tocsin.SourceID("bench"), Format: tocsin.FormatJSONLine, Prefix: fmt.Sprint(i, &body[0]), ReceivedAt: time.Now()}
				r, err := queue.Feed(context.Background(), ingest.Read(bytes.NewReader(body), spec))
				if err != nil || r.Stored != batch {
					b.Errorf("%+v %v", r, err)
				}
			}
		})
	}
	work.Wait()
	events := float64(b.N * batch)
	b.ReportMetric(float64((processCPU()-cpu).Microseconds())/events, "cpu-µs/event")
	b.ReportMetric(float64(made.Microseconds())/events, "making-µs/event")
	b.ReportMetric(events/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(0, "ns/op")
}

// processCPU is the processor time this process has used.
func processCPU() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
