package incident

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"time"

	"github.com/tocsin-soc/tocsin"
)

// A session is one transaction's work: the states it has loaded and the
// entries it has made. Every entry is folded into the state at once, so what is
// saved in the end is the fold of the log by construction.
type session struct {
	tx     Tx
	at     time.Time
	files  map[tocsin.IncidentID]*file
	alerts map[tocsin.AlertID]*Stored // without evidence
	// moved says where alerts go; statuses are what becomes of them.
	moved    map[tocsin.AlertID]tocsin.IncidentID
	statuses map[tocsin.AlertID]tocsin.AlertStatus
	touched  map[tocsin.AlertID]bool // alerts to tell subscribers of
}

// A file is one incident in a session.
type file struct {
	state   State
	loaded  int // version in the store
	entries []Entry
	stale   bool // its view has to be made anew
}

func newSession(tx Tx, at time.Time) *session {
	return &session{
		tx: tx, at: at,
		files: map[tocsin.IncidentID]*file{}, alerts: map[tocsin.AlertID]*Stored{},
		moved: map[tocsin.AlertID]tocsin.IncidentID{}, statuses: map[tocsin.AlertID]tocsin.AlertStatus{},
		touched: map[tocsin.AlertID]bool{},
	}
}

// file returns an incident, loading it the first time.
func (s *session) file(id tocsin.IncidentID) (*file, error) {
	if f, ok := s.files[id]; ok {
		return f, nil
	}
	st, err := s.tx.State(id)
	if err != nil {
		return nil, err
	}
	f := &file{state: st, loaded: st.Incident.Version}
	s.files[id] = f
	return f, nil
}

// state returns the state of an incident as this session has made it so far.
func (s *session) state(id tocsin.IncidentID) (*State, error) {
	f, err := s.file(id)
	if err != nil {
		return nil, err
	}
	return &f.state, nil
}

// create begins a new incident; the entry to emit next must be Opened.
func (s *session) create() (tocsin.IncidentID, error) {
	id, err := s.tx.NextID()
	if err != nil {
		return 0, err
	}
	for s.files[id] != nil { // another one opened by this session
		id++
	}
	s.files[id] = &file{}
	return id, nil
}

// emit adds an entry to a loaded incident and folds it in. Time never runs
// backwards within one incident, even when the clock does.
func (s *session) emit(id tocsin.IncidentID, actor tocsin.Actor, kind EntryKind, body Body) {
	f := s.files[id]
	at := s.at
	if last := f.state.Incident.UpdatedAt; at.Before(last) {
		at = last
	}
	e := Entry{Incident: id, Seq: f.state.Incident.Version + 1, At: at, Actor: actor, Kind: kind, Body: body}
	f.state.apply(&e)
	f.entries = append(f.entries, e)
}

