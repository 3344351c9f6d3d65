package app

import (
	"context"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/app/doors"
	"github.com/tocsin-soc/tocsin/internal/normalize"
	"github.com/tocsin-soc/tocsin/internal/telemetry/ledger"
)

// watchEvery is the beat of the books about sources: see telemetry.Store.Beat.
const watchEvery = time.Minute

// watchSources keeps the books that the rules about sources read: that Tocsin
// runs, how long a source may be silent, which fields no column takes.
func (a *App) watchSources(ctx context.Context) {
	if err := a.store.Expect(ctx, a.expectedSilence()); err != nil && ctx.Err() == nil {
		a.cfg.Log.Error("noting how long sources may be silent", "error", err)
	}
	noted := map[normalize.Loss]int64{}
	clock := time.NewTicker(watchEvery)
	defer clock.Stop()
	for {
		if err := a.store.Beat(ctx); err != nil && ctx.Err() == nil {
			a.cfg.Log.Error("noting that Tocsin runs", "error", err)
		}
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), doors.Grace)
			defer cancel()
			a.noteDrift(last, noted)
			return
		case <-clock.C:
			a.noteDrift(ctx, noted)
		}
	}
}

// expectedSilence is what the sources file says about silence.
func (a *App) expectedSilence() map[tocsin.SourceID]time.Duration {
	out := map[tocsin.SourceID]time.Duration{}
	if a.sources == nil {
		return out
	}
	for _, s := range a.sources.List {
		if s.Silence != 0 {
			out[tocsin.SourceID(s.Door+":"+s.Name)] = s.Silence
		}
	}
	return out
}

// noteDrift adds to the field drift what was counted since the last time.
func (a *App) noteDrift(ctx context.Context, noted map[normalize.Loss]int64) {
	var fresh []ledger.Drift
	losses := a.pipe.normalize.Losses()
	for _, l := range losses {
		key := l
		key.Count = 0
		if n := l.Count - noted[key]; n > 0 {
			fresh = append(fresh, ledger.Drift{Source: l.Source, Shape: l.Shape, Table: l.Table, Field: l.Field, Reason: l.Reason, Records: n})
		}
	}
	if err := a.store.AddDrift(ctx, fresh); err != nil {
		if ctx.Err() == nil {
			a.cfg.Log.Error("noting fields that no column takes", "error", err)
		}
		return // counted again the next time
	}
	for _, l := range losses {
		key := l
		key.Count = 0
		noted[key] = l.Count
	}
}
