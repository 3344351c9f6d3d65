package detect

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin"
)

// memoryLedger is a Ledger in memory.
type memoryLedger struct{ runs []tocsin.RuleRun }

func (l *memoryLedger) Progress(_ context.Context, rule tocsin.RuleID) (watermark, end time.Time, err error) {
	for _, r := range l.runs {
		if r.Rule != rule || r.Status == tocsin.RunFailed {
			continue
		}
		if r.To.After(end) {
			end = r.To
		}
		if r.Watermark.After(watermark) {
			watermark = r.Watermark
		}
	}
	return watermark, end, nil
}

func (l *memoryLedger) AppendRun(_ context.Context, run tocsin.RuleRun) error {
	l.runs = append(l.runs, run)
	return nil
}

// arrivals is an Engine over events in memory: a row per address with at least
// three failures in the window.
type arrivals struct {
	events []arrival
	now    time.Time
	fail   error
}

type arrival struct {
	occurred, arrived time.Time
	address           string
}

func (a *arrivals) Query(_ context.Context, _ *KQLRule, w Window) (*Table, error) {
	if a.fail != nil {
		return nil, a.fail
	}
	count := map[string]int{}
	for _, e := range a.events {
		if !e.arrived.After(a.now) && !e.occurred.Before(w.From) && e.occurred.Before(w.To) {
			count[e.address]++
		}
	}
	t := &Table{Columns: []string{"IPAddress", "Users"}}
	for _, address := range slices.Sorted(keys(count)) {
		if count[address] >= 3 {
			t.Rows = append(t.Rows, []string{address, fmt.Sprint(count[address])})
		}
	}
	return t, nil
}

func keys(m map[string]int) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func (a *arrivals) Late(_ context.Context, _ *KQLRule, watermark, before time.Time) (w Window, err error) {
	for _, e := range a.events {
		if e.arrived.After(a.now) || !e.arrived.After(watermark) || !e.occurred.Before(before) {
			continue
		}
		if w.To.IsZero() || e.occurred.Before(w.From) {
			w.From = e.occurred
		}
		if e.occurred.After(w.To) {
			w.To = e.occurred
		}
	}
	return w, nil
}

func (a *arrivals) Watermark(context.Context) (newest time.Time, err error) {
	for _, e := range a.events {
		if !e.arrived.After(a.now) && e.arrived.After(newest) {
			newest = e.arrived
		}
	}
	return newest, nil
}

