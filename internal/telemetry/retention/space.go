package retention

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
)

// DuckDB reuses the blocks of deleted rows, lowest first, but only ever cuts
// free blocks off the end of its file. So the row groups that lie there are
// moved down: copied to the end of their table (into free blocks at the front of
// the file) and deleted where they were, in one transaction per slice, with
// commits in between. Rows stay in the order of arrival within a slice, which is
// what zone maps need; nothing relies on the order of slices.
const (
	worthMoving = 5       // one part in so many of the file must be free
	leastMoving = 1 << 20 // and at least so many bytes
	sliceGroups = 32      // row groups that are moved at once: how long a commit may have to wait
	mostPasses  = 8       // each sees where the blocks lie after the one before
)

// blocks is what the file consists of.
type blocks struct{ size, total, used, free int64 }

func (k *Keeper) blocks(ctx context.Context) (b blocks, err error) {
	err = k.store.Inspect(ctx, func(chunk *duck.Chunk) {
		c := chunk.Columns
		b = blocks{c[0].Ints[0], c[1].Ints[0], c[2].Ints[0], c[3].Ints[0]}
	}, `SELECT block_size, total_blocks, used_blocks, free_blocks FROM pragma_database_size() WHERE database_name = '`+k.opts.Database+`'`)
	if err != nil {
		err = fmt.Errorf("measuring the file: %w", err)
	}
	return b, err
}

// giveBack makes the file smaller when much of it is free. It returns what it
// did, nil for nothing.
func (k *Keeper) giveBack(ctx context.Context) (*Deletion, error) {
	before, began := k.fileSize(), k.opts.Now()
	if err := k.checkpoint(ctx); err != nil {
		return nil, err
	}
	moved, longest := int64(0), time.Duration(0)
	for range mostPasses {
		b, err := k.blocks(ctx)
		if err != nil {
			return nil, err
		}
		if b.free*worthMoving < b.total || b.free*b.size < leastMoving {
			break
		}
		list, err := k.highRows(ctx, b)
		if err != nil {
			return nil, err
		}
		for _, part := range list {
			n, took, err := k.moveDown(ctx, part)
			if err != nil {
				return nil, err
			}
			moved, longest = moved+n, max(longest, took)
		}
		if err := k.moveBookkeeping(ctx); err != nil {
			return nil, err
		}
		// The first frees what was moved, the second cuts it off.
		for range 2 {
			if err := k.checkpoint(ctx); err != nil {
				return nil, err
			}
		}
		if len(list) == 0 {
			break
		}
	}
	if k.fileSize() >= before {
		return nil, nil
	}
	return &Deletion{
		At: began, BytesBefore: before, BytesAfter: k.fileSize(),
		Reason: fmt.Sprintf("gave space back: %d rows moved to the front of the file; the longest wait for the writer was %s", moved, longest.Round(time.Millisecond)),
	}, nil
}

// A rowGroupAt is a row group of a table and where it lies.
type rowGroupAt struct {
	table       string
	id          int64
	first, rows int64 // rowids
	highest     int64 // block
	blocks      int64
}

// A stretch is some neighbouring row groups of a table, by rowid.
type stretch struct {
	table       string
	first, rows int64
}

// highRows returns what is to be moved in a pass: the row groups that reach
// furthest to the end of the file, but no more than fits into three quarters of
// the free blocks, so that the copies find room at the front.
func (k *Keeper) highRows(ctx context.Context, b blocks) ([]stretch, error) {
	var high []rowGroupAt
	for _, t := range k.store.Tables() {
		first := int64(0)
		err := k.store.Inspect(ctx, func(c *duck.Chunk) {
			for i := range c.Len {
				num := func(column int) int64 { return c.Columns[column].Ints[i] }
				g := rowGroupAt{t.Name, num(0), first, num(1), num(2), num(3)}
				first += g.rows
				if g.highest >= b.used && g.rows > 0 {
					high = append(high, g)
				}
			}
		}, `SELECT row_group_id, (sum(count) FILTER (column_id = 0 AND segment_type != 'VALIDITY'))::BIGINT, greatest(max(block_id), max(list_max(additional_block_ids))), count(DISTINCT block_id)
			FROM pragma_storage_info($1) GROUP BY row_group_id ORDER BY row_group_id`, t.Qualified)
		if err != nil {
			return nil, fmt.Errorf("looking for the row groups at the end of the file: %w", err)
		}
	}
	slices.SortFunc(high, func(a, b rowGroupAt) int { return cmp.Compare(b.highest, a.highest) })
	budget := b.free * 3 / 4
	for i := range high {
		if budget -= high[i].blocks; budget < 0 {
			high = high[:i]
			break
		}
	}
	slices.SortFunc(high, func(a, b rowGroupAt) int { return cmp.Or(cmp.Compare(a.table, b.table), cmp.Compare(a.id, b.id)) })
	var out []stretch
	members := 0
	for i, g := range high {
		if i == 0 || g.table != high[i-1].table || g.id != high[i-1].id+1 || members == sliceGroups {
			out, members = append(out, stretch{table: g.table, first: g.first}), 0
		}
		out[len(out)-1].rows += g.rows
		members++
	}
	return out, nil
}

// moveDown moves a stretch. Should a checkpoint have renumbered the rows
// meanwhile, others are moved, which does no harm.
func (k *Keeper) moveDown(ctx context.Context, part stretch) (moved int64, took time.Duration, err error) {
	err = k.store.Write(ctx, func(c *duck.Conn) error {
		t, ok := k.store.Table(part.table)
		if !ok {
			return nil
		}
		began := k.opts.Now()
		moved, err = rewriteRows(ctx, c, t.Qualified, fmt.Sprintf("rowid >= %d AND rowid < %d", part.first, part.first+part.rows))
		took = k.opts.Now().Sub(began)
		return err
	})
	return moved, took, err
}

// moveBookkeeping writes the store's own tables anew: a single block of them at
// the end keeps the file from being cut.
func (k *Keeper) moveBookkeeping(ctx context.Context) error {
	return k.store.Write(ctx, func(c *duck.Conn) error {
		for _, name := range k.opts.Own {
			if _, err := rewriteRows(ctx, c, "tocsin."+name, "true"); err != nil {
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
	last, err := c.QueryInt(ctx, `SELECT max(rowid) FROM `+table)
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
	if moved, err = c.QueryInt(ctx, `INSERT INTO `+table+` SELECT * FROM `+table+condition); err != nil {
		return 0, fmt.Errorf("moving rows of %s: %w", table, err)
	}
	gone, err := c.QueryInt(ctx, `DELETE FROM `+table+condition)
	if err != nil {
		return 0, fmt.Errorf("moving rows of %s: %w", table, err)
	}
	if gone != moved {
		return 0, fmt.Errorf("moving rows of %s: %d were copied, %d found again", table, moved, gone)
	}
	return moved, c.Exec("COMMIT")
}
