package sigma

import (
	"encoding/json"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin/sigma/lane"
	"github.com/tocsin-soc/tocsin/sigma/pattern"
	"github.com/tocsin-soc/tocsin/sigma/rule"
)

// threadCPU is the processor time this thread has used. Benchmarks report it
// beside the clock's because other work shares the machine.
func threadCPU(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(1 /* RUSAGE_THREAD */, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// processCPU is that of all threads.
func processCPU(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// benchBatch is how many events the best rate is taken over: on a busy machine
// the best of many batches tells more than the mean.
const benchBatch = 250

// benchProgram compiles all active SigmaHQ rules.
func benchProgram(b *testing.B) *Program {
	b.Helper()
	p, _ := Compile(loadActive(b).Rules, Options{Mapping: loadMapping(b)})
	return p
}

// BenchmarkParseAndMatch measures events per second on one core, JSON parsing
// included, and prints the ratio to a straightforward engine (encoding/json, then
// every applicable rule walked) measured in the same run.
func BenchmarkParseAndMatch(b *testing.B) {
	p := benchProgram(b)
	for _, mix := range []lane.Mix{lane.ProcessCreation, lane.FileEvent, lane.Office} {
		b.Run(string(mix), func(b *testing.B) {
			recs := loadLane(b, mix, 20_000)
			m, ev := p.NewMatcher(), NewEvent(p.Fields())
			matchAll(b, m, ev, recs) // warm
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			walk := walkNanos(b, p, ev, recs[:400])
			times := make([]int64, 0, len(recs))
			i, matches := 0, 0
			b.ReportAllocs()
			cpu := threadCPU(b)
			best, batch := time.Hour, time.Now()
			for b.Loop() {
				start := time.Now()
				if err := ParseJSON(recs[i], ev); err != nil {
					b.Fatal(err)
				}
				matches += len(m.Match(ev))
				if len(times) < cap(times) {
					times = append(times, int64(time.Since(start)))
				}
				if i++; i == len(recs) {
					i = 0
				}
				if i%benchBatch == 0 {
					now := time.Now()
					best, batch = min(best, now.Sub(batch)), now
				}
			}
			perEvent := float64(threadCPU(b)-cpu) / float64(b.N)
			slices.Sort(times)
			b.ReportMetric(1e9/perEvent, "events/cpu-s")
			b.ReportMetric(benchBatch/best.Seconds(), "best-events/s")
			b.ReportMetric(float64(times[len(times)*99/100])/1000, "p99-µs")
			b.ReportMetric(walk/perEvent, "x-walk")
			b.ReportMetric(float64(matches)/float64(b.N), "matches/event")
		})
	}
}

func matchAll(b *testing.B, m *Matcher, ev *Event, recs [][]byte) {
	for _, rec := range recs {
		if err := ParseJSON(rec, ev); err != nil {
			b.Fatal(err)
		}
		m.Match(ev)
	}
}

// walkNanos is the yardstick's time per event: encoding/json, values put in lower
// case once and looked up by name, then every rule of the event's log source
// walked with the standard library's string functions.
func walkNanos(b *testing.B, p *Program, ev *Event, recs [][]byte) float64 {
	m := p.NewMatcher()
	start := threadCPU(b)
	for _, rec := range recs {
		var v map[string]any
		if err := json.Unmarshal(rec, &v); err != nil {
			b.Fatal(err)
		}
		if err := ParseJSON(rec, ev); err != nil {
			b.Fatal(err)
		}
		w := walker{values: map[string][]string{}}
		for i := range ev.Len() {
			if id, kind, text := ev.At(i); kind != KindNull {
				lower := strings.ToLower(string(text))
				w.values[ev.Fields().Name(id)] = append(w.values[ev.Fields().Name(id)], lower)
				w.all = append(w.all, lower)
			}
		}
		bucket := p.routes.bucket(p.routes.key(m, ev))
		for i := range bucket.members {
			w.holds(bucket.members[i].expr)
		}
	}
	return float64(threadCPU(b)-start) / float64(len(recs))
}

type walker struct {
	values map[string][]string
	all    []string
}

func (w *walker) holds(e *Expr) bool {
	switch e.Op {
	case rule.OpLeaf:
		return w.predicate(e.Leaf)
	case rule.OpNot:
		return !w.holds(e.Args[0])
	}
	for _, a := range e.Args {
		if w.holds(a) != (e.Op == rule.OpAnd) {
			return e.Op == rule.OpOr
		}
	}
	return e.Op == rule.OpAnd
}

func (w *walker) predicate(p *Predicate) bool {
	values := w.values[p.Field]
	if p.Field == "" {
		values = w.all
	}
	if p.Test == rule.TestNull {
		return len(values) == 0
	}
	for _, v := range values {
		switch p.Test {
		case rule.TestPattern:
			shape, lit := p.Pattern.Shape()
			lit = naiveLowerText(lit)
			if shape == pattern.Exact && v == lit || shape == pattern.Prefix && strings.HasPrefix(v, lit) || shape == pattern.Suffix && strings.HasSuffix(v, lit) ||
				shape == pattern.Infix && strings.Contains(v, lit) || shape == pattern.All || shape == pattern.Glob && naiveGlob(p.Pattern, v, false) {
				return true
			}
		case rule.TestRegex:
			if p.Regex.MatchString(v) {
				return true
			}
		}
	}
	return false
}

// BenchmarkMatch measures matching alone.
func BenchmarkMatch(b *testing.B) {
	p := benchProgram(b)
	for _, mix := range []lane.Mix{lane.ProcessCreation, lane.FileEvent, lane.Office} {
		b.Run(string(mix), func(b *testing.B) {
			recs := loadLane(b, mix, 2000)
			m := p.NewMatcher()
			events := make([]*Event, len(recs))
			for i, rec := range recs {
				events[i] = NewEvent(p.Fields())
				if err := ParseJSON(rec, events[i]); err != nil {
					b.Fatal(err)
				}
				m.Match(events[i])
			}
			b.ReportAllocs()
			i := 0
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			cpu := threadCPU(b)
			for b.Loop() {
				m.Match(events[i])
				if i++; i == len(events) {
					i = 0
				}
			}
			b.ReportMetric(float64(threadCPU(b)-cpu)/float64(b.N), "cpu-ns/op")
		})
	}
}

// BenchmarkParseJSON measures the JSON adapter against encoding/json.
func BenchmarkParseJSON(b *testing.B) {
	p := benchProgram(b)
	recs := loadLane(b, lane.ProcessCreation, 1000)
	ev := NewEvent(p.Fields())
	start := time.Now()
	for _, rec := range recs {
		var v map[string]any
		if err := json.Unmarshal(rec, &v); err != nil {
			b.Fatal(err)
		}
	}
	yard := float64(time.Since(start).Nanoseconds()) / float64(len(recs))
	i, size := 0, int64(0)
	b.ReportAllocs()
	for b.Loop() {
		if err := ParseJSON(recs[i%len(recs)], ev); err != nil {
			b.Fatal(err)
		}
		size += int64(len(recs[i%len(recs)]))
		i++
	}
	b.SetBytes(size / int64(b.N))
	b.ReportMetric(yard/(float64(b.Elapsed().Nanoseconds())/float64(b.N)), "x-encoding/json")
}

// BenchmarkCompile measures reading and compiling all active rules.
func BenchmarkCompile(b *testing.B) {
	mapping := loadMapping(b)
	b.Run("load", func(b *testing.B) {
		b.ReportAllocs()
		cpu := processCPU(b)
		for b.Loop() {
			loadActive(b)
		}
		b.ReportMetric((processCPU(b)-cpu).Seconds()/float64(b.N), "cpu-s/op")
	})
	set := loadActive(b)
	b.Run("compile", func(b *testing.B) {
		b.ReportAllocs()
		cpu := processCPU(b)
		for b.Loop() {
			Compile(set.Rules, Options{Mapping: mapping})
		}
		b.ReportMetric((processCPU(b)-cpu).Seconds()/float64(b.N), "cpu-s/op")
	})
}
