package sqlstore

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/incident"
)

// alertFrom joins an alert with the incident it is in. An alert is in one at
// most, by policy of package incident.
const alertFrom = ` FROM alert a LEFT JOIN incident_alert l ON l.alert_id = a.id`

const (
	alertColumns    = `a.body, a.status, a.resolved_at, a.identity, a.episode, coalesce(l.incident_id, 0), ''`
	evidenceColumns = `a.body, a.status, a.resolved_at, a.identity, a.episode, coalesce(l.incident_id, 0), a.evidence`
)

// scanAlert reads one alert. What changes without the alert being written anew
// stands in columns of its own.
func scanAlert(rows *sql.Rows, a *incident.Stored) error {
	var body, evidence []byte
	var status string
	var resolved int64
	var in tocsin.IncidentID
	if err := rows.Scan(&body, &status, &resolved, &a.Identity, &a.Episode, &in, &evidence); err != nil {
		return fmt.Errorf("reading an alert: %w", err)
	}
	if err := json.Unmarshal(body, &a.Alert); err != nil {
		return fmt.Errorf("reading an alert: %w", err)
	}
	a.Evidence = []tocsin.Evidence{}
	if len(evidence) > 0 {
		if err := json.Unmarshal(evidence, &a.Evidence); err != nil {
			return fmt.Errorf("reading the evidence of alert %s: %w", a.ID, err)
		}
	}
	a.Status, a.ResolvedAt, a.Incident = tocsin.AlertStatus(status), fromTicks(resolved), in
	return nil
}

// Alerts returns those of the alerts that exist.
func (t *incidentTx) Alerts(ids []tocsin.AlertID, evidence bool) (map[tocsin.AlertID]incident.Stored, error) {
	columns := alertColumns
	if evidence {
		columns = evidenceColumns
	}
	return t.alerts(`SELECT `+columns+alertFrom+` WHERE a.id IN (`, `)`, ids, func(a *incident.Stored) tocsin.AlertID { return a.ID })
}

// Latest returns the newest episode of each identity.
func (t *incidentTx) Latest(identities []tocsin.AlertID) (map[tocsin.AlertID]incident.Stored, error) {
	return t.alerts(`SELECT `+evidenceColumns+alertFrom+` WHERE a.identity IN (`,
		`) AND a.episode = (SELECT max(b.episode) FROM alert b WHERE b.identity = a.identity)`,
		identities, func(a *incident.Stored) tocsin.AlertID { return a.Identity })
}

// alerts runs a query over lists of ids.
func (t *incidentTx) alerts(before, after string, ids []tocsin.AlertID, key func(*incident.Stored) tocsin.AlertID) (map[tocsin.AlertID]incident.Stored, error) {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = plain(string(id))
	}
	out := make(map[tocsin.AlertID]incident.Stored, len(ids))
	for part := range chunks(args) {
		list, err := collect(t.ctx, t.tx, scanAlert, t.dialect.sql(before+marks(len(part))+after), part...)
		if err != nil {
			return nil, err
		}
		for i := range list {
			out[key(&list[i])] = list[i]
		}
	}
	return out, nil
}

// SaveAlerts writes alerts with their evidence and the keys they are found by.
func (t *incidentTx) SaveAlerts(alerts []incident.Stored) error {
	for i := range alerts {
		if err := t.saveAlert(&alerts[i]); err != nil {
			return fmt.Errorf("saving alert %s: %w", alerts[i].ID, err)
		}
	}
	return nil
}

