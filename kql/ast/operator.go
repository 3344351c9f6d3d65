package ast

// Where keeps the rows for which Predicate is true. Also filter.
type Where struct {
	Loc
	Params    Properties
	Name      *Ident // optional and without effect: where a = true keeps every row
	Predicate Expr
}

// Extend adds or replaces columns.
type Extend struct {
	Loc
	Columns []*NamedExpr
}

// Project keeps exactly these columns.
type Project struct {
	Loc
	Columns []*NamedExpr
}

// ProjectAway drops columns.
type ProjectAway struct {
	Loc
	Columns []Expr // *Ident or *Wildcard
}

// ProjectKeep keeps columns in their present order.
type ProjectKeep struct {
	Loc
	Columns []Expr // *Ident or *Wildcard
}

// ProjectRename renames columns: each item is New = Old.
type ProjectRename struct {
	Loc
	Columns []*NamedExpr
}

// ProjectReorder moves columns to the front.
type ProjectReorder struct {
	Loc
	Columns []*ReorderItem
}

// A ReorderItem is one item of project-reorder: Name, or a pattern with an order.
type ReorderItem struct {
	Loc
	Column Expr   // *Ident or *Wildcard
	Order  string // "", asc, desc, granny-asc, granny-desc
}

// ProjectByNames keeps the columns whose names are computed.
type ProjectByNames struct {
	Loc
	Names []Expr
}

// Summarize groups rows. Without Aggregates it lists the distinct groups.
type Summarize struct {
	Loc
	Params     Properties
	Aggregates []*NamedExpr
	By         []*NamedExpr
	Bin        Expr // optional: the old "by a bin=1h"
}

// Distinct lists distinct combinations; the only item may be a *Star.
type Distinct struct {
	Loc
	Params  Properties
	Columns []*NamedExpr
}

// Count replaces the rows by their number.
type Count struct {
	Loc
	Name *Ident // optional: count as N
}

// Take keeps any N rows. Also limit.
type Take struct {
	Loc
	Params Properties
	N      Expr
}

// Sample keeps N random rows.
type Sample struct {
	Loc
	Params Properties
	N      Expr
}

// SampleDistinct keeps up to N distinct values of a column.
type SampleDistinct struct {
	Loc
	Params Properties
	N      Expr
	Of     *NamedExpr
}

// Sort orders rows. Also order by.
type Sort struct {
	Loc
	Params Properties
	By     []*OrderItem
}

// An OrderItem is one key of an order.
type OrderItem struct {
	Loc
	X     *NamedExpr
	Order string // "", asc or desc; "" means desc
	Nulls string // "", first or last; "" means first for asc and last for desc
}

// Top keeps the first N rows of an order.
type Top struct {
	Loc
	Params Properties
	N      Expr
	By     []*OrderItem // KQL documents one key
}

// TopHitters keeps the N most frequent values.
type TopHitters struct {
	Loc
	N  Expr
	Of *NamedExpr
	By *NamedExpr // optional: a weight
}

// TopNested is a hierarchy of tops.
type TopNested struct {
	Loc
	Levels []*TopLevel
}

// A TopLevel is one level of top-nested.
//
//	top-nested 3 of State with others="rest" by sum(x) desc
type TopLevel struct {
	Loc
	N      Expr // optional: all
	Of     *NamedExpr
	Others Expr // optional
	By     *OrderItem
}

// Join matches the rows of two tables.
type Join struct {
	Loc
	Params Properties // kind=, hint.…
	Right  Expr
	On     []Expr // column names, or conditions over $left and $right
}

// Lookup extends rows with the columns of a dimension table.
type Lookup struct {
	Loc
	Params Properties // kind=, hint.…
	Right  Expr
	On     []Expr
}

// Union appends tables; without input it is itself the source.
type Union struct {
	Loc
	Params Properties // kind=, withsource=, isfuzzy=
	Tables []Expr     // *Ident, *Wildcard, *Paren, *Call, *Member
}

// MvExpand makes a row for each element of arrays and bags.
type MvExpand struct {
	Loc
	Params  Properties // kind=, bagexpansion=, with_itemindex=
	Columns []*MvColumn
	Limit   Expr // optional
}

// An MvColumn is one expanded column: [name =] array [to typeof(t)].
type MvColumn struct {
	Loc
	X  *NamedExpr
	To *TypeLit // optional
}

// MvApply runs a pipe over the elements of each row.
type MvApply struct {
	Loc
	Params  Properties
	Columns []*MvColumn
	Limit   Expr // optional
	ID      Expr // optional
	Body    *Pipe
}

// Parse reads columns from a string by a pattern. Also parse-where, which drops rows that do not match.
type Parse struct {
	Loc
	Where   bool
	Params  Properties // kind=simple|regex|relaxed, flags=…
	X       Expr
	Pattern []ParsePart
}

// A ParsePart is one part of a parse pattern; exactly one field is set, or Star.
type ParsePart struct {
	Loc
	Star   bool
	Text   *Literal
	Column *ColumnDecl
}

// ParseKV reads columns from key=value text.
type ParseKV struct {
	Loc
	X      Expr
	Schema *RowSchema
	With   Properties // pair_delimiter=, kv_delimiter=, quote=, escape=, greedy=, regex=
}

// MakeSeries makes arrays of aggregates over a regular axis.
type MakeSeries struct {
	Loc
	Params         Properties // kind=nonempty
	Aggregates     []*SeriesItem
	On             *NamedExpr
	InRange        bool // the form in range(from, to, step), where to is included
	From, To, Step Expr // From and To are optional
	By             []*NamedExpr
}

// A SeriesItem is one aggregate of make-series with its filling.
type SeriesItem struct {
	Loc
	X       *NamedExpr
	Default Expr // optional
}

