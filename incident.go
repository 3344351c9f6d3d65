package tocsin

import (
	"strings"
	"time"
)

// An IncidentID is the number of an incident: unique, increasing, what people say.
type IncidentID int64

// An IncidentStatus is where an incident stands.
type IncidentStatus string

// The states of an incident. Defender says Active, InProgress, Resolved,
// Redirected for New, Active, Closed, Redirected.
const (
	IncidentNew        IncidentStatus = "new"
	IncidentActive     IncidentStatus = "active"
	IncidentClosed     IncidentStatus = "closed"
	IncidentRedirected IncidentStatus = "redirected" // merged into another incident
)

// A Classification says what an incident turned out to be. It is needed to close one.
type Classification string

// The classifications: the union of Sentinel's and Defender's.
const (
	Unclassified   Classification = ""
	TruePositive   Classification = "truePositive"
	BenignPositive Classification = "benignPositive" // Defender: informational, expected activity
	FalsePositive  Classification = "falsePositive"
	Undetermined   Classification = "undetermined"
)

// A Determination refines a classification, with Defender's words.
type Determination string

// determinations lists which determinations fit which classification
// (Microsoft Defender XDR, "Manage incidents"; Sentinel's reasons added).
var determinations = map[Classification][]Determination{
	TruePositive: {"suspiciousActivity", "multiStagedAttack", "maliciousUserActivity", "compromisedAccount",
		"malware", "phishing", "unwantedSoftware", "other"},
	BenignPositive: {"suspiciousButExpected", "securityTesting", "lineOfBusinessApplication", "confirmedActivity", "other"},
	FalsePositive:  {"incorrectAlertLogic", "inaccurateData", "notMalicious", "notEnoughData", "other"},
	Undetermined:   {},
}

// Determinations returns the determinations that fit c, in the order to offer
// them. ok is false when c is not a classification one can close with.
func Determinations(c Classification) (list []Determination, ok bool) {
	list, ok = determinations[c]
	return append([]Determination(nil), list...), ok
}

// Fits reports whether d may stand beside c. No determination fits every one.
func (d Determination) Fits(c Classification) bool {
	if d == "" {
		return true
	}
	for _, have := range determinations[c] {
		if have == d {
			return true
		}
	}
	return false
}

// An Incident is what people work on: alerts that belong together, an owner, a
// state. It is a fold of its timeline: see package incident.
type Incident struct {
	ID             IncidentID     `json:"id"`
	Name           string         `json:"name"` // GUID; Sentinel's incident name
	Title          string         `json:"title"`
	Severity       Severity       `json:"severity"`
	Status         IncidentStatus `json:"status"`
	Owner          string         `json:"owner"` // user name; empty when nobody
	Classification Classification `json:"classification"`
	Determination  Determination  `json:"determination"`
	CloseComment   string         `json:"closeComment"`
	Tags           []string       `json:"tags"`
	Tactics        []string       `json:"tactics"`
	Techniques     []string       `json:"techniques"`
	Alerts         []AlertLink    `json:"alerts"`
	MergedInto     IncidentID     `json:"mergedInto"` // 0 unless Redirected
	CreatedAt      time.Time      `json:"createdAt"`
	UpdatedAt      time.Time      `json:"updatedAt"`
	AcknowledgedAt time.Time      `json:"acknowledgedAt"` // first time a person owned it; zero until then
	ClosedAt       time.Time      `json:"closedAt"`       // zero unless closed
	FirstActivity  time.Time      `json:"firstActivity"`
	LastActivity   time.Time      `json:"lastActivity"`
	Comments       int            `json:"comments"`
	Version        int            `json:"version"` // number of timeline entries; for optimistic concurrency
}

// An AlertLink says that an alert belongs to an incident, and why.
type AlertLink struct {
	Alert    AlertID   `json:"alertId"`
	Reason   Reason    `json:"reason"`
	LinkedAt time.Time `json:"linkedAt"`
}

// A Reason is why correlation linked an alert to an incident: the rule of
// correlation, what both share and since when. It is stored and shown as it is.
type Reason struct {
	Rule  string  `json:"rule"`  // id of the correlation rule; "first" for the alert that opened it, "manual" for a person's
	Text  string  `json:"text"`  // "same account amelie@contoso.example within 2 h"
	Value string  `json:"value"` // the shared entity key or artefact
	Score float64 `json:"score"` // 0..1
}

// Limits on what people write, as in Sentinel.
const (
	MaxCommentBytes = 30_000
	MaxTitleBytes   = 500
	MaxTags         = 50
	MaxTagBytes     = 100
)

// CleanTag returns a tag without surrounding blanks; ok is false when it is
// empty or too long.
func CleanTag(tag string) (clean string, ok bool) {
	clean = strings.TrimSpace(tag)
	return clean, clean != "" && len(clean) <= MaxTagBytes
}
