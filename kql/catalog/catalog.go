package catalog

import "sort"

// Catalog is what the compiler asks about the world. Names are case-sensitive,
// as in Kusto. Implementations must be safe for concurrent use and must answer
// the same for the length of one Compile.
type Catalog interface {
	// Table returns a table by name; ok is false when there is none.
	Table(name string) (*Table, bool)
	// Function returns a saved function by name.
	Function(name string) (*SavedFunction, bool)
	// Watchlist returns the table behind _GetWatchlist(alias).
	Watchlist(alias string) (*Table, bool)
	// WatchlistNames returns every alias, sorted. The caller does not change the slice.
	WatchlistNames() []string
	// TableNames returns every table name, sorted: for wildcards, `union *`,
	// `search` and suggestions. The caller does not change the slice.
	TableNames() []string
	// FunctionNames returns every saved function name, sorted.
	FunctionNames() []string
}

// Static is a Catalog held in memory. The zero value is empty; fill it before
// the first Compile and leave it alone afterwards.
type Static struct {
	tables     map[string]*Table
	functions  map[string]*SavedFunction
	watchlists map[string]*Table

	tableNames, functionNames, watchlistNames []string

	// AnyWatchlist says that every alias names an empty watchlist of any columns:
	// for checking content against a world that has none of its own.
	AnyWatchlist bool
}

// AddTable adds or replaces a table.
func (s *Static) AddTable(t *Table) {
	if s.tables == nil {
		s.tables = map[string]*Table{}
	}
	if _, ok := s.tables[t.Name]; !ok {
		s.tableNames = insertSorted(s.tableNames, t.Name)
	}
	s.tables[t.Name] = t
}

// AddFunction adds or replaces a saved function.
func (s *Static) AddFunction(f *SavedFunction) {
	if s.functions == nil {
		s.functions = map[string]*SavedFunction{}
	}
	if _, ok := s.functions[f.Name]; !ok {
		s.functionNames = insertSorted(s.functionNames, f.Name)
	}
	s.functions[f.Name] = f
}

// AddWatchlist adds or replaces the watchlist t under its name.
func (s *Static) AddWatchlist(t *Table) {
	if s.watchlists == nil {
		s.watchlists = map[string]*Table{}
	}
	if _, ok := s.watchlists[t.Name]; !ok {
		s.watchlistNames = insertSorted(s.watchlistNames, t.Name)
	}
	s.watchlists[t.Name] = t
}

// Table implements Catalog.
func (s *Static) Table(name string) (*Table, bool) { t, ok := s.tables[name]; return t, ok }

// Function implements Catalog.
func (s *Static) Function(name string) (*SavedFunction, bool) {
	f, ok := s.functions[name]
	return f, ok
}

// Watchlist implements Catalog.
func (s *Static) Watchlist(alias string) (*Table, bool) {
	t, ok := s.watchlists[alias]
	if !ok && s.AnyWatchlist {
		t, ok = NewWatchlist(alias), true
		t.Open, t.Empty = true, true
	}
	return t, ok
}

// WatchlistNames implements Catalog.
func (s *Static) WatchlistNames() []string { return s.watchlistNames }

// TableNames implements Catalog.
func (s *Static) TableNames() []string { return s.tableNames }

// FunctionNames implements Catalog.
func (s *Static) FunctionNames() []string { return s.functionNames }

func insertSorted(list []string, name string) []string {
	i := sort.SearchStrings(list, name)
	list = append(list, "")
	copy(list[i+1:], list[i:])
	list[i] = name
	return list
}
