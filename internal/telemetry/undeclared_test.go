package telemetry_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/telemetry"
	"github.com/tocsin-soc/tocsin/internal/telemetry/retention"
)

// ownSchema is the product's tables and one of somebody's own with these columns.
func ownSchema(t testing.TB, name string, columns ...string) *schema.Schema {
	t.Helper()
	text := "name: " + name + "\ncolumns: |\n  TimeGenerated datetime\n  " + strings.Join(columns, "\n  ") + "\n"
	s, mistakes, err := contentSchema(t).With(fstest.MapFS{name + ".yaml": {Data: []byte(text)}}, "own")
	if err != nil || len(mistakes) > 0 {
		t.Fatal(mistakes, err)
	}
	return s
}

// door makes an event of Door_CL with values for its first columns.
func door(position string, values ...tocsin.Value) telemetry.Batch {
	raw := tocsin.Raw{Source: "a", Position: position, Body: []byte("{}"), ReceivedAt: noon}
	at := noon.Add(time.Minute)
	return telemetry.Batch{Events: []tocsin.Event{{
		ID: tocsin.IdentifyEvent(raw.Digest(), "Door_CL", 0), Table: "Door_CL", Source: "a", OccurredAt: at, ReceivedAt: noon,
		Values: append([]tocsin.Value{tocsin.TimeValue(at)}, values...),
	}}}
}

func with(s *schema.Schema, more ...func(*telemetry.Options)) func(*telemetry.Options) {
	return func(o *telemetry.Options) {
		o.Schema = s
		for _, f := range more {
			f(o)
		}
	}
}

// A column that a later file lacks keeps what is stored, takes nothing new, and
// is there again with the file; so is a table.
func TestOpen_ColumnsAndTablesThatLeaveAndReturn(t *testing.T) {
	dir := t.TempDir()
	both := ownSchema(t, "Door_CL", "Badge string", "Level real")
	s := open(t, dir, with(both))
	appendOK(t, s, door("1", tocsin.StringValue("k-1"), tocsin.RealValue(1.5)))
	s.Close()

	s = open(t, dir, with(ownSchema(t, "Door_CL", "badge string", "Colour string"))) // another case, another column
	appendOK(t, s, door("2", tocsin.StringValue("k-2"), tocsin.StringValue("red")))
	wantText(t, "the rows, without Level", query(t, s, `SELECT "badge", "Colour" FROM "Door_CL" ORDER BY 1`), "k-1|\nk-2|red\n")
	s.Close()

	var log bytes.Buffer
	s = open(t, dir, with(contentSchema(t), func(o *telemetry.Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) }))
	if !strings.Contains(log.String(), "no file declares it") || !strings.Contains(log.String(), "table=Door_CL") {
		t.Errorf("the log says %s", log.String())
	}
	if a, err := s.Append(context.Background(), door("3", tocsin.StringValue("k-3"))); err != nil || a.Stored != 0 {
		t.Errorf("a row of a table that nobody declares: %+v, %v", a, err)
	}
	s.Close()

	s = open(t, dir, with(both))
	wantText(t, "the rows", query(t, s, `SELECT "Badge", "Level" FROM "Door_CL" ORDER BY 1`), "k-1|1.5\nk-2|<nil>\n")
	if a := appendOK(t, s, door("1", tocsin.StringValue("k-1"), tocsin.RealValue(1.5))); a.Duplicates != 1 {
		t.Errorf("sent again: %+v", a)
	}
}

func TestOpen_RefusesAnotherTypeAndAnotherCase(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, with(ownSchema(t, "Door_CL", "Badge string")))
	appendOK(t, s, door("1", tocsin.StringValue("k-1")))
	s.Close()
	for name, c := range map[string]struct {
		schema *schema.Schema
		want   string
	}{
		"type": {ownSchema(t, "Door_CL", "Badge long"), "Column Badge of table Door_CL holds VARCHAR, but its definition in own/Door_CL.yaml now says long (BIGINT). Give the new column another name"},
		"case": {ownSchema(t, "door_CL", "Badge string"), "Table door_CL is stored as Door_CL, which the store does not tell from it. Change the name in its definition in own/door_CL.yaml to Door_CL."},
	} {
		_, err := telemetry.Open(context.Background(), telemetry.Options{Dir: dir, Schema: c.schema, Now: func() time.Time { return noon }})
		if kind, message := tocsin.Explain(err); kind != tocsin.Invalid || !strings.HasPrefix(message, c.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// A hold on a text holds what a column says that no file declares any more, and
// what stands in a dynamic column; a table that nobody declares is left alone.
func TestHold_SeesEveryStoredColumn(t *testing.T) {
	dir, now, ctx := t.TempDir(), noon, context.Background()
	clock := func(o *telemetry.Options) { o.Now = func() time.Time { return now } }
	s := open(t, dir, with(ownSchema(t, "Door_CL", "Badge string", "Details dynamic"), clock))
	appendOK(t, s, door("1", tocsin.StringValue("K-1")))
	appendOK(t, s, door("2", tocsin.StringValue("k-2"), tocsin.DynamicValue(`{"account":"CONTOSO\\Amelie"}`)))
	appendOK(t, s, door("3", tocsin.StringValue("k-3"), tocsin.DynamicValue(`{"account":"CONTOSO\\Bob"}`)))
	for _, entity := range []string{"k-1", `contoso\amelie`} {
		if _, err := s.Keeper().AddHold(ctx, retention.Hold{Entity: entity, Reason: "case 7", CreatedBy: "amelie"}); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	now = noon.AddDate(2, 0, 0)
	s = open(t, dir, with(contentSchema(t), clock))
	if done, err := s.Keeper().Retain(ctx); err != nil || rowsOf(done) != 0 {
		t.Errorf("a table that nobody declares: %+v, %v", done, err)
	}
	s.Close()
	s = open(t, dir, with(ownSchema(t, "Door_CL", "Colour string"), clock)) // neither Badge nor Details
	if done, err := s.Keeper().Retain(ctx); err != nil || rowsOf(done) != 1 || done[0].Held != 2 {
		t.Errorf("%+v, %v", done, err)
	}
	s.Close()
	s = open(t, dir, with(ownSchema(t, "Door_CL", "Badge string", "Details dynamic"), clock))
	wantText(t, "what is left", query(t, s, `SELECT "Badge" FROM "Door_CL" ORDER BY 1`), "K-1\nk-2\n")
}
