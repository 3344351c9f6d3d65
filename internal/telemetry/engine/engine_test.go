package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
	"github.com/tocsin-soc/tocsin/internal/telemetry/engine"
	"github.com/tocsin-soc/tocsin/kql/catalog"
)

func open(t *testing.T) *engine.Engine {
	t.Helper()
	declared := schema.NewTable("Seen", []schema.Column{{Name: "Word", Type: catalog.String}, {Name: "Number", Type: catalog.Long}})
	e, err := engine.Open(engine.Options{Schema: schema.New(declared), Threads: 1, Queries: 2, RowGroup: 7 * duck.ChunkRows, QueryTime: time.Minute, ResultBytes: 1 << 20}, make(chan struct{}, 1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Shutdown)
	return e
}

// count runs a query with one number as its answer.
func count(t *testing.T, e *engine.Engine, sql string) int64 {
	t.Helper()
	rows, err := e.Select(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if !rows.NextChunk() {
		t.Fatalf("%s: no answer: %v", sql, rows.Err())
	}
	n, _ := rows.Chunk().Columns[0].Value(0).(int64)
	return n
}

func TestEngine_QueriesSeeWhatIsPublished(t *testing.T) {
	e := open(t)
	if err := e.Serve(); err != nil {
		t.Fatal(err)
	}
	if n := count(t, e, `SELECT count("Word") FROM "Seen"`); n != 0 || e.Holds("Seen") {
		t.Errorf("a declared table that nothing was stored in: %d rows, holds %v", n, e.Holds("Seen"))
	}
	if err := e.Writer.Exec(`CREATE TABLE words (w VARCHAR); INSERT INTO words VALUES ('one'), ('two')`); err != nil {
		t.Fatal(err)
	}
	if err := e.Publish("Seen", `SELECT w AS "Word", CAST(NULL AS BIGINT) AS "Number" FROM `+engine.Database+`.words`); err != nil {
		t.Fatal(err)
	}
	if n := count(t, e, `SELECT count("Word") FROM "Seen"`); n != 2 || !e.Holds("Seen") {
		t.Errorf("published: %d rows, holds %v", n, e.Holds("Seen"))
	}
	added := engine.Reference{Name: "Seen", Columns: []catalog.Column{{Name: "Number", Type: catalog.Long}}, Rows: [][]any{{int64(40)}}}
	if err := e.Refer(t.Context(), []engine.Reference{added}); err != nil {
		t.Fatal(err)
	}
	if n := count(t, e, `SELECT count(*)::BIGINT + sum("Number")::BIGINT FROM "Seen"`); n != 43 {
		t.Errorf("with an added row the sum is %d, want 43", n)
	}
}

func TestEngine_SQLOnlyReads(t *testing.T) {
	e := open(t)
	if err := e.Serve(); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{`CREATE TABLE x (i INT)`, `SET threads = 3`, `ATTACH 'x.db'`, `SELECT * FROM read_csv('/etc/passwd')`, `COPY (SELECT 1) TO 'x.csv'`} {
		rows, err := e.Select(t.Context(), sql)
		if err == nil {
			rows.NextChunk()
			err = rows.Err()
			rows.Close()
		}
		if err == nil {
			t.Errorf("%s was done", sql)
		}
	}
}

func TestEngine_NobodyIsAnsweredAfterShutdown(t *testing.T) {
	e := open(t)
	if err := e.Serve(); err != nil {
		t.Fatal(err)
	}
	e.Shutdown()
	if _, err := e.Select(t.Context(), `SELECT 1`); err == nil || !strings.Contains(err.Error(), "shutting down") {
		t.Errorf("got %v", err)
	}
}
