package telemetry

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
	"github.com/tocsin-soc/tocsin/internal/telemetry/ledger"
	"github.com/tocsin-soc/tocsin/internal/telemetry/tuple"
	"github.com/tocsin-soc/tocsin/kql/catalog"
)

// storedTable is a table events can be appended to. In the database it has only
// the columns that some event had a value for, because every cell costs
// something even if it is empty, and the widest tables use a tenth of their
// columns. A view gives readers the columns that are missing.
type storedTable struct {
	name   string
	decl   *schema.Table
	exists bool
	// isUndeclared: the schema lacks the table, see undeclared.
	isUndeclared bool

	layout   *tuple.Layout  // how its rows are written
	columns  []storedColumn // in the order of the database
	position []int          // of a declared column in the database; -1 when the database lacks it
	wanted   []int          // declared columns that an event has a value for and the database lacks

	twins    bool // rows may have a twin in another table: see twin.go
	twinAt   int  // position of the column that says so; -1 when the database lacks it
	wantTwin bool // an event has a twin and the database lacks the column

	window    *textWindow // of the newest rows; nil without any
	oldLatest int64       // latest event time among the rows that the seen set does not hold, ticks; 0 when it holds all
}

// storedColumn is a column of the database.
type storedColumn struct {
	name  string
	kind  catalog.Type
	blank duck.Blank // what rows have that bring no value
}

// eventSchema is the schema in the database that holds the tables of events.
const eventSchema = "events"

