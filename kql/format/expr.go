package format

import (
	"fmt"

	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/parser"
	"github.com/tocsin-soc/tocsin/kql/token"
)

func (b *builder) expr(x ast.Expr) *doc {
	if span := x.Span(); span != (token.Span{}) {
		if before := b.at(span.Start); before != nothing {
			return cat(before, b.bare(x))
		}
	}
	return b.bare(x)
}

// bare prints an expression whose leading comments are placed.
func (b *builder) bare(x ast.Expr) *doc {
	switch x := x.(type) {
	case *ast.Ident:
		return b.ident(x)
	case *ast.Star:
		return str("*")
	case *ast.Wildcard:
		return str(x.Pattern)
	case *ast.Literal:
		b.skip(x.Span())
		return str(literal(x))
	case *ast.Dynamic:
		return cat(str("dynamic("), b.dyn(x.Value), b.at(x.End-1), str(")"))
	case *ast.TypeLit:
		if x.Schema != nil {
			return cat(str("typeof"), b.schema(x.Schema))
		}
		return str("typeof(" + x.Type.Text + ")")
	case *ast.Unary:
		return cat(str(string(x.Op)), b.operand(x.X, precUnary))
	case *ast.Binary:
		return b.binary(x)
	case *ast.In:
		return cat(b.operand(x.X, precEquality+1), b.at(x.OpSpan.Start), str(" "+string(x.Op)+" "), b.brackets("(", x.List, ")", x.End))
	case *ast.Between:
		op := " between ("
		if x.Not {
			op = " !between ("
		}
		return cat(b.operand(x.X, precEquality+1), str(op), b.operand(x.Lo, precAdd), str(" .. "), b.operand(x.Hi, precAdd), b.at(x.End-1), str(")"))
	case *ast.Paren:
		return b.paren(x)
	default:
		return b.compound(x)
	}
}

func (b *builder) compound(x ast.Expr) *doc {
	switch x := x.(type) {
	case *ast.Member:
		return cat(b.operand(x.X, precUnary+1), str("."), b.ident(x.Name))
	case *ast.Index:
		return cat(b.operand(x.X, precUnary+1), str("["), b.expr(x.Y), b.at(x.End-1), str("]"))
	case *ast.Call:
		return b.call(x)
	case *ast.Pipe:
		return b.pipe(x, 2)
	case *ast.DataTable:
		return b.dataTable(x)
	case *ast.ExternalData:
		kids := []*doc{str("externaldata"), b.props(x.Params), b.schema(x.Schema), str(" "), b.brackets("[", x.URIs, "]", 0)}
		if len(x.With) > 0 {
			kids = append(kids, str(" with "), b.propGroup(x.With, x.End))
		}
		return cat(kids...)
	case *ast.EntityGroup:
		return cat(str("entity_group "), b.brackets("[", x.Items, "]", x.End))
	case *ast.FuncLit:
		return b.function(x)
	}
	panic(fmt.Sprintf("format: expression %T", x))
}

// ident prints a name, in brackets where it needs them.
func (b *builder) ident(n *ast.Ident) *doc {
	return str(name(n))
}

func name(n *ast.Ident) string {
	if n.Quoted || n.Loc == (ast.Loc{}) && !parser.IsName(n.Name) && n.Name != "$left" && n.Name != "$right" {
		return "[" + quote(n.Name) + "]"
	}
	return n.Name
}

// Precedences as the parser has them.
const (
	precOr = iota + 1
	precAnd
	precEquality
	precCompare
	precAdd
	precMultiply
	precString
	precUnary
)

func precedence(x ast.Expr) int {
	switch x := x.(type) {
	case *ast.Binary:
		switch x.Op {
		case ast.OpOr:
			return precOr
		case ast.OpAnd:
			return precAnd
		case ast.OpEq, ast.OpNe:
			return precEquality
		case ast.OpLt, ast.OpLe, ast.OpGt, ast.OpGe:
			return precCompare
		case ast.OpAdd, ast.OpSub:
			return precAdd
		case ast.OpMul, ast.OpDiv, ast.OpMod:
			return precMultiply
		}
		return precString
	case *ast.In, *ast.Between:
		return precEquality
	case *ast.Unary:
		return precUnary
	case *ast.Pipe:
		return 0
	}
	return precUnary + 1
}

// operand prints x, in parentheses if it binds looser than its place needs. Only
// trees built by hand need them; parsed ones have a Paren there.
func (b *builder) operand(x ast.Expr, least int) *doc {
	if precedence(x) < least {
		return cat(str("("), b.expr(x), str(")"))
	}
	return b.expr(x)
}

// binary prints a chain of operators of the same precedence as one group that
// breaks before each operator.
func (b *builder) binary(x *ast.Binary) *doc {
	prec := precedence(x)
	var chain []*ast.Binary
	var first ast.Expr = x
	for {
		n, ok := first.(*ast.Binary)
		if !ok || precedence(n) != prec || (len(chain) > 0 && (prec == precEquality || prec == precCompare)) {
			break
		}
		chain = append(chain, n)
		first = n.X
	}
	least := prec
	if prec == precEquality || prec == precCompare {
		least++
	}
	kids := []*doc{b.operand(first, least)}
	for i := len(chain) - 1; i >= 0; i-- {
		n := chain[i]
		if prec <= precAnd || prec == precAdd {
			kids = append(kids, b.brk(lineDoc, n.OpSpan.Start))
		} else {
			kids = append(kids, b.at(n.OpSpan.Start), str(" "))
		}
		if n.Op == ast.OpSearch {
			kids = append(kids[:len(kids)-1], str(":"))
		} else {
			kids = append(kids, str(string(n.Op)+" "))
		}
		kids = append(kids, b.operand(n.Y, prec+1))
	}
	return grouped(kids[0], nested(kids[1:]...))
}

