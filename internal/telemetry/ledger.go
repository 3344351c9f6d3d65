package telemetry

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
)

// healthTable is the KQL table over the ledger: a view, never appended to.
const healthTable = "IngestHealth"

// bookkeepingDDL creates what the store keeps beside the events. Times are
// ticks; a time that never was is NULL.
const bookkeepingDDL = `
CREATE SCHEMA IF NOT EXISTS tocsin;
CREATE SCHEMA IF NOT EXISTS ` + eventSchema + `;
CREATE TABLE IF NOT EXISTS tocsin.identity (id VARCHAR NOT NULL);
INSERT INTO tocsin.identity SELECT gen_random_uuid()::VARCHAR WHERE NOT EXISTS (SELECT 1 FROM tocsin.identity);
CREATE TABLE IF NOT EXISTS tocsin.sources (
	source VARCHAR NOT NULL, received BIGINT NOT NULL, stored BIGINT NOT NULL, duplicates BIGINT NOT NULL, dead_lettered BIGINT NOT NULL,
	filtered BIGINT NOT NULL, events BIGINT NOT NULL, batches BIGINT NOT NULL, first_received BIGINT, last_received BIGINT, last_stored BIGINT);
CREATE TABLE IF NOT EXISTS tocsin.findings (position BIGINT NOT NULL, id VARCHAR NOT NULL, body VARCHAR NOT NULL);
`

// A Balance is what became of the records of one source.
// Received = Stored + Duplicates + DeadLettered + Filtered, always.
type Balance struct {
	Source tocsin.SourceID

	Received     int64 // records taken in
	Stored       int64 // records that became at least one new event
	Duplicates   int64 // records that had been stored, or dead-lettered, before
	DeadLettered int64 // records that could not become events
	Filtered     int64 // records left out by a filter rule
	Events       int64 // rows stored
	Batches      int64

	FirstReceived time.Time
	LastReceived  time.Time
	LastStored    time.Time // zero when nothing was ever stored
}

// Unaccounted is Received less everything that became of records: always 0.
func (b Balance) Unaccounted() int64 {
	return b.Received - b.Stored - b.Duplicates - b.DeadLettered - b.Filtered
}

