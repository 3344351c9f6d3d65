package app_test

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/app"
	"github.com/tocsin-soc/tocsin/internal/app/demo"
	"github.com/tocsin-soc/tocsin/internal/hunt"
)

// config is a configuration for tests: real clock, silent log.
func config(t *testing.T) app.Config {
	t.Helper()
	return app.Config{
		Data: t.TempDir(), Version: "test", Now: time.Now, Random: rand.Reader, IsDemo: true, TickEvery: 200 * time.Millisecond,
		Log: slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelError})),
	}
}

// open opens an app and closes it with the test.
func open(t *testing.T, cfg app.Config) *app.App {
	t.Helper()
	a, err := app.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	return a
}

// TestDemo_BothAttacksAreFound plays the scenarios through the HTTP door of a
// real server over real stores, for several seeds, and judges what comes of it.
func TestDemo_BothAttacksAreFound(t *testing.T) {
	for seed := range uint64(3) {
		cfg := config(t)
		a := open(t, cfg)
		if r := a.Rejected(); len(r) > 0 {
			t.Fatalf("built-in rules do not load: %v", r)
		}
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		player, link, err := a.NewDemo(t.Context(), ln, seed*10, func(e demo.Event) { t.Logf("%.1fs %s %s %s", e.After.Seconds(), e.Kind, e.Severity, e.Title) })
		if err != nil || link == "" {
			t.Fatalf("link %q, %v", link, err)
		}
		ctx, stop := context.WithCancel(t.Context())
		served := make(chan error, 1)
		go func() { served <- a.Serve(ctx, ln, "") }()
		summary, err := player.Play(ctx, 2*time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range summary.Verdicts {
			if !v.Detected() {
				t.Errorf("seed %d: %s was not found; missing %v", seed, v.Expected.Name, v.Missing)
			}
		}
		if summary.FirstIncident <= 0 {
			t.Errorf("seed %d: no time to the first incident", seed)
		}
		stop()
		if err := <-served; err != nil {
			t.Errorf("seed %d: the server ended with %v", seed, err)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
		checkBalance(t, cfg)
	}
}

// checkBalance asks the closed store whether every record is accounted for and
// whether incidents are mirrored as rows.
func checkBalance(t *testing.T, cfg app.Config) {
	t.Helper()
	for query, want := range map[string]int{
		"IngestHealth | where Received != Stored + Duplicates + DeadLettered + Filtered": 0,
		"DeadLetters": 0,
		// Incidents are rows too, and a search over tables finds their words.
		"SecurityIncident | summarize arg_max(LastModifiedTime, *) by IncidentNumber | where Status != 'New'": 0,
		"search in (SecurityAlert, AuditLogs, OfficeActivity) 'Document Viewer 365' | distinct $table":        2,
	} {
		answer, err := app.Query(t.Context(), cfg, hunt.Query{Text: query})
		if err != nil || answer.Diagnostics.HasErrors() {
			t.Fatalf("%s: %v %v", query, err, answer)
		}
		if n := len(answer.Tables[0].Rows); n != want {
			t.Errorf("%s: %d rows, want %d: %v", query, n, want, answer.Tables[0].Rows)
		}
	}
}

func TestOpen_OneFolderOneProcess(t *testing.T) {
	cfg := config(t)
	open(t, cfg)
	if _, err := app.Open(t.Context(), cfg); !tocsin.IsKind(err, tocsin.Unavailable) {
		t.Errorf("a second Tocsin on the same folder: %v", err)
	}
	if _, err := app.Query(t.Context(), cfg, hunt.Query{Text: "Heartbeat"}); !tocsin.IsKind(err, tocsin.Unavailable) {
		t.Errorf("a query on a folder in use: %v", err)
	}
}
