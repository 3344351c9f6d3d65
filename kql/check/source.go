package check

import (
	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// source finds a table, or a saved function that needs no arguments.
func (c *checker) source(n ast.Node, name string) (value, bool) {
	if t, ok := c.cat.Table(name); ok {
		return value{rows: c.readTable(t, false)}, true
	}
	if _, ok := c.cat.Function(name); ok {
		if f := c.savedFunction(n, name); f != nil {
			return c.callFunction(n, f, nil, &scope{}), true
		}
		return unknown(), true
	}
	if name == "_GetWatchlistAlias" {
		return value{rows: c.watchlistAliases()}, true
	}
	return value{}, false
}

// readTable reads a stored table in the period of the run.
func (c *checker) readTable(t *catalog.Table, watchlist bool) *rows {
	rel := &plan.Table{Name: t.Name, Watchlist: watchlist}
	rel.Cols = make([]plan.Column, len(t.Columns))
	rel.Source = make([]string, len(t.Columns))
	for i, col := range t.Columns {
		rel.Cols[i] = c.column(col.Name, col.Type)
		rel.Source[i] = col.Name
	}
	if t.TimeColumn != "" && (c.opt.From != 0 || c.opt.To != 0) {
		rel.Period = &plan.Period{Column: t.TimeColumn, From: c.opt.From, To: c.opt.To}
	}
	return &rows{rel: rel, cols: rel.Cols, open: t.Open, name: t.Name}
}

// tableCall binds table("name"): a let name, a table or a function.
func (c *checker) tableCall(e *ast.Call, sc *scope) value {
	if len(e.Args) == 0 {
		c.errorf(token.ArgumentCount, e, "table() needs a name")
		return unknown()
	}
	name, ok := c.constantText(e, 0, sc.constant())
	if !ok {
		return unknown()
	}
	if b, ok := sc.env.lookup(name); ok && b.x == nil {
		return c.bound(e, b, sc.constant())
	}
	if v, ok := c.source(e, name); ok {
		return v
	}
	return c.unknownName(e, name, sc.constant())
}

// entity binds database(…), which means the only one there is, and its siblings,
// which are not reachable.
func (c *checker) entity(e *ast.Call, name string, sc *scope) value {
	if name == "database" {
		return value{entity: true}
	}
	f, _ := c.fns.Lookup(name, catalog.Tabular)
	c.unsupported(e, f)
	return unknown()
}

// share makes rows readable from several places.
func (c *checker) share(name string, r *rows, materialized bool) *shared {
	s := &plan.Shared{ID: len(c.query.Shared) + 1, Name: name, Rel: r.rel, Materialized: materialized}
	c.query.Shared = append(c.query.Shared, s)
	return &shared{plan: s, rows: r}
}

// reference reads shared rows. The first reader keeps the columns, later ones
// get new ones, so that a table can be joined with itself.
func (c *checker) reference(s *shared) *rows {
	s.plan.Uses++
	out := *s.rows
	ref := &plan.Ref{Shared: s.plan}
	if s.plan.Uses == 1 {
		ref.Cols = s.plan.Rel.Columns()
		out.rel = ref
		return &out
	}
	renamed := make(map[plan.ColID]plan.Column, len(ref.Cols))
	for _, col := range s.plan.Rel.Columns() {
		fresh := c.column(col.Name, col.Type)
		renamed[col.ID] = fresh
		ref.Cols = append(ref.Cols, fresh)
	}
	out.rel = ref
	out.cols = make([]plan.Column, len(s.rows.cols))
	for i, col := range s.rows.cols {
		out.cols[i] = renamed[col.ID]
	}
	if out.ord.ID != 0 {
		out.ord = renamed[out.ord.ID]
	}
	return &out
}

// schema turns declared columns into plan columns.
func (c *checker) schema(s *ast.RowSchema) []plan.Column {
	if s == nil {
		return nil
	}
	var cols []plan.Column
	seen := map[string]bool{}
	for _, d := range s.Columns {
		if d.Name == nil {
			continue
		}
		t := catalog.String
		if d.Type != nil {
			var ok bool
			if t, ok = catalog.ParseType(d.Type.Name); !ok {
				c.errorf(token.TypeMismatch, d.Type, "unknown type %q", d.Type.Text)
				t = catalog.Unknown
			}
		}
		if seen[d.Name.Name] {
			c.errorf(token.DuplicateColumn, d.Name, "column %q is declared twice", d.Name.Name)
			continue
		}
		seen[d.Name.Name] = true
		cols = append(cols, c.column(d.Name.Name, t))
	}
	return cols
}

func (c *checker) dataTable(e *ast.DataTable, sc *scope) *rows {
	cols := c.schema(e.Schema)
	rel := &plan.Values{Cols: cols}
	if len(cols) == 0 {
		return unordered(rel, cols)
	}
	if len(e.Values)%len(cols) != 0 {
		c.errorf(token.IncompatibleRows, e, "%d values do not fill rows of %d columns", len(e.Values), len(cols))
		return unordered(rel, cols)
	}
	inner := sc.constant()
	for i := 0; i < len(e.Values); i += len(cols) {
		row := make([]plan.Expr, len(cols))
		for j, col := range cols {
			v := e.Values[i+j]
			if _, computed := ast.Unparen(v).(*ast.Binary); computed {
				c.errorf(token.NotConstant, v, "a datatable holds literals, not expressions")
			}
			row[j] = c.cell(v, c.expr(v, inner), col)
		}
		rel.Rows = append(rel.Rows, row)
	}
	out := unordered(rel, cols)
	out.written = true
	return out
}

// cell converts a value of datatable to its column's type. Text is read as the
// type says, and numbers and bools become text.
func (c *checker) cell(n ast.Node, x plan.Expr, col plan.Column) plan.Expr {
	from := x.Type()
	switch {
	case from == col.Type, from == catalog.Unknown:
		return cast(x, col.Type)
	case col.Type == catalog.Dynamic, from == catalog.String, from == catalog.Dynamic, col.Type == catalog.String,
		from.Numeric() && col.Type.Numeric(), from == catalog.Bool && col.Type.Numeric(), from.Numeric() && col.Type == catalog.Bool,
		from.Integer() && col.Type.Temporal():
		return cast(x, col.Type)
	}
	return c.assignable(n, x, col.Type, "column \""+col.Name+"\"")
}

func (c *checker) externalData(e *ast.ExternalData, sc *scope) *rows {
	cols := c.schema(e.Schema)
	rel := &plan.External{Cols: cols}
	for _, u := range e.URIs {
		x := c.expr(u, sc.constant())
		if x.Type() != catalog.String && x.Type() != catalog.Unknown {
			c.errorf(token.TypeMismatch, u, "an address must be a string, not %s", x.Type())
			continue
		}
		rel.URLs = append(rel.URLs, x)
	}
	for _, p := range e.With {
		text := ast.Properties{p}.Word(p.Name)
		if asciiLower(p.Name) == "format" {
			rel.Format = asciiLower(text)
			continue
		}
		rel.Properties = append(rel.Properties, plan.Property{Name: p.Name, Value: text})
	}
	return unordered(rel, cols)
}