// loadTables compares the schema with what the database has. A column whose
// type changed is refused; see also undeclared.
func loadTables(ctx context.Context, c *duck.Conn, s *schema.Schema) (map[string]*storedTable, error) {
	have := map[string][]dbColumn{}
	rows, err := c.Query(ctx, `SELECT table_name, column_name, data_type FROM duckdb_columns()
		WHERE database_name = current_database() AND schema_name = $1 ORDER BY table_name, column_index`, eventSchema)
	if err != nil {
		return nil, fmt.Errorf("reading the columns of the database: %w", err)
	}
	defer rows.Close()
	for rows.NextChunk() {
		chunk := rows.Chunk()
		for i := range chunk.Len {
			table := chunk.Columns[0].Texts[i]
			have[table] = append(have[table], dbColumn{chunk.Columns[1].Texts[i], chunk.Columns[2].Texts[i]})
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("reading the columns of the database: %w", err)
	}
	tables := map[string]*storedTable{}
	for _, decl := range s.Tables() {
		if ledger.Shows(decl.Name) || !decl.IsStamped() {
			continue
		}
		tables[decl.Name] = newStoredTable(decl)
	}
	linkTwins(tables)
	if err := undeclared(have, tables); err != nil {
		return nil, err
	}
	for name, t := range tables {
		if columns, ok := have[name]; !ok {
			t.begin()
		} else if err := t.adopt(columns); err != nil {
			return nil, err
		}
	}
	return tables, nil
}

type dbColumn struct{ name, kind string }

func newStoredTable(decl *schema.Table) *storedTable {
	t := &storedTable{name: decl.Name, decl: decl, layout: tuple.NewLayout(decl, false), twinAt: -1}
	for range decl.Columns {
		t.position = append(t.position, -1)
	}
	return t
}

// has reports whether the database has declared column i.
func (t *storedTable) has(i int) bool { return t.position[i] >= 0 }

// hasTwin reports whether the database has the column for twins.
func (t *storedTable) hasTwin() bool { return t.twinAt >= 0 }

// addColumn notes declared column i as the database's next.
func (t *storedTable) addColumn(i int) {
	col := t.decl.Columns[i]
	t.position[i] = len(t.columns)
	t.columns = append(t.columns, storedColumn{name: col.Stored, kind: col.Type, blank: t.layout.Blank(i)})
}

// begin plans a table that is not there yet: with the times and the stamps,
// which every row has.
func (t *storedTable) begin() {
	for i := range t.decl.Columns {
		if i >= t.layout.Values || t.layout.IsTime(i) {
			t.addColumn(i)
		}
	}
	if t.twins {
		t.addTwin()
	}
}

// addTwin notes the column that holds what twins need.
func (t *storedTable) addTwin() {
	t.twinAt, t.wantTwin = len(t.columns), false
	t.columns = append(t.columns, storedColumn{name: twinColumn, kind: catalog.String})
}

// adopt notes the columns that the database has.
func (t *storedTable) adopt(have []dbColumn) error {
	t.exists = true
	index := make(map[string]int, len(t.decl.Columns)) // by name in lower case: the database ignores case
	for i, col := range t.decl.Columns {
		if t.layout.Place(i) == i {
			index[strings.ToLower(col.Stored)] = i
		}
	}
	for _, db := range have {
		if t.twins && db.name == twinColumn {
			t.addTwin()
			continue
		}
		i, ok := index[strings.ToLower(db.name)]
		if !ok {
			// Stored once, no longer declared.
			kind := kindOf(db.kind)
			t.columns = append(t.columns, storedColumn{name: db.name, kind: kind, blank: duck.Blank{IsText: kind == catalog.String}})
			continue
		}
		col := t.decl.Columns[i]
		if want := schema.StoredType(col.Type); want != db.kind {
			return tocsin.Errorf(tocsin.Invalid, "Column %s of table %s holds %s, but its definition%s now says %s (%s). Give the new column another name; stored events keep the old one.", col.Name, t.name, db.kind, in(t.decl), col.Type, want)
		}
		t.addColumn(i)
	}
	return nil
}

// grow makes the table in the database if it is not there, and adds the wanted
// columns. It reports whether anything changed.
func (t *storedTable) grow(c *duck.Conn) (changed bool, err error) {
	if t.exists && len(t.wanted) == 0 && !t.wantTwin {
		return false, nil
	}
	if !t.exists {
		if err := c.Exec("CREATE TABLE " + t.qualified() + " (" + t.definitions() + ")"); err != nil {
			return false, fmt.Errorf("creating table %s: %w", t.name, err)
		}
		t.exists = true
	}
	for _, at := range t.wanted {
		if err := c.Exec("ALTER TABLE " + t.qualified() + " ADD COLUMN " + t.definition(at)); err != nil {
			return false, fmt.Errorf("adding column %s to table %s: %w", t.decl.Columns[at].Name, t.name, err)
		}
		t.addColumn(at)
	}
	t.wanted = nil
	if t.wantTwin {
		if err := c.Exec("ALTER TABLE " + t.qualified() + " ADD COLUMN " + twinColumn + " VARCHAR"); err != nil {
			return false, fmt.Errorf("adding column %s to table %s: %w", twinColumn, t.name, err)
		}
		t.addTwin()
	}
	return true, nil
}

// definitions declares the columns of a table that is to be made.
func (t *storedTable) definitions() string {
	var columns []string
	for i := range t.decl.Columns {
		if t.has(i) {
			columns = append(columns, t.definition(i))
		}
	}
	if t.hasTwin() {
		columns = append(columns, twinColumn+" VARCHAR")
	}
	return strings.Join(columns, ", ")
}

func (t *storedTable) qualified() string { return eventSchema + "." + schema.Quote(t.name) }

// definition declares a column in SQL. Its default is what the rows before it
// have, and what the view says as long as it is missing.
func (t *storedTable) definition(i int) string {
	col := t.decl.Columns[i]
	d := schema.Quote(col.Stored) + " " + schema.StoredType(col.Type)
	if bulky[col.Name] {
		d += " USING COMPRESSION zstd"
	}
	if value := t.absent(i); value != "NULL" {
		d += " DEFAULT " + value
	}
	return d
}

// bulky are the columns that hold all of a record's data. DuckDB's choice for
// texts (a dictionary of parts) takes half again as long for them and half again
// as much space as zstd.
var bulky = map[string]bool{"EventData": true, "RawEventData": true, "ParameterXml": true}

// absent returns the SQL of the cells of a column that the database lacks.
func (t *storedTable) absent(i int) string {
	switch {
	case t.layout.IsName(i):
		return "'" + t.name + "'" // letters, digits and _ only: see schema.Load
	case t.decl.Columns[i].Type == catalog.String:
		return "''"
	}
	return "NULL"
}

// view returns the query that readers see as the table: every declared column
// in order, whether the database has it or not.
func (t *storedTable) view(database string) string {
	var columns []string
	for i, col := range t.decl.Columns {
		column := schema.Quote(col.Stored)
		switch {
		case t.layout.Place(i) != i:
			continue
		case !t.has(i):
			column = "CAST(" + t.absent(i) + " AS " + schema.StoredType(col.Type) + ") AS " + column
		}
		columns = append(columns, column)
	}
	return "SELECT " + strings.Join(columns, ", ") + " FROM " + schema.Quote(database) + "." + t.qualified()
}

// kindOf tells only what an undeclared column needs: whether it is text, and of
// what kind.
func kindOf(dbType string) catalog.Type {
	switch dbType {
	case schema.StoredType(catalog.String):
		return catalog.String
	case schema.StoredType(catalog.Dynamic):
		return catalog.Dynamic
	case schema.StoredType(catalog.Guid):
		return catalog.Guid
	}
	return catalog.Unknown
}

// timeSQL is the column that tells rows apart by time: the table's own, else the
// time of receipt.
func (t *storedTable) timeSQL() string {
	if i, ok := t.decl.Column(t.decl.TimeColumn); ok {
		return schema.Quote(t.decl.Columns[i].Stored)
	}
	return schema.Quote(schema.IngestionTimeColumn)
}

// want notes what the rows of a batch need of the table.
func (t *storedTable) want(use *tuple.Use) {
	if use.Twin && !t.hasTwin() {
		t.wantTwin = true
	}
	for i := range t.decl.Columns {
		if use.Brings(i) && !t.has(i) && !slices.Contains(t.wanted, i) {
			t.wanted = append(t.wanted, i)
		}
	}
}

// write adds rows to the table through an appender of the connection.
func (t *storedTable) write(c *duck.Conn, rows []*tuple.Tuple, now time.Time) error {
	a, err := c.NewAppender(eventSchema, t.name)
	if err != nil {
		return err
	}
	blanks := make([]duck.Blank, len(t.columns))
	for i := range t.columns {
		blanks[i] = t.columns[i].blank
	}
	ingested, ticks := t.position[t.layout.Values+1], tocsin.Ticks(now)
	for part := range slices.Chunk(rows, duck.ChunkRows) {
		err := a.AppendRows(len(part), blanks, func(columns []duck.Writer) error {
			for i, row := range part {
				columns[ingested].Reach(i)
				columns[ingested].Long(i, ticks)
				if err := row.Write(columns, i, t.position, t.twinAt); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			a.Discard()
			return err
		}
	}
	return a.Close()
}
