package telemetry

import (
	"context"
	"fmt"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
)

// seenSet remembers which events may have been stored. It has no false
// negatives: an id it has not seen is surely new. An id it has seen (or one
// that shares its 47 bits: about one in three million lookups with 50 million
// events) is looked up in its table, which alone decides. So the set may hold
// too much (events rolled back or deleted), never too little, and needs no log
// of its own: see loadSeen.
//
// It costs 4 bytes per event at a load of at most 3/4: 65,536 small open
// addressing tables, each grown by itself, so that growing never doubles the
// whole. When it holds more than Options.SeenEvents it is emptied: rows up to
// its floor are then told from new ones by their time, see rememberedByTime.
type seenSet struct {
	shards [1 << shardBits]shard
	n      int
	floor  int64 // ids of rows with an _IngestionTime up to it (ticks) are not in the set
	saved  int   // n when it was last written to disk
}

const shardBits = 16

type shard struct {
	cells []uint32 // 0 is empty
	n     int
}

// insert adds an id and reports whether it was surely not there.
func (s *seenSet) insert(id tocsin.EventID) (added bool) {
	h := fingerprint(id)
	if s.shards[h>>48].insert(uint32(h>>16) | 1) {
		s.n++
		return true
	}
	return false
}

func (s *shard) insert(cell uint32) bool {
	if 4*s.n >= 3*len(s.cells) {
		s.grow()
	}
	i := s.find(cell)
	if s.cells[i] != 0 {
		return false
	}
	s.cells[i] = cell
	s.n++
	return true
}

// find returns the position of cell, or the free one where it belongs.
func (s *shard) find(cell uint32) int {
	mask := len(s.cells) - 1
	i := int(cell>>1) & mask
	for s.cells[i] != 0 && s.cells[i] != cell {
		i = (i + 1) & mask
	}
	return i
}

func (s *shard) grow() {
	old := s.cells
	s.cells = make([]uint32, max(8, 2*len(old)))
	for _, cell := range old {
		if cell != 0 {
			s.cells[s.find(cell)] = cell
		}
	}
}

// fingerprint spreads an id over 64 bits: the first 16 hexadecimal digits of
// the ids tocsin.IdentifyEvent makes, FNV-1a of any other.
func fingerprint(id tocsin.EventID) uint64 {
	if len(id) >= 16 {
		var h uint64
		for i := 0; i < 16; i++ {
			d := hexDigit(id[i])
			if d > 15 {
				return fnv(id)
			}
			h = h<<4 | uint64(d)
		}
		return h
	}
	return fnv(id)
}

func hexDigit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	}
	return 255
}

func fnv(id tocsin.EventID) uint64 {
	h := uint64(14695981039346656037)
	for i := 0; i < len(id); i++ {
		h = (h ^ uint64(id[i])) * 1099511628211
	}
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	return h ^ h>>33
}

// loadSeen reads the ids of everything stored: from the file that save wrote,
// if it belongs to this database, and from the rows that came after it.
func loadSeen(ctx context.Context, c *duck.Conn, s *Store, tables map[string]*storedTable, newest int64) (*seenSet, error) {
	rows, err := countRows(ctx, c, tables)
	if err != nil {
		return nil, err
	}
	seen, since := &seenSet{}, int64(-1)
	if s.opts.Dir != "" {
		identity, err := databaseIdentity(ctx, c)
		if err != nil {
			return nil, err
		}
		saved, watermark, err := readSeen(s.seenPath(), identity)
		switch {
		case err != nil:
			s.opts.Log.Info("the index of stored events is built anew", "reason", err, "events", rows)
		case watermark > newest || saved.n > 2*rows+1<<20:
			// The database is older than the file (a backup was restored), or most of
			// what the file knows was deleted.
			s.opts.Log.Info("the index of stored events is built anew", "reason", "it does not fit the database", "events", rows)
		default:
			seen, since = saved, watermark
		}
	}
	if since < 0 && rows > s.opts.SeenEvents {
		seen.floor, since = newest, newest
	}
	for _, t := range tables {
		if t.exists {
			if err := seen.addTable(ctx, c, t, since); err != nil {
				return nil, err
			}
		}
	}
	seen.saved = seen.n
	return seen, rememberTimes(ctx, c, tables, seen.floor)
}

// addTable adds the ids of the rows that came after since.
func (s *seenSet) addTable(ctx context.Context, c *duck.Conn, t *storedTable, since int64) error {
	rows, err := c.Query(ctx, fmt.Sprintf(`SELECT %s FROM %s WHERE %s > $1`, schema.Quote(schema.EventIDColumn), t.qualified(), schema.Quote(schema.IngestionTimeColumn)), since)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.NextChunk() {
		for _, id := range rows.Chunk().Columns[0].Texts {
			s.insert(tocsin.EventID(id))
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
