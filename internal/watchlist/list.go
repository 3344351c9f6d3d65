package watchlist

import (
	"crypto/sha256"
	"encoding/hex"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/native"
)

// A List is one watchlist. It does not change once it is loaded.
type List struct {
	Alias       string // what queries call it
	Name        string
	Description string
	SearchKey   string // the column whose value is the item's SearchKey
	Columns     []string
	Required    []string // columns that every list of this alias must have
	Items       []Item
	Source      string    // the file the items come from
	Updated     time.Time // when that file last changed
	Path        string    // the YAML file, for people: "builtin/VIPUsers.yaml"
}

// An Item is one row of a list.
type Item struct {
	ID    string // a GUID made of alias and cells, so that the same item keeps it
	Cells []string
}

// Key returns the value of an item's search key.
func (l *List) Key(it Item) string {
	for i, c := range l.Columns {
		if c == l.SearchKey {
			return it.Cells[i]
		}
	}
	return ""
}

// Table is the catalogue's description of the list.
func (l *List) Table() *catalog.Table {
	t := catalog.NewWatchlist(l.Alias, l.Columns...)
	t.Doc = l.Description
	return t
}

// Rows are the items as _GetWatchlist shows them: the cells of Table's columns, a
// datetime as ticks of 100 ns.
func (l *List) Rows() [][]any {
	at := map[string]int{}
	for i, c := range l.Columns {
		at[c] = i
	}
	columns := l.Table().Columns[fixed:]
	updated := native.Ticks(l.Updated.UTC())
	rows := make([][]any, len(l.Items))
	for i, it := range l.Items {
		row := make([]any, 0, fixed+len(columns))
		row = append(row, it.ID, updated, l.Key(it))
		for _, c := range columns {
			row = append(row, it.Cells[at[c.Name]])
		}
		rows[i] = row
	}
	return rows
}

// fixed is the number of columns every watchlist begins with: catalog.NewWatchlist.
const fixed = 3

// identify makes an id of an item: the same for the same cells, another one for each
// repetition.
func identify(alias string, cells []string, seen map[string]int) string {
	h := sha256.New()
	for _, s := range append([]string{alias}, cells...) {
		h.Write([]byte(strconv.Itoa(len(s)) + ":" + s))
	}
	sum := hex.EncodeToString(h.Sum(nil))
	n := seen[sum]
	seen[sum]++
	if n > 0 {
		h.Write([]byte("#" + strconv.Itoa(n)))
		sum = hex.EncodeToString(h.Sum(nil))
	}
	return strings.Join([]string{sum[:8], sum[8:12], sum[12:16], sum[16:20], sum[20:32]}, "-")
}

// Items are all items of lists as rows of the KQL table Watchlist, one per item, as
// Sentinel records the creation of an item. now is when they were read.
func Items(lists []*List, now time.Time) (columns []catalog.Column, rows [][]any) {
	columns = []catalog.Column{
		{Name: "TimeGenerated", Type: catalog.DateTime}, {Name: "LastUpdatedTimeUTC", Type: catalog.DateTime}, {Name: "CreatedTimeUTC", Type: catalog.DateTime}, {Name: "_DTTimestamp", Type: catalog.DateTime},
		{Name: "WatchlistAlias", Type: catalog.String}, {Name: "WatchlistName", Type: catalog.String}, {Name: "WatchlistId", Type: catalog.String},
		{Name: "WatchlistItemId", Type: catalog.String}, {Name: "_DTItemId", Type: catalog.String},
		{Name: "SearchKey", Type: catalog.String}, {Name: "WatchlistItem", Type: catalog.Dynamic},
		{Name: "Source", Type: catalog.String}, {Name: "Provider", Type: catalog.String},
		{Name: "_DTItemType", Type: catalog.String}, {Name: "_DTItemStatus", Type: catalog.String}, {Name: "Type", Type: catalog.String},
	}
	read := native.Ticks(now.UTC())
	for _, l := range lists {
		updated := native.Ticks(l.Updated.UTC())
		id := identify(l.Alias, nil, map[string]int{})
		for _, it := range l.Items {
			rows = append(rows, []any{
				read, updated, updated, updated, l.Alias, l.Name, id, it.ID, it.ID, l.Key(it), l.bag(it), l.Source, "Tocsin",
				"watchlist-item", "Create", "Watchlist",
			})
		}
	}
	return columns, rows
}

// bag writes an item as a JSON object with its names in order.
func (l *List) bag(it Item) string {
	order := make([]int, len(l.Columns))
	for i := range order {
		order[i] = i
	}
	sort.Slice(order, func(a, b int) bool { return l.Columns[order[a]] < l.Columns[order[b]] })
	b := []byte{'{'}
	for n, i := range order {
		if n > 0 {
			b = append(b, ',')
		}
		b = native.AppendString(b, l.Columns[i])
		b = native.AppendString(append(b, ':'), it.Cells[i])
	}
	return string(append(b, '}'))
}
