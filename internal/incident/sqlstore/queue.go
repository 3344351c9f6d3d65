package sqlstore

import (
	"cmp"
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
	if _, ok := sortColumns[f.Sort]; !ok {
		return incident.Page{}, fmt.Errorf("sorting the queue by %q", f.Sort)
	}
	var page incident.Page
	err := s.db.snapshot(ctx, func(q querier) error {
		w := queueWhere(&f)
		how, err := s.narrow(ctx, q, &f, &w)
		if err != nil {
			return fmt.Errorf("preparing the search: %w", err)
		}
		var places []incident.Place
		if how == byLeader || how == byWalking && f.After == nil {
			// One reading gives the places and their number.
			most := s.few
			if how == byWalking {
				most = max(s.least, f.Limit)
			}
			if places, err = s.places(ctx, q, &f, w, nil, most+1); err != nil {
				return err
			}
			page.Total, page.TotalIsLeast = min(len(places), most), len(places) > most
			places = after(places, &f)
		} else {
			if page.Total, page.TotalIsLeast, err = s.total(ctx, q, &f, &w, how); err != nil {
				return fmt.Errorf("counting the queue: %w", err)
			}
			if places, err = s.places(ctx, q, &f, w, f.After, f.Limit+1); err != nil {
				return err
			}
		}
		if len(places) > f.Limit {
			places = places[:f.Limit]
			page.Next = f.NextCursor(places[f.Limit-1])
		}
		page.Items, err = s.rows(ctx, q, places)
		return err
	})
	return page, err
}

// places reads sort keys and numbers in the order of the filter. Choosing a
// page by them first keeps what is sorted narrow.
func (s *Incidents) places(ctx context.Context, q querier, f *incident.Filter, w where, from *incident.Place, limit int) ([]incident.Place, error) {
	column := sortColumns[f.Sort]
	direction, beyond := "", ">"
	if f.Descending {
		direction, beyond = " DESC", "<"
	}
	order := ` ORDER BY ` + column + direction + `, i.id` + direction
	if f.Sort == incident.ByNumber {
		order = ` ORDER BY i.id` + direction
	}
	w.args = slices.Clone(w.args)
	w.terms = slices.Clone(w.terms)
	if from != nil && f.Sort == incident.ByNumber {
		w.add(`i.id `+beyond+` ?`, from.ID)
	} else if from != nil {
		w.add(`(`+column+`, i.id) `+beyond+` (?, ?)`, from.Key, from.ID)
	}
	return collect(ctx, q, func(rows *sql.Rows, p *incident.Place) error { return rows.Scan(&p.Key, &p.ID) },
		s.db.dialect.sql(`SELECT `+column+`, i.id FROM incident i`+w.clause()+order+` LIMIT ?`), append(w.args, limit)...)
}

// after drops the places up to the filter's cursor.
func after(places []incident.Place, f *incident.Filter) []incident.Place {
	if f.After == nil {
		return places
	}
	n, _ := slices.BinarySearchFunc(places, *f.After, func(p, cursor incident.Place) int {
		order := cmp.Or(cmp.Compare(p.Key, cursor.Key), cmp.Compare(p.ID, cursor.ID))
		if f.Descending {
			order = -order
		}
		if order == 0 {
			return -1 // the cursor's own place is behind us
		}
		return order
	})
	return places[n:]
}

// rows reads the rows at places, in that order.
func (s *Incidents) rows(ctx context.Context, q querier, places []incident.Place) ([]incident.Summary, error) {
	if len(places) == 0 {
		return nil, nil
	}
	ids := make([]any, len(places))
	at := make(map[tocsin.IncidentID]int, len(places))
	for i, p := range places {
		ids[i] = p.ID
		at[p.ID] = i
	}
	list, err := collect(ctx, q, scanSummary, s.db.dialect.sql(`SELECT `+summaryColumns+` FROM incident i WHERE i.id IN (`+marks(len(ids))+`)`), ids...)
	if err != nil {
		return nil, err
	}
	out := make([]incident.Summary, len(places))
	for i := range list {
		out[at[list[i].ID]] = list[i]
	}
	return out, nil
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

// A way is how the tags and words of a filter are looked for.
type way int

const (
	byIndex   way = iota // there are none
	byLeader             // the rarest of them leads
	byWalking            // none is rare
)

// narrow adds the conditions of tags and words and says how they are looked for.
func (s *Incidents) narrow(ctx context.Context, q querier, f *incident.Filter, w *where) (way, error) {
	list := postings(f)
	leader, fewest := -1, s.few+1
	for i, p := range list {
		var n int
		query := `SELECT count(*) FROM (SELECT 1 FROM ` + p.table + ` x WHERE ` + p.match + ` LIMIT ?) c`
		if err := q.QueryRowContext(ctx, s.db.dialect.sql(query), append(slices.Clone(p.args), fewest)...).Scan(&n); err != nil {
			return byIndex, unreachable(err)
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
	switch {
	case len(list) == 0:
		return byIndex, nil
	case leader < 0:
		return byWalking, nil
	}
	return byLeader, nil
}

// total counts what matches a filter: from the kept counts when they say it,
// else by an index; only up to leastTotal when the queue has to be walked.
func (s *Incidents) total(ctx context.Context, q querier, f *incident.Filter, w *where, how way) (n int, isLeast bool, err error) {
	switch {
	case how == byWalking:
		most := max(s.least, f.Limit)
		err := q.QueryRowContext(ctx, s.db.dialect.sql(`SELECT count(*) FROM (SELECT 1 FROM incident i`+w.clause()+` LIMIT ?) c`), append(slices.Clone(w.args), most+1)...).Scan(&n)
		return min(n, most), n > most, unreachable(err)
	case len(f.Owner) > 1 || len(f.Owner) == 1 && f.Owner[0] != incident.Nobody:
		err := q.QueryRowContext(ctx, s.db.dialect.sql(`SELECT count(*) FROM incident i`+w.clause()), w.args...).Scan(&n)
		return n, false, unreachable(err)
	}
	n, err = countedTotal(ctx, q, f)
	return n, false, err
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
