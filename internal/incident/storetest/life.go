package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/incident"
)

// testLife takes an incident from opening to closing and back.
func testLife(t *testing.T, s *scene) {
	inc := s.open(t, "Password spray", Find("spray", "amelie@contoso.example", 0), Find("success", "amelie@contoso.example", 9))
	if inc.ID != 1 || inc.Status != tocsin.IncidentNew || inc.Severity != tocsin.Medium || len(inc.Alerts) != 2 || inc.Version != 1 {
		t.Fatalf("opened: %+v", inc)
	}
	if len(inc.Name) != 36 || inc.LastActivity.Sub(inc.FirstActivity) != 9*time.Minute {
		t.Fatalf("name %q, activity %s to %s", inc.Name, inc.FirstActivity, inc.LastActivity)
	}
	s.refuse(t, tocsin.Invalid, incident.Close{Actor: Amelie, Incident: 1, Version: 1})
	s.refuse(t, tocsin.Invalid, incident.Close{Actor: Amelie, Incident: 1, Version: 1, Classification: tocsin.FalsePositive, Determination: "phishing"})
	s.refuse(t, tocsin.Invalid, incident.Assign{Actor: Amelie, Incident: 1, Owner: "amelie"})
	s.refuse(t, tocsin.NotFound, incident.Assign{Actor: Amelie, Incident: 77, Version: 1, Owner: "amelie"})

	auto := tocsin.Actor{Kind: tocsin.Automation, ID: "a1", Name: "Assign by shift"}
	inc = s.apply(t, incident.Assign{Actor: auto, Incident: 1, Owner: "amelie"})
	if !inc.AcknowledgedAt.IsZero() {
		t.Fatal("automation must not acknowledge")
	}
	s.apply(t, incident.Comment{Actor: Bob, Incident: 1, Text: "looks real"})
	inc = s.apply(t, incident.SetStatus{Actor: Amelie, Incident: 1, Version: inc.Version, Status: tocsin.IncidentActive})
	if inc.AcknowledgedAt.IsZero() || inc.Comments != 1 {
		t.Fatalf("the owner's first act acknowledges: %+v", inc)
	}
	seen := inc.Version
	s.apply(t, incident.SetSeverity{Actor: Bob, Incident: 1, Version: seen, Severity: tocsin.Low})
	msg := s.refuse(t, tocsin.Conflict, incident.Rename{Actor: Amelie, Incident: 1, Version: seen, Title: "Spray"})
	if !strings.Contains(msg, "bob changed the severity from medium to low") {
		t.Fatalf("the conflict must say who changed what: %s", msg)
	}
	_, versionNow := s.summary(t, 1)
	closed := tocsin.IncidentClosed
	class, det, note, owner := tocsin.TruePositive, tocsin.Determination("compromisedAccount"), "password reset", "bob"
	inc = s.apply(t, incident.Change{Actor: Amelie, Incident: 1, Version: versionNow, Owner: &owner, Status: &closed, Classification: &class, Determination: &det, Comment: &note})
	if inc.Status != tocsin.IncidentClosed || inc.Owner != "bob" || inc.CloseComment != note || inc.ClosedAt.IsZero() || inc.Determination != det {
		t.Fatalf("closed: %+v", inc)
	}
	if row, _ := s.summary(t, 1); row.ActiveAlerts != 0 {
		t.Fatalf("closing resolves the alerts; %d are active", row.ActiveAlerts)
	}
	s.refuse(t, tocsin.Conflict, incident.SetStatus{Actor: Amelie, Incident: 1, Version: inc.Version, Status: tocsin.IncidentNew})
	before := inc.UpdatedAt
	inc = s.apply(t, incident.Reopen{Actor: Amelie, Incident: 1, Version: inc.Version})
	if inc.Status != tocsin.IncidentActive || inc.Classification != "" || !inc.ClosedAt.IsZero() {
		t.Fatalf("reopened: %+v", inc)
	}
	was, err := s.desk.AsOf(s.ctx, 1, before)
	if err != nil || was.Status != tocsin.IncidentClosed || was.Owner != "bob" {
		t.Fatalf("as of the close: %+v, %v", was, err)
	}
	if _, err := s.desk.AsOf(s.ctx, 1, Start.Add(-time.Hour)); !tocsin.IsKind(err, tocsin.NotFound) {
		t.Fatalf("before it was opened: %v", err)
	}
	s.checkTexts(t, 1)
}

