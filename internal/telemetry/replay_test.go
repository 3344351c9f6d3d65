package telemetry_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/telemetry"
)

// lettersOf buries n broken records of a source and returns their letters.
func lettersOf(t *testing.T, s *telemetry.Store, source tocsin.SourceID, n int) []telemetry.Letter {
	t.Helper()
	b := telemetry.Batch{ID: "broken"}
	for i := range n {
		r := reject(source, fmt.Sprint(i), fmt.Sprintf(`{"n":%d`, i))
		r.Raw.Sender = fmt.Sprint("192.0.2.", i)
		b.Rejects = append(b.Rejects, r)
	}
	appendOK(t, s, b)
	list, err := s.Letters(context.Background(), telemetry.LetterFilter{Source: string(source)}, nil, 1000)
	if err != nil || len(list) != n {
		t.Fatalf("%d letters, %v", len(list), err)
	}
	slices.SortFunc(list, func(a, b telemetry.Letter) int { return strings.Compare(a.Raw.Position, b.Raw.Position) })
	return list
}

// replayed is the batch that a mended record becomes.
func replayed(letters ...telemetry.Letter) telemetry.Batch {
	b := telemetry.Batch{ID: "replay", Replay: &telemetry.Replay{By: "amelie"}}
	for _, l := range letters {
		b.Events = append(b.Events, tocsin.Event{ID: tocsin.IdentifyEvent(l.Raw.Digest(), "SigninLogs", 0), Table: "SigninLogs", Source: l.Raw.Source, OccurredAt: noon, ReceivedAt: l.Raw.ReceivedAt})
		b.Replay.Records = append(b.Replay.Records, l.ID)
	}
	return b
}

const balanceSQL = `SELECT "Received", "Stored", "Duplicates", "DeadLettered", "Filtered", "Replayed", "Discarded", "Unaccounted", "Events" FROM "IngestHealth"`

func TestReplay_EveryLetterOnce(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	list := lettersOf(t, s, "a", 5)
	if l := list[1]; string(l.Raw.Body) != `{"n":1` || l.Raw.Position != "1" || l.Raw.Format != tocsin.FormatRow || l.Raw.Table != "SigninLogs" || l.Raw.Sender != "192.0.2.1" || !l.Raw.ReceivedAt.Equal(noon) || l.State != "open" || l.Reason == "" {
		t.Fatalf("%+v", l)
	}
	b := replayed(list[0], list[1])
	b.Findings = []telemetry.Finding{{ID: "f", Event: b.Events[0].ID, Body: []byte("{}")}}
	b.Rejects = []tocsin.Reject{{Raw: list[2].Raw, Reason: "still broken"}}
	b.Replay.Rejects = []tocsin.EventID{list[2].ID}
	b.Replay.Filtered = []tocsin.EventID{list[3].ID}
	b.Replay.Discard = []tocsin.EventID{list[4].ID}
	want := telemetry.Appended{Stored: 2, DeadLettered: 1, Filtered: 1, Discarded: 1, Events: 2, Findings: []string{"f"}}
	if a := appendOK(t, s, b); fmt.Sprint(a) != fmt.Sprint(want) {
		t.Errorf("got %+v, want %+v", a, want)
	}
	balance := "5|0|0|5|0|3|1|0|2\n"
	wantText(t, "balance", query(t, s, balanceSQL), balance)
	states := `SELECT "Position", "State", "Outcome", "ResolvedBy", "Attempts", "Reason" FROM "DeadLetters" ORDER BY 1`
	outcome := "0|replayed|stored|amelie|0|not JSON; send JSON\n1|replayed|stored|amelie|0|not JSON; send JSON\n2|open|||1|still broken\n" +
		"3|replayed|filtered|amelie|0|not JSON; send JSON\n4|discarded|discarded|amelie|0|not JSON; send JSON\n"
	wantText(t, "letters", query(t, s, states), outcome)
	// Again, with a finding of its own and another table: nothing happens to what is dealt with.
	b.Rejects, b.Replay.Rejects = nil, nil
	b.Findings = []telemetry.Finding{{ID: "g", Event: "other", Body: []byte("{}")}}
	b.Events[0].ID, b.Events[0].Table = "other", "AADNonInteractiveUserSignInLogs"
	if a := appendOK(t, s, b); fmt.Sprint(a) != fmt.Sprint(telemetry.Appended{}) {
		t.Errorf("again: %+v", a)
	}
	wantText(t, "balance", query(t, s, balanceSQL), balance)
	wantText(t, "letters", query(t, s, states), outcome)
	// The sender sends the broken records again: they are known, open or not.
	again := telemetry.Batch{ID: "again"}
	for _, l := range list {
		again.Rejects = append(again.Rejects, tocsin.Reject{Raw: l.Raw, Reason: "not JSON"})
	}
	if a := appendOK(t, s, again); a.Duplicates != 5 {
		t.Errorf("sent again: %+v", a)
	}
	s.Close()
	s = open(t, dir)
	wantText(t, "letters, reopened", query(t, s, states), outcome)
	wantText(t, "balance, reopened", query(t, s, balanceSQL), "10|0|5|5|0|3|1|0|2\n")
}

func TestReplay_RecordThatCameAgainMeanwhile(t *testing.T) {
	s := open(t, "")
	list := lettersOf(t, s, "a", 1)
	// The mapping was mended, and the sender was first.
	ordinary := replayed(list[0])
	ordinary.Replay = nil
	if a := appendOK(t, s, ordinary); a.Stored != 1 {
		t.Errorf("%+v", a)
	}
	if a := appendOK(t, s, replayed(list[0])); a.Duplicates != 1 || a.Events != 0 {
		t.Errorf("%+v", a)
	}
	wantText(t, "balance", query(t, s, balanceSQL), "2|1|0|1|0|1|0|0|1\n")
	wantText(t, "letter", query(t, s, `SELECT "State", "Outcome" FROM "DeadLetters"`), "replayed|duplicate\n")
}

