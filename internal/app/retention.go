package app

import (
	"context"
	"sync"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/api"
	"github.com/tocsin-soc/tocsin/internal/telemetry/retention"
)

// keeping looks after what is kept, for the API and the command line alike.
type keeping struct {
	app *App

	measuring sync.Mutex
	stock     api.Stock     // as of MeasuredAt
	took      time.Duration // measuring it
}

// Retention returns what sets and releases legal holds and lists deletions.
func (a *App) Retention() api.Retention { return &keeping{app: a} }

// Holds implements api.Retention.
func (k *keeping) Holds(ctx context.Context) ([]api.Hold, error) {
	list, err := k.app.store.Keeper().HoldList(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]api.Hold, len(list))
	for i, h := range list {
		out[i] = holdOf(h)
	}
	return out, nil
}

func holdOf(h retention.Hold) api.Hold {
	return api.Hold{
		ID: h.ID, Table: h.Table, From: timeOrNil(h.From), To: timeOrNil(h.To), Entity: h.Entity, Incident: h.Incident, Reason: h.Reason,
		CreatedAt: h.CreatedAt, CreatedBy: h.CreatedBy, ReleasedAt: timeOrNil(h.ReleasedAt), ReleasedBy: h.ReleasedBy, ReleaseReason: h.ReleaseWhy,
	}
}

// beforeIncident is how long before an incident's first activity its hold begins.
const beforeIncident = time.Hour

// AddHold implements api.Retention.
func (k *keeping) AddHold(ctx context.Context, r api.HoldRequest, by string) (api.Hold, error) {
	h, err := k.scope(ctx, r.HoldScope)
	if err != nil {
		return api.Hold{}, err
	}
	h.Reason, h.CreatedBy = r.Reason, by
	h, err = k.app.store.Keeper().AddHold(ctx, h)
	return holdOf(h), err
}

// scope makes the store's hold of what is asked for.
func (k *keeping) scope(ctx context.Context, r api.HoldScope) (retention.Hold, error) {
	h := retention.Hold{Table: r.Table, Entity: r.Entity, Incident: r.Incident}
	if r.From != nil {
		h.From = *r.From
	}
	if r.To != nil {
		h.To = *r.To
	}
	if r.Incident != 0 {
		in, err := k.app.desk.Incident(ctx, tocsin.IncidentID(r.Incident))
		if err != nil {
			return h, err
		}
		if r.From == nil && !in.FirstActivity.IsZero() {
			h.From = in.FirstActivity.Add(-beforeIncident)
		}
	}
	return h, nil
}

// ReleaseHold implements api.Retention.
func (k *keeping) ReleaseHold(ctx context.Context, id, by, reason string) error {
	return k.app.store.Keeper().ReleaseHold(ctx, id, by, reason)
}

// Held implements api.Retention.
func (k *keeping) Held(ctx context.Context, r api.HoldScope) (api.HoldPreview, error) {
	h, err := k.scope(ctx, r)
	if err != nil {
		return api.HoldPreview{}, err
	}
	list, err := k.app.store.Keeper().Held(ctx, h)
	if err != nil {
		return api.HoldPreview{}, err
	}
	out := api.HoldPreview{From: timeOrNil(h.From)}
	for _, one := range list {
		out.Tables = append(out.Tables, api.HeldRows{Table: one.Table, Rows: one.Rows})
		out.Rows += one.Rows
	}
	return out, nil
}

// A measurement of the tables is good for measureEvery, and for measureRest times
// as long as it took: of a large store it may take minutes.
const (
	measureEvery = 30 * time.Second
	measureRest  = 20
)

// Stock implements api.Retention.
func (k *keeping) Stock(ctx context.Context) (api.Stock, error) {
	k.measuring.Lock()
	defer k.measuring.Unlock()
	now := k.app.cfg.Now()
	if age := now.Sub(k.stock.MeasuredAt); age >= 0 && age < max(measureEvery, measureRest*k.took) {
		return k.stock, nil
	}
	// Who asked may not wait so long; who asks next has it.
	tables, disk, err := k.app.store.Keeper().Stock(context.WithoutCancel(ctx))
	if err != nil {
		return api.Stock{}, err
	}
	out := api.Stock{MeasuredAt: now, FileBytes: disk.File, SpareBytes: disk.Spare, MaxBytes: disk.MaxBytes, DiskFree: disk.Free, MinFree: disk.MinFree}
	const day = 24 * time.Hour
	for _, t := range tables {
		one := api.TableStock{
			Name: t.Table, Rows: t.Rows, Bytes: t.Bytes, Oldest: timeOrNil(t.Oldest), Newest: timeOrNil(t.Newest), ReceivedAt: timeOrNil(t.Received),
			KeepDays: t.Age.Hours() / day.Hours(), MaxBytes: t.MaxBytes, IsUndeclared: t.IsUndeclared,
		}
		if decl, ok := k.app.schema.Table(t.Table); ok {
			one.DeclaredDays = decl.Retention.Hours() / day.Hours()
		}
		out.Tables = append(out.Tables, one)
	}
	k.stock, k.took = out, k.app.cfg.Now().Sub(now)
	return out, nil
}

// Deletions implements api.Retention.
func (k *keeping) Deletions(ctx context.Context, limit int) ([]api.Deletion, error) {
	list, err := k.app.store.Keeper().Deletions(ctx, limit)
	if err != nil {
		return nil, err
	}
	out := make([]api.Deletion, len(list))
	for i, d := range list {
		out[i] = api.Deletion{At: d.At, Table: d.Table, Rows: d.Rows, Held: d.Held, Before: timeOrNil(d.Before), Reason: d.Reason, BytesBefore: d.BytesBefore, BytesAfter: d.BytesAfter}
	}
	return out, nil
}

// Stopped implements api.Retention.
func (k *keeping) Stopped() string {
	err := k.app.store.Room()
	if err == nil {
		return ""
	}
	_, message := tocsin.Explain(err) // without the cause, which names a folder
	return message
}
