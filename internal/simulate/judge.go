package simulate

import (
	"slices"
	"strings"

	"github.com/tocsin-soc/tocsin"
)

// A Verdict says whether what was expected of a scenario appeared.
type Verdict struct {
	Expected ExpectedIncident
	Found    tocsin.IncidentID // 0 when no incident fits
	Missing  []string          // rules without an alert in the best incident
}

// Detected reports whether the expected incident is there.
func (v Verdict) Detected() bool { return v.Found != 0 }

// An Observed is an incident with its alerts, as the product made them.
type Observed struct {
	ID     tocsin.IncidentID
	Alerts []tocsin.Alert
}

// Judge compares the incidents of the product with what the data set's scenario
// expects: one incident that holds an alert of every named rule, about the
// entities that play the named roles.
func Judge(d *Dataset, incidents []Observed) []Verdict {
	var list []Verdict
	for _, want := range d.Scenario.Incidents {
		best := Verdict{Expected: want, Missing: slices.Clone(want.Rules)}
		for _, have := range incidents {
			missing := missingRules(want.Rules, have.Alerts)
			if len(missing) < len(best.Missing) {
				best.Missing = missing
			}
			if len(missing) == 0 && d.about(have.Alerts, want.Entities) {
				best.Found, best.Missing = have.ID, nil
				break
			}
		}
		list = append(list, best)
	}
	return list
}

// missingRules returns the rules none of the alerts comes from.
func missingRules(rules []string, alerts []tocsin.Alert) []string {
	var missing []string
	for _, rule := range rules {
		if !slices.ContainsFunc(alerts, func(a tocsin.Alert) bool { return string(a.Rule) == rule }) {
			missing = append(missing, rule)
		}
	}
	return missing
}

// about reports whether the alerts name whoever plays each role.
func (d *Dataset) about(alerts []tocsin.Alert, roles []string) bool {
	for _, role := range roles {
		want := strings.ToLower(d.Roles[role])
		named := slices.ContainsFunc(alerts, func(a tocsin.Alert) bool {
			return slices.ContainsFunc(a.Entities, func(e tocsin.Entity) bool { return strings.ToLower(e.Label()) == want })
		})
		if want == "" || !named {
			return false
		}
	}
	return true
}
