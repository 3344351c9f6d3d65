package telemetry_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/telemetry"
	"github.com/tocsin-soc/tocsin/internal/telemetry/retention"
	"github.com/tocsin-soc/tocsin/kql/catalog"
)

func reject(source tocsin.SourceID, position string, body string) tocsin.Reject {
	return tocsin.Reject{Reason: "not JSON; send JSON", Raw: tocsin.Raw{Source: source, Format: tocsin.FormatRow, Table: "SigninLogs", Position: position, ReceivedAt: noon, Body: []byte(body)}}
}

func TestAppend_BalanceOfASource(t *testing.T) {
	s := open(t, t.TempDir())
	named := reject("b", "y", "\xff\x00")
	named.Raw.Sender = "192.0.2.7"
	twice := append(signins("a", 0, 10), signins("a", 5, 8)...) // three stand twice in one batch
	a := appendOK(t, s, telemetry.Batch{
		ID: "one", Events: append(twice, signins("b", 0, 2)...),
		Rejects: []tocsin.Reject{reject("a", "x", "{"), reject("a", "x", "{"), named},
		Counts:  map[tocsin.SourceID]telemetry.Count{"a": {Received: 19, Filtered: 4}, "c": {Filtered: 2}},
	})
	if want := (telemetry.Appended{Stored: 12, Duplicates: 4, DeadLettered: 2, Filtered: 6, Events: 12}); fmt.Sprint(a) != fmt.Sprint(want) {
		t.Errorf("got %+v, want %+v", a, want)
	}
	// Everything sent again is a duplicate, the broken records too.
	a = appendOK(t, s, telemetry.Batch{ID: "two", Events: signins("a", 0, 10), Rejects: []tocsin.Reject{reject("a", "x", "{")}})
	if a.Stored != 0 || a.Duplicates != 11 || a.DeadLettered != 0 {
		t.Errorf("sent again: %+v", a)
	}
	wantText(t, "balance", query(t, s, `SELECT "SourceId", "Received", "Stored", "Duplicates", "DeadLettered", "Filtered", "Unaccounted", "Events", "Batches" FROM "IngestHealth" ORDER BY 1`),
		"a|30|10|15|1|4|0|10|2\nb|3|2|0|1|0|0|2|1\nc|2|0|0|0|2|0|0|0\n")
	wantText(t, "dead letters", query(t, s, `SELECT "SourceId", "Position", "Reason", "RawData", "RawEncoding", "RawLength", "IsTruncated", "TargetTable", "Format", "BatchId", "SenderAddress" FROM "DeadLetters" ORDER BY 1`),
		"a|x|not JSON; send JSON|{|utf-8|1|false|SigninLogs|row|one|\nb|y|not JSON; send JSON|/wA=|base64|2|false|SigninLogs|row|one|192.0.2.7\n")
	balances, err := s.Sources(context.Background())
	if err != nil || len(balances) != 3 || balances[0].Received != 30 || balances[0].Unaccounted() != 0 || !balances[0].LastStored.Equal(noon) || !balances[2].LastStored.IsZero() {
		t.Errorf("got %+v, %v", balances, err)
	}
}

func TestAppend_SeveralEventsOfOneRecord(t *testing.T) {
	s := open(t, "")
	batch := telemetry.Batch{Events: signins("a", 0, 6), Starts: []int{0, 1, 4}}
	if a := appendOK(t, s, batch); a.Stored != 3 || a.Events != 6 {
		t.Errorf("got %+v", a)
	}
	// A record of which one event is new counts as stored.
	batch.Events = append(batch.Events, signin("a", 9))
	if a := appendOK(t, s, batch); a.Stored != 1 || a.Duplicates != 2 || a.Events != 1 {
		t.Errorf("got %+v", a)
	}
	wantText(t, "rows", query(t, s, `SELECT count(*) FROM "SigninLogs"`), "7\n")
}

