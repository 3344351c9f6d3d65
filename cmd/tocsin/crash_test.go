package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// The crash test runs a real server, sends to it over HTTP from senders that
// retry until they have an answer, replays dead letters at the same time, kills
// it with SIGKILL at random moments and starts it again. In the end every record
// is there once and the balance is exact. TOCSIN_TEST_CRASH_ROUNDS=50 is the
// release's bar.
const (
	crashSenders = 4
	crashRows    = 200 // good records of a batch; a tenth as many are broken, and mended by the replay
)

// crashBody is batch n of a sender: always the same bytes.
func crashBody(sender, n int) (body []byte, good, broken int) {
	var b bytes.Buffer
	for i := range crashRows {
		id := fmt.Sprintf("%d/%d/%d", sender, n, i)
		fmt.Fprintf(&b, `{"TimeGenerated":"2026-11-21T08:00:00Z","UserPrincipalName":"u%d@x.example","CorrelationId":"%s"}`+"\n", i%7, id)
		if i%10 == 0 {
			fmt.Fprintf(&b, `{"TimeGenerated":"2026-11-21T08:00:00Z","CorrelationId":"%s/broken"`+"\n", id)
			broken++
		}
	}
	return b.Bytes(), crashRows, broken
}

// crashMend is the edit that makes the broken records whole.
const crashMend = `source | extend RawData = strcat(RawData, "}")`

// crashWorld is what goes on around the server.
type crashWorld struct {
	t      *testing.T
	dir    string
	base   string
	ingest string // tokens
	admin  string
	acked  [crashSenders]int // batches acknowledged, per sender
	tries  int               // requests sent
	mu     sync.Mutex
}

func TestCrash_KillTheServerWhileSendersRetry(t *testing.T) {
	if testing.Short() {
		t.Skip("kills servers for half a minute")
	}
	rounds := 3
	if n, err := strconv.Atoi(os.Getenv("TOCSIN_TEST_CRASH_ROUNDS")); err == nil {
		rounds = n
	}
	w := &crashWorld{t: t, dir: filepath.Join(t.TempDir(), "data")}
	w.tocsin("a long and quiet sentence\n", "user", "add", "amelie", "--role", "contributor", "--data", w.dir)
	w.ingest = strings.TrimSpace(w.tocsin("", "user", "token", "amelie", "shipper", "--scope", "ingest", "--data", w.dir))
	w.admin = strings.TrimSpace(w.tocsin("", "user", "token", "amelie", "desk", "--scope", "api", "--data", w.dir))
	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	for round := range rounds {
		server := w.serve()
		ctx, stop := context.WithCancel(t.Context())
		work := w.send(ctx)
		time.Sleep(time.Duration(rng.IntN(2000)) * time.Millisecond) // the random moment, not a wait for something
		if err := server.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = server.Wait() // it was killed
		stop()
		work.Wait()
		t.Logf("round %d: acknowledged %v of %d requests", round, w.acked, w.tries)
	}
	w.finish()
}

// tocsin runs a verb to its end.
func (w *crashWorld) tocsin(stdin string, args ...string) string {
	w.t.Helper()
	cmd := exec.Command("tocsin", args...)
	cmd.Stdin = strings.NewReader(stdin)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		w.t.Fatalf("tocsin %v: %v\n%s", args, err, errs.Bytes())
	}
	return string(out)
}

// serve starts the server and waits until it answers.
func (w *crashWorld) serve(flags ...string) *exec.Cmd {
	w.t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	addr := ln.Addr().String()
	_ = ln.Close()
	w.base = "http://" + addr
	cmd := exec.Command("tocsin", append([]string{"serve", "--data", w.dir, "--addr", addr, "--min-free", "1MiB"}, flags...)...)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = cmd.Process.Kill() })
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		resp, err := http.Get(w.base + "/readyz")
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return cmd
			}
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("the server does not answer: %v", err)
		}
	}
}

// send starts the senders and one that replays, until ctx ends.
func (w *crashWorld) send(ctx context.Context) *sync.WaitGroup {
	var work sync.WaitGroup
	for s := range crashSenders {
		work.Go(func() {
			for ctx.Err() == nil {
				if !w.sendBatch(ctx, s, w.acked[s]) {
					return // the next server gets it again
				}
				w.acked[s]++
			}
		})
	}
	work.Go(func() {
		for ctx.Err() == nil {
			if _, err := w.replay(ctx); err != nil {
				return
			}
		}
	})
	return &work
}

