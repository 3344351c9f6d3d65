package simulate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// A Scenario is one attack as a file describes it: ordered steps in a world,
// and what ought to be detected. It is immutable once parsed.
type Scenario struct {
	ID          string
	Name        string
	Description string
	Version     int
	Users       int           // size of the world
	Duration    time.Duration // event time from the first to the last event
	Steps       []Step
	Incidents   []ExpectedIncident
	BlindSpots  []string // steps that leave no telemetry by nature
	Confusers   []string // benign look-alikes that run in the same time
}

// A Step is one thing the attacker does.
type Step struct {
	ID        string
	Technique string
	At        time.Duration // after the start
	Do        string        // name of an action
	Requires  []string      // facts that must hold
	Yields    []string      // facts that hold afterwards
	MustLog   []string      // tables that must have an event of this step
	With      map[string]string
}

// An ExpectedIncident is an incident that must exist at the end: one that holds
// an alert of each of these rules and is about these persons or addresses.
type ExpectedIncident struct {
	Name     string
	Rules    []string
	Entities []string // names of roles: victim, attacker-address
	Joins    []string // the steps it covers, for the report
}

// scenarioFile is the YAML form.
type scenarioFile struct {
	ID          string     `yaml:"id"`
	Name        string     `yaml:"name"`
	Description string     `yaml:"description"`
	Version     int        `yaml:"version"`
	Users       int        `yaml:"users"`
	Duration    string     `yaml:"duration"`
	Confusers   []string   `yaml:"confusers"`
	Steps       []stepFile `yaml:"steps"`
	Expect      struct {
		Incidents  []incidentFile `yaml:"incidents"`
		BlindSpots []string       `yaml:"blind_spots"`
	} `yaml:"expect"`
}

type stepFile struct {
	ID        string            `yaml:"id"`
	Technique string            `yaml:"technique"`
	At        string            `yaml:"at"`
	Do        string            `yaml:"do"`
	Requires  []string          `yaml:"requires"`
	Yields    []string          `yaml:"yields"`
	MustLog   []string          `yaml:"must_log"`
	With      map[string]string `yaml:"with"`
}

type incidentFile struct {
	Name     string   `yaml:"name"`
	Rules    []string `yaml:"rules"`
	Entities []string `yaml:"entities"`
	Joins    []string `yaml:"joins"`
}

// ParseScenario reads and checks one scenario file. The error names what is
// wrong: an unknown action, a step that needs what none before it yields, an
// expectation about a step that does not exist.
func ParseScenario(text []byte) (*Scenario, error) {
	var f scenarioFile
	if err := yaml.UnmarshalWithOptions(text, &f, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("not a scenario file: %w", err)
	}
	s := &Scenario{ID: f.ID, Name: f.Name, Description: strings.TrimSpace(f.Description), Version: f.Version, Users: f.Users, BlindSpots: f.Expect.BlindSpots, Confusers: f.Confusers}
	for _, i := range f.Expect.Incidents {
		s.Incidents = append(s.Incidents, ExpectedIncident(i))
	}
	var err error
	if s.Duration, err = time.ParseDuration(f.Duration); err != nil || s.Duration <= 0 || s.Duration > 7*24*time.Hour {
		return nil, fmt.Errorf("duration %q: write for example 3h, at most 168h", f.Duration)
	}
	for _, sf := range f.Steps {
		at, err := time.ParseDuration(sf.At)
		if err != nil || at < 0 || at > s.Duration {
			return nil, fmt.Errorf("step %s: at %q is not within the duration of %s", sf.ID, sf.At, s.Duration)
		}
		s.Steps = append(s.Steps, Step{ID: sf.ID, Technique: sf.Technique, At: at, Do: sf.Do, Requires: sf.Requires, Yields: sf.Yields, MustLog: sf.MustLog, With: sf.With})
	}
	return s, s.check()
}

// check reports the first thing in the scenario that cannot be played.
func (s *Scenario) check() error {
	if s.ID == "" || s.Name == "" || len(s.Steps) == 0 {
		return fmt.Errorf("a scenario needs an id, a name and at least one step")
	}
	facts, steps := map[string]bool{}, map[string]bool{}
	last := time.Duration(0)
	for _, st := range s.Steps {
		switch {
		case st.ID == "" || steps[st.ID]:
			return fmt.Errorf("step %q: every step needs an id of its own", st.ID)
		case actions[st.Do] == nil:
			return fmt.Errorf("step %s: unknown action %q; known are %s", st.ID, st.Do, strings.Join(actionNames(), ", "))
		case st.At < last:
			return fmt.Errorf("step %s: it is before the step above it", st.ID)
		}
		for _, need := range st.Requires {
			if !facts[need] {
				return fmt.Errorf("step %s: nothing before it yields %q", st.ID, need)
			}
		}
		for _, fact := range st.Yields {
			facts[fact] = true
		}
		steps[st.ID], last = true, st.At
	}
	for _, name := range s.Confusers {
		if confusers[name] == nil {
			return fmt.Errorf("unknown confuser %q", name)
		}
	}
	for _, i := range s.Incidents {
		for _, j := range append(slices.Clone(i.Joins), s.BlindSpots...) {
			if !steps[j] {
				return fmt.Errorf("expect: there is no step %q", j)
			}
		}
	}
	return nil
}

// actionNames returns the names of all actions, sorted.
func actionNames() []string {
	var names []string
	for n := range actions {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}
