// Package schema says which tables exist: their columns, types, time column and
// retention, read from content/tables/*.yaml; and which functions a workspace has,
// read from content/functions/*.yaml and folders like it.
//
// It promises that one source makes everything derived from it: the catalogue
// that KQL is checked against, the DDL of the store and the reference page. A
// Schema is immutable after Load and safe for concurrent use. It refuses a file
// that is not exactly right, and says in which line and why. Folders of somebody's
// own add tables, or columns to shipped ones ([Schema.With]). It is tested with
// the product's own files and with a file per mistake in testdata.
package schema

import (
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin/kql/catalog"
)

// The columns that every stored table ends with. The store fills them.
const (
	EventIDColumn       = "_EventId"       // string: tocsin.Event.ID
	IngestionTimeColumn = "_IngestionTime" // datetime: tocsin.Event.ReceivedAt
	SourceColumn        = "_Source"        // string: tocsin.Event.Source
)

// stamps are the columns the store fills, in their order at the end of a table.
var stamps = [...]Column{
	{Name: EventIDColumn, Type: catalog.String},
	{Name: IngestionTimeColumn, Type: catalog.DateTime},
	{Name: SourceColumn, Type: catalog.String},
}

// A Schema is a set of tables.
type Schema struct {
	tables []*Table // sorted by name
	byName map[string]*Table
}

// A Table is one declared table.
type Table struct {
	Name        string
	Description string // one sentence
	Category    string // group on the reference page
	TimeColumn  string // the datetime column that periods and retention go by; empty for tables without one
	Columns     []Column
	Retention   time.Duration // how long rows are kept; 0 keeps them for ever
	Path        string        // the file of a table of somebody's own; empty for a shipped one

	byName map[string]int
}

// A Column is one column of a table.
type Column struct {
	Name   string
	Stored string // name in the store, which ignores case: see StoredNames
	Type   catalog.Type
	Doc    string // what it holds; may be empty
}

// New makes a schema of tables whose names differ; a later table of the same
// name replaces the earlier one.
func New(tables ...*Table) *Schema {
	s := &Schema{byName: make(map[string]*Table, len(tables))}
	for _, t := range tables {
		s.byName[t.Name] = t
	}
	for _, name := range sortedKeys(s.byName) {
		s.tables = append(s.tables, s.byName[name])
	}
	return s
}

// NewTable makes a table of columns whose names differ and gives them their
// stored names. The time column is TimeGenerated or Timestamp if there is one.
func NewTable(name string, columns []Column) *Table {
	t := &Table{Name: name, Columns: append([]Column(nil), columns...), byName: make(map[string]int, len(columns))}
	for i, c := range columns {
		t.byName[c.Name] = i
		if t.TimeColumn != "TimeGenerated" && c.Type == catalog.DateTime && (c.Name == "TimeGenerated" || c.Name == "Timestamp") {
			t.TimeColumn = c.Name
		}
	}
	for i, stored := range StoredNames(columns) {
		t.Columns[i].Stored = stored
	}
	return t
}

// Tables returns every table, sorted by name. The caller does not change it.
func (s *Schema) Tables() []*Table { return s.tables }

// Table returns the table of exactly that name.
func (s *Schema) Table(name string) (*Table, bool) { t, ok := s.byName[name]; return t, ok }

// Column returns the position of the column of exactly that name.
func (t *Table) Column(name string) (int, bool) { i, ok := t.byName[name]; return i, ok }

// IsStamped reports whether the table ends with the columns the store fills.
// Only such a table can be appended to.
func (t *Table) IsStamped() bool {
	first := len(t.Columns) - len(stamps)
	if first < 0 {
		return false
	}
	for i, c := range stamps {
		if t.Columns[first+i].Name != c.Name || t.Columns[first+i].Type != c.Type {
			return false
		}
	}
	return true
}

// Catalog returns a catalogue of the tables, to which the caller may add saved
// functions and watchlists before first use.
func (s *Schema) Catalog() *catalog.Static {
	cat := &catalog.Static{}
	for _, t := range s.tables {
		columns := make([]catalog.Column, len(t.Columns))
		for i, c := range t.Columns {
			columns[i] = catalog.Column{Name: c.Name, Type: c.Type, Doc: c.Doc}
		}
		table := catalog.NewTable(t.Name, columns)
		table.TimeColumn = t.TimeColumn
		table.Doc = t.Description
		cat.AddTable(table)
	}
	return cat
}

// StoredNames gives columns their names in a store that ignores case. Columns of
// one type whose names differ only in case are spellings of the same thing (ISP
// and Isp in Microsoft's own tables) and share the first one's name; one of
// another type gets a name of its own, Isp becoming Isp~2.
func StoredNames(columns []Column) []string {
	stored := make([]string, len(columns))
	spellings := make(map[string][]int, len(columns)) // of a folded name, those with a name of their own
	for i, c := range columns {
		key := strings.ToLower(c.Name)
		stored[i] = c.Name
		if n := len(spellings[key]); n > 0 {
			stored[i] = c.Name + "~" + strconv.Itoa(n+1)
		}
		isNew := true
		for _, j := range spellings[key] {
			if columns[j].Type == c.Type {
				stored[i], isNew = stored[j], false
			}
		}
		if isNew {
			spellings[key] = append(spellings[key], i)
		}
	}
	return stored
}

// Spelling returns the first column that shares the place of column i in the
// store: i itself for nearly all.
func (t *Table) Spelling(i int) int {
	for j := range i {
		if t.Columns[j].Stored == t.Columns[i].Stored {
			return j
		}
	}
	return i
}
