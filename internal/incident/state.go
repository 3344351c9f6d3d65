package incident

import (
	"slices"
	"sort"
	"time"

	"github.com/tocsin-soc/tocsin"
)

// A State is an incident together with what the fold has to remember besides
// what people see: who chose title and severity, and what each alert says.
type State struct {
	Incident   tocsin.Incident           `json:"incident"`
	OwnTitle   bool                      `json:"ownTitle,omitempty"`    // somebody chose the title; generated ones no longer replace it
	OwnRating  bool                      `json:"ownRating,omitempty"`   // somebody chose the severity; alerts no longer raise it
	BaseRating tocsin.Severity           `json:"baseRating,omitempty"`  // severity while there are no alerts
	Facts      map[tocsin.AlertID]Facts  `json:"facts"`                 // of the alerts linked now
	MergedIn   []tocsin.IncidentID       `json:"mergedIn,omitempty"`    // incidents redirected here now, oldest merge first
	MergeSeq   map[tocsin.IncidentID]int `json:"mergeSeqs"`             // the entry that merged each of them
	RedirectAt int                       `json:"redirectSeq,omitempty"` // the entry that redirected this one; 0 unless redirected
}

// Fold returns the incident that these entries make: all entries of one
// incident, in order, from its first. Entries up to a time give the incident as
// of that time. It is pure, and panics on a kind of entry it does not know;
// stores refuse to read such a log.
func Fold(entries []Entry) tocsin.Incident {
	return FoldState(entries).Incident
}

// FoldState is Fold with everything the fold remembers.
func FoldState(entries []Entry) State {
	var s State
	for i := range entries {
		s.apply(&entries[i])
	}
	return s
}

// AsOf returns the incident as it was at t; ok is false when it did not exist yet.
func AsOf(entries []Entry, t time.Time) (inc tocsin.Incident, ok bool) {
	n := sort.Search(len(entries), func(i int) bool { return entries[i].At.After(t) })
	return Fold(entries[:n]), n > 0
}

// apply folds one more entry in.
func (s *State) apply(e *Entry) {
	inc, b := &s.Incident, &e.Body
	switch e.Kind {
	case Opened:
		s.open(e)
	case AlertAttached:
		s.link(b.Links)
		s.retitle(b.Title)
	case AlertDetached:
		s.unlink(b.Alerts)
		s.retitle(b.Title)
	case AlertRepeated:
		for _, l := range b.Links {
			if _, linked := s.Facts[l.Alert]; linked {
				s.Facts[l.Alert] = l.Facts
			}
		}
		s.derive()
	case Merged:
		s.takeOver(e)
	case Unmerged:
		s.giveBack(e)
	case Redirected:
		inc.Status, inc.MergedInto, s.RedirectAt = tocsin.IncidentRedirected, b.Other, e.Seq
		s.unlink(linked(b.Links))
	case Restored:
		inc.Status, inc.MergedInto, s.RedirectAt = tocsin.IncidentStatus(b.To), 0, 0
		s.link(b.Links)
	case Assigned:
		inc.Owner = b.To
	case StatusChanged:
		inc.Status = tocsin.IncidentStatus(b.To)
	case SeverityChanged:
		inc.Severity, s.OwnRating = tocsin.Severity(b.To), true
	case Renamed:
		inc.Title, s.OwnTitle = b.To, true
	case Tagged:
		inc.Tags = retag(inc.Tags, b.AddTags, b.DropTags)
	case Classified:
		inc.Classification, inc.Determination = b.Classification, b.Determination
	case Commented:
		inc.Comments++
	case Closed:
		inc.Status, inc.ClosedAt, inc.CloseComment = tocsin.IncidentClosed, e.At, b.Text
		inc.Classification, inc.Determination = b.Classification, b.Determination
	case Reopened:
		inc.Status, inc.ClosedAt, inc.CloseComment = tocsin.IncidentStatus(b.To), time.Time{}, ""
		inc.Classification, inc.Determination = tocsin.Unclassified, ""
	case Continued:
	default:
		panic("incident: folding an entry of unknown kind " + string(e.Kind))
	}
	if inc.AcknowledgedAt.IsZero() && acknowledges(inc, e) {
		inc.AcknowledgedAt = e.At
	}
	inc.UpdatedAt, inc.Version = e.At, e.Seq
}

// acknowledges reports whether with this entry, already folded in, a person
// took the incident: a person gave it an owner, or the owner whom automation
// had chosen did something with it. A rule or playbook never acknowledges.
func acknowledges(inc *tocsin.Incident, e *Entry) bool {
	if e.Actor.Kind != tocsin.Person || inc.Owner == "" {
		return false
	}
	return e.Kind == Opened || e.Kind == Assigned || e.Actor.Name == inc.Owner
}

// open starts an incident.
func (s *State) open(e *Entry) {
	b := &e.Body
	s.Facts = map[tocsin.AlertID]Facts{}
	s.MergeSeq = map[tocsin.IncidentID]int{}
	s.OwnTitle, s.OwnRating, s.BaseRating = b.IsChosen, b.IsRated, b.Severity
	s.Incident = tocsin.Incident{
		ID: e.Incident, Name: b.Name, Title: b.To, Severity: b.Severity, Status: tocsin.IncidentNew, Owner: b.Owner,
		Tags: retag(nil, b.AddTags, nil), Tactics: []string{}, Techniques: []string{}, Alerts: []tocsin.AlertLink{}, CreatedAt: e.At,
	}
	s.link(b.Links)
}

