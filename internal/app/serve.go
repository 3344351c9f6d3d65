package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/api"
	"github.com/tocsin-soc/tocsin/internal/app/doors"
	"github.com/tocsin-soc/tocsin/internal/ingest"
	"github.com/tocsin-soc/tocsin/web"
)

// Serve answers on ln and, for single doors, on listeners of their own; it runs scheduled rules and mirrors incidents until ctx ends;
// then it finishes what was accepted. It returns nil for an orderly end.
func (a *App) Serve(ctx context.Context, ln net.Listener, uiDev string, own ...doors.Listener) error {
	queue := ingest.NewQueue(ingest.QueueOptions{Sink: a.pipe.Ingest, MaxBytes: doors.QueueBytes(a.cfg.EngineMemory)})
	in := doors.New(doors.Options{
		Queue: queue, Tokens: a.accounts.auth, Sources: a.sources, IsTable: a.isTable, Data: a.cfg.Data, EngineMemory: a.cfg.EngineMemory, Now: a.cfg.Now, Random: a.cfg.Random, Log: a.cfg.Log,
	})
	a.doors.Store(in)
	closing := make(chan struct{})
	handler := api.New(api.Backend{
		Doors: in.Handlers(),
		Desk:  a.desk, Gate: a.accounts.gate(), Hunt: &hunting{a.hunter, a.store, a.space, a.cfg.Now}, Rules: a.rules, Sources: &sourceBook{a, in},
		DeadLetters: a.DeadLetters(), Retention: a.Retention(),
		Intake: &intake{in, a}, UI: web.Handler(uiDev), Metrics: a.metrics(in), Log: a.cfg.Log, Now: a.cfg.Now, Closing: closing, Version: a.cfg.Version, IsDemo: a.cfg.IsDemo,
	})
	srv := doors.NewServer(ctx, handler)
	running, stop := context.WithCancel(ctx)
	defer stop()
	var work sync.WaitGroup
	work.Go(func() { a.tick(running) })
	work.Go(func() { a.mirrorIncidents(running) })
	work.Go(func() { a.housekeep(running) })
	work.Go(func() { in.Run(running) })
	for _, l := range own {
		work.Go(func() { in.Listen(running, l) })
	}
	work.Go(func() { a.watchSources(running) })
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	work.Go(func() { a.announce(running, in) })
	var err error
	select {
	case err = <-served:
	case <-ctx.Done():
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), doors.Grace)
		defer cancel()
		close(closing)
		if err = srv.Shutdown(grace); errors.Is(err, context.DeadlineExceeded) {
			err = srv.Close()
		}
	}
	stop()
	work.Wait()
	if cerr := queue.Close(context.WithoutCancel(ctx)); err == nil {
		err = cerr
	}
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return err
}

// longestOpening is how long sources may take before the server calls itself ready
// without them: a broker may be away for hours.
const longestOpening = 3 * time.Second

// announce says that the server is ready: a sender that starts with it finds its
// listener.
func (a *App) announce(ctx context.Context, in *doors.Doors) {
	select {
	case <-in.Tried():
	case <-time.After(longestOpening):
	case <-ctx.Done():
		return
	}
	if a.cfg.Ready != nil {
		a.cfg.Ready()
	}
}

// tick runs what is due, again and again. A failure is logged and tried again.
func (a *App) tick(ctx context.Context) {
	every := a.cfg.TickEvery
	if every <= 0 {
		every = defaultTick
	}
	clock := time.NewTicker(every)
	defer clock.Stop()
	for {
		if err := a.pipe.Tick(ctx, a.cfg.Now()); err != nil && ctx.Err() == nil {
			a.cfg.Log.Error("running scheduled rules", "error", err)
		}
		if err := a.pipe.checkpoint(ctx, a.accounts.db.Settings()); err != nil && ctx.Err() == nil {
			a.cfg.Log.Error("keeping the memory of correlations", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-clock.C:
		}
	}
}

// mirrorSetting is where the position of the mirror is kept.
const mirrorSetting = "mirror.position"

// mirrorIncidents writes the incident log back as rows, as it grows.
func (a *App) mirrorIncidents(ctx context.Context) {
	settings := a.accounts.db.Settings()
	clock := time.NewTicker(2 * time.Second)
	defer clock.Stop()
	position := int64(-1)
	for {
		if err := a.mirrorOnce(ctx, settings, &position); err != nil && ctx.Err() == nil {
			a.cfg.Log.Error("writing incidents back as rows", "error", err)
		}
		select {
		case <-ctx.Done():
			// What changed since the last pass is written before the stores close.
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), doors.Grace)
			defer cancel()
			if err := a.mirrorOnce(last, settings, &position); err != nil {
				a.cfg.Log.Error("writing incidents back as rows", "error", err)
			}
			return
		case <-clock.C:
		}
	}
}

// settingStore is the part of the state store that keeps single values.
type settingStore interface {
	Get(ctx context.Context, name string) (value string, ok bool, err error)
	Set(ctx context.Context, name, value string) error
}

// mirrorOnce catches up from the kept position, read at first use.
func (a *App) mirrorOnce(ctx context.Context, settings settingStore, position *int64) error {
	if *position < 0 {
		text, ok, err := settings.Get(ctx, mirrorSetting)
		if err != nil {
			return err
		}
		*position = 0
		if ok {
			if *position, err = strconv.ParseInt(text, 10, 64); err != nil {
				return fmt.Errorf("the setting %s is %q, not a position: %w", mirrorSetting, text, err)
			}
		}
	}
	reached, err := a.mirror.CatchUp(ctx, *position)
	if err != nil || reached == *position {
		return err
	}
	*position = reached
	return settings.Set(ctx, mirrorSetting, strconv.FormatInt(reached, 10))
}

// intake is the HTTP door to the queue.
type intake struct {
	doors *doors.Doors
	app   *App
}

// Refused implements api.Intake.
func (in *intake) Refused(reason string) { in.doors.Refusals().Add(ingest.DoorHTTP, reason, 1) }

// Ingest implements api.Intake.
func (in *intake) Ingest(ctx context.Context, source tocsin.SourceID, table, batch string, body io.Reader) (api.IngestResult, error) {
	format := tocsin.FormatRow
	if table == "" {
		format = tocsin.FormatJSONLine
	} else if t, ok := in.app.schema.Table(table); !ok || !t.IsStamped() {
		return api.IngestResult{}, tocsin.Errorf(tocsin.NotFound, "There is no table %q to send to. GET /api/v1/schema lists the tables.", table)
	}
	r, err := in.doors.Take(ctx, body, ingest.Spec{Source: source, ReceivedAt: in.app.cfg.Now(), Format: format, Table: table, Prefix: batch})
	return api.IngestResult{Received: r.Received, Stored: r.Stored, Duplicates: r.Duplicates, DeadLettered: r.DeadLettered, Alerts: r.Alerts}, err
}
