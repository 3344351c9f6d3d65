package ast

import "github.com/tocsin-soc/tocsin/kql/token"

// A Star is * as an operand or argument: count of all, arg_max(t, *), * has "x".
type Star struct{ Loc }

// A Wildcard is a name with stars: Device*, *Time*, in project-away, union, search in.
type Wildcard struct {
	Loc
	Pattern string // the name with its stars: Device*
}

// A Member is X.Name: a path into a dynamic value, or a table of database("d").
type Member struct {
	Loc
	X    Expr
	Name *Ident // quoted for x.['name']
}

// An Index is X[Y].
type Index struct {
	Loc
	X, Y Expr
}

// A Paren is an expression in parentheses, kept because it matters to formatting.
type Paren struct {
	Loc
	X Expr
}

// A Unary is -X or +X.
type Unary struct {
	Loc
	Op Op // OpAdd or OpSub
	X  Expr
}

// A Binary is X Op Y.
type Binary struct {
	Loc
	Op     Op
	OpSpan token.Span
	X, Y   Expr // X may be a *Star with equality and string operators
}

// An In is a membership test: X Op (List).
//
//	a in (1, 2)   a !in~ ("x")   a has_any (Names)   a in (T | project k)
//
// A list of one item may stand for many values: a dynamic array or rows.
type In struct {
	Loc
	Op     Op // OpIn OpInCI OpNotIn OpNotInCI OpHasAny OpHasAll
	OpSpan token.Span
	X      Expr
	List   []Expr // without the parentheses; never empty unless the text is bad
}

// A Between is X between (Lo .. Hi), ends included.
type Between struct {
	Loc
	Not    bool // !between
	X      Expr
	Lo, Hi Expr
}

// A Call is a function call. Tabular functions, toscalar, materialize, table,
// and aggregates are ordinary calls; an argument may be a *Pipe.
//
//	f(x, y)   f(name=x)   count()   database("d").f(x)
type Call struct {
	Loc
	Recv Expr // optional: what stands before the dot
	Name *Ident
	Args []*NamedExpr
}

// A Pipe is rows and what is done to them: Source | Ops[0] | Ops[1].
//
// Source is nil when the first operator brings its own rows (print, range, union,
// search, find, evaluate, macro-expand) or when the rows are implied: in the body of
// mv-apply, partition, fork and facet.
type Pipe struct {
	Loc
	Source Expr
	Ops    []Operator
}

// A DataTable is a table written in the query.
//
//	datatable(a:long, b:string) [1, "x", 2, "y"]
type DataTable struct {
	Loc
	Params Properties
	Schema *RowSchema
	Values []Expr // row by row
}

// An ExternalData is a table fetched from addresses.
//
//	externaldata(a:string) [@"https://…"] with (format="csv", ignoreFirstRecord=true)
type ExternalData struct {
	Loc
	Params Properties
	Schema *RowSchema
	URIs   []Expr // string literals
	With   Properties
}

// An EntityGroup is entity_group [database("a"), database("b")].
type EntityGroup struct {
	Loc
	Items []Expr
}

// A TypeLit is typeof(long), or a row schema: typeof(a:long, *).
type TypeLit struct {
	Loc
	Type   *TypeName  // of typeof(long)
	Schema *RowSchema // of typeof(a:long); exactly one is set unless the text is bad
}

// A BadExpr is text that could not be read as an expression.
type BadExpr struct{ Loc }

func (*Ident) expr()        {}
func (*Star) expr()         {}
func (*Wildcard) expr()     {}
func (*Member) expr()       {}
func (*Index) expr()        {}
func (*Literal) expr()      {}
func (*Dynamic) expr()      {}
func (*TypeLit) expr()      {}
func (*Unary) expr()        {}
func (*Binary) expr()       {}
func (*In) expr()           {}
func (*Between) expr()      {}
func (*Paren) expr()        {}
func (*Call) expr()         {}
func (*Pipe) expr()         {}
func (*DataTable) expr()    {}
func (*ExternalData) expr() {}
func (*EntityGroup) expr()  {}
func (*FuncLit) expr()      {}
func (*BadExpr) expr()      {}

// An Op is an operator in its canonical spelling; old spellings (<>, notcontains,
// containscs) are already translated.
type Op string

// Operators of Binary; OpAdd and OpSub also of Unary.
const (
	OpOr  Op = "or"
	OpAnd Op = "and"

	OpEq Op = "=="
	OpNe Op = "!="
	OpLt Op = "<"
	OpLe Op = "<="
	OpGt Op = ">"
	OpGe Op = ">="

	OpAdd Op = "+"
	OpSub Op = "-"
	OpMul Op = "*"
	OpDiv Op = "/"
	OpMod Op = "%"

	OpEqCI Op = "=~" // equal without case
	OpNeCI Op = "!~"

	OpHas             Op = "has" // whole terms, without case; _cs with case
	OpNotHas          Op = "!has"
	OpHasCS           Op = "has_cs"
	OpNotHasCS        Op = "!has_cs"
	OpHasPrefix       Op = "hasprefix"
	OpNotHasPrefix    Op = "!hasprefix"
	OpHasPrefixCS     Op = "hasprefix_cs"
	OpNotHasPrefixCS  Op = "!hasprefix_cs"
	OpHasSuffix       Op = "hassuffix"
	OpNotHasSuffix    Op = "!hassuffix"
	OpHasSuffixCS     Op = "hassuffix_cs"
	OpNotHasSuffixCS  Op = "!hassuffix_cs"
	OpContains        Op = "contains"
	OpNotContains     Op = "!contains"
	OpContainsCS      Op = "contains_cs"
	OpNotContainsCS   Op = "!contains_cs"
	OpStartsWith      Op = "startswith"
	OpNotStartsWith   Op = "!startswith"
	OpStartsWithCS    Op = "startswith_cs"
	OpNotStartsWithCS Op = "!startswith_cs"
	OpEndsWith        Op = "endswith"
	OpNotEndsWith     Op = "!endswith"
	OpEndsWithCS      Op = "endswith_cs"
	OpNotEndsWithCS   Op = "!endswith_cs"
	OpMatchesRegex    Op = "matches regex"
	OpLike            Op = "like" // undocumented, with * and ? wildcards
	OpNotLike         Op = "notlike"
	OpLikeCS          Op = "likecs"
	OpNotLikeCS       Op = "notlikecs"
	OpSearch          Op = ":" // in search: Column:"term"
)

// Operators of In.
const (
	OpIn      Op = "in"
	OpNotIn   Op = "!in"
	OpInCI    Op = "in~"
	OpNotInCI Op = "!in~"
	OpHasAny  Op = "has_any"
	OpHasAll  Op = "has_all"
)