// paren prints (x): rows on lines of their own if they do not fit.
func (b *builder) paren(x *ast.Paren) *doc {
	if _, pipe := x.X.(*ast.Pipe); pipe || precedence(x.X) <= precAnd {
		return grouped(str("("), nested(b.brk(softDoc, x.X.Span().Start), b.bare(x.X)), b.brk(softDoc, x.End-1), str(")"))
	}
	return cat(str("("), b.expr(x.X), b.at(x.End-1), str(")"))
}

func (b *builder) call(x *ast.Call) *doc {
	var kids []*doc
	if x.Recv != nil {
		kids = append(kids, b.operand(x.Recv, precUnary+1), str("."))
	}
	kids = append(kids, b.ident(x.Name))
	if len(x.Args) == 0 {
		return cat(append(kids, str("("), b.at(x.End-1), str(")"))...)
	}
	if len(x.Args) == 1 && !b.commentIn(x.Span()) && hugs(x.Args[0].X) {
		return cat(append(kids, str("("), b.named(x.Args[0]), str(")"))...)
	}
	items := make([]*doc, 0, 3*len(x.Args))
	for i, a := range x.Args {
		items = append(items, b.separator(i, a.Start), b.named(a))
	}
	kids = append(kids, str("("), nested(items...), b.brk(softDoc, x.End-1), str(")"))
	return grouped(kids...)
}

// hugs reports an only argument whose brackets may stand directly inside the call's.
func hugs(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.Dynamic, *ast.Literal, *ast.Ident, *ast.Star, *ast.Member, *ast.Index:
		return true
	case *ast.Call:
		return len(x.Args) > 0
	}
	return false
}

// separator prints what stands before the i-th item of a bracketed list.
func (b *builder) separator(i int, pos token.Pos) *doc {
	if i == 0 {
		return b.brk(softDoc, pos)
	}
	return cat(str(","), b.brk(lineDoc, pos))
}

// brackets prints a list in brackets; end is the source's end of the closing one, 0 if unknown.
func (b *builder) brackets(open string, list []ast.Expr, close string, end token.Pos) *doc {
	var kids []*doc
	for i, x := range list {
		kids = append(kids, b.separator(i, x.Span().Start), b.expr(x))
	}
	return grouped(str(open), nested(kids...), b.brk(softDoc, end-1), str(close))
}

// commentIn reports whether a comment stands inside a span.
func (b *builder) commentIn(s token.Span) bool {
	return len(b.comments) > 0 && b.comments[0].Start < s.End
}

// named prints [name =] x.
func (b *builder) named(n *ast.NamedExpr) *doc {
	var kids []*doc
	for i, id := range n.Names {
		if i > 0 {
			kids = append(kids, str(", "))
		}
		kids = append(kids, b.ident(id))
	}
	if n.Tuple {
		kids = append([]*doc{str("(")}, append(kids, str(")"))...)
	}
	if len(kids) > 0 {
		kids = append(kids, str(" = "))
	}
	return cat(append(kids, b.expr(n.X))...)
}

// items prints a list that is not in brackets.
func items[T ast.Node](b *builder, list []T, print func(T) *doc) *doc {
	var kids []*doc
	for i, n := range list {
		if i > 0 {
			kids = append(kids, str(","), b.brk(lineDoc, n.Span().Start))
		}
		kids = append(kids, print(n))
	}
	return cat(kids...)
}

// inline prints a short list that stays beside its keyword as long as it fits.
func inline[T ast.Node](b *builder, list []T, print func(T) *doc) *doc {
	return grouped(nested(items(b, list, print)))
}

func (b *builder) schema(s *ast.RowSchema) *doc {
	var kids []*doc
	for i, c := range s.Columns {
		kids = append(kids, b.separator(i, c.Start), b.column(c))
	}
	if s.Open {
		kids = append(kids, b.separator(len(s.Columns), 0), str("*"))
	}
	return grouped(str("("), nested(kids...), b.brk(softDoc, s.End-1), str(")"))
}

func (b *builder) column(c *ast.ColumnDecl) *doc {
	if c.Type == nil {
		return b.ident(c.Name)
	}
	return cat(b.ident(c.Name), str(":"+c.Type.Text))
}

// dataTable prints one row per line, or everything on one line if it fits.
func (b *builder) dataTable(x *ast.DataTable) *doc {
	kids := []*doc{str("datatable"), b.props(x.Params), b.schema(x.Schema), str(" [")}
	columns := max(len(x.Schema.Columns), 1)
	var cells []*doc
	for i, v := range x.Values {
		switch {
		case i == 0:
			cells = append(cells, b.brk(softDoc, v.Span().Start))
		case i%columns == 0:
			cells = append(cells, str(","), b.brk(lineDoc, v.Span().Start))
		default:
			cells = append(cells, str(","), b.at(v.Span().Start), str(" "))
		}
		cells = append(cells, b.expr(v))
	}
	return cat(append(kids, grouped(nested(cells...), b.brk(softDoc, x.End-1), str("]")))...)
}
