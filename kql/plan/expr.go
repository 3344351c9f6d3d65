package plan

import "github.com/tocsin-soc/tocsin/kql/catalog"

// Expr is a typed scalar expression.
type Expr interface {
	Type() catalog.Type
	expr()
}

// Const is a literal. Exactly one field carries the value, chosen by T:
// Bool; Int (int, long, and ticks of datetime and timespan); Real; Text (string,
// decimal in plain digits, guid in lower case, dynamic as JSON).
type Const struct {
	T    catalog.Type
	Null bool
	Bool bool
	Int  int64
	Real float64
	Text string
}

// Col reads a column of the input.
type Col struct {
	ID   ColID
	Name string
	T    catalog.Type
}

// Func calls a scalar function. Name is a current name in catalog's table; Args are
// converted to the classes of its signature. Optional arguments left out stay out.
type Func struct {
	Name string
	Args []Expr
	T    catalog.Type
}

// Cast converts X to To by the rules of tostring, tolong, todatetime, …: what
// cannot be converted is null (""). Implicit marks the ones the text left unsaid.
type Cast struct {
	X        Expr
	To       catalog.Type
	Implicit bool
}

// Binary is an operator over two operands; Op's comment gives the types.
type Binary struct {
	Op   Op
	X, Y Expr
	T    catalog.Type
}

// Not is logical negation; null stays null.
type Not struct{ X Expr }

// Neg is arithmetic negation of a number or timespan.
type Neg struct{ X Expr }

// In tests whether X equals one of List (all of X's type). With Fold, strings
// compare ignoring case. A dynamic array in the text becomes Array instead: one
// dynamic expression whose elements are compared through the type of X.
type In struct {
	X     Expr
	List  []Expr
	Array Expr
	Rel   Rel // subquery: one column of X's type
	Fold  bool
}

// HasAny is has_any (All false) and has_all: X contains, by OpHas, any or all of
// the strings. Exactly one of List, Array, Rel is set, as in In.
type HasAny struct {
	X     Expr
	List  []Expr
	Array Expr
	Rel   Rel
	All   bool
}

// Case is case(), iff(): the first arm whose predicate is true; Else otherwise.
// Every value has type T.
type Case struct {
	Arms []Arm
	Else Expr
	T    catalog.Type
}

// An Arm is a condition and its value.
type Arm struct{ When, Then Expr }

// Member is X.Name on dynamic: the property, or null. Type dynamic.
type Member struct {
	X    Expr
	Name string
}

// Index is X[Key] on dynamic: Key is a string (property) or a long (element;
// negative counts from the end). Type dynamic.
type Index struct {
	X, Key Expr
}

// ScalarRef reads a Scalar.
type ScalarRef struct{ Scalar *Scalar }

// Op is a binary operator.
type Op uint8

// The binary operators. "same" means both operands have the same type.
const (
	// And, Or: bool, three-valued.
	OpAnd Op = iota + 1
	OpOr
	// Comparisons: same type; result bool. Equality of strings is exact.
	// Null rules are Kusto's: x == null and x != null are null unless both sides'
	// nullness decides (see the dialect's documentation).
	OpEq
	OpNe
	OpLt
	OpLe
	OpGt
	OpGe
	// =~ and !~: strings, equality ignoring case.
	OpEqFold
	OpNeFold
	// Arithmetic: same numeric type, or as noted; T is the result type.
	// Add: number+number, datetime+timespan, timespan+timespan.
	OpAdd
	// Sub: number-number, datetime-timespan, datetime-datetime, timespan-timespan.
	OpSub
	// Mul: number*number, timespan*long, timespan*real.
	OpMul
	// Div: number/number (integers divide as integers; by zero is null),
	// timespan/timespan gives real, timespan/long, timespan/real give timespan.
	OpDiv
	// Mod: number%number; the result is never negative. timespan%timespan.
	OpMod
	// String tests: strings; result bool, never null. The _cs forms have Cs.
	OpHas
	OpHasCs
	OpHasPrefix
	OpHasPrefixCs
	OpHasSuffix
	OpHasSuffixCs
	OpContains
	OpContainsCs
	OpStartsWith
	OpStartsWithCs
	OpEndsWith
	OpEndsWithCs
	// MatchesRegex: RE2, unanchored.
	OpMatchesRegex
)

// Type implements Expr.
func (x *Const) Type() catalog.Type { return x.T }

// Type implements Expr.
func (x *Col) Type() catalog.Type { return x.T }

// Type implements Expr.
func (x *Func) Type() catalog.Type { return x.T }

// Type implements Expr.
func (x *Cast) Type() catalog.Type { return x.To }

// Type implements Expr.
func (x *Binary) Type() catalog.Type { return x.T }

// Type implements Expr.
func (x *Not) Type() catalog.Type { return catalog.Bool }

// Type implements Expr.
func (x *Neg) Type() catalog.Type { return x.X.Type() }

// Type implements Expr.
func (x *In) Type() catalog.Type { return catalog.Bool }

// Type implements Expr.
func (x *HasAny) Type() catalog.Type { return catalog.Bool }

// Type implements Expr.
func (x *Case) Type() catalog.Type { return x.T }

// Type implements Expr.
func (x *Member) Type() catalog.Type { return catalog.Dynamic }

// Type implements Expr.
func (x *Index) Type() catalog.Type { return catalog.Dynamic }

// Type implements Expr.
func (x *ScalarRef) Type() catalog.Type { return x.Scalar.Type }

func (*Const) expr()     {}
func (*Col) expr()       {}
func (*Func) expr()      {}
func (*Cast) expr()      {}
func (*Binary) expr()    {}
func (*Not) expr()       {}
func (*Neg) expr()       {}
func (*In) expr()        {}
func (*HasAny) expr()    {}
func (*Case) expr()      {}
func (*Member) expr()    {}
func (*Index) expr()     {}
func (*ScalarRef) expr() {}
