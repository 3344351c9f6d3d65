package telemetry_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/telemetry"
)

// The crash test runs this test binary as a child that appends batches from
// several goroutines and prints what was acknowledged, kills it with SIGKILL at
// a random moment, looks at what is left, and starts it again where it stopped,
// with some of the work sent twice.

const (
	crashDir      = "TOCSIN_TEST_CRASH_DIR"    // set in the child
	crashFrom     = "TOCSIN_TEST_CRASH_FROM"   // JSON: first batch of each lane
	crashRounds   = "TOCSIN_TEST_CRASH_ROUNDS" // rounds, by hand; default 6
	crashLanes    = 3                          // goroutines that append
	crashColumn   = "CorrelationId"            // says which batch a row belongs to
	crashBatchCap = 1000                       // batches a lane sends before it stops by itself
)

// crashBatch makes batch n of a lane: always the same for the same numbers.
func crashBatch(s interface{ Column(string) (int, bool) }, columns []string, lane, n int) telemetry.Batch {
	rng := rand.New(rand.NewPCG(uint64(lane), uint64(n)))
	size := 1 + rng.IntN(3000)
	if rng.IntN(12) == 0 {
		size = 125_000 // more than a row group: goes past the log
	}
	id := fmt.Sprintf("%d/%d", lane, n)
	source := tocsin.SourceID(fmt.Sprintf("lane-%d", lane))
	b := telemetry.Batch{ID: id, Counts: map[tocsin.SourceID]telemetry.Count{source: {Filtered: rng.IntN(3)}}}
	batch, _ := s.Column(crashColumn)
	// As time goes by, events bring columns that the table has not seen yet.
	fresh, _ := s.Column(columns[(n/2)%len(columns)])
	for i := range size {
		ev := signin(source, n*1_000_000+i)
		ev.Values = make([]tocsin.Value, max(batch, fresh)+1)
		ev.Values[fresh] = tocsin.StringValue("x")
		ev.Values[batch] = tocsin.StringValue(id)
		b.Events = append(b.Events, ev)
	}
	for i := range rng.IntN(4) {
		b.Rejects = append(b.Rejects, tocsin.Reject{Reason: "broken", Raw: tocsin.Raw{Source: source, Position: fmt.Sprint(id, "/", i), Body: []byte{0xff, byte(i)}, ReceivedAt: noon}})
	}
	b.Findings = []telemetry.Finding{{ID: id, Event: b.Events[size/2].ID, Body: []byte(`{"batch":"` + id + `"}`)}}
	return b
}

func crashColumns(t testing.TB) (table interface{ Column(string) (int, bool) }, columns []string) {
	decl, ok := contentSchema(t).Table("SigninLogs")
	if !ok {
		t.Fatal("no table SigninLogs")
	}
	for _, c := range decl.Columns[:len(decl.Columns)-3] {
		if c.Type.String() == "string" && c.Name != crashColumn && c.Name != "Type" {
			columns = append(columns, c.Name)
		}
	}
	return decl, columns
}

// TestCrash_Child is the child; it does nothing in an ordinary run.
func TestCrash_Child(t *testing.T) {
	dir := os.Getenv(crashDir)
	if dir == "" {
		t.Skip("runs as a child of TestCrash_NothingLostNothingTwice")
	}
	var from [crashLanes]int
	if err := json.Unmarshal([]byte(os.Getenv(crashFrom)), &from); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir)
	table, columns := crashColumns(t)
	var out sync.Mutex
	var lanes sync.WaitGroup
	for lane := range crashLanes {
		lanes.Go(func() {
			for n := from[lane]; n < from[lane]+crashBatchCap; n++ {
				if _, err := s.Append(context.Background(), crashBatch(table, columns, lane, n)); err != nil {
					t.Error(err)
					return
				}
				out.Lock()
				fmt.Printf("ack %d %d\n", lane, n)
				out.Unlock()
			}
		})
	}
	lanes.Wait()
}

