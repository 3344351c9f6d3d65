package incident_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/incident"
	"github.com/tocsin-soc/tocsin/internal/incident/sqlstore"
	"github.com/tocsin-soc/tocsin/internal/incident/storetest"
)

// newDesk makes a desk on an empty SQLite store.
func newDesk(t *testing.T) *incident.Desk {
	t.Helper()
	db, err := sqlstore.Open(t.Context(), filepath.Join(t.TempDir(), "i.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return incident.New(db.Incidents(), storetest.NewClock().Now)
}

// raise records findings and returns their alerts with a reason.
func raise(t *testing.T, d *incident.Desk, findings ...incident.Finding) []incident.AlertWhy {
	t.Helper()
	list, err := d.Record(t.Context(), findings)
	if err != nil {
		t.Fatal(err)
	}
	var out []incident.AlertWhy
	for _, r := range list {
		out = append(out, incident.AlertWhy{Alert: r.Alert.ID, Why: tocsin.Reason{Rule: "first", Text: "test", Score: 1}})
	}
	return out
}

// do applies a command that must succeed.
func do(t *testing.T, d *incident.Desk, cmd incident.Command) tocsin.Incident {
	t.Helper()
	inc, err := d.Apply(t.Context(), cmd)
	if err != nil {
		t.Fatalf("%T: %v", cmd, err)
	}
	return inc
}

// TestRecord_OrderAndChunksDoNotMatter records the same findings in different
// orders, in different portions, some of them twice.
func TestRecord_OrderAndChunksDoNotMatter(t *testing.T) {
	var findings []incident.Finding
	for i := range 60 {
		f := storetest.Find("spray", fmt.Sprintf("u%d@contoso.example", i%4), i)
		f.Alert.Severity = []tocsin.Severity{tocsin.Low, tocsin.High, tocsin.Medium}[i%3]
		f.Alert.Tactics = []string{[]string{"Impact", "Execution"}[i%2]}
		f.Alert.Title = fmt.Sprintf("Spray %d", i)
		f.Alert.CustomDetails = map[string][]string{"Agent": {fmt.Sprintf("agent %d", i%7)}}
		for k := range 12 {
			f.Alert.Evidence = append(f.Alert.Evidence, tocsin.Evidence{Event: tocsin.EventID(fmt.Sprintf("e%d-%d", i, k)), OccurredAt: storetest.Start.Add(time.Duration(i*7+k) * time.Second)})
		}
		f.Alert.RaisedAt = storetest.Start.Add(time.Hour)
		findings = append(findings, f)
	}
	var want []tocsin.Alert
	for seed := range uint64(6) {
		rng := rand.New(rand.NewPCG(seed, 3))
		d := newDesk(t)
		list := slices.Clone(findings)
		if seed > 0 {
			rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
			list = append(list, list[:rng.IntN(30)]...)
		}
		for len(list) > 0 {
			n := min(1+rng.IntN(20), len(list))
			if _, err := d.Record(t.Context(), list[:n]); err != nil {
				t.Fatal(err)
			}
			list = list[n:]
		}
		page, err := d.Alerts(t.Context(), incident.AlertFilter{})
		if err != nil {
			t.Fatal(err)
		}
		var got []tocsin.Alert
		for i := range page.Items {
			a, err := d.Alert(t.Context(), page.Items[i].ID)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, a)
		}
		if seed == 0 {
			want = got
			if len(got) != 4 || got[0].Count != 15 || len(got[0].Evidence) != tocsin.MaxEvidence || len(got[0].Notes) != 1 || got[0].Severity != tocsin.High {
				t.Fatalf("%d alerts, the first: %d times, %d events, notes %q", len(got), got[0].Count, len(got[0].Evidence), got[0].Notes)
			}
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d:\n%s", seed, diff)
		}
	}
}

func TestRecord_RefusesWhatBreaksTheContract(t *testing.T) {
	d := newDesk(t)
	for what, edit := range map[string]func(*incident.Finding){
		"no id": func(f *incident.Finding) { f.ID = "" }, "no rule": func(f *incident.Finding) { f.Alert.Rule = "" }, "no fingerprint": func(f *incident.Finding) { f.Alert.Fingerprint = "" },
	} {
		f := storetest.Find("r", "a@contoso.example", 0)
		edit(&f)
		if _, err := d.Record(t.Context(), []incident.Finding{f}); err == nil {
			t.Errorf("%s: accepted", what)
		}
	}
	bare := incident.Finding{ID: "bare", Alert: tocsin.Alert{Rule: "r", Fingerprint: "f"}}
	got, err := d.Record(t.Context(), []incident.Finding{bare})
	if err != nil || got[0].Alert.Severity != tocsin.Medium || got[0].Alert.FirstActivity.IsZero() || got[0].Alert.Title != "r" || len(got[0].Alert.Notes) != 2 {
		t.Errorf("what is missing is made up and noted: %+v, %v", got, err)
	}
}

// TestUnmerge_GivesBackExactlyWhatNobodyTouched changes both sides between a
// merge and its undoing.
func TestUnmerge_GivesBackExactlyWhatNobodyTouched(t *testing.T) {
	d := newDesk(t)
	a := do(t, d, incident.Open{Actor: storetest.Engine, Title: "A", Generated: true, Alerts: raise(t, d, storetest.Find("a", "a@x.example", 0))})
	b := do(t, d, incident.Open{Actor: storetest.Engine, Title: "B", Alerts: raise(t, d, storetest.Find("b1", "b@x.example", 1), storetest.Find("b2", "b@x.example", 2)), Owner: "bob", Tags: []string{"vip", "mail"}})
	c := do(t, d, incident.Open{Actor: storetest.Engine, Title: "C", Alerts: raise(t, d, storetest.Find("c", "c@x.example", 3))})
	m := do(t, d, incident.Merge{Actor: storetest.Engine, Source: b.ID, Target: a.ID, Title: "A and B"})
	if m.Owner != "bob" || len(m.Alerts) != 3 {
		t.Fatalf("merged %+v", m)
	}
	do(t, d, incident.Merge{Actor: storetest.Engine, Source: c.ID, Target: a.ID})
	do(t, d, incident.Assign{Actor: storetest.Engine, Incident: a.ID, Owner: "amelie"})
	do(t, d, incident.Retag{Actor: storetest.Engine, Incident: a.ID, Drop: []string{"vip"}, Add: []string{"later"}})
	do(t, d, incident.Attach{Actor: storetest.Engine, Incident: a.ID, Alerts: raise(t, d, storetest.Find("late", "a@x.example", 4))})
	do(t, d, incident.Detach{Actor: storetest.Engine, Incident: a.ID, Alerts: []tocsin.AlertID{b.Alerts[0].Alert}})
	raise(t, d, storetest.Find("b2", "b@x.example", 60)) // it is seen again while it is in A

	got := do(t, d, incident.Unmerge{Actor: storetest.Engine, Source: b.ID})
	if got.Status != tocsin.IncidentNew || got.Owner != "bob" || len(got.Alerts) != 1 || got.Alerts[0] != b.Alerts[1] || !slices.Equal(got.Tags, []string{"mail", "vip"}) {
		t.Errorf("the source: %+v", got)
	}
	if got.LastActivity.Sub(got.FirstActivity) != 58*time.Minute {
		t.Errorf("the source must know what its alert did meanwhile: %s to %s", got.FirstActivity, got.LastActivity)
	}
	row, err := d.Incident(t.Context(), a.ID)
	if err != nil || row.Owner != "amelie" || row.Title != "A" || !slices.Equal(row.Tags, []string{"later"}) || len(row.Alerts) != 3 {
		t.Errorf("the target: %+v, %v", row.Incident, err)
	}
	if _, err := d.Apply(t.Context(), incident.Unmerge{Actor: storetest.Engine, Source: b.ID}); !tocsin.IsKind(err, tocsin.Conflict) {
		t.Errorf("undoing twice: %v", err)
	}
	if got := do(t, d, incident.Unmerge{Actor: storetest.Engine, Source: c.ID}); len(got.Alerts) != 1 {
		t.Errorf("the other merge can be undone as well: %+v", got)
	}
}

func TestApply_CeilingOfAlerts(t *testing.T) {
	d := newDesk(t)
	var findings []incident.Finding
	for i := range incident.MaxAlerts + 1 {
		findings = append(findings, storetest.Find(fmt.Sprintf("r%d", i), "a@x.example", i))
	}
	alerts := raise(t, d, findings...)
	if _, err := d.Apply(t.Context(), incident.Open{Actor: storetest.Engine, Title: "Too many", Alerts: alerts}); !tocsin.IsKind(err, tocsin.Invalid) {
		t.Errorf("151 at once: %v", err)
	}
	full := do(t, d, incident.Open{Actor: storetest.Engine, Title: "Full", Alerts: alerts[1:]})
	if _, err := d.Apply(t.Context(), incident.Attach{Actor: storetest.Engine, Incident: full.ID, Alerts: alerts[:1]}); !tocsin.IsKind(err, tocsin.Conflict) {
		t.Errorf("the 151st: %v", err)
	}
	next := do(t, d, incident.Open{Actor: storetest.Engine, Title: "Next", Alerts: alerts[:1], Continues: full.ID, Note: "continues"})
	log, err := d.Timeline(t.Context(), full.ID)
	if err != nil || !strings.Contains(log[len(log)-1].Text(), fmt.Sprintf("incident %d", next.ID)) || next.Comments != 1 {
		t.Errorf("a full incident says where it goes on: %v", err)
	}
	if _, err := d.Apply(t.Context(), incident.Merge{Actor: storetest.Engine, Source: next.ID, Target: full.ID}); !tocsin.IsKind(err, tocsin.Conflict) {
		t.Errorf("merging beyond the ceiling: %v", err)
	}
}

func TestChange_IsAllOrNothing(t *testing.T) {
	d := newDesk(t)
	inc := do(t, d, incident.Open{Actor: storetest.Amelie, Title: "A"})
	title, closed, none := "B", tocsin.IncidentClosed, ""
	redirected := tocsin.IncidentRedirected
	for what, c := range map[string]incident.Change{
		"closing without a classification": {Title: &title, Status: &closed},
		"redirecting by hand":              {Title: &title, Status: &redirected},
		"an empty title":                   {Title: &none, Owner: &title},
	} {
		c.Actor, c.Incident, c.Version = storetest.Amelie, inc.ID, 1
		if _, err := d.Apply(t.Context(), c); !tocsin.IsKind(err, tocsin.Invalid) {
			t.Errorf("%s: %v", what, err)
		}
	}
	same := "A"
	if got := do(t, d, incident.Change{Actor: storetest.Amelie, Incident: inc.ID, Version: 1, Title: &same, Owner: &none, Comment: &none}); got.Version != 1 {
		t.Errorf("what changes nothing leaves no entry: version %d", got.Version)
	}
}

func TestSubscribe_TellsASlowSubscriberThatItLagged(t *testing.T) {
	d := newDesk(t)
	quick, stopQuick := d.Subscribe(100)
	slow, stopSlow := d.Subscribe(2)
	for range 5 {
		do(t, d, incident.Open{Actor: storetest.Amelie, Title: "A"})
	}
	stopQuick()
	stopQuick()
	n := 0
	for c := range quick {
		n++
		if c.Incident != tocsin.IncidentID(n) || c.Version != 1 || c.Lagged {
			t.Errorf("notice %d: %+v", n, c)
		}
	}
	if n != 5 {
		t.Errorf("%d notices, want 5", n)
	}
	if one, two, three := <-slow, <-slow, <-slow; one.Incident != 1 || two.Incident != 2 || !three.Lagged {
		t.Errorf("the slow one saw %+v, %+v, %+v", one, two, three)
	}
	do(t, d, incident.Open{Actor: storetest.Amelie, Title: "A"})
	if c := <-slow; c.Incident != 6 {
		t.Errorf("after it caught up: %+v", c)
	}
	stopSlow()
}

func TestMergeable(t *testing.T) {
	base := tocsin.Incident{ID: 1, Status: tocsin.IncidentNew, Owner: "amelie"}
	for what, c := range map[string]struct {
		edit func(*tocsin.Incident)
		ok   bool
	}{
		"alike":                {func(*tocsin.Incident) {}, true},
		"nobody's":             {func(i *tocsin.Incident) { i.Owner = "" }, true},
		"somebody else's":      {func(i *tocsin.Incident) { i.Owner = "bob" }, false},
		"closed":               {func(i *tocsin.Incident) { i.Status = tocsin.IncidentClosed }, false},
		"redirected":           {func(i *tocsin.Incident) { i.Status = tocsin.IncidentRedirected }, false},
		"classified otherwise": {func(i *tocsin.Incident) { i.Classification = tocsin.FalsePositive }, false},
		"determined otherwise": {func(i *tocsin.Incident) { i.Determination = "other" }, false},
		"too many alerts":      {func(i *tocsin.Incident) { i.Alerts = make([]tocsin.AlertLink, incident.MaxAlerts+1) }, false},
	} {
		other := base
		other.ID = 2
		c.edit(&other)
		for _, pair := range [][2]*tocsin.Incident{{&base, &other}, {&other, &base}} {
			if err := incident.Mergeable(pair[0], pair[1]); (err == nil) != c.ok || err != nil && !tocsin.IsKind(err, tocsin.Conflict) {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
}

func TestEntities_OneThingUnderSeveralKeys(t *testing.T) {
	sid := tocsin.NewEntity(tocsin.Account, "Sid", "S-1-5-21-7", "Name", "amelie", "UPNSuffix", "contoso.example")
	upn := tocsin.NewEntity(tocsin.Account, "FullName", "Amelie@contoso.example")
	only := tocsin.NewEntity(tocsin.Account, "Sid", "s-1-5-21-7")
	host := tocsin.NewEntity(tocsin.Host, "HostName", "ws-1")
	system := tocsin.NewEntity(tocsin.Account, "Name", "SYSTEM")
	alerts := []*tocsin.Alert{
		{ID: "1", Entities: []tocsin.Entity{upn, host}, FirstActivity: storetest.Start.Add(time.Hour), LastActivity: storetest.Start.Add(2 * time.Hour)},
		{ID: "2", Entities: []tocsin.Entity{sid, system}, FirstActivity: storetest.Start, LastActivity: storetest.Start},
		{ID: "3", Entities: []tocsin.Entity{only, system, only}, FirstActivity: storetest.Start, LastActivity: storetest.Start},
	}
	got := incident.Entities(alerts)
	if len(got) != 3 || !slices.Equal(got[0].Alerts, []tocsin.AlertID{"1", "2", "3"}) || got[0].Identifiers["Sid"] == "" || got[0].LastSeen.Sub(got[0].FirstSeen) != 2*time.Hour {
		t.Fatalf("%+v", got)
	}
	if got[1].Type != tocsin.Host || got[2].Label() != "SYSTEM" || len(got[2].Alerts) != 2 {
		t.Errorf("a kind in turn: %+v", got[1:])
	}
}
