package telemetry

import (
	"context"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
	"github.com/tocsin-soc/tocsin/internal/telemetry/engine"
	"github.com/tocsin-soc/tocsin/internal/telemetry/ledger"
)

// Sources returns the balance of every source as committed, by source.
func (s *Store) Sources(ctx context.Context) ([]ledger.Balance, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l := s.ledger.Load()
	if l == nil {
		return nil, unavailable(nil)
	}
	return l.Balances(), nil
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
	return l.Watermark(), nil
}

// History returns what came from the sources since a time: see ledger.History.
func (s *Store) History(ctx context.Context, since time.Time) ([]ledger.Bucket, error) {
	return ledger.History(ctx, s.read, engine.Database, since)
}

// DriftCounts returns how many fields of each source no column takes.
func (s *Store) DriftCounts(ctx context.Context) (map[tocsin.SourceID]int64, error) {
	return ledger.DriftCounts(ctx, s.read, engine.Database)
}

// Beat notes that Tocsin runs. Call it once a minute.
func (s *Store) Beat(ctx context.Context) error {
	now := s.opts.Now()
	return s.change(ctx, func(c *duck.Conn) error { return s.ledger.Load().Beat(ctx, c, now) })
}

// Expect replaces how long each source may be silent: a duration, or a negative
// one for ever. Of a source that is not named it is learned.
func (s *Store) Expect(ctx context.Context, silence map[tocsin.SourceID]time.Duration) error {
	return s.change(ctx, func(c *duck.Conn) error { return ledger.Expect(ctx, c, silence) })
}

// AddDrift adds to the field drift, as the table FieldDrift shows it.
func (s *Store) AddDrift(ctx context.Context, list []ledger.Drift) error {
	if len(list) == 0 {
		return nil
	}
	now := s.opts.Now()
	return s.change(ctx, func(c *duck.Conn) error { return ledger.AddDrift(ctx, c, list, now) })
}

// change has the writer change the bookkeeping, all or nothing.
func (s *Store) change(ctx context.Context, make func(c *duck.Conn) error) error {
	return s.withWriter(ctx, func(c *duck.Conn) (err error) {
		if err := c.Exec("BEGIN"); err != nil {
			return err
		}
		defer func() {
			if err != nil {
				_ = c.Exec("ROLLBACK") // the error that led here is the one to report
			}
		}()
		if err := make(c); err != nil {
			return err
		}
		return c.Exec("COMMIT")
	})
}

// foldIfDue adds up the pending rows once there are many.
func (s *Store) foldIfDue(e *engine.Engine) {
	l := s.ledger.Load()
	if !l.IsDue() {
		return
	}
	if err := l.Fold(context.Background(), e.Writer); err != nil {
		s.opts.Log.Error("the history of the intake could not be added up; it is tried again", "error", err)
		_ = s.guard(err)
	}
}
