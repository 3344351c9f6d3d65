package telemetry

import (
	"context"
	"fmt"
	"time"

	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
)

// DuckDB reuses the blocks of deleted rows, lowest first, but only ever cuts
// free blocks off the end of its file, where the newest rows lie. So the newest
// rows are moved down: copied to the end of their table (into free blocks at
// the front of the file) and deleted where they were, in one transaction. A
// table's newest rows stay its newest, so the order of arrival does not change.
const (
	worthMoving = 5       // one part in so many of the file must be free
	leastMoving = 1 << 20 // and at least so many bytes
)

// blocks is what the file consists of.
type blocks struct{ size, total, used, free int64 }

func (s *Store) blocks(ctx context.Context) (b blocks, err error) {
	rows, err := s.Select(ctx, `SELECT block_size, total_blocks, used_blocks, free_blocks FROM pragma_database_size() WHERE database_name = '`+eventDatabase+`'`)
	if err != nil {
		return b, fmt.Errorf("measuring the file: %w", err)
	}
	defer func() { _ = rows.Close() }() // read to its end or failed
	if rows.NextChunk() {
		c := rows.Chunk().Columns
		b = blocks{c[0].Ints[0], c[1].Ints[0], c[2].Ints[0], c[3].Ints[0]}
	}
	return b, rows.Err()
}

// tableBytes is the space that a table takes in the file, in whole blocks.
func (s *Store) tableBytes(ctx context.Context, table string) (int64, error) {
	b, err := s.blocks(ctx)
	if err != nil {
		return 0, err
	}
	rows, err := s.Select(ctx, `WITH info AS (SELECT block_id, additional_block_ids FROM pragma_storage_info($1) WHERE persistent)
		SELECT count(DISTINCT id) FROM (SELECT block_id AS id FROM info UNION ALL SELECT unnest(additional_block_ids) FROM info) WHERE id >= 0`, eventDatabase+"."+eventSchema+"."+schema.Quote(table))
	if err != nil {
		return 0, fmt.Errorf("measuring table %s: %w", table, err)
	}
	defer func() { _ = rows.Close() }() // read to its end or failed
	if !rows.NextChunk() {
		return 0, rows.Err()
	}
	return rows.Chunk().Columns[0].Ints[0] * b.size, nil
}

// giveBack makes the file smaller when much of it is free. It returns what it
// did, nil for nothing.
func (s *Store) giveBack(ctx context.Context) (*Deletion, error) {
	before, began := s.fileSize(), s.opts.Now()
	if err := s.checkpoint(ctx); err != nil {
		return nil, err
	}
	moved, longest := int64(0), time.Duration(0)
	for range 4 { // each pass sees where the blocks lie after the one before
		b, err := s.blocks(ctx)
		if err != nil {
			return nil, err
		}
		if b.free*worthMoving < b.total || b.free*b.size < leastMoving {
			break
		}
		n := int64(0)
		for _, t := range s.kept() {
			rows, took, err := s.moveDown(ctx, t.name, b.used)
			if err != nil {
				return nil, err
			}
			n += rows
			longest = max(longest, took)
		}
		if err := s.moveBookkeeping(ctx); err != nil {
			return nil, err
		}
		// The first frees what was moved, the second cuts it off.
		for range 2 {
			if err := s.checkpoint(ctx); err != nil {
				return nil, err
			}
		}
		moved += n
		if n == 0 {
			break
		}
	}
	if moved == 0 {
		return nil, nil
	}
	return &Deletion{
		At: began, BytesBefore: before, BytesAfter: s.fileSize(),
		Reason: fmt.Sprintf("gave space back: %d newest rows moved to the front of the file; the longest wait for the writer was %s", moved, longest.Round(time.Millisecond)),
	}, nil
}

// moveDown moves the newest rows of a table, from the first row group on that
// has a block beyond the given one.
func (s *Store) moveDown(ctx context.Context, table string, beyond int64) (moved int64, took time.Duration, err error) {
	err = s.do(ctx, func() (err error) {
		e, t := s.engine.Load(), s.tables[table]
		if e == nil || !t.exists {
			return nil
		}
		began := s.opts.Now()
		suffix, err := firstInt(ctx, e.writer, `WITH info AS (FROM pragma_storage_info($1)),
			high AS (SELECT min(row_group_id) AS first FROM info WHERE block_id >= $2 OR len(list_filter(additional_block_ids, lambda x: x >= $2)) > 0)
			SELECT coalesce(sum(count), 0)::BIGINT FROM info, high WHERE column_id = 0 AND segment_type != 'VALIDITY' AND row_group_id >= first`,
			eventDatabase+"."+t.qualified(), beyond)
		if err != nil || suffix == 0 {
			return err
		}
		moved, err = t.moveNewest(ctx, e.writer, suffix)
		took = s.opts.Now().Sub(began)
		return err
	})
	return moved, took, err
}

// moveNewest writes at least the newest n rows of the table anew. Commits are
// moved whole.
func (t *storedTable) moveNewest(ctx context.Context, c *duck.Conn, n int64) (moved int64, err error) {
	at := schema.Quote(schema.IngestionTimeColumn)
	from, err := firstInt(ctx, c, `SELECT min(`+at+`) FROM (SELECT `+at+` FROM `+t.qualified()+` ORDER BY rowid DESC LIMIT $1)`, n)
	if err != nil {
		return 0, err
	}
	return rewriteRows(ctx, c, t.qualified(), fmt.Sprintf("%s >= %d", at, from))
}

// bookkeepingTables are the store's own; all are small.
var bookkeepingTables = []string{"identity", "sources", "findings", "intake", "holds", "deletions"}

// moveBookkeeping writes the store's own tables anew: a single block of them at
// the end keeps the file from being cut.
func (s *Store) moveBookkeeping(ctx context.Context) error {
	return s.do(ctx, func() error {
		e := s.engine.Load()
		if e == nil {
			return unavailable(nil)
		}
		for _, name := range bookkeepingTables {
			if _, err := rewriteRows(ctx, e.writer, "tocsin."+name, "true"); err != nil {
				return err
			}
		}
		return nil
	})
}

// rewriteRows copies the rows that meet a condition, in their order
// (preserve_insertion_order), to the end of their table
// and deletes them where they were, in one transaction.
func rewriteRows(ctx context.Context, c *duck.Conn, table, condition string) (moved int64, err error) {
	last, err := firstInt(ctx, c, `SELECT max(rowid) FROM `+table)
	if err != nil {
		return 0, err
	}
	if err := c.Exec("BEGIN"); err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			_ = c.Exec("ROLLBACK") // the error that led here is the one to report
		}
	}()
	condition = fmt.Sprintf(" WHERE %s AND rowid <= %d", condition, last)
	if moved, err = firstInt(ctx, c, `INSERT INTO `+table+` SELECT * FROM `+table+condition); err != nil {
		return 0, fmt.Errorf("moving rows of %s: %w", table, err)
	}
	gone, err := firstInt(ctx, c, `DELETE FROM `+table+condition)
	if err != nil {
		return 0, fmt.Errorf("moving rows of %s: %w", table, err)
	}
	if gone != moved {
		return 0, fmt.Errorf("moving rows of %s: %d were copied, %d found again", table, moved, gone)
	}
	return moved, c.Exec("COMMIT")
}