// alertsOf plays the events with ticks at the given instants and returns the
// ids of all alerts raised.
func alertsOf(t *testing.T, r *KQLRule, events []arrival, ticks []time.Time, fails func(i int) error) []string {
	t.Helper()
	engine := &arrivals{events: events}
	s := NewSchedule([]*KQLRule{r}, &memoryLedger{}, engine, Horizon{Backfill: 1000 * time.Hour, Late: 1000 * time.Hour}, func() time.Time { return noon })
	ids := map[string]bool{}
	for i, now := range ticks {
		engine.now, engine.fail = now, fails(i)
		if err := s.Tick(context.Background(), now, func(_ context.Context, list []Finding) error {
			for _, f := range list {
				ids[string(f.Alert.ID)] = true
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	var list []string
	for id := range ids {
		list = append(list, id)
	}
	sort.Strings(list)
	return list
}

// TestSchedule_SameEventsSameAlerts is the contract of watermarks: any order,
// any delay, any failures of the rule give the same set of alerts.
func TestSchedule_SameEventsSameAlerts(t *testing.T) {
	r := sprayRule(t)
	random := rand.New(rand.NewPCG(7, 7))
	never := func(int) error { return nil }
	for round := range 60 {
		var prompt []arrival
		for range 60 {
			at := at(random.IntN(300))
			prompt = append(prompt, arrival{at, at, fmt.Sprintf("203.0.113.%d", random.IntN(12))})
		}
		var ticks []time.Time
		for now := at(-5); now.Before(at(1000)); now = now.Add(time.Minute) {
			ticks = append(ticks, now)
		}
		want := alertsOf(t, r, prompt, ticks, never)

		delayed := slices.Clone(prompt)
		for i := range delayed {
			delayed[i].arrived = delayed[i].occurred.Add(time.Duration(random.IntN(240)) * time.Minute)
		}
		random.Shuffle(len(delayed), func(i, j int) { delayed[i], delayed[j] = delayed[j], delayed[i] })
		flaky := func(i int) error {
			if i > 5 && i < 800 && random.IntN(3) == 0 {
				return errors.New("engine gone")
			}
			return nil
		}
		if got := alertsOf(t, r, delayed, ticks, flaky); !slices.Equal(got, want) {
			t.Fatalf("round %d: %d alerts with delays and failures, %d without", round, len(got), len(want))
		}
	}
}

func TestSchedule_FailsAloneAndVisibly(t *testing.T) {
	bad, good := sprayRule(t), sprayRule(t)
	bad.ID = "bad"
	ledger := &memoryLedger{}
	engine := &failing{arrivals{now: noon, events: []arrival{}}, bad.ID}
	s := NewSchedule([]*KQLRule{bad, good}, ledger, engine, DefaultHorizon, func() time.Time { return noon })
	for i := range 4 {
		if err := s.Tick(context.Background(), at(i), func(context.Context, []Finding) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	status := map[tocsin.RuleID][]tocsin.RunStatus{}
	for _, run := range ledger.runs {
		status[run.Rule] = append(status[run.Rule], run.Status)
		if run.Status == tocsin.RunFailed && run.Reason != "The table is gone. Next try in 1m0s." && run.Reason != "The table is gone. Next try in 2m0s." && run.Reason != "The table is gone. Next try in 4m0s." {
			t.Errorf("reason %q", run.Reason)
		}
	}
	if len(status["bad"]) != 3 || len(status[good.ID]) != 1 || status[good.ID][0] != tocsin.RunSucceeded {
		t.Errorf("runs: %v", status)
	}
}

type failing struct {
	arrivals
	rule tocsin.RuleID
}

func (f *failing) Query(ctx context.Context, r *KQLRule, w Window) (*Table, error) {
	if r.ID == f.rule {
		return nil, tocsin.Errorf(tocsin.Invalid, "The table is gone.")
	}
	return f.arrivals.Query(ctx, r, w)
}

func TestFindings_IdentityAndDetails(t *testing.T) {
	r := sprayRule(t)
	table := &Table{Columns: []string{"IPAddress", "Users"}, Rows: [][]string{{"203.0.113.7", "9"}, {"203.0.113.7", "12"}, {"198.51.100.2", "6"}}}
	list, note := findings(r, Window{at(-60), at(0)}, table, noon)
	if note != "" || len(list) != 3 {
		t.Fatalf("%d findings, note %q", len(list), note)
	}
	a, b, c := list[0], list[1], list[2]
	if a.Alert.ID != b.Alert.ID || a.ID == b.ID || a.Alert.ID == c.Alert.ID {
		t.Error("the same address is the same alert found twice; another address is another alert")
	}
	if a.Alert.Title != "Password spray from 203.0.113.7" || a.Alert.Description != r.Description || a.Alert.CustomDetails["Users"][0] != "9" {
		t.Errorf("alert %+v", a.Alert)
	}
	again, _ := findings(r, Window{at(-55), at(5)}, table, noon)
	if again[0].ID != a.ID {
		t.Error("the same row in an overlapping window must be the same finding")
	}
}

func TestFindings_CapsAreSaid(t *testing.T) {
	r := sprayRule(t)
	table := &Table{Columns: []string{"IPAddress", "Users"}}
	for i := range maxAlertsPerRun + 1 {
		table.Rows = append(table.Rows, []string{fmt.Sprintf("10.0.%d.%d", i/250, i%250), "9"})
	}
	if list, note := findings(r, Window{at(-60), at(0)}, table, noon); len(list) != maxAlertsPerRun || note == "" {
		t.Errorf("%d findings, note %q", len(list), note)
	}
	table = &Table{Columns: []string{"IPAddress", "Users"}, Rows: [][]string{{"10.0.0.1", "9"}}, Truncated: true}
	if list, note := findings(r, Window{at(-60), at(0)}, table, noon); note == "" || len(list[0].Alert.Notes) != 1 {
		t.Errorf("a cut result must be said: %q", note)
	}
}
