package catalog

// A Column is a named, typed column of a table.
type Column struct {
	Name string
	Type Type
	Doc  string // one line for hover and the reference page; may be empty
}

// A Table is what a query may read.
type Table struct {
	Name    string
	Columns []Column
	// TimeColumn is the column a period is applied to: "TimeGenerated" on most
	// tables. Empty means that a period does not apply (reference tables).
	TimeColumn string
	// Open says that rows may carry columns not listed in Columns; reading one
	// of them gives dynamic null instead of an error.
	Open bool
	// Empty says that the table is known to hold no rows. Operators over all tables
	// (union *, search, find) then take its columns and do not read it.
	Empty bool
	Doc   string

	byName map[string]int
}

// NewTable returns a table and indexes its columns. A later column of the same
// name is dropped: a table has each name once.
func NewTable(name string, columns []Column) *Table {
	t := &Table{Name: name, byName: make(map[string]int, len(columns))}
	for _, c := range columns {
		if _, dup := t.byName[c.Name]; dup {
			continue
		}
		t.byName[c.Name] = len(t.Columns)
		t.Columns = append(t.Columns, c)
	}
	for _, name := range []string{"TimeGenerated", "Timestamp"} {
		if c, ok := t.Column(name); ok && c.Type == DateTime {
			t.TimeColumn = name
			break
		}
	}
	return t
}

// NewWatchlist makes the table behind _GetWatchlist(alias): what Sentinel adds to
// every watchlist (a row's id, when it last changed, the value of its search key),
// then the watchlist's own columns, all of them text as in the file they came from.
// A column of the file that is named like one of Sentinel's is dropped.
func NewWatchlist(alias string, columns ...string) *Table {
	cols := []Column{
		{Name: "_DTItemId", Type: String, Doc: "Id of the item."},
		{Name: "LastUpdatedTimeUTC", Type: DateTime, Doc: "When the item last changed, UTC."},
		{Name: "SearchKey", Type: String, Doc: "The value to join on: that of the column the watchlist calls its search key."},
	}
	for _, name := range columns {
		cols = append(cols, Column{Name: name, Type: String})
	}
	return NewTable(alias, cols)
}

// Column returns the column of exactly that name.
func (t *Table) Column(name string) (Column, bool) {
	if t.byName == nil {
		for _, c := range t.Columns {
			if c.Name == name {
				return c, true
			}
		}
		return Column{}, false
	}
	i, ok := t.byName[name]
	if !ok {
		return Column{}, false
	}
	return t.Columns[i], true
}

// A SavedFunction is a function of the workspace: a parser, a detection helper.
// Its text is KQL and is checked where it is called.
type SavedFunction struct {
	Name string
	// Parameters is the declaration between the parentheses, KQL syntax:
	// `starttime:datetime=datetime(null), T:(*)`. Empty for none.
	Parameters string
	// Body is the query text without the surrounding braces.
	Body   string
	Folder string
	Doc    string
	// View makes the function take part in `union *` and `search`.
	View bool
}
