package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
	"github.com/tocsin-soc/tocsin/internal/telemetry/skew"
)

// The history of the intake says what came from each source minute by minute:
// what the alerts for silent sources and drops in volume learn from. A commit
// adds one row per source (an insert costs a tenth of an update); now and then
// the writer adds up the rows of a minute, and the minutes of an hour.
const historyDDL = `
CREATE TABLE IF NOT EXISTS tocsin.intake (begun BIGINT NOT NULL, width BIGINT NOT NULL, source VARCHAR NOT NULL, received BIGINT NOT NULL, stored BIGINT NOT NULL,
	duplicates BIGINT NOT NULL, dead_lettered BIGINT NOT NULL, filtered BIGINT NOT NULL, replayed BIGINT NOT NULL, events BIGINT NOT NULL, ahead BIGINT NOT NULL,
	lag_min BIGINT, lag_max BIGINT, written BIGINT NOT NULL);
`

// How long the history is kept, and how finely.
const (
	historyMinute  = time.Minute
	historyHour    = time.Hour
	keepMinutes    = 2 * 24 * time.Hour
	keepHours      = 90 * 24 * time.Hour
	historyPending = 10_000 // rows after which the writer adds them up
)

// tick is the unit in which times are stored.
const tick = 100 * time.Nanosecond

// A Bucket is what came from a source in a minute or an hour.
type Bucket struct {
	At     time.Time
	Width  time.Duration // a minute for the last two days, else an hour
	Source tocsin.SourceID

	Received, Stored, Duplicates, DeadLettered, Filtered, Replayed, Events, Ahead int64
}

// A Reader runs a query and hands each chunk of its answer on.
type Reader func(ctx context.Context, each func(*duck.Chunk), sql string, args ...any) error

// History returns what came from the sources since a time, by source and time.
// Buckets in which nothing came are missing. It goes back 90 days. database is
// the name of the ledger's database in statements.
func History(ctx context.Context, read Reader, database string, since time.Time) (out []Bucket, err error) {
	err = read(ctx, func(chunk *duck.Chunk) {
		for i := range chunk.Len {
			num := func(column int) int64 { return chunk.Columns[column].Ints[i] }
			out = append(out, Bucket{
				Source: tocsin.SourceID(chunk.Columns[0].Texts[i]), At: tocsin.FromTicks(num(1)), Width: time.Duration(num(2)) * tick,
				Received: num(3), Stored: num(4), Duplicates: num(5), DeadLettered: num(6), Filtered: num(7), Replayed: num(8), Events: num(9), Ahead: num(10),
			})
		}
	}, `SELECT source, begun, width, sum(received)::BIGINT, sum(stored)::BIGINT, sum(duplicates)::BIGINT, sum(dead_lettered)::BIGINT, sum(filtered)::BIGINT,
		sum(replayed)::BIGINT, sum(events)::BIGINT, sum(ahead)::BIGINT FROM `+database+`.tocsin.intake WHERE begun >= $1 GROUP BY ALL ORDER BY source, begun`, tocsin.Ticks(since))
	if err != nil {
		return nil, fmt.Errorf("reading the history of the intake: %w", err)
	}
	return out, nil
}

// history is what the writer knows of its rows.
type history struct {
	pending int   // rows that are not added up
	merged  int64 // rows written up to this time are added up
}

// loadHistory reads what is pending and the last minutes of every clock.
func (l *Ledger) loadHistory(ctx context.Context, c *duck.Conn) error {
	n, err := c.QueryInt(ctx, `SELECT count(*) FROM tocsin.intake WHERE width = $1`, int64(historyMinute/tick))
	if err != nil {
		return err
	}
	l.history = history{pending: int(n)}
	since := tocsin.Ticks(l.newest().Add(-skew.Memory))
	rows, err := c.Query(ctx, `SELECT source, begun, min(lag_min), max(lag_max) FROM tocsin.intake WHERE begun >= $1 AND lag_min IS NOT NULL GROUP BY ALL ORDER BY begun`, since)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.NextChunk() {
		chunk := rows.Chunk()
		for i := range chunk.Len {
			l.clock(tocsin.SourceID(chunk.Columns[0].Texts[i])).Add(tocsin.FromTicks(chunk.Columns[1].Ints[i]),
				skew.Lags{Known: true, Min: time.Duration(chunk.Columns[2].Ints[i]) * tick, Max: time.Duration(chunk.Columns[3].Ints[i]) * tick})
		}
	}
	return rows.Err()
}