func TestAppend_WhatDoesNotFitIsADeadLetter(t *testing.T) {
	s := open(t, "")
	decl, _ := contentSchema(t).Table("SigninLogs")
	latency, _ := decl.Column("ProcessingTimeInMilliseconds")
	user, _ := decl.Column("UserPrincipalName")
	bad, strange, good := signin("a", 0), signin("a", 1), signin("a", 2)
	bad.Values = make([]tocsin.Value, user+1)
	bad.Values[user] = tocsin.IntValue(7)
	strange.Table = "NoSuchTable"
	if decl.Columns[latency].Type != catalog.String {
		t.Logf("ProcessingTimeInMilliseconds is %s", decl.Columns[latency].Type)
	}
	a := appendOK(t, s, telemetry.Batch{Events: []tocsin.Event{bad, strange, good}})
	if a.Stored != 1 || a.DeadLettered != 2 {
		t.Errorf("got %+v", a)
	}
	wantText(t, "reasons", query(t, s, `SELECT "Reason" FROM "DeadLetters" ORDER BY 1`),
		"column UserPrincipalName of SigninLogs takes string, not long \"7\"\ntable NoSuchTable is not declared; write NoSuchTable.yaml in a folder of --tables\n")
}

func TestAppend_RefusesABatchThatCannotBeRight(t *testing.T) {
	s := open(t, "")
	noID := signin("a", 0)
	noID.ID = ""
	for name, b := range map[string]telemetry.Batch{
		"no id":          {Events: []tocsin.Event{noID}},
		"records missed": {Events: signins("a", 0, 3), Counts: map[tocsin.SourceID]telemetry.Count{"a": {Received: 4}}},
		"first start":    {Events: signins("a", 0, 3), Starts: []int{1}},
		"start order":    {Events: signins("a", 0, 3), Starts: []int{0, 2, 2}},
		"start beyond":   {Events: signins("a", 0, 3), Starts: []int{0, 3}},
		"no starts":      {Events: signins("a", 0, 3), Starts: []int{}},
	} {
		if _, err := s.Append(context.Background(), b); !tocsin.IsKind(err, tocsin.Internal) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if a := appendOK(t, s, telemetry.Batch{}); a.Events != 0 {
		t.Errorf("an empty batch gives %+v", a)
	}
}

func TestAppend_ManyAtOnceStoreOnce(t *testing.T) {
	s := open(t, t.TempDir())
	var mu sync.Mutex
	var total telemetry.Appended
	var senders sync.WaitGroup
	for range 8 { // all send the same 40 batches
		senders.Go(func() {
			for n := range 40 {
				a, err := s.Append(context.Background(), telemetry.Batch{Events: signins("a", n*50, n*50+50)})
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				total.Stored += a.Stored
				total.Duplicates += a.Duplicates
				mu.Unlock()
			}
		})
	}
	senders.Wait()
	if total.Stored != 2000 || total.Duplicates != 14000 {
		t.Errorf("got %+v", total)
	}
	wantText(t, "rows", query(t, s, `SELECT count(*), count(DISTINCT "_EventId") FROM "SigninLogs"`), "2000|2000\n")
}

// Columns appear while others read: a reader sees all of a batch or nothing,
// never a row whose value is missing.
func TestAppend_ReadersSeeNewColumnsWithTheirValues(t *testing.T) {
	s := open(t, t.TempDir())
	_, columns := crashColumns(t)
	decl, _ := contentSchema(t).Table("SigninLogs")
	done := make(chan struct{})
	var readers sync.WaitGroup
	columns = columns[:20]
	var conditions []string
	for i, c := range columns {
		conditions = append(conditions, fmt.Sprintf(`("_Source" = 's%d' AND %s <> 'x')`, i, schema.Quote(c)))
	}
	wrong := `SELECT count(*) FROM "SigninLogs" WHERE ` + strings.Join(conditions, " OR ")
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if got := query(t, s, wrong); got != "0\n" {
					t.Errorf("rows without their value: %s", got)
					return
				}
			}
		})
	}
	for i, c := range columns {
		events := signins(tocsin.SourceID(fmt.Sprintf("s%d", i)), 0, 100)
		at, _ := decl.Column(c)
		for j := range events {
			events[j].Values = make([]tocsin.Value, at+1)
			events[j].Values[at] = tocsin.StringValue("x")
		}
		appendOK(t, s, telemetry.Batch{Events: events})
	}
	close(done)
	readers.Wait()
	wantText(t, "all", query(t, s, `SELECT count(*) FROM "SigninLogs"`), "2000\n")
}

