package incident

import (
	"context"
	"time"

	"github.com/tocsin-soc/tocsin"
)

// A Store keeps incidents, their log and the alerts. Package sqlstore has the
// one implementation; storetest says what it must do.
//
// Reads see only what was committed. An absent thing is a tocsin.NotFound with
// a message fit to show; a store that cannot be reached or is locked for too
// long is tocsin.Unavailable; everything else is a plain error.
type Store interface {
	// Update runs do in one transaction that no other writer overlaps, so the
	// log's positions are in order of commit. An error of do is returned as it
	// is and leaves no trace; do may be run again after a lost connection.
	Update(ctx context.Context, do func(Tx) error) error

	// Incident returns the incident as it is now.
	Incident(ctx context.Context, id tocsin.IncidentID) (Summary, error)
	// Queue returns one page of incidents; f has passed Filter.check.
	Queue(ctx context.Context, f Filter) (Page, error)
	// Counts returns the header of the queue.
	Counts(ctx context.Context) (Counts, error)

	// Timeline returns the entries of one incident, oldest first; empty when
	// there is no such incident.
	Timeline(ctx context.Context, id tocsin.IncidentID) ([]Entry, error)
	// Log returns up to limit entries of all incidents with Position > after,
	// in order of Position.
	Log(ctx context.Context, after int64, limit int) ([]Entry, error)

	// Alert returns one alert with its evidence.
	Alert(ctx context.Context, id tocsin.AlertID) (tocsin.Alert, error)
	// AlertsOf returns the alerts in an incident with their evidence, by first
	// activity, then id.
	AlertsOf(ctx context.Context, id tocsin.IncidentID) ([]tocsin.Alert, error)
	// Alerts returns one page of alerts without evidence; f has been checked.
	Alerts(ctx context.Context, f AlertFilter) (AlertPage, error)

	// Candidates returns the incidents that q asks for, newest activity first.
	Candidates(ctx context.Context, q Related) ([]Candidate, error)
	// Degrees counts, for each entity key, the incidents with activity since
	// then that mention it. Keys that occur nowhere are absent; counting stops
	// at MaxDegree.
	Degrees(ctx context.Context, keys []string, since time.Time) (map[string]int, error)
}

// A Tx is a transaction of a Store. It reads its own writes.
type Tx interface {
	// State returns the stored state; tocsin.NotFound when there is none.
	State(id tocsin.IncidentID) (State, error)
	// NextID returns the number for a new incident: one more than the highest.
	NextID() (tocsin.IncidentID, error)
	// Entries returns the entries of one incident with Seq > after, in order.
	Entries(id tocsin.IncidentID, after int) ([]Entry, error)
	// Save stores the state and appends the entries that led to it; the store
	// gives them their Position. view is nil when the incident's alerts did not
	// change.
	Save(s *State, entries []Entry, view *View) error
	// LinkAlerts makes to the incident of these alerts; 0 takes them out of theirs.
	LinkAlerts(to tocsin.IncidentID, alerts []tocsin.AlertID) error

	// Alerts returns those of the alerts that exist; without evidence unless asked.
	Alerts(ids []tocsin.AlertID, evidence bool) (map[tocsin.AlertID]Stored, error)
	// Latest returns, for each identity (tocsin.IdentifyAlert), the newest
	// episode of that alert with its evidence; identities never seen are absent.
	Latest(identities []tocsin.AlertID) (map[tocsin.AlertID]Stored, error)
	// SaveAlerts writes alerts with their evidence.
	SaveAlerts(alerts []Stored) error
	// SetAlertStatus sets the status of alerts; resolvedAt is zero unless resolved.
	SetAlertStatus(ids []tocsin.AlertID, status tocsin.AlertStatus, resolvedAt time.Time) error

	// Findings returns which findings were recorded before, and as which alert.
	Findings(ids []string) (map[string]tocsin.AlertID, error)
	// SaveFindings remembers findings, and may forget those recorded before forget.
	SaveFindings(findings map[string]tocsin.AlertID, at, forget time.Time) error
}

// Stored is an alert as it is kept: with its identity, and which episode of it
// this is. A finding that comes after its alert was resolved begins a new
// episode, so that nothing that recurs stays hidden in a closed incident.
type Stored struct {
	tocsin.Alert
	Identity   tocsin.AlertID // tocsin.IdentifyAlert(rule, fingerprint); the id of the first episode
	Episode    int            // 1, 2, …
	ResolvedAt time.Time      // zero unless resolved
}

// A View is what the queue shows and searches of an incident's alerts. It
// follows from them; it is kept so that a page reads no alert.
type View struct {
	Entities     []tocsin.Entity // the most telling few
	EntityCount  int             // distinct things
	ActiveAlerts int             // not resolved
	Words        []string        // what the search finds the incident by, sorted
	Keys         []KeySeen       // every key of every entity, sorted by key
}

// KeySeen says when an entity key was last active in an incident.
type KeySeen struct {
	Key          string
	LastActivity time.Time
}

// Summary is an incident as a row of the queue shows it. Its Alerts are filled
// by Incident, not by Queue, where AlertCount says how many there are.
type Summary struct {
	tocsin.Incident
	Entities     []tocsin.Entity `json:"entities"` // the most telling few
	EntityCount  int             `json:"entityCount"`
	AlertCount   int             `json:"alertCount"`
	ActiveAlerts int             `json:"activeAlerts"`
}

// Counts is the header of the queue.
type Counts struct {
	New        int                     `json:"new"`
	Active     int                     `json:"active"`
	Closed     int                     `json:"closed"`
	Unassigned int                     `json:"unassigned"`     // of new and active
	BySeverity map[tocsin.Severity]int `json:"openBySeverity"` // of new and active; all four present
}

// Related asks for incidents that an alert might belong to: those that share
// one of Keys, or hold an alert of one of Rules, and were active since Since.
// When more than Limit are, those that share a rare key come before those that
// share only a common one, and rules before keys: a busy proxy must not push out
// the one incident about the same account.
type Related struct {
	Keys   []string
	Rules  []tocsin.RuleID
	Since  time.Time
	Closed bool // also closed ones (a rule that wishes to reopen); never redirected ones
	Limit  int  // 1..MaxCandidates; 0 is MaxCandidates
}

// Limits on what correlation may ask for at once.
const (
	MaxCandidates = 100
	MaxDegree     = 10_000
)

// A Candidate is an incident that new alerts might belong to, with its alerts
// without their evidence.
type Candidate struct {
	Incident tocsin.Incident
	OwnTitle bool // a person named it
	Alerts   []tocsin.Alert
}
