package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/content"
	"github.com/tocsin-soc/tocsin/internal/app/doors"
	"github.com/tocsin-soc/tocsin/internal/correlate"
	"github.com/tocsin-soc/tocsin/internal/detect"
	"github.com/tocsin-soc/tocsin/internal/hunt"
	"github.com/tocsin-soc/tocsin/internal/incident"
	"github.com/tocsin-soc/tocsin/internal/ingest"
	"github.com/tocsin-soc/tocsin/internal/mirror"
	"github.com/tocsin-soc/tocsin/internal/normalize/windows"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/telemetry"
	"github.com/tocsin-soc/tocsin/internal/transform"
	"github.com/tocsin-soc/tocsin/internal/watchlist"
)

// Config is what a running Tocsin needs to know. Now, Random and Log are required.
type Config struct {
	Data      string   // folder of the stores
	State     string   // where incidents and users are kept; empty is Data/state.db
	RuleDirs  []string // rule folders besides the built-in content
	FuncDirs  []string // folders of workspace functions besides the built-in ones
	ListDirs  []string // folders of watchlists besides the built-in ones
	TableDirs []string // folders of tables besides the shipped ones
	MapDirs   []string // folders of mappings besides the shipped ones
	External  []string // hosts and prefixes that externaldata may read; empty allows none
	GeoIP     string   // file of a GeoIP database; empty is none
	TickEvery time.Duration
	Ready     func()        // called by Serve once everything is open that can be, within a few seconds; nil calls nobody
	Linger    time.Duration // how long a batch waits for company before its commit; 0 means 200 ms

	RetentionFile string // what is kept, where it differs from the tables' declarations; empty has none
	MinFree       int64  // bytes of the disk that stay free: with less, nothing is taken in

	Zone *time.Location // of times that name none, of sources that have none of their own; nil is UTC

	SourcesFile string // settings of sources (docs/reference/sources-file.md); empty has none

	EngineMemory int64 // bytes the telemetry engine may use; 0 leaves it to the engine

	IsDemo  bool
	Version string
	Now     func() time.Time
	Clock   func() int64 // nanoseconds that only grow, to see what each rule costs; nil: nobody looks
	Random  io.Reader
	Log     *slog.Logger
}

// defaultTick is how often the schedule looks for rules that are due.
const defaultTick = 10 * time.Second

// An App is an opened Tocsin: stores, rules and the pipeline between them. It
// serves only when Serve is called.
type App struct {
	cfg      Config
	accounts *Accounts
	space    *workspace
	schema   *schema.Schema // of the workspace
	store    *telemetry.Store
	desk     *incident.Desk
	hunter   *hunt.Hunter
	rules    *rulebook
	mirror   *mirror.Mirror
	pipe     *pipeline
	sources  *ingest.Sources // nil without a sources file

	doors atomic.Pointer[doors.Doors] // nil until Serve opens them
}

// Open opens everything in the data folder, creating what is not there. The
// error is a *tocsin.Error when the operator can do something about it.
func Open(ctx context.Context, cfg Config) (a *App, err error) {
	a = &App{cfg: cfg}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
			a = nil
		}
	}()
	if a.space, err = openWorkspace(cfg.folders()); err != nil {
		return nil, err
	}
	a.schema = a.space.schema
	if err = a.openSources(); err != nil {
		return a, err
	}
	out, err := openOutside(&cfg)
	if err != nil {
		return a, err
	}
	keep, err := readRetention(cfg.RetentionFile, a.schema)
	if err != nil {
		return a, err
	}
	a.store, err = telemetry.Open(ctx, telemetry.Options{
		Dir: cfg.Data, Schema: a.schema, Now: cfg.Now, Log: cfg.Log, Linger: cmp.Or(cfg.Linger, linger), MemoryLimit: cfg.EngineMemory, GeoInfo: out.geoInfo(), Render: render, Retention: keep, MinFree: cfg.MinFree,
	})
	if err != nil {
		return a, err
	}
	if err = a.store.Refer(ctx, a.space.references()); err != nil {
		return a, err
	}
	if a.accounts, err = OpenAccounts(ctx, cfg); err != nil {
		return a, err
	}
	a.desk = incident.New(a.accounts.db.Incidents(), cfg.Now)
	a.hunter = out.hunter(hunt.New(a.space.catalog, a.store, a.store.Holds, cfg.Now))
	a.mirror = mirror.New(a.desk, a.store, a.schema, cfg.Now)
	if a.rules, err = loadRules(cfg.RuleDirs, a.hunter, a.accounts.db.Rules(), a.timing()); err != nil {
		return a, err
	}
	if a.pipe, err = a.newPipeline(); err != nil {
		return a, err
	}
	return a, a.pipe.remember(ctx, a.accounts.db.Settings())
}