func TestFindings_StayUntilSettled(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	events := signins("a", 0, 3)
	find := func(id string, event tocsin.EventID) telemetry.Finding {
		return telemetry.Finding{ID: id, Event: event, Body: []byte(`{"rule":"` + id + `"}`)}
	}
	a := appendOK(t, s, telemetry.Batch{Events: events, Findings: []telemetry.Finding{find("f0", events[0].ID), find("f1", events[1].ID), find("f1", events[1].ID), find("f2", "")}})
	if got := strings.Join(a.Findings, " "); got != "f0 f1 f2" {
		t.Errorf("kept %s", got)
	}
	if err := s.Settle(context.Background(), []string{"f1", "nobody's"}); err != nil {
		t.Fatal(err)
	}
	// Sent again: what rests on a stored event is not found twice, settled or not.
	a = appendOK(t, s, telemetry.Batch{Events: append(events, signin("a", 7)), Findings: []telemetry.Finding{find("f0", events[0].ID), find("f1", events[1].ID), find("f3", signin("a", 7).ID)}})
	if got := strings.Join(a.Findings, " "); got != "f3" {
		t.Errorf("kept %s", got)
	}
	s.Close()
	s = open(t, dir)
	pending, err := s.Pending(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range pending {
		got = append(got, f.ID+string(f.Body))
	}
	if want := `f0{"rule":"f0"} f2{"rule":"f2"} f3{"rule":"f3"}`; strings.Join(got, " ") != want {
		t.Errorf("pending %s, want %s", strings.Join(got, " "), want)
	}
	if err := s.Settle(context.Background(), []string{"f0", "f2", "f3"}); err != nil {
		t.Fatal(err)
	}
	if pending, err := s.Pending(context.Background()); err != nil || len(pending) != 0 {
		t.Errorf("got %v, %v", pending, err)
	}
}

func TestRetain_GoesByTheTimeOfReceipt(t *testing.T) {
	dir := t.TempDir()
	now := noon.AddDate(0, 0, -91)
	s := open(t, dir, func(o *telemetry.Options) { o.Now = func() time.Time { return now } })
	gone := signin("a", 2)
	appendOK(t, s, telemetry.Batch{Events: []tocsin.Event{gone}})
	now = noon
	old := signin("a", 1)
	old.OccurredAt = noon.AddDate(-5, 0, 0) // old evidence, imported today
	appendOK(t, s, telemetry.Batch{Events: []tocsin.Event{old, signin("a", 3)}})
	if n, err := s.Keeper().Retain(context.Background()); rowsOf(n) != 1 || err != nil {
		t.Errorf("deleted %v, %v", n, err)
	}
	wantText(t, "left", query(t, s, `SELECT count(*) FROM "SigninLogs"`), "2\n")
	// What was deleted may come again.
	if a := appendOK(t, s, telemetry.Batch{Events: []tocsin.Event{old, gone}}); a.Stored != 1 || a.Duplicates != 1 {
		t.Errorf("got %+v", a)
	}
	now = noon.AddDate(1, 0, 0)
	if n, err := s.Keeper().Retain(context.Background()); rowsOf(n) != 3 || err != nil {
		t.Errorf("deleted %v, %v", n, err)
	}
}

func TestOpen_SchemaMayGrowButNotChange(t *testing.T) {
	dir := t.TempDir()
	table := func(columns ...schema.Column) func(*telemetry.Options) {
		columns = append(columns, schema.Column{Name: "_EventId", Type: catalog.String}, schema.Column{Name: "_IngestionTime", Type: catalog.DateTime}, schema.Column{Name: "_Source", Type: catalog.String})
		return func(o *telemetry.Options) { o.Schema = schema.New(schema.NewTable("T", columns)) }
	}
	ev := func(id string, values ...tocsin.Value) telemetry.Batch {
		return telemetry.Batch{Events: []tocsin.Event{{ID: tocsin.EventID(id), Table: "T", Source: "a", OccurredAt: noon, ReceivedAt: noon, Values: values}}}
	}
	s := open(t, dir, table(schema.Column{Name: "A", Type: catalog.Long}, schema.Column{Name: "B", Type: catalog.String}))
	appendOK(t, s, ev("1", tocsin.IntValue(1), tocsin.StringValue("b")))
	s.Close()
	s = open(t, dir, table(schema.Column{Name: "New", Type: catalog.String}, schema.Column{Name: "A", Type: catalog.Long}, schema.Column{Name: "N", Type: catalog.Real}))
	appendOK(t, s, ev("2", tocsin.StringValue("n"), tocsin.IntValue(2)))
	wantText(t, "rows", query(t, s, `SELECT * EXCLUDE ("_IngestionTime") FROM "T" ORDER BY "A"`), "|1|<nil>|1|a\nn|2|<nil>|2|a\n")
	s.Close()
	opts := telemetry.Options{Dir: dir, Now: time.Now}
	table(schema.Column{Name: "A", Type: catalog.Dynamic})(&opts)
	_, err := telemetry.Open(context.Background(), opts)
	if kind, message := tocsin.Explain(err); kind != tocsin.Invalid || !strings.HasPrefix(message, "Column A of table T holds BIGINT, but its definition now says dynamic (JSON).") {
		t.Errorf("got %s %q", kind, message)
	}
}

func TestOpen_RefusesADamagedFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "telemetry.duckdb"), bytes.Repeat([]byte("no database "), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := telemetry.Open(context.Background(), telemetry.Options{Dir: dir, Schema: contentSchema(t), Now: time.Now})
	if kind, message := tocsin.Explain(err); kind != tocsin.Invalid || !strings.Contains(message, "is not an event store, or is damaged") {
		t.Errorf("got %s %q", kind, message)
	}
	// The folder is not left locked.
	if err := os.Remove(filepath.Join(dir, "telemetry.duckdb")); err != nil {
		t.Fatal(err)
	}
	open(t, dir)
}

