package check_test

import (
	"sort"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin/kql/check"
	"github.com/tocsin-soc/tocsin/kql/parser"
)

// BenchmarkCorpus binds every query of the corpus once per iteration. It reports
// the median and the 95th percentile of parse+check in microseconds, and, as the
// yardstick of the machine, the time to parse alone.
func BenchmarkCorpus(b *testing.B) {
	corpus := loadCorpus(b)
	cat := corpusCatalog(b, corpus)
	var sources []string
	for i := range corpus {
		sources = append(sources, corpus[i].source())
	}
	var both, parse []time.Duration
	b.ReportAllocs()
	for b.Loop() {
		for _, src := range sources {
			start := time.Now()
			script, diags := parser.Parse(src)
			parsed := time.Now()
			if !diags.HasErrors() {
				check.Check(script, cat, check.Options{Now: now})
			}
			both = append(both, time.Since(start))
			parse = append(parse, parsed.Sub(start))
		}
	}
	micros := func(d []time.Duration, q float64) float64 {
		sort.Slice(d, func(i, j int) bool { return d[i] < d[j] })
		return float64(d[int(q*float64(len(d)-1))].Nanoseconds()) / 1000
	}
	b.ReportMetric(micros(both, 0.5), "p50-us")
	b.ReportMetric(micros(both, 0.95), "p95-us")
	b.ReportMetric(micros(parse, 0.5), "parse-p50-us")
	b.ReportMetric(micros(both, 0.5)/micros(parse, 0.5), "x-parse")
}