func TestCrash_NothingLostNothingTwice(t *testing.T) {
	if testing.Short() {
		t.Skip("kills processes for half a minute")
	}
	rounds := 6
	if n, err := strconv.Atoi(os.Getenv(crashRounds)); err == nil {
		rounds = n
	}
	dir := t.TempDir()
	table, columns := crashColumns(t)
	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	var acked [crashLanes]int // batches acknowledged, per lane
	for round := range rounds {
		from := acked
		for lane := range from {
			from[lane] = max(0, from[lane]-rng.IntN(3)) // send some again
		}
		for lane, n := range runAndKill(t, dir, from, rng) {
			acked[lane] = max(acked[lane], n)
		}
		s := open(t, dir)
		checkAfterCrash(t, s, func(lane, n int) telemetry.Batch { return crashBatch(table, columns, lane, n) }, acked)
		s.Close()
		t.Logf("round %d: acknowledged %v", round, acked)
		if t.Failed() {
			return
		}
	}
}

// runAndKill runs the child and kills it after some acknowledgements and a
// random moment more. It returns one past the last acknowledged batch per lane.
func runAndKill(t *testing.T, dir string, from [crashLanes]int, rng *rand.Rand) (acked [crashLanes]int) {
	start, err := json.Marshal(from)
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0], "-test.run=^TestCrash_Child$", "-test.v")
	child.Env = append(os.Environ(), crashDir+"="+dir, crashFrom+"="+string(start))
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	wait := rng.IntN(40)
	lines := bufio.NewScanner(out)
	var kill sync.Once
	for lines.Scan() {
		var lane, n int
		if _, err := fmt.Sscanf(lines.Text(), "ack %d %d", &lane, &n); err != nil {
			continue
		}
		acked[lane] = n + 1
		if wait--; wait < 0 {
			kill.Do(func() {
				time.AfterFunc(time.Duration(rng.IntN(200))*time.Millisecond, func() { child.Process.Kill() })
			})
		}
	}
	_ = child.Wait() // it was killed
	return acked
}

// checkAfterCrash looks at everything the store promises.
func checkAfterCrash(t *testing.T, s *telemetry.Store, batch func(lane, n int) telemetry.Batch, acked [crashLanes]int) {
	t.Helper()
	rows, err := s.Select(context.Background(), `SELECT "CorrelationId", count(*), count(DISTINCT "_EventId") FROM "SigninLogs" GROUP BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	stored := map[string]int64{}
	var total int64
	for rows.Next() {
		var cells [3]any
		if err := rows.Scan(cells[:]); err != nil {
			t.Fatal(err)
		}
		id, n := cells[0].(string), cells[1].(int64)
		if n != cells[2] {
			t.Errorf("batch %s: %d rows, %d of them different", id, n, cells[2])
		}
		stored[id] = n
		total += n
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	pending := map[string]bool{}
	findings, err := s.Pending(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		if pending[f.ID] {
			t.Errorf("finding %s is pending twice", f.ID)
		}
		pending[f.ID] = true
	}
	var letters int64
	for lane := range acked {
		for n := range acked[lane] + 2 { // two batches may be stored without an acknowledgement that reached us
			b := batch(lane, n)
			got, ok := stored[b.ID]
			delete(stored, b.ID)
			switch {
			case !ok && n < acked[lane]:
				t.Errorf("batch %s was acknowledged and is lost", b.ID)
			case ok && got != int64(len(b.Events)):
				t.Errorf("batch %s has %d rows of %d", b.ID, got, len(b.Events))
			case ok != pending[b.ID]:
				t.Errorf("batch %s: stored is %v, its finding is pending is %v", b.ID, ok, pending[b.ID])
			}
			if ok {
				letters += int64(len(b.Rejects))
			}
		}
	}
	if len(stored) > 0 {
		t.Errorf("batches nobody knows of: %v", stored)
	}
	wantText(t, "dead letters", query(t, s, `SELECT count(*), count(DISTINCT "_EventId") FROM "DeadLetters"`), fmt.Sprintf("%d|%d\n", letters, letters))
	wantText(t, "balance", query(t, s, `SELECT sum("Stored"), sum("Events"), sum("DeadLettered"), sum(abs("Unaccounted")) FROM "IngestHealth"`), fmt.Sprintf("%d|%d|%d|0\n", total, total, letters))
}
