package simulate_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin/internal/simulate"
)

var start = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)

func scenarios(t *testing.T) []*simulate.Scenario {
	t.Helper()
	paths, err := filepath.Glob("../../content/simulations/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	var list []*simulate.Scenario
	for _, p := range paths {
		text, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		s, err := simulate.ParseScenario(text)
		if err != nil {
			t.Fatalf("%s: %v", p, err)
		}
		list = append(list, s)
	}
	return list
}

func TestGenerate_SameSeedSameBytes(t *testing.T) {
	for _, s := range scenarios(t) {
		a, err := simulate.Generate(s, 7, start)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := simulate.Generate(s, 7, start)
		other, _ := simulate.Generate(s, 8, start)
		if len(a.Emissions) != len(b.Emissions) {
			t.Fatalf("%s: %d and %d events", s.ID, len(a.Emissions), len(b.Emissions))
		}
		for i := range a.Emissions {
			if !bytes.Equal(a.Emissions[i].Row, b.Emissions[i].Row) {
				t.Fatalf("%s: event %d differs", s.ID, i)
			}
		}
		if bytes.Equal(a.Emissions[0].Row, other.Emissions[0].Row) {
			t.Errorf("%s: another seed gives the same events", s.ID)
		}
	}
}

// TestGenerate_EventsAreSound: in order, within the scenario's time, with a
// truth each, and the truth never inside the event.
func TestGenerate_EventsAreSound(t *testing.T) {
	for _, s := range scenarios(t) {
		for seed := range uint64(20) {
			d, err := simulate.Generate(s, seed, start)
			if err != nil {
				t.Fatalf("%s seed %d: %v", s.ID, seed, err)
			}
			malicious := 0
			for i, e := range d.Emissions {
				if i > 0 && e.At.Before(d.Emissions[i-1].At) {
					t.Fatalf("%s: event %d is out of order", s.ID, i)
				}
				if e.At.Before(start) || e.At.After(start.Add(s.Duration+time.Hour)) {
					t.Fatalf("%s: event %d at %s is outside the scenario", s.ID, i, e.At)
				}
				truth, ok := d.Truth[e.UID]
				if !ok || truth.Table != e.Table {
					t.Fatalf("%s: event %d has no truth", s.ID, i)
				}
				if truth.Step != "" {
					malicious++
				}
				if !json.Valid(e.Row) || bytes.Contains(e.Row, []byte(e.UID)) || bytes.Contains(e.Row, []byte("attacker")) {
					t.Fatalf("%s: event %d: %s", s.ID, i, e.Row)
				}
			}
			if share := float64(malicious) / float64(len(d.Emissions)); share == 0 || share > 0.2 {
				t.Errorf("%s seed %d: %.1f %% of %d events are the attacker's", s.ID, seed, share*100, len(d.Emissions))
			}
			if d.Roles["victim"] == "" || d.Roles["attacker-address"] == "" {
				t.Errorf("%s: roles %v", s.ID, d.Roles)
			}
		}
	}
}

// TestGenerate_FormattingGivesNothingAway: an attacker's row has no column that
// benign rows of its table never have.
func TestGenerate_FormattingGivesNothingAway(t *testing.T) {
	for _, s := range scenarios(t) {
		d, err := simulate.Generate(s, 3, start)
		if err != nil {
			t.Fatal(err)
		}
		benign := map[string]map[string]bool{}
		columns := func(e simulate.Emission) map[string]json.RawMessage {
			var m map[string]json.RawMessage
			if err := json.Unmarshal(e.Row, &m); err != nil {
				t.Fatal(err)
			}
			return m
		}
		for _, e := range d.Emissions {
			if d.Truth[e.UID].Step == "" {
				if benign[e.Table] == nil {
					benign[e.Table] = map[string]bool{}
				}
				for c := range columns(e) {
					benign[e.Table][c] = true
				}
			}
		}
		semantic := map[string]bool{"Parameters": true} // an inbox rule has parameters, whoever makes it
		for _, e := range d.Emissions {
			if d.Truth[e.UID].Step == "" || benign[e.Table] == nil {
				continue
			}
			for c := range columns(e) {
				if !benign[e.Table][c] && !semantic[c] {
					t.Errorf("%s: only the attacker's rows of %s have %s", s.ID, e.Table, c)
					benign[e.Table][c] = true
				}
			}
		}
	}
}

func TestBatches_KeepEverythingInOrder(t *testing.T) {
	d, err := simulate.Generate(scenarios(t)[0], 1, start)
	if err != nil {
		t.Fatal(err)
	}
	rows, ids := 0, map[string]bool{}
	for _, b := range d.Batches(10 * time.Minute) {
		rows += b.Rows
		if n := bytes.Count(b.Body, []byte("\n")); n != b.Rows {
			t.Errorf("batch %s says %d rows and has %d", b.ID, b.Rows, n)
		}
		if ids[b.ID] {
			t.Errorf("batch id %s twice", b.ID)
		}
		ids[b.ID] = true
		if b.To.Sub(b.From) > 10*time.Minute {
			t.Errorf("batch %s spans %s", b.ID, b.To.Sub(b.From))
		}
	}
	if rows != len(d.Emissions) {
		t.Errorf("%d rows in batches, %d emitted", rows, len(d.Emissions))
	}
}

func TestParseScenario_SaysWhatIsWrong(t *testing.T) {
	text, err := os.ReadFile("../../content/simulations/consent-phishing.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, want string }{
		{"do: user.click", "do: user.dance", `unknown action "user.dance"; known are account.add-method`},
		{"requires: [clicked, app]", "requires: [keys]", `nothing before it yields "keys"`},
		{"at: 52m", "at: 1m", "it is before the step above it"},
		{"at: 95m", "at: 9h", "is not within the duration"},
		{"id: click", "id: lure", "needs an id of its own"},
		{"duration: 3h", "duration: long", `duration "long"`},
		{"joins: [click,", "joins: [clack,", `there is no step "clack"`},
		{"confusers: [newsletter", "confusers: [circus", `unknown confuser "circus"`},
		{"version: 1", "versoin: 1", "not a scenario file"},
	} {
		_, err := simulate.ParseScenario([]byte(strings.Replace(string(text), c.old, c.new, 1)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q for %q: error %v, want %q", c.new, c.old, err, c.want)
		}
	}
}
