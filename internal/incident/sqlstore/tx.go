package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/incident"
)

// incidentTx is one writing transaction.
type incidentTx struct {
	ctx     context.Context // of the Update it lives in
	tx      *sql.Tx
	dialect dialect
	stmts   map[string]*sql.Stmt
}

var _ incident.Tx = (*incidentTx)(nil)

// exec runs a statement, prepared once per transaction.
func (t *incidentTx) exec(query string, args ...any) error {
	_, err := t.change(query, args...)
	return err
}

// change is exec, and returns how many rows it changed.
func (t *incidentTx) change(query string, args ...any) (int64, error) {
	st := t.stmts[query]
	if st == nil {
		var err error
		if st, err = t.tx.PrepareContext(t.ctx, t.dialect.sql(query)); err != nil {
			return 0, fmt.Errorf("preparing %.60q: %w", query, err)
		}
		if t.stmts == nil {
			t.stmts = map[string]*sql.Stmt{}
		}
		t.stmts[query] = st
	}
	res, err := st.ExecContext(t.ctx, args...)
	if err != nil {
		return 0, fmt.Errorf("running %.60q: %w", query, err)
	}
	return res.RowsAffected()
}

// State returns the stored state.
func (t *incidentTx) State(id tocsin.IncidentID) (incident.State, error) {
	return loadState(t.ctx, t.tx, t.dialect, id)
}

// NextID returns the number for a new incident.
func (t *incidentTx) NextID() (tocsin.IncidentID, error) {
	var id tocsin.IncidentID
	if err := t.tx.QueryRowContext(t.ctx, `SELECT coalesce(max(id), 0) + 1 FROM incident`).Scan(&id); err != nil {
		return 0, fmt.Errorf("numbering an incident: %w", err)
	}
	return id, nil
}

// Entries returns entries of one incident after a version.
func (t *incidentTx) Entries(id tocsin.IncidentID, after int) ([]incident.Entry, error) {
	return collect(t.ctx, t.tx, scanEntry, t.dialect.sql(`SELECT `+entryColumns+` FROM entry WHERE incident_id = ? AND seq > ? ORDER BY seq`), id, after)
}

// Save stores a state and the entries that led to it.
func (t *incidentTx) Save(s *incident.State, entries []incident.Entry, view *incident.View) error {
	inc := &s.Incident
	if err := t.count(inc); err != nil {
		return err
	}
	if err := t.saveRow(inc); err != nil {
		return err
	}
	body, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("writing the state: %w", err)
	}
	if err := t.exec(`INSERT INTO incident_state (incident_id, body) VALUES (?, ?) ON CONFLICT (incident_id) DO UPDATE SET body = excluded.body`, inc.ID, string(body)); err != nil {
		return err
	}
	for i := range entries {
		if err := t.append(&entries[i]); err != nil {
			return err
		}
	}
	if err := t.replace("incident_tag", "tag", inc.ID, foldTags(inc.Tags)); err != nil {
		return err
	}
	if view == nil {
		return nil
	}
	return t.saveView(inc.ID, view)
}

