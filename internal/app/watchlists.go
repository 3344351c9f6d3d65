package app

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/api"
	"github.com/tocsin-soc/tocsin/internal/telemetry/engine"
	"github.com/tocsin-soc/tocsin/internal/watchlist"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/duckdb"
)

// watchlistTable is the KQL table that shows the items of all watchlists.
const watchlistTable = "Watchlist"

// loadLists loads the built-in watchlists and those of the folders. One that is not
// right is listed and left out.
func (w *workspace) loadLists(dirs []string) error {
	list, rejected, err := watchlist.Load(folder("watchlists"), "builtin", w.opened)
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		info, err := os.Stat(dir)
		if err != nil || !info.IsDir() {
			return tocsin.Wrap(orNotDir(err), tocsin.Invalid, "The watchlist folder %s cannot be read. Check --watchlists.", dir)
		}
		more, bad, err := watchlist.Load(os.DirFS(dir), filepath.ToSlash(dir), w.opened)
		if err != nil {
			return tocsin.Wrap(err, tocsin.Invalid, "The watchlist folder %s cannot be read. Check --watchlists.", dir)
		}
		list, rejected = append(list, more...), append(rejected, bad...)
	}
	joined, bad := watchlist.Join(list)
	w.lists, w.rejectedLists = joined, append(rejected, bad...)
	return nil
}

// listsIn makes the watchlists known to a catalogue. A query's period is about events,
// so it does not hide items, which are as true now as on the day they were written.
func (w *workspace) listsIn(cat *catalog.Static) {
	for _, l := range w.lists {
		cat.AddWatchlist(l.Table())
	}
	if t, ok := cat.Table(watchlistTable); ok {
		timeless := *t
		timeless.TimeColumn = ""
		cat.AddTable(&timeless)
	}
}

// references are the watchlists as tables of the store.
func (w *workspace) references() []engine.Reference {
	var refs []engine.Reference
	for _, l := range w.lists {
		refs = append(refs, engine.Reference{Space: duckdb.WatchlistSchema, Name: l.Alias, Columns: l.Table().Columns, Rows: l.Rows()})
	}
	columns, rows := watchlist.Items(w.lists, w.opened)
	if len(rows) > 0 {
		refs = append(refs, engine.Reference{Name: watchlistTable, Columns: columns, Rows: rows})
	}
	return refs
}

// listFunctions describe watchlists to an editor that knows tables and functions only:
// rows with the columns that every watchlist has and then those of any.
func (w *workspace) listFunctions() []api.SchemaFunction {
	var columns, aliases []string
	seen := map[string]bool{}
	for _, l := range w.lists {
		aliases = append(aliases, l.Alias)
		for _, c := range l.Table().Columns {
			if !seen[c.Name] {
				seen[c.Name] = true
				columns = append(columns, "['"+strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(c.Name)+"']:"+c.Type.String())
			}
		}
	}
	if len(aliases) == 0 {
		return nil
	}
	return []api.SchemaFunction{
		{Name: "_GetWatchlist", Parameters: "(alias:string)", Body: "// " + strings.Join(aliases, ", ") + "\ndatatable(" + strings.Join(columns, ", ") + ")[]"},
		{Name: "_GetWatchlistAlias", Parameters: "()", Body: "datatable(WatchlistAlias:string)[]"},
	}
}
