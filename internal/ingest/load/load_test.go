package load

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// A fake takes batches as the server does: it refuses every third request and
// stores each name once.
type fake struct {
	mu      sync.Mutex
	n       int
	names   map[string]int
	records map[string]bool
	lie     int64 // added to what is said to be stored
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.n++; f.n%3 == 0 {
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(http.StatusTooManyRequests)
		return
	}
	f.names[r.Header.Get("X-Tocsin-Batch")]++
	got := answer{}
	for lines := bufio.NewScanner(r.Body); lines.Scan(); got.Received++ {
		f.records[lines.Text()] = true
	}
	got.Stored = got.Received + f.lie
	_ = json.NewEncoder(w).Encode(got)
}

func sendTo(t *testing.T, f *fake, rate int) (Sent, error) {
	t.Helper()
	f.names, f.records = map[string]int{}, map[string]bool{}
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	s := &server{base: srv.URL, client: srv.Client()}
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	var mu sync.Mutex
	o := &Options{Seed: 1, Connections: 3, Batch: 20, Rate: rate, Now: func() time.Time {
		mu.Lock() // a clock that goes on by being looked at: the run is over after so many events
		defer mu.Unlock()
		now = now.Add(time.Microsecond)
		return now
	}}
	return s.send(t.Context(), o, "run", 2*time.Millisecond)
}

func TestSend_RefusedBatchesComeAgainAndEveryEventIsNew(t *testing.T) {
	f := &fake{}
	sent, err := sendTo(t, f, 0)
	if err != nil {
		t.Fatal(err)
	}
	if sent.Acked == 0 || sent.Acked != int64(len(f.records)) || sent.Stored != sent.Acked || sent.Refused == 0 {
		t.Errorf("%d acknowledged, %d stored, %d refused; the server saw %d different events", sent.Acked, sent.Stored, sent.Refused, len(f.records))
	}
	for name, n := range f.names {
		if n != 1 {
			t.Errorf("batch %s was taken %d times", name, n)
		}
	}
}

func TestSend_AnswerThatDoesNotAddUpIsAnError(t *testing.T) {
	if _, err := sendTo(t, &fake{lie: -1}, 0); err == nil || !strings.Contains(err.Error(), "20 new events") {
		t.Errorf("error %v", err)
	}
}

func TestPace_IsOverAllConnections(t *testing.T) {
	began := time.Now()
	p := &pace{began: began.Add(-time.Hour), now: time.Now, each: time.Second}
	for range 100 { // an hour behind: nobody waits
		if !p.next(t.Context()) {
			t.Fatal("the context did not end")
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if late := (&pace{began: began, now: time.Now, each: time.Hour}); late.next(ended) && late.next(ended) {
		t.Error("waits although the context ended")
	}
}

func TestReport_SaysWhenBooksDoNotBalance(t *testing.T) {
	r := Report{Books: Books{Received: 10, Stored: 9, DeadLettered: 1}, Sent: Sent{Acked: 10, Stored: 9}}
	if err := r.check(); err != nil {
		t.Error(err)
	}
	for _, wrong := range []Books{{Received: 10, Stored: 9}, {Received: 9, Stored: 9}} {
		r.Books = wrong
		var out bytes.Buffer
		if err := r.Write(&out); err != nil || r.check() == nil || !strings.Contains(out.String(), "WRONG") {
			t.Errorf("%+v pass: %s", wrong, out.String())
		}
	}
}

func TestProcess_OwnFiguresAreThere(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("no /proc on this system")
	}
	sum := 0
	for began := time.Now(); time.Since(began) < 50*time.Millisecond; sum++ {
		_ = fmt.Sprint(sum)
	}
	if processCPU(os.Getpid()) <= 0 || peakMemory(os.Getpid()) < 1<<20 || ownCPU() <= 0 {
		t.Error(processCPU(os.Getpid()), peakMemory(os.Getpid()), ownCPU())
	}
}
