package engine

import (
	"context"
	"fmt"
	"strings"

	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
	"github.com/tocsin-soc/tocsin/kql/catalog"
)

// A Reference is a table that is given whole and kept in memory: what queries look
// things up in, such as a watchlist.
type Reference struct {
	// Space is the schema that queries name it by ("watchlist"). Empty adds the rows
	// to those of the declared table Name; columns it does not have are null.
	Space   string
	Name    string
	Columns []catalog.Column
	// Rows hold nil, bool, int64, float64 or string by column: ticks for a datetime,
	// JSON for a dynamic.
	Rows [][]any
}

// addedSchema holds the rows that are added to declared tables.
const addedSchema = "added"

// Refer makes tables of references and drops those that are gone. A query that
// runs sees the old rows or the new ones of each.
func (e *Engine) Refer(ctx context.Context, refs []Reference) error {
	e.publishing.Lock()
	defer e.publishing.Unlock()
	gone := e.referred
	e.referred = map[string]bool{}
	for i := range refs {
		if err := ctx.Err(); err != nil {
			return err
		}
		name := refs[i].qualified()
		if err := e.fillReference(name, &refs[i]); err != nil {
			return fmt.Errorf("loading %s: %w", name, err)
		}
		e.referred[name] = true
		if refs[i].Space == "" {
			if err := e.add(&refs[i]); err != nil {
				return err
			}
		}
	}
	for name := range gone {
		if !e.referred[name] {
			if err := e.publisher.Exec("DELETE FROM " + name); err != nil {
				return fmt.Errorf("emptying %s: %w", name, err)
			}
		}
	}
	return nil
}

// qualified is the SQL name of the reference's own table.
func (r *Reference) qualified() string {
	space := r.Space
	if space == "" {
		space = addedSchema
	}
	return viewDatabase + "." + schema.Quote(space) + "." + schema.Quote(r.Name)
}

func (e *Engine) fillReference(name string, r *Reference) error {
	columns := make([]string, len(r.Columns))
	for i, c := range r.Columns {
		columns[i] = schema.Quote(c.Name) + " " + schema.StoredType(c.Type)
	}
	space, _, _ := strings.Cut(strings.TrimPrefix(name, viewDatabase+"."), ".")
	text := "USE " + viewDatabase + "; CREATE SCHEMA IF NOT EXISTS " + space + "; BEGIN; CREATE OR REPLACE TABLE " + name + " (" + strings.Join(columns, ", ") + ")"
	if err := e.publisher.Exec(text); err != nil {
		_ = e.publisher.Exec("ROLLBACK") // the first error says what is wrong
		return err
	}
	if err := appendReference(e.publisher, strings.Trim(space, `"`), r); err != nil {
		_ = e.publisher.Exec("ROLLBACK")
		return err
	}
	return e.publisher.Exec("COMMIT")
}

func appendReference(c *duck.Conn, space string, r *Reference) error {
	a, err := c.NewAppender(space, r.Name)
	if err != nil {
		return err
	}
	for from := 0; from < len(r.Rows); from += duck.ChunkRows {
		rows := r.Rows[from:min(from+duck.ChunkRows, len(r.Rows))]
		err := a.Append(len(rows), func(column int, w *duck.Writer) error {
			for i, row := range rows {
				switch v := row[column].(type) {
				case nil:
					w.Null(i)
				case bool:
					w.Bool(i, v)
				case int64:
					w.Long(i, v)
				case float64:
					w.Real(i, v)
				case string:
					w.Text(i, v)
				default:
					return fmt.Errorf("a cell of Go type %T", v)
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

// add makes the rows of a reference visible in a declared table, beside those that were
// or will be stored there.
func (e *Engine) add(r *Reference) error {
	t, ok := e.opts.Schema.Table(r.Name)
	if !ok {
		return fmt.Errorf("adding rows to %s, which is not declared", r.Name)
	}
	given := map[string]bool{}
	for _, c := range r.Columns {
		given[c.Name] = true
	}
	var columns []string
	for i, c := range t.Columns {
		name := schema.Quote(c.Stored)
		switch {
		case t.Spelling(i) != i:
		case given[c.Stored]:
			columns = append(columns, name)
		case c.Type == catalog.String: // strings are never null
			columns = append(columns, "'' AS "+name)
		default:
			columns = append(columns, "CAST(NULL AS "+schema.StoredType(c.Type)+") AS "+name)
		}
	}
	if e.added == nil {
		e.added = map[string]string{}
	}
	e.added[r.Name] = "SELECT " + strings.Join(columns, ", ") + " FROM " + r.qualified()
	base, known := e.views[r.Name]
	if !known {
		base = emptySelect(t)
	}
	return e.replaceView(r.Name, base)
}
