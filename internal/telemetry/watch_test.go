package telemetry_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/telemetry"
	"github.com/tocsin-soc/tocsin/internal/telemetry/ledger"
)

func TestBeat_OneRowAMinuteAndNobodyReceivedAnything(t *testing.T) {
	now := noon
	s := open(t, "", func(o *telemetry.Options) { o.Now = func() time.Time { return now } })
	for range 3 {
		if err := s.Beat(t.Context()); err != nil {
			t.Fatal(err)
		}
		now = now.Add(30 * time.Second)
	}
	if err := s.Fold(); err != nil {
		t.Fatal(err)
	}
	wantText(t, "beats", query(t, s, `SELECT "SourceId", "Received", "TimeGenerated" - $1 FROM "IngestHistory" ORDER BY 3`, tocsin.Ticks(noon)), "tocsin|0|0\ntocsin|0|600000000\n")
	wantText(t, "sources", query(t, s, `SELECT count(*) FROM "IngestHealth"`), "0\n")
}

func TestExpect_ReplacesWhatWasExpected(t *testing.T) {
	s := open(t, "")
	appendOK(t, s, telemetry.Batch{Events: append(signins("a", 0, 1), signins("b", 0, 1)...)})
	for _, silence := range []map[tocsin.SourceID]time.Duration{{"a": time.Minute, "b": time.Hour}, {"a": -time.Second}} {
		if err := s.Expect(t.Context(), silence); err != nil {
			t.Fatal(err)
		}
	}
	wantText(t, "expected", query(t, s, `SELECT "SourceId", coalesce("ExpectedSilence", 0) FROM "IngestHealth" ORDER BY 1`), "a|-10000000\nb|0\n")
}

func TestAddDrift_AddsUpAcrossReopening(t *testing.T) {
	dir := t.TempDir()
	drift := []ledger.Drift{{Source: "a", Shape: "zeek", Table: "DnsEvents", Field: "rtt", Reason: "kept in _Unmapped", Records: 2}, {Source: "a", Table: "Syslog", Field: "it's", Reason: "no column", Records: 1}}
	for range 2 {
		s := open(t, dir)
		if err := s.AddDrift(t.Context(), drift); err != nil {
			t.Fatal(err)
		}
		if n, err := s.DriftCounts(t.Context()); err != nil || n["a"] != 2 {
			t.Errorf("%v %v", n, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, dir)
	wantText(t, "drift", query(t, s, `SELECT "SourceId", "Shape", "TableName", "Field", "Reason", "Records" FROM "FieldDrift" ORDER BY 4`),
		"a||Syslog|it's|no column|2\na|zeek|DnsEvents|rtt|kept in _Unmapped|4\n")
}

// TestBookkeeping_EveryTableIsMoved: a table of ours that giving space back
// forgets would pin the end of the file.
func TestBookkeeping_EveryTableIsMoved(t *testing.T) {
	s := open(t, t.TempDir())
	known := telemetry.BookkeepingTables()
	slices.Sort(known)
	wantText(t, "tables", query(t, s, `SELECT table_name FROM duckdb_tables() WHERE schema_name = 'tocsin' ORDER BY 1`), strings.Join(known, "\n")+"\n")
}