// takeOver folds a merge into the target.
func (s *State) takeOver(e *Entry) {
	inc, b := &s.Incident, &e.Body
	s.MergedIn = append(slices.Clone(s.MergedIn), b.Other)
	s.MergeSeq[b.Other] = e.Seq
	inc.Tags = retag(inc.Tags, b.AddTags, nil)
	if t := b.Merge; t != nil {
		inc.Comments += t.Comments
		if t.Title != (Swap{}) {
			inc.Title = t.Title.To
		}
		if t.Owner != (Swap{}) {
			inc.Owner = t.Owner.To
		}
		if !t.Acknowledged.IsZero() {
			inc.AcknowledgedAt = t.Acknowledged
		}
	}
	s.link(b.Links)
}

// giveBack folds the undoing of a merge into the target. What the entry says
// was decided when it was written: only what nobody touched since the merge.
func (s *State) giveBack(e *Entry) {
	inc, b := &s.Incident, &e.Body
	s.MergedIn = slices.DeleteFunc(slices.Clone(s.MergedIn), func(id tocsin.IncidentID) bool { return id == b.Other })
	if len(s.MergedIn) == 0 {
		s.MergedIn = nil
	}
	delete(s.MergeSeq, b.Other)
	inc.Tags = retag(inc.Tags, nil, b.DropTags)
	if t := b.Merge; t != nil {
		inc.Comments -= t.Comments
		if t.Title != (Swap{}) {
			inc.Title = t.Title.To
		}
		if t.Owner != (Swap{}) {
			inc.Owner = t.Owner.To
		}
		if !t.Acknowledged.IsZero() {
			inc.AcknowledgedAt = time.Time{}
		}
	}
	s.unlink(b.Alerts)
}

// retitle takes a generated title, unless somebody has chosen one.
func (s *State) retitle(generated string) {
	if generated != "" && !s.OwnTitle {
		s.Incident.Title = generated
	}
}

// link adds alerts; one that is linked already keeps its first reason.
func (s *State) link(links []Link) {
	for _, l := range links {
		if _, have := s.Facts[l.Alert]; !have {
			s.Incident.Alerts = append(s.Incident.Alerts, l.AlertLink)
		}
		s.Facts[l.Alert] = l.Facts
	}
	s.derive()
}

// unlink removes alerts.
func (s *State) unlink(alerts []tocsin.AlertID) {
	for _, a := range alerts {
		delete(s.Facts, a)
	}
	s.Incident.Alerts = slices.DeleteFunc(slices.Clone(s.Incident.Alerts), func(l tocsin.AlertLink) bool {
		_, have := s.Facts[l.Alert]
		return !have
	})
	s.derive()
}

// derive makes what follows from the alerts: severity unless chosen, tactics,
// techniques and the window of activity.
func (s *State) derive() {
	inc := &s.Incident
	var worst tocsin.Severity
	tactics, techniques := map[string]bool{}, map[string]bool{}
	inc.FirstActivity, inc.LastActivity = time.Time{}, time.Time{}
	for _, f := range s.Facts {
		if f.Severity.Rank() > worst.Rank() {
			worst = f.Severity
		}
		for _, t := range f.Tactics {
			tactics[t] = true
		}
		for _, t := range f.Techniques {
			techniques[t] = true
		}
		if inc.FirstActivity.IsZero() || f.FirstActivity.Before(inc.FirstActivity) {
			inc.FirstActivity = f.FirstActivity
		}
		if f.LastActivity.After(inc.LastActivity) {
			inc.LastActivity = f.LastActivity
		}
	}
	if worst == "" {
		worst = s.BaseRating
	}
	if !s.OwnRating {
		inc.Severity = worst
	}
	inc.Tactics, inc.Techniques = sortTactics(tactics), sortedKeys(techniques)
}

// Link returns the link of an alert that is in the incident now.
func (s *State) Link(alert tocsin.AlertID) (Link, bool) {
	facts, ok := s.Facts[alert]
	if !ok {
		return Link{}, false
	}
	for _, l := range s.Incident.Alerts {
		if l.Alert == alert {
			return Link{AlertLink: l, Facts: facts}, true
		}
	}
	panic("incident: facts of an alert without its link")
}

// linked returns the alerts of links.
func linked(links []Link) []tocsin.AlertID {
	ids := make([]tocsin.AlertID, len(links))
	for i, l := range links {
		ids[i] = l.Alert
	}
	return ids
}

// retag returns tags with some added and some dropped, sorted, none twice.
func retag(tags, add, drop []string) []string {
	set := map[string]bool{}
	for _, t := range append(slices.Clone(tags), add...) {
		set[t] = true
	}
	for _, t := range drop {
		delete(set, t)
	}
	return sortedKeys(set)
}

// sortedKeys returns the members of a set in order; never nil.
func sortedKeys(set map[string]bool) []string {
	keys := make([]string, 0, len(set))
	for k := range set {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// killChain is the order in which MITRE ATT&CK Enterprise lists its tactics.
var killChain = []string{"Reconnaissance", "ResourceDevelopment", "InitialAccess", "Execution", "Persistence",
	"PrivilegeEscalation", "DefenseEvasion", "CredentialAccess", "Discovery", "LateralMovement", "Collection",
	"CommandAndControl", "Exfiltration", "Impact"}

// TacticRank is the place of an ATT&CK tactic in the kill chain, from 0;
// a name ATT&CK does not have comes after all that it has.
func TacticRank(tactic string) int {
	if i := slices.Index(killChain, tactic); i >= 0 {
		return i
	}
	return len(killChain)
}

// sortTactics orders tactics along the kill chain.
func sortTactics(set map[string]bool) []string {
	list := sortedKeys(set)
	sort.SliceStable(list, func(i, j int) bool { return TacticRank(list[i]) < TacticRank(list[j]) })
	return list
}
