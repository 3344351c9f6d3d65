package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/incident"
)

// testRollback fails in the middle of a transaction.
func testRollback(t *testing.T, s *scene) {
	inc := s.open(t, "A", Find("spray", "amelie@contoso.example", 0))
	_, err := s.desk.ApplyAll(s.ctx, []incident.Command{
		incident.Comment{Actor: Amelie, Incident: inc.ID, Text: "must vanish"},
		incident.Open{Actor: Amelie, Title: "must vanish too"},
		incident.Rename{Actor: Amelie, Incident: inc.ID, Version: 99, Title: "no"},
	})
	if !tocsin.IsKind(err, tocsin.Invalid) {
		t.Fatalf("got %v", err)
	}
	s.checkFold(t, inc.ID)
	if row, _ := s.summary(t, inc.ID); row.Comments != 0 || row.Version != 1 {
		t.Fatalf("a failed command left traces: %+v", row)
	}
	if _, err := s.desk.Incident(s.ctx, 2); !tocsin.IsKind(err, tocsin.NotFound) {
		t.Fatalf("a failed command opened an incident: %v", err)
	}
	boom := errors.New("boom")
	if err := s.store.Update(s.ctx, func(incident.Tx) error { return boom }); !errors.Is(err, boom) {
		t.Fatalf("the caller's error must come back as it is: %v", err)
	}
	log, err := s.desk.Log(s.ctx, 0, 10)
	if err != nil || len(log) != 1 {
		t.Fatalf("the log holds %d entries, %v", len(log), err)
	}
}

// testHostileText stores what attackers write into log lines.
func testHostileText(t *testing.T, s *scene) {
	nasty := "a\x00b \xff '; DROP TABLE incident; -- <script>alert(1)</script> \u202e ? $1 " + strings.Repeat("long", 3000)
	f := Find("rule\x00?", "amelie@contoso.example", 0)
	f.ID = nasty
	f.Alert.Title, f.Alert.Description = nasty, nasty
	f.Alert.Entities = append(f.Alert.Entities, tocsin.NewEntity(tocsin.URL, "Url", nasty), tocsin.NewEntity(tocsin.Account, "Name", nasty), tocsin.Entity{Type: "Odd"})
	f.Alert.CustomDetails = map[string][]string{nasty: {nasty}}
	inc := s.open(t, "T", f)
	if got := s.record(t, f)[0]; got.Outcome != incident.IsDelivered {
		t.Fatalf("the same finding again: %+v", got.Outcome)
	}
	alerts, err := s.desk.AlertsOf(s.ctx, inc.ID)
	if err != nil || len(alerts) != 1 || strings.ContainsAny(alerts[0].Title, "\x00\xff\n") || len(alerts[0].Title) > tocsin.MaxTitleBytes {
		t.Fatalf("alerts %+v, %v", alerts, err)
	}
	for _, k := range f.Alert.Entities[1].Keys() {
		if page, err := s.desk.Alerts(s.ctx, incident.AlertFilter{Entity: k}); err != nil || len(page.Items) != 1 {
			t.Errorf("a long key must still find its alert: %d, %v", len(page.Items), err)
		}
		if list, err := s.desk.Candidates(s.ctx, incident.Related{Keys: []string{k}}); err != nil || len(list) != 1 {
			t.Errorf("a long key must still find its incident: %d, %v", len(list), err)
		}
	}
	for _, c := range []incident.Command{
		incident.Rename{Actor: Engine, Incident: inc.ID, Title: "a\x00b"}, incident.Rename{Actor: Engine, Incident: inc.ID, Title: " "},
		incident.Rename{Actor: Engine, Incident: inc.ID, Title: strings.Repeat("x", tocsin.MaxTitleBytes+1)},
		incident.Comment{Actor: Engine, Incident: inc.ID, Text: "a\x00"}, incident.Comment{Actor: Engine, Incident: inc.ID, Text: " \n"},
		incident.Comment{Actor: Engine, Incident: inc.ID, Text: strings.Repeat("x", tocsin.MaxCommentBytes+1)},
		incident.Retag{Actor: Engine, Incident: inc.ID, Add: []string{strings.Repeat("x", tocsin.MaxTagBytes+1)}},
		incident.Retag{Actor: Engine, Incident: inc.ID, Add: []string{""}}, incident.Assign{Actor: Engine, Incident: inc.ID, Owner: "a\nb"},
		incident.SetSeverity{Actor: Engine, Incident: inc.ID, Severity: "huge"},
	} {
		s.refuse(t, tocsin.Invalid, c)
	}
	for _, q := range []string{nasty[:150], "\x00", "%", "_", "\xff\xfe"} {
		if _, err := s.desk.Queue(s.ctx, incident.Filter{Query: q, Owner: []string{q}, Tag: []string{q}}); err != nil {
			t.Errorf("searching for %q: %v", q, err)
		}
	}
	s.checkFold(t, inc.ID)
}

