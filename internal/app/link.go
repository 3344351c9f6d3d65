package app

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/correlate"
	"github.com/tocsin-soc/tocsin/internal/detect"
	"github.com/tocsin-soc/tocsin/internal/incident"
	"github.com/tocsin-soc/tocsin/internal/ingest"
	"github.com/tocsin-soc/tocsin/internal/telemetry"
)

// correlation is who links alerts to incidents.
var correlation = tocsin.Actor{Kind: tocsin.Correlation, ID: "correlation", Name: "correlation"}

// linkAttempts bounds how often alerts are decided about anew because somebody
// changed an incident meanwhile.
const linkAttempts = 5

// awaiting returns the alerts that are in no incident yet, each once.
func awaiting(recorded []incident.Recorded) []tocsin.Alert {
	var list []tocsin.Alert
	seen := map[tocsin.AlertID]bool{}
	for _, r := range recorded {
		if r.Alert.Incident == 0 && r.Alert.Status != tocsin.AlertResolved && !seen[r.Alert.ID] {
			seen[r.Alert.ID] = true
			list = append(list, r.Alert)
		}
	}
	return list
}

// link finds incidents for alerts, or opens new ones.
func (p *pipeline) link(ctx context.Context, alerts []tocsin.Alert) error {
	for range linkAttempts {
		decisions, err := p.decide(ctx, alerts)
		if err != nil {
			return err
		}
		conflict, err := p.carryOut(ctx, decisions)
		if err != nil || !conflict {
			return err
		}
		if alerts, err = p.stillAwaiting(ctx, alerts); err != nil || len(alerts) == 0 {
			return err
		}
	}
	return tocsin.Errorf(tocsin.Unavailable, "%d alerts are not in an incident yet, because incidents kept changing; they are linked with the next ones.", len(alerts))
}

// decide asks correlation what becomes of the alerts.
func (p *pipeline) decide(ctx context.Context, alerts []tocsin.Alert) ([]correlate.Decision, error) {
	related, keys := p.links.Ask(alerts)
	candidates, err := p.desk.Candidates(ctx, related)
	if err != nil {
		return nil, fmt.Errorf("finding related incidents: %w", err)
	}
	now := p.now()
	degrees, err := p.desk.Degrees(ctx, keys, now.Add(-correlate.HubWindow))
	if err != nil {
		return nil, fmt.Errorf("measuring hubs: %w", err)
	}
	return correlate.Decide(alerts, candidates, p.links.Measured(degrees), now), nil
}

// carryOut applies decisions in order. conflict says that one no longer fits.
func (p *pipeline) carryOut(ctx context.Context, decisions []correlate.Decision) (conflict bool, err error) {
	for i := range decisions {
		cmd, ok := decisions[i].Command(correlation)
		if !ok {
			continue
		}
		_, err := p.desk.Apply(ctx, cmd)
		if tocsin.IsKind(err, tocsin.Conflict) {
			conflict = true
			continue
		}
		if err != nil {
			return false, fmt.Errorf("carrying out a decision of correlation: %w", err)
		}
	}
	return conflict, nil
}

// stillAwaiting reads the alerts again and returns those in no incident.
func (p *pipeline) stillAwaiting(ctx context.Context, alerts []tocsin.Alert) ([]tocsin.Alert, error) {
	var list []tocsin.Alert
	for _, a := range alerts {
		now, err := p.desk.Alert(ctx, a.ID)
		if err != nil {
			return nil, err
		}
		if now.Incident == 0 && now.Status != tocsin.AlertResolved {
			list = append(list, now)
		}
	}
	return list, nil
}

// batchOf makes the telemetry's batch: the events of all records, what was
// rejected, and what was found and observed, stored in the same transaction.
func batchOf(raws []tocsin.Raw, records []tocsin.Record, rejects []tocsin.Reject, found []detect.Finding, seen []detect.Observation) (telemetry.Batch, error) {
	b := telemetry.Batch{Rejects: rejects}
	if len(raws) > 0 {
		b.ID = string(raws[0].Source) + " " + raws[0].Position
	}
	rows := 0
	for i := range records {
		rows += len(records[i].Events)
	}
	b.Starts, b.Events = make([]int, 0, len(records)), make([]tocsin.Event, 0, rows)
	for i := range records {
		b.Starts = append(b.Starts, len(b.Events))
		b.Events = append(b.Events, records[i].Events...)
	}
	for _, f := range found {
		body, err := json.Marshal(f.Alert)
		if err != nil {
			return b, fmt.Errorf("writing finding %s: %w", f.ID, err)
		}
		finding := telemetry.Finding{ID: f.ID, Body: body}
		if len(f.Alert.Evidence) > 0 {
			finding.Event = f.Alert.Evidence[0].Event
		}
		b.Findings = append(b.Findings, finding)
	}
	for i := range seen {
		body, err := json.Marshal(&seen[i])
		if err != nil {
			return b, fmt.Errorf("writing observation %s: %w", seen[i].ID, err)
		}
		b.Findings = append(b.Findings, telemetry.Finding{ID: seen[i].ID, Event: seen[i].Event, Body: body})
	}
	return b, nil
}

// receiptOf is what the sender is told.
func receiptOf(a telemetry.Appended, alerts int) ingest.Receipt {
	return ingest.Receipt{
		Received: a.Stored + a.Duplicates + a.DeadLettered + a.Filtered, Stored: a.Stored, Duplicates: a.Duplicates,
		DeadLettered: a.DeadLettered, Filtered: a.Filtered, Events: a.Events, Alerts: alerts,
	}
}
