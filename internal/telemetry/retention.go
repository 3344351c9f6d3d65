package telemetry

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
	"github.com/tocsin-soc/tocsin/internal/telemetry/engine"
	"github.com/tocsin-soc/tocsin/kql/catalog"
)

// retentionDDL creates what retention keeps: the holds, and a line for every
// deletion, so that nothing goes in silence.
const retentionDDL = `
CREATE TABLE IF NOT EXISTS tocsin.holds (id VARCHAR NOT NULL, name VARCHAR NOT NULL, first BIGINT, last BIGINT, entity VARCHAR NOT NULL, incident BIGINT,
	reason VARCHAR NOT NULL, created BIGINT NOT NULL, created_by VARCHAR NOT NULL, released BIGINT, released_by VARCHAR NOT NULL);
CREATE TABLE IF NOT EXISTS tocsin.deletions (id VARCHAR NOT NULL, made BIGINT NOT NULL, name VARCHAR NOT NULL, removed BIGINT NOT NULL, held BIGINT NOT NULL,
	cutoff BIGINT, reason VARCHAR NOT NULL, bytes_before BIGINT NOT NULL, bytes_after BIGINT);
ALTER TABLE tocsin.holds ADD COLUMN IF NOT EXISTS release_reason VARCHAR DEFAULT '';
`

// A Deletion is one line of the record of deletions: the rows of a table that
// one pass of retention removed, or what was done to give space back.
type Deletion struct {
	At          time.Time
	Table       string
	Rows        int64
	Held        int64     // due, but under legal hold
	Before      time.Time // rows received before it were due
	Reason      string
	BytesBefore int64 // of the store's file
	BytesAfter  int64
}

// Retain removes what each table need not keep: by time of receipt, by the size
// of the table, by the size of the store; oldest first, and nothing that is
// under legal hold. Then it gives freed space back to the system, when there is
// much of it. Every deletion leaves a line (Deletions, KQL table RetentionRuns).
// The writer waits for one table at a time, so commits go on in between.
func (s *Store) Retain(ctx context.Context) (done []Deletion, err error) {
	defer func() {
		if len(done) > 0 {
			err = errors.Join(err, s.recordDeletions(ctx, done))
		}
	}()
	now := s.opts.Now()
	remove := func(t *storedTable, cutoff time.Time, reason string) error {
		d, err := s.removeBefore(ctx, t, cutoff, reason)
		if err == nil && (d.Rows > 0 || d.Held > 0) {
			done = append(done, d)
		}
		return err
	}
	for _, t := range s.kept() {
		age := s.ageOf(t)
		if age == 0 {
			continue
		}
		if err := remove(t, now.Add(-age), fmt.Sprintf("older than %s", days(age))); err != nil {
			return done, err
		}
	}
	if s.opts.Dir == "" {
		return done, nil
	}
	cuts, err := s.oversize(ctx)
	if err != nil {
		return done, err
	}
	for _, c := range cuts {
		if err := remove(c.table, c.before, c.reason); err != nil {
			return done, err
		}
	}
	if len(done) == 0 {
		return done, nil
	}
	moved, err := s.giveBack(ctx)
	if moved != nil {
		done = append(done, *moved)
	}
	after := s.fileSize()
	for i := range done {
		done[i].BytesAfter = after
	}
	return done, err
}

// ageOf is how long rows of a table are kept; 0 is for ever. Rows that are read
// as two tables are kept as long as either asks.
func (s *Store) ageOf(t *storedTable) time.Duration {
	age := s.opts.Retention.AgeOf(t.decl)
	if twin, ok := s.opts.Schema.Table(twinTable); ok && t.name == twinSource && age != 0 {
		if other := s.opts.Retention.AgeOf(twin); other == 0 || other > age {
			return other
		}
	}
	return age
}

// days writes a length of time as an operator set it.
func days(d time.Duration) string { return fmt.Sprintf("%g days", d.Hours()/24) }

// kept lists the tables that have rows, by name. Tables are made by the writer,
// so it is asked.
func (s *Store) kept() (list []*storedTable) {
	_ = s.do(context.Background(), func() error { // a store that closes has nothing to retain
		for _, name := range slices.Sorted(maps.Keys(s.tables)) {
			if t := s.tables[name]; t.exists {
				list = append(list, t)
			}
		}
		return nil
	})
	return list
}

// fileSize is the size of the database and its log.
func (s *Store) fileSize() (n int64) {
	for _, path := range []string{s.path(), s.path() + ".wal"} {
		if info, err := os.Stat(path); err == nil {
			n += info.Size()
		}
	}
	return n
}

