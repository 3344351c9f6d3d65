package engine

import (
	"fmt"
	"strings"

	"github.com/tocsin-soc/tocsin/internal/schema"
)

// Publish makes query what readers see as the table. A query that began before
// and has not settled on its snapshot yet is started again: see begin.
func (e *Engine) Publish(table, query string) error {
	e.publishing.Lock()
	defer e.publishing.Unlock()
	if e.views == nil {
		e.views = map[string]string{}
	}
	e.views[table] = query
	return e.replaceView(table, query)
}

// replaceView makes the view, with the rows that are added to the table.
func (e *Engine) replaceView(table, query string) error {
	if added, ok := e.added[table]; ok {
		query = "(" + query + ") UNION ALL BY NAME (" + added + ")"
	}
	if err := e.publisher.Exec("CREATE OR REPLACE VIEW " + viewDatabase + ".main." + schema.Quote(table) + " AS " + query); err != nil {
		return fmt.Errorf("publishing table %s: %w", table, err)
	}
	e.published.Store(table, true)
	e.generation.Add(1)
	return nil
}

// Holds reports whether anything was ever stored in a table: whether Publish was
// called for it, or Refer.
func (e *Engine) Holds(table string) bool {
	filled, known := e.published.Load(table)
	return known && filled.(bool)
}

// publishEmpty makes a declared table visible that nothing was ever stored in.
func (e *Engine) publishEmpty(t *schema.Table) error {
	e.publishing.Lock()
	defer e.publishing.Unlock()
	if _, known := e.published.Load(t.Name); known {
		return nil
	}
	if err := e.publisher.Exec("CREATE VIEW " + viewDatabase + ".main." + schema.Quote(t.Name) + " AS " + emptySelect(t)); err != nil {
		return fmt.Errorf("declaring table %s: %w", t.Name, err)
	}
	e.published.Store(t.Name, false)
	return nil
}

// emptySelect is a query for the columns of a table and no rows.
func emptySelect(t *schema.Table) string {
	var columns []string
	for i, c := range t.Columns {
		if t.Spelling(i) == i {
			columns = append(columns, "CAST(NULL AS "+schema.StoredType(c.Type)+") AS "+schema.Quote(c.Stored))
		}
	}
	if len(columns) == 0 {
		columns = []string{`1 AS "no columns"`}
	}
	return "SELECT " + strings.Join(columns, ", ") + " WHERE false"
}

// declare makes the declared tables visible that sql mentions.
func (e *Engine) declare(sql string) error {
	for rest := sql; ; {
		name, after, ok := nextQuoted(rest)
		if !ok {
			return nil
		}
		rest = after
		if _, known := e.published.Load(name); known {
			continue
		}
		if t, ok := e.opts.Schema.Table(name); ok {
			if err := e.publishEmpty(t); err != nil {
				return err
			}
		}
	}
}

// declareAll makes every declared table visible.
func (e *Engine) declareAll() error {
	for _, t := range e.opts.Schema.Tables() {
		if err := e.publishEmpty(t); err != nil {
			return err
		}
	}
	return nil
}

// nextQuoted returns the first quoted identifier of sql, outside of string
// literals, and what follows it.
func nextQuoted(sql string) (name, rest string, ok bool) {
	for i := 0; i < len(sql); i++ {
		quote := sql[i]
		if quote != '"' && quote != '\'' {
			continue
		}
		end := strings.IndexByte(sql[i+1:], quote)
		if end < 0 {
			return "", "", false
		}
		if quote == '"' {
			return sql[i+1 : i+1+end], sql[i+end+2:], true
		}
		i += end + 1
	}
	return "", "", false
}
