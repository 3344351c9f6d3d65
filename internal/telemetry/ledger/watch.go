package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
)

// Self is the source that stands for Tocsin itself in the history of the
// intake: a row for every minute in which it ran, with nothing received. What
// looks for silence counts those minutes, so that an outage of ours is not
// taken for the silence of everybody else.
const Self tocsin.SourceID = "tocsin"

// watchDDL creates what the operator expects of sources, and what their records
// brought that no column takes.
const watchDDL = `
CREATE TABLE IF NOT EXISTS tocsin.expected (source VARCHAR NOT NULL, silence BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS tocsin.drift (source VARCHAR NOT NULL, shape VARCHAR NOT NULL, name VARCHAR NOT NULL, field VARCHAR NOT NULL, reason VARCHAR NOT NULL,
	records BIGINT NOT NULL, first_seen BIGINT NOT NULL, last_seen BIGINT NOT NULL);
`

// Beat notes that Tocsin runs, once a minute.
func (l *Ledger) Beat(ctx context.Context, c *duck.Conn, now time.Time) error {
	l.history.pending++
	return c.ExecArgs(ctx, `INSERT INTO tocsin.intake VALUES ($1, $2, $3, 0, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, $4)`,
		tocsin.Ticks(now.Truncate(historyMinute)), int64(historyMinute/tick), string(Self), tocsin.Ticks(now))
}

// Expect replaces how long each source may be silent: a duration, or a negative
// one for ever. It belongs into a transaction.
func Expect(ctx context.Context, c *duck.Conn, silence map[tocsin.SourceID]time.Duration) error {
	if err := c.Exec(`DELETE FROM tocsin.expected`); err != nil {
		return err
	}
	for source, d := range silence {
		if err := c.ExecArgs(ctx, `INSERT INTO tocsin.expected VALUES ($1, $2)`, string(source), int64(d/tick)); err != nil {
			return err
		}
	}
	return nil
}

// A Drift is a field of a source's records that no column of its table takes.
type Drift struct {
	Source  tocsin.SourceID
	Shape   string // what the records were recognised as
	Table   string
	Field   string
	Reason  string // where the field is kept, or why it is not
	Records int64
}

// AddDrift adds to the field drift as of now. It belongs into a transaction.
func AddDrift(ctx context.Context, c *duck.Conn, list []Drift, now time.Time) error {
	for _, d := range list {
		key := []any{string(d.Source), d.Shape, d.Table, d.Field, d.Reason, d.Records, tocsin.Ticks(now)}
		n, err := c.QueryInt(ctx, `UPDATE tocsin.drift SET records = records + $6, last_seen = $7
			WHERE source = $1 AND shape = $2 AND name = $3 AND field = $4 AND reason = $5`, key...)
		if err == nil && n == 0 {
			err = c.ExecArgs(ctx, `INSERT INTO tocsin.drift VALUES ($1, $2, $3, $4, $5, $6, $7, $7)`, key...)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// DriftCounts returns how many fields of each source no column takes. database is
// the name of the ledger's database in statements.
func DriftCounts(ctx context.Context, read Reader, database string) (map[tocsin.SourceID]int64, error) {
	out := map[tocsin.SourceID]int64{}
	err := read(ctx, func(chunk *duck.Chunk) {
		for i := range chunk.Len {
			out[tocsin.SourceID(chunk.Columns[0].Texts[i])] = chunk.Columns[1].Ints[i]
		}
	}, `SELECT source, count(*) FROM `+database+`.tocsin.drift GROUP BY source`)
	if err != nil {
		return nil, fmt.Errorf("counting the field drift: %w", err)
	}
	return out, nil
}