// summary reads a row and its version.
func (s *scene) summary(t *testing.T, id tocsin.IncidentID) (incident.Summary, int) {
	t.Helper()
	row, err := s.desk.Incident(s.ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	return row, row.Version
}

// checkTexts wants every entry to say what happened.
func (s *scene) checkTexts(t *testing.T, id tocsin.IncidentID) {
	t.Helper()
	log, err := s.desk.Timeline(s.ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	for i := range log {
		if log[i].Text() == "" || log[i].Position == 0 {
			t.Errorf("entry %d (%s) says nothing or has no position", log[i].Seq, log[i].Kind)
		}
	}
}

// testRepeats records the same finding again and again.
func testRepeats(t *testing.T, s *scene) {
	first := Find("spray", "amelie@contoso.example", 0)
	later := Find("spray", "amelie@contoso.example", 30)
	inc := s.open(t, "Spray", first)
	got := s.record(t, first, later, later)
	want := []incident.Outcome{incident.IsDelivered, incident.IsRepeat, incident.IsDelivered}
	for i := range got {
		if got[i].Outcome != want[i] || got[i].Alert.ID != got[0].Alert.ID || got[i].Alert.Count != 2 || got[i].Alert.Incident != inc.ID {
			t.Fatalf("finding %d: %+v", i, got[i])
		}
	}
	s.checkFold(t, inc.ID)
	row, version := s.summary(t, inc.ID)
	if row.LastActivity.Sub(row.FirstActivity) != 30*time.Minute || row.Version != 2 {
		t.Fatalf("the incident must know of the repeat: %s to %s, version %d", row.FirstActivity, row.LastActivity, row.Version)
	}
	a, err := s.desk.Alert(s.ctx, got[0].Alert.ID)
	if err != nil || len(a.Evidence) != 2 {
		t.Fatalf("evidence of both: %+v, %v", a.Evidence, err)
	}
	// A repeat makes nobody's view stale.
	s.apply(t, incident.Assign{Actor: Amelie, Incident: inc.ID, Version: 1, Owner: "amelie"})
	_, version = s.summary(t, inc.ID)
	s.apply(t, incident.Close{Actor: Amelie, Incident: inc.ID, Version: version, Classification: tocsin.FalsePositive})

	old := s.record(t, Find("spray", "amelie@contoso.example", 15))[0]
	if old.Outcome != incident.IsRepeat || old.Alert.Count != 3 || old.Alert.Status != tocsin.AlertResolved {
		t.Fatalf("what fits into the past of a resolved alert is a repeat: %+v", old)
	}
	again := s.record(t, Find("spray", "amelie@contoso.example", 60))[0]
	if again.Outcome != incident.IsRecurring || again.Alert.ID == a.ID || again.Alert.Incident != 0 || again.Alert.Status != tocsin.AlertNew {
		t.Fatalf("what comes after a resolved alert is a new one: %+v", again)
	}
	if len(again.Alert.Notes) == 0 || !strings.Contains(again.Alert.Notes[0], string(a.ID)) {
		t.Fatalf("it must say that it recurs: %q", again.Alert.Notes)
	}
	if next := s.record(t, Find("spray", "amelie@contoso.example", 61))[0]; next.Outcome != incident.IsRepeat || next.Alert.ID != again.Alert.ID {
		t.Fatalf("further ones repeat the new one: %+v", next)
	}
	s.checkFold(t, inc.ID)
}

// testMerge merges two incidents and undoes it exactly.
func testMerge(t *testing.T, s *scene) {
	a := s.open(t, "One", Find("spray", "amelie@contoso.example", 0))
	b := s.open(t, "Two", Find("mail", "bob@contoso.example", 5), Find("rule", "bob@contoso.example", 6))
	b = s.apply(t, incident.Retag{Actor: Amelie, Incident: b.ID, Version: b.Version, Add: []string{"vip", "mail"}})
	b = s.apply(t, incident.Comment{Actor: Amelie, Incident: b.ID, Text: "keep me"})
	b = s.apply(t, incident.Assign{Actor: Amelie, Incident: b.ID, Version: b.Version, Owner: "amelie"})
	before := []incident.Summary{}
	for _, id := range []tocsin.IncidentID{a.ID, b.ID} {
		row, _ := s.summary(t, id)
		before = append(before, row)
	}
	why := tocsin.Reason{Rule: "same-account", Text: "same account", Value: "account|x", Score: 0.9}
	m := s.apply(t, incident.Merge{Actor: Engine, Source: b.ID, Target: a.ID, Why: why, Title: "One and two"})
	s.checkFold(t, b.ID)
	if len(m.Alerts) != 3 || m.Owner != "amelie" || m.Title != "One and two" || m.Comments != 1 || len(m.Tags) != 2 || m.AcknowledgedAt.IsZero() {
		t.Fatalf("merged: %+v", m)
	}
	src, _ := s.summary(t, b.ID)
	if src.Status != tocsin.IncidentRedirected || src.MergedInto != a.ID || len(src.Alerts) != 0 {
		t.Fatalf("source: %+v", src)
	}
	s.refuse(t, tocsin.Conflict, incident.Rename{Actor: Amelie, Incident: b.ID, Version: src.Version, Title: "x"})
	s.refuse(t, tocsin.Conflict, incident.Merge{Actor: Engine, Source: b.ID, Target: a.ID})
	story, err := s.desk.Story(s.ctx, a.ID)
	kept := false
	for i := range story {
		kept = kept || story[i].Comment() == "keep me"
	}
	if err != nil || !kept {
		t.Fatalf("the comment of the source is lost: %v", err)
	}
	s.apply(t, incident.Unmerge{Actor: Amelie, Source: b.ID, Version: m.Version})
	s.checkFold(t, a.ID)
	for _, want := range before {
		got, _ := s.summary(t, want.ID)
		got.Version, got.UpdatedAt = want.Version, want.UpdatedAt
		same(t, "the incident after the merge was undone", want, got)
	}
	s.apply(t, incident.Assign{Actor: Engine, Incident: a.ID, Owner: "bob"})
	if msg := s.refuse(t, tocsin.Conflict, incident.Merge{Actor: Engine, Source: b.ID, Target: a.ID}); !strings.Contains(msg, "amelie") {
		t.Errorf("the conflict must name the owners: %s", msg)
	}
	s.refuse(t, tocsin.Invalid, incident.Merge{Actor: Engine, Source: b.ID, Target: b.ID})
	testMove(t, s, a, b)
	s.checkTexts(t, a.ID)
	s.checkTexts(t, b.ID)
}

// testMove empties an incident by moving its alerts.
func testMove(t *testing.T, s *scene, a, b tocsin.Incident) {
	src, version := s.summary(t, b.ID)
	one, two := src.Alerts[0].Alert, src.Alerts[1].Alert
	s.apply(t, incident.Move{Actor: Amelie, Incident: b.ID, Version: version, Alerts: []tocsin.AlertID{one}, To: a.ID})
	s.checkFold(t, b.ID)
	s.refuse(t, tocsin.NotFound, incident.Move{Actor: Amelie, Incident: b.ID, Version: version + 1, Alerts: []tocsin.AlertID{one}, To: a.ID})
	n := s.apply(t, incident.Move{Actor: Amelie, Incident: b.ID, Version: version + 1, Alerts: []tocsin.AlertID{two}})
	if n.ID <= b.ID || len(n.Alerts) != 1 {
		t.Fatalf("moved to a new incident: %+v", n)
	}
	if src, _ = s.summary(t, b.ID); src.Status != tocsin.IncidentClosed || src.Classification != tocsin.Undetermined {
		t.Fatalf("an incident left without alerts is closed: %+v", src.Incident)
	}
	s.refuse(t, tocsin.Conflict, incident.Attach{Actor: Engine, Incident: n.ID, Alerts: []incident.AlertWhy{{Alert: one}}})
}
