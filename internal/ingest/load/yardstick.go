package load

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
)

// A Yardstick is DuckDB's own append: the rows the run stored, read back and
// written into a new database by nothing but the appender, in commits of the
// size that suits the engine, with the final checkpoint.
type Yardstick struct {
	Rows    int
	Events  float64 // that these rows are of
	Elapsed time.Duration
	CPU     time.Duration
}

// EventsPerSecond is the speed of the bare append.
func (y *Yardstick) EventsPerSecond() float64 { return y.Events / max(y.Elapsed.Seconds(), 1e-9) }

func (y *Yardstick) perEvent() float64 {
	return float64(y.CPU.Nanoseconds()) / 1000 / max(1, y.Events)
}

// yardstickEvents is of how many events rows are read back, at most.
const yardstickEvents = 100_000

// A stored is what was read back of one table.
type stored struct {
	name, ddl string
	types     []string // of the columns
	chunks    []duck.Chunk
}

// rawAppend measures. events is how many the database holds.
func rawAppend(ctx context.Context, path string, events int64, now func() time.Time) (y Yardstick, err error) {
	if events == 0 {
		return y, nil
	}
	tables, share, err := readBack(ctx, path, min(1, yardstickEvents/float64(events)))
	if err != nil {
		return y, fmt.Errorf("reading rows back: %w", err)
	}
	y.Events = share * float64(events)
	bare := path + ".bare"
	defer os.Remove(bare)
	db, err := duck.Open("", map[string]string{"checkpoint_threshold": "1TB"})
	if err != nil {
		return y, err
	}
	defer db.Close()
	c, err := db.Connect()
	if err != nil {
		return y, err
	}
	defer c.Close()
	if err := c.Exec(fmt.Sprintf("ATTACH '%s' AS bare (STORAGE_VERSION 'latest'); USE bare; CREATE SCHEMA events", strings.ReplaceAll(bare, "'", "''"))); err != nil {
		return y, err
	}
	for _, t := range tables {
		if err := c.Exec(t.ddl); err != nil {
			return y, fmt.Errorf("making table %s: %w", t.name, err)
		}
	}
	began, cpu := now(), ownCPU()
	if err := c.Exec("BEGIN"); err != nil {
		return y, err
	}
	for _, t := range tables {
		n, err := appendAll(c, &t)
		if err != nil {
			return y, fmt.Errorf("appending to %s: %w", t.name, err)
		}
		y.Rows += n
	}
	if err := c.Exec("COMMIT"); err != nil {
		return y, err
	}
	if err := c.Exec("CHECKPOINT"); err != nil {
		return y, err
	}
	y.Elapsed, y.CPU = now().Sub(began), ownCPU()-cpu
	return y, nil
}

// readBack reads a share of the rows of every table of events, and returns the
// share it got.
func readBack(ctx context.Context, path string, share float64) (tables []stored, got float64, err error) {
	db, err := duck.Open(path, map[string]string{"access_mode": "READ_ONLY"})
	if err != nil {
		return nil, 0, err
	}
	defer db.Close()
	c, err := db.Connect()
	if err != nil {
		return nil, 0, err
	}
	defer c.Close()
	names, err := texts(ctx, c, "SELECT table_name, sql FROM duckdb_tables() WHERE schema_name = 'events' ORDER BY table_name")
	if err != nil {
		return nil, 0, err
	}
	total, read := 0.0, 0
	for _, n := range names {
		t := stored{name: n[0], ddl: n[1]}
		rows, err := t.read(ctx, c, share)
		if err != nil {
			return nil, 0, fmt.Errorf("table %s: %w", t.name, err)
		}
		for i := range t.chunks {
			read += t.chunks[i].Len
		}
		total += rows
		tables = append(tables, t)
	}
	return tables, float64(read) / max(1, total), nil
}

// read reads a share of a table's rows and returns how many there are in all.
func (t *stored) read(ctx context.Context, c *duck.Conn, share float64) (rows float64, err error) {
	columns, err := texts(ctx, c, fmt.Sprintf("SELECT data_type, '' FROM duckdb_columns() WHERE schema_name = 'events' AND table_name = '%s' ORDER BY column_index", t.name))
	if err != nil {
		return 0, err
	}
	for _, column := range columns {
		t.types = append(t.types, column[0])
	}
	count, err := texts(ctx, c, fmt.Sprintf(`SELECT count(*)::VARCHAR, '' FROM events."%s"`, t.name))
	if err != nil {
		return 0, err
	}
	if rows, err = strconv.ParseFloat(count[0][0], 64); err != nil {
		return 0, err
	}
	query, err := c.Query(ctx, fmt.Sprintf(`SELECT * FROM events."%s" LIMIT %d`, t.name, int(rows*share)))
	if err != nil {
		return 0, err
	}
	defer query.Close()
	for query.NextChunk() {
		t.chunks = append(t.chunks, query.TakeChunk())
	}
	return rows, query.Err()
}

// texts reads a result of two columns of text.
func texts(ctx context.Context, c *duck.Conn, query string) (out [][2]string, err error) {
	rows, err := c.Query(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.NextChunk() {
		chunk := rows.Chunk()
		for i := range chunk.Len {
			out = append(out, [2]string{chunk.Columns[0].Texts[i], chunk.Columns[1].Texts[i]})
		}
	}
	return out, rows.Err()
}

// appendAll writes what was read back of a table.
func appendAll(c *duck.Conn, t *stored) (rows int, err error) {
	a, err := c.NewAppender("events", t.name)
	if err != nil {
		return 0, err
	}
	for i := range t.chunks {
		chunk := &t.chunks[i]
		err := a.Append(chunk.Len, func(column int, w *duck.Writer) error {
			return writeColumn(w, &chunk.Columns[column], t.types[column], chunk.Len)
		})
		if err != nil {
			a.Discard()
			return 0, err
		}
		rows += chunk.Len
	}
	return rows, a.Close()
}

// writeColumn writes the cells of a column as they were read.
func writeColumn(w *duck.Writer, c *duck.Column, kind string, n int) error {
	for i := range n {
		if c.Kind == duck.NoCells || c.Null != nil && c.Null[i] {
			w.Null(i)
			continue
		}
		switch kind {
		case "VARCHAR", "JSON":
			w.Text(i, c.Texts[i])
		case "BIGINT":
			w.Long(i, c.Ints[i])
		case "INTEGER":
			w.Int(i, int32(c.Ints[i]))
		case "BOOLEAN":
			w.Bool(i, c.Bools[i])
		case "DOUBLE":
			w.Real(i, c.Reals[i])
		case "UUID":
			w.UUID(i, c.Texts[i])
		default:
			return fmt.Errorf("no way to write a column of type %s", kind)
		}
	}
	return nil
}
