package tocsin

import (
	"crypto/sha256"
	"encoding/hex"
	"sort"
	"strings"
	"time"
)

// An AlertID identifies an alert: derived from its rule and fingerprint, so a
// repeat finds the alert it repeats.
type AlertID string

// An Alert says that a detection rule fired, on what and why. A repeat of the
// same finding raises Count and LastActivity; it never makes a twin.
type Alert struct {
	ID            AlertID             `json:"id"`
	Rule          RuleID              `json:"ruleId"`
	RuleKind      RuleKind            `json:"ruleKind"`
	RuleVersion   string              `json:"ruleVersion"`
	Author        string              `json:"author"`
	Title         string              `json:"title"`
	Description   string              `json:"description"`
	Severity      Severity            `json:"severity"`
	Tactics       []string            `json:"tactics"`
	Techniques    []string            `json:"techniques"`
	Entities      []Entity            `json:"entities"`
	Evidence      []Evidence          `json:"evidence"`
	CustomDetails map[string][]string `json:"customDetails"`
	Fingerprint   string              `json:"fingerprint"` // what makes two findings the same
	Count         int                 `json:"count"`       // how often it was found, at least 1
	FirstActivity time.Time           `json:"firstActivity"`
	LastActivity  time.Time           `json:"lastActivity"`
	RaisedAt      time.Time           `json:"raisedAt"`
	Status        AlertStatus         `json:"status"`
	Incident      IncidentID          `json:"incidentId"` // 0 until correlated
	Grouping      Grouping            `json:"grouping"`
	Notes         []string            `json:"notes"` // what was capped or skipped while making it; for the analyst
}

// A Grouping is the rule's own wish how its alerts become incidents
// (Sentinel's incidentConfiguration). The zero value leaves it to correlation.
type Grouping struct {
	NoIncident bool          `json:"noIncident"` // createIncident: false
	Method     string        `json:"method"`     // "", AllEntities, AnyAlert, Selected
	Lookback   time.Duration `json:"lookback"`
	Reopen     bool          `json:"reopen"`
	ByEntities []EntityType  `json:"byEntities"`
	ByDetails  []string      `json:"byDetails"` // DisplayName, Severity, or a custom detail's name
}

// Evidence points at one stored event that an alert rests on.
type Evidence struct {
	Event      EventID   `json:"eventId"`
	Table      string    `json:"table"`
	OccurredAt time.Time `json:"occurredAt"`
	Summary    string    `json:"summary"` // one line an analyst can read
}

// MaxEvidence bounds the evidence kept with one alert; Notes says when more was found.
const MaxEvidence = 100

// An AlertStatus is the state of an alert.
type AlertStatus string

// The states of an alert.
const (
	AlertNew        AlertStatus = "new"
	AlertInProgress AlertStatus = "inProgress"
	AlertResolved   AlertStatus = "resolved"
)

// IdentifyAlert derives the id of the alert that rule raises for fingerprint.
func IdentifyAlert(rule RuleID, fingerprint string) AlertID {
	sum := sha256.Sum256([]byte(string(rule) + "\x00" + fingerprint))
	return AlertID("al" + hex.EncodeToString(sum[:12]))
}

// Fingerprint makes the fingerprint of a finding from the entities it is about
// and further grouping values. Order does not matter; entities that identify
// nothing count by their label.
func Fingerprint(entities []Entity, more ...string) string {
	parts := make([]string, 0, len(entities)+len(more))
	for _, e := range entities {
		key, ok := e.Key()
		if !ok {
			key = strings.ToLower(e.String())
		}
		parts = append(parts, key)
	}
	sort.Strings(parts)
	sum := sha256.Sum256([]byte(strings.Join(append(parts, more...), "\x00")))
	return hex.EncodeToString(sum[:12])
}
