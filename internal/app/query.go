package app

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/hunt"
	"github.com/tocsin-soc/tocsin/internal/telemetry"
)

// Query runs one query on the telemetry of a data folder that no server has
// open. The folder must hold a store.
func Query(ctx context.Context, cfg Config, q hunt.Query) (*hunt.Answer, error) {
	if _, err := os.Stat(filepath.Join(cfg.Data, "telemetry.duckdb")); err != nil {
		return nil, tocsin.Wrap(err, tocsin.NotFound, "There is no data in %s. Check --data, or import something first.", cfg.Data)
	}
	space, err := openWorkspace(cfg.folders())
	if err != nil {
		return nil, err
	}
	for _, f := range space.rejected {
		cfg.Log.Warn("a function does not load", "file", f.Path, "function", f.Name, "reason", f.Reason)
	}
	for _, l := range space.rejectedLists {
		cfg.Log.Warn("a watchlist does not load", "file", l.Path, "watchlist", l.Alias, "reason", l.Reason)
	}
	out, err := openOutside(&cfg)
	if err != nil {
		return nil, err
	}
	store, err := telemetry.Open(ctx, telemetry.Options{Dir: cfg.Data, Schema: space.schema, Now: cfg.Now, Log: cfg.Log, GeoInfo: out.geoInfo(), Render: render})
	if err != nil {
		return nil, err
	}
	answer, err := space.query(ctx, store, out, cfg.Now, q)
	if cerr := store.Close(); err == nil {
		err = cerr
	}
	return answer, err
}

// query runs a query on a store that was just opened.
func (w *workspace) query(ctx context.Context, store *telemetry.Store, out *outside, now func() time.Time, q hunt.Query) (*hunt.Answer, error) {
	if err := store.Refer(ctx, w.references()); err != nil {
		return nil, err
	}
	return out.hunter(hunt.New(w.catalog, store, store.Holds, now)).Run(ctx, q)
}

// AlertsOf returns how many alerts a rule has raised.
func (a *App) AlertsOf(ctx context.Context, rule tocsin.RuleID) (int, error) {
	counts, err := a.rules.ledger.AlertCounts(ctx)
	return counts[rule], err
}
