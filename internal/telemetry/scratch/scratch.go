// Package scratch keeps a few rows in a database for a moment, so that KQL over
// rows that are not stored yet means exactly what it means over stored ones.
//
// It promises the same engine, the same functions and the same cells as the
// store. It refuses files, settings and rows that do not fit their table. It is
// tested by the transforms that run on it.
package scratch

import (
	"context"
	"fmt"
	"strings"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
	"github.com/tocsin-soc/tocsin/internal/telemetry/engine"
	"github.com/tocsin-soc/tocsin/internal/telemetry/tuple"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/exec"
	"github.com/tocsin-soc/tocsin/kql/native"
)

// A Database is in memory and holds the rows that were loaded last. It implements
// exec.Engine. It is not safe for concurrent use.
type Database struct {
	db     *duck.DB
	conn   *duck.Conn
	tables map[string]*Table // by name, those that exist
	block  tuple.Block
}

// A Table is a table of a Database: some columns of a declared table
// behind RowColumn.
type Table struct {
	Name     string        // in the statements
	Table    *schema.Table // as the statements see it: RowColumn, then the columns
	layout   *tuple.Layout
	blanks   []duck.Blank
	position []int // of a declared column's cells in the statements' table; tuple.LeftOut when it lacks them
}

// RowColumn is the first column of every scratch table: the position of the row
// in what was loaded, a long.
const RowColumn = "_TocsinRow"

// NewTable describes a scratch table with these columns of a declared
// table, by position. The stamps cannot be among them.
func NewTable(name string, t *schema.Table, columns []int) *Table {
	st := &Table{Name: name, layout: tuple.NewLayout(t, false), blanks: []duck.Blank{{}}}
	visible := []schema.Column{{Name: RowColumn, Type: catalog.Long}}
	for _, i := range columns {
		visible = append(visible, t.Columns[i])
	}
	st.Table = schema.NewTable(name, visible)
	for range t.Columns {
		st.position = append(st.position, tuple.LeftOut)
	}
	for at, i := range columns {
		if st.Table.Spelling(at+1) == at+1 {
			st.position[st.layout.Place(i)] = len(st.blanks)
			st.blanks = append(st.blanks, st.layout.Blank(i))
		}
	}
	return st
}

// Open opens an empty one. It is for one core: whoever has more to do
// opens several.
func Open() (*Database, error) {
	db, err := duck.Open("", map[string]string{
		"threads": "1", "autoinstall_known_extensions": "false", "autoload_known_extensions": "false", "allow_community_extensions": "false",
		"preserve_insertion_order": "true", "temp_directory": "", "memory_limit": "512MiB",
	})
	if err != nil {
		return nil, fmt.Errorf("starting DuckDB: %w", err)
	}
	x := &Database{db: db, tables: map[string]*Table{}}
	if x.conn, err = db.Connect(); err != nil {
		db.Close()
		return nil, fmt.Errorf("starting DuckDB: %w", err)
	}
	for _, f := range native.Functions() {
		if err := x.conn.Register(engine.Native(f)); err != nil {
			x.Close()
			return nil, fmt.Errorf("registering functions: %w", err)
		}
	}
	if err := x.conn.Exec("SET enable_external_access = false; SET lock_configuration = true"); err != nil {
		x.Close()
		return nil, fmt.Errorf("locking the configuration: %w", err)
	}
	return x, nil
}

// Load replaces the rows of a table. Every event is one of the declared table,
// and its values fit the columns.
func (x *Database) Load(t *Table, events []*tocsin.Event) error {
	name := schema.Quote(t.Name)
	if x.tables[t.Name] != t {
		var columns []string
		for i, c := range t.Table.Columns {
			if t.Table.Spelling(i) == i {
				columns = append(columns, schema.Quote(c.Stored)+" "+schema.StoredType(c.Type))
			}
		}
		if err := x.conn.Exec("CREATE OR REPLACE TABLE " + name + " (" + strings.Join(columns, ", ") + ")"); err != nil {
			return err
		}
		x.tables[t.Name] = t
	} else if err := x.conn.Exec("TRUNCATE " + name); err != nil {
		return err
	}
	a, err := x.conn.NewAppender("main", t.Name)
	if err != nil {
		return err
	}
	for from := 0; from < len(events); from += duck.ChunkRows {
		part := events[from:min(from+duck.ChunkRows, len(events))]
		x.block.Reset()
		rows := make([]tuple.Tuple, len(part))
		for i, ev := range part {
			row, reason := x.block.Add(t.layout, ev)
			if reason != "" {
				a.Discard()
				return tocsin.Errorf(tocsin.Internal, "event %s: %s", ev.ID, reason)
			}
			rows[i] = row
		}
		err := a.AppendRows(len(part), t.blanks, func(columns []duck.Writer) error {
			for i := range rows {
				columns[0].Reach(i)
				columns[0].Long(i, int64(from+i))
				if err := rows[i].Write(columns, i, t.position, tuple.LeftOut); err != nil {
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

// Query implements exec.Engine.
func (x *Database) Query(ctx context.Context, sql string, args []any) (exec.Rows, error) {
	stmt, err := x.conn.Prepare(sql)
	if err != nil {
		return nil, err
	}
	rows, err := stmt.Query(ctx, args...)
	if err != nil {
		stmt.Close()
		return nil, err
	}
	rows.Own(stmt)
	return &answer{rows: rows, at: -1}, nil
}

// Close frees everything.
func (x *Database) Close() {
	if x.conn != nil {
		x.conn.Close()
	}
	x.db.Close()
}

// answer reads a result row by row.
type answer struct {
	rows    *duck.Rows
	current *duck.Chunk
	at      int
}

// Next implements exec.Rows.
func (r *answer) Next() bool {
	r.at++
	for r.current == nil || r.at >= r.current.Len {
		if !r.rows.NextChunk() {
			return false
		}
		r.current, r.at = r.rows.Chunk(), 0
	}
	return true
}

// Scan implements exec.Rows.
func (r *answer) Scan(dest []any) error {
	if len(dest) != len(r.current.Columns) {
		return fmt.Errorf("scanning %d columns into %d cells", len(r.current.Columns), len(dest))
	}
	for i := range dest {
		dest[i] = r.current.Columns[i].Value(r.at)
	}
	return nil
}

// Err implements exec.Rows.
func (r *answer) Err() error { return r.rows.Err() }

// Close implements exec.Rows.
func (r *answer) Close() error {
	r.rows.Close()
	return nil
}
