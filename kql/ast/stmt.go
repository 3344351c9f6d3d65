package ast

// A LetStmt names a value, a table or a function.
//
//	let x = 5;   let T = Logs | take 1;   let f = (a:int) { a + 1 };
type LetStmt struct {
	Loc
	Name  *Ident
	Value Expr // *FuncLit for a function or view
}

// A SetStmt sets a request property.
//
//	set notruncation;   set query_now = datetime(2024-01-01);
type SetStmt struct {
	Loc
	Name  *Ident
	Value Expr // nil when absent, which means true; a bare word is an *Ident
}

// A ParamsStmt declares query parameters.
//
//	declare query_parameters (n:long = 10, s:string);
type ParamsStmt struct {
	Loc
	Params []*Param
}

// A PatternStmt declares a pattern: a function whose cases are chosen by literal arguments.
//
//	declare pattern App = (id:string)[scope:string] { ("a").["x"] = { Logs | take 1 }; };
type PatternStmt struct {
	Loc
	Name   *Ident
	Params []*Param // empty for a bare declaration
	Path   *Param   // optional
	Rules  []*PatternRule
}

// A PatternRule is one case of a PatternStmt.
type PatternRule struct {
	Loc
	Args []Expr // string literals
	Path Expr   // optional
	Body *FuncBody
}

// A RestrictStmt limits what the following statements may read.
//
//	restrict access to (T1, Logs*, database("x").*);
type RestrictStmt struct {
	Loc
	Entities []Expr
}

// An AliasStmt names a database.
//
//	alias database d = cluster("c").database("x");
type AliasStmt struct {
	Loc
	Name  *Ident
	Value Expr
}

// An ExprStmt is a query: its rows (or its single value) are a result.
type ExprStmt struct {
	Loc
	X Expr
}

// A BadStmt is text that could not be read as a statement.
type BadStmt struct{ Loc }

func (*LetStmt) stmt()      {}
func (*SetStmt) stmt()      {}
func (*ParamsStmt) stmt()   {}
func (*PatternStmt) stmt()  {}
func (*RestrictStmt) stmt() {}
func (*AliasStmt) stmt()    {}
func (*ExprStmt) stmt()     {}
func (*BadStmt) stmt()      {}

// A FuncLit is a function: the value of a let.
//
//	(a:int, T:(*)) { let b = a; T | where x > b }   view () { Logs }
type FuncLit struct {
	Loc
	View   bool
	Params []*Param
	Body   *FuncBody
}

// A FuncBody is what stands in a function's braces.
type FuncBody struct {
	Loc
	Stmts  []Stmt // let and declare query_parameters
	Result Expr   // nil in an empty body
}

// A Param is a parameter of a function, a query or a scan.
//
//	a:int   b:string = "x"   T:(*)   T:(c:long, d:string)
type Param struct {
	Loc
	Name    *Ident
	Type    *TypeName  // of a scalar parameter
	Rows    *RowSchema // of a tabular parameter; exactly one of Type and Rows is set unless the text is bad
	Default Expr       // optional
}

// A Command is a management command: a text that begins with a dot.
//
//	.show tables | project TableName
//	.create-merge table T (a:long, b:string)
//	.set-or-append T <| Logs | take 10
//
// The parser does not know the commands; it splits the text so that the server can match words.
type Command struct {
	Loc
	Words []Word     // after the dot: show, tables; punctuation such as ( , ) = : are words too
	Ops   []Operator // what follows the first pipe outside brackets
	Input string     // the text behind <|, unread
}

// A Word is one token of a management command.
type Word struct {
	Loc
	Text   string // decoded: a string's contents, a bracketed name's name
	Quoted bool   // written as a string or in brackets, so it is no keyword
}