// testWriters lets many writers change the same incidents at once.
func testWriters(t *testing.T, s *scene) {
	for i := range 3 {
		s.open(t, fmt.Sprintf("Case %d", i+1), Find("r", fmt.Sprintf("u%d@contoso.example", i), 0))
	}
	var mu sync.Mutex
	desk := incident.New(s.store, func() time.Time { mu.Lock(); defer mu.Unlock(); return s.clock.Now() })
	var wg sync.WaitGroup
	for w := range 6 {
		wg.Go(func() {
			for i := range 8 {
				id := tocsin.IncidentID((w+i)%3 + 1)
				if _, err := desk.Apply(s.ctx, incident.Comment{Actor: Amelie, Incident: id, Text: fmt.Sprintf("%d/%d", w, i)}); err != nil {
					t.Errorf("writer %d: %v", w, err)
				}
				if _, err := desk.Record(s.ctx, []incident.Finding{Find("r", fmt.Sprintf("u%d@contoso.example", (w+i)%3), 1+w*8+i)}); err != nil {
					t.Errorf("writer %d: %v", w, err)
				}
			}
		})
	}
	wg.Wait()
	comments, repeats := 0, 0
	for id := tocsin.IncidentID(1); id <= 3; id++ {
		s.checkFold(t, id)
		row, _ := s.summary(t, id)
		comments += row.Comments
		a, err := s.desk.Alert(s.ctx, row.Alerts[0].Alert)
		if err != nil {
			t.Fatal(err)
		}
		repeats += a.Count - 1
	}
	if comments != 48 || repeats != 48 {
		t.Errorf("%d comments and %d repeats of 48 each", comments, repeats)
	}
	log, err := s.desk.Log(s.ctx, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; i < len(log); i++ {
		if log[i].Position <= log[i-1].Position {
			t.Fatalf("the log's positions do not rise: %d after %d", log[i].Position, log[i-1].Position)
		}
	}
}

// testRandomCommands runs random commands, most of them sensible, and wants the
// stored state to be the fold of the log after each, and the log to say who did
// what. Failed commands must fail with a kind an analyst can be shown.
func testRandomCommands(t *testing.T, s *scene) {
	rng := rand.New(rand.NewPCG(1, 20261121))
	incidents := 0
	for step := range 400 {
		cmd := randomCommand(t, s, rng, incidents)
		touched := []tocsin.IncidentID{}
		inc, err := s.desk.Apply(s.ctx, cmd)
		switch {
		case err == nil:
			incidents = max(incidents, int(inc.ID))
			touched = append(touched, inc.ID)
		case tocsin.IsKind(err, tocsin.Invalid), tocsin.IsKind(err, tocsin.Conflict), tocsin.IsKind(err, tocsin.NotFound):
		default:
			t.Fatalf("step %d: %T: %v", step, cmd, err)
		}
		if m, ok := cmd.(incident.Merge); ok && err == nil {
			touched = append(touched, m.Source)
		}
		for _, id := range touched {
			s.checkFold(t, id)
		}
	}
	for id := 1; id <= incidents; id++ {
		s.checkFold(t, tocsin.IncidentID(id))
	}
	var rows []incident.Summary
	for id := 1; id <= incidents; id++ {
		row, _ := s.summary(t, tocsin.IncidentID(id))
		rows = append(rows, row)
	}
	checkCounts(t, s, rows)
}

// randomCommand makes the next command.
func randomCommand(t *testing.T, s *scene, rng *rand.Rand, incidents int) incident.Command {
	id := tocsin.IncidentID(rng.IntN(incidents+1) + 1)
	other := tocsin.IncidentID(rng.IntN(incidents+1) + 1)
	pick := func(list ...string) string { return list[rng.IntN(len(list))] }
	var alerts []tocsin.AlertID
	if row, err := s.desk.Incident(s.ctx, id); err == nil {
		for _, l := range row.Alerts {
			if rng.IntN(2) == 0 {
				alerts = append(alerts, l.Alert)
			}
		}
	}
	switch n := rng.IntN(16); {
	case n < 4 || incidents == 0:
		r := s.record(t, Find(pick("spray", "mail", "rule"), pick("a@x.example", "b@x.example", "c@x.example", "d@x.example"), rng.IntN(600)))[0]
		why := incident.AlertWhy{Alert: r.Alert.ID, Why: tocsin.Reason{Rule: "first", Text: "random", Score: 0.5}}
		if rng.IntN(2) == 0 && incidents > 0 {
			return incident.Attach{Actor: Engine, Incident: id, Alerts: []incident.AlertWhy{why}, Title: pick("", "Generated "+string(r.Alert.Rule))}
		}
		return incident.Open{Actor: Engine, Title: "Case", Generated: rng.IntN(2) == 0, Alerts: []incident.AlertWhy{why}, Owner: pick("", "", "bob")}
	case n < 7:
		return incident.Merge{Actor: Engine, Source: id, Target: other, Title: pick("", "Merged")}
	case n < 9:
		return incident.Unmerge{Actor: Engine, Source: id}
	case n == 9:
		return incident.Assign{Actor: Engine, Incident: id, Owner: pick("", "amelie", "bob")}
	case n == 10:
		return incident.Close{Actor: Engine, Incident: id, Classification: tocsin.Classification(pick("", "truePositive", "falsePositive"))}
	case n == 11:
		return incident.Reopen{Actor: Engine, Incident: id}
	case n == 12:
		return incident.Move{Actor: Engine, Incident: id, Alerts: alerts, To: tocsin.IncidentID(rng.IntN(2)) * other}
	case n == 13:
		return incident.Detach{Actor: Engine, Incident: id, Alerts: alerts}
	case n == 14:
		return incident.Retag{Actor: Engine, Incident: id, Add: []string{pick("vip", "VIP", "mail")}, Drop: []string{pick("vip", "mail")}}
	}
	title := pick("Renamed", "Case")
	severity := tocsin.Severity(pick("low", "high"))
	return incident.Change{Actor: Engine, Incident: id, Title: &title, Severity: &severity}
}