func TestClose_FinishesWhatWasAccepted(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	var mu sync.Mutex
	var acked []int
	var senders sync.WaitGroup
	for lane := range 4 {
		senders.Go(func() {
			for n := lane; ; n += 4 {
				if _, err := s.Append(context.Background(), telemetry.Batch{Events: signins("a", n*10, n*10+10)}); err != nil {
					if !tocsin.IsKind(err, tocsin.Unavailable) {
						t.Error(err)
					}
					return
				}
				mu.Lock()
				acked = append(acked, n)
				mu.Unlock()
			}
		})
	}
	for {
		mu.Lock()
		n := len(acked)
		mu.Unlock()
		if n > 20 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	s.Close()
	senders.Wait()
	if _, err := s.Append(context.Background(), telemetry.Batch{}); !tocsin.IsKind(err, tocsin.Unavailable) {
		t.Errorf("a closed store answers %v", err)
	}
	if _, err := s.Query(context.Background(), "SELECT 1", nil); !tocsin.IsKind(err, tocsin.Unavailable) {
		t.Errorf("a closed store answers %v", err)
	}
	slices.Sort(acked)
	s = open(t, dir)
	wantText(t, "rows", query(t, s, `SELECT count(*) FROM "SigninLogs"`), fmt.Sprintf("%d\n", 10*len(acked)))
}

func TestEvent_Unknown(t *testing.T) {
	s := open(t, "")
	for _, table := range []string{"SigninLogs", "NoSuchTable"} {
		if _, err := s.Event(context.Background(), table, "x"); !tocsin.IsKind(err, tocsin.NotFound) {
			t.Errorf("%s: got %v", table, err)
		}
	}
	if _, err := s.Append(cancelled(), telemetry.Batch{Events: signins("a", 0, 1)}); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func cancelled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// rowsOf sums up what was deleted.
func rowsOf(done []retention.Deletion) (n int64) {
	for _, d := range done {
		n += d.Rows
	}
	return n
}
