package plan

import "github.com/tocsin-soc/tocsin/kql/catalog"

// ColID identifies a column within one Query. 0 is no column.
type ColID int32

// A Column is one column of a relation.
type Column struct {
	ID   ColID
	Name string
	Type catalog.Type
}

// A Query is a checked script.
type Query struct {
	// Results are the tables the query delivers, in order; at least one unless
	// the script is only lets. fork, facet and batches deliver several.
	Results []*Result
	// Shared are the row sets more than one place reads, each before its users.
	Shared []*Shared
	// Scalars are the values computed once per run, each before its users.
	Scalars []*Scalar
	// Shapes are the column sets that only the data can tell. While it is not
	// empty the plan is open: the runner answers each (running its In), and
	// compiles again with the answers. Results of an open plan must not be run.
	// A plugin over the output of another appears only in the next round.
	Shapes []*Shape
	// Columns is the number of IDs handed out, for dialects that index by ID.
	NumColumns int
}

// A Result is one table the query delivers.
type Result struct {
	Name   string // "PrimaryResult" for the only one; the `as` name of a fork branch
	Rel    Rel    // delivers exactly its Columns, in that order, under their names
	Render *Render
	// Sorted says that the row order of Rel is part of the result (the last
	// operators are sort or top and row-wise ones).
	Sorted bool
}

// Render is the chart annotation of a result; it never changes rows.
type Render struct {
	Kind       string
	Properties []Property
}

// A Property is a name and its text.
type Property struct{ Name, Value string }

// A Shared is a row set computed once or inlined, as the dialect likes; but when
// Materialized is set every reader must see the same rows.
type Shared struct {
	ID           int
	Name         string // let or `as` name; may be empty
	Rel          Rel
	Materialized bool
	Uses         int
}

// A Scalar is toscalar(…): the first column of the first row of Rel, or null
// ("" for a string) when there is none. It is computed once per run.
type Scalar struct {
	ID   int
	Rel  Rel // one column, at most one row
	Type catalog.Type
}

// A Shape is a question to the data: which columns does this plugin produce?
// The runner answers with catalog columns in Options.Shapes[Key] of a second
// Compile. For bag_unpack they are the properties of the bags in Column, in order
// of their names (Prefix not yet added), with the type all values share (else
// dynamic). For pivot they are the distinct values of Column, as text in
// ascending order; the types are ignored.
type Shape struct {
	Key    string // names the plugin call; stable for the same script
	Plugin string // bag_unpack, pivot
	In     Rel
	Column Column
}

// Rel is a relational operator.
type Rel interface {
	// Columns are the visible columns in order. The slice is shared: read only.
	Columns() []Column
	rel()
}

// Table reads a stored table.
type Table struct {
	Name string
	Cols []Column
	// Source[i] is the stored name of Cols[i]; "" means the table lacks the column
	// (open tables, lenient mode): null, or "" for a string.
	Source []string
	// Watchlist says that Name is the alias of a watchlist, not a table.
	Watchlist bool
	// Period restricts the rows read by time; nil for none.
	Period *Period
}

// Period is the half-open range [From, To) in ticks applied to a stored
// datetime column. A bound of 0 is open.
type Period struct {
	Column   string // stored name
	From, To int64
}

// Values is a constant row set: datatable, print, range over few values, and the
// empty set. Zero columns and one row is the source of print. Cells may be any
// expression without column references.
type Values struct {
	Cols []Column
	Rows [][]Expr
}

// Range is the `range` source: From, From+Step, … up to and including To. All
// three have the type of Col. A step of zero or null, or a null bound, gives no
// rows. Rows come in that order.
type Range struct {
	Col            Column
	From, To, Step Expr
}

// External reads rows from outside (externaldata): the runner fetches URLs that
// its policy allows and presents them as Cols.
type External struct {
	Cols       []Column
	URLs       []Expr
	Format     string // csv, tsv, psv, txt, raw, json, multijson, …; "" = by the file name's extension, else csv
	Properties []Property
}

// Ref reads a Shared; Cols[i] is column i of Shared.Rel under a new ID. The
// first reader keeps the original IDs.
type Ref struct {
	Shared *Shared
	Cols   []Column
}

// Filter keeps the rows for which Pred is true. Row order is kept.
type Filter struct {
	In   Rel
	Pred Expr
}

// Project computes Items from In's columns (never from each other) and delivers
// Cols: each is one of Items or a column of In, perhaps under a new name. It is
// project, extend, -away, -keep, -rename, -reorder. Row order is kept.
type Project struct {
	In    Rel
	Items []Item
	Cols  []Column
}

// An Item is a computed column.
type Item struct {
	Col Column
	X   Expr
}

// Aggregate is summarize, count and distinct: one row per distinct combination
// of Keys (nulls are equal to each other), or exactly one row when Keys is empty
// and Aggs is not. Cols is Keys' columns then Aggs' columns.
type Aggregate struct {
	In   Rel
	Keys []Item
	Aggs []Agg
	Cols []Column
}

