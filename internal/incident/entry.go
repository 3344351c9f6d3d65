package incident

import (
	"time"

	"github.com/tocsin-soc/tocsin"
)

// An Entry is one line of an incident's timeline: a change that happened, who
// made it and everything needed to make the state from it. Entries are never
// changed or removed.
type Entry struct {
	Position int64             `json:"position"` // in the log of all incidents, in order of commit; 0 before it is stored
	Incident tocsin.IncidentID `json:"incidentId"`
	Seq      int               `json:"seq"` // 1, 2, …: the incident's Version after this entry
	At       time.Time         `json:"at"`  // UTC, whole ticks of 100 ns
	Actor    tocsin.Actor      `json:"actor"`
	Kind     EntryKind         `json:"kind"`
	Body     Body              `json:"body"`
}

// An EntryKind says what happened.
type EntryKind string

// The kinds of timeline entry. The first of every incident is Opened.
const (
	Opened          EntryKind = "opened"
	AlertAttached   EntryKind = "alertAttached"
	AlertDetached   EntryKind = "alertDetached"
	AlertRepeated   EntryKind = "alertRepeated" // an alert was seen again and what it says of the incident changed
	Merged          EntryKind = "merged"        // on the target: another incident was emptied into this one
	Redirected      EntryKind = "redirected"    // on the source: it was emptied into another
	Unmerged        EntryKind = "unmerged"      // on the target: a merge was undone
	Restored        EntryKind = "restored"      // on the source: a merge was undone
	Continued       EntryKind = "continued"     // full: further alerts go to the incident named
	Assigned        EntryKind = "assigned"
	StatusChanged   EntryKind = "statusChanged"
	SeverityChanged EntryKind = "severityChanged"
	Renamed         EntryKind = "renamed"
	Tagged          EntryKind = "tagged"
	Classified      EntryKind = "classified"
	Commented       EntryKind = "commented"
	Closed          EntryKind = "closed"
	Reopened        EntryKind = "reopened"
)

// Valid reports whether this version of Tocsin knows what k means. A log that
// holds another kind was written by a newer version and cannot be folded.
func (k EntryKind) Valid() bool {
	switch k {
	case Opened, AlertAttached, AlertDetached, AlertRepeated, Merged, Redirected, Unmerged, Restored, Continued,
		Assigned, StatusChanged, SeverityChanged, Renamed, Tagged, Classified, Commented, Closed, Reopened:
		return true
	}
	return false
}

// isNews reports whether somebody who looked at the incident before an entry of
// this kind may have decided otherwise had they seen it. A repeat of an alert,
// a comment and the note that an incident is full make no version stale.
func (k EntryKind) isNews() bool {
	return k != AlertRepeated && k != Commented && k != Continued
}

// A Body is what an entry says. Which fields are set depends on the kind; From
// and To are the value before and after where there is one value.
type Body struct {
	Name           string                `json:"name,omitempty"` // Opened: the incident's GUID
	From           string                `json:"from,omitempty"`
	To             string                `json:"to,omitempty"`            // Opened: the title
	Severity       tocsin.Severity       `json:"severity,omitempty"`      // Opened: the severity without alerts
	IsChosen       bool                  `json:"isChosen,omitempty"`      // Opened: somebody chose the title; it is not generated
	IsRated        bool                  `json:"isRated,omitempty"`       // Opened: somebody chose the severity
	Owner          string                `json:"owner,omitempty"`         // Opened
	Links          []Link                `json:"links,omitempty"`         // alerts that came, or that a redirected incident lost
	Alerts         []tocsin.AlertID      `json:"alerts,omitempty"`        // alerts that went
	Other          tocsin.IncidentID     `json:"otherIncident,omitempty"` // the other incident of a merge, a move or a continuation
	Title          string                `json:"title,omitempty"`         // the generated title after alerts came or went
	AddTags        []string              `json:"addTags,omitempty"`
	DropTags       []string              `json:"dropTags,omitempty"`
	Classification tocsin.Classification `json:"classification,omitempty"`
	Determination  tocsin.Determination  `json:"determination,omitempty"`
	Text           string                `json:"text,omitempty"`     // a comment, a closing comment, or the reason why
	Why            *tocsin.Reason        `json:"why,omitempty"`      // of a merge
	Merge          *Takeover             `json:"takeover,omitempty"` // Merged: what else the target took over; Unmerged: what it gives back
	Seq            int                   `json:"undoes,omitempty"`   // Unmerged, Restored: the entry that is undone
}

// A Link is an alert in an incident: the reason it is there, and what it says
// about the incident.
type Link struct {
	tocsin.AlertLink
	Facts Facts `json:"facts"`
}

// Facts are what an alert contributes to its incident's state. They stand in
// the log, so that the fold needs nothing else.
type Facts struct {
	Rule          tocsin.RuleID   `json:"ruleId,omitempty"`
	Title         string          `json:"title,omitempty"`
	Severity      tocsin.Severity `json:"severity,omitempty"`
	Tactics       []string        `json:"tactics,omitempty"`
	Techniques    []string        `json:"techniques,omitempty"`
	FirstActivity time.Time       `json:"firstActivity,omitzero"`
	LastActivity  time.Time       `json:"lastActivity,omitzero"`
}

// A Takeover is what a merge changed in the target besides its alerts, with
// what stood there before, so that undoing restores exactly what nobody has
// touched since.
type Takeover struct {
	Title        Swap      `json:"title,omitzero"`
	Owner        Swap      `json:"owner,omitzero"`
	Acknowledged time.Time `json:"acknowledgedAt,omitzero"` // taken over because the target had none
	Comments     int       `json:"comments,omitempty"`      // of the source, counted with the target's
}

// A Swap is one value before and after.
type Swap struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// factsOf extracts what an alert contributes.
func factsOf(a *tocsin.Alert) Facts {
	return Facts{
		Rule: a.Rule, Title: a.Title, Severity: a.Severity,
		Tactics: append([]string(nil), a.Tactics...), Techniques: append([]string(nil), a.Techniques...),
		FirstActivity: a.FirstActivity, LastActivity: a.LastActivity,
	}
}
