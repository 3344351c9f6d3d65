package retention

import (
	"context"
	"fmt"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
)

// A TableStock is what is there of one table, and how long it stays.
type TableStock struct {
	Table          string
	Rows           int64
	Bytes          int64         // whole blocks of the file; what is only in the log is not among them
	Oldest, Newest time.Time     // event time; zero without rows
	Received       time.Time     // of the row received first, which goes first
	Age            time.Duration // rows are kept this long after their receipt; 0 is for ever
	MaxBytes       int64         // bound of Bytes; 0 for none
	IsUndeclared   bool          // no file declares the table any more: it is kept, by size too
}

// A DiskStock is the store's file and the disk it lies on.
type DiskStock struct {
	File     int64 // bytes of the file and its log
	Spare    int64 // bytes of the file that are free for new rows
	MaxBytes int64 // bound of what all tables take; 0 for none
	Free     int64 // bytes free on the disk; -1 when the system does not say
	MinFree  int64 // with less free nothing is taken in
}

// Stock measures every table that has rows, by name, and the disk. It reads two
// columns of each table and looks through the file's directory, so callers
// remember the answer for a while.
func (k *Keeper) Stock(ctx context.Context) ([]TableStock, DiskStock, error) {
	disk := DiskStock{File: k.fileSize(), MaxBytes: k.opts.Keep.Bytes, Free: -1, MinFree: k.opts.MinFree}
	var out []TableStock
	for _, t := range k.store.Tables() {
		one := TableStock{Table: t.Name, Age: k.ageOf(t), MaxBytes: k.opts.Keep.Tables[t.Name].Bytes, IsUndeclared: t.IsUndeclared}
		if t.IsUndeclared {
			one.Age = 0
		}
		row, err := k.numbers(ctx, fmt.Sprintf(`SELECT count(*), coalesce(min(%[1]s), 0), coalesce(max(%[1]s), 0), coalesce(min(%[2]s), 0) FROM %[3]s`,
			t.Time, schema.Quote(schema.IngestionTimeColumn), t.Qualified), 4)
		if err != nil {
			return nil, disk, fmt.Errorf("counting table %s: %w", t.Name, err)
		}
		one.Rows = row[0]
		for i, at := range []*time.Time{&one.Oldest, &one.Newest, &one.Received} {
			if row[i+1] != 0 {
				*at = tocsin.FromTicks(row[i+1])
			}
		}
		if k.opts.Path != "" {
			if one.Bytes, err = k.tableBytes(ctx, t); err != nil {
				return nil, disk, err
			}
		}
		out = append(out, one)
	}
	if k.opts.Path == "" {
		return out, disk, nil
	}
	b, err := k.blocks(ctx)
	if err != nil {
		return nil, disk, err
	}
	disk.Spare = b.free * b.size
	if free, err := k.opts.Free(); err == nil {
		disk.Free = free
	}
	return out, disk, nil
}

// A HeldRows counts the rows of a table that a hold keeps.
type HeldRows struct {
	Table string
	Rows  int64
}

// Held counts what a hold keeps, or would keep, by table; tables of which it
// keeps nothing are left out. Looking for a text reads every column of text.
func (k *Keeper) Held(ctx context.Context, h Hold) (out []HeldRows, err error) {
	if err := k.checkHold(&h); err != nil {
		return nil, err
	}
	for _, t := range k.store.Tables() {
		if h.Table != "" && h.Table != t.Name && h.Table != t.Also {
			continue
		}
		held, args := t.heldSQL([]Hold{h})
		row, err := k.numbers(ctx, `SELECT count(*) FROM `+t.Qualified+` WHERE `+held, 1, args...)
		if err != nil {
			return nil, fmt.Errorf("counting what is held of %s: %w", t.Name, err)
		}
		if row[0] > 0 {
			out = append(out, HeldRows{t.Name, row[0]})
		}
	}
	return out, nil
}

// numbers runs a statement that answers with one row of n numbers.
func (k *Keeper) numbers(ctx context.Context, sql string, n int, args ...any) ([]int64, error) {
	out := make([]int64, n)
	err := k.store.Read(ctx, func(chunk *duck.Chunk) {
		for i := range out {
			out[i], _ = chunk.Columns[i].Value(0).(int64)
		}
	}, sql, args...)
	return out, err
}
