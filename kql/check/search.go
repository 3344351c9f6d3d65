package check

import (
	"strings"

	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// search binds search: a text anywhere in a row, over the rows before it, the
// tables it lists, or all tables. $table names the table of a row.
func (c *checker) search(op *ast.Search, in *rows, e *env) *rows {
	var branches []*rows
	switch {
	case in != nil && len(op.In) == 0:
		branches = []*rows{in}
	case len(op.In) > 0:
		for _, x := range op.In {
			branches = append(branches, c.branch(x, true, e)...)
		}
	default:
		branches = c.tables("*", e)
	}
	if len(branches) == 0 {
		c.errorf(token.UnknownTable, op, "there is no table to search in")
		return nil
	}
	word := op.Params.Word("kind")
	caseSensitive := word == "case_sensitive"
	kept := make([]*rows, 0, len(branches))
	for _, r := range branches {
		sc := &scope{env: e, rows: r, searching: true, tolerant: true, exactCase: caseSensitive}
		pred := c.searchPredicate(op.Predicate, sc)
		if k, ok := pred.(*plan.Const); ok && !k.Bool && len(branches) > 1 {
			continue // no column of this table can match; its columns still count
		}
		kept = append(kept, r.with(&plan.Filter{In: r.rel, Pred: pred}, r.cols))
	}
	if len(kept) == 0 {
		kept = append(kept, branches[0].with(&plan.Filter{In: branches[0].rel, Pred: boolConst(false)}, branches[0].cols))
	}
	return c.combine(kept, "$table", "search_arg", false)
}

// searchPredicate binds a search expression: a bare text is looked for in every
// column.
func (c *checker) searchPredicate(x ast.Expr, sc *scope) plan.Expr {
	switch x := ast.Unparen(x).(type) {
	case *ast.Star:
		return boolConst(true)
	case *ast.Literal:
		if x.Kind != ast.Bool {
			return c.anywhere(x, literal(x), sc)
		}
	case *ast.Binary:
		if x.Op == ast.OpAnd || x.Op == ast.OpOr {
			return simplify(binaryOps[x.Op].op, c.searchPredicate(x.X, sc), c.searchPredicate(x.Y, sc))
		}
	case *ast.Call:
		if x.Name != nil && x.Name.Name == "not" && len(x.Args) == 1 {
			return &plan.Not{X: c.searchPredicate(x.Args[0].X, sc)}
		}
	case *ast.Ident:
		if b, ok := sc.env.lookup(x.Name); ok && b.x != nil && b.x.Type() == catalog.String {
			return c.anywhere(x, b.x, sc)
		}
	}
	v := c.value(x, sc)
	if v.x == nil {
		return boolConst(false)
	}
	if v.x.Type() == catalog.String {
		return c.anywhere(x, v.x, sc)
	}
	return c.predicate(x, v.x)
}

// simplify drops operands that decide or do not matter.
func simplify(op plan.Op, x, y plan.Expr) plan.Expr {
	for _, pair := range [][2]plan.Expr{{x, y}, {y, x}} {
		if k, ok := pair[0].(*plan.Const); ok && k.T == catalog.Bool && !k.Null {
			if k.Bool == (op == plan.OpOr) {
				return k
			}
			return pair[1]
		}
	}
	return &plan.Binary{Op: op, X: x, Y: y, T: catalog.Bool}
}

// cellEnd stands between the cells of a row that is searched as one text. It is
// neither letter nor digit, so it is a border of terms on both sides.
const cellEnd = "\x1f"

// anywhere is true where any column has the text as a term; a text with stars is
// a pattern. A row of many columns is searched as one text: a hundred tests cost
// a hundred compiled expressions per table, and no term reaches across cellEnd.
func (c *checker) anywhere(n ast.Node, text plan.Expr, sc *scope) plan.Expr {
	k, known := text.(*plan.Const)
	known = known && k.T == catalog.String
	var cells []plan.Expr
	for _, col := range sc.rows.cols {
		var x plan.Expr = colRef(col)
		if col.Type != catalog.String {
			if known && col.Type != catalog.Dynamic && !looksLike(k.Text, col.Type) {
				continue
			}
			x = cast(x, catalog.String)
		}
		cells = append(cells, x)
	}
	if known && len(cells) > 1 && withinCell(k.Text) {
		return c.term(n, &plan.Func{Name: "strcat_delim", Args: append([]plan.Expr{stringConst(cellEnd)}, cells...), T: catalog.String}, text, sc)
	}
	var out plan.Expr = boolConst(false)
	for _, x := range cells {
		out = simplify(plan.OpOr, out, c.term(n, x, text, sc))
	}
	return out
}

// withinCell reports whether the text can only be found inside one cell: it is
// plain but for a star at either end, and does not hold what separates cells.
func withinCell(text string) bool {
	plain := strings.TrimSuffix(strings.TrimPrefix(text, "*"), "*")
	return plain != "" && !strings.ContainsAny(plain, "*"+cellEnd)
}

// looksLike reports whether the text could be found in the text form of t.
func looksLike(text string, t catalog.Type) bool {
	if t == catalog.Bool {
		switch asciiLower(text) {
		case "true", "false", "*":
			return true
		}
		return false
	}
	for _, ch := range text {
		if ch >= '0' && ch <= '9' || ch == '*' {
			return true
		}
	}
	return false
}

// searchTerm binds column:"text".
func (c *checker) searchTerm(e *ast.Binary, sc *scope) plan.Expr {
	if !sc.searching {
		c.errorf(token.MisplacedCall, e, "column:text belongs into search")
		return boolConst(false)
	}
	y := cast(c.expr(e.Y, sc), catalog.String)
	if _, star := ast.Unparen(e.X).(*ast.Star); star {
		return c.anywhere(e, y, sc)
	}
	if id, ok := ast.Unparen(e.X).(*ast.Ident); ok {
		if _, exists := sc.rows.find(id.Name); !exists {
			return boolConst(false)
		}
	}
	return c.term(e, cast(c.expr(e.X, sc), catalog.String), y, sc)
}

// term tests one text: has, or for a pattern with stars the matching test.
func (c *checker) term(n ast.Node, x, text plan.Expr, sc *scope) plan.Expr {
	ops := [4]plan.Op{plan.OpHas, plan.OpHasPrefix, plan.OpHasSuffix, plan.OpContains}
	if sc.exactCase {
		ops = [4]plan.Op{plan.OpHasCs, plan.OpHasPrefixCs, plan.OpHasSuffixCs, plan.OpContainsCs}
	}
	k, ok := text.(*plan.Const)
	if !ok || k.T != catalog.String {
		return &plan.Binary{Op: ops[0], X: x, Y: cast(text, catalog.String), T: catalog.Bool}
	}
	s := k.Text
	lead, trail := len(s) > 0 && s[0] == '*', len(s) > 1 && s[len(s)-1] == '*'
	if lead {
		s = s[1:]
	}
	if trail {
		s = s[:len(s)-1]
	}
	if s == "" {
		if lead {
			return &plan.Binary{Op: plan.OpNe, X: x, Y: stringConst(""), T: catalog.Bool}
		}
		return boolConst(false)
	}
	if indexByte(s, '*') >= 0 {
		return &plan.Binary{Op: plan.OpMatchesRegex, X: x, Y: stringConst(starRegex(s, lead, trail, sc.exactCase)), T: catalog.Bool}
	}
	op := ops[0]
	switch {
	case lead && trail:
		op = ops[3]
	case trail:
		op = ops[1]
	case lead:
		op = ops[2]
	}
	return &plan.Binary{Op: op, X: x, Y: stringConst(s), T: catalog.Bool}
}

func indexByte(s string, b byte) int {
	for i := 0; i < len(s); i++ {
		if s[i] == b {
			return i
		}
	}
	return -1
}
