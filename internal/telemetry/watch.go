package telemetry

import (
	"context"
	"fmt"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
	"github.com/tocsin-soc/tocsin/internal/telemetry/engine"
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

// Beat notes that Tocsin runs. Call it once a minute.
func (s *Store) Beat(ctx context.Context) error {
	now := s.opts.Now()
	return s.change(ctx, func(c *duck.Conn) error {
		s.ledger.Load().history.pending++
		return c.ExecArgs(ctx, `INSERT INTO tocsin.intake VALUES ($1, $2, $3, 0, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, $4)`,
			tocsin.Ticks(now.Truncate(historyMinute)), int64(historyMinute/tick), string(Self), tocsin.Ticks(now))
	})
}

// Expect replaces how long each source may be silent: a duration, or a negative
// one for ever. Of a source that is not named it is learned.
func (s *Store) Expect(ctx context.Context, silence map[tocsin.SourceID]time.Duration) error {
	return s.change(ctx, func(c *duck.Conn) error {
		if err := c.Exec(`DELETE FROM tocsin.expected`); err != nil {
			return err
		}
		for source, d := range silence {
			if err := c.ExecArgs(ctx, `INSERT INTO tocsin.expected VALUES ($1, $2)`, string(source), int64(d/tick)); err != nil {
				return err
			}
		}
		return nil
	})
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

// AddDrift adds to the field drift, as the table FieldDrift shows it.
func (s *Store) AddDrift(ctx context.Context, list []Drift) error {
	if len(list) == 0 {
		return nil
	}
	now := tocsin.Ticks(s.opts.Now())
	return s.change(ctx, func(c *duck.Conn) error {
		for _, d := range list {
			key := []any{string(d.Source), d.Shape, d.Table, d.Field, d.Reason, d.Records, now}
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
	})
}

// DriftCounts returns how many fields of each source no column takes.
func (s *Store) DriftCounts(ctx context.Context) (map[tocsin.SourceID]int64, error) {
	rows, err := s.Select(ctx, `SELECT source, count(*) FROM `+engine.Database+`.tocsin.drift GROUP BY source`)
	if err != nil {
		return nil, fmt.Errorf("counting the field drift: %w", err)
	}
	defer func() { _ = rows.Close() }() // read to its end or failed
	out := map[tocsin.SourceID]int64{}
	for rows.NextChunk() {
		chunk := rows.Chunk()
		for i := range chunk.Len {
			out[tocsin.SourceID(chunk.Columns[0].Texts[i])] = chunk.Columns[1].Ints[i]
		}
	}
	return out, rows.Err()
}

// change has the writer change the bookkeeping, all or nothing.
func (s *Store) change(ctx context.Context, make func(c *duck.Conn) error) error {
	return s.do(ctx, func() (err error) {
		e := s.engine.Load()
		if e == nil {
			return unavailable(nil)
		}
		if err := e.Writer.Exec("BEGIN"); err != nil {
			return err
		}
		defer func() {
			if err != nil {
				_ = e.Writer.Exec("ROLLBACK") // the error that led here is the one to report
			}
		}()
		if err := make(e.Writer); err != nil {
			return err
		}
		return e.Writer.Exec("COMMIT")
	})
}