// note puts what a commit brought into the open transaction.
func (h *history) note(c *duck.Conn, deltas map[tocsin.SourceID]*Balance, now time.Time) error {
	a, err := c.NewAppender("tocsin", "intake")
	if err != nil {
		return err
	}
	list := make([]*Balance, 0, len(deltas))
	for _, d := range deltas {
		list = append(list, d)
	}
	at, width, written := tocsin.Ticks(now.Truncate(historyMinute)), int64(historyMinute/tick), tocsin.Ticks(now)
	for len(list) > 0 {
		part := list[:min(len(list), duck.ChunkRows)]
		list = list[len(part):]
		err := a.Append(len(part), func(column int, w *duck.Writer) error {
			for i, d := range part {
				switch column {
				case 2:
					w.Text(i, string(d.Source))
				case 11, 12:
					if !d.lags.Known {
						w.Null(i)
					} else {
						w.Long(i, [2]int64{int64(d.lags.Min / tick), int64(d.lags.Max / tick)}[column-11])
					}
				default:
					w.Long(i, [...]int64{at, width, 0, d.Received, d.Stored, d.Duplicates, d.DeadLettered, d.Filtered, d.Replayed, d.Events, d.Ahead, 0, 0, written}[column])
				}
			}
			return nil
		})
		if err != nil {
			a.Discard()
			return err
		}
	}
	return a.Close()
}

// foldSQL adds up rows into buckets of $1 ticks that are stamped $2. Kept apart:
// %s says which rows.
const foldSQL = `INSERT INTO tocsin.intake SELECT begun - begun %% $1, $1, source, sum(received), sum(stored), sum(duplicates), sum(dead_lettered), sum(filtered), sum(replayed),
	sum(events), sum(ahead), min(lag_min), max(lag_max), $2 FROM tocsin.intake WHERE %s GROUP BY 1, source`

// IsDue reports whether there is much to add up.
func (l *Ledger) IsDue() bool { return l.history.pending >= historyPending }

// Fold adds up rows of the same minute, and minutes that are old enough into
// hours, and forgets hours that are too old: all or nothing.
func (l *Ledger) Fold(ctx context.Context, c *duck.Conn) (err error) {
	newest := l.newest()
	stamp, minute, hour := tocsin.Ticks(newest), int64(historyMinute/tick), int64(historyHour/tick)
	old, gone := tocsin.Ticks(newest.Add(-keepMinutes).Truncate(historyHour)), tocsin.Ticks(newest.Add(-keepHours))
	fresh := fmt.Sprintf("width = %d AND written > %d AND written < %d", minute, l.history.merged, stamp)
	late := fmt.Sprintf("width = %d AND begun < %d", minute, old)
	if err := c.Exec("BEGIN"); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = c.Exec("ROLLBACK") // the error that led here is the one to report
		}
	}()
	// The sums carry the stamp of the newest commit, whose own rows are left as
	// they are: what is added up and what is deleted are told apart by it.
	for _, step := range []struct {
		sql  string
		args []any
	}{
		{fmt.Sprintf(foldSQL, fresh), []any{minute, stamp}},
		{"DELETE FROM tocsin.intake WHERE " + fresh, nil},
		{fmt.Sprintf(foldSQL, late), []any{hour, stamp}},
		{"DELETE FROM tocsin.intake WHERE " + late, nil},
		{fmt.Sprintf("DELETE FROM tocsin.intake WHERE begun < %d", gone), nil},
	} {
		if err := c.ExecArgs(ctx, step.sql, step.args...); err != nil {
			return fmt.Errorf("adding up the history of the intake: %w", err)
		}
	}
	if err := c.Exec("COMMIT"); err != nil {
		return err
	}
	l.history = history{merged: stamp}
	return nil
}