// sendBatch sends one batch and reports whether it was acknowledged.
func (w *crashWorld) sendBatch(ctx context.Context, sender, n int) bool {
	body, good, broken := crashBody(sender, n)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.base+"/api/v1/ingest/SigninLogs", bytes.NewReader(body))
	if err != nil {
		w.t.Error(err)
		return false
	}
	req.Header.Set("Authorization", "Bearer "+w.ingest)
	req.Header.Set("X-Tocsin-Batch", fmt.Sprintf("%d-%d", sender, n))
	w.mu.Lock()
	w.tries++
	w.mu.Unlock()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer func() { _ = resp.Body.Close() }()
	var receipt struct{ Received, Stored, Duplicates, DeadLettered int }
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || json.Unmarshal(text, &receipt) != nil {
		return false
	}
	if receipt.Received != good+broken || receipt.Stored+receipt.Duplicates+receipt.DeadLettered != receipt.Received {
		w.t.Errorf("batch %d/%d of %d records: %s", sender, n, good+broken, text)
	}
	return true
}

// replay mends what is dead just now.
func (w *crashWorld) replay(ctx context.Context) (tried int, err error) {
	var result struct{ Tried, Failed int }
	body := map[string]any{"edit": crashMend}
	text, _ := json.Marshal(body)
	if err := send(ctx, http.MethodPost, w.base, "/api/v1/dead-letters/replay", w.admin, bytes.NewReader(text), &result); err != nil {
		return 0, err
	}
	if result.Failed > 0 {
		w.t.Errorf("%d of %d letters cannot be replayed", result.Failed, result.Tried)
	}
	return result.Tried, nil
}

// finish sends what was never acknowledged, replays what is left and counts.
func (w *crashWorld) finish() {
	t := w.t
	server := w.serve()
	batches := 0
	for s := range crashSenders {
		if !w.sendBatch(t.Context(), s, w.acked[s]) {
			t.Fatalf("sender %d: batch %d is refused by a healthy server", s, w.acked[s])
		}
		w.acked[s]++
		batches += w.acked[s]
	}
	for {
		tried, err := w.replay(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if tried == 0 {
			break
		}
	}
	_, good, broken := crashBody(0, 0)
	good, broken = good*batches, broken*batches
	w.askServer(broken)
	if err := server.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := server.Wait(); err != nil {
		t.Errorf("the server does not end in order: %v", err)
	}
	query := func(what, kql, want string) {
		t.Helper()
		if got := strings.TrimSpace(w.tocsin("", "query", "--data", w.dir, "--format", "csv", kql)); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", what, got, want)
		}
	}
	query("rows", `SigninLogs | summarize Rows = count(), Records = count_distinct(CorrelationId), Ids = count_distinct(_EventId)`,
		fmt.Sprintf("Rows,Records,Ids\n%[1]d,%[1]d,%[1]d", good+broken))
	query("balance", `IngestHealth | where SourceId startswith "http:" | project Stored, DeadLettered, Replayed, Unaccounted, Off = Received - Stored - Duplicates - DeadLettered - Filtered`,
		fmt.Sprintf("Stored,DeadLettered,Replayed,Unaccounted,Off\n%d,%d,%d,0,0", good, broken, broken))
	query("letters", `DeadLetters | summarize Letters = count(), Ids = count_distinct(_EventId) by State`, fmt.Sprintf("State,Letters,Ids\nreplayed,%[1]d,%[1]d", broken))
	query("history", `IngestHistory | where SourceId startswith "http:" | summarize sum(Stored), sum(DeadLettered), sum(Replayed)`, fmt.Sprintf("sum_Stored,sum_DeadLettered,sum_Replayed\n%d,%d,%d", good, broken, broken))
	t.Logf("%d batches, %d requests, %d records stored, %d of them by replay", batches, w.tries, good+broken, broken)
}

// askServer uses the verbs on the running server that the stories use on a folder.
func (w *crashWorld) askServer(letters int) {
	w.t.Helper()
	on := func(args ...string) string {
		return w.tocsin("", append(args, "--server", w.base, "--token", w.admin)...)
	}
	if got := on("deadletter", "list"); !strings.Contains(got, "0  in all") {
		w.t.Errorf("open letters:\n%s", got)
	}
	if got := on("deadletter", "list", "--letters", "replayed"); !strings.Contains(got, fmt.Sprintf("%d  in all", letters)) {
		w.t.Errorf("replayed letters:\n%s", got)
	}
	var one struct{ ID, Raw, ResolvedBy string }
	list := on("deadletter", "list", "--letters", "replayed", "--each", "--limit", "1", "--json")
	if err := json.Unmarshal([]byte(list), &one); err != nil || one.ID == "" || one.ResolvedBy == "" {
		w.t.Fatalf("%v: %s", err, list)
	}
	if got := on("deadletter", "show", one.ID, "--raw"); got != one.Raw {
		w.t.Errorf("letter %s is %q, the list said %q", one.ID, got, one.Raw)
	}
	if got := on("deadletter", "discard", "--all"); !strings.Contains(got, "0 letters discarded") {
		w.t.Errorf("discard: %s", got)
	}
	hold := strings.TrimSpace(on("hold", "add", "--table", "SigninLogs", "--reason", "case 7"))
	if got := on("hold", "list"); !strings.Contains(got, hold+"  stands") || !strings.Contains(got, "by desk") && !strings.Contains(got, "by amelie") {
		w.t.Errorf("holds:\n%s", got)
	}
}
