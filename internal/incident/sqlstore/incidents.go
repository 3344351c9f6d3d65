package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/incident"
)

// Incidents is the store of incidents, their log and the alerts.
type Incidents struct {
	db         *DB
	few, least int // see fewListings and leastTotal
}

var _ incident.Store = (*Incidents)(nil)

// Incidents returns the part of the database that package incident works on.
func (db *DB) Incidents() *Incidents { return &Incidents{db: db, few: fewListings, least: leastTotal} }

// Update runs do in one transaction that no other writer overlaps.
func (s *Incidents) Update(ctx context.Context, do func(incident.Tx) error) error {
	return s.db.update(ctx, func(tx *sql.Tx) error {
		return do(&incidentTx{ctx: ctx, tx: tx, dialect: s.db.dialect})
	})
}

// severities is the inverse of tocsin.Severity.Rank.
var severities = []tocsin.Severity{"", tocsin.Informational, tocsin.Low, tocsin.Medium, tocsin.High}

// summaryColumns are what scanSummary reads.
const summaryColumns = `i.id, i.name, i.title, i.severity, i.status, i.owner, i.classification, i.determination,
	i.close_comment, i.tags, i.tactics, i.techniques, i.entities, i.entity_count, i.alert_count, i.active_alerts,
	i.merged_into, i.created_at, i.updated_at, i.acknowledged_at, i.closed_at, i.first_activity, i.last_activity,
	i.comments, i.version`

// scanSummary reads one row of the queue.
func scanSummary(rows *sql.Rows, s *incident.Summary) error {
	var severity int
	var tags, tactics, techniques, entities []byte
	var created, updated, acknowledged, closed, first, last int64
	err := rows.Scan(&s.ID, &s.Name, &s.Title, &severity, &s.Status, &s.Owner, &s.Classification, &s.Determination,
		&s.CloseComment, &tags, &tactics, &techniques, &entities, &s.EntityCount, &s.AlertCount, &s.ActiveAlerts,
		&s.MergedInto, &created, &updated, &acknowledged, &closed, &first, &last, &s.Comments, &s.Version)
	if err != nil {
		return fmt.Errorf("reading an incident: %w", err)
	}
	if severity < 1 || severity >= len(severities) {
		return fmt.Errorf("reading incident %d: severity %d", s.ID, severity)
	}
	s.Severity = severities[severity]
	s.CreatedAt, s.UpdatedAt, s.AcknowledgedAt = fromTicks(created), fromTicks(updated), fromTicks(acknowledged)
	s.ClosedAt, s.FirstActivity, s.LastActivity = fromTicks(closed), fromTicks(first), fromTicks(last)
	for _, part := range []struct {
		text []byte
		into any
	}{{tags, &s.Tags}, {tactics, &s.Tactics}, {techniques, &s.Techniques}, {entities, &s.Entities}} {
		if err := json.Unmarshal(part.text, part.into); err != nil {
			return fmt.Errorf("reading incident %d: %w", s.ID, err)
		}
	}
	return nil
}

// Incident returns an incident with its alerts' links. Row and state are read
// in one transaction, so they are of one version.
func (s *Incidents) Incident(ctx context.Context, id tocsin.IncidentID) (incident.Summary, error) {
	var out incident.Summary
	err := s.db.snapshot(ctx, func(q querier) error {
		list, err := collect(ctx, q, scanSummary, s.db.dialect.sql(`SELECT `+summaryColumns+` FROM incident i WHERE i.id = ?`), id)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return notFound(id)
		}
		st, err := loadState(ctx, q, s.db.dialect, id)
		out = list[0]
		out.Alerts = st.Incident.Alerts
		return err
	})
	return out, err
}

// loadState reads the stored fold of an incident.
func loadState(ctx context.Context, q querier, d dialect, id tocsin.IncidentID) (incident.State, error) {
	var body []byte
	err := q.QueryRowContext(ctx, d.sql(`SELECT body FROM incident_state WHERE incident_id = ?`), id).Scan(&body)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return incident.State{}, notFound(id)
	case err != nil:
		return incident.State{}, unreachable(fmt.Errorf("reading the state of incident %d: %w", id, err))
	}
	var st incident.State
	if err := json.Unmarshal(body, &st); err != nil {
		return st, fmt.Errorf("reading the state of incident %d: %w", id, err)
	}
	return st, nil
}

// entryColumns are what scanEntry reads.
const entryColumns = `position, incident_id, seq, at, actor_kind, actor_id, actor_name, kind, body`

// scanEntry reads one entry of the log. A kind this version does not know is an
// error: folding without it would be wrong.
func scanEntry(rows *sql.Rows, e *incident.Entry) error {
	var at int64
	var body []byte
	if err := rows.Scan(&e.Position, &e.Incident, &e.Seq, &at, &e.Actor.Kind, &e.Actor.ID, &e.Actor.Name, &e.Kind, &body); err != nil {
		return fmt.Errorf("reading a timeline entry: %w", err)
	}
	e.At = fromTicks(at)
	if !e.Kind.Valid() {
		return tocsin.Errorf(tocsin.Unavailable, "Incident %d has a timeline entry of kind %q, which this version of Tocsin does not know. Start the newer version that wrote it.", e.Incident, e.Kind)
	}
	if err := json.Unmarshal(body, &e.Body); err != nil {
		return fmt.Errorf("reading entry %d of incident %d: %w", e.Seq, e.Incident, err)
	}
	return nil
}

// Timeline returns the entries of one incident, oldest first.
func (s *Incidents) Timeline(ctx context.Context, id tocsin.IncidentID) ([]incident.Entry, error) {
	return collect(ctx, s.db.read, scanEntry, s.db.dialect.sql(`SELECT `+entryColumns+` FROM entry WHERE incident_id = ? ORDER BY seq`), id)
}

// Log returns entries of all incidents after a position.
func (s *Incidents) Log(ctx context.Context, after int64, limit int) ([]incident.Entry, error) {
	return collect(ctx, s.db.read, scanEntry, s.db.dialect.sql(`SELECT `+entryColumns+` FROM entry WHERE position > ? ORDER BY position LIMIT ?`), after, limit)
}

func notFound(id tocsin.IncidentID) error {
	return tocsin.Errorf(tocsin.NotFound, "There is no incident %d.", id)
}
