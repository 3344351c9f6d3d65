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
	rows, err := a.store.Retain(ctx)
	if err != nil {
		return err
	}
	if rows > 0 {
		a.cfg.Log.Info("rows passed their retention", "rows", rows)
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
