package folder_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
	"github.com/tocsin-soc/tocsin/internal/ingest/folder"
)

// A keep stands for the store: bodies, once per position and body.
type keep struct {
	mu      sync.Mutex
	stored  map[string]string
	twice   int
	feeds   int
	refused map[string]int
	fail    func() error
}

func newKeep() *keep { return &keep{stored: map[string]string{}, refused: map[string]int{}} }

func (k *keep) intake() ingest.Intake {
	return ingest.Intake{
		Feed: func(_ context.Context, raws iter.Seq2[tocsin.Raw, error]) (r ingest.Receipt, err error) {
			k.mu.Lock()
			defer k.mu.Unlock()
			if k.fail != nil {
				if err := k.fail(); err != nil {
					return r, err
				}
			}
			k.feeds++
			for raw := range raws {
				key := raw.Position + " " + string(raw.Body)
				if _, ok := k.stored[key]; ok {
					k.twice++
				}
				k.stored[key] = string(raw.Format) + " " + string(raw.Body)
			}
			return r, nil
		},
		Refused: func(_, reason string, n int) {
			k.mu.Lock()
			defer k.mu.Unlock()
			k.refused[reason] += n
		},
		IsTable: func(string) bool { return false }, Now: time.Now,
	}
}

// bodies are what is stored, sorted.
func (k *keep) bodies() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	var all []string
	for _, b := range k.stored {
		all = append(all, strings.ReplaceAll(b, "\n", "⏎"))
	}
	slices.Sort(all)
	return strings.Join(all, "|")
}

func (k *keep) wait(t *testing.T, want string) {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); k.bodies() != want; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("\n got %s\nwant %s", k.bodies(), want)
		}
	}
}

// lines is what text lines are stored as.
func lines(texts ...string) string {
	all := make([]string, len(texts))
	for i, text := range texts {
		all[i] = "line " + text
	}
	slices.Sort(all)
	return strings.Join(all, "|")
}

// follow follows a path until stop is called.
func follow(t *testing.T, k *keep, path, memory string) (stop func(), pulse *ingest.Pulse) {
	t.Helper()
	return run(t, k, ingest.Settings{Path: path, Follow: true}, memory)
}

