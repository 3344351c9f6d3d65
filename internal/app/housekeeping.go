package app

import (
	"context"
	"time"
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
	done, err := a.store.Retain(ctx)
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