// An Agg is one call of an aggregate function. Most deliver one column;
// arg_max, arg_min and take_any over several arguments and percentiles deliver
// several from one look at the rows.
type Agg struct {
	Func string // current name in catalog's table
	Args []Expr
	// Cols are the delivered columns. For arg_max/arg_min Cols[i] is Args[i] of
	// the row that has the extreme Args[0]; for take_any of one row. For
	// percentiles Cols[i] belongs to Args[i+1].
	Cols []Column
}

// JoinKind is the flavour of a join.
type JoinKind uint8

// The flavours. InnerUnique first keeps one (any) left row per key.
const (
	InnerUnique JoinKind = iota
	Inner
	LeftOuter
	RightOuter
	FullOuter
	LeftSemi
	LeftAnti
	RightSemi
	RightAnti
)

// Join matches rows whose key pairs are all equal (see OpEq; null equals
// nothing, "" equals ""). Cols: left columns then right columns; only left ones
// for LeftSemi and LeftAnti, only right ones for RightSemi and RightAnti. In the
// rows an outer join fills up, missing columns are null, strings are "".
// No pairs at all is a cross join.
type Join struct {
	Kind        JoinKind
	Left, Right Rel
	On          []KeyPair
	Cols        []Column
}

// A KeyPair is one equality of a join; both sides have the same type.
type KeyPair struct{ Left, Right Expr }

// Union appends row sets. With From nil every input delivers as many columns as
// Cols, of the same types, position by position. A union of very many tables
// (search, union *) has From instead: column k of Inputs[i] is Cols[From[i][k]],
// of its type; output columns an input does not have are null, "" for strings.
type Union struct {
	Inputs []Rel
	From   [][]int
	Cols   []Column
}

// Sort orders rows; it is stable only as far as the engine likes.
type Sort struct {
	In   Rel
	Keys []SortKey
	// Ord, when its ID is not 0, is an extra long column at the end of Cols that
	// numbers the rows 1, 2, … in the new order (for window functions above).
	Ord  Column
	Cols []Column
}

// A SortKey is one key. NaN sorts as null; strings sort by code point.
type SortKey struct {
	X          Expr
	Desc       bool
	NullsFirst bool
}

// Limit keeps the first N rows (in order after Sort, else any). top is
// Limit over Sort. N is a long; null or negative keeps none.
type Limit struct {
	In Rel
	N  Expr
}

// Sample keeps N random rows.
type Sample struct {
	In Rel
	N  Expr
}

// Number adds Ord, a long column at the end of Cols that numbers the rows 1, 2,
// … in the order In delivers them (serialize without a sort below it).
type Number struct {
	In   Rel
	Ord  Column
	Cols []Column
}

// Window computes window functions over all rows of In in the order of the
// column Ord. Funcs are row_number, prev, next, row_cumsum, row_rank_dense,
// row_rank_min, row_window_session; Args are converted as the catalog says.
// Past an edge prev and next give their default argument, else null ("").
type Window struct {
	In    Rel
	Ord   ColID
	Funcs []WindowFunc
	Cols  []Column // In's columns then Funcs'
}

// A WindowFunc is one window function call.
type WindowFunc struct {
	Func string
	Args []Expr
	Col  Column
}

// Columns implements Rel.
func (r *Table) Columns() []Column { return r.Cols }

// Columns implements Rel.
func (r *Values) Columns() []Column { return r.Cols }

// Columns implements Rel.
func (r *Range) Columns() []Column { return []Column{r.Col} }

// Columns implements Rel.
func (r *External) Columns() []Column { return r.Cols }

// Columns implements Rel.
func (r *Ref) Columns() []Column { return r.Cols }

// Columns implements Rel.
func (r *Filter) Columns() []Column { return r.In.Columns() }

// Columns implements Rel.
func (r *Project) Columns() []Column { return r.Cols }

// Columns implements Rel.
func (r *Aggregate) Columns() []Column { return r.Cols }

// Columns implements Rel.
func (r *Join) Columns() []Column { return r.Cols }

// Columns implements Rel.
func (r *Union) Columns() []Column { return r.Cols }

// Columns implements Rel.
func (r *Sort) Columns() []Column { return r.Cols }

// Columns implements Rel.
func (r *Limit) Columns() []Column { return r.In.Columns() }

// Columns implements Rel.
func (r *Sample) Columns() []Column { return r.In.Columns() }

// Columns implements Rel.
func (r *Number) Columns() []Column { return r.Cols }

// Columns implements Rel.
func (r *Window) Columns() []Column { return r.Cols }

func (*Table) rel()     {}
func (*Values) rel()    {}
func (*Range) rel()     {}
func (*External) rel()  {}
func (*Ref) rel()       {}
func (*Filter) rel()    {}
func (*Project) rel()   {}
func (*Aggregate) rel() {}
func (*Join) rel()      {}
func (*Union) rel()     {}
func (*Sort) rel()      {}
func (*Limit) rel()     {}
func (*Sample) rel()    {}
func (*Number) rel()    {}
func (*Window) rel()    {}
