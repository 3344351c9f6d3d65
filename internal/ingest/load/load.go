// Package load measures the whole way of an event: it starts a real `tocsin
// serve` as a process of its own, sends it a seeded mix of Sysmon events over
// HTTP with tokens, hunts at the same time, and checks the books at the end.
//
// It promises that what it counts was acknowledged by the server, that every
// event is new, that a refused batch is sent again under its own name, and that
// the server knows nothing of being measured. It refuses to judge speed: only
// books that do not balance are an error. It is tested by a short run against a
// fake server; the figures come from `make bench-ingest`.
package load

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Options say what to measure. Every field is needed but Rules.
type Options struct {
	Program     string // the tocsin binary to start
	Dir         string // an empty folder for its data
	Rules       string // folder of Sigma rules besides the built-in ones
	Seed        uint64
	Connections int
	Batch       int // events per request
	Rate        int // events per second to offer; 0 offers as much as is accepted
	Warm        time.Duration
	Measure     time.Duration
	Now         func() time.Time
	Progress    io.Writer
	Memory      string // most memory the server may use, passed on as --memory; empty for its default
	Profile     string // address for the server's profiles, passed on as --profile; empty for none
}

// Run measures once. The error says that something could not be run or that the
// books are wrong; the report then holds what was measured so far.
func Run(ctx context.Context, o Options) (Report, error) {
	r := Report{Options: o, Machine: describeMachine()}
	s, err := startServer(ctx, &o)
	if err != nil {
		return r, err
	}
	defer s.stop()
	say := func(format string, args ...any) { fmt.Fprintf(o.Progress, format+"\n", args...) }
	r.Rules, r.NotLoaded = s.rules, s.notLoaded

	say("warming up for %s", o.Warm)
	began := o.Now()
	warm, err := s.send(ctx, &o, "warm", o.Warm)
	if err != nil {
		return r, err
	}
	hunter := newHunter(s, began, o.Now(), o.Now)
	if r.HuntIdle, err = hunter.idle(ctx); err != nil {
		return r, err
	}
	say("measuring for %s", o.Measure)
	if err := r.measure(ctx, &o, s, hunter); err != nil {
		return r, err
	}
	r.Sent.add(warm)
	if r.Books, err = s.books(ctx); err != nil {
		return r, err
	}
	if err := s.stop(); err != nil {
		return r, fmt.Errorf("stopping the server: %w", err)
	}
	if r.DiskBytes, err = folderBytes(o.Dir); err != nil {
		return r, err
	}
	say("measuring DuckDB's own append of the same rows")
	if r.Yardstick, err = rawAppend(ctx, filepath.Join(o.Dir, "telemetry.duckdb"), r.Sent.Acked, o.Now); err != nil {
		return r, err
	}
	return r, r.check()
}

// measure is the part of a run that the figures are of.
func (r *Report) measure(ctx context.Context, o *Options, s *server, hunter *hunter) error {
	server, own := processCPU(s.pid()), ownCPU()
	hunting, stopHunting := context.WithCancel(ctx)
	hunted := make(chan error, 1)
	go func() { hunted <- hunter.run(hunting, time.Second) }()
	sent, err := s.send(ctx, o, "run", o.Measure)
	r.ServerCPU, r.OwnCPU = processCPU(s.pid())-server, ownCPU()-own
	r.PeakMemory = peakMemory(s.pid())
	stopHunting()
	if herr := <-hunted; err == nil {
		err = herr
	}
	r.Measured, r.HuntLoaded = sent, hunter.loaded
	r.Sent.add(sent)
	return err
}

// folderBytes adds up the database and its log; the rest of the folder is small
// and no event's.
func folderBytes(dir string) (total int64, err error) {
	files, err := filepath.Glob(filepath.Join(dir, "telemetry.duckdb*"))
	for _, name := range files {
		info, err := os.Stat(name)
		if err != nil {
			return 0, err
		}
		total += info.Size()
	}
	return total, err
}
