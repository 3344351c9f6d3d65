package tocsin

import (
	"strings"
	"time"
)

// A RuleID identifies a detection rule: the id its author gave it (a GUID in
// Sigma and Sentinel content).
type RuleID string

// A RuleKind says how a detection rule runs.
type RuleKind string

// The kinds of detection rule.
const (
	SigmaRule     RuleKind = "sigma"     // on the stream, per record
	ScheduledRule RuleKind = "scheduled" // KQL every N over last M
	NRTRule       RuleKind = "nrt"       // KQL every minute by ingestion time
)

// A Severity is how bad an alert or incident is.
type Severity string

// The severities, as in Sentinel and Defender.
const (
	Informational Severity = "informational"
	Low           Severity = "low"
	Medium        Severity = "medium"
	High          Severity = "high"
)

var severityRank = map[Severity]int{Informational: 1, Low: 2, Medium: 3, High: 4}

// ParseSeverity reads a severity in any case, with Sigma's "critical" as High.
// ok is false for anything else.
func ParseSeverity(s string) (sev Severity, ok bool) {
	sev = Severity(strings.ToLower(strings.TrimSpace(s)))
	if sev == "critical" {
		sev = High
	}
	return sev, severityRank[sev] != 0
}

// Rank orders severities: Informational 1 … High 4; 0 for an unknown one.
func (s Severity) Rank() int { return severityRank[s] }

// A Rule is what every detection rule has in common, whatever language it is
// written in: what the catalogue, the alert and the rule page show.
type Rule struct {
	ID          RuleID
	Kind        RuleKind
	Version     string
	Title       string
	Description string
	Author      string // shown with each alert (Detection Rule License 1.1 asks for it)
	Severity    Severity
	Tactics     []string // ATT&CK tactic names: InitialAccess, …
	Techniques  []string // ATT&CK ids: T1110.003
	Path        string   // where it was loaded from
	Source      string   // the text of the rule, for the rule page
}

// A RuleRun is one line of a scheduled rule's ledger: which window was looked
// at, when, and what came of it. No run, skip or failure goes unrecorded.
type RuleRun struct {
	Rule       RuleID        `json:"ruleId"`
	Version    string        `json:"version"`
	From       time.Time     `json:"from"` // the window of event time, From <= t < To
	To         time.Time     `json:"to"`
	StartedAt  time.Time     `json:"startedAt"`
	Took       time.Duration `json:"took"`
	Status     RunStatus     `json:"status"`
	Reason     string        `json:"reason"` // of a failure, a skip or a cap; empty otherwise
	Rows       int           `json:"rows"`
	Alerts     int           `json:"alerts"`
	Watermark  time.Time     `json:"watermark"` // newest _IngestionTime the run could have seen
	IsBackfill bool          `json:"isBackfill"`
}

// A RunStatus is how a rule run ended.
type RunStatus string

// The outcomes of a rule run.
const (
	RunSucceeded RunStatus = "succeeded"
	RunCapped    RunStatus = "capped" // a limit bit; Reason says which
	RunFailed    RunStatus = "failed"
)
