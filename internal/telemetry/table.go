package telemetry

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
	"github.com/tocsin-soc/tocsin/kql/catalog"
)

// storedTable is a table events can be appended to. In the database it has only
// the columns that some event had a value for, because every cell costs the
// writer some 60 ns even if it is empty, and the widest tables use a tenth of
// their columns. A view gives readers the columns that are missing.
type storedTable struct {
	name   string
	decl   *schema.Table
	exists bool
	// isUndeclared: the schema lacks the table, see undeclared.
	isUndeclared bool

	columns []storedColumn // in the order of the database
	stored  []bool         // by declared column: whether the database has it
	place   []int          // by declared column: the first one that shares its place, mostly itself
	wanted  []int          // declared columns that an event has a value for and the database lacks
	values  int            // columns that an event brings: all but the stamps

	twins    bool // rows may have a twin in another table: see twin.go
	hasTwin  bool // the database has the column that says so
	wantTwin bool // an event has a twin and the database lacks the column

	window    *textWindow // of the newest rows; nil without any
	oldLatest int64       // latest event time among the rows that the seen set does not hold, ticks; 0 when it holds all
}

// storedColumn says where the cells of a database column come from.
type storedColumn struct {
	name   string // in the database
	kind   catalog.Type
	origin origin
	index  int // position in Event.Values
	other  int // position of a column that is read when this one is null: the other time column, or another spelling; -1 when there is none
}

// origin is where the cells of a column come from.
type origin uint8

const (
	fromValues    origin = iota
	fromID               // Event.ID
	fromReceived         // Event.ReceivedAt
	fromSource           // Event.Source
	fromTime             // Event.Values, else the other time column, else Event.OccurredAt
	fromTableName        // Event.Values, else the table's name
	fromTwin             // Event.Twin, null when empty
	fromNowhere          // stored once, no longer declared: null or empty
)

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
		if _, isView := ledgerViews[decl.Name]; isView || !decl.IsStamped() {
			continue
		}
		t := &storedTable{name: decl.Name, decl: decl, values: len(decl.Columns) - 3, stored: make([]bool, len(decl.Columns))}
		for i := range decl.Columns {
			t.place = append(t.place, decl.Spelling(i))
		}
		tables[decl.Name] = t
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

// begin plans a table that is not there yet: with the times and the stamps,
// which every row has.
func (t *storedTable) begin() {
	for i := range t.decl.Columns {
		if c := t.column(i); c.origin != fromValues && c.origin != fromTableName {
			t.columns = append(t.columns, c)
			t.stored[i] = true
		}
	}
	if t.twins {
		t.addTwin()
	}
}

// addTwin notes the column that holds what twins need.
func (t *storedTable) addTwin() {
	t.columns = append(t.columns, storedColumn{name: twinColumn, kind: catalog.String, origin: fromTwin, other: -1})
	t.hasTwin, t.wantTwin = true, false
}

