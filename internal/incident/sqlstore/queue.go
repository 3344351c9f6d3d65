package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/incident"
)

// sortColumns are the columns of the queue's orders. Each has an index with the
// number behind it, alone and after stand.
var sortColumns = map[incident.Sort]string{
	incident.ByUpdated: "i.updated_at", incident.ByCreated: "i.created_at", incident.BySeverity: "i.severity", incident.ByNumber: "i.id",
}

// Queue returns one page of incidents and how many match in all, as of one moment.
func (s *Incidents) Queue(ctx context.Context, f incident.Filter) (incident.Page, error) {
	column, ok := sortColumns[f.Sort]
	if !ok {
		return incident.Page{}, fmt.Errorf("sorting the queue by %q", f.Sort)
	}
	var page incident.Page
	err := s.db.snapshot(ctx, func(q querier) error {
		w := queueWhere(&f)
		everyWhere, err := s.narrow(ctx, q, &f, &w)
		if err != nil {
			return fmt.Errorf("preparing the search: %w", err)
		}
		if page.Total, page.TotalIsLeast, err = s.total(ctx, q, &f, &w, everyWhere); err != nil {
			return fmt.Errorf("counting the queue: %w", err)
		}
		direction, beyond := "", ">"
		if f.Descending {
			direction, beyond = " DESC", "<"
		}
		if f.After != nil && f.Sort == incident.ByNumber {
			w.add(`i.id `+beyond+` ?`, f.After.ID)
		} else if f.After != nil {
			w.add(`(`+column+`, i.id) `+beyond+` (?, ?)`, f.After.Key, f.After.ID)
		}
		order := ` ORDER BY ` + column + direction + `, i.id` + direction
		if f.Sort == incident.ByNumber {
			order = ` ORDER BY i.id` + direction
		}
		// Choosing the page by number first keeps what is sorted narrow.
		page.Items, err = collect(ctx, q, scanSummary, s.db.dialect.sql(`SELECT `+summaryColumns+
			` FROM (SELECT i.id FROM incident i`+w.clause()+order+` LIMIT ?) p JOIN incident i ON i.id = p.id`+order), append(w.args, f.Limit+1)...)
		return err
	})
	if err != nil {
		return incident.Page{}, err
	}
	if len(page.Items) > f.Limit {
		page.Items = page.Items[:f.Limit]
		last := &page.Items[f.Limit-1].Incident
		page.Next = f.NextCursor(incident.Place{Key: f.SortKey(last), ID: last.ID})
	}
	return page, nil
}

// queueWhere makes the conditions of a filter on the incident itself, without
// its cursor, tags and words.
func queueWhere(f *incident.Filter) where {
	w := where{}
	stands, whole := standsOf(f.Status)
	switch len(stands) {
	case 0:
		w.add(`i.stand > 0`)
	case 1:
		w.add(`i.stand = ?`, stands[0])
	default:
		w.in(`i.stand`, stands)
	}
	if !whole {
		w.in(`i.status`, texts(f.Status))
	}
	if len(f.Severity) > 0 {
		w.in(`i.severity`, ranks(f.Severity))
	}
	if len(f.Owner) > 0 {
		w.in(`i.owner`, owners(f.Owner))
	}
	return w
}

// A posting is a condition on what an incident has listed: a tag or a word.
type posting struct {
	table string
	match string // of the listing x
	args  []any
}

// postings returns the conditions of a filter's tags and words.
func postings(f *incident.Filter) []posting {
	var list []posting
	for _, tag := range f.Tag {
		list = append(list, posting{`incident_tag`, `x.tag = ?`, []any{plain(strings.ToLower(tag))}})
	}
	for _, word := range f.Words {
		word = plain(word)
		if incident.IsPrefix(word) {
			list = append(list, posting{`incident_word`, `x.word >= ? AND x.word < ?`, []any{word, word + "\U0010FFFF"}})
		} else {
			list = append(list, posting{`incident_word`, `x.word = ?`, []any{word}})
		}
	}
	return list
}

// Limits that decide how a search is done: a listing with at most fewListings
// leads the search, and everything is counted; when all listings have more, the
// queue is walked in its order, and counting stops at leastTotal.
const (
	fewListings = 5_000
	leastTotal  = 1_000
)

