package detect

import (
	"math/rand/v2"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func at(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }

func TestDue_Cases(t *testing.T) {
	day := 24 * time.Hour
	for _, c := range []struct {
		name              string
		frequency, period time.Duration
		last              time.Time
		now               time.Time
		late              Window
		want              []Window
		skipped           int
	}{
		{"a new rule runs the window that ends now", 5 * time.Minute, time.Hour, time.Time{}, at(3), Window{}, []Window{{at(-60), at(0)}}, 0},
		{"nothing is due before the next end", 5 * time.Minute, 5 * time.Minute, at(0), at(4), Window{}, nil, 0},
		{"missed windows are run, oldest first", 5 * time.Minute, 10 * time.Minute, at(0), at(15), Window{}, []Window{{at(-5), at(5)}, {at(0), at(10)}, {at(5), at(15)}}, 0},
		{"a late event opens every window it is in", 5 * time.Minute, 10 * time.Minute, at(60), at(61), Window{at(11), at(11)}, []Window{{at(5), at(15)}, {at(10), at(20)}}, 0},
		{"an event on the border belongs to the later window", 5 * time.Minute, 5 * time.Minute, at(60), at(61), Window{at(10), at(10)}, []Window{{at(10), at(15)}}, 0},
		{"a long outage is cut at the horizon, visibly", day, day, noon.Add(-30 * day), noon, Window{}, nil, 1},
	} {
		got := due(c.frequency, c.period, c.last, c.now, c.late, Horizon{Backfill: 7 * day, Late: day, MaxWindows: 100})
		if len(got.Skipped) != c.skipped {
			t.Errorf("%s: skipped %v, want %d", c.name, got.Skipped, c.skipped)
		}
		if c.skipped > 0 {
			continue
		}
		if len(got.Windows) != len(c.want) {
			t.Errorf("%s: %v, want %v", c.name, got.Windows, c.want)
			continue
		}
		for i := range c.want {
			if !got.Windows[i].From.Equal(c.want[i].From) || !got.Windows[i].To.Equal(c.want[i].To) {
				t.Errorf("%s: window %d is %v, want %v", c.name, i, got.Windows[i], c.want[i])
			}
		}
	}
}

// TestDue_ZonesAreTheSameInstant: what the ledger says in UTC and the clock in
// another zone is the same time.
func TestDue_ZonesAreTheSameInstant(t *testing.T) {
	oslo := time.FixedZone("Oslo", 3600)
	got := due(5*time.Minute, 5*time.Minute, at(0), at(11).In(oslo), Window{at(-20), at(-20).In(oslo)}, DefaultHorizon)
	if len(got.Windows) != 3 || !got.Windows[0].To.Equal(at(-15)) || !got.Windows[2].To.Equal(at(10)) {
		t.Errorf("%v", got.Windows)
	}
}

// TestDue_EveryEventIsLookedAt: whatever the delays of events and ticks, each
// window that holds an event is run after the event has arrived.
func TestDue_EveryEventIsLookedAt(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		frequency := time.Duration(1+random.IntN(60)) * time.Minute
		period := frequency * time.Duration(1+random.IntN(5))
		type event struct{ occurred, arrived time.Time }
		var events []event
		for range 40 {
			occurred := at(random.IntN(600))
			events = append(events, event{occurred, occurred.Add(time.Duration(random.IntN(200)) * time.Minute)})
		}
		type run struct {
			w  Window
			at time.Time
		}
		var runs []run
		var last, seen time.Time
		for now := at(-60); now.Before(at(1600)); now = now.Add(time.Duration(1+random.IntN(90)) * time.Minute) {
			var late Window
			for _, e := range events {
				if e.arrived.After(seen) && !e.arrived.After(now) && !last.IsZero() && e.occurred.Before(last) {
					if late.To.IsZero() || e.occurred.Before(late.From) {
						late.From = e.occurred
					}
					if e.occurred.After(late.To) {
						late.To = e.occurred
					}
				}
			}
			d := due(frequency, period, last, now, late, Horizon{Backfill: 1000 * time.Hour, Late: 1000 * time.Hour})
			for _, w := range d.Windows {
				runs = append(runs, run{w, now})
				if w.To.After(last) {
					last = w.To
				}
			}
			seen = now
		}
		for _, e := range events {
			for end := e.occurred.Truncate(frequency).Add(frequency); !end.After(e.occurred.Add(period)); end = end.Add(frequency) {
				ok := false
				for _, r := range runs {
					ok = ok || r.w.To.Equal(end) && !r.at.Before(e.arrived)
				}
				if !ok {
					t.Fatalf("frequency %s period %s: window ending %s never ran after the event of %s arrived %s", frequency, period, end, e.occurred, e.arrived)
				}
			}
		}
	}
}
