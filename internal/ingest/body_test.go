package ingest_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/s2"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
)

func request(t testing.TB, encoding string, body io.Reader) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://tocsin.example/", body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Encoding", encoding)
	return r
}

// isUnused says whether all of a budget is there.
func isUnused(b *ingest.Budget, size int64) bool {
	room := b.Room()
	defer room.Release()
	return room.Grow(size) == nil
}

func TestReadBody_Encodings(t *testing.T) {
	text := strings.Repeat("a line of telemetry\n", 10_000)
	var framed bytes.Buffer
	w := s2.NewWriter(&framed, s2.WriterSnappyCompat())
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for encoding, body := range map[string][]byte{
		"": []byte(text), "identity": []byte(text), "gzip": gzipped(text), "GZIP ": gzipped(text), "zstd": zstded(t, text),
		"snappy": s2.EncodeSnappy(nil, []byte(text)), "Snappy": framed.Bytes(), "x-snappy-framed": framed.Bytes(),
	} {
		budget := ingest.NewBudget(4 << 20)
		got, err := ingest.ReadBody(request(t, encoding, bytes.NewReader(body)), 1<<20, budget)
		if err != nil || string(got.Bytes) != text {
			t.Errorf("%q: %v", encoding, err)
			continue
		}
		got.Release()
		if !isUnused(budget, 4<<20) {
			t.Errorf("%q: not all of the budget came back", encoding)
		}
		var large *ingest.TooLarge
		if _, err := ingest.ReadBody(request(t, encoding, bytes.NewReader(body)), 1000, budget); !errors.As(err, &large) {
			t.Errorf("%q, longer than the limit: %v", encoding, err)
		}
		if len(body) < len(text) { // compressed
			if _, err := ingest.ReadBody(request(t, encoding, bytes.NewReader(body[:len(body)/2])), 1<<20, budget); !tocsin.IsKind(err, tocsin.Invalid) {
				t.Errorf("%q, cut off: %v", encoding, err)
			}
		}
		if !isUnused(budget, 4<<20) {
			t.Errorf("%q: a refusal kept some of the budget", encoding)
		}
	}
}

// TestReadBody_SlowSendersHoldWhatTheySent: a thousand that dawdle hold little,
// and who would go beyond the budget is told to come back.
func TestReadBody_SlowSendersHoldWhatTheySent(t *testing.T) {
	const senders = 1000
	budget := ingest.NewBudget(senders * 8 << 10)
	var reading, done sync.WaitGroup
	var pipes []*io.PipeWriter
	reading.Add(senders)
	for range senders {
		out, in := io.Pipe()
		pipes = append(pipes, in)
		r := request(t, "", out)
		r.ContentLength = -1
		done.Go(func() {
			body, err := ingest.ReadBody(r, 64<<20, budget)
			if err != nil {
				t.Error(err)
				return
			}
			body.Release()
		})
		go func() { _, _ = in.Write([]byte("x")); reading.Done() }()
	}
	reading.Wait() // each has been read from: its first room is taken
	var full *ingest.Full
	if err := budget.Room().Grow(senders * 8 << 10); !errors.As(err, &full) || full.RetryAfter <= 0 {
		t.Errorf("beyond the budget: %v", err)
	}
	held := budget.Room()
	if err := held.Grow(senders * 3 << 10); err != nil {
		t.Errorf("slow senders hold too much: %v", err)
	}
	held.Release()
	for _, in := range pipes {
		_ = in.Close()
	}
	done.Wait()
}

func TestRepeats(t *testing.T) {
	var r ingest.Repeats
	begin := func(name string) (string, func(bool)) {
		prefix, n := r.Begin(name)
		return prefix, func(answered bool) { r.End(name, n, answered) }
	}
	first, end := begin("a")
	end(false) // refused: what comes next is the same sent again
	second, end := begin("a")
	if second != first {
		t.Errorf("sent again after a refusal: %q, then %q", first, second)
	}
	third, endThird := begin("a") // two at once are two
	if third == second {
		t.Errorf("two at once are both %q", third)
	}
	end(true)
	endThird(true)
	seen := map[string]bool{first: true, third: true}
	for i := range 3 {
		prefix, end := begin("a")
		if seen[prefix] {
			t.Errorf("repeat %d is %q again", i, prefix)
		}
		seen[prefix] = true
		end(true)
	}
	for i := range 70_000 { // what was used longest ago is forgotten
		_, end := begin("b" + strconv.Itoa(i))
		end(true)
	}
	if prefix, _ := begin("a"); prefix != first {
		t.Errorf("after many others: %q", prefix)
	}
}

func TestEnvelope_Append(t *testing.T) {
	e := ingest.Envelope{
		Format: tocsin.FormatLine, Table: "Syslog", Host: "h\"\\\n\x01\xffé", At: time.Date(2026, 1, 2, 3, 4, 5, 6700, time.FixedZone("", 3600)),
		Shipper: []byte(`{"a":1}`), Row: []byte(`{"b":2}`), Text: "text",
	}
	const want = `{"format":"line","table":"Syslog","host":"h\"\\\n\u0001\ufffdé","time":"2026-01-02T02:04:05.0000067Z","shipper":{"a":1},"row":{"b":2},"record":"text"}`
	if got := string(e.Append(nil)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for text, want := range map[string]tocsin.Format{
		"<34>a": tocsin.FormatSyslog, "<999>a": tocsin.FormatSyslog, "<>a": tocsin.FormatLine, "<34": tocsin.FormatLine, " \n{": tocsin.FormatJSONLine,
		"<Event xmlns='x'>": tocsin.FormatWindows, "": tocsin.FormatLine, "CEF:0|": tocsin.FormatLine, "<12345>": tocsin.FormatLine,
	} {
		if got := ingest.FormatOf(text); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
}