// narrow adds the conditions of tags and words. everyWhere says that none of
// them is rare.
func (s *Incidents) narrow(ctx context.Context, q querier, f *incident.Filter, w *where) (everyWhere bool, err error) {
	list := postings(f)
	leader, fewest := -1, s.few+1
	for i, p := range list {
		var n int
		query := `SELECT count(*) FROM (SELECT 1 FROM ` + p.table + ` x WHERE ` + p.match + ` LIMIT ?) c`
		if err := q.QueryRowContext(ctx, s.db.dialect.sql(query), append(slices.Clone(p.args), fewest)...).Scan(&n); err != nil {
			return false, unreachable(err)
		}
		if n < fewest {
			leader, fewest = i, n
		}
	}
	for i, p := range list {
		if i == leader {
			w.add(`i.id IN (SELECT x.incident_id FROM `+p.table+` x WHERE `+p.match+`)`, p.args...)
		} else {
			w.add(`EXISTS (SELECT 1 FROM `+p.table+` x WHERE x.incident_id = i.id AND `+p.match+`)`, p.args...)
		}
	}
	return len(list) > 0 && leader < 0, nil
}

// standsOf returns which parts of the queue statuses lie in, and whether they
// are the whole of those parts.
func standsOf(list []tocsin.IncidentStatus) (stands []any, whole bool) {
	if len(list) == 0 {
		return nil, true
	}
	seen := map[int]bool{}
	for _, s := range list {
		if n := stand(s); !seen[n] {
			seen[n] = true
			stands = append(stands, n)
		}
	}
	return stands, !seen[2] || slices.Contains(list, tocsin.IncidentNew) && slices.Contains(list, tocsin.IncidentActive)
}

// owners makes bound values of owners; Nobody is the empty name.
func owners(list []string) []any {
	out := texts(list)
	for i, o := range list {
		if o == incident.Nobody {
			out[i] = ""
		}
	}
	return out
}

// total counts what matches a filter: from the kept counts when they say it,
// else by an index; only up to leastTotal when every listing is common.
func (s *Incidents) total(ctx context.Context, q querier, f *incident.Filter, w *where, everyWhere bool) (n int, isLeast bool, err error) {
	switch {
	case everyWhere:
		err := q.QueryRowContext(ctx, s.db.dialect.sql(`SELECT count(*) FROM (SELECT 1 FROM incident i`+w.clause()+` LIMIT ?) c`), append(slices.Clone(w.args), s.least+1)...).Scan(&n)
		return min(n, s.least), n > s.least, unreachable(err)
	case len(f.Words) > 0 || len(f.Tag) > 0 || len(f.Owner) > 1 || len(f.Owner) == 1 && f.Owner[0] != incident.Nobody:
		err := q.QueryRowContext(ctx, s.db.dialect.sql(`SELECT count(*) FROM incident i`+w.clause()), w.args...).Scan(&n)
		return n, false, unreachable(err)
	}
	n, err = countedTotal(ctx, q, f)
	return n, false, err
}

// countedTotal adds up the kept counts that a filter without tags, words and
// names of owners asks for.
func countedTotal(ctx context.Context, q querier, f *incident.Filter) (int, error) {
	rows, err := queueCounts(ctx, q)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, r := range rows {
		switch {
		case len(f.Status) == 0 && r.status == tocsin.IncidentRedirected, len(f.Status) > 0 && !slices.Contains(f.Status, r.status):
		case len(f.Severity) > 0 && !slices.Contains(f.Severity, r.severity):
		case len(f.Owner) == 1 && r.owned:
		default:
			n += r.n
		}
	}
	return n, nil
}

// countRow is one row of the kept counts.
type countRow struct {
	status   tocsin.IncidentStatus
	severity tocsin.Severity
	owned    bool
	n        int
}

// queueCounts reads the kept counts.
func queueCounts(ctx context.Context, q querier) ([]countRow, error) {
	return collect(ctx, q, func(rows *sql.Rows, r *countRow) error {
		var severity, owned int
		if err := rows.Scan(&r.status, &severity, &owned, &r.n); err != nil {
			return fmt.Errorf("reading counts: %w", err)
		}
		if severity < 1 || severity >= len(severities) {
			return fmt.Errorf("reading counts: severity %d", severity)
		}
		r.severity, r.owned = severities[severity], owned != 0
		return nil
	}, `SELECT status, severity, owned, n FROM queue_count WHERE n <> 0`)
}

// Counts returns the header of the queue.
func (s *Incidents) Counts(ctx context.Context) (incident.Counts, error) {
	c := incident.Counts{BySeverity: map[tocsin.Severity]int{tocsin.Informational: 0, tocsin.Low: 0, tocsin.Medium: 0, tocsin.High: 0}}
	rows, err := queueCounts(ctx, s.db.read)
	if err != nil {
		return c, err
	}
	for _, r := range rows {
		switch r.status {
		case tocsin.IncidentNew:
			c.New += r.n
		case tocsin.IncidentActive:
			c.Active += r.n
		case tocsin.IncidentClosed:
			c.Closed += r.n
		}
		if stand(r.status) == 2 {
			c.BySeverity[r.severity] += r.n
			if !r.owned {
				c.Unassigned += r.n
			}
		}
	}
	return c, nil
}
