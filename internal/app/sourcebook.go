package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/api"
	"github.com/tocsin-soc/tocsin/internal/app/doors"
	"github.com/tocsin-soc/tocsin/internal/ingest"
)

// sourceBook tells the API about sources.
type sourceBook struct {
	app   *App
	doors *doors.Doors
}

// SourceHealth returns the state of the sources that Serve opened, in the order of
// the sources file.
func (a *App) SourceHealth() []ingest.Health {
	if in := a.doors.Load(); in != nil {
		return in.Health()
	}
	return nil
}

// bookHours is how many hours of a source's past are told.
const bookHours = 24

// Sources implements api.Sources: sources that sent something, and those of the
// sources file that Tocsin opened and that sent nothing yet.
func (b *sourceBook) Sources(ctx context.Context) (api.SourceList, error) {
	balances, err := b.app.store.Sources(ctx)
	if err != nil {
		return api.SourceList{}, err
	}
	hours, err := b.hours(ctx)
	if err != nil {
		return api.SourceList{}, err
	}
	drift, err := b.app.store.DriftCounts(ctx)
	if err != nil {
		return api.SourceList{}, err
	}
	health := b.doors.Health()
	opened := map[tocsin.SourceID]*api.OpenedSource{}
	for _, h := range health {
		opened[h.Source] = openedOf(h)
	}
	list := api.SourceList{Refused: b.doors.Refusals().List()}
	for _, s := range balances {
		list.Items = append(list.Items, api.Source{
			ID: s.Source, Received: s.Received, Stored: s.Stored, Duplicates: s.Duplicates, DeadLettered: s.DeadLettered, Filtered: s.Filtered,
			Rows: s.Events, Replayed: s.Replayed, Discarded: s.Discarded, LastAt: timeOrNil(s.LastReceived), Balanced: s.Unaccounted() == 0,
			Hours: hours[s.Source], SkewSeconds: s.Skew.Seconds(), Ahead: s.Ahead, LastAhead: timeOrNil(s.LastAhead), Shortened: s.Shortened, LastShortened: timeOrNil(s.LastShortened), Drift: drift[s.Source], Opened: opened[s.Source],
		})
		delete(opened, s.Source)
	}
	for _, h := range health { // in the order of the file
		if o := opened[h.Source]; o != nil {
			list.Items = append(list.Items, api.Source{ID: h.Source, Balanced: true, Opened: o})
		}
	}
	return list, nil
}

// Answers implements api.Sources.
func (b *sourceBook) Answers(ctx context.Context) error {
	rows, err := b.app.store.Select(ctx, "SELECT 1")
	if err != nil {
		return err
	}
	for rows.NextChunk() { // to its end: then it is known whether it failed
	}
	return errors.Join(rows.Err(), rows.Close())
}

// hours returns what came from each source in each of the last hours.
func (b *sourceBook) hours(ctx context.Context) (map[tocsin.SourceID][]int64, error) {
	since := b.app.cfg.Now().Truncate(time.Hour).Add(-(bookHours - 1) * time.Hour)
	buckets, err := b.app.store.History(ctx, since)
	if err != nil {
		return nil, fmt.Errorf("reading the last hours of the sources: %w", err)
	}
	out := map[tocsin.SourceID][]int64{}
	for _, bucket := range buckets {
		if out[bucket.Source] == nil {
			out[bucket.Source] = make([]int64, bookHours)
		}
		if i := int(bucket.At.Sub(since) / time.Hour); i >= 0 && i < bookHours {
			out[bucket.Source][i] += bucket.Received
		}
	}
	return out, nil
}

func openedOf(h ingest.Health) *api.OpenedSource {
	o := &api.OpenedSource{
		State: string(h.State), Detail: h.Detail, Since: h.Since, LastError: h.LastError, LastErrorAt: timeOrNil(h.LastErrorAt), Connections: h.Connections, RefusedMore: h.RefusedMore,
	}
	for _, r := range h.Refused {
		o.Refused = append(o.Refused, api.RefusedFile{Path: r.Path, Reason: r.Reason, At: r.At})
	}
	return o
}

// timeOrNil is nil for the zero time.
func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
