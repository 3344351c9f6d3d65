//go:build linux

package main

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestFullDisk_StopsAndResumes: a real server on a small disk of its own stops
// taking telemetry in before the disk is full, says so, loses nothing it
// acknowledged, and goes on by itself once there is room.
func TestFullDisk_StopsAndResumes(t *testing.T) {
	if testing.Short() {
		t.Skip("fills a disk")
	}
	disk := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", disk).CombinedOutput(); err != nil {
		t.Skipf("a disk of its own cannot be mounted here: %v: %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("umount", "-l", disk).Run() })
	filler := filepath.Join(disk, "filler")
	if err := os.WriteFile(filler, make([]byte, 40<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	w := &crashWorld{t: t, dir: filepath.Join(disk, "data")}
	w.tocsin("a long and quiet sentence\n", "user", "add", "amelie", "--role", "contributor", "--data", w.dir)
	w.ingest = strings.TrimSpace(w.tocsin("", "user", "token", "amelie", "shipper", "--scope", "ingest", "--data", w.dir))
	server := w.serve("--min-free", "40MiB")
	status := func(path string) int {
		resp, err := http.Get(w.base + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	acked := 0
	for deadline := time.Now().Add(2 * time.Minute); w.sendBatch(t.Context(), 0, acked); acked++ {
		if time.Now().After(deadline) {
			t.Fatalf("%d batches went onto a small disk", acked)
		}
	}
	var st syscall.Statfs_t
	if err := syscall.Statfs(disk, &st); err != nil {
		t.Fatal(err)
	}
	if free := int64(st.Bavail) * st.Bsize; free < 20<<20 {
		t.Errorf("the intake stopped with %d bytes free, not at the mark of 40 MiB", free)
	}
	if got := status("/readyz/intake"); got != http.StatusServiceUnavailable {
		t.Errorf("/readyz/intake says %d while the intake is stopped", got)
	}
	if got := status("/readyz"); got != http.StatusOK {
		t.Errorf("/readyz says %d, but queries are answered", got)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); !w.sendBatch(t.Context(), 0, acked); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the intake does not resume though there is room")
		}
	}
	t.Logf("stopped after %d batches, then resumed", acked)
	acked++
	if err := server.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := server.Wait(); err != nil {
		t.Errorf("the server does not end in order: %v", err)
	}
	_, good, broken := crashBody(0, 0)
	got := w.tocsin("", "query", "--data", w.dir, "--format", "csv", `IngestHealth | where SourceId startswith "http:" | project Stored, DeadLettered, Unaccounted`)
	if want := fmt.Sprintf("Stored,DeadLettered,Unaccounted\n%d,%d,0\n", good*acked, broken*acked); got != want {
		t.Errorf("balance\n%swant\n%s", got, want)
	}
}