// load reads alerts that the session does not hold yet.
func (s *session) load(ids []tocsin.AlertID) error {
	var missing []tocsin.AlertID
	for _, id := range ids {
		if s.alerts[id] == nil {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	found, err := s.tx.Alerts(missing, false)
	if err != nil {
		return fmt.Errorf("reading %d alerts: %w", len(missing), err)
	}
	for id, a := range found {
		s.alerts[id] = &a
	}
	return nil
}

// need loads alerts that must exist.
func (s *session) need(ids []tocsin.AlertID) error {
	if err := s.load(ids); err != nil {
		return err
	}
	for _, id := range ids {
		if s.alerts[id] == nil {
			return tocsin.Errorf(tocsin.NotFound, "There is no alert %s.", id)
		}
	}
	return nil
}

// place moves an alert to an incident, or to none.
func (s *session) place(id tocsin.AlertID, to tocsin.IncidentID) {
	s.moved[id] = to
	s.touched[id] = true
	if a := s.alerts[id]; a != nil {
		a.Incident = to
	}
}

// setStatus sets the status of all alerts of an incident that have one of from.
func (s *session) setStatus(st *State, to tocsin.AlertStatus, from ...tocsin.AlertStatus) error {
	ids := alertIDs(st.Incident.Alerts)
	if err := s.need(ids); err != nil {
		return err
	}
	for _, id := range ids {
		if a := s.alerts[id]; slices.Contains(from, a.Status) {
			a.Status = to
			s.statuses[id] = to
			s.touched[id] = true
			s.files[st.Incident.ID].stale = true
		}
	}
	return nil
}

// flush writes what the session did.
func (s *session) flush() error {
	if err := s.flushAlerts(); err != nil {
		return err
	}
	ids := make([]tocsin.IncidentID, 0, len(s.files))
	for id, f := range s.files {
		if len(f.entries) > 0 || f.stale {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		f := s.files[id]
		var view *View
		if f.stale {
			var err error
			if view, err = s.view(&f.state); err != nil {
				return err
			}
		}
		if err := s.tx.Save(&f.state, f.entries, view); err != nil {
			return fmt.Errorf("saving incident %d: %w", id, err)
		}
	}
	return nil
}

// flushAlerts writes where alerts are now and their status.
func (s *session) flushAlerts() error {
	byTarget := map[tocsin.IncidentID][]tocsin.AlertID{}
	for id, to := range s.moved {
		byTarget[to] = append(byTarget[to], id)
	}
	for to, ids := range byTarget {
		slices.Sort(ids)
		if err := s.tx.LinkAlerts(to, ids); err != nil {
			return fmt.Errorf("linking alerts to incident %d: %w", to, err)
		}
	}
	byStatus := map[tocsin.AlertStatus][]tocsin.AlertID{}
	for id, status := range s.statuses {
		byStatus[status] = append(byStatus[status], id)
	}
	for status, ids := range byStatus {
		slices.Sort(ids)
		var resolvedAt time.Time
		if status == tocsin.AlertResolved {
			resolvedAt = s.at
		}
		if err := s.tx.SetAlertStatus(ids, status, resolvedAt); err != nil {
			return fmt.Errorf("setting alerts %s: %w", status, err)
		}
	}
	return nil
}

// view makes what the queue shows of an incident's alerts.
func (s *session) view(st *State) (*View, error) {
	ids := alertIDs(st.Incident.Alerts)
	if err := s.need(ids); err != nil {
		return nil, err
	}
	alerts := make([]*tocsin.Alert, len(ids))
	for i, id := range ids {
		alerts[i] = &s.alerts[id].Alert
	}
	return makeView(&st.Incident, alerts), nil
}

// changes lists what subscribers have to know, incidents first.
func (s *session) changes() []Notice {
	var out []Notice
	for id, f := range s.files {
		if len(f.entries) > 0 {
			out = append(out, Notice{Incident: id, Version: f.state.Incident.Version, At: s.at})
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Incident < out[j].Incident })
	ids := make([]tocsin.AlertID, 0, len(s.touched))
	for id := range s.touched {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		n := Notice{Alert: id, At: s.at}
		if a := s.alerts[id]; a != nil {
			n.Incident = a.Incident
		}
		out = append(out, n)
	}
	return out
}

// expect checks the version that the caller looked at.
func (s *session) expect(id tocsin.IncidentID, version int, actor tocsin.Actor) (*State, error) {
	f, err := s.file(id)
	if err != nil {
		return nil, err
	}
	if err := checkActor(actor); err != nil {
		return nil, err
	}
	switch {
	case version == 0 && actor.Kind != tocsin.Person:
		return &f.state, nil
	case version <= 0:
		return nil, tocsin.Errorf(tocsin.Invalid, "The version of incident %d that you looked at is missing. Reload the incident and try again.", id)
	case version > f.loaded:
		return nil, tocsin.Errorf(tocsin.Invalid, "Incident %d has no version %d yet. Reload the incident and try again.", id, version)
	case version == f.loaded:
		return &f.state, nil
	}
	since, err := s.tx.Entries(id, version)
	if err != nil {
		return nil, fmt.Errorf("reading what changed since version %d of incident %d: %w", version, id, err)
	}
	since = slices.DeleteFunc(since, func(e Entry) bool { return !e.Kind.isNews() })
	if len(since) > 0 {
		return nil, tocsin.Errorf(tocsin.Conflict, "Incident %d has changed since you looked at it: %s. Reload the incident and try again.", id, newsOf(since))
	}
	return &f.state, nil
}

// checkActor refuses a change by nobody: it could not be put in the timeline.
func checkActor(a tocsin.Actor) error {
	switch a.Kind {
	case tocsin.Person, tocsin.RuleActor, tocsin.Correlation, tocsin.Automation, tocsin.APIClient, tocsin.System:
	default:
		return fmt.Errorf("actor of unknown kind %q", a.Kind)
	}
	if a.Name == "" || len(a.Name) > maxNameBytes || len(a.ID) > maxNameBytes {
		return fmt.Errorf("%s without a usable name", a.Kind)
	}
	return nil
}

// maxNameBytes bounds the names of users and other actors.
const maxNameBytes = 256

// guid makes the GUID of an incident from its number and the moment it was
// opened: an RFC 9562 version 8 UUID. It needs no randomness, and two incidents
// of one store never share a number.
func guid(id tocsin.IncidentID, at time.Time) string {
	h := sha256.Sum256([]byte("tocsin incident " + strconv.FormatInt(int64(id), 10) + " " + strconv.FormatInt(tocsin.Ticks(at), 10)))
	h[6] = h[6]&0x0f | 0x80
	h[8] = h[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[0:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

// alertIDs returns the alerts of links.
func alertIDs(links []tocsin.AlertLink) []tocsin.AlertID {
	ids := make([]tocsin.AlertID, len(links))
	for i, l := range links {
		ids[i] = l.Alert
	}
	return ids
}

// sortEntries orders entries of several incidents by time, then position.
func sortEntries(entries []Entry) {
	sort.SliceStable(entries, func(i, j int) bool {
		if !entries[i].At.Equal(entries[j].At) {
			return entries[i].At.Before(entries[j].At)
		}
		return entries[i].Position < entries[j].Position
	})
}