// timing says in the log which rule was switched off for what it costs.
func (a *App) timing() detect.Timing {
	return detect.Timing{Clock: a.cfg.Clock, Told: func(s detect.Slow) {
		a.cfg.Log.Warn("a Sigma rule was switched off", "rule", s.ID, "title", s.Title, "reason", s.Reason)
	}}
}

// render makes rows of Event from rows of WindowsEvent.
var render = telemetry.Renderer{Data: windows.EventData, Parameters: windows.EventParameters}

// linger is how long a batch waits for company before its commit when much is
// coming: a commit that fills a row group costs the engine half (telemetry,
// DESIGN.md). When little comes, nothing waits.
const linger = 750 * time.Millisecond

// newPipeline joins the stages.
func (a *App) newPipeline() (*pipeline, error) {
	n, err := newNormalizer(a.schema, a.cfg.MapDirs)
	if err != nil {
		return nil, err
	}
	n.InZones(sourceZones(a.sources), a.cfg.Zone)
	links, err := correlate.Load(folder("correlation"))
	if err != nil {
		return nil, fmt.Errorf("loading rules of correlation: %w", err)
	}
	transforms, err := transform.Load(transformRules(a.sources), a.schema, a.cfg.Now)
	if err != nil {
		return nil, err
	}
	engine := &ruleEngine{a.hunter, a.store, a.space}
	return &pipeline{
		working:    make(chan struct{}, runtime.NumCPU()+1),
		transforms: transforms,
		normalize:  n, stream: a.rules.stream, memory: &memory{correlator: a.rules.stream.NewCorrelator()}, telemetry: a.store, desk: a.desk, links: links, now: a.cfg.Now, log: a.cfg.Log,
		schedule: detect.NewSchedule(a.rules.scheduled, a.rules.ledger, engine, detect.DefaultHorizon, a.cfg.Now),
	}, nil
}

// folder is one folder of the shipped content.
func folder(name string) fs.FS {
	sub, err := fs.Sub(content.Files, name)
	if err != nil {
		panic("app: content has no folder " + name) // it is embedded at build
	}
	return sub
}

// Close closes the stores; what was accepted is committed first.
func (a *App) Close() error {
	var errs []error
	if a.pipe != nil {
		a.pipe.transforms.Close()
	}
	if a.store != nil {
		errs = append(errs, a.store.Close())
	}
	if a.accounts != nil {
		errs = append(errs, a.accounts.Close())
	}
	return errors.Join(errs...)
}

// Rejected returns the rules that did not load, each with its reason.
func (a *App) Rejected() []detect.Rejected { return a.rules.rejected }

// RejectedFunctions returns the functions that did not load, each with its reason.
func (a *App) RejectedFunctions() []schema.RejectedFunction { return a.space.rejected }

// RejectedWatchlists returns the watchlists that did not load, each with its reason.
func (a *App) RejectedWatchlists() []watchlist.Rejected { return a.space.rejectedLists }

// statePath is where the state store of a configuration is.
func (c *Config) statePath() (string, error) {
	if c.State != "" {
		return c.State, nil
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return "", tocsin.Wrap(err, tocsin.Invalid, "The data folder %s cannot be created. Check the path and its permissions.", c.Data)
	}
	return filepath.Join(c.Data, "state.db"), nil
}
