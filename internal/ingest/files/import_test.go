package files_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
	"github.com/tocsin-soc/tocsin/internal/ingest/files"
)

func TestImport_FilesInOrder(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"b/two.jsonl":            "{\"n\":1}\n{\"n\":2}\n",
		"a/SigninLogs-1.json.gz": string(gzipped(`[{"n":1},{"n":2},{"n":3}]`)),
		"a/notes.txt":            "not telemetry",
		"c/empty.json":           "",
		"c/damaged.evtx":         "ElfFile\x00 and nothing else",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var mu sync.Mutex
	var taken []tocsin.Raw
	q := ingest.NewQueue(ingest.QueueOptions{Sink: func(_ context.Context, raws []tocsin.Raw) (ingest.Receipt, error) {
		mu.Lock()
		defer mu.Unlock()
		taken = append(taken, raws...)
		return ingest.Receipt{Stored: len(raws), Alerts: 1}, nil
	}})
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	im := &files.Importer{Feed: q.Feed, Now: func() time.Time { return now }, IsTable: func(name string) bool { return name == "SigninLogs" }}
	reports, err := im.Import(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range reports {
		rel, _ := filepath.Rel(dir, r.Path)
		got = append(got, fmt.Sprintf("%s %d %d %v %s", filepath.ToSlash(rel), r.Events, r.Alerts, r.Error != "", r.Skipped))
	}
	if want := "a/SigninLogs-1.json.gz 3 1 false |a/notes.txt 0 0 false it is text that looks like no log; import it by its own name if it is one|" +
		"b/two.jsonl 2 1 false |c/damaged.evtx 0 0 true |c/empty.json 0 0 false "; strings.Join(got, "|") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "|"), want)
	}
	if r := taken[0]; r.Source != "file:SigninLogs-1.json.gz" || r.Format != tocsin.FormatRow || r.Table != "SigninLogs" || r.Position != "1" || !r.ReceivedAt.Equal(now) {
		t.Errorf("got %+v", r)
	}
	if r := taken[3]; r.Source != "file:two.jsonl" || r.Format != tocsin.FormatJSONLine || r.Table != "" {
		t.Errorf("got %+v", r)
	}
	for _, missing := range []string{filepath.Join(dir, "nowhere"), t.TempDir()} {
		if _, err := im.Import(context.Background(), missing); !tocsin.IsKind(err, tocsin.NotFound) {
			t.Errorf("%s gives %v", missing, err)
		}
	}
}

// TestImport_RealLogs reads real event logs where they are at hand.
func TestImport_RealLogs(t *testing.T) {
	const logs = "../../../../shared/data/evtx-to-mitre/TA0006-Credential Access"
	if _, err := os.Stat(logs); err != nil {
		t.Skip("no event logs at", logs)
	}
	take := func(_ context.Context, raws []tocsin.Raw) (ingest.Receipt, error) {
		return ingest.Receipt{Stored: len(raws)}, nil
	}
	im := &files.Importer{Feed: ingest.NewQueue(ingest.QueueOptions{Sink: take}).Feed, Now: time.Now}
	reports, err := im.Import(context.Background(), logs)
	if err != nil {
		t.Fatal(err)
	}
	events := 0
	for i, r := range reports {
		if r.Error != "" {
			t.Errorf("%s: %s", r.Path, r.Error)
		}
		if i > 0 && reports[i-1].Path >= r.Path {
			t.Errorf("%s comes after %s", r.Path, reports[i-1].Path)
		}
		events += r.Events
	}
	if events == 0 {
		t.Error("no events")
	}
	t.Logf("%d events in %d files", events, len(reports))
}
