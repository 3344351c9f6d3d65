// Package ast declares the syntax tree of KQL.
//
// A tree is what the text says, no more: names are not resolved, types are not
// known, nothing is ever written into a node after parsing. A node carries its
// source span; trees may also be built by hand (Sigma rules become KQL this way)
// and then have zero spans.
//
// The four families are sealed: Stmt, Expr, Operator (what stands between pipes) and
// GraphElem. A switch over one of them ends in a default that panics or reports
// the node. Bad* nodes mark text the parser could not read; a tree that holds
// one always comes with an error diagnostic, so later stages may skip them in silence.
//
// Walk visits a tree; Dump writes it as an s-expression without spans, which is
// what golden cases and "same tree" comparisons use.
package ast

import "github.com/tocsin-soc/tocsin/kql/token"

// A Node is any part of the tree.
type Node interface {
	// Span is the source text the node covers; zero in trees built by hand.
	Span() token.Span
}

// Loc gives a node its Span. It is embedded in every node type.
type Loc token.Span

// Span returns the node's place in the source text.
func (l Loc) Span() token.Span { return token.Span(l) }

// A Script is one parsed text: either statements or a management command.
type Script struct {
	Stmts    []Stmt    // in source order; several ExprStmt make several results
	Command  *Command  // .show tables …; then Stmts is empty
	Comments []Comment // every comment in source order
}

// Span covers everything from the first statement to the last.
func (s *Script) Span() token.Span {
	var all token.Span
	for _, st := range s.Stmts {
		all = all.Join(st.Span())
	}
	if s.Command != nil {
		all = all.Join(s.Command.Span())
	}
	return all
}

// A Comment is one comment or ignored directive line, from its // or # to the end of the line.
type Comment struct {
	Loc
	Text string // with the slashes, without the line break and trailing blanks
}

// A Stmt is a statement: *LetStmt, *SetStmt, *ParamsStmt, *PatternStmt,
// *RestrictStmt, *AliasStmt, *ExprStmt or *BadStmt.
type Stmt interface {
	Node
	stmt()
}

// An Expr is an expression, scalar or tabular: the grammar does not tell them apart.
//
//	names      *Ident *Star *Wildcard *Member *Index
//	values     *Literal *Dynamic *TypeLit
//	operations *Unary *Binary *In *Between *Paren *Call
//	rows       *Pipe *DataTable *ExternalData *EntityGroup
//	functions  *FuncLit (only as the value of a let)
//	errors     *BadExpr
type Expr interface {
	Node
	expr()
}

// An Operator is one tabular operator of a Pipe, such as *Where. All are in operator.go.
type Operator interface {
	Node
	operator()
}

// An Ident is a name: of a column, table, variable, function or parameter.
//
//	Account   ['user name']   $left
type Ident struct {
	Loc
	Name   string // decoded
	Quoted bool   // written in brackets
}

// A ColumnDecl is name:type in datatable, externaldata, typeof, parse-kv and table parameters.
type ColumnDecl struct {
	Loc
	Name *Ident
	Type *TypeName // nil where a type is optional and absent
}

// A RowSchema is a list of declared columns in parentheses.
//
//	(a:long, b:string)   (*)   (*, d:dynamic)
type RowSchema struct {
	Loc
	Columns []*ColumnDecl
	Open    bool // holds a *: these columns and any others
}

// A TypeName is a scalar type as written.
type TypeName struct {
	Loc
	Text string // as written: double
	Name string // canonical: bool datetime decimal dynamic guid int long real string timespan; "" when unknown
}

// A Property is name=value behind an operator's keyword or in with (…).
//
//	kind=inner   hint.strategy=shuffle   isfuzzy=true   title="Logons"
type Property struct {
	Loc
	Name  string // as written, hints with their prefix
	Value Expr   // a bare word is an *Ident
	List  []Expr // render only: further names of ycolumns=a, b; Value is the first
}

// Properties is a list of properties with lookup by name.
type Properties []*Property

// Get returns the property of that name, or nil.
func (ps Properties) Get(name string) *Property {
	for _, p := range ps {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// Word returns the value of a property as text, whether it was written as a bare word, a string
// or another literal; "" when the property is absent.
func (ps Properties) Word(name string) string {
	p := ps.Get(name)
	if p == nil {
		return ""
	}
	switch v := p.Value.(type) {
	case *Ident:
		return v.Name
	case *Literal:
		if v.Kind == String {
			return v.Text
		}
		return v.Raw
	}
	return ""
}

// A NamedExpr is an expression with the column name it is given, if any. It is
// the item of project, extend, summarize and print, and a function argument.
//
//	a = x+1   x   (a, b) = f(x)
type NamedExpr struct {
	Loc
	Names []*Ident // none when unnamed, several only with Tuple
	Tuple bool     // names were written in parentheses, even a single one
	X     Expr
}

// Name returns the given name, or nil when the expression is unnamed or a tuple.
func (n *NamedExpr) Name() *Ident {
	if len(n.Names) == 1 && !n.Tuple {
		return n.Names[0]
	}
	return nil
}

// Unparen strips parentheses around an expression. Code that looks at the form of an
// expression uses it, so that (a) means what a means.
func Unparen(x Expr) Expr {
	for {
		p, ok := x.(*Paren)
		if !ok {
			return x
		}
		x = p.X
	}
}
