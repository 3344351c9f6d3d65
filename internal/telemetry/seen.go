package telemetry

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
	"github.com/tocsin-soc/tocsin/internal/telemetry/engine"
	"github.com/tocsin-soc/tocsin/internal/telemetry/seen"
)

// loadSeen reads the ids of everything stored: from the file that save wrote,
// if it belongs to this database, and from the rows that came after it.
func loadSeen(ctx context.Context, c *duck.Conn, s *Store, tables map[string]*storedTable, newest int64) (*seen.Set, error) {
	rows, err := countRows(ctx, c, tables)
	if err != nil {
		return nil, err
	}
	set, since := &seen.Set{}, int64(-1)
	if s.opts.Dir != "" {
		identity, err := databaseIdentity(ctx, c)
		if err != nil {
			return nil, err
		}
		saved, watermark, err := seen.Read(s.seenPath(), identity)
		switch {
		case err != nil:
			s.opts.Log.Info("the index of stored events is built anew", "reason", err, "events", rows)
		case watermark > newest || saved.Len() > 2*rows+1<<20:
			// The database is older than the file (a backup was restored), or most of
			// what the file knows was deleted.
			s.opts.Log.Info("the index of stored events is built anew", "reason", "it does not fit the database", "events", rows)
		default:
			set, since = saved, watermark
		}
	}
	if since < 0 && rows > s.opts.SeenEvents {
		set.Floor, since = newest, newest
	}
	for _, t := range tables {
		if t.exists {
			if err := addTable(ctx, c, set, t, since); err != nil {
				return nil, err
			}
		}
	}
	return set, rememberTimes(ctx, c, tables, set.Floor)
}

// addTable adds the ids of the rows that came after since.
func addTable(ctx context.Context, c *duck.Conn, set *seen.Set, t *storedTable, since int64) error {
	rows, err := c.Query(ctx, fmt.Sprintf(`SELECT %s FROM %s WHERE %s > $1`, schema.Quote(schema.EventIDColumn), t.qualified(), schema.Quote(schema.IngestionTimeColumn)), since)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.NextChunk() {
		for _, id := range rows.Chunk().Columns[0].Texts {
			set.Insert(tocsin.EventID(id))
		}
	}
	return rows.Err()
}

// countRows returns the number of events stored.
func countRows(ctx context.Context, c *duck.Conn, tables map[string]*storedTable) (int, error) {
	total := 0
	for _, t := range tables {
		if !t.exists {
			continue
		}
		n, err := c.QueryInt(ctx, `SELECT count(*) FROM `+t.qualified())
		if err != nil {
			return 0, err
		}
		total += int(n)
	}
	return total, nil
}

// rememberTimes notes, per table, the latest event time of the rows whose ids
// the set does not hold.
func rememberTimes(ctx context.Context, c *duck.Conn, tables map[string]*storedTable, floor int64) error {
	for _, t := range tables {
		t.oldLatest = 0
		if floor == 0 || !t.exists {
			continue
		}
		latest, err := c.QueryInt(ctx, fmt.Sprintf(`SELECT max(%s) FROM %s WHERE %s <= $1`, t.timeSQL(), t.qualified(), schema.Quote(schema.IngestionTimeColumn)), floor)
		if err != nil {
			return err
		}
		t.oldLatest = latest
	}
	return nil
}

// rememberedByTime reports whether an event of this time may be one of the rows
// that the set does not hold: none of them is later. An event has the same time however
// often it is sent, unless its record brings none; such a record is recognised
// only as long as the set holds it.
func (t *storedTable) rememberedByTime(at int64) bool {
	return t.oldLatest > 0 && at <= t.oldLatest
}

// databaseIdentity returns the id that the database was given when it was made.
func databaseIdentity(ctx context.Context, c *duck.Conn) (string, error) {
	rows, err := c.Query(ctx, `SELECT id FROM tocsin.identity`)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	if !rows.NextChunk() {
		return "", errors.Join(rows.Err(), errors.New("the database has no identity"))
	}
	return rows.Chunk().Columns[0].Texts[0], nil
}

func (s *Store) seenPath() string { return filepath.Join(s.opts.Dir, "seen.cache") }

// tendSeen empties the set when it is full and saves it when it has grown much.
func (s *Store) tendSeen(e *engine.Engine) {
	if s.seen.Len() > s.opts.SeenEvents {
		floor := tocsin.Ticks(s.ledger.Load().Watermark())
		if err := rememberTimes(context.Background(), e.Writer, s.tables, floor); err != nil {
			s.opts.Log.Error("the index of stored events stays larger than it should be", "error", err)
			_ = s.guard(err)
			return
		}
		s.seen, s.seenSaved = &seen.Set{Floor: floor}, 0
		s.saveSeen(e)
		return
	}
	if s.seen.Len()-s.seenSaved > max(1<<20, s.seenSaved/2) {
		s.saveSeen(e)
	}
}

// saveSeen writes the set next to the database. A failure costs time at the
// next start and nothing else.
func (s *Store) saveSeen(e *engine.Engine) {
	if s.opts.Dir == "" {
		return
	}
	identity, err := databaseIdentity(context.Background(), e.Writer)
	if err == nil {
		err = s.seen.Write(s.seenPath(), identity, tocsin.Ticks(s.ledger.Load().Watermark()))
	}
	if err != nil {
		s.opts.Log.Warn("the index of stored events could not be saved; it is built anew at the next start", "error", err)
		return
	}
	s.seenSaved = s.seen.Len()
}
