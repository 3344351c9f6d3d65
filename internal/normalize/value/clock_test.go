package value

import (
	"testing"
	"time"
	_ "time/tzdata"
)

// TestClock_Local: what clocks show, hours that come twice and hours that are
// left out among it.
func TestClock_Local(t *testing.T) {
	const form = "2006-01-02 15:04:05"
	for _, c := range []struct{ zone, wall, received, want string }{
		{"Europe/Berlin", "2026-01-15 12:00:00", "", "2026-01-15 11:00:00"},
		{"Europe/Berlin", "2026-07-15 12:00:00", "", "2026-07-15 10:00:00"},
		{"Asia/Kolkata", "2026-07-15 00:10:00", "", "2026-07-14 18:40:00"},
		{"Pacific/Kiritimati", "2026-01-01 00:30:00", "", "2025-12-31 10:30:00"},
		// 2026-03-29: from 02:00 to 03:00 Berlin's clocks show nothing.
		{"Europe/Berlin", "2026-03-29 01:59:59", "", "2026-03-29 00:59:59"},
		{"Europe/Berlin", "2026-03-29 02:30:00", "", "2026-03-29 01:30:00"},
		{"Europe/Berlin", "2026-03-29 03:00:00", "", "2026-03-29 01:00:00"},
		{"America/New_York", "2026-03-08 02:30:00", "", "2026-03-08 07:30:00"},
		// 2026-10-25: 02:00 to 03:00 comes twice.
		{"Europe/Berlin", "2026-10-25 01:59:59", "2026-10-25 03:00:00", "2026-10-24 23:59:59"},
		{"Europe/Berlin", "2026-10-25 02:30:00", "", "2026-10-25 00:30:00"},
		{"Europe/Berlin", "2026-10-25 02:30:00", "2026-10-25 00:30:01", "2026-10-25 00:30:00"},
		{"Europe/Berlin", "2026-10-25 02:30:00", "2026-10-25 01:30:01", "2026-10-25 01:30:00"},
		{"Europe/Berlin", "2026-10-25 02:30:00", "2026-10-25 01:29:00", "2026-10-25 01:30:00"}, // the sender's clock is a minute ahead
		{"Europe/Berlin", "2026-10-25 02:30:00", "2026-11-01 00:00:00", "2026-10-25 01:30:00"},
		{"Europe/Berlin", "2026-10-25 03:00:00", "2026-10-25 02:00:01", "2026-10-25 02:00:00"},
		{"Australia/Lord_Howe", "2026-04-05 01:45:00", "", "2026-04-04 14:45:00"}, // half an hour is put back
		{"UTC", "2026-10-25 02:30:00", "", "2026-10-25 02:30:00"},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		wall, err := time.Parse(form, c.wall)
		if err != nil {
			t.Fatal(err)
		}
		clock := Clock{Zone: zone}
		if c.received != "" {
			if clock.Received, err = time.Parse(form, c.received); err != nil {
				t.Fatal(err)
			}
		}
		if got := clock.Local(wall).UTC().Format(form); got != c.want {
			t.Errorf("%s %s, received %q: %s, want %s", c.zone, c.wall, c.received, got, c.want)
		}
	}
}

// TestClock_LocalIsTheWayBack: what a zone's clocks show at an instant is read as
// that instant, or as the other one at which they show the same.
func TestClock_LocalIsTheWayBack(t *testing.T) {
	for _, name := range []string{"Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia", "Asia/Tehran"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for at := time.Date(2025, 1, 1, 0, 7, 0, 0, time.UTC); at.Year() < 2027; at = at.Add(41 * time.Minute) {
			shown := at.In(zone)
			wall := time.Date(shown.Year(), shown.Month(), shown.Day(), shown.Hour(), shown.Minute(), 0, 0, time.UTC)
			got := Clock{Zone: zone, Received: at}.Local(wall)
			if !got.Equal(at) && got.In(zone).Format(time.DateTime) != shown.Format(time.DateTime) {
				t.Fatalf("%s: %v is shown as %v and read as %v", name, at, wall, got)
			}
			if live := (Clock{Zone: zone, Received: at}).Local(wall); !live.Equal(at) && live.Sub(at).Abs() > time.Hour {
				t.Fatalf("%s: %v is read as %v", name, at, live)
			}
		}
	}
}

// TestInstant_Zones: only times that name no zone are read by the clock.
func TestInstant_Zones(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"2026-01-02 03:04:05": "2026-01-02T08:04:05Z", "2026-07-02T03:04:05.5": "2026-07-02T07:04:05.5Z",
		"2026-01-02T03:04:05Z": "2026-01-02T03:04:05Z", "2026-01-02T03:04:05+01:00": "2026-01-02T02:04:05Z", "2026-01-02 03:04:05.25 -0500": "2026-01-02T08:04:05.25Z",
		"1/2/2026 3:04:05 PM": "2026-01-02T20:04:05Z", "1/2/2026, 3:04:05.123 AM": "2026-01-02T08:04:05.123Z", "2026-01-02": "2026-01-02T05:00:00Z",
		"1767323045": "2026-01-02T03:04:05Z",
	} {
		at, ok := Instant(text, Clock{Zone: zone})
		if got := at.UTC().Format(time.RFC3339Nano); !ok || got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
