package detect

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soc/tocsin"
)

func sprayRule(t *testing.T) *KQLRule {
	t.Helper()
	text, err := os.ReadFile("testdata/rules/spray.yaml")
	if err != nil {
		t.Fatal(err)
	}
	r, err := ParseKQLRule("spray.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestParseKQLRule_PublishedForm(t *testing.T) {
	r := sprayRule(t)
	if r.Severity != tocsin.Medium || r.Frequency != 5*time.Minute || r.Period != time.Hour || r.Trigger != (Trigger{"gt", 0}) {
		t.Errorf("severity %s, every %s over %s, trigger %v", r.Severity, r.Frequency, r.Period, r.Trigger)
	}
	if r.Description != "One address fails to sign in to many accounts." {
		t.Errorf("description %q", r.Description)
	}
	want := tocsin.Grouping{Method: "Selected", Lookback: 5 * time.Hour, ByEntities: []tocsin.EntityType{"IP"}, ByDetails: []string{"Severity"}}
	if diff := cmp.Diff(want, r.Grouping); diff != "" {
		t.Error(diff)
	}
}

func TestParseKQLRule_SaysWhatIsWrong(t *testing.T) {
	text, err := os.ReadFile("testdata/rules/spray.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, want string }{
		{`"Medium "`, "Terrible", `severity "Terrible" is not one of`},
		{"queryFrequency: 5m", "queryFrequency: soon", "queryFrequency: \"soon\" is not a duration"},
		{"queryFrequency: 5m", "queryFrequency: 1m", "outside 5 minutes to 14 days"},
		{"queryFrequency: 5m", "queryFrequency: 2h", "shorter than queryFrequency"},
		{"queryPeriod: PT1H", "queryPeriod: 15d", "more than 14 days"},
		{"triggerOperator: GreaterThan", "triggerOperator: between", `triggerOperator "between"`},
		{"triggerThreshold: 0", "triggerThreshold: many", "triggerThreshold many"},
		{"id: 0a1b2c3d-0000-4000-8000-000000000001", "id:", "no id"},
		{"name: Many accounts fail from one address", "name: ''", "no name"},
		{"lookbackDuration: 5h", "lookbackDuration: PT", "lookbackDuration"},
		{"severity:", "\t severity:", "not readable as YAML"},
	} {
		_, err := ParseKQLRule("x.yaml", []byte(strings.Replace(string(text), c.old, c.new, 1)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q for %q: error %v, want %q", c.new, c.old, err, c.want)
		}
	}
}

// FuzzParseKQLRule: a rule file is somebody else's text; whatever it holds, it
// is a rule or a reason.
func FuzzParseKQLRule(f *testing.F) {
	text, err := os.ReadFile("testdata/rules/spray.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte("tactics: !!x\nid: 1"))
	f.Add([]byte("id: &a [*a]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := ParseKQLRule("x.yaml", text)
		if (r == nil) == (err == nil) {
			t.Errorf("rule %v, error %v", r, err)
		}
	})
}

func TestParseDuration_Forms(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"5m": 5 * time.Minute, " 1H ": time.Hour, "14d": 14 * 24 * time.Hour, "PT5M": 5 * time.Minute, "P1D": 24 * time.Hour, "p1dt6h": 30 * time.Hour,
	} {
		if got, err := ParseDuration(text); err != nil || got != want {
			t.Errorf("%q: %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "P", "PT", "1w", "-5m", "5", "P1DT", "99999999d"} {
		if d, err := ParseDuration(text); err == nil {
			t.Errorf("%q read as %s", text, d)
		}
	}
}
