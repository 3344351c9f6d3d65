package telemetry

import (
	"context"
	"fmt"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/telemetry/engine"
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
func (s *Store) Stock(ctx context.Context) ([]TableStock, DiskStock, error) {
	disk := DiskStock{File: s.fileSize(), MaxBytes: s.opts.Retention.Bytes, Free: -1, MinFree: s.opts.MinFree}
	var out []TableStock
	for _, t := range s.kept() {
		one := TableStock{Table: t.name, Age: s.ageOf(t), MaxBytes: s.opts.Retention.Tables[t.name].Bytes, IsUndeclared: t.isUndeclared}
		if t.isUndeclared {
			one.Age = 0
		}
		row, err := s.numbers(ctx, fmt.Sprintf(`SELECT count(*), coalesce(min(%[1]s), 0), coalesce(max(%[1]s), 0), coalesce(min(%[2]s), 0) FROM %[3]s`,
			t.timeSQL(), schema.Quote(schema.IngestionTimeColumn), schema.Quote(engine.Database)+"."+t.qualified()), 4)
		if err != nil {
			return nil, disk, fmt.Errorf("counting table %s: %w", t.name, err)
		}
		one.Rows = row[0]
		for i, at := range []*time.Time{&one.Oldest, &one.Newest, &one.Received} {
			if row[i+1] != 0 {
				*at = tocsin.FromTicks(row[i+1])
			}
		}
		if s.opts.Dir != "" {
			if one.Bytes, err = s.tableBytes(ctx, t.name); err != nil {
				return nil, disk, err
			}
		}
		out = append(out, one)
	}
	if s.opts.Dir == "" {
		return out, disk, nil
	}
	b, err := s.blocks(ctx)
	if err != nil {
		return nil, disk, err
	}
	disk.Spare = b.free * b.size
	if free, err := s.opts.Free(s.opts.Dir); err == nil {
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
func (s *Store) Held(ctx context.Context, h Hold) (out []HeldRows, err error) {
	if err := s.checkHold(&h); err != nil {
		return nil, err
	}
	for _, t := range s.kept() {
		if h.Table != "" && h.Table != t.name && (t.name != twinSource || h.Table != twinTable) {
			continue
		}
		var held string
		var args []any
		if err := s.do(ctx, func() error { held, args = t.heldSQL([]Hold{h}); return nil }); err != nil { // columns are added by the writer
			return nil, err
		}
		row, err := s.numbers(ctx, `SELECT count(*) FROM `+schema.Quote(engine.Database)+"."+t.qualified()+` WHERE `+held, 1, args...)
		if err != nil {
			return nil, fmt.Errorf("counting what is held of %s: %w", t.name, err)
		}
		if row[0] > 0 {
			out = append(out, HeldRows{t.name, row[0]})
		}
	}
	return out, nil
}

// numbers runs a statement that answers with one row of n numbers.
func (s *Store) numbers(ctx context.Context, sql string, n int, args ...any) ([]int64, error) {
	rows, err := s.Select(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // read to its end or failed
	out := make([]int64, n)
	for rows.NextChunk() {
		for i := range out {
			out[i], _ = rows.Chunk().Columns[i].Value(0).(int64)
		}
	}
	return out, rows.Err()
}
