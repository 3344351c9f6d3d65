package telemetry_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/telemetry"
)

// reopened closes s and opens its folder again; log gets what it logs.
func reopened(t *testing.T, s *telemetry.Store, dir string, log *bytes.Buffer) *telemetry.Store {
	t.Helper()
	s.Close()
	return open(t, dir, func(o *telemetry.Options) { o.Log = slog.New(slog.NewTextHandler(log, nil)) })
}

func TestSeen_TheFileIsOnlyACache(t *testing.T) {
	dir := t.TempDir()
	cache := filepath.Join(dir, "seen.cache")
	s := open(t, dir)
	appendOK(t, s, telemetry.Batch{Events: signins("a", 0, 3000)})
	var log bytes.Buffer
	check := func(what string, rebuilt bool) {
		t.Helper()
		if got := strings.Contains(log.String(), "built anew"); got != rebuilt {
			t.Errorf("%s: rebuilt is %v; %s", what, got, log.String())
		}
		if a := appendOK(t, s, telemetry.Batch{Events: signins("a", 0, 3000)}); a.Duplicates != 3000 {
			t.Errorf("%s: %+v", what, a)
		}
		log.Reset()
	}
	s = reopened(t, s, dir, &log)
	check("as it was left", false)
	s.Close()
	whole, err := os.ReadFile(cache)
	if err != nil {
		t.Fatal(err)
	}
	for what, damage := range map[string]func() error{
		"gone":      func() error { return os.Remove(cache) },
		"cut short": func() error { return os.WriteFile(cache, whole[:len(whole)-100], 0o600) },
		"a bit flipped": func() error {
			b := bytes.Clone(whole)
			b[len(b)/2] ^= 1
			return os.WriteFile(cache, b, 0o600)
		},
		"of another database": func() error {
			b := bytes.Clone(whole)
			b[20] ^= 1
			return os.WriteFile(cache, b, 0o600)
		},
	} {
		s.Close()
		if err := damage(); err != nil {
			t.Fatal(err)
		}
		s = reopened(t, s, dir, &log)
		check(what, true)
	}
	// A file that is older than the database is completed from it.
	appendOK(t, s, telemetry.Batch{Events: signins("b", 0, 10)})
	s.Close()
	if err := os.WriteFile(cache, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	s = reopened(t, s, dir, &log)
	if a := appendOK(t, s, telemetry.Batch{Events: signins("b", 0, 11)}); a.Duplicates != 10 || a.Stored != 1 {
		t.Errorf("after an old file: %+v", a)
	}
	// A file that is newer than the database (a backup came back) is not trusted.
	s.Close()
	backup, err := os.ReadFile(filepath.Join(dir, "telemetry.duckdb"))
	if err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	appendOK(t, s, telemetry.Batch{Events: signins("c", 0, 10)})
	s.Close()
	newer, err := os.ReadFile(cache)
	if err != nil {
		t.Fatal(err)
	}
	for path, body := range map[string][]byte{filepath.Join(dir, "telemetry.duckdb"): backup, cache: newer} {
		if err := os.WriteFile(path, body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	log.Reset()
	s = reopened(t, s, dir, &log)
	check("newer than the database", true)
	if a := appendOK(t, s, telemetry.Batch{Events: signins("c", 0, 10)}); a.Stored != 10 {
		t.Errorf("after a backup came back: %+v", a)
	}
}

// A set that may hold little still lets nothing in twice, by looking at times.
func TestSeen_BeyondItsBound(t *testing.T) {
	dir := t.TempDir()
	now := noon
	small := func(o *telemetry.Options) {
		o.SeenEvents = 500
		o.Now = func() time.Time { now = now.Add(time.Minute); return now }
	}
	s := open(t, dir, small)
	send := func(from, to, stored, duplicates int) {
		t.Helper()
		if a := appendOK(t, s, telemetry.Batch{Events: signins("a", from, to)}); a.Stored != stored || a.Duplicates != duplicates {
			t.Errorf("from %d to %d: %+v", from, to, a)
		}
	}
	send(0, 400, 400, 0)
	send(400, 800, 400, 0) // the set is emptied
	send(0, 800, 0, 800)
	send(700, 900, 100, 100)
	send(5000, 5100, 100, 0)
	send(0, 900, 0, 900)
	s.Close()
	s = open(t, dir, small)
	send(0, 900, 0, 900)
	send(4990, 5100, 10, 100)
	send(4990, 5100, 0, 110)
	s.Close()
	if err := os.Remove(filepath.Join(dir, "seen.cache")); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, small)
	send(0, 900, 0, 900)
	send(4990, 5100, 0, 110)
	s.Close()
	s = open(t, dir, small)
	odd := tocsin.Event{ID: "an id that is no hash", Table: "SigninLogs", Source: "a", OccurredAt: noon, ReceivedAt: noon}
	if a := appendOK(t, s, telemetry.Batch{Events: []tocsin.Event{odd, odd}}); a.Stored != 1 || a.Duplicates != 1 {
		t.Errorf("got %+v", a)
	}
}