func run(t *testing.T, k *keep, s ingest.Settings, memory string) (stop func(), pulse *ingest.Pulse) {
	t.Helper()
	pulse = ingest.NewPulse("folder:test", ingest.DoorFolder, time.Now)
	f, err := folder.New(folder.Options{
		Sender: ingest.Sender{Source: "folder:test", Settings: s}, Intake: k.intake(), Log: slog.New(slog.DiscardHandler), Pulse: pulse, Memory: memory,
		Every: 5 * time.Millisecond, Settle: 50 * time.Millisecond, Linger: 300 * time.Millisecond, Grace: 50 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { f.Run(ctx); close(done) }()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return stop, pulse
}

func write(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err == nil {
		_, err = f.WriteString(text)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func gzipped(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(text)
	must(t, z.Close())
	return b.Bytes()
}

func TestFollow_ReadsOnWhereItWas(t *testing.T) {
	dir, k := t.TempDir(), newKeep()
	log, memory := filepath.Join(dir, "app.log"), filepath.Join(t.TempDir(), "memory")
	stop, pulse := follow(t, k, log, memory)
	write(t, log, "2026-11-22 one\n2026-11-22 two\n2026-11-22 thr")
	k.wait(t, lines("2026-11-22 one", "2026-11-22 two"))
	write(t, log, "ee\r\n")
	k.wait(t, lines("2026-11-22 one", "2026-11-22 two", "2026-11-22 three"))
	if h := pulse.Health(); h.State != ingest.StateConnected || h.Received != 3 {
		t.Errorf("health: %+v", h)
	}
	stop()
	write(t, log, "2026-11-22 four\n")
	stop, _ = follow(t, k, log, memory)
	k.wait(t, lines("2026-11-22 one", "2026-11-22 two", "2026-11-22 three", "2026-11-22 four"))
	stop()
	if k.twice > 0 {
		t.Errorf("%d lines were read twice", k.twice)
	}
	// Without its memory it reads all again, from the same positions.
	stop, _ = follow(t, k, log, memory+"-lost")
	write(t, log, "2026-11-22 five\n")
	k.wait(t, lines("2026-11-22 one", "2026-11-22 two", "2026-11-22 three", "2026-11-22 four", "2026-11-22 five"))
	stop()
	if k.twice != 4 {
		t.Errorf("%d lines are known of 4", k.twice)
	}
}

func TestFollow_Rotation(t *testing.T) {
	dir, k := t.TempDir(), newKeep()
	log, memory := filepath.Join(dir, "app.log"), filepath.Join(t.TempDir(), "memory")
	stop, _ := follow(t, k, log, memory)
	write(t, log, "2026-11-22 a1\n")
	k.wait(t, lines("2026-11-22 a1"))
	// Renamed, and written on by who does not know yet.
	write(t, log, "2026-11-22 a2\n")
	must(t, os.Rename(log, log+".1"))
	write(t, log, "2026-11-22 b1\n")
	k.wait(t, lines("2026-11-22 a1", "2026-11-22 a2", "2026-11-22 b1"))
	write(t, log+".1", "2026-11-22 a3\n")
	k.wait(t, lines("2026-11-22 a1", "2026-11-22 a2", "2026-11-22 a3", "2026-11-22 b1"))
	// Copied and truncated: what was written in between is in the copy.
	stop()
	write(t, log, "2026-11-22 b2\n")
	text, err := os.ReadFile(log)
	must(t, err)
	write(t, log+"-20261122", string(text))
	must(t, os.Truncate(log, 0))
	write(t, log, "2026-11-22 c1\n")
	stop, _ = follow(t, k, log, memory)
	k.wait(t, lines("2026-11-22 a1", "2026-11-22 a2", "2026-11-22 a3", "2026-11-22 b1", "2026-11-22 b2", "2026-11-22 c1"))
	stop()
	// Rotated and compressed while nobody looked.
	write(t, log, "2026-11-22 c2\n")
	write(t, log+".2.gz", string(gzipped(t, log)))
	must(t, os.Remove(log))
	write(t, log, "2026-11-22 d1\n")
	stop, _ = follow(t, k, log, memory)
	k.wait(t, lines("2026-11-22 a1", "2026-11-22 a2", "2026-11-22 a3", "2026-11-22 b1", "2026-11-22 b2", "2026-11-22 c1", "2026-11-22 c2", "2026-11-22 d1"))
	stop()
	// A pattern that takes the rotated ones too finds them known.
	before := k.bodies()
	stop, _ = follow(t, k, log+"*", memory)
	write(t, log, "2026-11-22 d2\n")
	k.wait(t, before+"|line 2026-11-22 d2")
	stop()
	if k.twice > 0 {
		t.Errorf("%d lines were read twice", k.twice)
	}
}

func TestFollow_TruncatedInPlace(t *testing.T) {
	dir, k := t.TempDir(), newKeep()
	log := filepath.Join(dir, "app.log")
	stop, _ := follow(t, k, log, filepath.Join(t.TempDir(), "memory"))
	write(t, log, "same\nsame\nsame\n")
	k.wait(t, lines("same", "same", "same"))
	must(t, os.WriteFile(log, []byte("same\n"), 0o644)) // another generation: another event
	k.wait(t, lines("same", "same", "same", "same"))
	stop()
}

func TestFollow_WholeFiles(t *testing.T) {
	dir, k := t.TempDir(), newKeep()
	memory := filepath.Join(t.TempDir(), "memory")
	stop, _ := follow(t, k, dir, memory)
	must(t, os.Mkdir(filepath.Join(dir, "sub"), 0o755))
	csv := filepath.Join(dir, "sub", "a.csv")
	write(t, csv, "A,B\n1,2\n")
	write(t, filepath.Join(dir, "photo.jpg"), "\xff\xd8\xff\xe0\x00\x10JFIF")
	k.wait(t, `json-line {"A":"1","B":"2"}`)
	write(t, csv, "3,4\n")
	k.wait(t, `json-line {"A":"1","B":"2"}|json-line {"A":"3","B":"4"}`)
	trail := filepath.Join(dir, "trail.json.gz")
	plain := filepath.Join(t.TempDir(), "trail.json")
	write(t, plain, `{"Records":[{"n":1},{"n":2}]}`)
	write(t, trail, string(gzipped(t, plain)))
	want := `json-line {"A":"1","B":"2"}|json-line {"A":"3","B":"4"}|json-line {"n":1}|json-line {"n":2}`
	k.wait(t, want)
	stop()
	seen, refused := k.twice, k.refused["file of no known kind"]
	stop, _ = follow(t, k, dir, memory)
	write(t, filepath.Join(dir, "new.jsonl"), "{\"n\":3}\n")
	k.wait(t, want+`|json-line {"n":3}`)
	stop()
	if k.twice != seen || refused != 1 || k.refused["file of no known kind"] != 1 {
		t.Errorf("read again after a restart: %d; refused %v", k.twice-seen, k.refused)
	}
}

func TestFollow_Headers(t *testing.T) {
	dir, k := t.TempDir(), newKeep()
	memory := filepath.Join(t.TempDir(), "memory")
	log := filepath.Join(dir, "conn.log")
	write(t, log, "#separator \\x09\n#path\tconn\n#fields\tts\tuid\n#types\ttime\tstring\n1.5\tC1\n")
	stop, _ := follow(t, k, dir, memory)
	k.wait(t, `json-line {"_path":"conn","ts":1.5,"uid":"C1"}`)
	stop()
	write(t, log, "2.5\tC2\n")
	stop, _ = follow(t, k, dir, memory)
	k.wait(t, `json-line {"_path":"conn","ts":1.5,"uid":"C1"}|json-line {"_path":"conn","ts":2.5,"uid":"C2"}`)
	stop()
	if k.twice > 0 {
		t.Errorf("%d lines were read twice", k.twice)
	}
}

func TestFollow_AuditGroups(t *testing.T) {
	dir, k := t.TempDir(), newKeep()
	log, memory := filepath.Join(dir, "audit.log"), filepath.Join(t.TempDir(), "memory")
	stop, _ := follow(t, k, log, memory)
	write(t, log, "type=A msg=audit(1.1:1): x\ntype=B msg=audit(1.1:1): y\ntype=A msg=audit(1.1:2): z\n")
	k.wait(t, lines("type=A msg=audit(1.1:1): x⏎type=B msg=audit(1.1:1): y", "type=A msg=audit(1.1:2): z"))
	stop()
}

func TestFollow_RemembersOnlyWhatIsStored(t *testing.T) {
	dir, k := t.TempDir(), newKeep()
	log, memory := filepath.Join(dir, "app.log"), filepath.Join(t.TempDir(), "memory")
	write(t, log, "2026-11-22 one\n")
	asked := make(chan struct{}, 1000)
	k.fail = func() error {
		asked <- struct{}{}
		return tocsin.Wrap(&ingest.Full{RetryAfter: time.Millisecond}, tocsin.Unavailable, "No room.")
	}
	stop, _ := follow(t, k, log, memory)
	<-asked
	stop()
	k.fail = nil
	write(t, memory, "torn") // a line that was cut off by a crash
	stop, _ = follow(t, k, log, memory)
	k.wait(t, lines("2026-11-22 one"))
	stop()
}

func TestFollow_ManyFilesShareCommits(t *testing.T) {
	dir, k := t.TempDir(), newKeep()
	const n = 2000
	for i := range n {
		write(t, filepath.Join(dir, fmt.Sprintf("%04d.json", i)), fmt.Sprintf("[{\"n\":%d}]", i))
	}
	stop, pulse := run(t, k, ingest.Settings{Path: dir}, filepath.Join(t.TempDir(), "memory"))
	for end := time.Now().Add(60 * time.Second); pulse.Health().State != ingest.StateStopped; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it does not end")
		}
	}
	stop()
	if len(k.stored) != n || k.feeds > 5 {
		t.Errorf("%d records in %d commits", len(k.stored), k.feeds)
	}
}

func TestFollow_LongLine(t *testing.T) {
	dir, k := t.TempDir(), newKeep()
	log := filepath.Join(dir, "app.log")
	f, err := os.Create(log)
	must(t, err)
	_, err = io.CopyN(f, endless{}, 20<<20)
	must(t, errors.Join(err, f.Close()))
	write(t, log, "\nafter\n")
	stop, _ := follow(t, k, log, filepath.Join(t.TempDir(), "memory"))
	for end := time.Now().Add(60 * time.Second); !strings.Contains(k.bodies(), "line after"); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the line after the long one does not come")
		}
	}
	stop()
	for _, body := range k.stored {
		if len(body) > tocsin.MaxRawBytes+10 {
			t.Errorf("a record of %d bytes", len(body))
		}
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'x'
	}
	return len(b), nil
}
