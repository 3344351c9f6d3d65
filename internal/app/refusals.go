package app

import (
	"cmp"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tocsin-soc/tocsin/internal/api"
)

// refusals count what doors turned away before it became a record. They are
// safe for concurrent use.
type refusals struct {
	mu     sync.Mutex
	counts map[refusal]int64
}

type refusal struct{ door, reason string }

// add counts n more.
func (r *refusals) add(door, reason string, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.counts == nil {
		r.counts = map[refusal]int64{}
	}
	r.counts[refusal{door, reason}] += int64(n)
}

// list returns the counts by door and reason.
func (r *refusals) list() []api.DoorRefusal {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]api.DoorRefusal, 0, len(r.counts))
	for k, n := range r.counts {
		out = append(out, api.DoorRefusal{Door: k.door, Reason: k.reason, Count: n})
	}
	slices.SortFunc(out, func(a, b api.DoorRefusal) int {
		return cmp.Or(cmp.Compare(a.Door, b.Door), cmp.Compare(a.Reason, b.Reason))
	})
	return out
}

var refusedDesc = prometheus.NewDesc("tocsin_door_refused_total", "what a door turned away before it became a record", []string{"door", "reason"}, nil)

// Describe implements prometheus.Collector.
func (r *refusals) Describe(out chan<- *prometheus.Desc) { out <- refusedDesc }

// Collect implements prometheus.Collector.
func (r *refusals) Collect(out chan<- prometheus.Metric) {
	for _, one := range r.list() {
		out <- prometheus.MustNewConstMetric(refusedDesc, prometheus.CounterValue, float64(one.Count), one.Door, one.Reason)
	}
}
