package doors

import (
	"cmp"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tocsin-soc/tocsin/internal/api"
)

// Refusals count what doors turned away before it became a record. They are
// safe for concurrent use.
type Refusals struct {
	mu     sync.Mutex
	counts map[refusal]int64
}

type refusal struct{ door, reason string }

// Add counts n more of a door, for a reason.
func (r *Refusals) Add(door, reason string, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.counts == nil {
		r.counts = map[refusal]int64{}
	}
	r.counts[refusal{door, reason}] += int64(n)
}

// List returns the counts by door and reason.
func (r *Refusals) List() []api.DoorRefusal {
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
func (r *Refusals) Describe(out chan<- *prometheus.Desc) { out <- refusedDesc }

// Collect implements prometheus.Collector.
func (r *Refusals) Collect(out chan<- prometheus.Metric) {
	for _, one := range r.List() {
		out <- prometheus.MustNewConstMetric(refusedDesc, prometheus.CounterValue, float64(one.Count), one.Door, one.Reason)
	}
}
