package retention

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
)

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
func (k *Keeper) Retain(ctx context.Context) (done []Deletion, err error) {
	defer func() {
		if len(done) > 0 {
			err = errors.Join(err, k.recordDeletions(ctx, done))
		}
	}()
	now := k.opts.Now()
	remove := func(t Table, cutoff time.Time, reason string) error {
		d, err := k.removeBefore(ctx, t, cutoff, reason)
		if err == nil && (d.Rows > 0 || d.Held > 0) {
			done = append(done, d)
		}
		return err
	}
	for _, t := range k.store.Tables() {
		age := k.ageOf(t)
		if age == 0 {
			continue
		}
		if err := remove(t, now.Add(-age), fmt.Sprintf("older than %s", days(age))); err != nil {
			return done, err
		}
	}
	if k.opts.Path == "" {
		return done, nil
	}
	cuts, err := k.oversize(ctx)
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
	moved, err := k.giveBack(ctx)
	if moved != nil {
		done = append(done, *moved)
	}
	after := k.fileSize()
	for i := range done {
		done[i].BytesAfter = after
	}
	return done, err
}

// days writes a length of time as an operator set it.
func days(d time.Duration) string { return fmt.Sprintf("%g days", d.Hours()/24) }

// removeBefore deletes the rows received before cutoff that no hold keeps. Rows
// lie in the order of arrival, so whole row groups go and their space is free
// at once. Going by the time of receipt keeps old evidence that was imported
// yesterday.
func (k *Keeper) removeBefore(ctx context.Context, t Table, cutoff time.Time, reason string) (d Deletion, err error) {
	d = Deletion{At: k.opts.Now(), Table: t.Name, Before: cutoff, Reason: reason, BytesBefore: k.fileSize()}
	err = k.store.Write(ctx, func(c *duck.Conn) error {
		t, ok := k.store.Table(t.Name) // it may have more columns by now
		if !ok {
			return nil
		}
		holds, err := standingHolds(ctx, c, t)
		if err != nil {
			return err
		}
		due := fmt.Sprintf(`%s < %d`, schema.Quote(schema.IngestionTimeColumn), tocsin.Ticks(cutoff))
		held, args := t.heldSQL(holds)
		if len(holds) > 0 {
			if d.Held, err = c.QueryInt(ctx, `SELECT count(*) FROM `+t.Qualified+` WHERE `+due+` AND `+held, args...); err != nil {
				return fmt.Errorf("looking for held rows of %s: %w", t.Name, err)
			}
		}
		if d.Rows, err = c.QueryInt(ctx, `DELETE FROM `+t.Qualified+` WHERE `+due+` AND NOT `+held, args...); err != nil {
			return fmt.Errorf("deleting old rows of %s: %w", t.Name, err)
		}
		return nil
	})
	return d, err
}

// recordDeletions keeps the lines of a pass.
func (k *Keeper) recordDeletions(ctx context.Context, done []Deletion) error {
	return k.store.Write(context.WithoutCancel(ctx), func(c *duck.Conn) error {
		for _, d := range done {
			if err := c.ExecArgs(ctx, `INSERT INTO tocsin.deletions VALUES (gen_random_uuid()::VARCHAR, $1, $2, $3, $4, $5, $6, $7, $8)`,
				tocsin.Ticks(d.At), d.Table, d.Rows, d.Held, ticksOrNull(d.Before), d.Reason, d.BytesBefore, cmp.Or(d.BytesAfter, k.fileSize())); err != nil {
				return fmt.Errorf("keeping the record of deletions: %w", err)
			}
		}
		return nil
	})
}

// Deletions returns the record of deletions, newest first, at most limit lines.
func (k *Keeper) Deletions(ctx context.Context, limit int) ([]Deletion, error) {
	var out []Deletion
	err := k.store.Read(ctx, func(chunk *duck.Chunk) {
		for i := range chunk.Len {
			num := func(column int) int64 { n, _ := chunk.Columns[column].Value(i).(int64); return n }
			d := Deletion{At: tocsin.FromTicks(num(0)), Table: chunk.Columns[1].Texts[i], Rows: num(2), Held: num(3), Reason: chunk.Columns[5].Texts[i], BytesBefore: num(6), BytesAfter: num(7)}
			if before := num(4); before != 0 {
				d.Before = tocsin.FromTicks(before)
			}
			out = append(out, d)
		}
	}, `SELECT made, name, removed, held, cutoff, reason, bytes_before, bytes_after FROM `+k.opts.Database+`.tocsin.deletions ORDER BY made DESC, name LIMIT $1`, int64(limit))
	if err != nil {
		return nil, fmt.Errorf("reading the record of deletions: %w", err)
	}
	return out, nil
}
