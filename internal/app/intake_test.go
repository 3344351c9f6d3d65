package app

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/api"
	"github.com/tocsin-soc/tocsin/internal/hunt"
	"github.com/tocsin-soc/tocsin/internal/ingest"
	"github.com/tocsin-soc/tocsin/internal/telemetry"
)

func testNow() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }

// answerTo is the one cell of a query's answer, as text.
func answerTo(t *testing.T, a *App, kql string) string {
	t.Helper()
	answer, err := a.hunter.Run(t.Context(), hunt.Query{Text: kql})
	if err != nil || len(answer.Tables) != 1 || len(answer.Tables[0].Rows) != 1 {
		t.Fatalf("%s: %+v, %v", kql, answer, err)
	}
	return fmt.Sprint(answer.Tables[0].Rows[0][0])
}

// withSources opens an App whose sources file holds one HTTP source.
func withSources(t *testing.T, transform string) (*App, error) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "sources.yaml")
	text := "sources:\n  - name: shipper\n    door: http\n    table: SigninLogs\n    transform: |\n      " + strings.ReplaceAll(transform, "\n", "\n      ") + "\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := Config{Data: filepath.Join(dir, "data"), SourcesFile: path, Now: testNow, Random: rand.Reader, Log: slog.New(slog.DiscardHandler)}
	a, err := Open(t.Context(), cfg)
	if err == nil {
		t.Cleanup(func() { _ = a.Close() })
	}
	return a, err
}

// rowsOf are raw rows of SigninLogs from a source.
func rowsOf(source string, users ...string) (raws []tocsin.Raw) {
	for i, u := range users {
		body := fmt.Sprintf(`{"TimeGenerated":"2026-11-21T08:00:00Z","UserPrincipalName":%q}`, u)
		if u == "broken" {
			body = `{"UserPrincipalName":"mended"`
		}
		raws = append(raws, tocsin.Raw{Source: tocsin.SourceID(source), Table: "SigninLogs", Format: tocsin.FormatRow, Position: fmt.Sprint(source, i), ReceivedAt: testNow(), Body: []byte(body)})
	}
	return raws
}

func TestIngest_TransformFiltersAndTheBalanceSaysSo(t *testing.T) {
	a, err := withSources(t, `source | where UserPrincipalName != "noise" | extend UserPrincipalName = toupper(UserPrincipalName)`)
	if err != nil {
		t.Fatal(err)
	}
	raws := append(rowsOf("http:shipper", "amelie", "noise", "broken", "bob", "noise"), rowsOf("http:other", "noise", "carl")...)
	want := ingest.Receipt{Received: 7, Stored: 4, DeadLettered: 1, Filtered: 2, Events: 4}
	if got, err := a.pipe.Ingest(t.Context(), raws); err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	// Sent again: what was filtered is filtered again, the rest is known.
	if got, err := a.pipe.Ingest(t.Context(), raws); err != nil || got.Stored != 0 || got.Duplicates != 5 || got.Filtered != 2 {
		t.Errorf("again: %+v, %v", got, err)
	}
	users := func(want string) {
		t.Helper()
		if got := answerTo(t, a, `SigninLogs | order by UserPrincipalName asc | summarize make_list(UserPrincipalName)`); got != want {
			t.Errorf("users %s, want %s", got, want)
		}
	}
	users(`["AMELIE","BOB","carl","noise"]`)
	// The replay goes through the transform, too, and keeps the record's identity.
	letters := a.DeadLetters()
	r := api.ReplayRequest{Edit: `source | extend RawData = strcat(RawData, "}")`}
	r.Source = "http:shipper"
	for i, want := range []api.ReplayResult{{Tried: 1, Stored: 1, Events: 1}, {}} {
		got, err := letters.Replay(t.Context(), r, "amelie")
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("replay %d: %+v, %v; want %+v", i, got, err, want)
		}
	}
	users(`["AMELIE","BOB","MENDED","carl","noise"]`)
	if got, err := a.pipe.Ingest(t.Context(), raws); err != nil || got.Stored+got.DeadLettered != 0 {
		t.Errorf("after the replay: %+v, %v", got, err)
	}
	balances, err := a.store.Sources(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range balances {
		if b.Source == "http:shipper" && (b.Received != 15 || b.Stored != 2 || b.Duplicates != 6 || b.DeadLettered != 1 || b.Filtered != 6 || b.Replayed != 1 || b.Unaccounted() != 0) {
			t.Errorf("%+v", b)
		}
	}
}

func TestOpen_RefusesATransformThatNeedsMoreThanARow(t *testing.T) {
	_, err := withSources(t, "source | summarize count()")
	if !tocsin.IsKind(err, tocsin.Invalid) || !strings.Contains(err.Error(), "summarize needs more than one row") || !strings.Contains(err.Error(), "sources.yaml:") {
		t.Errorf("%v", err)
	}
}

func TestRefused_DoorsKnowAFullDisk(t *testing.T) {
	err := refused(tocsin.Wrap(&telemetry.NoRoom{Dir: "d", Free: 1, Need: 2}, tocsin.Unavailable, "The disk is full."))
	var full *ingest.Full
	if !errors.As(err, &full) || full.RetryAfter != fullDisk || !tocsin.IsKind(err, tocsin.Unavailable) {
		t.Errorf("%v", err)
	}
	other := tocsin.Errorf(tocsin.Internal, "x")
	if refused(other) != other || refused(nil) != nil {
		t.Error("another error is changed")
	}
}
