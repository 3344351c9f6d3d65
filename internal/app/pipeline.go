package app

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/correlate"
	"github.com/tocsin-soc/tocsin/internal/detect"
	"github.com/tocsin-soc/tocsin/internal/incident"
	"github.com/tocsin-soc/tocsin/internal/ingest"
	"github.com/tocsin-soc/tocsin/internal/normalize"
	"github.com/tocsin-soc/tocsin/internal/telemetry"
	"github.com/tocsin-soc/tocsin/internal/transform"
)

// A pipeline is the way of one event: the only place where stages meet.
type pipeline struct {
	normalize  *normalize.Normalizer
	transforms *transform.Set // nil without any
	stream     *detect.Stream
	schedule   *detect.Schedule
	telemetry  *telemetry.Store
	desk       *incident.Desk
	links      *correlate.Rules
	now        func() time.Time
	log        *slog.Logger

	memory *memory   // of Sigma correlations
	spare  sync.Pool // *normalize.Memory: taken until a batch is prepared
	// working bounds the batches that are made into rows at once. More than there
	// are cores would only hold memory, which the collector has to look through.
	working chan struct{}

	raising sync.Mutex // one correlation at a time: two at once could open two incidents for one story
}

// Ingest stores a batch and raises what it triggers. If it returns an error,
// nothing was acknowledged; the sender may send the same again.
func (p *pipeline) Ingest(ctx context.Context, raws []tocsin.Raw) (ingest.Receipt, error) {
	if err := p.telemetry.Room(); err != nil {
		return ingest.Receipt{}, refused(err)
	}
	batch, found, seen, err := p.work(ctx, raws)
	if err != nil {
		return ingest.Receipt{}, err
	}
	stored, err := p.telemetry.Commit(ctx, batch)
	if err != nil {
		return ingest.Receipt{}, refused(err)
	}
	// From here on the events are stored and acknowledged. What was found is
	// stored with them: should raising fail, the next Tick raises it.
	alerts, err := p.raiseKept(ctx, found, seen, stored.Findings)
	if err != nil {
		p.log.Error("alerts are stored and will be raised later", "error", err)
	}
	return receiptOf(stored, alerts), nil
}

// work makes a batch of raw records, with what Sigma finds in them. Nothing is
// stored yet.
func (p *pipeline) work(ctx context.Context, raws []tocsin.Raw) (*telemetry.Prepared, []detect.Finding, []detect.Observation, error) {
	select {
	case p.working <- struct{}{}:
	case <-ctx.Done():
		return nil, nil, nil, ctx.Err()
	}
	defer func() { <-p.working }()
	memory, ok := p.spare.Get().(*normalize.Memory)
	if !ok {
		memory = &normalize.Memory{}
	}
	defer func() { memory.Reset(); p.spare.Put(memory) }()
	ready, err := p.shape(ctx, memory, raws, false)
	if err != nil {
		return nil, nil, nil, err
	}
	found, seen := p.stream.Match(ready.records, p.now())
	batch, err := batchOf(raws, ready.records, ready.rejects, found, seen)
	if err != nil {
		return nil, nil, nil, err
	}
	batch.Counts = ready.counts(raws)
	prepared, err := p.telemetry.Prepare(batch)
	return prepared, found, seen, err
}

// raiseKept raises those findings of a batch that do not rest on an event seen
// before, with what Sigma correlations make of them.
func (p *pipeline) raiseKept(ctx context.Context, found []detect.Finding, seen []detect.Observation, kept []string) (alerts int, err error) {
	if len(kept) == 0 {
		return 0, nil
	}
	isKept := make(map[string]bool, len(kept))
	for _, id := range kept {
		isKept[id] = true
	}
	found = slices.DeleteFunc(found, func(f detect.Finding) bool { return !isKept[f.ID] })
	seen = slices.DeleteFunc(seen, func(o detect.Observation) bool { return !isKept[o.ID] })
	if alerts, err = p.raise(ctx, slices.Concat(found, p.memory.observe(seen, p.now()))); err != nil {
		return 0, err
	}
	ids := make([]string, len(found))
	for i := range found {
		ids[i] = found[i].ID
	}
	return alerts, p.telemetry.Settle(ctx, ids)
}

// Tick runs the scheduled rules that are due at now. A failing rule never stops
// the others.
func (p *pipeline) Tick(ctx context.Context, now time.Time) error {
	if _, err := p.raiseStored(ctx); err != nil {
		return err
	}
	return p.schedule.Tick(ctx, now, func(ctx context.Context, found []detect.Finding) error {
		_, err := p.raise(ctx, found)
		return err
	})
}

// raiseStored raises the findings that were stored with their events and are
// not settled yet, such as those of a batch before a crash. Observations wait
// for the next checkpoint and are left alone.
func (p *pipeline) raiseStored(ctx context.Context) (alerts int, err error) {
	pending, err := p.telemetry.Pending(ctx)
	if err != nil || len(pending) == 0 {
		return 0, err
	}
	var found []detect.Finding
	var ids []string
	for _, f := range pending {
		if isObservation(f.ID) {
			continue
		}
		one := detect.Finding{ID: f.ID}
		if err := json.Unmarshal(f.Body, &one.Alert); err != nil {
			return 0, fmt.Errorf("reading stored finding %s: %w", f.ID, err)
		}
		found, ids = append(found, one), append(ids, f.ID)
	}
	if alerts, err = p.raise(ctx, found); err != nil {
		return 0, err
	}
	return alerts, p.telemetry.Settle(ctx, ids)
}

// raise turns findings into alerts and alerts into incidents, and returns how
// many alerts they concern. A finding that was raised before changes nothing.
func (p *pipeline) raise(ctx context.Context, found []detect.Finding) (alerts int, err error) {
	if len(found) == 0 {
		return 0, nil
	}
	p.raising.Lock()
	defer p.raising.Unlock()
	findings := make([]incident.Finding, len(found))
	for i, f := range found {
		findings[i] = incident.Finding{ID: f.ID, Alert: f.Alert}
	}
	recorded, err := p.desk.Record(ctx, findings)
	if err != nil {
		return 0, fmt.Errorf("recording alerts: %w", err)
	}
	alerts = raised(recorded)
	if fresh := awaiting(recorded); len(fresh) > 0 {
		err = p.link(ctx, fresh)
	}
	return alerts, err
}

// raised counts the alerts that the findings made, or were one more of.
func raised(recorded []incident.Recorded) int {
	seen := map[tocsin.AlertID]bool{}
	for _, r := range recorded {
		if r.Outcome != incident.IsDelivered {
			seen[r.Alert.ID] = true
		}
	}
	return len(seen)
}
