package telemetry_test

import (
	"context"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/telemetry"
	"github.com/tocsin-soc/tocsin/internal/telemetry/engine"
	"github.com/tocsin-soc/tocsin/kql/catalog"
)

// TestRefer_IsReadAndReplaced: a reference is a table of its own or more rows of a
// declared one, a later set replaces an earlier one, and stored rows stay beside it.
func TestRefer_IsReadAndReplaced(t *testing.T) {
	s := open(t, "")
	columns := []catalog.Column{{Name: "SearchKey", Type: catalog.String}, {Name: "Since", Type: catalog.DateTime}}
	refer := func(refs ...engine.Reference) {
		t.Helper()
		if err := s.Refer(context.Background(), refs); err != nil {
			t.Fatal(err)
		}
	}
	many := make([][]any, 5000)
	for i := range many {
		many[i] = []any{"k", int64(i)}
	}
	refer(engine.Reference{Space: "watchlist", Name: `odd "one"`, Columns: columns, Rows: many},
		engine.Reference{Name: "SigninLogs", Columns: []catalog.Column{{Name: "UserPrincipalName", Type: catalog.String}}, Rows: [][]any{{"reference"}}})
	wantText(t, "rows", query(t, s, `SELECT count(*), max("Since") FROM watchlist."odd ""one"""`), "5000|4999\n")
	wantText(t, "added", query(t, s, `SELECT "UserPrincipalName", "IPAddress" IS NULL, "TimeGenerated" IS NULL FROM "SigninLogs"`), "reference|false|true\n")
	if !s.Holds("SigninLogs") {
		t.Error("a table with added rows holds some")
	}
	appendOK(t, s, telemetry.Batch{Events: signins("a", 0, 2)})
	wantText(t, "beside stored rows", query(t, s, `SELECT count(*) FROM "SigninLogs"`), "3\n")

	refer(engine.Reference{Space: "watchlist", Name: "new", Columns: columns[:1], Rows: [][]any{{"x"}}})
	wantText(t, "replaced", query(t, s, `SELECT count(*) FROM watchlist."new"`), "1\n")
	wantText(t, "gone", query(t, s, `SELECT count(*) FROM watchlist."odd ""one"""`), "0\n")
	wantText(t, "only stored rows", query(t, s, `SELECT count(*) FROM "SigninLogs"`), "2\n")
}

// TestRefer_OutlivesTheEngine: references are there again after the engine was restarted.
func TestRefer_OutlivesTheEngine(t *testing.T) {
	s := open(t, t.TempDir())
	columns := []catalog.Column{{Name: "SearchKey", Type: catalog.String}}
	if err := s.Refer(context.Background(), []engine.Reference{{Space: "watchlist", Name: "list", Columns: columns, Rows: [][]any{{"a"}, {"b"}}}}); err != nil {
		t.Fatal(err)
	}
	s.Fault()
	for {
		err := drain(context.Background(), s, `SELECT 1`)
		if err == nil {
			break
		}
		if !tocsin.IsKind(err, tocsin.Unavailable) {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
	}
	wantText(t, "after a restart", query(t, s, `SELECT count(*) FROM watchlist."list"`), "2\n")
}
