package app

import (
	"context"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/tocsin-soc/tocsin/internal/app/doors"
)

// metrics answers /metrics: the conservation equation, and what doors refused.
func (a *App) metrics(d *doors.Doors) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(&balanceCollector{a}, d.Refusals())
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}

// balanceCollector reads the balances when it is asked.
type balanceCollector struct{ app *App }

var recordsDesc = prometheus.NewDesc("tocsin_ingest_records_total", "records by source and what became of them; received is the sum of the others", []string{"source", "outcome"}, nil)

var (
	lettersDesc = prometheus.NewDesc("tocsin_dead_letters_resolved_total", "dead letters that were dealt with, by source and how: replayed, discarded", []string{"source", "state"}, nil)
	aheadDesc   = prometheus.NewDesc("tocsin_ingest_ahead_total", "records whose event time was more than five minutes in the future", []string{"source"}, nil)
	shortDesc   = prometheus.NewDesc("tocsin_ingest_shortened_total", "rows of which long texts were shortened for lack of memory", []string{"source"}, nil)
	skewDesc    = prometheus.NewDesc("tocsin_ingest_clock_skew_seconds", "by how much a source's clock seems to be behind, negative when ahead; 0 when it agrees", []string{"source"}, nil)
	stoppedDesc = prometheus.NewDesc("tocsin_ingest_stopped", "1 while nothing is taken in because the disk is nearly full", nil, nil)
)

// Describe implements prometheus.Collector.
func (c *balanceCollector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{recordsDesc, lettersDesc, aheadDesc, shortDesc, skewDesc, stoppedDesc} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c *balanceCollector) Collect(out chan<- prometheus.Metric) {
	balances, err := c.app.store.Sources(context.Background())
	if err != nil {
		out <- prometheus.NewInvalidMetric(recordsDesc, err)
		return
	}
	stopped := 0.0
	if c.app.store.Room() != nil {
		stopped = 1
	}
	out <- prometheus.MustNewConstMetric(stoppedDesc, prometheus.GaugeValue, stopped)
	for _, b := range balances {
		source := string(b.Source)
		out <- prometheus.MustNewConstMetric(lettersDesc, prometheus.CounterValue, float64(b.Replayed), source, "replayed")
		out <- prometheus.MustNewConstMetric(lettersDesc, prometheus.CounterValue, float64(b.Discarded), source, "discarded")
		out <- prometheus.MustNewConstMetric(aheadDesc, prometheus.CounterValue, float64(b.Ahead), source)
		out <- prometheus.MustNewConstMetric(shortDesc, prometheus.CounterValue, float64(b.Shortened), source)
		out <- prometheus.MustNewConstMetric(skewDesc, prometheus.GaugeValue, b.Skew.Seconds(), source)
		for outcome, n := range map[string]int64{
			"received": b.Received, "stored": b.Stored, "duplicate": b.Duplicates, "dead_lettered": b.DeadLettered, "filtered": b.Filtered,
		} {
			out <- prometheus.MustNewConstMetric(recordsDesc, prometheus.CounterValue, float64(n), source, outcome)
		}
	}
}