// checkpoint writes everything into the file and frees the blocks of what was deleted.
func (s *Store) checkpoint(ctx context.Context) error {
	return s.do(ctx, func() error {
		e := s.engine.Load()
		if e == nil {
			return unavailable(nil)
		}
		return e.Writer.Exec("FORCE CHECKPOINT " + engine.Database)
	})
}

// removeBefore deletes the rows received before cutoff that no hold keeps. Rows
// lie in the order of arrival, so whole row groups go and their space is free
// at once. Going by the time of receipt keeps old evidence that was imported
// yesterday.
func (s *Store) removeBefore(ctx context.Context, t *storedTable, cutoff time.Time, reason string) (d Deletion, err error) {
	d = Deletion{At: s.opts.Now(), Table: t.name, Before: cutoff, Reason: reason, BytesBefore: s.fileSize()}
	err = s.do(ctx, func() error {
		e := s.engine.Load()
		if e == nil {
			return unavailable(nil)
		}
		t := s.tables[t.name] // a fault may have made it anew
		holds, err := standingHolds(ctx, e.Writer, t.name)
		if err != nil {
			return err
		}
		due := fmt.Sprintf(`%s < %d`, schema.Quote(schema.IngestionTimeColumn), tocsin.Ticks(cutoff))
		held, args := t.heldSQL(holds)
		if len(holds) > 0 {
			if d.Held, err = firstInt(ctx, e.Writer, `SELECT count(*) FROM `+t.qualified()+` WHERE `+due+` AND `+held, args...); err != nil {
				return fmt.Errorf("looking for held rows of %s: %w", t.name, err)
			}
		}
		if d.Rows, err = firstInt(ctx, e.Writer, `DELETE FROM `+t.qualified()+` WHERE `+due+` AND NOT `+held, args...); err != nil {
			return fmt.Errorf("deleting old rows of %s: %w", t.name, err)
		}
		return nil
	})
	return d, err
}

// heldSQL is the condition that a hold keeps a row.
func (t *storedTable) heldSQL(holds []Hold) (string, []any) {
	if len(holds) == 0 {
		return "false", nil
	}
	var either []string
	var args []any
	for _, h := range holds {
		all := []string{"true"}
		if !h.From.IsZero() {
			all = append(all, fmt.Sprintf("%s >= %d", t.timeSQL(), tocsin.Ticks(h.From)))
		}
		if !h.To.IsZero() {
			all = append(all, fmt.Sprintf("%s < %d", t.timeSQL(), tocsin.Ticks(h.To)))
		}
		if h.Entity != "" {
			plain := strings.ToLower(h.Entity)
			args = append(args, plain, inJSON(plain))
			var in []string
			for _, c := range t.columns { // those of the database: what the declaration lacks is held, too
				n := len(args) - 1
				switch c.kind {
				case catalog.Dynamic:
					n++
				case catalog.String, catalog.Guid:
				default:
					continue
				}
				in = append(in, fmt.Sprintf("contains(lower(CAST(%s AS VARCHAR)), $%d)", schema.Quote(c.name), n))
			}
			// The engine refuses arguments that nothing asks for: a table may have no dynamic column.
			all = append(all, fmt.Sprintf("($%d != '' AND (%s))", len(args), strings.Join(in, " OR ")))
		}
		either = append(either, "("+strings.Join(all, " AND ")+")")
	}
	return "coalesce(" + strings.Join(either, " OR ") + ", false)", args
}

// inJSON is a text as it stands in a JSON text, without the quotes.
func inJSON(text string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(text) // a string can always be written
	return strings.TrimSuffix(strings.TrimPrefix(b.String(), `"`), "\"\n")
}

// A cut is a deletion that a bound of size asks for.
type cut struct {
	table  *storedTable
	before time.Time
	reason string
}

// oversize says what is to go so that tables and store keep to their bounds.
// Bytes per row are taken as even within a table.
func (s *Store) oversize(ctx context.Context) (cuts []cut, err error) {
	bound := s.opts.Retention
	bounded := bound.Bytes > 0
	for _, k := range bound.Tables {
		bounded = bounded || k.Bytes > 0
	}
	if !bounded {
		return nil, nil
	}
	if err := s.checkpoint(ctx); err != nil { // sizes are known only of what is in the file
		return nil, err
	}
	tables := slices.DeleteFunc(s.kept(), func(t *storedTable) bool { return t.isUndeclared }) // nobody said how long those are kept
	total := int64(0)
	var all []slice
	for _, t := range tables {
		size, err := s.tableBytes(ctx, t.name)
		if err != nil {
			return nil, err
		}
		total += size
		limit := bound.Tables[t.name].Bytes
		if bound.Bytes == 0 && (limit == 0 || size <= limit) {
			continue
		}
		parts, err := s.slicesOf(ctx, t, size)
		if err != nil {
			return nil, err
		}
		if limit > 0 && size > limit {
			before, freed := cutOff(parts, size-room(limit))
			cuts = append(cuts, cut{t, before, fmt.Sprintf("the table had %d bytes, its bound is %d", size, limit)})
			total -= freed
			parts = slices.DeleteFunc(parts, func(p slice) bool { return p.end.Compare(before) <= 0 })
		}
		all = append(all, parts...)
	}
	if bound.Bytes > 0 && total > bound.Bytes {
		slices.SortFunc(all, func(a, b slice) int { return a.end.Compare(b.end) })
		before, _ := cutOff(all, total-room(bound.Bytes))
		for _, t := range tables {
			cuts = append(cuts, cut{t, before, fmt.Sprintf("the store had %d bytes, its bound is %d", total, bound.Bytes)})
		}
	}
	return cuts, nil
}

