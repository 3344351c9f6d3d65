package incident

import "github.com/tocsin-soc/tocsin"

// A Command asks for a change. The list is closed: the types of this file.
//
// Version is the version of the incident that the caller looked at. When it is
// older than the incident, and what happened since could have changed the
// caller's mind, the command is a tocsin.Conflict that says who changed what. A
// person must give it; 0 from anybody else means whatever it is now.
//
// Every command fails with tocsin.NotFound for an incident or alert that does
// not exist, tocsin.Invalid for a value that cannot be right, and
// tocsin.Conflict for a state that forbids it. A failed command changes nothing.
// A command that would change nothing succeeds and leaves no entry.
type Command interface {
	// run does the command within a session and returns the incident to show.
	run(*session) (tocsin.IncidentID, error)
}

// AlertWhy is an alert to link, with the reason that is stored and shown.
type AlertWhy struct {
	Alert tocsin.AlertID
	Why   tocsin.Reason
}

// Open opens a new incident. With alerts, they must not be in an incident yet.
type Open struct {
	Actor     tocsin.Actor
	Title     string          // required
	Generated bool            // Title was generated: it may be replaced when alerts come and go
	Severity  tocsin.Severity // empty: the worst of the alerts, medium without any
	Owner     string
	Tags      []string
	Alerts    []AlertWhy
	Note      string            // becomes the first comment, if any
	Continues tocsin.IncidentID // a full incident that this one continues; 0 for none
}

// Attach links alerts to an incident that is not closed. An alert that is there
// already is left alone; one in another incident is a conflict: use Move.
// At most MaxAlerts are in one incident.
type Attach struct {
	Actor    tocsin.Actor
	Incident tocsin.IncidentID
	Version  int
	Alerts   []AlertWhy
	Title    string // generated; used unless somebody chose the title. Empty leaves it
}

// Detach takes alerts out of an incident; they are then in none. An incident
// left without alerts is closed as undetermined.
type Detach struct {
	Actor    tocsin.Actor
	Incident tocsin.IncidentID
	Version  int
	Alerts   []tocsin.AlertID
}

// Move takes alerts out of one incident and links them to another, or to a new
// one. An incident left without alerts is closed as undetermined. The result is
// the incident the alerts are in now.
type Move struct {
	Actor    tocsin.Actor
	Incident tocsin.IncidentID // where they are
	Version  int               // of Incident
	Alerts   []tocsin.AlertID
	To       tocsin.IncidentID // 0 opens a new incident
	Title    string            // of the new incident; empty takes the first alert's
}

// Merge empties Source into Target: its alerts, tags, owner when Target has
// none. Source is redirected to Target. It is a conflict when either is closed
// or redirected already, when both have an owner and not the same, when they are
// classified differently, or when more than MaxAlerts would come together.
// The result is Target.
type Merge struct {
	Actor         tocsin.Actor
	Source        tocsin.IncidentID
	Target        tocsin.IncidentID
	SourceVersion int
	Version       int // of Target
	Why           tocsin.Reason
	Title         string // generated, for Target; used unless somebody chose its title
}

// Unmerge undoes a merge exactly: Source stands where it stood, with those of
// its alerts that are still in the target; the target gives back what it took
// and nobody has changed since. What was added to the target later stays there.
// The result is Source.
type Unmerge struct {
	Actor   tocsin.Actor
	Source  tocsin.IncidentID // the redirected one
	Version int               // of the incident it was merged into
}

// Assign gives an incident an owner; the empty name takes it away. Its new
// alerts are then in progress. Whether the user exists is the caller's to check.
type Assign struct {
	Actor    tocsin.Actor
	Incident tocsin.IncidentID
	Version  int
	Owner    string
}

// SetStatus moves an open incident between new and active. Use Close and Reopen
// for the other states.
type SetStatus struct {
	Actor    tocsin.Actor
	Incident tocsin.IncidentID
	Version  int
	Status   tocsin.IncidentStatus
}

// SetSeverity chooses the severity; from then on alerts no longer raise it.
type SetSeverity struct {
	Actor    tocsin.Actor
	Incident tocsin.IncidentID
	Version  int
	Severity tocsin.Severity
}

// Rename chooses the title; from then on it is no longer generated.
type Rename struct {
	Actor    tocsin.Actor
	Incident tocsin.IncidentID
	Version  int
	Title    string
}

// Retag adds and drops tags. Case does not matter; the first spelling stays.
type Retag struct {
	Actor    tocsin.Actor
	Incident tocsin.IncidentID
	Version  int
	Add      []string
	Drop     []string
}

// Classify says what an incident turned out to be, before or after closing it.
type Classify struct {
	Actor          tocsin.Actor
	Incident       tocsin.IncidentID
	Version        int
	Classification tocsin.Classification
	Determination  tocsin.Determination // optional; must fit
}

// Comment adds a comment: plain text, at most tocsin.MaxCommentBytes. It needs
// no version and makes none stale.
type Comment struct {
	Actor    tocsin.Actor
	Incident tocsin.IncidentID
	Text     string
}

// Close closes an incident and resolves its alerts.
type Close struct {
	Actor          tocsin.Actor
	Incident       tocsin.IncidentID
	Version        int
	Classification tocsin.Classification // required, unless the incident has one
	Determination  tocsin.Determination  // optional; must fit
	Comment        string
}

// Reopen opens a closed incident again: active when it has an owner, else new.
// Its alerts are open again, its classification is taken back.
type Reopen struct {
	Actor    tocsin.Actor
	Incident tocsin.IncidentID
	Version  int
	Alerts   []AlertWhy // alerts to link in the same step, such as the one that made a rule reopen it
	Text     string     // why; optional
}

// Change changes several things of one incident at once, or none of them: the
// body of a PATCH. A nil field leaves its thing alone. Status closed closes,
// another status of a closed incident reopens. Comment stands with the close
// when this closes, else it is a comment of its own.
type Change struct {
	Actor          tocsin.Actor
	Incident       tocsin.IncidentID
	Version        int
	Title          *string
	Owner          *string // "" unassigns
	Severity       *tocsin.Severity
	Status         *tocsin.IncidentStatus
	Classification *tocsin.Classification
	Determination  *tocsin.Determination
	Comment        *string
	Tags           *[]string // the tags it shall have
}

// MaxAlerts is how many alerts one incident holds at most, as in Sentinel.
const MaxAlerts = 150
