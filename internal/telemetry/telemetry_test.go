package telemetry_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/content"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/telemetry"
	"github.com/tocsin-soc/tocsin/kql/catalog"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// loadContent loads the product's tables once for all tests.
var loadContent = sync.OnceValues(func() (*schema.Schema, error) {
	tables, err := fs.Sub(content.Files, "tables")
	if err != nil {
		return nil, err
	}
	return schema.Load(tables)
})

func contentSchema(t testing.TB) *schema.Schema {
	t.Helper()
	s, err := loadContent()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// open opens a store in dir, in memory for "", and closes it with the test.
func open(t testing.TB, dir string, change ...func(*telemetry.Options)) *telemetry.Store {
	t.Helper()
	opts := telemetry.Options{Dir: dir, Schema: contentSchema(t), Now: func() time.Time { return noon }}
	for _, f := range change {
		f(&opts)
	}
	s, err := telemetry.Open(context.Background(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// signin makes an event of SigninLogs with the given position at its source.
func signin(source tocsin.SourceID, position int) tocsin.Event {
	raw := tocsin.Raw{Source: source, Position: fmt.Sprint(position), Body: []byte("{}"), ReceivedAt: noon}
	return tocsin.Event{
		ID: tocsin.IdentifyEvent(raw.Digest(), "SigninLogs", 0), Table: "SigninLogs", Source: source,
		OccurredAt: noon.Add(time.Duration(position) * time.Second), ReceivedAt: noon,
	}
}

func signins(source tocsin.SourceID, from, to int) []tocsin.Event {
	var events []tocsin.Event
	for i := from; i < to; i++ {
		events = append(events, signin(source, i))
	}
	return events
}

// query returns a result as text, one line per row.
func query(t testing.TB, s *telemetry.Store, sql string, args ...any) string {
	t.Helper()
	rows, err := s.Select(context.Background(), sql, args...)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	defer rows.Close()
	var b strings.Builder
	cells := make([]any, len(rows.Columns()))
	for rows.Next() {
		if err := rows.Scan(cells); err != nil {
			t.Fatal(err)
		}
		for i, c := range cells {
			if i > 0 {
				b.WriteByte('|')
			}
			fmt.Fprintf(&b, "%v", c)
		}
		b.WriteByte('\n')
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return b.String()
}

func appendOK(t testing.TB, s *telemetry.Store, b telemetry.Batch) telemetry.Appended {
	t.Helper()
	a, err := s.Append(context.Background(), b)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func wantText(t testing.TB, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}

func TestAppend_EveryTypeComesBack(t *testing.T) {
	decl := schema.NewTable("Everything", []schema.Column{
		{Name: "TimeGenerated", Type: catalog.DateTime}, {Name: "B", Type: catalog.Bool}, {Name: "I", Type: catalog.Int}, {Name: "L", Type: catalog.Long}, {Name: "R", Type: catalog.Real}, {Name: "D", Type: catalog.Decimal},
		{Name: "S", Type: catalog.String}, {Name: "T", Type: catalog.TimeSpan}, {Name: "J", Type: catalog.Dynamic}, {Name: "G", Type: catalog.Guid}, {Name: "Type", Type: catalog.String},
		{Name: "_EventId", Type: catalog.String}, {Name: "_IngestionTime", Type: catalog.DateTime}, {Name: "_Source", Type: catalog.String},
	})
	s := open(t, t.TempDir(), func(o *telemetry.Options) { o.Schema = schema.New(decl) })
	full := tocsin.Event{
		ID: "full", Table: "Everything", Source: "here", OccurredAt: noon, ReceivedAt: noon.Add(-time.Second), // at the door
		Values: []tocsin.Value{
			tocsin.TimeValue(noon), tocsin.BoolValue(true), tocsin.IntValue(-5), tocsin.IntValue(1 << 60), tocsin.RealValue(2.5), {Kind: tocsin.Decimal, Str: "-1.25"},
			tocsin.StringValue("naïve 'quoted'"), {Kind: tocsin.TimeSpan, Num: 77}, tocsin.DynamicValue(`{"a":[1,null]}`),
			{Kind: tocsin.GUID, Str: "6f9619ff-8b86-d011-b42d-00cf4fc964ff"},
		},
	}
	empty := tocsin.Event{ID: "empty", Table: "Everything", Source: "here", OccurredAt: noon.Add(time.Minute), ReceivedAt: noon}
	appendOK(t, s, telemetry.Batch{Events: []tocsin.Event{full, empty}})
	wantText(t, "rows", query(t, s, `SELECT "B", "I", "L", "R", "D", "S", "T", "J", "G", "Type", "_EventId", "_Source" FROM "Everything" ORDER BY "_EventId" DESC`),
		"true|-5|1152921504606846976|2.5|-1.25|naïve 'quoted'|77|{\"a\":[1,null]}|6f9619ff-8b86-d011-b42d-00cf4fc964ff|Everything|full|here\n"+
			"<nil>|<nil>|<nil>|<nil>|<nil>||<nil>|<nil>|<nil>|Everything|empty|here\n")
	wantText(t, "times", query(t, s, `SELECT "TimeGenerated" - $1, "_IngestionTime" - $1 FROM "Everything" ORDER BY "_EventId" DESC`, tocsin.Ticks(noon)), "0|0\n600000000|0\n")
	full.ReceivedAt = noon // of the commit
	for _, want := range []tocsin.Event{full, empty} {
		got, err := s.Event(context.Background(), "Everything", want.ID)
		if err != nil {
			t.Fatal(err)
		}
		if got.ID != want.ID || got.Source != want.Source || !got.OccurredAt.Equal(want.OccurredAt) || !got.ReceivedAt.Equal(want.ReceivedAt) {
			t.Errorf("got %+v, want %+v", got, want)
		}
		for i, v := range want.Values {
			if got.Values[i] != v {
				t.Errorf("value %d is %+v, want %+v", i, got.Values[i], v)
			}
		}
	}
	if _, err := s.Event(context.Background(), "Everything", "nobody"); !tocsin.IsKind(err, tocsin.NotFound) {
		t.Errorf("an unknown event gives %v", err)
	}
}

// Columns whose names differ only in case are one; either name reads it.
func TestAppend_SpellingsOfOneColumn(t *testing.T) {
	s := open(t, t.TempDir())
	decl, _ := contentSchema(t).Table("CloudAppEvents")
	event := func(id string, isp, ISP string) tocsin.Event {
		ev := tocsin.Event{ID: tocsin.EventID(id), Table: "CloudAppEvents", Source: "a", OccurredAt: noon, ReceivedAt: noon, Values: make([]tocsin.Value, len(decl.Columns)-3)}
		for name, value := range map[string]string{"Isp": isp, "ISP": ISP} {
			if i, ok := decl.Column(name); ok && value != "" {
				ev.Values[i] = tocsin.StringValue(value)
			}
		}
		return ev
	}
	a := appendOK(t, s, telemetry.Batch{Events: []tocsin.Event{event("1", "", "second"), event("2", "first", ""), event("3", "same", "same"), event("4", "one", "other")}})
	if a.Stored != 3 || a.DeadLettered != 1 {
		t.Errorf("got %+v", a)
	}
	wantText(t, "rows", query(t, s, `SELECT "Isp", "ISP" FROM "CloudAppEvents" ORDER BY "_EventId"`), "second|second\nfirst|first\nsame|same\n")
	wantText(t, "reason", query(t, s, `SELECT "Reason" FROM "DeadLetters"`), "columns ISP and Isp of CloudAppEvents are one, but have different values\n")
	got, err := s.Event(context.Background(), "CloudAppEvents", "1")
	if i, _ := decl.Column("ISP"); err != nil || got.Values[i].Str != "second" {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestWatermark_NothingAppearsBehindIt: whatever the clock does, an event that
// becomes visible later has a later _IngestionTime.
func TestWatermark_NothingAppearsBehindIt(t *testing.T) {
	clock := []time.Time{noon, noon, noon.Add(-time.Hour), noon.Add(time.Second)}
	dir, tick := t.TempDir(), -1
	var last time.Time
	s := open(t, dir, func(o *telemetry.Options) { o.Now = func() time.Time { return clock[min(max(tick, 0), len(clock)-1)] } })
	for i := range clock {
		tick = i
		appendOK(t, s, telemetry.Batch{Events: []tocsin.Event{{ID: tocsin.EventID(string(rune('a' + i))), Table: "Heartbeat", Source: "s", OccurredAt: noon, ReceivedAt: noon}}})
		mark, err := s.Watermark(context.Background())
		if err != nil || !mark.After(last) {
			t.Fatalf("after commit %d the watermark is %s, before it was %s (%v)", i, mark, last, err)
		}
		wantText(t, "newest", query(t, s, `SELECT max("_IngestionTime") = $1 FROM "Heartbeat"`, tocsin.Ticks(mark)), "true\n")
		last = mark
	}
}

func TestAppend_SurvivesReopening(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	a := appendOK(t, s, telemetry.Batch{Events: signins("door", 0, 5000)})
	if a.Stored != 5000 || a.Events != 5000 {
		t.Errorf("got %+v", a)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	wantText(t, "count", query(t, s, `SELECT count(*), count(DISTINCT "_EventId") FROM "SigninLogs"`), "5000|5000\n")
	a = appendOK(t, s, telemetry.Batch{Events: signins("door", 4990, 5010)})
	if a.Stored != 10 || a.Duplicates != 10 {
		t.Errorf("after reopening: %+v", a)
	}
	wantText(t, "count", query(t, s, `SELECT count(*), count(DISTINCT "_EventId") FROM "SigninLogs"`), "5010|5010\n")
	wantText(t, "balance", query(t, s, `SELECT "SourceId", "Received", "Stored", "Duplicates", "Unaccounted", "Batches" FROM "IngestHealth"`), "door|5020|5010|10|0|2\n")
}

func TestQuery_DeclaredTablesAreEmpty(t *testing.T) {
	s := open(t, "")
	wantText(t, "declared", query(t, s, `SELECT count(*), max("EventID") FROM "SecurityEvent" WHERE "Computer" <> '"EmailEvents"'`), "0|<nil>\n")
	wantText(t, "unquoted", query(t, s, `SELECT count(*) FROM AuditLogs`), "0\n")
	if s.Holds("SecurityEvent") || s.Holds("SigninLogs") || s.Holds("NoSuchTable") || !s.Holds("IngestHealth") {
		t.Error("Holds is wrong before anything is stored")
	}
	appendOK(t, s, telemetry.Batch{Events: signins("door", 0, 3)})
	if !s.Holds("SigninLogs") || s.Holds("SecurityEvent") {
		t.Error("Holds is wrong after something is stored")
	}
	wantText(t, "stored", query(t, s, `SELECT count(*) FROM "SigninLogs"`), "3\n")
}

func TestOpen_RefusesASecondProcess(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	_, err := telemetry.Open(context.Background(), telemetry.Options{Dir: dir, Schema: contentSchema(t), Now: time.Now})
	want := fmt.Sprintf("The data folder %s is in use by another tocsin process (pid %d). Stop it or choose another --data.", dir, os.Getpid())
	if kind, message := tocsin.Explain(err); kind != tocsin.Unavailable || message != want {
		t.Errorf("got %s %q, want %q", kind, message, want)
	}
}

func TestArrived_OnlyWhatIsLateAndNew(t *testing.T) {
	s := open(t, t.TempDir())
	put := func(id string, at time.Time) {
		appendOK(t, s, telemetry.Batch{Events: []tocsin.Event{{ID: tocsin.EventID(id), Table: "Heartbeat", Source: "s", OccurredAt: at, ReceivedAt: noon}}})
	}
	put("seen", noon.Add(-2*time.Hour))
	mark, err := s.Watermark(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	put("late", noon.Add(-time.Hour))
	put("later", noon.Add(-30*time.Minute))
	put("prompt", noon.Add(time.Minute))
	first, last, err := s.Arrived(context.Background(), []string{"Heartbeat", "SigninLogs"}, mark, noon)
	if err != nil || !first.Equal(noon.Add(-time.Hour)) || !last.Equal(noon.Add(-30*time.Minute)) {
		t.Errorf("late events from %s to %s (%v)", first, last, err)
	}
	if first, _, err := s.Arrived(context.Background(), []string{"SigninLogs"}, mark, noon); err != nil || !first.IsZero() {
		t.Errorf("an empty table has late events from %s (%v)", first, err)
	}
}
