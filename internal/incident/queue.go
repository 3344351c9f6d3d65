package incident

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
)

// A Sort orders the queue.
type Sort string

// The orders of the queue. A leading "-" (see Filter.Descending) turns them round.
const (
	ByUpdated  Sort = "updatedAt"
	ByCreated  Sort = "createdAt"
	BySeverity Sort = "severity" // within one severity by number
	ByNumber   Sort = "id"
)

// Nobody as an owner in a Filter asks for incidents without owner.
const Nobody = "-"

// Limits of a page.
const (
	DefaultPage = 50
	MaxPage     = 200
	maxQuery    = 200 // bytes of the search
)

// A Filter says which incidents a page of the queue shows. The zero value asks
// for the first 50 of all that are not redirected, oldest update first; fields
// narrow it, and all of them must hold.
type Filter struct {
	Status     []tocsin.IncidentStatus // any of them; redirected ones only when named
	Severity   []tocsin.Severity       // any of them
	Owner      []string                // any of them; Nobody for none
	Tag        []string                // every one of them
	Query      string                  // words; each must begin a word of the title, of an entity or be the number
	Sort       Sort                    // empty is ByUpdated
	Descending bool
	Limit      int    // 1..MaxPage; 0 is DefaultPage
	Cursor     string // Page.Next of the page before, under the same filter

	Words []string // of Query; set by check
	After *Place   // of Cursor; set by check
}

// A Place is where a page ends: the sort key and the number of its last row.
type Place struct {
	Key int64             `json:"k"` // ticks, rank or number
	ID  tocsin.IncidentID `json:"i"`
}

// Page is one page of the queue.
type Page struct {
	Items []Summary
	Total int // that match, on all pages
	// TotalIsLeast says that Total is a lower bound: a search for words that very
	// many incidents have is counted only so far.
	TotalIsLeast bool
	Next         string // cursor of the next page; empty at the end
}

// check completes a filter and refuses what cannot be asked.
func (f *Filter) check() error {
	if f.Sort == "" {
		f.Sort = ByUpdated
	}
	switch f.Sort {
	case ByUpdated, ByCreated, BySeverity, ByNumber:
	default:
		return tocsin.Errorf(tocsin.Invalid, "Incidents cannot be sorted by %q. Use updatedAt, createdAt, severity or id.", f.Sort)
	}
	for _, s := range f.Status {
		switch s {
		case tocsin.IncidentNew, tocsin.IncidentActive, tocsin.IncidentClosed, tocsin.IncidentRedirected:
		default:
			return tocsin.Errorf(tocsin.Invalid, "No incident has the status %q. Use new, active, closed or redirected.", s)
		}
	}
	for _, s := range f.Severity {
		if s.Rank() == 0 {
			return tocsin.Errorf(tocsin.Invalid, "There is no severity %q. Use informational, low, medium or high.", s)
		}
	}
	if len(f.Owner) > MaxPage || len(f.Tag) > tocsin.MaxTags {
		return tocsin.Errorf(tocsin.Invalid, "The filter names too many owners or tags. Name fewer.")
	}
	if len(f.Query) > maxQuery {
		return tocsin.Errorf(tocsin.Invalid, "The search is longer than %d bytes. Search for fewer words.", maxQuery)
	}
	f.Words = queryWords(f.Query)
	var err error
	if f.Limit, err = pageSize(f.Limit); err != nil {
		return err
	}
	f.After = nil
	if f.Cursor != "" {
		f.After = new(Place)
		return readCursor(f.Cursor, f.order(), f.After)
	}
	return nil
}

// order names the order of a filter: a cursor belongs to one order only.
func (f *Filter) order() string { return string(f.Sort) + "/" + strconv.FormatBool(f.Descending) }

// NextCursor returns the cursor that continues after a page's last row.
func (f *Filter) NextCursor(last Place) string { return writeCursor(f.order(), last) }

// SortKey returns the value an incident is sorted by.
func (f *Filter) SortKey(inc *tocsin.Incident) int64 {
	switch f.Sort {
	case ByUpdated:
		return tocsin.Ticks(inc.UpdatedAt)
	case ByCreated:
		return tocsin.Ticks(inc.CreatedAt)
	case BySeverity:
		return int64(inc.Severity.Rank())
	case ByNumber:
		return int64(inc.ID)
	}
	panic("incident: sorting by " + string(f.Sort))
}

// An AlertFilter says which alerts a page shows, newest raised first.
type AlertFilter struct {
	Status   []tocsin.AlertStatus
	Severity []tocsin.Severity
	Rule     tocsin.RuleID
	Entity   string // a key as Entity.Keys makes them
	Loose    bool   // only those in no incident
	Since    time.Time
	Limit    int
	Cursor   string

	After *AlertPlace // of Cursor; set by check
}

// An AlertPlace is where a page of alerts ends.
type AlertPlace struct {
	Raised int64          `json:"k"`
	ID     tocsin.AlertID `json:"i"`
}

// AlertPage is one page of alerts, without their evidence.
type AlertPage struct {
	Items []tocsin.Alert
	Next  string
}

const alertOrder = "raisedAt/true"

// check completes a filter and refuses what cannot be asked.
func (f *AlertFilter) check() error {
	for _, s := range f.Status {
		switch s {
		case tocsin.AlertNew, tocsin.AlertInProgress, tocsin.AlertResolved:
		default:
			return tocsin.Errorf(tocsin.Invalid, "No alert has the status %q. Use new, inProgress or resolved.", s)
		}
	}
	for _, s := range f.Severity {
		if s.Rank() == 0 {
			return tocsin.Errorf(tocsin.Invalid, "There is no severity %q. Use informational, low, medium or high.", s)
		}
	}
	var err error
	if f.Limit, err = pageSize(f.Limit); err != nil {
		return err
	}
	f.After = nil
	if f.Cursor != "" {
		f.After = new(AlertPlace)
		return readCursor(f.Cursor, alertOrder, f.After)
	}
	return nil
}

// NextCursor returns the cursor that continues after a page's last row.
func (f *AlertFilter) NextCursor(last AlertPlace) string { return writeCursor(alertOrder, last) }

// pageSize checks how many rows are asked for.
func pageSize(n int) (int, error) {
	switch {
	case n == 0:
		return DefaultPage, nil
	case n < 1 || n > MaxPage:
		return 0, tocsin.Errorf(tocsin.Invalid, "A page has 1 to %d rows; %d were asked for.", MaxPage, n)
	}
	return n, nil
}

// writeCursor makes a cursor: the order it belongs to and the place, opaque to clients.
func writeCursor(order string, place any) string {
	body, err := json.Marshal(place)
	if err != nil {
		panic("incident: writing a cursor: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString([]byte(order + " " + string(body)))
}

// readCursor reads what writeCursor wrote.
func readCursor(cursor, order string, place any) error {
	bad := tocsin.Errorf(tocsin.Invalid, "The page's cursor does not belong to this list. Start again from the first page.")
	if len(cursor) > 512 {
		return bad
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return bad
	}
	got, body, ok := strings.Cut(string(raw), " ")
	if !ok || got != order || json.Unmarshal([]byte(body), place) != nil {
		return bad
	}
	return nil
}
