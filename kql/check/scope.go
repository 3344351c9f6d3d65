package check

import (
	"iter"
	"maps"

	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
)

// rows is a bound tabular expression and what names see of it.
type rows struct {
	rel  plan.Rel
	cols []plan.Column // the visible columns, in order
	// ord is the hidden column (the last of rel) that numbers the rows, 0 for none.
	ord plan.Column
	// serialized says that the row order means something (window functions are
	// allowed); sorted, that it is an order the result shows.
	serialized, sorted bool
	// written rows stand in the text of the query (datatable), in that order.
	written bool
	// open: a name that is not a column is a null dynamic (a table with an open
	// schema, a tolerated unknown table) or not yet known (a shape to be found).
	open   bool
	name   string // table or `as` name, for withsource and diagnostics
	render *plan.Render
	graph  *graph
	// several are further results (fork, facet); then rel is nil.
	several []*plan.Result
	// silent rows are no result: graph-to-table … as A, B only names row sets.
	silent bool
}

// find returns the column of exactly that name.
func (r *rows) find(name string) (plan.Column, bool) {
	if r == nil {
		return plan.Column{}, false
	}
	for _, c := range r.cols {
		if c.Name == name {
			return c, true
		}
	}
	return plan.Column{}, false
}

// names iterates over the column names, for suggestions.
func (r *rows) names() iter.Seq[string] {
	return func(yield func(string) bool) {
		if r == nil {
			return
		}
		for _, c := range r.cols {
			if !yield(c.Name) {
				return
			}
		}
	}
}

// with returns rows over rel with the same properties but these columns; the
// hidden order column, if any, is kept and must be the last column of rel.
func (r *rows) with(rel plan.Rel, cols []plan.Column) *rows {
	out := *r
	out.rel, out.cols = rel, cols
	return &out
}

// physical is the list of columns rel must deliver for these visible ones.
func (r *rows) physical(cols []plan.Column) []plan.Column {
	if r.ord.ID == 0 {
		return cols
	}
	return append(append(make([]plan.Column, 0, len(cols)+1), cols...), r.ord)
}

// unordered returns rows over rel whose order means nothing.
func unordered(rel plan.Rel, cols []plan.Column) *rows {
	return &rows{rel: rel, cols: cols}
}

// A value is what an expression stands for: exactly one field is set, apart from
// tuple, whose first member is also x.
type value struct {
	x     plan.Expr
	rows  *rows
	fn    *function
	tuple []member // columns of a multi-valued call
	// star says that x stands for all columns: *.
	star bool
	bad  bool // an error was reported; nothing else should be
	// entity marks database(…) and its like, which only qualify names.
	entity bool
}

// A member is one column of a multi-valued call.
type member struct {
	name string
	x    plan.Expr
	// source is the column it repeats under its own name, 0 if it is computed or
	// was named by the writer.
	source plan.ColID
}

// A function is a let or saved function with the names it can see.
type function struct {
	name string
	lit  *ast.FuncLit
	env  *env
	view bool
}

// env is a chain of blocks of let names.
type env struct {
	parent *env
	names  map[string]*binding
}

// asNow is e with the names declared so far: what a function body sees, which is
// neither itself nor what comes later.
func (e *env) asNow() *env {
	return &env{parent: e.parent, names: maps.Clone(e.names)}
}

// A binding is what a let name or parameter stands for.
type binding struct {
	x      plan.Expr
	shared *shared
	fn     *function
	graph  *rows
	// pattern is declare pattern: cases chosen by constant arguments and a path.
	pattern *ast.PatternStmt
	env     *env // of the pattern
	failed  bool
}

// shared is a tabular let: bound once, read by reference.
type shared struct {
	plan *plan.Shared
	rows *rows
}

func (e *env) child() *env { return &env{parent: e, names: map[string]*binding{}} }

// lookup finds the innermost binding of a name.
func (e *env) lookup(name string) (*binding, bool) {
	for ; e != nil; e = e.parent {
		if b, ok := e.names[name]; ok {
			return b, true
		}
	}
	return nil, false
}

// all iterates over every visible name.
func (e *env) all() iter.Seq[string] {
	return func(yield func(string) bool) {
		for s := e; s != nil; s = s.parent {
			for name := range s.names {
				if !yield(name) {
					return
				}
			}
		}
	}
}

// scope is what an expression can see.
type scope struct {
	env         *env
	rows        *rows // columns; nil where there are none
	left, right *rows // $left and $right in a join condition
	agg         *aggregation
	win         *windows
	// elements are names whose members are columns: steps of scan, nodes and
	// edges of graph-match.
	elements map[string]*rows
	// searching allows `column:"text"` and bare strings (search).
	searching bool
	// rowsWelcome says that rows may stand here as well as values: in (T).
	rowsWelcome bool
	// tolerant lets a missing column read as a null dynamic (find, search).
	tolerant bool
	// chain is set in the clauses of graph-match; at is the element that
	// all(), any() and map() look at.
	chain *chain
	at    *element
	// exactCase makes search terms compare case.
	exactCase bool
}

// scalar returns the scope for an operand that may hold neither aggregates nor
// window functions.
func (s *scope) scalar() *scope {
	if s.agg == nil && s.win == nil {
		return s
	}
	out := *s
	out.agg, out.win = nil, nil
	return &out
}

// constant is the scope of an expression that may not see columns.
func (s *scope) constant() *scope { return &scope{env: s.env} }

func null(t catalog.Type) plan.Expr {
	if t == catalog.String {
		return &plan.Const{T: catalog.String}
	}
	return &plan.Const{T: t, Null: true}
}

func longConst(n int64) *plan.Const    { return &plan.Const{T: catalog.Long, Int: n} }
func stringConst(s string) *plan.Const { return &plan.Const{T: catalog.String, Text: s} }
func boolConst(b bool) *plan.Const     { return &plan.Const{T: catalog.Bool, Bool: b} }
func colRef(c plan.Column) *plan.Col   { return &plan.Col{ID: c.ID, Name: c.Name, T: c.Type} }
func unknown() value                   { return value{x: null(catalog.Unknown), bad: true} }
func scalarValue(x plan.Expr) value    { return value{x: x} }
