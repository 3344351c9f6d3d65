package incident

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/tocsin-soc/tocsin"
)

// A Finding is what a detection rule found once: an alert, and an id by which a
// second delivery of the same finding is recognised. The alert's ID, Status and
// Incident are the desk's to set and are ignored.
type Finding struct {
	ID    string
	Alert tocsin.Alert
}

// An Outcome says what became of a finding.
type Outcome string

// The outcomes of recording a finding.
const (
	IsNew       Outcome = "new"       // a new alert
	IsRepeat    Outcome = "repeat"    // one more of an alert that is open
	IsRecurring Outcome = "recurring" // a new alert: the same was resolved before
	IsDelivered Outcome = "delivered" // this finding was recorded before; nothing was changed
)

// Recorded is the alert a finding became part of, as it stands after the whole
// call. An alert whose Incident is 0 still awaits correlation, also when its
// finding was delivered before: the first delivery may have been cut short.
type Recorded struct {
	Finding string
	Outcome Outcome
	Alert   tocsin.Alert
}

// RepeatStep is how far an alert's window of activity must grow before the
// timeline of its incident says so. The alert itself always knows exactly.
const RepeatStep = 5 * time.Minute

// keepFindings is how long a finding's id is remembered.
const keepFindings = 30 * 24 * time.Hour

// Record stores what detection rules found, all of it or none. Alerts are the
// same when rule and fingerprint are: a repeat raises Count, widens the times
// of activity, adds evidence up to tocsin.MaxEvidence, tactics, techniques and
// entities, and never makes a twin. The order of findings does not matter to
// what the alerts are in the end, except which of two findings of the very same
// first activity gives the title.
//
// A finding with activity newer than a resolved alert knew is a new alert,
// because nobody has judged it yet. Results are in the order of findings. A
// finding without id, rule or fingerprint breaks the caller's contract and is
// an error.
func (d *Desk) Record(ctx context.Context, findings []Finding) ([]Recorded, error) {
	if len(findings) == 0 {
		return nil, nil
	}
	for i := range findings {
		if f := &findings[i]; f.ID == "" || f.Alert.Rule == "" || f.Alert.Fingerprint == "" {
			return nil, fmt.Errorf("finding %d (%q of rule %q) lacks its id, rule or fingerprint", i, f.ID, f.Alert.Rule)
		}
	}
	var out []Recorded
	var changes []Notice
	err := d.store.Update(ctx, func(tx Tx) error {
		r := recording{session: newSession(tx, d.stamp()), marked: map[tocsin.AlertID]bool{}, things: map[tocsin.AlertID]int{}}
		var err error
		if out, err = r.record(findings); err != nil {
			return err
		}
		changes = r.changes()
		return nil
	})
	if err != nil {
		return nil, err
	}
	d.feed.publish(changes)
	return out, nil
}

// A recording is one Record in a transaction.
type recording struct {
	*session
	latest  map[tocsin.AlertID]*Stored // by identity: the newest episode
	changed []*Stored                  // in the order they changed first
	marked  map[tocsin.AlertID]bool    // those in changed
	things  map[tocsin.AlertID]int     // how many entities a stored alert had
}

// record does the work of Desk.Record.
func (r *recording) record(findings []Finding) ([]Recorded, error) {
	ids := make([]string, len(findings))
	for i := range findings {
		ids[i] = findings[i].ID
	}
	delivered, err := r.tx.Findings(ids)
	if err != nil {
		return nil, fmt.Errorf("looking up %d findings: %w", len(ids), err)
	}
	if err := r.loadLatest(findings, delivered); err != nil {
		return nil, err
	}
	out := make([]Recorded, len(findings))
	became := map[string]tocsin.AlertID{}
	for i := range findings {
		f := &findings[i]
		out[i].Finding = f.ID
		if id, ok := delivered[f.ID]; ok {
			out[i].Outcome, out[i].Alert.ID = IsDelivered, id
			continue
		}
		if id, ok := became[f.ID]; ok { // twice in this very call
			out[i].Outcome, out[i].Alert.ID = IsDelivered, id
			continue
		}
		a := clean(&f.Alert, r.at)
		out[i].Outcome, out[i].Alert.ID = r.take(a)
		became[f.ID] = out[i].Alert.ID
	}
	if err := r.save(became); err != nil {
		return nil, err
	}
	return out, r.fill(out)
}

