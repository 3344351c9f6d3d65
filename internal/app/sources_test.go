package app_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/app"
	"github.com/tocsin-soc/tocsin/internal/hunt"
	"github.com/tocsin-soc/tocsin/internal/ingest"
)

// TestServe_OpensItsSources serves with a sources file: a syslog listener and a
// folder, whose records are rows after the server has ended.
func TestServe_OpensItsSources(t *testing.T) {
	cfg := config(t)
	dir := t.TempDir()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	free.Close()
	cfg.SourcesFile = filepath.Join(dir, "sources.yaml")
	text := fmt.Sprintf("sources:\n  - {name: a, door: syslog, listen: ['tcp://%s', 'udp://%s']}\n  - {name: b, door: folder, path: logs, follow: true}\n  - {name: c, door: hec}\n", address, address)
	for name, content := range map[string]string{"sources.yaml": text, "logs/auth.log": "Nov 22 08:00:00 web-1 sshd[1]: from the folder\n"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ready := make(chan struct{})
	cfg.Ready = func() { close(ready) }
	a := open(t, cfg)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- a.Serve(ctx, ln, "") }()
	defer func() { stop(); <-served }()
	health := func(source tocsin.SourceID) (found ingest.Health) {
		for _, h := range a.SourceHealth() {
			if h.Source == source {
				found = h
			}
		}
		return found
	}
	until := func(what string, ok func() bool) {
		t.Helper()
		for end := time.Now().Add(90 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("never: %s; %+v", what, a.SourceHealth())
			}
		}
	}
	<-ready
	if h := health("syslog:a"); h.State != ingest.StateConnected || !strings.Contains(h.Detail, "tcp://") {
		t.Fatalf("the server calls itself ready, but its listener is %+v", h)
	}
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "<13>Nov 22 08:00:00 web-2 app: over syslog\n")
	until("both have come", func() bool { return health("syslog:a").Received == 1 && health("folder:b").Received == 1 })
	stop()
	if err := <-served; err != nil {
		t.Fatal(err)
	}
	served <- nil
	if h := health("syslog:a"); h.State != ingest.StateStopped || len(a.SourceHealth()) != 2 {
		t.Errorf("health after the end: %+v", a.SourceHealth())
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	cfg.SourcesFile = ""
	answer, err := app.Query(t.Context(), cfg, hunt.Query{Text: "Syslog | project _Source, SyslogMessage | order by _Source asc"})
	if err != nil || len(answer.Tables) != 1 {
		t.Fatal(err, answer.Diagnostics)
	}
	if got := fmt.Sprint(answer.Tables[0].Rows); got != "[[folder:b from the folder] [syslog:a over syslog]]" {
		t.Errorf("rows %s", got)
	}
}

func TestOpen_RefusesAWrongSourcesFile(t *testing.T) {
	cfg := config(t)
	cfg.SourcesFile = filepath.Join(t.TempDir(), "sources.yaml")
	if err := os.WriteFile(cfg.SourcesFile, []byte("sources:\n  - {name: a, door: syslog}\n  - {name: b, door: hec, table: Nothing}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := app.Open(t.Context(), cfg)
	kind, text := tocsin.Explain(err)
	if kind != tocsin.Invalid || !strings.Contains(text, "sources.yaml:2: A syslog source needs listen") || !strings.Contains(text, `sources.yaml:3: There is no table "Nothing"`) {
		t.Errorf("%v", err)
	}
}
