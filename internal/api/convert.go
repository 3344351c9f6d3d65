package api

import (
	"sort"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/incident"
)

// This file makes the documents of dto.go from the product's own types: the one
// place where it is decided what leaves the server.

// moment gives null for a time that has not come.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// filled gives an empty list for none, so that JSON has [] and never null.
func filled[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func countsOf(c incident.Counts) QueueCounts {
	out := QueueCounts{New: c.New, Active: c.Active, Closed: c.Closed, Unassigned: c.Unassigned, BySeverity: map[string]int{}}
	for sev, n := range c.BySeverity {
		out.BySeverity[string(sev)] = n
	}
	return out
}

func summaryOf(s *incident.Summary) IncidentSummary {
	out := IncidentSummary{
		ID: s.ID, Title: s.Title, Severity: s.Severity, Status: s.Status, Owner: s.Owner,
		Classification: s.Classification, Determination: s.Determination, Tags: filled(s.Tags), Tactics: filled(s.Tactics),
		Entities: make([]Entity, 0, len(s.Entities)), EntityCount: s.EntityCount, AlertCount: s.AlertCount, ActiveAlerts: s.ActiveAlerts,
		CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt, AcknowledgedAt: moment(s.AcknowledgedAt), ClosedAt: moment(s.ClosedAt),
		FirstActivity: moment(s.FirstActivity), LastActivity: moment(s.LastActivity), Version: s.Version,
	}
	for _, e := range s.Entities {
		out.Entities = append(out.Entities, entityOf(e))
	}
	return out
}

func entityOf(e tocsin.Entity) Entity {
	key, _ := e.Key()
	ids := e.Identifiers
	if ids == nil {
		ids = map[string]string{}
	}
	return Entity{Type: e.Type, Label: e.Label(), Key: key, Identifiers: ids}
}

func alertOf(a *tocsin.Alert, why *tocsin.Reason) Alert {
	out := Alert{
		ID: a.ID, Rule: a.Rule, RuleKind: a.RuleKind, Author: a.Author, Title: a.Title, Description: a.Description, Severity: a.Severity, Status: a.Status,
		Tactics: filled(a.Tactics), Techniques: filled(a.Techniques), Entities: make([]Entity, 0, len(a.Entities)), Evidence: make([]Evidence, 0, len(a.Evidence)),
		CustomDetails: a.CustomDetails, Count: a.Count, FirstActivity: a.FirstActivity, LastActivity: a.LastActivity, RaisedAt: a.RaisedAt,
		Incident: a.Incident, Notes: filled(a.Notes),
	}
	if out.CustomDetails == nil {
		out.CustomDetails = map[string][]string{}
	}
	for _, e := range a.Entities {
		out.Entities = append(out.Entities, entityOf(e))
	}
	for _, ev := range a.Evidence {
		out.Evidence = append(out.Evidence, Evidence{Event: ev.Event, Table: ev.Table, OccurredAt: ev.OccurredAt, Summary: ev.Summary})
	}
	if why != nil {
		out.Reason = &Reason{Rule: why.Rule, Text: why.Text, Value: why.Value, Score: why.Score}
	}
	return out
}

// detailOf makes the incident page of an incident, its alerts and its story.
func detailOf(s *incident.Summary, alerts []tocsin.Alert, story []incident.Entry) IncidentDetail {
	out := IncidentDetail{
		IncidentSummary: summaryOf(s), CloseComment: s.CloseComment, MergedInto: s.MergedInto, Techniques: filled(s.Techniques),
		Alerts: make([]Alert, 0, len(alerts)), Timeline: make([]TimelineEntry, 0, len(story)),
	}
	why := map[tocsin.AlertID]*tocsin.Reason{}
	for i := range s.Alerts {
		why[s.Alerts[i].Alert] = &s.Alerts[i].Reason
	}
	for i := range alerts {
		out.Alerts = append(out.Alerts, alertOf(&alerts[i], why[alerts[i].ID]))
	}
	for i := len(story) - 1; i >= 0; i-- {
		out.Timeline = append(out.Timeline, entryOf(&story[i], s.ID))
	}
	out.Entities = entitiesOf(alerts)
	return out
}

// entitiesOf gathers the entities of alerts, each thing once, with where it occurs.
func entitiesOf(alerts []tocsin.Alert) []EntityInIncident {
	var list []*EntityInIncident
	byKey := map[string]*EntityInIncident{}
	for i := range alerts {
		a := &alerts[i]
		for _, e := range a.Entities {
			keys := e.Keys()
			if len(keys) == 0 {
				keys = []string{e.String()}
			}
			var have *EntityInIncident
			for _, k := range keys {
				if have = byKey[k]; have != nil {
					break
				}
			}
			if have == nil {
				have = &EntityInIncident{Entity: entityOf(e)}
				list = append(list, have)
			}
			for _, k := range keys {
				byKey[k] = have
			}
			have.see(a, e)
		}
	}
	sort.SliceStable(list, func(i, j int) bool { return len(list[i].Alerts) > len(list[j].Alerts) })
	out := make([]EntityInIncident, 0, len(list))
	for _, e := range list {
		out = append(out, *e)
	}
	return out
}

// see notes that an alert mentions the entity.
func (in *EntityInIncident) see(a *tocsin.Alert, e tocsin.Entity) {
	for name, v := range e.Identifiers {
		if in.Identifiers[name] == "" {
			in.Identifiers[name] = v
		}
	}
	if n := len(in.Alerts); n == 0 || in.Alerts[n-1] != a.ID {
		in.Alerts = append(in.Alerts, a.ID)
	}
	if in.FirstSeen == nil || a.FirstActivity.Before(*in.FirstSeen) {
		in.FirstSeen = &a.FirstActivity
	}
	if in.LastSeen == nil || a.LastActivity.After(*in.LastSeen) {
		in.LastSeen = &a.LastActivity
	}
}