// room is what a bound is kept to once it was passed: a tenth less, so that not
// every pass has a little to delete.
func room(bound int64) int64 { return bound - bound/10 }

// A slice is the rows of a table from a stretch of time.
type slice struct {
	end   time.Time // rows received before it
	bytes int64
}

// cutOff returns up to when rows have to go for this many bytes.
func cutOff(parts []slice, excess int64) (before time.Time, freed int64) {
	for _, p := range parts {
		if freed >= excess {
			break
		}
		before, freed = p.end, freed+p.bytes
	}
	return before, freed
}

// slicesPerTable is how finely a table is cut by time.
const slicesPerTable = 4096

// slicesOf cuts the rows of a table by time of receipt, oldest first.
func (s *Store) slicesOf(ctx context.Context, t *storedTable, size int64) ([]slice, error) {
	at := schema.Quote(schema.IngestionTimeColumn)
	table := schema.Quote(engine.Database) + "." + t.qualified()
	var out []slice
	err := s.inspect(ctx, func(c *duck.Chunk) {
		for i := range c.Len {
			out = append(out, slice{tocsin.FromTicks(c.Columns[0].Ints[i]), c.Columns[1].Ints[i]})
		}
	}, fmt.Sprintf(`WITH span AS (SELECT min(%[1]s) AS first, greatest((max(%[1]s) - min(%[1]s)) // %[3]d + 1, 1) AS width, count(*) AS n FROM %[2]s)
		SELECT any_value(first) + ((%[1]s - first) // width + 1) * any_value(width) AS upto, (count(*) * $1::DOUBLE / any_value(n))::BIGINT FROM %[2]s, span GROUP BY (%[1]s - first) // width, first ORDER BY 1`,
		at, table, slicesPerTable), float64(size))
	if err != nil {
		return nil, fmt.Errorf("measuring table %s: %w", t.name, err)
	}
	return out, nil
}

// recordDeletions keeps the lines of a pass.
func (s *Store) recordDeletions(ctx context.Context, done []Deletion) error {
	return s.do(context.WithoutCancel(ctx), func() error {
		e := s.engine.Load()
		if e == nil {
			return unavailable(nil)
		}
		for _, d := range done {
			if err := e.Writer.ExecArgs(ctx, `INSERT INTO tocsin.deletions VALUES (gen_random_uuid()::VARCHAR, $1, $2, $3, $4, $5, $6, $7, $8)`,
				tocsin.Ticks(d.At), d.Table, d.Rows, d.Held, ticksOrNull(d.Before), d.Reason, d.BytesBefore, cmp.Or(d.BytesAfter, s.fileSize())); err != nil {
				return fmt.Errorf("keeping the record of deletions: %w", err)
			}
		}
		return nil
	})
}

// Deletions returns the record of deletions, newest first, at most limit lines.
func (s *Store) Deletions(ctx context.Context, limit int) ([]Deletion, error) {
	rows, err := s.Select(ctx, `SELECT made, name, removed, held, cutoff, reason, bytes_before, bytes_after FROM `+engine.Database+`.tocsin.deletions ORDER BY made DESC, name LIMIT $1`, int64(limit))
	if err != nil {
		return nil, fmt.Errorf("reading the record of deletions: %w", err)
	}
	defer func() { _ = rows.Close() }() // read to its end or failed
	var out []Deletion
	for rows.NextChunk() {
		chunk := rows.Chunk()
		for i := range chunk.Len {
			num := func(column int) int64 { n, _ := chunk.Columns[column].Value(i).(int64); return n }
			d := Deletion{At: tocsin.FromTicks(num(0)), Table: chunk.Columns[1].Texts[i], Rows: num(2), Held: num(3), Reason: chunk.Columns[5].Texts[i], BytesBefore: num(6), BytesAfter: num(7)}
			if before := num(4); before != 0 {
				d.Before = tocsin.FromTicks(before)
			}
			out = append(out, d)
		}
	}
	return out, rows.Err()
}