// Evaluate runs a plugin.
type Evaluate struct {
	Loc
	Params Properties
	Call   *Call
	Schema *RowSchema // optional declared output: evaluate f() : (a:long, *)
}

// Invoke calls a function with the rows as its first argument.
type Invoke struct {
	Loc
	Call *Call
}

// Render is a hint to the client how to draw the result.
type Render struct {
	Loc
	Kind string // timechart, piechart, …
	With Properties
}

// Serialize fixes the order of rows and may add columns.
type Serialize struct {
	Loc
	Params  Properties
	Columns []*NamedExpr
}

// As names the rows at this place.
type As struct {
	Loc
	Params Properties
	Name   *Ident
}

// Consume reads and drops all rows.
type Consume struct {
	Loc
	Params Properties
}

// GetSchema lists the columns instead of the rows.
type GetSchema struct{ Loc }

// Print makes one row.
type Print struct {
	Loc
	Columns []*NamedExpr
}

// Range makes the rows of an arithmetic sequence.
type Range struct {
	Loc
	Name           *Ident
	From, To, Step Expr
}

// Search keeps the rows in which any column matches; without input it reads all tables.
type Search struct {
	Loc
	Params    Properties // kind=
	In        []Expr     // optional tables
	Predicate Expr       // bare strings mean "in any column"; a *Star means all rows
}

// Find reads the rows of many tables that match a predicate.
type Find struct {
	Loc
	Params       Properties // withsource=
	In           []Expr     // optional tables
	Predicate    Expr
	Project      []*FindColumn // empty without a project clause
	ProjectSmart bool
	ProjectAway  []Expr // *Ident, *Wildcard or *Star
}

// A FindColumn is one output column of find.
type FindColumn struct {
	Loc
	Column *ColumnDecl
	Pack   bool // pack(*): all other columns as one dynamic; then Column is nil
}

// Fork makes several results of the same rows.
type Fork struct {
	Loc
	Branches []*ForkBranch
}

// A ForkBranch is one result of fork.
type ForkBranch struct {
	Loc
	Name *Ident // optional
	Body *Pipe
}

// Facet makes a table of counts for each column, and one more of the rows if With is set.
type Facet struct {
	Loc
	By   []Expr
	With *Pipe // optional
}

// Partition runs a pipe on the rows of each key.
type Partition struct {
	Loc
	Params Properties
	By     Expr
	In     Expr  // optional: the legacy list of keys
	Body   *Pipe // in braces the pipe has its own source
	Braces bool
}

// Reduce groups strings by similarity.
type Reduce struct {
	Loc
	Params Properties
	By     *NamedExpr
	With   []*NamedExpr // threshold=, characters=
}

// Scan matches sequences of rows by a state machine.
type Scan struct {
	Loc
	Params      Properties // with_match_id=, with_step_name=
	OrderBy     []*OrderItem
	PartitionBy []Expr
	Declare     []*Param
	Steps       []*ScanStep
}

// A ScanStep is one state of scan.
//
//	step s1 optional output=all: x > 1 => a = 1, b = s1.b;
type ScanStep struct {
	Loc
	Name     *Ident
	Optional bool
	Output   string // "", all, last or none
	When     Expr
	Set      []*NamedExpr
}

// MacroExpand runs statements for each member of an entity group.
type MacroExpand struct {
	Loc
	Params Properties
	Group  Expr
	As     *Ident
	Stmts  []Stmt
}

// AssertSchema checks the columns of the rows.
type AssertSchema struct {
	Loc
	Schema *RowSchema
}

// ExecuteAndCache is __executeAndCache, an engine-internal operator.
type ExecuteAndCache struct{ Loc }

// BadOperator is text behind a pipe that could not be read.
type BadOperator struct {
	Loc
	Name string // the word behind the pipe; may be empty
}

func (*Where) operator()           {}
func (*Extend) operator()          {}
func (*Project) operator()         {}
func (*ProjectAway) operator()     {}
func (*ProjectKeep) operator()     {}
func (*ProjectRename) operator()   {}
func (*ProjectReorder) operator()  {}
func (*ProjectByNames) operator()  {}
func (*Summarize) operator()       {}
func (*Distinct) operator()        {}
func (*Count) operator()           {}
func (*Take) operator()            {}
func (*Sample) operator()          {}
func (*SampleDistinct) operator()  {}
func (*Sort) operator()            {}
func (*Top) operator()             {}
func (*TopHitters) operator()      {}
func (*TopNested) operator()       {}
func (*Join) operator()            {}
func (*Lookup) operator()          {}
func (*Union) operator()           {}
func (*MvExpand) operator()        {}
func (*MvApply) operator()         {}
func (*Parse) operator()           {}
func (*ParseKV) operator()         {}
func (*MakeSeries) operator()      {}
func (*Evaluate) operator()        {}
func (*Invoke) operator()          {}
func (*Render) operator()          {}
func (*Serialize) operator()       {}
func (*As) operator()              {}
func (*Consume) operator()         {}
func (*GetSchema) operator()       {}
func (*Print) operator()           {}
func (*Range) operator()           {}
func (*Search) operator()          {}
func (*Find) operator()            {}
func (*Fork) operator()            {}
func (*Facet) operator()           {}
func (*Partition) operator()       {}
func (*Reduce) operator()          {}
func (*Scan) operator()            {}
func (*MacroExpand) operator()     {}
func (*AssertSchema) operator()    {}
func (*ExecuteAndCache) operator() {}
func (*BadOperator) operator()     {}

func (*MakeGraph) operator()           {}
func (*GraphMatch) operator()          {}
func (*GraphShortestPaths) operator()  {}
func (*GraphToTable) operator()        {}
func (*GraphMarkComponents) operator() {}
func (*GraphWhere) operator()          {}
