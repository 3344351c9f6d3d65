package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/incident"
)

// Run runs the suite. open makes an empty store that lives until the test ends.
func Run(t *testing.T, open func(t *testing.T) incident.Store) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, *scene)
	}{
		{"Life", testLife},
		{"Repeats", testRepeats},
		{"Merge", testMerge},
		{"Queue", testQueue},
		{"Search", testSearch},
		{"Alerts", testAlerts},
		{"Candidates", testCandidates},
		{"RareKeysFirst", testRareKeysFirst},
		{"Rollback", testRollback},
		{"HostileText", testHostileText},
		{"Writers", testWriters},
		{"RandomCommands", testRandomCommands},
	} {
		t.Run(c.name, func(t *testing.T) {
			store, clock := open(t), NewClock()
			c.run(t, &scene{ctx: t.Context(), store: store, clock: clock, desk: incident.New(store, clock.Now)})
		})
	}
}

// A scene is an empty store with a desk on it.
type scene struct {
	ctx   context.Context
	store incident.Store
	clock *Clock
	desk  *incident.Desk
}

// record records findings, which must succeed.
func (s *scene) record(t *testing.T, findings ...incident.Finding) []incident.Recorded {
	t.Helper()
	out, err := s.desk.Record(s.ctx, findings)
	if err != nil {
		t.Fatalf("Record: %v", err)
	}
	return out
}

// apply runs a command, which must succeed and leave state equal to fold.
func (s *scene) apply(t *testing.T, cmd incident.Command) tocsin.Incident {
	t.Helper()
	inc, err := s.desk.Apply(s.ctx, cmd)
	if err != nil {
		t.Fatalf("%T: %v", cmd, err)
	}
	s.checkFold(t, inc.ID)
	return inc
}

// refuse runs a command, which must fail with this kind and change nothing.
func (s *scene) refuse(t *testing.T, kind tocsin.Kind, cmd incident.Command) string {
	t.Helper()
	_, err := s.desk.Apply(s.ctx, cmd)
	if !tocsin.IsKind(err, kind) {
		t.Fatalf("%T: got %v, want %s", cmd, err, kind)
	}
	_, msg := tocsin.Explain(err)
	return msg
}

// open records findings and opens one incident with their alerts.
func (s *scene) open(t *testing.T, title string, findings ...incident.Finding) tocsin.Incident {
	t.Helper()
	cmd := incident.Open{Actor: Engine, Title: title, Generated: true}
	for _, r := range s.record(t, findings...) {
		cmd.Alerts = append(cmd.Alerts, incident.AlertWhy{Alert: r.Alert.ID, Why: tocsin.Reason{Rule: "first", Score: 1}})
	}
	return s.apply(t, cmd)
}

// checkFold compares what the store says of an incident with the fold of its log.
func (s *scene) checkFold(t *testing.T, id tocsin.IncidentID) {
	t.Helper()
	log, err := s.store.Timeline(s.ctx, id)
	if err != nil {
		t.Fatalf("reading the timeline of %d: %v", id, err)
	}
	for i, e := range log {
		if e.Seq != i+1 {
			t.Fatalf("incident %d: entry %d has seq %d", id, i+1, e.Seq)
		}
	}
	want := incident.FoldState(log)
	var got incident.State
	err = s.store.Update(s.ctx, func(tx incident.Tx) error {
		got, err = tx.State(id)
		return errors.Join(err, errDone)
	})
	if !errors.Is(err, errDone) {
		t.Fatalf("reading the state of %d: %v", id, err)
	}
	same(t, "the stored state against the fold of its log", want, got)
	row, err := s.store.Incident(s.ctx, id)
	if err != nil {
		t.Fatalf("reading incident %d: %v", id, err)
	}
	same(t, "the row against the fold of its log", want.Incident, row.Incident)
	alerts, err := s.store.AlertsOf(s.ctx, id)
	if err != nil {
		t.Fatalf("reading the alerts of %d: %v", id, err)
	}
	active := 0
	for _, a := range alerts {
		if _, linked := got.Facts[a.ID]; !linked || a.Incident != id {
			t.Fatalf("incident %d: alert %s (in %d) is listed but not linked", id, a.ID, a.Incident)
		}
		if a.Status != tocsin.AlertResolved {
			active++
		}
	}
	if len(alerts) != len(got.Facts) || row.AlertCount != len(alerts) || row.ActiveAlerts != active {
		t.Fatalf("incident %d: %d alerts listed, %d linked, row says %d, %d active of %d", id, len(alerts), len(got.Facts), row.AlertCount, row.ActiveAlerts, active)
	}
}

// errDone ends a transaction that was only for reading.
var errDone = errors.New("done")

// same fails unless two values read the same as JSON, and says where they part.
func same(t *testing.T, what string, want, got any) {
	t.Helper()
	a, err := json.Marshal(want)
	b, err2 := json.Marshal(got)
	if err != nil || err2 != nil {
		t.Fatalf("%s: %v, %v", what, err, err2)
	}
	if string(a) == string(b) {
		return
	}
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	from := max(n-80, 0)
	t.Fatalf("%s: they part at byte %d\n want …%s\n have …%s", what, n, a[from:min(n+120, len(a))], b[from:min(n+120, len(b))])
}