// append adds one entry to the log.
func (t *incidentTx) append(e *incident.Entry) error {
	body, err := json.Marshal(&e.Body)
	if err != nil {
		return fmt.Errorf("writing entry %d: %w", e.Seq, err)
	}
	return t.exec(`INSERT INTO entry (incident_id, seq, at, actor_kind, actor_id, actor_name, kind, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		e.Incident, e.Seq, toTicks(e.At), string(e.Actor.Kind), plain(e.Actor.ID), plain(e.Actor.Name), string(e.Kind), string(body))
}

// count keeps the header of the queue: what the incident was counted as goes,
// what it is comes.
func (t *incidentTx) count(inc *tocsin.Incident) error {
	var status, owner string
	var severity int
	err := t.tx.QueryRowContext(t.ctx, t.dialect.sql(`SELECT status, severity, owner FROM incident WHERE id = ?`), inc.ID).Scan(&status, &severity, &owner)
	switch {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return fmt.Errorf("reading what incident %d counts as: %w", inc.ID, err)
	case status == string(inc.Status) && severity == inc.Severity.Rank() && (owner != "") == (inc.Owner != ""):
		return nil
	default:
		if err := t.exec(addCount, status, severity, asInt(owner != ""), -1); err != nil {
			return err
		}
	}
	return t.exec(addCount, string(inc.Status), inc.Severity.Rank(), asInt(inc.Owner != ""), 1)
}

const addCount = `INSERT INTO queue_count (status, severity, owned, n) VALUES (?, ?, ?, ?)
	ON CONFLICT (status, severity, owned) DO UPDATE SET n = queue_count.n + excluded.n`

// saveRow writes the row of the queue, except what a View brings.
func (t *incidentTx) saveRow(inc *tocsin.Incident) error {
	lists := make([]string, 3)
	for i, list := range [][]string{inc.Tags, inc.Tactics, inc.Techniques} {
		text, err := json.Marshal(list)
		if err != nil {
			return fmt.Errorf("writing a list: %w", err)
		}
		lists[i] = string(text)
	}
	return t.exec(`INSERT INTO incident (id, name, title, severity, status, stand, owner, classification, determination, close_comment,
			tags, tactics, techniques, entities, entity_count, alert_count, active_alerts, merged_into, created_at, updated_at,
			acknowledged_at, closed_at, first_activity, last_activity, comments, version)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '[]', 0, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET title = excluded.title, severity = excluded.severity, status = excluded.status,
			stand = excluded.stand, owner = excluded.owner, classification = excluded.classification,
			determination = excluded.determination, close_comment = excluded.close_comment, tags = excluded.tags,
			tactics = excluded.tactics, techniques = excluded.techniques, alert_count = excluded.alert_count,
			merged_into = excluded.merged_into, updated_at = excluded.updated_at, acknowledged_at = excluded.acknowledged_at,
			closed_at = excluded.closed_at, first_activity = excluded.first_activity, last_activity = excluded.last_activity,
			comments = excluded.comments, version = excluded.version`,
		inc.ID, inc.Name, plain(inc.Title), inc.Severity.Rank(), string(inc.Status), stand(inc.Status), inc.Owner,
		string(inc.Classification), string(inc.Determination), inc.CloseComment, lists[0], lists[1], lists[2], len(inc.Alerts),
		inc.MergedInto, toTicks(inc.CreatedAt), toTicks(inc.UpdatedAt), toTicks(inc.AcknowledgedAt), toTicks(inc.ClosedAt),
		toTicks(inc.FirstActivity), toTicks(inc.LastActivity), inc.Comments, inc.Version)
}

// stand is the part of the queue a status belongs to.
func stand(s tocsin.IncidentStatus) int {
	switch s {
	case tocsin.IncidentNew, tocsin.IncidentActive:
		return 2
	case tocsin.IncidentClosed:
		return 1
	case tocsin.IncidentRedirected:
		return 0
	}
	panic("sqlstore: incident of status " + string(s))
}

// saveView writes what follows from the incident's alerts.
func (t *incidentTx) saveView(id tocsin.IncidentID, v *incident.View) error {
	entities := v.Entities
	if entities == nil {
		entities = []tocsin.Entity{}
	}
	text, err := json.Marshal(entities)
	if err != nil {
		return fmt.Errorf("writing entities: %w", err)
	}
	err = t.exec(`UPDATE incident SET entities = ?, entity_count = ?, active_alerts = ? WHERE id = ?`, string(text), v.EntityCount, v.ActiveAlerts, id)
	if err != nil {
		return err
	}
	words := make([]string, len(v.Words))
	for i, w := range v.Words {
		words[i] = plain(w)
	}
	if err := t.replace("incident_word", "word", id, words); err != nil {
		return err
	}
	return t.saveKeys(id, v.Keys)
}

// replace makes the rows of a table of (text, incident) those wanted, touching
// only what differs.
func (t *incidentTx) replace(table, column string, id tocsin.IncidentID, want []string) error {
	have, err := collect(t.ctx, t.tx, func(rows *sql.Rows, s *string) error { return rows.Scan(s) },
		t.dialect.sql(`SELECT `+column+` FROM `+table+` WHERE incident_id = ?`), id)
	if err != nil {
		return fmt.Errorf("reading %s: %w", table, err)
	}
	old := make(map[string]bool, len(have))
	for _, w := range have {
		old[w] = true
	}
	for _, w := range want {
		if old[w] {
			delete(old, w)
		} else if err := t.exec(`INSERT INTO `+table+` (`+column+`, incident_id) VALUES (?, ?) ON CONFLICT DO NOTHING`, w, id); err != nil {
			return err
		}
	}
	for w := range old {
		if err := t.exec(`DELETE FROM `+table+` WHERE `+column+` = ? AND incident_id = ?`, w, id); err != nil {
			return err
		}
	}
	return nil
}

// saveKeys makes the entity keys of an incident those wanted.
func (t *incidentTx) saveKeys(id tocsin.IncidentID, want []incident.KeySeen) error {
	type row struct {
		key string
		at  int64
	}
	have, err := collect(t.ctx, t.tx, func(rows *sql.Rows, r *row) error { return rows.Scan(&r.key, &r.at) },
		t.dialect.sql(`SELECT entity_key, last_activity FROM incident_key WHERE incident_id = ?`), id)
	if err != nil {
		return fmt.Errorf("reading entity keys: %w", err)
	}
	old := make(map[string]int64, len(have))
	for _, r := range have {
		old[r.key] = r.at
	}
	for _, k := range want {
		key, at := keyColumn(k.Key), toTicks(k.LastActivity)
		was, known := old[key]
		delete(old, key)
		if known && was == at {
			continue
		}
		if err := t.exec(`INSERT INTO incident_key (entity_key, incident_id, last_activity) VALUES (?, ?, ?)
			ON CONFLICT (entity_key, incident_id) DO UPDATE SET last_activity = excluded.last_activity`, key, id, at); err != nil {
			return err
		}
	}
	for key := range old {
		if err := t.exec(`DELETE FROM incident_key WHERE entity_key = ? AND incident_id = ?`, key, id); err != nil {
			return err
		}
	}
	return nil
}

// foldTags returns tags as they are compared.
func foldTags(tags []string) []string {
	out := make([]string, len(tags))
	for i, tag := range tags {
		out[i] = strings.ToLower(tag)
	}
	sort.Strings(out)
	return out
}

// LinkAlerts makes alerts belong to an incident, or to none.
func (t *incidentTx) LinkAlerts(to tocsin.IncidentID, alerts []tocsin.AlertID) error {
	for _, a := range alerts {
		if err := t.exec(`DELETE FROM incident_alert WHERE alert_id = ?`, string(a)); err != nil {
			return err
		}
		if err := t.exec(`UPDATE alert SET is_loose = ? WHERE id = ?`, asInt(to == 0), string(a)); err != nil {
			return err
		}
		if to == 0 {
			continue
		}
		if err := t.exec(`INSERT INTO incident_alert (incident_id, alert_id) VALUES (?, ?)`, to, string(a)); err != nil {
			return err
		}
	}
	return nil
}

// SetAlertStatus sets the status of alerts.
func (t *incidentTx) SetAlertStatus(ids []tocsin.AlertID, status tocsin.AlertStatus, resolvedAt time.Time) error {
	for _, id := range ids {
		err := t.exec(`UPDATE alert SET status = ?, is_open = ?, resolved_at = ? WHERE id = ?`,
			string(status), asInt(status != tocsin.AlertResolved), toTicks(resolvedAt), string(id))
		if err != nil {
			return err
		}
	}
	return nil
}

// Findings returns which findings were recorded before.
func (t *incidentTx) Findings(ids []string) (map[string]tocsin.AlertID, error) {
	out := map[string]tocsin.AlertID{}
	byText := make(map[string]string, len(ids))
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = plain(id)
		byText[plain(id)] = id
	}
	for part := range chunks(args) {
		type row struct {
			id    string
			alert tocsin.AlertID
		}
		rows, err := collect(t.ctx, t.tx, func(rows *sql.Rows, r *row) error { return rows.Scan(&r.id, &r.alert) },
			t.dialect.sql(`SELECT id, alert_id FROM finding WHERE id IN (`+marks(len(part))+`)`), part...)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			out[byText[r.id]] = r.alert
		}
	}
	return out, nil
}

// SaveFindings remembers findings and forgets some of the old ones.
func (t *incidentTx) SaveFindings(findings map[string]tocsin.AlertID, at, forget time.Time) error {
	for id, alert := range findings {
		err := t.exec(`INSERT INTO finding (id, alert_id, at) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING`, plain(id), string(alert), toTicks(at))
		if err != nil {
			return err
		}
	}
	// A bounded bite each time keeps the table from growing and no call waiting.
	return t.exec(`DELETE FROM finding WHERE id IN (SELECT id FROM finding WHERE at < ? ORDER BY at LIMIT 500)`, toTicks(forget))
}

// chunks yields arguments in parts that one statement may bind.
func chunks(args []any) func(func([]any) bool) {
	return func(yield func([]any) bool) {
		for len(args) > 0 {
			n := min(len(args), maxBound)
			if !yield(args[:n]) {
				return
			}
			args = args[n:]
		}
	}
}

func asInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
