package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/telemetry"
)

func TestRoom_StopsBeforeTheDiskIsFullAndResumes(t *testing.T) {
	now, free := noon, int64(100)
	s := open(t, t.TempDir(), func(o *telemetry.Options) {
		o.Now = func() time.Time { return now }
		o.MinFree = 1000
		o.Free = func(string) (int64, error) { return free, nil }
	})
	try := func(what string, from int, stopped bool) {
		t.Helper()
		now = now.Add(2 * time.Second)
		_, err := s.Append(context.Background(), telemetry.Batch{Events: signins("a", from, from+1)})
		var no *telemetry.NoRoom
		if stopped && (!tocsin.IsKind(err, tocsin.Unavailable) || !errors.As(err, &no) || no.Free != free) || !stopped && err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	try("too little", 0, true)
	free = 1050
	try("more than the mark, but not a tenth more: stays stopped", 0, true)
	free = 1200
	try("room again", 0, false)
	free = 1050
	try("above the mark: goes on", 1, false)
	free = 999
	try("below the mark", 2, true)
	// What tidies up goes on meanwhile, and queries do.
	if _, err := s.Keeper().Retain(context.Background()); err != nil {
		t.Error(err)
	}
	wantText(t, "stored", query(t, s, `SELECT count(*) FROM "SigninLogs"`), "2\n")
}

// smallDisk mounts a disk of its own; the test skips where that is not allowed.
func smallDisk(t *testing.T, megabytes int) string {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%dm", megabytes), "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("a disk of its own cannot be mounted here: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", "-l", dir).CombinedOutput(); err != nil {
			t.Errorf("unmounting: %v: %s", err, out)
		}
	})
	return dir
}

func TestRoom_FullDiskLosesNothingAndResumes(t *testing.T) {
	disk := smallDisk(t, 24)
	filler := filepath.Join(disk, "filler")
	if err := os.WriteFile(filler, make([]byte, 12<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(disk, "data")
	var clock atomic.Int64
	s := open(t, dir, func(o *telemetry.Options) {
		o.Now = func() time.Time { return noon.Add(time.Duration(clock.Load())) }
		o.Linger = time.Millisecond
	})
	const rows = 4000
	acked, refused := 0, 0
	send := func(n int) error {
		_, err := s.Append(context.Background(), telemetry.Batch{ID: fmt.Sprint(n), Events: wide(t, n*rows, (n+1)*rows)})
		return err
	}
	var no *telemetry.NoRoom
	for refused == 0 && acked < 200 {
		clock.Add(int64(time.Second))
		err := send(acked)
		switch {
		case err == nil:
			acked++
		case errors.As(err, &no):
			refused++
		case tocsin.IsKind(err, tocsin.Unavailable): // being reopened
		default:
			t.Fatalf("batch %d: %v", acked, err)
		}
	}
	if refused == 0 {
		t.Fatalf("%d batches went onto a disk of 24 MB", acked)
	}
	if err := s.Room(); !errors.As(err, &no) {
		t.Errorf("the state does not say that the disk is full: %v", err)
	}
	t.Logf("%d batches of %d rows stored, then: %v", acked, rows, no)
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); ; {
		clock.Add(int64(20 * time.Second))
		err := send(acked)
		if err == nil {
			break
		}
		if !tocsin.IsKind(err, tocsin.Unavailable) || time.Now().After(deadline) {
			t.Fatalf("intake does not resume: %v", err)
		}
		time.Sleep(10 * time.Millisecond)
	}
	check := func(s *telemetry.Store) {
		t.Helper()
		wantText(t, "rows", query(t, s, `SELECT count(*), count(DISTINCT "_EventId") FROM "SigninLogs"`), fmt.Sprintf("%[1]d|%[1]d\n", (acked+1)*rows))
		wantText(t, "balance", query(t, s, `SELECT "Received" - "Duplicates", "Unaccounted" FROM "IngestHealth"`), fmt.Sprintf("%d|0\n", (acked+1)*rows))
	}
	check(s)
	s.Close()
	check(open(t, dir))
}
