// Package ledger keeps the books of the sources: what became of their records, in
// total and minute by minute, what is expected of them and what their records
// brought that no column takes; and it makes the tables that show them.
//
// It promises that received = stored + duplicates + dead-lettered + filtered for
// every source, in the transaction of every commit, and times of commits that only
// grow. It refuses a commit whose numbers do not add up. All but
// Fold works in a transaction that its caller opened. It is tested through the
// store that writes it.
package ledger

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
	"github.com/tocsin-soc/tocsin/internal/telemetry/skew"
)

// DDL creates the tables of the ledger. Times are ticks; a time that never was is
// NULL. The schema tocsin must be there.
const DDL = `
CREATE TABLE IF NOT EXISTS tocsin.sources (
	source VARCHAR NOT NULL, received BIGINT NOT NULL, stored BIGINT NOT NULL, duplicates BIGINT NOT NULL, dead_lettered BIGINT NOT NULL,
	filtered BIGINT NOT NULL, events BIGINT NOT NULL, batches BIGINT NOT NULL, first_received BIGINT, last_received BIGINT, last_stored BIGINT);
ALTER TABLE tocsin.sources ADD COLUMN IF NOT EXISTS replayed BIGINT DEFAULT 0;
ALTER TABLE tocsin.sources ADD COLUMN IF NOT EXISTS discarded BIGINT DEFAULT 0;
ALTER TABLE tocsin.sources ADD COLUMN IF NOT EXISTS ahead BIGINT DEFAULT 0;
ALTER TABLE tocsin.sources ADD COLUMN IF NOT EXISTS last_ahead BIGINT;
ALTER TABLE tocsin.sources ADD COLUMN IF NOT EXISTS skew BIGINT;
ALTER TABLE tocsin.sources ADD COLUMN IF NOT EXISTS last_commit BIGINT;
ALTER TABLE tocsin.sources ADD COLUMN IF NOT EXISTS shortened BIGINT DEFAULT 0;
ALTER TABLE tocsin.sources ADD COLUMN IF NOT EXISTS last_shortened BIGINT;
` + historyDDL + watchDDL

// A Balance is what became of the records of one source.
// Received = Stored + Duplicates + DeadLettered + Filtered, always. A dead
// letter that is replayed was received once and stays counted as dead-lettered;
// Replayed and Discarded say how many of those are dealt with.
type Balance struct {
	Source tocsin.SourceID

	Received     int64 // records taken in
	Stored       int64 // records that became at least one new event
	Duplicates   int64 // records that had been stored, or dead-lettered, before
	DeadLettered int64 // records that could not become events
	Filtered     int64 // records left out by a filter rule
	Events       int64 // rows stored
	Batches      int64
	Replayed     int64 // dead letters that a replay turned into events, or found stored or filtered
	Discarded    int64 // dead letters that somebody gave up
	Ahead        int64 // records from the future: see Skew
	Shortened    int64 // rows, dead letters included, of which long texts were shortened

	FirstReceived time.Time
	LastReceived  time.Time
	LastStored    time.Time // zero when nothing was ever stored
	LastAhead     time.Time // zero when no record came from the future
	LastShortened time.Time // zero when nothing was shortened

	// Skew is by how much the source's clock seems to be behind ours, negative
	// when it is ahead; 0 when its times agree or nothing steady can be said.
	Skew time.Duration

	lags       skew.Lags // of a commit
	lastCommit time.Time // last commit that changed anything here: a replay receives nothing
}

// Lag notes how late a record came, at the door; one from the future is counted.
func (b *Balance) Lag(lag time.Duration) {
	if b.lags.Add(lag) {
		b.Ahead++
	}
}

// Unaccounted is Received less everything that became of records: always 0.
func (b Balance) Unaccounted() int64 {
	return b.Received - b.Stored - b.Duplicates - b.DeadLettered - b.Filtered
}

// A Ledger holds the balances as committed. Only the writer changes it; Balances,
// Watermark and Tick may be called by anybody.
type Ledger struct {
	mu       sync.RWMutex
	balances map[tocsin.SourceID]Balance
	clocks   map[tocsin.SourceID]*skew.Clock // belongs to the writer
	history  history                         // belongs to the writer
}

// Balances returns the balance of every source as committed, by source.
func (l *Ledger) Balances() []Balance {
	l.mu.RLock()
	defer l.mu.RUnlock()
	out := make([]Balance, 0, len(l.balances))
	for _, source := range slices.Sorted(maps.Keys(l.balances)) {
		out = append(out, l.balances[source])
	}
	return out
}

// Watermark returns the time of the last commit; zero without any.
func (l *Ledger) Watermark() time.Time {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.newest()
}

// clock returns the clock of a source.
func (l *Ledger) clock(source tocsin.SourceID) *skew.Clock {
	c, ok := l.clocks[source]
	if !ok {
		c = &skew.Clock{}
		l.clocks[source] = c
	}
	return c
}

