package incident

import (
	"slices"

	"github.com/tocsin-soc/tocsin"
)

func (c Open) run(s *session) (tocsin.IncidentID, error) {
	if err := checkActor(c.Actor); err != nil {
		return 0, err
	}
	title, err := checkTitle(c.Title)
	if err != nil {
		return 0, err
	}
	severity := c.Severity
	if severity == "" {
		severity = tocsin.Medium
	}
	if severity.Rank() == 0 {
		return 0, badSeverity(severity)
	}
	tags, err := checkTags(nil, c.Tags)
	if err != nil {
		return 0, err
	}
	owner, err := checkOwner(c.Owner)
	if err != nil {
		return 0, err
	}
	id, err := s.create()
	if err != nil {
		return 0, err
	}
	links, err := s.fresh(0, c.Alerts)
	if err != nil {
		return 0, err
	}
	s.emit(id, c.Actor, Opened, Body{
		Name: guid(id, s.at), To: title, IsChosen: !c.Generated, Severity: severity, IsRated: c.Severity != "",
		Owner: owner, AddTags: tags, Links: links, Other: c.Continues,
	})
	s.settle(id, links)
	st := &s.files[id].state
	if owner != "" {
		if err := s.setStatus(st, tocsin.AlertInProgress, tocsin.AlertNew); err != nil {
			return 0, err
		}
	}
	if c.Continues != 0 {
		if err := s.note(c.Continues, c.Actor, id); err != nil {
			return 0, err
		}
	}
	if c.Note != "" {
		return Comment{Actor: c.Actor, Incident: id, Text: c.Note}.run(s)
	}
	return id, nil
}

// note writes on a full incident that another continues it.
func (s *session) note(full tocsin.IncidentID, actor tocsin.Actor, next tocsin.IncidentID) error {
	if _, err := s.file(full); err != nil {
		return err
	}
	s.emit(full, actor, Continued, Body{Other: next})
	return nil
}

func (c Attach) run(s *session) (tocsin.IncidentID, error) {
	st, err := s.expect(c.Incident, c.Version, c.Actor)
	if err != nil {
		return 0, err
	}
	if err := mustBeOpen(st, "alerts can be added"); err != nil {
		return 0, err
	}
	return c.Incident, s.attach(st, c.Actor, c.Alerts, c.Title)
}

// attach links alerts to an open incident.
func (s *session) attach(st *State, actor tocsin.Actor, alerts []AlertWhy, title string) error {
	id := st.Incident.ID
	links, err := s.fresh(id, alerts)
	if err != nil || len(links) == 0 {
		return err
	}
	if n := len(st.Incident.Alerts) + len(links); n > MaxAlerts {
		return tocsin.Errorf(tocsin.Conflict, "Incident %d would hold %d alerts; %d are the most. Open a new incident for them.", id, n, MaxAlerts)
	}
	if title, err = checkGenerated(title, st); err != nil {
		return err
	}
	s.emit(id, actor, AlertAttached, Body{Links: links, Title: title})
	s.settle(id, links)
	return nil
}

// fresh makes links of those alerts that are not in the incident yet; an alert
// in another incident is a conflict.
func (s *session) fresh(id tocsin.IncidentID, alerts []AlertWhy) ([]Link, error) {
	if len(alerts) > MaxAlerts {
		return nil, tocsin.Errorf(tocsin.Invalid, "An incident holds at most %d alerts; %d were given.", MaxAlerts, len(alerts))
	}
	ids := make([]tocsin.AlertID, len(alerts))
	for i, a := range alerts {
		ids[i] = a.Alert
	}
	if err := s.need(ids); err != nil {
		return nil, err
	}
	var links []Link
	seen := map[tocsin.AlertID]bool{}
	for _, a := range alerts {
		have := s.alerts[a.Alert]
		switch {
		case have.Incident == id && id != 0 || seen[a.Alert]:
			continue
		case have.Incident != 0:
			return nil, tocsin.Errorf(tocsin.Conflict, "Alert %s is in incident %d already. Move it from there.", a.Alert, have.Incident)
		}
		seen[a.Alert] = true
		links = append(links, Link{
			AlertLink: tocsin.AlertLink{Alert: a.Alert, Reason: a.Why, LinkedAt: s.at},
			Facts:     factsOf(&have.Alert),
		})
	}
	return links, nil
}

// settle makes the alerts of links belong to the incident.
func (s *session) settle(id tocsin.IncidentID, links []Link) {
	for _, l := range links {
		s.place(l.Alert, id)
	}
	s.files[id].stale = true
}

func (c Detach) run(s *session) (tocsin.IncidentID, error) {
	st, err := s.expect(c.Incident, c.Version, c.Actor)
	if err != nil {
		return 0, err
	}
	return c.Incident, s.detach(st, c.Actor, c.Alerts, 0)
}

// detach takes alerts out of an incident, which is closed when none is left.
func (s *session) detach(st *State, actor tocsin.Actor, alerts []tocsin.AlertID, to tocsin.IncidentID) error {
	id := st.Incident.ID
	if err := mustBeOpen(st, "alerts can be taken out"); err != nil {
		return err
	}
	alerts = slices.Clone(alerts)
	slices.Sort(alerts)
	alerts = slices.Compact(alerts)
	if len(alerts) == 0 {
		return tocsin.Errorf(tocsin.Invalid, "No alert was named. Name at least one.")
	}
	for _, a := range alerts {
		if _, linked := st.Facts[a]; !linked {
			return tocsin.Errorf(tocsin.NotFound, "Alert %s is not in incident %d.", a, id)
		}
	}
	if err := s.need(alerts); err != nil {
		return err
	}
	s.emit(id, actor, AlertDetached, Body{Alerts: alerts, Other: to})
	for _, a := range alerts {
		s.place(a, 0)
	}
	s.files[id].stale = true
	if len(st.Incident.Alerts) == 0 {
		s.emit(id, actor, Closed, Body{Classification: tocsin.Undetermined, Text: "No alert is left in this incident."})
	}
	return nil
}

func (c Move) run(s *session) (tocsin.IncidentID, error) {
	from, err := s.expect(c.Incident, c.Version, c.Actor)
	if err != nil {
		return 0, err
	}
	if c.To == c.Incident {
		return 0, tocsin.Errorf(tocsin.Invalid, "The alerts are in incident %d already. Choose another one.", c.To)
	}
	to := c.To
	if to != 0 {
		target, err := s.state(to)
		if err != nil {
			return 0, err
		}
		if err := mustBeOpen(target, "alerts can be moved into it"); err != nil {
			return 0, err
		}
	}
	if err := s.detach(from, c.Actor, c.Alerts, to); err != nil {
		return 0, err
	}
	why := tocsin.Reason{Rule: "manual", Text: "moved from incident " + number(c.Incident) + " by " + c.Actor.Name, Score: 1}
	list := make([]AlertWhy, len(c.Alerts))
	for i, a := range c.Alerts {
		list[i] = AlertWhy{Alert: a, Why: why}
	}
	if to != 0 {
		return to, s.attach(&s.files[to].state, c.Actor, list, "")
	}
	title := c.Title
	if title == "" {
		title = s.alerts[c.Alerts[0]].Title
	}
	return Open{Actor: c.Actor, Title: title, Generated: c.Title == "", Alerts: list}.run(s)
}
