// Package tuple turns events into rows of their tables: checked against the
// columns and written into a few blocks of bytes, once, where they are made. So
// whoever stores them only copies, and what waits to be stored holds neither the
// events nor anything that a garbage collector has to look through.
//
// It promises that what it takes can be stored without loss, with every text
// valid UTF-8, and says of what it does not take which column refuses which
// value. It knows nothing of what a database has. It is tested with every type
// there and back, with values that do not fit, and by fuzzing the shortening of
// JSON.
package tuple

import (
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/kql/catalog"
)

// A Layout says how rows of one table are written. It never changes.
type Layout struct {
	Table *schema.Table
	// Values is the number of columns that an event brings: all but the stamps,
	// which stand behind them: id, time of receipt, source.
	Values int

	columns []column // by declared column
	clock   int      // the column that tells rows apart by time; -1 is the time of receipt
	twins   bool
}

type column struct {
	name   string
	kind   catalog.Type
	place  int  // the declared column whose cells these are: itself, or the first of several spellings
	isTime bool // of the event: has a cell in every row
	other  int  // time column that stands in for one without a value; -1 for none
	isName bool // holds the table's name unless the event says otherwise
}

// TwinColumn is the column number of cells that hold Event.Twin.
const TwinColumn = 1<<16 - 1

// NewLayout makes the layout of a table with stamps. twins says whether rows may
// have a twin in another table.
func NewLayout(t *schema.Table, twins bool) *Layout {
	l := &Layout{Table: t, Values: len(t.Columns) - 3, clock: -1, twins: twins}
	for i, c := range t.Columns {
		col := column{name: c.Name, kind: c.Type, place: t.Spelling(i), other: -1}
		switch {
		case i >= l.Values:
		case c.Type == catalog.DateTime && (c.Name == "TimeGenerated" || c.Name == "Timestamp"):
			col.isTime = true
			twin := map[string]string{"TimeGenerated": "Timestamp", "Timestamp": "TimeGenerated"}[c.Name]
			if j, ok := t.Column(twin); ok && t.Columns[j].Type == catalog.DateTime {
				col.other = j
			}
		case c.Type == catalog.String && c.Name == "Type":
			col.isName = true
		}
		l.columns = append(l.columns, col)
	}
	if i, ok := t.Column(t.TimeColumn); ok {
		l.clock = i
	}
	return l
}

// Place returns the declared column under whose number cells of column i are written.
func (l *Layout) Place(i int) int { return l.columns[i].place }

// IsTime reports whether column i holds the time of the event, in every row.
func (l *Layout) IsTime(i int) bool { return l.columns[i].isTime }

// IsName reports whether column i holds the table's name where it has no cell.
func (l *Layout) IsName(i int) bool { return l.columns[i].isName }