// Tick returns the time of the next commit: now, or just after the last commit
// when the clock stands still or went back.
func (l *Ledger) Tick(now time.Time) time.Time {
	l.mu.RLock()
	defer l.mu.RUnlock()
	now = tocsin.FromTicks(tocsin.Ticks(now))
	if last := l.newest(); !now.After(last) {
		return tocsin.FromTicks(tocsin.Ticks(last) + 1)
	}
	return now
}

// newest is the time of the last commit.
func (l *Ledger) newest() (last time.Time) {
	for _, b := range l.balances {
		if b.lastCommit.After(last) {
			last = b.lastCommit
		}
	}
	return last
}

// Committed records what Write wrote once the transaction is committed.
func (l *Ledger) Committed(balances []Balance) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, b := range balances {
		l.clock(b.Source).Add(b.lastCommit, b.lags)
		b.lags = skew.Lags{}
		l.balances[b.Source] = b
	}
	l.history.pending += len(balances)
}

// Load reads the ledger of a database.
func Load(ctx context.Context, c *duck.Conn) (*Ledger, error) {
	l := &Ledger{balances: map[tocsin.SourceID]Balance{}, clocks: map[tocsin.SourceID]*skew.Clock{}}
	rows, err := c.Query(ctx, `SELECT source, received, stored, duplicates, dead_lettered, filtered, events, batches, first_received, last_received, last_stored,
		replayed, discarded, ahead, last_ahead, coalesce(skew, 0), coalesce(last_commit, last_received), shortened, last_shortened FROM tocsin.sources`)
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
				Replayed: num(11), Discarded: num(12), Ahead: num(13), LastAhead: at(14), Skew: time.Duration(num(15)) * tick, lastCommit: at(16), Shortened: num(17), LastShortened: at(18),
			}
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return l, l.loadHistory(ctx, c)
}

// after returns the balance of a source once delta is added at now.
func (l *Ledger) after(delta Balance, now time.Time) Balance {
	b := l.balances[delta.Source]
	b.Source = delta.Source
	b.Received += delta.Received
	b.Stored += delta.Stored
	b.Duplicates += delta.Duplicates
	b.DeadLettered += delta.DeadLettered
	b.Filtered += delta.Filtered
	b.Events += delta.Events
	b.Batches += delta.Batches
	b.Replayed += delta.Replayed
	b.Discarded += delta.Discarded
	b.Ahead += delta.Ahead
	b.Shortened += delta.Shortened
	if delta.Shortened > 0 {
		b.LastShortened = now
	}
	b.lags = delta.lags
	if delta.Ahead > 0 {
		b.LastAhead = now
	}
	b.Skew = l.clock(b.Source).Skew(now, delta.lags)
	if delta.Received > 0 {
		if b.FirstReceived.IsZero() {
			b.FirstReceived = now
		}
		b.LastReceived = now
	}
	b.lastCommit = now
	if delta.Stored > 0 {
		b.LastStored = now
	}
	return b
}

// Write adds what a commit at now brought, by source, to the books in the open
// transaction, and returns what Committed is to be told.
func (l *Ledger) Write(ctx context.Context, c *duck.Conn, deltas map[tocsin.SourceID]*Balance, now time.Time) ([]Balance, error) {
	balances := make([]Balance, 0, len(deltas))
	for _, d := range deltas {
		b := l.after(*d, now)
		if b.Unaccounted() != 0 {
			return nil, fmt.Errorf("balance of source %s is off by %d", b.Source, b.Unaccounted())
		}
		if err := l.write(ctx, c, b); err != nil {
			return nil, fmt.Errorf("writing the balance of source %s: %w", b.Source, err)
		}
		balances = append(balances, b)
	}
	if err := l.history.note(c, deltas, now); err != nil {
		return nil, fmt.Errorf("writing the history of the intake: %w", err)
	}
	return balances, nil
}

// write puts a balance into the open transaction.
func (l *Ledger) write(ctx context.Context, c *duck.Conn, b Balance) error {
	args := []any{string(b.Source), b.Received, b.Stored, b.Duplicates, b.DeadLettered, b.Filtered, b.Events, b.Batches,
		ticksOrNull(b.FirstReceived), ticksOrNull(b.LastReceived), ticksOrNull(b.LastStored),
		b.Replayed, b.Discarded, b.Ahead, ticksOrNull(b.LastAhead), int64(b.Skew / tick), tocsin.Ticks(b.lastCommit), b.Shortened, ticksOrNull(b.LastShortened)}
	if _, known := l.balances[b.Source]; !known {
		return c.ExecArgs(ctx, `INSERT INTO tocsin.sources VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, nullif($16, 0), $17, $18, $19)`, args...)
	}
	return c.ExecArgs(ctx, `UPDATE tocsin.sources SET received = $2, stored = $3, duplicates = $4, dead_lettered = $5, filtered = $6,
		events = $7, batches = $8, first_received = $9, last_received = $10, last_stored = $11, replayed = $12, discarded = $13, ahead = $14, last_ahead = $15,
		skew = nullif($16, 0), last_commit = $17, shortened = $18, last_shortened = $19 WHERE source = $1`, args...)
}

func ticksOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return tocsin.Ticks(t)
}
