package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/telemetry"
)

// drain runs a query to its end and returns what ended it.
func drain(ctx context.Context, s *telemetry.Store, sql string) error {
	rows, err := s.Query(ctx, sql, nil)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
	}
	return rows.Err()
}

const endless = `SELECT sum(a.range * b.range) FROM range(100000000) a, range(100000000) b`

func TestQuery_OnlyReads(t *testing.T) {
	s := open(t, t.TempDir())
	appendOK(t, s, telemetry.Batch{Events: signins("a", 0, 5)})
	for _, sql := range []string{
		`DELETE FROM telemetry.events."SigninLogs"`, `CREATE TABLE x (a INT)`, `DROP VIEW declared.main."SigninLogs"`, `ATTACH ':memory:' AS m`,
		`SET threads = 1`, `COPY (SELECT 1) TO '/tmp/tocsin-test-out'`, `SELECT * FROM read_csv('/etc/passwd')`, `SELECT * FROM read_text('/etc/passwd')`,
		`INSTALL httpfs`, `LOAD httpfs`, `PRAGMA enable_profiling`, `CHECKPOINT`, `SELECT 1; DELETE FROM telemetry.events."SigninLogs"`, `CALL pragma_version()`,
	} {
		if err := drain(context.Background(), s, sql); err == nil {
			t.Errorf("%s was run", sql)
		}
	}
	wantText(t, "rows", query(t, s, `SELECT count(*) FROM "SigninLogs"`), "5\n")
}

func TestQuery_LimitsSayWhatToChange(t *testing.T) {
	brief := open(t, "", func(o *telemetry.Options) { o.QueryTime = 50 * time.Millisecond })
	small := open(t, t.TempDir(), func(o *telemetry.Options) { o.ResultBytes, o.MemoryLimit, o.SpillLimit = 1<<20, 200<<20, 20<<20 })
	for _, c := range []struct {
		s         *telemetry.Store
		sql, want string
	}{
		{brief, endless, "The query ran longer than 50ms and was stopped. Narrow its time range or filter earlier."},
		{small, `SELECT range, repeat('x', 100) FROM range(1000000)`, "The result of the query is larger than 1 MiB. Select fewer columns or rows, or summarize."},
		{small, `SELECT md5(range::VARCHAR) AS m FROM range(20000000) ORDER BY m`, "The query needs more memory than it may use. Narrow its time range, or group by fewer columns."},
		{small, `SELECT length(string_agg(repeat('x', 1000), '')) FROM range(1000000)`, "The query needs more memory than it may use. Narrow its time range, or group by fewer columns."},
	} {
		err := drain(context.Background(), c.s, c.sql)
		if kind, message := tocsin.Explain(err); kind != tocsin.Unavailable || message != c.want {
			t.Errorf("%s:\n got %s %q (%v)\nwant %q", c.sql, kind, message, err, c.want)
		}
	}
	// The workers live on.
	for range 8 {
		wantText(t, "after", query(t, small, `SELECT 1`), "1\n")
	}
}

func TestQuery_StopsWithItsContext(t *testing.T) {
	s := open(t, "")
	ctx, cancel := context.WithCancel(context.Background())
	go func() { time.Sleep(20 * time.Millisecond); cancel() }()
	if err := drain(ctx, s, endless); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := drain(cancelled(), s, `SELECT 1`); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	// Rows that nobody reads to the end keep no worker busy.
	for range 20 {
		rows, err := s.Query(context.Background(), `SELECT range FROM range(1000000000)`, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !rows.Next() {
			t.Fatal(rows.Err())
		}
		rows.Close()
		rows.Close()
	}
}

// More results open at a time than there are workers must not block each other.
func TestQuery_ManyOpenResults(t *testing.T) {
	s := open(t, "", func(o *telemetry.Options) { o.Queries = 2 })
	sum := 0
	for i := range 10 {
		rows, err := s.Query(context.Background(), fmt.Sprintf(`SELECT %d FROM range(5000)`, i), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		defer func() {
			for rows.Next() {
				sum++
			}
		}()
	}
	wantText(t, "another", query(t, s, `SELECT 1`), "1\n")
}

func TestQuery_NativeFunctionsAreThere(t *testing.T) {
	s := open(t, "")
	var names []string
	rows, err := s.Select(context.Background(), `SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_name LIKE 'kql%'`)
	if err != nil {
		t.Fatal(err)
	}
	for rows.NextChunk() {
		names = append(names, rows.Chunk().Columns[0].Texts...)
	}
	if len(names) == 0 {
		t.Error("no kql_ functions")
	}
}

// A fatal error makes the database useless until it is opened again, which the
// store does by itself. What was acknowledged is there, and nothing is twice.
func TestStore_ComesBackAfterAFault(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	appendOK(t, s, telemetry.Batch{Events: signins("a", 0, 500), Findings: []telemetry.Finding{{ID: "f", Body: []byte("{}")}}})
	var mu sync.Mutex
	acked := 0
	stop := make(chan struct{})
	var work sync.WaitGroup
	work.Go(func() {
		for n := 500; ; n += 10 {
			select {
			case <-stop:
				return
			default:
			}
			_, err := s.Append(context.Background(), telemetry.Batch{Events: signins("a", n, n+10)})
			if err == nil {
				mu.Lock()
				acked = n + 10
				mu.Unlock()
			} else if !tocsin.IsKind(err, tocsin.Unavailable) {
				t.Error(err)
			}
		}
	})
	for range 5 {
		s.Fault()
		for { // until a query works again
			err := drain(context.Background(), s, `SELECT count(*) FROM "SigninLogs"`)
			if err == nil {
				break
			}
			if !tocsin.IsKind(err, tocsin.Unavailable) {
				t.Fatal(err)
			}
			time.Sleep(time.Millisecond)
		}
	}
	close(stop)
	work.Wait()
	got := query(t, s, `SELECT count(*) - count(DISTINCT "_EventId"), count(*) FROM "SigninLogs"`)
	duplicates, count, _ := strings.Cut(strings.TrimSpace(got), "|")
	if n := 0; duplicates != "0" {
		t.Errorf("%s rows are twice", duplicates)
	} else if _, err := fmt.Sscan(count, &n); err != nil || n < acked {
		t.Errorf("%s rows, %d acknowledged", count, acked)
	}
	wantText(t, "balance", query(t, s, `SELECT "Unaccounted", "Stored" - (SELECT count(*) FROM "SigninLogs") FROM "IngestHealth"`), "0|0\n")
	if pending, err := s.Pending(context.Background()); err != nil || len(pending) != 1 {
		t.Errorf("pending %v, %v", pending, err)
	}
}
