package ast

// Walk visits n and everything below it, parents first, in source order as far
// as the grammar fixes one. When visit returns false the node's children are skipped.
func Walk(n Node, visit func(Node) bool) {
	if n != nil {
		walker(visit).node(n)
	}
}

type walker func(Node) bool

// node visits an interface value, which may be nil.
func (w walker) node(n Node) {
	if n == nil || !w(n) {
		return
	}
	switch n := n.(type) {
	case Stmt:
		w.stmt(n)
	case Expr:
		w.expr(n)
	case Operator:
		w.operator(n)
	default:
		w.part(n)
	}
}

// opt visits a pointer, which may be nil.
func opt[T any, P interface {
	*T
	Node
}](w walker, p P) {
	if p != nil {
		w.node(p)
	}
}

// each visits a list.
func each[T Node](w walker, list []T) {
	for _, n := range list {
		w.node(n)
	}
}

func (w walker) stmt(n Stmt) {
	switch n := n.(type) {
	case *LetStmt:
		opt(w, n.Name)
		w.node(n.Value)
	case *SetStmt:
		opt(w, n.Name)
		w.node(n.Value)
	case *ParamsStmt:
		each(w, n.Params)
	case *PatternStmt:
		opt(w, n.Name)
		each(w, n.Params)
		opt(w, n.Path)
		each(w, n.Rules)
	case *RestrictStmt:
		each(w, n.Entities)
	case *AliasStmt:
		opt(w, n.Name)
		w.node(n.Value)
	case *ExprStmt:
		w.node(n.X)
	case *BadStmt:
	default:
		panic("ast.Walk: statement of unknown type")
	}
}

func (w walker) expr(n Expr) {
	switch n := n.(type) {
	case *Ident, *Star, *Wildcard, *Literal, *Dynamic, *BadExpr:
	case *TypeLit:
		opt(w, n.Type)
		opt(w, n.Schema)
	case *Member:
		w.node(n.X)
		opt(w, n.Name)
	case *Index:
		w.node(n.X)
		w.node(n.Y)
	case *Unary:
		w.node(n.X)
	case *Binary:
		w.node(n.X)
		w.node(n.Y)
	case *In:
		w.node(n.X)
		each(w, n.List)
	case *Between:
		w.node(n.X)
		w.node(n.Lo)
		w.node(n.Hi)
	case *Paren:
		w.node(n.X)
	case *Call:
		w.node(n.Recv)
		opt(w, n.Name)
		each(w, n.Args)
	case *Pipe:
		w.node(n.Source)
		each(w, n.Ops)
	case *DataTable:
		each(w, n.Params)
		opt(w, n.Schema)
		each(w, n.Values)
	case *ExternalData:
		each(w, n.Params)
		opt(w, n.Schema)
		each(w, n.URIs)
		each(w, n.With)
	case *EntityGroup:
		each(w, n.Items)
	case *FuncLit:
		each(w, n.Params)
		opt(w, n.Body)
	default:
		panic("ast.Walk: expression of unknown type")
	}
}

// part visits what is neither statement, expression nor operator.
func (w walker) part(n Node) {
	switch n := n.(type) {
	case *Script:
		each(w, n.Stmts)
		opt(w, n.Command)
	case *Command:
		each(w, n.Ops)
	case *PatternRule:
		each(w, n.Args)
		w.node(n.Path)
		opt(w, n.Body)
	case *FuncBody:
		each(w, n.Stmts)
		w.node(n.Result)
	case *Param:
		opt(w, n.Name)
		opt(w, n.Type)
		opt(w, n.Rows)
		w.node(n.Default)
	case *NamedExpr:
		each(w, n.Names)
		w.node(n.X)
	case *ColumnDecl:
		opt(w, n.Name)
		opt(w, n.Type)
	case *RowSchema:
		each(w, n.Columns)
	case *Property:
		w.node(n.Value)
		each(w, n.List)
	case *ReorderItem:
		w.node(n.Column)
	case *OrderItem:
		opt(w, n.X)
	case *TopLevel:
		w.node(n.N)
		opt(w, n.Of)
		w.node(n.Others)
		opt(w, n.By)
	case *MvColumn:
		opt(w, n.X)
		opt(w, n.To)
	case *SeriesItem:
		opt(w, n.X)
		w.node(n.Default)
	case *FindColumn:
		opt(w, n.Column)
	case *ForkBranch:
		opt(w, n.Name)
		opt(w, n.Body)
	case *ScanStep:
		opt(w, n.Name)
		w.node(n.When)
		each(w, n.Set)
	case *GraphNodes:
		w.node(n.Table)
		w.node(n.On)
	case *GraphPattern:
		each(w, n.Elems)
	case *GraphNode:
		opt(w, n.Name)
	case *GraphEdge:
		opt(w, n.Name)
		w.node(n.Min)
		w.node(n.Max)
	case *GraphOutput:
		opt(w, n.Name)
		each(w, n.Params)
	case *TypeName, *DynValue, Comment, Word, ParsePart:
	default:
		panic("ast.Walk: node of unknown type")
	}
}
