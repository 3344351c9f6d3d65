package check

import (
	"strconv"

	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// special binds the calls whose arguments are not ordinary values: rows, names
// of columns, the row itself.
func (c *checker) special(e *ast.Call, name string, sc *scope) (value, bool) {
	switch name {
	case "toscalar":
		return c.toScalar(e, sc), true
	case "materialize":
		return c.materialize(e, sc), true
	case "table":
		return c.tableCall(e, sc), true
	case "database", "cluster", "workspace", "app", "adx", "arg":
		return c.entity(e, name, sc), true
	case "_GetWatchlist":
		return c.watchlist(e, sc), true
	case "_GetWatchlistAlias":
		return value{rows: c.watchlistAliases()}, true
	case "column_ifexists", "columnifexists":
		return c.columnIfExists(e, sc), true
	case "iscolumnexists":
		col, ok := c.constantText(e, 0, sc)
		if !ok {
			return unknown(), true
		}
		_, exists := sc.rows.find(col)
		return scalarValue(boolConst(exists)), true
	case "column_names_of":
		return c.columnNames(e, sc), true
	case "parse_json", "todynamic", "parsejson", "toobject":
		return c.parseJSON(e, name, sc)
	case "pack_all":
		return c.packAll(e, sc), true
	case "bag_pack_columns":
		return c.packColumns(e, sc), true
	case "ingestion_time":
		if col, ok := sc.rows.find("_IngestionTime"); ok && col.Type == catalog.DateTime {
			return scalarValue(colRef(col)), true
		}
		return scalarValue(null(catalog.DateTime)), true
	case "current_database":
		return scalarValue(stringConst("Tocsin")), true
	case "external_table", "materialized_view", "stored_query_result":
		f, _ := c.fns.Lookup(name, catalog.Tabular)
		c.unsupported(e, f)
		return unknown(), true
	case "bin_auto":
		return c.binAuto(e, sc), true
	case "around":
		return c.around(e, sc), true
	}
	return value{}, false
}

// toScalar binds toscalar(rows or value).
func (c *checker) toScalar(e *ast.Call, sc *scope) value {
	if len(e.Args) != 1 {
		c.errorf(token.ArgumentCount, e, "toscalar() takes 1 argument, not %d", len(e.Args))
		return unknown()
	}
	v := c.value(e.Args[0].X, sc.constant())
	switch {
	case v.x != nil:
		return v
	case v.rows == nil || v.rows.rel == nil:
		if !v.bad {
			c.errorf(token.NotTabular, e.Args[0], "toscalar() needs rows")
		}
		return unknown()
	case len(v.rows.cols) == 0:
		if !v.rows.open {
			c.errorf(token.IncompatibleRows, e.Args[0], "these rows have no column")
		}
		return scalarValue(null(catalog.Unknown))
	}
	first := v.rows.cols[0]
	rel := plan.Rel(&plan.Limit{In: &plan.Project{In: v.rows.rel, Cols: []plan.Column{first}}, N: longConst(1)})
	s := &plan.Scalar{ID: len(c.query.Scalars) + 1, Rel: rel, Type: first.Type}
	c.query.Scalars = append(c.query.Scalars, s)
	return scalarValue(&plan.ScalarRef{Scalar: s})
}

func (c *checker) materialize(e *ast.Call, sc *scope) value {
	if len(e.Args) != 1 {
		c.errorf(token.ArgumentCount, e, "materialize() takes 1 argument, not %d", len(e.Args))
		return unknown()
	}
	v := c.value(e.Args[0].X, &scope{env: sc.env})
	if v.rows == nil || v.rows.rel == nil {
		if v.x != nil && !v.bad {
			return v
		}
		if !v.bad {
			c.errorf(token.NotTabular, e.Args[0], "materialize() needs rows")
		}
		return unknown()
	}
	return value{rows: c.reference(c.share("", v.rows, true))}
}

// constantText returns argument i as text known now.
func (c *checker) constantText(e *ast.Call, i int, sc *scope) (string, bool) {
	if i >= len(e.Args) {
		c.errorf(token.ArgumentCount, e, "%s() needs %s", e.Name.Name, plural(i+1))
		return "", false
	}
	x := foldText(c.expr(e.Args[i].X, sc))
	if k, ok := x.(*plan.Const); ok && k.T == catalog.String {
		return k.Text, true
	}
	if x.Type() != catalog.Unknown {
		c.errorf(token.NotConstant, e.Args[i], "%s() needs a text that is known before the query runs", e.Name.Name)
	}
	return "", false
}

// foldText computes strcat() of literals.
func foldText(x plan.Expr) plan.Expr {
	f, ok := x.(*plan.Func)
	if !ok || f.Name != "strcat" {
		return x
	}
	text := ""
	for _, a := range f.Args {
		k, ok := foldText(a).(*plan.Const)
		if !ok || k.T != catalog.String {
			return x
		}
		text += k.Text
	}
	return stringConst(text)
}

func (c *checker) columnIfExists(e *ast.Call, sc *scope) value {
	if len(e.Args) != 2 {
		c.errorf(token.ArgumentCount, e, "column_ifexists() takes 2 arguments, not %d", len(e.Args))
		return unknown()
	}
	name, ok := c.constantText(e, 0, sc.constant())
	if !ok {
		return unknown()
	}
	def := c.expr(e.Args[1].X, sc)
	if col, ok := sc.rows.find(name); ok {
		return scalarValue(colRef(col))
	}
	return scalarValue(def)
}

func (c *checker) columnNames(e *ast.Call, sc *scope) value {
	if len(e.Args) == 1 {
		if v := c.value(e.Args[0].X, sc.constant()); v.rows != nil {
			text := "["
			for i, col := range v.rows.cols {
				if i > 0 {
					text += ","
				}
				text += quoteJSON(col.Name)
			}
			return scalarValue(&plan.Const{T: catalog.Dynamic, Text: text + "]"})
		}
	}
	c.errorf(token.NotTabular, e, "column_names_of() needs a table")
	return unknown()
}

// parseJSON is the identity on what is dynamic already.
func (c *checker) parseJSON(e *ast.Call, name string, sc *scope) (value, bool) {
	if len(e.Args) != 1 {
		return value{}, false
	}
	if f, ok := c.fns.Lookup(name, catalog.Scalar); ok {
		c.deprecated(e.Name, f)
	}
	x := c.expr(e.Args[0].X, sc)
	switch t := x.Type(); {
	case t == catalog.Dynamic, t == catalog.Unknown:
		return scalarValue(cast(x, catalog.Dynamic)), true
	case t != catalog.String && !c.opt.Lenient:
		c.errorf(token.TypeMismatch, e.Args[0], "%s() reads a string, not %s", name, t)
		return unknown(), true
	}
	return scalarValue(&plan.Func{Name: "parse_json", Args: []plan.Expr{cast(x, catalog.String)}, T: catalog.Dynamic}), true
}

// packAll and packColumns become bag_pack with the names written out;
// pack_all(true) leaves out what is null or empty.
func (c *checker) packAll(e *ast.Call, sc *scope) value {
	if sc.rows == nil {
		c.errorf(token.MisplacedCall, e, "pack_all() needs rows")
		return unknown()
	}
	name := "bag_pack"
	if len(e.Args) > 0 {
		if k, ok := c.expr(e.Args[0].X, sc.constant()).(*plan.Const); ok && k.T == catalog.Bool && k.Bool {
			name = "bag_pack_nonempty"
		}
	}
	return scalarValue(packed(name, sc.rows.cols))
}

func packed(name string, cols []plan.Column) plan.Expr {
	f := &plan.Func{Name: name, T: catalog.Dynamic}
	for _, col := range cols {
		f.Args = append(f.Args, stringConst(col.Name), colRef(col))
	}
	return f
}

func (c *checker) packColumns(e *ast.Call, sc *scope) value {
	var cols []plan.Column
	for _, a := range e.Args {
		for _, col := range c.columnArgs(a.X, sc) {
			if a.Name() != nil {
				col.Name = a.Name().Name
			}
			cols = append(cols, col)
		}
	}
	return scalarValue(packed("bag_pack", cols))
}

// columnArgs binds an argument that must name columns: a name, a pattern, *.
func (c *checker) columnArgs(x ast.Expr, sc *scope) []plan.Column {
	switch x := ast.Unparen(x).(type) {
	case *ast.Star:
		return sc.rows.cols
	case *ast.Wildcard:
		var out []plan.Column
		for _, col := range sc.rows.cols {
			if match(x.Pattern, col.Name) {
				out = append(out, col)
			}
		}
		return out
	default:
		v := c.value(x, sc)
		if ref, ok := v.x.(*plan.Col); ok {
			return []plan.Column{{ID: ref.ID, Name: ref.Name, Type: ref.T}}
		}
		if !v.bad && (sc.rows == nil || !sc.rows.open) {
			c.errorf(token.UnknownColumn, x, "a column name is needed here")
		}
		return nil
	}
}

// around is value between (center-delta .. center+delta).
func (c *checker) around(e *ast.Call, sc *scope) value {
	if len(e.Args) != 3 {
		c.errorf(token.ArgumentCount, e, "around() takes 3 arguments, not %d", len(e.Args))
		return unknown()
	}
	x, mid, delta := c.expr(e.Args[0].X, sc), c.expr(e.Args[1].X, sc), c.expr(e.Args[2].X, sc)
	lo, hi := c.arithmetic(e, plan.OpSub, mid, delta), c.arithmetic(e, plan.OpAdd, mid, delta)
	return scalarValue(&plan.Binary{Op: plan.OpAnd, X: c.test(e, plan.OpGe, x, lo), Y: c.test(e, plan.OpLe, x, hi), T: catalog.Bool})
}

func itoa(n int) string { return strconv.Itoa(n) }

// match reports whether name fits a pattern in which * stands for any text.
func match(pattern, name string) bool {
	star, mark := -1, 0
	p, n := 0, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, n
			p++
		case p < len(pattern) && pattern[p] == name[n]:
			p++
			n++
		case star >= 0:
			mark++
			p, n = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// binAuto is bin_at() with the size and fixed point that set statements give.
func (c *checker) binAuto(e *ast.Call, sc *scope) value {
	size, ok := c.set["query_bin_auto_size"]
	if !ok || len(e.Args) != 1 {
		c.hint(token.BadArgument, e, "set query_bin_auto_size = 1h;", "bin_auto() takes one argument, and its size from a set statement")
		return unknown()
	}
	args := []*ast.NamedExpr{e.Args[0], {Loc: e.Loc, X: size}}
	name := "bin"
	if at, ok := c.set["query_bin_auto_at"]; ok {
		name, args = "bin_at", append(args, &ast.NamedExpr{Loc: e.Loc, X: at})
	}
	f, _ := c.fns.Lookup(name, catalog.Scalar)
	return c.builtin(&ast.Call{Loc: e.Loc, Name: &ast.Ident{Loc: e.Name.Loc, Name: name}, Args: args}, f, sc)
}
