// Package skew judges the clocks of sources by how late their records come.
//
// It promises to tell a clock or time zone that is wrong from records that are
// merely late, and says nothing while it cannot. It keeps ten minutes of two
// numbers per source and is not safe for concurrent use. It is tested with minutes
// in and a judgement out, and by the store's histories.
package skew

import (
	"slices"
	"time"
)

// A source's clock is judged by the lag of its records: time of receipt less
// time of the event, as both were at the door. Late events are ordinary (a
// laptop comes back, old evidence is imported), so a large lag alone says
// nothing. What gives a shifted clock away is that even the quickest records of
// every minute lag by the same amount: a backlog shrinks and an import of old
// files runs through the times, but a wrong clock or time zone stays where it
// is. Records from the future have no innocent reason and are counted one by one.
const (
	tolerance = 5 * time.Minute // clocks this close are taken as right; also how far ahead a record may be
	spread    = time.Minute     // how far the minutes' lags may lie apart to be a steady shift
	enough    = 3               // minutes with records that must agree
	most      = 10              // minutes that are remembered
)

// Memory is how long a minute says something about now.
const Memory = 30 * time.Minute

// Lags are the least and the greatest lag among some records: time of receipt
// less time of the event. The zero Lags know no record.
type Lags struct {
	Known    bool
	Min, Max time.Duration
}

// Add takes one record into account and reports whether it came from the future.
func (l *Lags) Add(lag time.Duration) (ahead bool) {
	if !l.Known {
		*l = Lags{true, lag, lag}
	}
	l.Min, l.Max = min(l.Min, lag), max(l.Max, lag)
	return lag < -tolerance
}

// join takes the lags of more records into account.
func (l *Lags) join(o Lags) {
	if !o.Known {
		return
	}
	l.Add(o.Min)
	l.Add(o.Max)
}

// A Clock remembers the lags of a source's last minutes, oldest first.
type Clock struct{ minutes []minuteLags }

type minuteLags struct {
	at time.Time // beginning of the minute
	Lags
}

// Add notes the lags of a commit.
func (c *Clock) Add(now time.Time, l Lags) {
	if !l.Known {
		return
	}
	at := now.Truncate(time.Minute)
	if n := len(c.minutes); n > 0 && c.minutes[n-1].at.Equal(at) {
		c.minutes[n-1].join(l)
		return
	}
	c.minutes = append(c.minutes, minuteLags{at, l})
	if len(c.minutes) > most {
		c.minutes = slices.Delete(c.minutes, 0, 1)
	}
}

// Skew says by how much the source's clock seems to be behind, given the commit
// at hand; 0 when nothing can be said.
func (c *Clock) Skew(now time.Time, latest Lags) time.Duration {
	with := Clock{slices.Clone(c.minutes)}
	with.Add(now, latest)
	var least []time.Duration
	behind, ahead := true, true
	for _, m := range with.minutes {
		if now.Sub(m.at) > Memory {
			continue
		}
		least = append(least, m.Min)
		behind = behind && m.Min > tolerance
		ahead = ahead && m.Max < -tolerance
	}
	if len(least) < enough || !behind && !ahead {
		return 0
	}
	slices.Sort(least)
	if least[len(least)-1]-least[0] > spread {
		return 0
	}
	return least[len(least)/2]
}
