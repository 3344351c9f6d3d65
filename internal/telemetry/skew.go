package telemetry

import (
	"slices"
	"time"

	"github.com/tocsin-soc/tocsin"
)

// tick is the unit in which times are stored.
const tick = 100 * time.Nanosecond

// A clock of a source is judged by the lag of its records: time of receipt less
// time of the event, as both were at the door. Late events are ordinary (a
// laptop comes back, old evidence is imported), so a large lag alone says
// nothing. What gives a shifted clock away is that even the quickest records of
// every minute lag by the same amount: a backlog shrinks and an import of old
// files runs through the times, but a wrong clock or time zone stays where it
// is. Records from the future have no innocent reason and are counted one by one.
const (
	skewTolerance = 5 * time.Minute  // clocks this close are taken as right; also how far ahead a record may be
	skewSpread    = time.Minute      // how far the minutes' lags may lie apart to be a steady shift
	skewMinutes   = 3                // minutes with records that must agree
	clockMinutes  = 10               // minutes that are remembered
	clockMemory   = 30 * time.Minute // minutes older than this say nothing about now
)

// lags are the least and the greatest lag among some records.
type lags struct {
	known    bool
	min, max time.Duration
}

// add takes one record into account and reports whether it came from the future.
func (l *lags) add(lag time.Duration) (ahead bool) {
	if !l.known {
		*l = lags{true, lag, lag}
	}
	l.min, l.max = min(l.min, lag), max(l.max, lag)
	return lag < -skewTolerance
}

// join takes the lags of more records into account.
func (l *lags) join(o lags) {
	if !o.known {
		return
	}
	l.add(o.min)
	l.add(o.max)
}

// lagOf is how late an event was when it came through the door.
func lagOf(ev *tocsin.Event) time.Duration { return ev.ReceivedAt.Sub(ev.OccurredAt) }

// A clock remembers the lags of a source's last minutes, oldest first.
type clock struct{ minutes []minuteLags }

type minuteLags struct {
	at time.Time // beginning of the minute
	lags
}

// clock returns the clock of a source.
func (l *ledger) clock(source tocsin.SourceID) *clock {
	c, ok := l.clocks[source]
	if !ok {
		c = &clock{}
		l.clocks[source] = c
	}
	return c
}

// add notes the lags of a commit.
func (c *clock) add(now time.Time, l lags) {
	if !l.known {
		return
	}
	at := now.Truncate(historyMinute)
	if n := len(c.minutes); n > 0 && c.minutes[n-1].at.Equal(at) {
		c.minutes[n-1].join(l)
		return
	}
	c.minutes = append(c.minutes, minuteLags{at, l})
	if len(c.minutes) > clockMinutes {
		c.minutes = slices.Delete(c.minutes, 0, 1)
	}
}

// skew says by how much the source's clock seems to be behind, given the commit
// at hand; 0 when nothing can be said.
func (c *clock) skew(now time.Time, latest lags) time.Duration {
	with := clock{slices.Clone(c.minutes)}
	with.add(now, latest)
	var least []time.Duration
	behind, ahead := true, true
	for _, m := range with.minutes {
		if now.Sub(m.at) > clockMemory {
			continue
		}
		least = append(least, m.min)
		behind = behind && m.min > skewTolerance
		ahead = ahead && m.max < -skewTolerance
	}
	if len(least) < skewMinutes || !behind && !ahead {
		return 0
	}
	slices.Sort(least)
	if least[len(least)-1]-least[0] > skewSpread {
		return 0
	}
	return least[len(least)/2]
}
