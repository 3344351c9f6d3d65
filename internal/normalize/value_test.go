package normalize

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
		at, ok := instant(text)
		got := ""
		if ok {
			got = at.Format(form)
		}
		if got != want || ok && at.Location() != time.UTC {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}
