// Package mirror writes incidents and alerts back as rows of the tables that
// Sentinel and Defender content reads: SecurityIncident (a row per change, as in
// Sentinel), SecurityAlert, AlertInfo and AlertEvidence.
//
// It promises one row per entry of the incident log and per alert, whatever is
// repeated after a crash, because a row's id comes from the log's position. It
// refuses to be a source of truth: the log is. It is tested with a real log and
// a telemetry store in memory.
package mirror

import (
	"context"
	"fmt"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/incident"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/telemetry"
)

// Source is the source that mirrored rows come from.
const Source tocsin.SourceID = "tocsin:incidents"

// page is how many log entries are mirrored in one batch.
const page = 200

// A Mirror follows the incident log.
type Mirror struct {
	desk   *incident.Desk
	store  *telemetry.Store
	schema *schema.Schema
	now    func() time.Time
}

// New makes a mirror of the desk's log in the store.
func New(desk *incident.Desk, store *telemetry.Store, s *schema.Schema, now func() time.Time) *Mirror {
	return &Mirror{desk, store, s, now}
}

// CatchUp mirrors every entry after a position of the log and returns the last
// position it wrote. Calling it again from an older position stores nothing twice.
func (m *Mirror) CatchUp(ctx context.Context, after int64) (int64, error) {
	for {
		entries, err := m.desk.Log(ctx, after, page)
		if err != nil || len(entries) == 0 {
			return after, err
		}
		batch := telemetry.Batch{ID: fmt.Sprintf("incident log after %d", after)}
		for i := range entries {
			events, err := m.rows(ctx, &entries[i])
			if err != nil {
				return after, fmt.Errorf("mirroring entry %d of the incident log: %w", entries[i].Position, err)
			}
			batch.Starts = append(batch.Starts, len(batch.Events))
			batch.Events = append(batch.Events, events...)
		}
		if _, err := m.store.Append(ctx, batch); err != nil {
			return after, err
		}
		after = entries[len(entries)-1].Position
	}
}

// rows makes the rows of one entry: the incident as it stood after it, and the
// alerts that came with it.
func (m *Mirror) rows(ctx context.Context, e *incident.Entry) ([]tocsin.Event, error) {
	timeline, err := m.desk.Timeline(ctx, e.Incident)
	if err != nil {
		return nil, err
	}
	events := []tocsin.Event{m.incidentRow(timeline[:e.Seq], e)}
	for _, link := range e.Body.Links {
		a, err := m.desk.Alert(ctx, link.Alert)
		if err != nil {
			return nil, err
		}
		events = append(events, m.alertRow(&a), m.infoRow(&a))
		for i := range a.Entities {
			events = append(events, m.evidenceRow(&a, i))
		}
	}
	return events, nil
}

// A row is one event under way: values by column name.
type row struct {
	table  *schema.Table
	values []tocsin.Value
}

// newRow starts a row of a declared table.
func (m *Mirror) newRow(table string) *row {
	t, ok := m.schema.Table(table)
	if !ok {
		panic("mirror: the schema lacks " + table)
	}
	first, ok := t.Column(schema.EventIDColumn) // the store fills from here on
	if !ok {
		panic("mirror: rows cannot be stored in " + table)
	}
	return &row{t, make([]tocsin.Value, first)}
}

// set fills a column; the tables' columns are content, so an absent one is
// simply not mirrored.
func (r *row) set(column string, v tocsin.Value) {
	if i, ok := r.table.Column(column); ok && i < len(r.values) {
		r.values[i] = v
	}
}

func (r *row) text(column, v string) { r.set(column, tocsin.StringValue(v)) }

func (r *row) time(column string, t time.Time) { r.set(column, tocsin.TimeValue(t)) }

// event finishes the row. position is what makes it the same row again.
func (m *Mirror) event(r *row, position string, at time.Time) tocsin.Event {
	r.time("TimeGenerated", at)
	r.time("Timestamp", at)
	r.text("SourceSystem", "Tocsin")
	raw := tocsin.Raw{Source: Source, Position: position}
	return tocsin.Event{
		ID: tocsin.IdentifyEvent(raw.Digest(), r.table.Name, 0), Table: r.table.Name, Source: Source,
		OccurredAt: at, ReceivedAt: m.now(), Values: r.values,
	}
}
