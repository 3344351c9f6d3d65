package telemetry_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/telemetry"
	"github.com/tocsin-soc/tocsin/internal/telemetry/retention"
)

// wide makes sign-ins that do not compress: about 140 bytes each.
func wide(t testing.TB, from, to int) (out []tocsin.Event) {
	decl, _ := contentSchema(t).Table("SigninLogs")
	id, _ := decl.Column("CorrelationId")
	rng := rand.New(rand.NewPCG(uint64(from), 1))
	for i := from; i < to; i++ {
		ev := signin("a", i)
		ev.Values = make([]tocsin.Value, id+1)
		ev.Values[id] = tocsin.StringValue(fmt.Sprintf("%06d %x%x%x%x%x", i, rng.Uint64(), rng.Uint64(), rng.Uint64(), rng.Uint64(), rng.Uint64()))
		out = append(out, ev)
	}
	return out
}

func TestRetain_BySizeGivesSpaceBack(t *testing.T) {
	for _, megabytes := range []int64{6, 12, 18} { // most of the table goes, half of it, a third
		t.Run(fmt.Sprint(megabytes), func(t *testing.T) { retainBySize(t, megabytes<<20) })
	}
}

func retainBySize(t *testing.T, bound int64) {
	dir, now := t.TempDir(), noon
	s := open(t, dir, func(o *telemetry.Options) {
		o.Now = func() time.Time { return now }
		o.Retention = schema.Retention{Tables: map[string]schema.Keep{"SigninLogs": {Bytes: bound}}}
	})
	const rows, commits = 20_000, 20
	for i := range commits {
		now = now.Add(time.Minute)
		appendOK(t, s, telemetry.Batch{Events: wide(t, i*rows, (i+1)*rows)})
	}
	size := func() int64 {
		info, err := os.Stat(filepath.Join(dir, "telemetry.duckdb"))
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	before := size()
	done, err := s.Keeper().Retain(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	after := size()
	t.Logf("file: %d bytes before, %d after; %+v", before, after, done)
	if after > bound*4/3 { // a fifth of the file may stay free
		t.Errorf("the file has %d bytes, the table's bound is %d", after, bound)
	}
	if gone := rowsOf(done); gone == 0 || gone%rows != 0 {
		t.Errorf("%d rows went; whole commits of %d should", gone, rows)
	}
	// What stays is the newest, each once.
	left := rows*commits - rowsOf(done)
	wantText(t, "left", query(t, s, `SELECT count(*), count(DISTINCT "_EventId"), min("CorrelationId")[:6] = $1, max("CorrelationId")[:6] FROM "SigninLogs"`, fmt.Sprintf("%06d", rows*commits-left)),
		fmt.Sprintf("%d|%d|true|%06d\n", left, left, rows*commits-1))
	wantText(t, "record", query(t, s, `SELECT "TableName", sum("Rows"), max("BytesBefore") > max("BytesAfter") FROM "RetentionRuns" WHERE "TableName" != '' GROUP BY 1`), fmt.Sprintf("SigninLogs|%d|true\n", rowsOf(done)))
	// A second pass finds nothing to do, and what stayed is still recognised.
	if done, err := s.Keeper().Retain(context.Background()); err != nil || len(done) != 0 {
		t.Errorf("again: %+v, %v", done, err)
	}
	if a := appendOK(t, s, telemetry.Batch{Events: wide(t, (commits-1)*rows, commits*rows)}); a.Duplicates != rows {
		t.Errorf("sent again: %+v", a)
	}
	s.Close()
	s = open(t, dir)
	wantText(t, "reopened", query(t, s, `SELECT count(*) FROM "SigninLogs"`), fmt.Sprintf("%d\n", left))
}

func TestRetain_StoreBoundTakesTheOldestOfAllTables(t *testing.T) {
	now := noon
	s := open(t, t.TempDir(), func(o *telemetry.Options) {
		o.Now = func() time.Time { return now }
		o.Retention = schema.Retention{Bytes: 4 << 20}
	})
	for i := range 10 {
		now = now.Add(time.Minute)
		events := wide(t, i*10_000, (i+1)*10_000)
		if i%2 == 0 {
			for j := range events {
				events[j].Table = "AADNonInteractiveUserSignInLogs"
				events[j].Values = events[j].Values[:1]
				events[j].ID = tocsin.EventID(fmt.Sprintf("%032x", rand.Uint64()))
			}
		}
		appendOK(t, s, telemetry.Batch{Events: events})
	}
	if _, err := s.Keeper().Retain(context.Background()); err != nil {
		t.Fatal(err)
	}
	text := query(t, s, `SELECT (SELECT min("_IngestionTime") FROM "SigninLogs") - (SELECT min("_IngestionTime") FROM "AADNonInteractiveUserSignInLogs"), (SELECT count(*) FROM "SigninLogs") < 50000, (SELECT count(*) FROM "SigninLogs") > 0`)
	if text != fmt.Sprintf("%d|true|true\n", int64(time.Minute/100)) && text != fmt.Sprintf("%d|true|true\n", -int64(time.Minute/100)) {
		t.Errorf("the oldest of both tables should go together: %s\n%s", text, query(t, s, `SELECT "TableName", "Rows", "Reason" FROM "RetentionRuns"`))
	}
}

func TestStock_SaysWhatIsThereAndHowLongItStays(t *testing.T) {
	s := open(t, t.TempDir(), func(o *telemetry.Options) {
		o.Retention = schema.Retention{Bytes: 1 << 40, Tables: map[string]schema.Keep{"SigninLogs": {Age: 30 * 24 * time.Hour, Bytes: 1 << 30}}}
		o.MinFree, o.Free = 1<<30, func(string) (int64, error) { return 5 << 30, nil }
	})
	var events []tocsin.Event
	for i := range 10 {
		ev := signin("a", i)
		ev.OccurredAt = noon.AddDate(0, 0, -i)
		events = append(events, ev)
	}
	appendOK(t, s, telemetry.Batch{Events: events})
	tables, disk, err := s.Keeper().Stock(context.Background())
	if err != nil || len(tables) != 1 || disk.File == 0 || disk.Free != 5<<30 || disk.MinFree != 1<<30 || disk.MaxBytes != 1<<40 {
		t.Fatalf("%+v, %+v, %v", tables, disk, err)
	}
	if one := tables[0]; one.Table != "SigninLogs" || one.Rows != 10 || !one.Oldest.Equal(noon.AddDate(0, 0, -9)) || !one.Newest.Equal(noon) || one.Received.IsZero() || one.Age != 30*24*time.Hour || one.MaxBytes != 1<<30 {
		t.Errorf("%+v", one)
	}
	empty := open(t, "")
	if tables, disk, err := empty.Keeper().Stock(context.Background()); err != nil || len(tables) != 0 || disk.Free != -1 {
		t.Errorf("a store in memory: %+v, %+v, %v", tables, disk, err)
	}
}

func TestHold_KeepsWhatRetentionWouldDelete(t *testing.T) {
	now := noon
	s := open(t, t.TempDir(), func(o *telemetry.Options) { o.Now = func() time.Time { return now } })
	decl, _ := contentSchema(t).Table("SigninLogs")
	user, _ := decl.Column("UserPrincipalName")
	var events []tocsin.Event
	for i := range 10 { // one a day
		ev := signin("a", i)
		ev.OccurredAt = noon.AddDate(0, 0, i)
		ev.Values = make([]tocsin.Value, user+1)
		ev.Values[user] = tocsin.StringValue([]string{"Amelie@contoso.com", "bob@contoso.com"}[i%2])
		events = append(events, ev)
	}
	appendOK(t, s, telemetry.Batch{Events: events})
	ctx := context.Background()
	period, err := s.Keeper().AddHold(ctx, retention.Hold{Table: "SigninLogs", From: noon, To: noon.AddDate(0, 0, 2), Reason: "case 7", CreatedBy: "amelie"})
	if err != nil || period.Table != "SigninLogs" || period.ID == "" {
		t.Fatalf("%+v, %v", period, err)
	}
	if _, err := s.Keeper().AddHold(ctx, retention.Hold{Entity: "amelie@CONTOSO", Reason: "case 8", CreatedBy: "bob"}); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []retention.Hold{{Reason: "x"}, {CreatedBy: "x"}, {Table: "NoSuch", Reason: "x", CreatedBy: "x"}, {From: noon, To: noon, Reason: "x", CreatedBy: "x"}} {
		if _, err := s.Keeper().AddHold(ctx, bad); !tocsin.IsKind(err, tocsin.Invalid) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	for _, c := range []struct {
		hold retention.Hold
		want int64
	}{{period, 2}, {retention.Hold{Entity: "amelie@CONTOSO"}, 5}, {retention.Hold{}, 10}, {retention.Hold{Table: "AADNonInteractiveUserSignInLogs"}, 0}, {retention.Hold{From: noon.AddDate(0, 0, 8)}, 2}} {
		held, err := s.Keeper().Held(ctx, c.hold)
		got := int64(0)
		for _, h := range held {
			got += h.Rows
		}
		if err != nil || got != c.want {
			t.Errorf("%+v holds %+v, want %d rows; %v", c.hold, held, c.want, err)
		}
	}
	if _, err := s.Keeper().Held(ctx, retention.Hold{Table: "NoSuch"}); !tocsin.IsKind(err, tocsin.Invalid) {
		t.Errorf("what a hold on no table holds: %v", err)
	}
	now = noon.AddDate(1, 0, 0)
	done, err := s.Keeper().Retain(ctx)
	if err != nil || rowsOf(done) != 4 || done[0].Held != 6 { // days 0 and 1 by the period, the even ones by the name
		t.Errorf("%+v, %v", done, err)
	}
	if err := s.Keeper().ReleaseHold(ctx, period.ID, "carol", ""); !tocsin.IsKind(err, tocsin.Invalid) {
		t.Errorf("released without a reason: %v", err)
	}
	if err := s.Keeper().ReleaseHold(ctx, period.ID, "carol", "case closed"); err != nil {
		t.Fatal(err)
	}
	if err := s.Keeper().ReleaseHold(ctx, period.ID, "carol", "again"); !tocsin.IsKind(err, tocsin.NotFound) {
		t.Errorf("released twice: %v", err)
	}
	if done, err = s.Keeper().Retain(ctx); err != nil || rowsOf(done) != 1 || done[0].Held != 5 {
		t.Errorf("after the release: %+v, %v", done, err)
	}
	wantText(t, "holds", query(t, s, `SELECT "TableName", "Entity", "Reason", "CreatedBy", "ReleasedBy", "ReleaseReason" FROM "LegalHolds" ORDER BY "Reason"`), "SigninLogs||case 7|amelie|carol|case closed\n|amelie@CONTOSO|case 8|bob||\n")
	wantText(t, "record", query(t, s, `SELECT "Rows", "RowsHeld" FROM "RetentionRuns" ORDER BY 2 DESC`), "4|6\n1|5\n")
}
