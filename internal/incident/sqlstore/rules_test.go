package sqlstore_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/incident"
	"github.com/tocsin-soc/tocsin/internal/incident/sqlstore"
	"github.com/tocsin-soc/tocsin/internal/incident/storetest"
)

func TestRules_LedgerAndProgress(t *testing.T) {
	dialects(t, func(t *testing.T, open func(t *testing.T) *sqlstore.DB) {
		rules, ctx := open(t).Rules(), t.Context()
		at := time.Date(2026, 11, 21, 8, 0, 0, 100, time.UTC)
		runs := []tocsin.RuleRun{
			{Rule: "a", Version: "1", From: at, To: at.Add(time.Hour), StartedAt: at, Took: 7, Status: tocsin.RunSucceeded, Rows: 3, Alerts: 1, Watermark: at.Add(50 * time.Minute)},
			{Rule: "a", Version: "1", From: at.Add(time.Hour), To: at.Add(2 * time.Hour), StartedAt: at.Add(time.Hour), Status: tocsin.RunFailed, Reason: "no table", Watermark: at.Add(9 * time.Hour)},
			{Rule: "a", Version: "1", From: at.Add(-time.Hour), To: at, StartedAt: at.Add(time.Hour), Status: tocsin.RunSucceeded, Watermark: at.Add(3 * time.Hour), IsBackfill: true},
			{Rule: "b", Version: "2", StartedAt: at.Add(time.Minute), Status: tocsin.RunCapped, Reason: "150 alerts"},
		}
		for _, r := range runs {
			if err := rules.AppendRun(ctx, r); err != nil {
				t.Fatal(err)
			}
		}
		got, err := rules.Runs(ctx, "a", 2)
		if diff := cmp.Diff([]tocsin.RuleRun{runs[2], runs[1]}, got); err != nil || diff != "" {
			t.Errorf("runs: %v\n%s", err, diff)
		}
		last, err := rules.LastRuns(ctx)
		if diff := cmp.Diff(map[tocsin.RuleID]tocsin.RuleRun{"a": runs[2], "b": runs[3]}, last); err != nil || diff != "" {
			t.Errorf("last runs: %v\n%s", err, diff)
		}
		mark, end, err := rules.Progress(ctx, "a")
		if err != nil || !mark.Equal(at.Add(3*time.Hour)) || !end.Equal(at.Add(time.Hour)) {
			t.Errorf("a failure must not move the progress, a late window only the watermark: %s, %s, %v", mark, end, err)
		}
		if mark, end, err := rules.Progress(ctx, "never"); err != nil || !mark.IsZero() || !end.IsZero() {
			t.Errorf("a rule that never ran: %s, %s, %v", mark, end, err)
		}
		if err := rules.Pause(ctx, "c", "failed three times", at); err != nil {
			t.Fatal(err)
		}
		if paused, err := rules.Paused(ctx); err != nil || len(paused) != 1 || paused["c"] != "failed three times" {
			t.Errorf("paused: %v, %v", paused, err)
		}
		if err := rules.Resume(ctx, "c"); err != nil {
			t.Fatal(err)
		}
		if paused, err := rules.Paused(ctx); err != nil || len(paused) != 0 {
			t.Errorf("resumed: %v, %v", paused, err)
		}
		if n, err := rules.ForgetRuns(ctx, at.Add(30*time.Minute)); err != nil || n != 2 {
			t.Errorf("forgot %d runs, %v", n, err)
		}
	})
}

func TestSettings_GetAndSet(t *testing.T) {
	dialects(t, func(t *testing.T, open func(t *testing.T) *sqlstore.DB) {
		s, ctx := open(t).Settings(), t.Context()
		if _, ok, err := s.Get(ctx, "x"); ok || err != nil {
			t.Fatalf("never set: %v, %v", ok, err)
		}
		for _, v := range []string{"one", "", "two"} {
			if err := s.Set(ctx, "x", v); err != nil {
				t.Fatal(err)
			}
			if got, ok, err := s.Get(ctx, "x"); got != v || !ok || err != nil {
				t.Fatalf("got %q, %v, %v", got, ok, err)
			}
		}
		if err := s.Set(ctx, "x", string(make([]byte, 70_000))); err == nil {
			t.Error("a setting must be bounded")
		}
	})
}

func TestRules_AlertCounts(t *testing.T) {
	dialects(t, func(t *testing.T, open func(t *testing.T) *sqlstore.DB) {
		db, ctx := open(t), t.Context()
		desk := incident.New(db.Incidents(), storetest.NewClock().Now)
		for range 2 {
			_, err := desk.Record(ctx, []incident.Finding{storetest.Find("a", "x@contoso.example", 0), storetest.Find("a", "x@contoso.example", 1), storetest.Find("a", "y@contoso.example", 1), storetest.Find("b", "x@contoso.example", 0)})
			if err != nil {
				t.Fatal(err)
			}
		}
		got, err := db.Rules().AlertCounts(ctx)
		if diff := cmp.Diff(map[tocsin.RuleID]int{"a": 2, "b": 1}, got); err != nil || diff != "" {
			t.Errorf("a repeat is no further alert: %v\n%s", err, diff)
		}
	})
}
