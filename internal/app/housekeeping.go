package app

import (
	"context"
	"os"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/schema"
)

// housekeepEvery is how often what is too old is removed.
const housekeepEvery = 6 * time.Hour

// keepRuns is how long the ledger of rule runs is kept.
const keepRuns = 90 * 24 * time.Hour

// housekeep removes what has passed its retention, at start and then every few
// hours. A failure is logged and tried again the next time.
func (a *App) housekeep(ctx context.Context) {
	clock := time.NewTicker(housekeepEvery)
	defer clock.Stop()
	for {
		if err := a.tidy(ctx); err != nil && ctx.Err() == nil {
			a.cfg.Log.Error("removing what has passed its retention", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-clock.C:
		}
	}
}

// tidy removes rows, rule runs, sessions and links that are too old.
func (a *App) tidy(ctx context.Context) error {
	done, err := a.store.Keeper().Retain(ctx)
	for _, d := range done {
		a.cfg.Log.Info("retention", "table", d.Table, "rows", d.Rows, "held", d.Held, "reason", d.Reason, "bytesBefore", d.BytesBefore, "bytesAfter", d.BytesAfter)
	}
	if err != nil {
		return err
	}
	for {
		n, err := a.rules.ledger.ForgetRuns(ctx, a.cfg.Now().Add(-keepRuns))
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
	}
	return a.accounts.auth.Forget(ctx)
}

// readRetention reads the file of --retention; an empty path has none.
func readRetention(path string, s *schema.Schema) (schema.Retention, error) {
	if path == "" {
		return schema.Retention{}, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return schema.Retention{}, tocsin.Wrap(err, tocsin.NotFound, "The retention file %s cannot be read. Check the path and its permissions.", path)
	}
	keep, err := schema.LoadRetention(text, s)
	if err != nil {
		return schema.Retention{}, tocsin.Errorf(tocsin.Invalid, "The retention file %s cannot be used: %s.", path, err)
	}
	return keep, nil
}
