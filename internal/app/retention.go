package app

import (
	"context"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/api"
	"github.com/tocsin-soc/tocsin/internal/telemetry"
)

// keeping looks after what is kept, for the API and the command line alike.
type keeping struct{ app *App }

// Retention returns what sets and releases legal holds and lists deletions.
func (a *App) Retention() api.Retention { return &keeping{a} }

// Holds implements api.Retention.
func (k *keeping) Holds(ctx context.Context) ([]api.Hold, error) {
	list, err := k.app.store.HoldList(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]api.Hold, len(list))
	for i, h := range list {
		out[i] = holdOf(h)
	}
	return out, nil
}

func holdOf(h telemetry.Hold) api.Hold {
	return api.Hold{
		ID: h.ID, Table: h.Table, From: timeOrNil(h.From), To: timeOrNil(h.To), Entity: h.Entity, Incident: h.Incident, Reason: h.Reason,
		CreatedAt: h.CreatedAt, CreatedBy: h.CreatedBy, ReleasedAt: timeOrNil(h.ReleasedAt), ReleasedBy: h.ReleasedBy,
	}
}

// beforeIncident is how long before an incident's first activity its hold begins.
const beforeIncident = time.Hour

// AddHold implements api.Retention.
func (k *keeping) AddHold(ctx context.Context, r api.HoldRequest, by string) (api.Hold, error) {
	h := telemetry.Hold{Table: r.Table, Entity: r.Entity, Incident: r.Incident, Reason: r.Reason, CreatedBy: by}
	if r.From != nil {
		h.From = *r.From
	}
	if r.To != nil {
		h.To = *r.To
	}
	if r.Incident != 0 {
		in, err := k.app.desk.Incident(ctx, tocsin.IncidentID(r.Incident))
		if err != nil {
			return api.Hold{}, err
		}
		if r.From == nil && !in.FirstActivity.IsZero() {
			h.From = in.FirstActivity.Add(-beforeIncident)
		}
	}
	h, err := k.app.store.AddHold(ctx, h)
	return holdOf(h), err
}

// ReleaseHold implements api.Retention.
func (k *keeping) ReleaseHold(ctx context.Context, id, by string) error {
	return k.app.store.ReleaseHold(ctx, id, by)
}

// Deletions implements api.Retention.
func (k *keeping) Deletions(ctx context.Context, limit int) ([]api.Deletion, error) {
	list, err := k.app.store.Deletions(ctx, limit)
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
