package detect

import (
	"slices"
	"time"

	"github.com/tocsin-soc/tocsin"
)

// A Window is a stretch of event time: From <= t < To.
type Window struct{ From, To time.Time }

// A Horizon bounds how far back the schedule looks.
type Horizon struct {
	// Backfill is how old a missed window may be to be run after an outage.
	Backfill time.Duration
	// Late is how old an event may be on arrival to re-open the windows it
	// touches. Older ones are stored, hunted and counted, but not re-run.
	Late time.Duration
	// MaxWindows bounds the windows of one rule in one tick, newest first.
	MaxWindows int
}

// DefaultHorizon: a week of outage, a day of lateness, 500 windows.
var DefaultHorizon = Horizon{Backfill: 7 * 24 * time.Hour, Late: 24 * time.Hour, MaxWindows: 500}

// A Due is what a rule has to run at one tick.
type Due struct {
	Windows []Window // oldest first
	Skipped []Window // whole stretches that will not be run, for the ledger
}

// due decides which windows a rule with this frequency and period has to run at
// now, given the end of the last window it completed (zero for a new rule) and
// the stretch of event time that arrived late since then (zero for none).
//
// Window ends are multiples of the frequency since the epoch, so they do not
// depend on when the server was started: the same events give the same windows.
func due(frequency, period time.Duration, lastEnd, now time.Time, late Window, h Horizon) Due {
	now = now.UTC()
	var d Due
	newest := now.Truncate(frequency)
	first := newest // a new rule starts with the window that ends now
	if !lastEnd.IsZero() {
		first = lastEnd.UTC().Add(frequency).Truncate(frequency)
		if oldest := now.Add(-h.Backfill); first.Before(oldest) {
			resume := oldest.Truncate(frequency).Add(frequency)
			d.Skipped = append(d.Skipped, Window{first.Add(-period), resume.Add(-frequency)})
			first = resume
		}
	}
	var ends []time.Time
	for end := first; !end.After(newest); end = end.Add(frequency) {
		ends = append(ends, end)
	}
	for _, end := range touched(frequency, period, late, now.Add(-h.Late)) {
		if !end.After(newest) {
			ends = append(ends, end)
		}
	}
	slices.SortFunc(ends, time.Time.Compare)
	ends = slices.CompactFunc(ends, time.Time.Equal)
	if over := len(ends) - h.MaxWindows; h.MaxWindows > 0 && over > 0 {
		for _, end := range ends[:over] {
			d.Skipped = append(d.Skipped, Window{end.Add(-period), end})
		}
		ends = ends[over:]
	}
	for _, end := range ends {
		d.Windows = append(d.Windows, Window{end.Add(-period), end})
	}
	return d
}

// touched returns the ends of the windows that contain part of the late stretch.
func touched(frequency, period time.Duration, late Window, notBefore time.Time) []time.Time {
	if late.To.IsZero() {
		return nil
	}
	late = Window{late.From.UTC(), late.To.UTC()}
	if late.From.Before(notBefore) {
		late.From = notBefore
	}
	var ends []time.Time
	// A window [end-period, end) holds t when t < end <= t+period.
	for end := late.From.Truncate(frequency).Add(frequency); !end.After(late.To.Add(period)); end = end.Add(frequency) {
		ends = append(ends, end)
	}
	return ends
}

// skippedRun is the ledger's line for a stretch that was not run.
func skippedRun(r *KQLRule, w Window, now time.Time, reason string) tocsin.RuleRun {
	return tocsin.RuleRun{Rule: r.ID, Version: r.Version, From: w.From, To: w.To, StartedAt: now, Status: tocsin.RunCapped, Reason: reason}
}
