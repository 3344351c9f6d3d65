package telemetry_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/telemetry"
)

func TestHistory_ByMinuteThenByHourAndNothingIsLost(t *testing.T) {
	dir := t.TempDir()
	now := noon
	clock := func(o *telemetry.Options) { o.Now = func() time.Time { return now } }
	s := open(t, dir, clock)
	ctx := context.Background()
	appendOK(t, s, telemetry.Batch{Events: signins("a", 0, 3), Rejects: []tocsin.Reject{reject("a", "x", "{")}})
	appendOK(t, s, telemetry.Batch{Events: signins("a", 0, 1), Counts: map[tocsin.SourceID]telemetry.Count{"b": {Filtered: 2}}})
	now = noon.Add(90 * time.Second)
	appendOK(t, s, telemetry.Batch{Events: signins("a", 3, 5)})
	wantText(t, "history", query(t, s, `SELECT "SourceId", "Width", "Received", "Stored", "Duplicates", "DeadLettered", "Filtered", "Events" FROM "IngestHistory" ORDER BY 1, "TimeGenerated"`),
		"a|600000000|5|3|1|1|0|3\na|600000000|2|2|0|0|0|2\nb|600000000|2|0|0|0|2|0\n")
	got, err := s.History(ctx, noon.Add(time.Minute))
	if err != nil || len(got) != 1 || got[0].Received != 2 || got[0].Source != "a" || !got[0].At.Equal(noon.Add(time.Minute)) || got[0].Width != time.Minute {
		t.Errorf("%+v, %v", got, err)
	}
	sum := func() string {
		return query(t, s, `SELECT "SourceId", sum("Received"), sum("Stored"), sum("Events") FROM "IngestHistory" GROUP BY 1 ORDER BY 1`)
	}
	before := sum()
	for i, want := range []string{ // rows of the table behind the view, after each folding
		"4", // the two commits of noon become one row per source; the newest stays
		"4", // again: nothing left to do
	} {
		if err := s.Fold(); err != nil {
			t.Fatal(err)
		}
		if rows := query(t, s, `SELECT count(*) FROM telemetry.tocsin.intake`); i > 0 && rows > want+"\n" {
			t.Errorf("folding %d leaves %s rows", i, rows)
		}
		wantText(t, "folded", sum(), before)
	}
	now = noon.Add(5 * 24 * time.Hour)
	appendOK(t, s, telemetry.Batch{Events: signins("a", 5, 6)})
	if err := s.Fold(); err != nil {
		t.Fatal(err)
	}
	wantText(t, "hours", query(t, s, `SELECT "SourceId", "Width", "Received", "TimeGenerated" - $1 FROM "IngestHistory" ORDER BY 1, "TimeGenerated"`, tocsin.Ticks(noon)),
		fmt.Sprintf("a|36000000000|7|0\na|600000000|1|%d\nb|36000000000|2|0\n", int64(5*24*time.Hour/100)))
	s.Close()
	s = open(t, dir, clock)
	now = noon.Add(200 * 24 * time.Hour)
	appendOK(t, s, telemetry.Batch{Events: signins("a", 6, 7)})
	if err := s.Fold(); err != nil {
		t.Fatal(err)
	}
	wantText(t, "forgotten", query(t, s, `SELECT "SourceId", "Received" FROM "IngestHistory"`), "a|1\n")
}

// lagging is an event that happened some time before it was received.
func lagging(source tocsin.SourceID, position int, received time.Time, lag time.Duration) tocsin.Event {
	ev := signin(source, position)
	ev.ReceivedAt, ev.OccurredAt = received, received.Add(-lag)
	return ev
}

func TestSkew_SteadyShiftIsFlaggedAndLatenessIsNot(t *testing.T) {
	dir := t.TempDir()
	now := noon
	clock := func(o *telemetry.Options) { o.Now = func() time.Time { return now } }
	s := open(t, dir, clock)
	for minute := range 6 {
		now = noon.Add(time.Duration(minute) * time.Minute)
		var b telemetry.Batch
		for i := range 5 {
			n, jitter := minute*10+i, time.Duration(i)*7*time.Second
			b.Events = append(b.Events,
				lagging("right", n, now, jitter),
				lagging("behind", n, now, time.Hour+jitter),
				lagging("ahead", n, now, -2*time.Hour+jitter),
				lagging("backlog", n, now, 3*time.Hour-time.Duration(minute)*20*time.Minute+jitter),
				lagging("import", n, now, 400*24*time.Hour-time.Duration(minute)*48*time.Hour+jitter),
				lagging("mixed", n, now, time.Duration(i%2)*time.Hour))
		}
		if minute == 3 {
			b.Events = append(b.Events, lagging("right", 1000, now, -time.Hour)) // one from the future
		}
		appendOK(t, s, b)
	}
	check := func() {
		t.Helper()
		balances, err := s.Sources(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range balances {
			want := map[tocsin.SourceID]time.Duration{"behind": time.Hour, "ahead": -2 * time.Hour}[b.Source]
			future := map[tocsin.SourceID]int64{"ahead": 30, "right": 1}[b.Source]
			if b.Skew != want || b.Ahead != future || b.LastAhead.IsZero() != (future == 0) {
				t.Errorf("%s: skew %v, want %v; %d from the future, want %d", b.Source, b.Skew, want, b.Ahead, future)
			}
		}
	}
	check()
	wantText(t, "table", query(t, s, `SELECT "SourceId", "ClockSkew", "Ahead" FROM "IngestHealth" WHERE "ClockSkew" IS NOT NULL ORDER BY 1`), "ahead|-72000000000|30\nbehind|36000000000|0\n")
	s.Close()
	s = open(t, dir, clock)
	check()
	// After a restart the minutes before are remembered; a mended clock is soon right again.
	now = now.Add(time.Minute)
	appendOK(t, s, telemetry.Batch{Events: []tocsin.Event{lagging("behind", 999, now, time.Second), lagging("ahead", 999, now, -2*time.Hour)}})
	wantText(t, "mended", query(t, s, `SELECT "SourceId", "ClockSkew" FROM "IngestHealth" WHERE "ClockSkew" IS NOT NULL`), "ahead|-72000000000\n")
}