// Sources returns the balance of every source as committed, by source.
func (s *Store) Sources(ctx context.Context) ([]Balance, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l := s.ledger.Load()
	if l == nil {
		return nil, unavailable(nil)
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	out := make([]Balance, 0, len(l.balances))
	for _, source := range slices.Sorted(maps.Keys(l.balances)) {
		out = append(out, l.balances[source])
	}
	return out, nil
}

// ledger holds the balances as committed. Only the writer changes it.
type ledger struct {
	mu       sync.RWMutex
	balances map[tocsin.SourceID]Balance
}

// tick returns the time of the next commit: now, or just after the last commit
// when the clock stands still or went back.
func (l *ledger) tick(now time.Time) time.Time {
	l.mu.RLock()
	defer l.mu.RUnlock()
	now = tocsin.FromTicks(tocsin.Ticks(now))
	if last := l.newest(); !now.After(last) {
		return tocsin.FromTicks(tocsin.Ticks(last) + 1)
	}
	return now
}

// newest is the time of the last commit that held a record.
func (l *ledger) newest() (last time.Time) {
	for _, b := range l.balances {
		if b.LastReceived.After(last) {
			last = b.LastReceived
		}
	}
	return last
}

// Watermark returns the time of the last commit: every event that is visible
// has an _IngestionTime up to it, and every event that will be has a later one.
// It is zero for an empty store.
func (s *Store) Watermark(ctx context.Context) (time.Time, error) {
	if err := ctx.Err(); err != nil {
		return time.Time{}, err
	}
	l := s.ledger.Load()
	if l == nil {
		return time.Time{}, unavailable(nil)
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.newest(), nil
}

// committed records balances that the database now holds.
func (l *ledger) committed(balances []Balance) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, b := range balances {
		l.balances[b.Source] = b
	}
}

func loadLedger(ctx context.Context, c *duck.Conn) (*ledger, error) {
	l := &ledger{balances: map[tocsin.SourceID]Balance{}}
	rows, err := c.Query(ctx, `SELECT source, received, stored, duplicates, dead_lettered, filtered, events, batches, first_received, last_received, last_stored FROM tocsin.sources`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.NextChunk() {
		chunk := rows.Chunk()
		for i := range chunk.Len {
			num := func(column int) int64 { return chunk.Columns[column].Ints[i] }
			at := func(column int) time.Time {
				if ticks, ok := chunk.Columns[column].Value(i).(int64); ok {
					return tocsin.FromTicks(ticks)
				}
				return time.Time{}
			}
			source := tocsin.SourceID(chunk.Columns[0].Texts[i])
			l.balances[source] = Balance{
				Source: source, Received: num(1), Stored: num(2), Duplicates: num(3), DeadLettered: num(4), Filtered: num(5),
				Events: num(6), Batches: num(7), FirstReceived: at(8), LastReceived: at(9), LastStored: at(10),
			}
		}
	}
	return l, rows.Err()
}

// after returns the balance of a source once delta is added at now.
func (l *ledger) after(delta Balance, now time.Time) Balance {
	b := l.balances[delta.Source]
	b.Source = delta.Source
	b.Received += delta.Received
	b.Stored += delta.Stored
	b.Duplicates += delta.Duplicates
	b.DeadLettered += delta.DeadLettered
	b.Filtered += delta.Filtered
	b.Events += delta.Events
	b.Batches += delta.Batches
	if b.FirstReceived.IsZero() {
		b.FirstReceived = now
	}
	b.LastReceived = now
	if delta.Stored > 0 {
		b.LastStored = now
	}
	return b
}

// write puts a balance into the open transaction.
func (l *ledger) write(ctx context.Context, c *duck.Conn, b Balance) error {
	args := []any{string(b.Source), b.Received, b.Stored, b.Duplicates, b.DeadLettered, b.Filtered, b.Events, b.Batches,
		ticksOrNull(b.FirstReceived), ticksOrNull(b.LastReceived), ticksOrNull(b.LastStored)}
	if _, known := l.balances[b.Source]; !known {
		return c.ExecArgs(ctx, `INSERT INTO tocsin.sources VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, args...)
	}
	return c.ExecArgs(ctx, `UPDATE tocsin.sources SET received = $2, stored = $3, duplicates = $4, dead_lettered = $5, filtered = $6,
		events = $7, batches = $8, first_received = $9, last_received = $10, last_stored = $11 WHERE source = $1`, args...)
}

func ticksOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return tocsin.Ticks(t)
}

// healthExpressions says how each column of IngestHealth is read from the ledger.
var healthExpressions = map[string]string{
	"TimeGenerated": "last_received", "SourceId": "source", "Received": "received", "Stored": "stored", "Duplicates": "duplicates",
	"DeadLettered": "dead_lettered", "Filtered": "filtered", "Unaccounted": "received - stored - duplicates - dead_lettered - filtered",
	"Events": "events", "Batches": "batches", "FirstReceived": "first_received", "LastStored": "last_stored", "Type": "'" + healthTable + "'",
	schema.EventIDColumn: "source", schema.IngestionTimeColumn: "last_received", schema.SourceColumn: "source",
}

// healthView returns the query behind IngestHealth for its declared columns.
func healthView(t *schema.Table, database string) string {
	columns := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		expression, ok := healthExpressions[c.Name]
		if !ok {
			expression = "NULL"
		}
		columns[i] = "CAST(" + expression + " AS " + schema.StoredType(c.Type) + ") AS " + schema.Quote(c.Stored)
	}
	return "SELECT " + strings.Join(columns, ", ") + " FROM " + schema.Quote(database) + ".tocsin.sources"
}