func TestReplay_NamedRecordKeepsItsName(t *testing.T) {
	s := open(t, "")
	r := reject("a", "index/7", `{"n":`)
	r.Raw.IsNamed = true
	appendOK(t, s, telemetry.Batch{ID: "broken", Rejects: []tocsin.Reject{r}})
	r.Raw.Body = []byte(`{"sent":"again"`)
	if a := appendOK(t, s, telemetry.Batch{ID: "again", Rejects: []tocsin.Reject{r}}); a.Duplicates != 1 {
		t.Errorf("sent again: %+v", a)
	}
	list, err := s.Letters(context.Background(), telemetry.LetterFilter{}, nil, 10)
	if err != nil || len(list) != 1 || list[0].Raw.Digest() != r.Raw.Digest() {
		t.Errorf("%d letters with another identity, %v", len(list), err)
	}
}

func TestReplay_TwoAtOnceStoreOnce(t *testing.T) {
	s := open(t, "")
	list := lettersOf(t, s, "a", 50)
	var all sync.WaitGroup
	stored := make([]int, 4)
	for i := range stored {
		all.Go(func() {
			a, err := s.Append(context.Background(), replayed(list...))
			if err != nil {
				t.Error(err)
			}
			stored[i] = a.Stored
		})
	}
	all.Wait()
	if sum := stored[0] + stored[1] + stored[2] + stored[3]; sum != 50 {
		t.Errorf("stored %v", stored)
	}
	wantText(t, "rows", query(t, s, `SELECT count(*) FROM "SigninLogs"`), "50\n")
	wantText(t, "balance", query(t, s, balanceSQL), "50|0|0|50|0|50|0|0|50\n")
}

func TestReplay_RefusesWhatNamesNoLetter(t *testing.T) {
	s := open(t, "")
	list := lettersOf(t, s, "a", 2)
	b := replayed(list...)
	b.Replay.Records = b.Replay.Records[:1]
	if _, err := s.Append(context.Background(), b); !tocsin.IsKind(err, tocsin.Internal) {
		t.Errorf("%v", err)
	}
}

func TestLetters_FilterPageAndGroup(t *testing.T) {
	s := open(t, "")
	lettersOf(t, s, "a", 7)
	appendOK(t, s, telemetry.Batch{Rejects: []tocsin.Reject{
		{Reason: `table "X1" is not known, line 7`, Raw: tocsin.Raw{Source: "b", Table: "X1", Position: "1", ReceivedAt: noon.Add(time.Hour), Body: []byte("x")}},
		{Reason: `table "Y" is not known, line 12`, Raw: tocsin.Raw{Source: "b", Table: "X1", Position: "2", ReceivedAt: noon.Add(time.Hour), Body: []byte("y")}},
	}})
	ctx := context.Background()
	var seen []string
	var last *telemetry.Letter
	for {
		page, err := s.Letters(ctx, telemetry.LetterFilter{}, last, 4)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range page {
			seen = append(seen, string(l.ID))
		}
		if len(page) < 4 {
			break
		}
		last = &page[3]
	}
	if len(seen) != 9 {
		t.Errorf("paged through %d letters: %v", len(seen), seen)
	}
	slices.Reverse(seen)
	var back []string
	for last = nil; ; {
		page, err := s.Letters(ctx, telemetry.LetterFilter{NewestFirst: true}, last, 4)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range page {
			back = append(back, string(l.ID))
		}
		if len(page) < 4 {
			break
		}
		last = &page[3]
	}
	if !slices.Equal(back, seen) {
		t.Errorf("newest first %v, oldest first turned round %v", back, seen)
	}
	for _, c := range []struct {
		f    telemetry.LetterFilter
		want int
	}{
		{telemetry.LetterFilter{Table: "X1"}, 2}, {telemetry.LetterFilter{Reason: "NOT KNOWN, LINE 7"}, 1}, {telemetry.LetterFilter{Since: noon.Add(time.Minute)}, 2},
		{telemetry.LetterFilter{Kind: `table "…" is not known, line #`}, 2}, {telemetry.LetterFilter{Kind: `table "X#" is not known, line #`}, 0},
		{telemetry.LetterFilter{State: "replayed"}, 0}, {telemetry.LetterFilter{State: "all"}, 9}, {telemetry.LetterFilter{Until: noon.Add(-time.Hour)}, 0},
		{telemetry.LetterFilter{IDs: []tocsin.EventID{tocsin.EventID(seen[0]), "none"}}, 1},
	} {
		if list, err := s.Letters(ctx, c.f, nil, 100); err != nil || len(list) != c.want {
			t.Errorf("%+v: %d letters, want %d; %v", c.f, len(list), c.want, err)
		}
	}
	groups, total, err := s.LetterGroups(ctx, telemetry.LetterFilter{}, 10)
	if err != nil || total != 9 || len(groups) != 2 || groups[0].Count != 7 || groups[1].Count != 2 || groups[1].Reason != `table "…" is not known, line #` || groups[1].Source != "b" {
		t.Errorf("%+v, %d, %v", groups, total, err)
	}
	appendOK(t, s, telemetry.Batch{Rejects: []tocsin.Reject{{Reason: "x", Raw: tocsin.Raw{Source: "c", Position: "1", ReceivedAt: noon, Body: []byte("z")}}}})
	if list, err := s.Letters(ctx, telemetry.LetterFilter{IsBare: true}, nil, 100); err != nil || len(list) != 1 || list[0].Raw.Source != "c" {
		t.Errorf("letters whose sender named no table: %+v, %v", list, err)
	}
}
