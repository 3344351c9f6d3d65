package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/incident"
)

// Candidates returns the incidents that new alerts might belong to.
func (s *Incidents) Candidates(ctx context.Context, r incident.Related) ([]incident.Candidate, error) {
	var out []incident.Candidate
	err := s.db.snapshot(ctx, func(q querier) error {
		ids, err := s.related(ctx, q, &r)
		if err != nil || len(ids) == 0 {
			return err
		}
		out = make([]incident.Candidate, len(ids))
		at := make(map[tocsin.IncidentID]int, len(ids))
		for i, id := range ids {
			st, err := loadState(ctx, q, s.db.dialect, id.(tocsin.IncidentID))
			if err != nil {
				return err
			}
			out[i] = incident.Candidate{Incident: st.Incident, OwnTitle: st.OwnTitle}
			at[st.Incident.ID] = i
		}
		for part := range chunks(ids) {
			alerts, err := collect(ctx, q, scanAlert, s.db.dialect.sql(`SELECT `+alertColumns+
				` FROM incident_alert l JOIN alert a ON a.id = l.alert_id WHERE l.incident_id IN (`+marks(len(part))+
				`) ORDER BY a.first_activity, a.id`), part...)
			if err != nil {
				return err
			}
			for i := range alerts {
				c := &out[at[alerts[i].Incident]]
				c.Alerts = append(c.Alerts, alerts[i].Alert)
			}
		}
		return nil
	})
	return out, err
}

// activeIncident is an incident with its last activity, in ticks.
type activeIncident struct {
	id   tocsin.IncidentID
	last int64
}

// related finds the incidents that hold an alert of a rule of, or share a key
// with, what is asked for; newest activity first.
func (s *Incidents) related(ctx context.Context, q querier, r *incident.Related) ([]any, error) {
	found, err := s.active(ctx, q, r, `alert a JOIN incident_alert l ON l.alert_id = a.id JOIN incident i ON i.id = l.incident_id`, `a.rule_id`, `a.last_activity`, texts(r.Rules))
	if err != nil {
		return nil, fmt.Errorf("looking for incidents by rule: %w", err)
	}
	degrees, err := s.degrees(ctx, q, r.Keys, r.Since)
	if err != nil {
		return nil, fmt.Errorf("looking how common entities are: %w", err)
	}
	slices.SortFunc(degrees, func(a, b keyDegree) int { return cmp.Or(cmp.Compare(a.n, b.n), cmp.Compare(a.key, b.key)) })
	for len(degrees) > 0 && len(found) < r.Limit {
		// As many of the rarest keys at once as can find what still fits.
		var keys []any
		for n := 0; len(degrees) > 0 && (len(keys) == 0 || n+degrees[0].n <= r.Limit-len(found)); degrees = degrees[1:] {
			keys = append(keys, degrees[0].key)
			n += degrees[0].n
		}
		more, err := s.active(ctx, q, r, `incident_key k JOIN incident i ON i.id = k.incident_id`, `k.entity_key`, `k.last_activity`, keys)
		if err != nil {
			return nil, fmt.Errorf("looking for incidents by entity: %w", err)
		}
		for _, v := range more {
			if !slices.Contains(found, v) && len(found) < r.Limit {
				found = append(found, v)
			}
		}
	}
	slices.SortFunc(found, func(a, b activeIncident) int { return cmp.Or(cmp.Compare(b.last, a.last), cmp.Compare(b.id, a.id)) })
	ids := make([]any, len(found))
	for i, v := range found {
		ids[i] = v.id
	}
	return ids, nil
}

// active finds the open (or also closed) incidents that a join names, each
// once, newest activity first, at most as many as asked for.
func (s *Incidents) active(ctx context.Context, q querier, r *incident.Related, by, column, since string, values []any) ([]activeIncident, error) {
	stands := `i.stand = 2`
	if r.Closed {
		stands = `i.stand > 0`
	}
	var found []activeIncident
	for part := range chunks(values) {
		list, err := collect(ctx, q, func(rows *sql.Rows, v *activeIncident) error { return rows.Scan(&v.id, &v.last) },
			s.db.dialect.sql(`SELECT DISTINCT i.id, i.last_activity FROM `+by+` WHERE `+column+` IN (`+marks(len(part))+`) AND `+since+` >= ? AND `+stands+
				` ORDER BY i.last_activity DESC, i.id DESC LIMIT ?`), append(slices.Clone(part), toTicks(r.Since), r.Limit)...)
		if err != nil {
			return nil, err
		}
		for _, v := range list {
			if !slices.Contains(found, v) {
				found = append(found, v)
			}
		}
	}
	return found[:min(len(found), r.Limit)], nil
}

// keyDegree is how many incidents mention a key.
type keyDegree struct {
	key string // as the column holds it
	n   int
}

// degrees counts, for keys that occur at all, the incidents that mention them.
func (s *Incidents) degrees(ctx context.Context, q querier, keys []string, since time.Time) ([]keyDegree, error) {
	args := make([]any, len(keys))
	for i, k := range keys {
		args[i] = keyColumn(k)
	}
	var out []keyDegree
	for part := range chunks(args) {
		list, err := collect(ctx, q, func(rows *sql.Rows, r *keyDegree) error { return rows.Scan(&r.key, &r.n) },
			s.db.dialect.sql(`SELECT entity_key, count(*) FROM incident_key WHERE entity_key IN (`+marks(len(part))+
				`) AND last_activity >= ? GROUP BY entity_key`), append(slices.Clone(part), toTicks(since))...)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

// Degrees counts the incidents that mention each key.
func (s *Incidents) Degrees(ctx context.Context, keys []string, since time.Time) (map[string]int, error) {
	original := make(map[string]string, len(keys))
	for _, k := range keys {
		original[keyColumn(k)] = k
	}
	list, err := s.degrees(ctx, s.db.read, keys, since)
	out := make(map[string]int, len(list))
	for _, r := range list {
		out[original[r.key]] = min(r.n, incident.MaxDegree)
	}
	return out, err
}
