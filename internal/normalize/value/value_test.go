package value

import (
	"testing"
	"time"
)

// TestInstant_UnixTime reads the units of Unix time to the last digit a datetime
// holds.
func TestInstant_UnixTime(t *testing.T) {
	const form = "2006-01-02T15:04:05.999999999Z"
	for text, want := range map[string]string{
		"1591367999":           "2020-06-05T14:39:59Z",
		"1591367999.305988":    "2020-06-05T14:39:59.305988Z",
		"1591367999.3059881":   "2020-06-05T14:39:59.3059881Z",
		"1.591367999e9":        "2020-06-05T14:39:59Z",
		"1591367999305":        "2020-06-05T14:39:59.305Z",
		"1591367999305.5":      "2020-06-05T14:39:59.3055Z",
		"1591367999305988":     "2020-06-05T14:39:59.305988Z",
		"1591367999305988123":  "2020-06-05T14:39:59.305988123Z",
		"-1591367999":          "",
		"12345":                "",
		"1591367999.x":         "",
		"99999999999999999999": "",
		"1e300":                "",
	} {
		at, ok := Instant(text, Clock{})
		got := ""
		if ok {
			got = at.Format(form)
		}
		if got != want || ok && at.Location() != time.UTC {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

// TestInstant_TheShortWayIsTheLongWay: the fast reading of usual times must not
// differ from the search through all forms.
func TestInstant_TheShortWayIsTheLongWay(t *testing.T) {
	search := func(s string) (time.Time, bool) {
		for _, form := range append(instants[:], locals[:]...) {
			if at, err := time.Parse(form, s); err == nil {
				return at.UTC(), at.UTC().Year() >= 1 && at.UTC().Year() <= 9999
			}
		}
		return time.Time{}, false
	}
	days := []string{"2026-01-02", "0000-01-01", "0001-01-01", "9999-12-28", "2024-02-29", "2026-02-30", "2026-13-01", "2026-00-10", "2026-01-31", "2026-04-31", "2100-02-29", "9999-12-31", "2x26-01-01"}
	clocks := []string{"03:04:05", "23:59:59", "24:00:00", "03:60:05", "03:04:60", "3:04:05", "03:04:0x"}
	ends := []string{"", "Z", ".1", ".123Z", ".1234567Z", ".123456789", ".1234567891", ".", ".Z", "+02:00", "-0330", "+14:00", "+15:00", ".5+01:00", " +0100", "+1:00", " Z", "z"}
	short := 0
	for _, day := range days {
		for _, sep := range []string{"T", " "} {
			for _, clock := range clocks {
				for _, end := range ends {
					s := day + sep + clock + end
					got, _, ok := usualInstant(s)
					if !ok {
						continue
					}
					short++
					if want, wanted := search(s); !wanted || !got.Equal(want) {
						t.Errorf("%q is %v, not %v", s, got, want)
					}
				}
			}
		}
	}
	if short < 50 {
		t.Errorf("only %d times were read the short way", short)
	}
}