func (t *incidentTx) saveAlert(a *incident.Stored) error {
	evidence, err := json.Marshal(a.Evidence)
	if err != nil {
		return fmt.Errorf("writing evidence: %w", err)
	}
	lean := a.Alert
	lean.Evidence = nil
	body, err := json.Marshal(&lean)
	if err != nil {
		return fmt.Errorf("writing it: %w", err)
	}
	rule := plain(string(a.Rule))
	known, err := t.change(`UPDATE alert SET severity = ?, first_activity = ?, last_activity = ?, body = ?, evidence = ? WHERE id = ?`,
		a.Severity.Rank(), toTicks(a.FirstActivity), toTicks(a.LastActivity), string(body), string(evidence), string(a.ID))
	if err != nil {
		return err
	}
	if known == 0 {
		err := t.exec(`INSERT INTO alert (id, identity, episode, rule_id, severity, status, is_open, is_loose, resolved_at, first_activity,
				last_activity, raised_at, body, evidence)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			string(a.ID), string(a.Identity), a.Episode, rule, a.Severity.Rank(), string(a.Status),
			asInt(a.Status != tocsin.AlertResolved), asInt(a.Incident == 0), toTicks(a.ResolvedAt), toTicks(a.FirstActivity),
			toTicks(a.LastActivity), toTicks(a.RaisedAt), string(body), string(evidence))
		if err != nil {
			return err
		}
		err = t.exec(`INSERT INTO rule_alerts (rule_id, n) VALUES (?, 1) ON CONFLICT (rule_id) DO UPDATE SET n = rule_alerts.n + 1`, rule)
		if err != nil {
			return err
		}
	}
	for _, e := range a.Entities {
		for _, k := range e.Keys() {
			err := t.exec(`INSERT INTO alert_key (entity_key, raised_at, alert_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`,
				keyColumn(k), toTicks(a.RaisedAt), string(a.ID))
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// maxKeyColumn bounds an indexed key: PostgreSQL indexes no value over 2,704 bytes.
const maxKeyColumn = 400

// keyColumn makes the column value of an entity key. A long one keeps its
// beginning and is told apart by its hash.
func keyColumn(key string) string {
	if len(key) > maxKeyColumn {
		sum := sha256.Sum256([]byte(key))
		key = key[:maxKeyColumn-70] + "…" + hex.EncodeToString(sum[:])
	}
	return plain(key)
}

// Alert returns one alert with its evidence.
func (s *Incidents) Alert(ctx context.Context, id tocsin.AlertID) (tocsin.Alert, error) {
	list, err := collect(ctx, s.db.read, scanAlert, s.db.dialect.sql(`SELECT `+evidenceColumns+alertFrom+` WHERE a.id = ?`), plain(string(id)))
	if err != nil {
		return tocsin.Alert{}, err
	}
	if len(list) == 0 {
		return tocsin.Alert{}, tocsin.Errorf(tocsin.NotFound, "There is no alert %s.", id)
	}
	return list[0].Alert, nil
}

// AlertsOf returns the alerts in an incident, by first activity.
func (s *Incidents) AlertsOf(ctx context.Context, id tocsin.IncidentID) ([]tocsin.Alert, error) {
	list, err := collect(ctx, s.db.read, scanAlert, s.db.dialect.sql(`SELECT `+evidenceColumns+
		` FROM incident_alert l JOIN alert a ON a.id = l.alert_id WHERE l.incident_id = ? ORDER BY a.first_activity, a.id`), id)
	return alertsOf(list), err
}

// alertsOf drops what only the store needs.
func alertsOf(list []incident.Stored) []tocsin.Alert {
	out := make([]tocsin.Alert, len(list))
	for i := range list {
		out[i] = list[i].Alert
	}
	return out
}

// Alerts returns one page of alerts, newest raised first.
func (s *Incidents) Alerts(ctx context.Context, f incident.AlertFilter) (incident.AlertPage, error) {
	w := where{}
	from := alertFrom
	raised, id := `a.raised_at`, `a.id`
	if f.Entity != "" {
		// Walking the key's own index keeps the order without a sort.
		from = ` FROM alert_key k JOIN alert a ON a.id = k.alert_id LEFT JOIN incident_alert l ON l.alert_id = a.id`
		raised, id = `k.raised_at`, `k.alert_id`
		w.add(`k.entity_key = ?`, keyColumn(f.Entity))
	}
	if len(f.Status) > 0 {
		var resolved, open bool
		for _, st := range f.Status {
			resolved = resolved || st == tocsin.AlertResolved
			open = open || st != tocsin.AlertResolved
		}
		if resolved != open {
			w.add(`a.is_open = ?`, asInt(open))
		}
		w.in(`a.status`, texts(f.Status))
	}
	if len(f.Severity) > 0 {
		w.in(`a.severity`, ranks(f.Severity))
	}
	if f.Rule != "" {
		w.add(`a.rule_id = ?`, plain(string(f.Rule)))
	}
	if f.Loose {
		w.add(`a.is_loose = 1`)
	}
	if !f.Since.IsZero() {
		w.add(raised+` >= ?`, toTicks(f.Since))
	}
	if f.After != nil {
		w.add(`(`+raised+`, `+id+`) < (?, ?)`, f.After.Raised, plain(string(f.After.ID)))
	}
	list, err := collect(ctx, s.db.read, scanAlert, s.db.dialect.sql(`SELECT `+alertColumns+from+w.clause()+
		` ORDER BY `+raised+` DESC, `+id+` DESC LIMIT ?`), append(w.args, f.Limit+1)...)
	if err != nil {
		return incident.AlertPage{}, err
	}
	page := incident.AlertPage{Items: alertsOf(list)}
	if len(page.Items) > f.Limit {
		page.Items = page.Items[:f.Limit]
		last := &page.Items[f.Limit-1]
		page.Next = f.NextCursor(incident.AlertPlace{Raised: toTicks(last.RaisedAt), ID: last.ID})
	}
	return page, nil
}

// A where collects conditions and the values they bind.
type where struct {
	terms []string
	args  []any
}

func (w *where) add(term string, args ...any) {
	w.terms = append(w.terms, term)
	w.args = append(w.args, args...)
}

func (w *where) in(column string, values []any) {
	w.add(column+` IN (`+marks(len(values))+`)`, values...)
}

func (w *where) clause() string {
	if len(w.terms) == 0 {
		return ""
	}
	return ` WHERE ` + strings.Join(w.terms, ` AND `)
}

// texts makes bound values of named strings.
func texts[T ~string](list []T) []any {
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = plain(string(v))
	}
	return out
}

// ranks makes bound values of severities.
func ranks(list []tocsin.Severity) []any {
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = v.Rank()
	}
	return out
}