// adopt notes the columns that the database has.
func (t *storedTable) adopt(have []dbColumn) error {
	t.exists = true
	index := make(map[string]int, len(t.decl.Columns)) // by name in lower case: the database ignores case
	for i, col := range t.decl.Columns {
		if t.place[i] == i {
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
			t.columns = append(t.columns, storedColumn{name: db.name, kind: kindOf(db.kind), origin: fromNowhere})
			continue
		}
		col := t.decl.Columns[i]
		if want := schema.StoredType(col.Type); want != db.kind {
			return tocsin.Errorf(tocsin.Invalid, "Column %s of table %s holds %s, but its definition%s now says %s (%s). Give the new column another name; stored events keep the old one.", col.Name, t.name, db.kind, in(t.decl), col.Type, want)
		}
		t.columns = append(t.columns, t.column(i))
		t.stored[i] = true
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
		t.columns = append(t.columns, t.column(at))
		t.stored[at] = true
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
		if t.stored[i] {
			columns = append(columns, t.definition(i))
		}
	}
	if t.hasTwin {
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
	case t.column(i).origin == fromTableName:
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
		case t.place[i] != i:
			continue
		case !t.stored[i]:
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

func (t *storedTable) column(i int) storedColumn {
	col := t.decl.Columns[i]
	sc := storedColumn{name: col.Stored, kind: col.Type, index: i, other: -1}
	switch {
	case i == t.values:
		sc.origin = fromID
	case i == t.values+1:
		sc.origin = fromReceived
	case i == t.values+2:
		sc.origin = fromSource
	case col.Type == catalog.DateTime && (col.Name == "TimeGenerated" || col.Name == "Timestamp"):
		sc.origin = fromTime
		twin := map[string]string{"TimeGenerated": "Timestamp", "Timestamp": "TimeGenerated"}[col.Name]
		if j, ok := t.decl.Column(twin); ok && t.decl.Columns[j].Type == catalog.DateTime {
			sc.other = j
		}
	case col.Type == catalog.String && col.Name == "Type":
		sc.origin = fromTableName
	default:
		sc.other = t.secondSpelling(i)
	}
	return sc
}

// secondSpelling returns the column after i that shares its place in the
// database, -1 when there is none.
func (t *storedTable) secondSpelling(i int) int {
	for j := i + 1; j < len(t.decl.Columns); j++ {
		if t.decl.Columns[j].Stored == t.decl.Columns[i].Stored {
			return j
		}
	}
	return -1
}

// timeSQL is the column that tells rows apart by time: the table's own, else the
// time of receipt.
func (t *storedTable) timeSQL() string {
	if i, ok := t.decl.Column(t.decl.TimeColumn); ok {
		return schema.Quote(t.decl.Columns[i].Stored)
	}
	return schema.Quote(schema.IngestionTimeColumn)
}

// timeOf returns what timeSQL holds for an event, as ticks.
func (t *storedTable) timeOf(ev *tocsin.Event) int64 {
	i, ok := t.decl.Column(t.decl.TimeColumn)
	if !ok {
		return tocsin.Ticks(ev.ReceivedAt)
	}
	c := t.column(i)
	if c.origin != fromTime {
		if v := valueAt(ev, i); v != nil {
			return v.Num
		}
		return 0
	}
	return c.time(ev)
}

// check says why the event cannot become a row; empty when it can.
func (t *storedTable) check(ev *tocsin.Event) (reason string) {
	if len(ev.Values) > t.values {
		return fmt.Sprintf("%d values for the %d columns of %s", len(ev.Values), t.values, t.name)
	}
	if ev.Twin != "" && !t.hasTwin {
		if !t.twins {
			return fmt.Sprintf("a row of %s is shown in no other table", t.name)
		}
		t.wantTwin = true
	}
	for i := range ev.Values {
		v := &ev.Values[i]
		if v.Kind == tocsin.Null {
			continue
		}
		col := &t.decl.Columns[i]
		if !fits(v, col.Type) {
			return fmt.Sprintf("column %s of %s takes %s, not %s", col.Name, t.name, col.Type, describe(v))
		}
		at := t.place[i]
		if first := valueAt(ev, at); at != i && first != nil && *first != *v {
			return fmt.Sprintf("columns %s and %s of %s are one, but have different values", t.decl.Columns[at].Name, col.Name, t.name)
		}
		if !t.stored[at] {
			t.want(at, v)
		}
	}
	return ""
}

// want notes that the database needs column i, unless the value says no more
// than its absence.
func (t *storedTable) want(i int, v *tocsin.Value) {
	if v.Kind == tocsin.String && (v.Str == "" || t.decl.Columns[i].Name == "Type" && v.Str == t.name) || slices.Contains(t.wanted, i) {
		return
	}
	t.wanted = append(t.wanted, i)
}

// fits reports whether v can be stored, without loss, in a column of type t.
func fits(v *tocsin.Value, t catalog.Type) bool {
	switch t {
	case catalog.Bool:
		return v.Kind == tocsin.Bool
	case catalog.Int:
		return v.Kind == tocsin.Int && v.Num >= math.MinInt32 && v.Num <= math.MaxInt32
	case catalog.Long:
		return v.Kind == tocsin.Int
	case catalog.Real:
		return v.Kind == tocsin.Real || v.Kind == tocsin.Int
	case catalog.Decimal:
		return v.Kind == tocsin.Int || v.Kind == tocsin.Decimal && duck.IsDecimal(v.Str)
	case catalog.String:
		return v.Kind == tocsin.String
	case catalog.DateTime:
		return v.Kind == tocsin.DateTime
	case catalog.TimeSpan:
		return v.Kind == tocsin.TimeSpan
	case catalog.Dynamic:
		return v.Kind == tocsin.Dynamic
	case catalog.Guid:
		return v.Kind == tocsin.GUID && duck.IsUUID(v.Str)
	}
	return false
}

var kindNames = [...]string{
	tocsin.Null: "null", tocsin.Bool: "bool", tocsin.Int: "long", tocsin.Real: "real", tocsin.String: "string",
	tocsin.DateTime: "datetime", tocsin.TimeSpan: "timespan", tocsin.Dynamic: "dynamic", tocsin.GUID: "guid", tocsin.Decimal: "decimal",
}

// describe names a value's type and, cut short, the value.
func describe(v *tocsin.Value) string {
	if int(v.Kind) >= len(kindNames) {
		return "a value of no known kind"
	}
	text := v.Str
	if text == "" {
		text = strconv.FormatInt(v.Num, 10)
	}
	if len(text) > 60 {
		text = text[:60] + "…"
	}
	return kindNames[v.Kind] + " " + strconv.Quote(text)
}

// write adds rows to the table through an appender of the connection.
func (t *storedTable) write(c *duck.Conn, rows []*tocsin.Event) error {
	a, err := c.NewAppender(eventSchema, t.name)
	if err != nil {
		return err
	}
	for len(rows) > 0 {
		n := min(len(rows), duck.ChunkRows)
		part := rows[:n]
		err := a.Append(n, func(column int, w *duck.Writer) error {
			t.columns[column].write(w, t, part)
			return nil
		})
		if err != nil {
			a.Discard()
			return err
		}
		rows = rows[n:]
	}
	return a.Close()
}

// write writes one column of a chunk.
func (c *storedColumn) write(w *duck.Writer, t *storedTable, rows []*tocsin.Event) {
	switch c.origin {
	case fromID:
		for i, ev := range rows {
			w.Text(i, string(ev.ID))
		}
	case fromReceived:
		for i, ev := range rows {
			w.Long(i, tocsin.Ticks(ev.ReceivedAt))
		}
	case fromSource:
		for i, ev := range rows {
			w.Text(i, string(ev.Source))
		}
	case fromTime:
		for i, ev := range rows {
			w.Long(i, c.time(ev))
		}
	case fromTableName:
		for i, ev := range rows {
			if v := valueAt(ev, c.index); v != nil {
				w.Text(i, v.Str)
			} else {
				w.Text(i, t.name)
			}
		}
	case fromTwin:
		for i, ev := range rows {
			if ev.Twin == "" {
				w.Null(i)
			} else {
				w.Text(i, ev.Twin)
			}
		}
	case fromNowhere:
		for i := range rows {
			if c.kind == catalog.String {
				w.Text(i, "")
			} else {
				w.Null(i)
			}
		}
	case fromValues:
		c.writeValues(w, rows)
	default:
		panic(fmt.Sprintf("telemetry: no origin %d", c.origin))
	}
}

// time returns the ticks of a time column.
func (c *storedColumn) time(ev *tocsin.Event) int64 {
	if v := c.value(ev); v != nil {
		return v.Num
	}
	return tocsin.Ticks(ev.OccurredAt)
}

// value returns the value of the column, or of the other one that stands in for
// it; nil when both are null.
func (c *storedColumn) value(ev *tocsin.Event) *tocsin.Value {
	if v := valueAt(ev, c.index); v != nil || c.other < 0 {
		return v
	}
	return valueAt(ev, c.other)
}

// valueAt returns the value of a column, nil when it is null.
func valueAt(ev *tocsin.Event, i int) *tocsin.Value {
	if i < 0 || i >= len(ev.Values) || ev.Values[i].Kind == tocsin.Null {
		return nil
	}
	return &ev.Values[i]
}

// writeValues writes a column of checked values. One loop per type keeps the
// type switch out of it.
func (c *storedColumn) writeValues(w *duck.Writer, rows []*tocsin.Event) {
	each := func(put func(i int, v *tocsin.Value)) {
		for i, ev := range rows {
			if v := c.value(ev); v != nil {
				put(i, v)
			} else {
				w.Null(i)
			}
		}
	}
	switch c.kind {
	case catalog.String: // never NULL
		for i, ev := range rows {
			if v := c.value(ev); v != nil {
				w.Text(i, v.Str)
			} else {
				w.Text(i, "")
			}
		}
	case catalog.Bool:
		each(func(i int, v *tocsin.Value) { w.Bool(i, v.Num != 0) })
	case catalog.Int:
		each(func(i int, v *tocsin.Value) { w.Int(i, int32(v.Num)) })
	case catalog.Long, catalog.DateTime, catalog.TimeSpan:
		each(func(i int, v *tocsin.Value) { w.Long(i, v.Num) })
	case catalog.Real:
		each(func(i int, v *tocsin.Value) {
			if v.Kind == tocsin.Int {
				w.Real(i, float64(v.Num))
			} else {
				w.Real(i, v.Real())
			}
		})
	case catalog.Dynamic:
		each(func(i int, v *tocsin.Value) { w.Text(i, v.Str) })
	case catalog.Guid:
		each(func(i int, v *tocsin.Value) { w.UUID(i, v.Str) })
	case catalog.Decimal:
		each(func(i int, v *tocsin.Value) {
			if v.Kind == tocsin.Int {
				w.Decimal(i, strconv.FormatInt(v.Num, 10))
			} else {
				w.Decimal(i, v.Str)
			}
		})
	default:
		panic(fmt.Sprintf("telemetry: no stored form of %s", c.kind))
	}
}