// loadLatest loads the newest episodes of the alerts that findings repeat.
func (r *recording) loadLatest(findings []Finding, delivered map[string]tocsin.AlertID) error {
	var identities []tocsin.AlertID
	for i := range findings {
		if _, ok := delivered[findings[i].ID]; !ok {
			identities = append(identities, tocsin.IdentifyAlert(findings[i].Alert.Rule, findings[i].Alert.Fingerprint))
		}
	}
	slices.Sort(identities)
	found, err := r.tx.Latest(slices.Compact(identities))
	if err != nil {
		return fmt.Errorf("looking up %d alerts: %w", len(identities), err)
	}
	r.latest = make(map[tocsin.AlertID]*Stored, len(found))
	for id, a := range found {
		r.latest[id] = &a
		r.alerts[a.ID] = &a
		r.things[a.ID] = len(a.Entities)
	}
	return nil
}

// take makes a finding part of an alert, a new one if need be.
func (r *recording) take(a tocsin.Alert) (Outcome, tocsin.AlertID) {
	identity := tocsin.IdentifyAlert(a.Rule, a.Fingerprint)
	have := r.latest[identity]
	outcome, episode := IsNew, 1
	switch {
	case have == nil:
	case have.Status == tocsin.AlertResolved && a.LastActivity.After(have.LastActivity):
		outcome, episode = IsRecurring, have.Episode+1
		a.Notes = append(a.Notes, fmt.Sprintf("The same was resolved before: alert %s%s.", have.ID, inIncident(have.Incident)))
	default:
		combine(&have.Alert, &a)
		r.mark(have)
		return IsRepeat, have.ID
	}
	a.ID, a.Status, a.Incident = identity, tocsin.AlertNew, 0
	if episode > 1 {
		a.ID = tocsin.IdentifyAlert(a.Rule, a.Fingerprint+"\x00episode "+strconv.Itoa(episode))
	}
	s := &Stored{Alert: a, Identity: identity, Episode: episode}
	r.latest[identity], r.alerts[a.ID] = s, s
	r.mark(s)
	return outcome, a.ID
}

func inIncident(id tocsin.IncidentID) string {
	if id == 0 {
		return ""
	}
	return " in incident " + number(id)
}

// mark remembers that an alert has to be saved.
func (r *recording) mark(a *Stored) {
	if !r.marked[a.ID] {
		r.marked[a.ID] = true
		r.changed = append(r.changed, a)
	}
	r.touched[a.ID] = true
}

// save writes alerts and findings, and tells the incidents whose alerts changed.
func (r *recording) save(became map[string]tocsin.AlertID) error {
	list := make([]Stored, len(r.changed))
	for i, a := range r.changed {
		list[i] = *a
	}
	if err := r.tx.SaveAlerts(list); err != nil {
		return fmt.Errorf("saving %d alerts: %w", len(list), err)
	}
	if err := r.tx.SaveFindings(became, r.at, r.at.Add(-keepFindings)); err != nil {
		return fmt.Errorf("saving %d findings: %w", len(became), err)
	}
	for _, a := range r.changed {
		if a.Incident == 0 {
			continue
		}
		if err := r.tell(a); err != nil {
			return err
		}
	}
	return r.flush()
}

// tell writes into an incident's timeline that one of its alerts says more now.
func (r *recording) tell(a *Stored) error {
	f, err := r.file(a.Incident)
	if err != nil {
		return err
	}
	link, ok := f.state.Link(a.ID)
	if !ok {
		return fmt.Errorf("alert %s says it is in incident %d, which does not know it", a.ID, a.Incident)
	}
	f.stale = f.stale || len(a.Entities) != r.things[a.ID]
	now := factsOf(&a.Alert)
	if !tellsMore(&link.Facts, &now) {
		return nil
	}
	link.Facts = now
	r.emit(a.Incident, tocsin.Actor{Kind: tocsin.RuleActor, ID: string(a.Rule), Name: ruleName(a)}, AlertRepeated, Body{Links: []Link{link}})
	f.stale = true
	return nil
}

// ruleName names the rule of an alert for the activity log.
func ruleName(a *Stored) string {
	if a.Title != "" {
		return clip(a.Title, maxNameBytes)
	}
	return clip(string(a.Rule), maxNameBytes)
}

// tellsMore reports whether facts changed enough for the incident's timeline.
func tellsMore(was, now *Facts) bool {
	return was.Severity != now.Severity || !slices.Equal(was.Tactics, now.Tactics) || !slices.Equal(was.Techniques, now.Techniques) ||
		was.FirstActivity.Sub(now.FirstActivity) >= RepeatStep || now.LastActivity.Sub(was.LastActivity) >= RepeatStep
}

// fill puts the alerts as they stand now into the results.
func (r *recording) fill(out []Recorded) error {
	var missing []tocsin.AlertID
	for i := range out {
		if r.alerts[out[i].Alert.ID] == nil {
			missing = append(missing, out[i].Alert.ID)
		}
	}
	if err := r.need(missing); err != nil {
		return err
	}
	for i := range out {
		out[i].Alert = r.alerts[out[i].Alert.ID].Alert
	}
	return nil
}
