package skew_test

import (
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin/internal/telemetry/skew"
)

func TestSkew_TellsAWrongClockFromLateRecords(t *testing.T) {
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		minutes []time.Duration // least lag of each minute
		want    time.Duration
	}{
		"in time":                   {[]time.Duration{time.Second, 2 * time.Second, time.Second, time.Second}, 0},
		"an hour behind":            {[]time.Duration{time.Hour, time.Hour + 5*time.Second, time.Hour + 2*time.Second}, time.Hour + 2*time.Second},
		"two hours ahead":           {[]time.Duration{-2 * time.Hour, -2 * time.Hour, -2 * time.Hour}, -2 * time.Hour},
		"a backlog that shrinks":    {[]time.Duration{time.Hour, 50 * time.Minute, 40 * time.Minute, 30 * time.Minute}, 0},
		"too few minutes":           {[]time.Duration{time.Hour, time.Hour}, 0},
		"behind, then in time":      {[]time.Duration{time.Hour, time.Hour, time.Second, time.Hour}, 0},
		"within the tolerance":      {[]time.Duration{4 * time.Minute, 4 * time.Minute, 4 * time.Minute}, 0},
		"only the last ten minutes": {append([]time.Duration{time.Second, time.Second}, repeat(time.Hour, 11)...), time.Hour},
	} {
		var clock skew.Clock
		var latest skew.Lags
		for i, lag := range c.minutes {
			latest = skew.Lags{}
			if ahead := latest.Add(lag); ahead != (lag < -5*time.Minute) {
				t.Errorf("%s: a lag of %v is of the future: %v", name, lag, ahead)
			}
			if i < len(c.minutes)-1 {
				clock.Add(noon.Add(time.Duration(i)*time.Minute), latest)
			}
		}
		if got := clock.Skew(noon.Add(time.Duration(len(c.minutes)-1)*time.Minute), latest); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func repeat(d time.Duration, n int) (out []time.Duration) {
	for range n {
		out = append(out, d)
	}
	return out
}
