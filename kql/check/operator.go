package check

import (
	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// comparisons and string tests by their spelling; negated spellings have not set.
var binaryOps = map[ast.Op]struct {
	op  plan.Op
	not bool
}{
	ast.OpAnd: {plan.OpAnd, false}, ast.OpOr: {plan.OpOr, false},
	ast.OpEq: {plan.OpEq, false}, ast.OpNe: {plan.OpNe, false},
	ast.OpLt: {plan.OpLt, false}, ast.OpLe: {plan.OpLe, false}, ast.OpGt: {plan.OpGt, false}, ast.OpGe: {plan.OpGe, false},
	ast.OpAdd: {plan.OpAdd, false}, ast.OpSub: {plan.OpSub, false}, ast.OpMul: {plan.OpMul, false},
	ast.OpDiv: {plan.OpDiv, false}, ast.OpMod: {plan.OpMod, false},
	ast.OpEqCI: {plan.OpEqFold, false}, ast.OpNeCI: {plan.OpNeFold, false},
	ast.OpHas: {plan.OpHas, false}, ast.OpNotHas: {plan.OpHas, true},
	ast.OpHasCS: {plan.OpHasCs, false}, ast.OpNotHasCS: {plan.OpHasCs, true},
	ast.OpHasPrefix: {plan.OpHasPrefix, false}, ast.OpNotHasPrefix: {plan.OpHasPrefix, true},
	ast.OpHasPrefixCS: {plan.OpHasPrefixCs, false}, ast.OpNotHasPrefixCS: {plan.OpHasPrefixCs, true},
	ast.OpHasSuffix: {plan.OpHasSuffix, false}, ast.OpNotHasSuffix: {plan.OpHasSuffix, true},
	ast.OpHasSuffixCS: {plan.OpHasSuffixCs, false}, ast.OpNotHasSuffixCS: {plan.OpHasSuffixCs, true},
	ast.OpContains: {plan.OpContains, false}, ast.OpNotContains: {plan.OpContains, true},
	ast.OpContainsCS: {plan.OpContainsCs, false}, ast.OpNotContainsCS: {plan.OpContainsCs, true},
	ast.OpStartsWith: {plan.OpStartsWith, false}, ast.OpNotStartsWith: {plan.OpStartsWith, true},
	ast.OpStartsWithCS: {plan.OpStartsWithCs, false}, ast.OpNotStartsWithCS: {plan.OpStartsWithCs, true},
	ast.OpEndsWith: {plan.OpEndsWith, false}, ast.OpNotEndsWith: {plan.OpEndsWith, true},
	ast.OpEndsWithCS: {plan.OpEndsWithCs, false}, ast.OpNotEndsWithCS: {plan.OpEndsWithCs, true},
	ast.OpMatchesRegex: {plan.OpMatchesRegex, false},
}

func (c *checker) binary(e *ast.Binary, sc *scope) value {
	if e.Op == ast.OpAnd || e.Op == ast.OpOr {
		return scalarValue(c.logical(e, sc))
	}
	if e.Op == ast.OpSearch {
		return scalarValue(c.searchTerm(e, sc))
	}
	spec, ok := binaryOps[e.Op]
	if !ok {
		c.errorf(token.UnsupportedForm, e, "the operator %s is not supported; use contains, startswith, endswith or matches regex", e.Op)
		return unknown()
	}
	y := c.expr(e.Y, sc)
	if _, star := ast.Unparen(e.X).(*ast.Star); star {
		return scalarValue(c.anyColumn(e, spec.op, spec.not, y, sc))
	}
	x := c.expr(e.X, sc)
	switch spec.op {
	case plan.OpAdd, plan.OpSub, plan.OpMul, plan.OpDiv, plan.OpMod:
		return scalarValue(c.arithmetic(e, spec.op, x, y))
	}
	r := c.test(e, spec.op, x, y)
	if spec.not {
		r = &plan.Not{X: r}
	}
	return scalarValue(r)
}

// logical binds a chain of and/or without recursion on its left spine, which
// may be thousands of terms long.
func (c *checker) logical(e *ast.Binary, sc *scope) plan.Expr {
	var terms []*ast.Binary
	var left ast.Expr = e
	for {
		b, ok := left.(*ast.Binary)
		if !ok || (b.Op != ast.OpAnd && b.Op != ast.OpOr) {
			break
		}
		terms = append(terms, b)
		left = b.X
	}
	x := c.predicate(left, c.expr(left, sc))
	for i := len(terms) - 1; i >= 0; i-- {
		t := terms[i]
		if !c.spend(t) {
			return x
		}
		y := c.predicate(t.Y, c.expr(t.Y, sc))
		x = &plan.Binary{Op: binaryOps[t.Op].op, X: x, Y: y, T: catalog.Bool}
	}
	return x
}

// test binds a comparison or string test.
func (c *checker) test(n ast.Node, op plan.Op, x, y plan.Expr) plan.Expr {
	ok := true
	switch {
	case op == plan.OpEq || op == plan.OpNe:
		x, y, ok = equated(x, y)
	case op <= plan.OpGe && op >= plan.OpLt:
		x, y, ok = c.ordered2(x, y)
	default:
		x, ok = c.text(x)
		if ok {
			y, ok = c.text(y)
		}
		if op == plan.OpMatchesRegex && ok && !c.regex(n, "matches regex", &y) {
			return boolConst(false)
		}
	}
	if !ok && c.opt.Lenient {
		c.warnf(token.TypeMismatch, n, "%s and %s are compared as text", x.Type(), y.Type())
		x, y, ok = cast(x, catalog.String), cast(y, catalog.String), true
	}
	if !ok {
		if x.Type() != catalog.Unknown && y.Type() != catalog.Unknown {
			c.errorf(token.TypeMismatch, n, "cannot compare %s with %s", x.Type(), y.Type())
		}
		return boolConst(false)
	}
	return &plan.Binary{Op: op, X: x, Y: y, T: catalog.Bool}
}

// text converts an operand of a string operator: strings and dynamics only.
func (c *checker) text(x plan.Expr) (plan.Expr, bool) {
	switch t := x.Type(); {
	case t == catalog.String:
		return x, true
	case t == catalog.Dynamic, t == catalog.Unknown:
		return cast(x, catalog.String), true
	case c.opt.Lenient:
		return cast(x, catalog.String), true
	}
	return x, false
}

// equated brings the operands of == to one type. Anything may be compared with
// anything: text with numbers as text when the number is written out, else as
// text too; text with other types as that type; bool with numbers as numbers.
func equated(x, y plan.Expr) (plan.Expr, plan.Expr, bool) {
	tx, ty := x.Type(), y.Type()
	switch {
	case tx == ty:
		return x, y, true
	case tx == catalog.Unknown:
		return cast(x, ty), y, true
	case ty == catalog.Unknown:
		return x, cast(y, tx), true
	case tx == catalog.Dynamic:
		return fromDynamic(x, y), dynamicPeer(y), true
	case ty == catalog.Dynamic:
		return dynamicPeer(x), fromDynamic(y, x), true
	case tx.Numeric() && ty.Numeric():
		x, y = sameNumber(x, y)
		return x, y, true
	case tx == catalog.String && ty.Numeric():
		return x, cast(y, catalog.String), true
	case tx.Numeric() && ty == catalog.String:
		if k, ok := y.(*plan.Const); ok {
			if n, ok := castConst(k, tx); ok {
				return x, n, true
			}
		}
		return cast(x, catalog.String), y, true
	case tx == catalog.String:
		return cast(x, ty), y, true
	case ty == catalog.String:
		return x, cast(y, tx), true
	case tx == catalog.Bool && ty.Numeric():
		return cast(x, ty), y, true
	case ty == catalog.Bool && tx.Numeric():
		return x, cast(y, tx), true
	case tx.Temporal() || ty.Temporal():
		if tx.Integer() || ty.Integer() || (tx.Temporal() && ty.Temporal()) {
			return cast(x, catalog.Long), cast(y, catalog.Long), true
		}
	}
	return x, y, false
}

// exactReal is the bound below which every whole number is a real.
const exactReal = 1 << 53

// fromDynamic converts a dynamic to compare it with peer. A whole number is
// compared as real, so that 5.5 does not equal 5.
func fromDynamic(x, peer plan.Expr) plan.Expr {
	t := peer.Type()
	if t.Integer() {
		if k, ok := peer.(*plan.Const); ok && (k.Int >= exactReal || k.Int <= -exactReal) {
			return cast(x, catalog.Long)
		}
		return cast(x, catalog.Real)
	}
	return cast(x, t)
}

func dynamicPeer(x plan.Expr) plan.Expr {
	if x.Type().Integer() {
		if k, ok := x.(*plan.Const); ok && (k.Int >= exactReal || k.Int <= -exactReal) {
			return cast(x, catalog.Long)
		}
		return cast(x, catalog.Real)
	}
	return x
}

// sameNumber brings two numbers to one type. A literal follows a column, so that
// a comparison does not hide the column behind a cast.
func sameNumber(x, y plan.Expr) (plan.Expr, plan.Expr) {
	tx, ty := x.Type(), y.Type()
	if k, ok := y.(*plan.Const); ok && tx.Integer() && ty.Integer() {
		if folded, ok := castConst(k, tx); ok {
			return x, folded
		}
	}
	if k, ok := x.(*plan.Const); ok && tx.Integer() && ty.Integer() {
		if folded, ok := castConst(k, ty); ok {
			return folded, y
		}
	}
	t := wider(tx, ty)
	return cast(x, t), cast(y, t)
}

// ordered2 brings the operands of < <= > >= to one type.
func (c *checker) ordered2(x, y plan.Expr) (plan.Expr, plan.Expr, bool) {
	tx, ty := x.Type(), y.Type()
	switch {
	case tx == catalog.Dynamic && ty == catalog.Dynamic:
		return x, y, true
	case tx == ty:
		return x, y, tx != catalog.Guid
	case tx == catalog.String || ty == catalog.String:
		if tx == catalog.Dynamic || ty == catalog.Dynamic || tx == catalog.Unknown || ty == catalog.Unknown {
			return cast(x, catalog.String), cast(y, catalog.String), true
		}
		if !c.opt.Lenient {
			return x, y, false
		}
	case tx.Temporal() != ty.Temporal() && tx != catalog.Dynamic && ty != catalog.Dynamic,
		tx.Temporal() && ty.Temporal():
		return x, y, tx == catalog.Unknown || ty == catalog.Unknown
	}
	return equated(x, y)
}

// anyColumn binds `* op y`: true where any column passes the test.
func (c *checker) anyColumn(n ast.Node, op plan.Op, not bool, y plan.Expr, sc *scope) plan.Expr {
	if sc.rows == nil {
		c.errorf(token.MisplacedCall, n, "* needs rows")
		return boolConst(false)
	}
	var out plan.Expr
	for _, col := range sc.rows.cols {
		x := plan.Expr(colRef(col))
		if op != plan.OpEq && op != plan.OpNe {
			if col.Type != catalog.String && col.Type != catalog.Dynamic {
				continue
			}
		} else if col.Type != y.Type() && !(col.Type.Numeric() && y.Type().Numeric()) {
			continue
		}
		t := c.test(n, op, x, y)
		if out == nil {
			out = t
		} else {
			out = &plan.Binary{Op: plan.OpOr, X: out, Y: t, T: catalog.Bool}
		}
	}
	if out == nil {
		out = boolConst(false)
	}
	if not {
		out = &plan.Not{X: out}
	}
	return out
}

// between lowers to two comparisons. (a .. 7d) on a datetime ends at a + 7d.
func (c *checker) between(e *ast.Between, sc *scope) plan.Expr {
	x, lo, hi := c.expr(e.X, sc), c.expr(e.Lo, sc), c.expr(e.Hi, sc)
	if lo.Type() == catalog.DateTime && hi.Type() == catalog.TimeSpan {
		hi = fold(plan.OpAdd, lo, hi, catalog.DateTime)
	}
	r := plan.Expr(&plan.Binary{Op: plan.OpAnd, X: c.test(e, plan.OpGe, x, lo), Y: c.test(e, plan.OpLe, x, hi), T: catalog.Bool})
	if e.Not {
		r = &plan.Not{X: r}
	}
	return r
}

// arithmetic binds + - * / %.
func (c *checker) arithmetic(n ast.Node, op plan.Op, x, y plan.Expr) plan.Expr {
	tx, ty := x.Type(), y.Type()
	if tx == catalog.Unknown || ty == catalog.Unknown {
		t := wider(tx, ty)
		return cast(x, t)
	}
	if tx == catalog.Dynamic && ty == catalog.Dynamic {
		if !c.opt.Lenient {
			c.hint(token.TypeMismatch, n, "convert one side, for example with todouble()", "arithmetic on two dynamic values")
			return null(catalog.Unknown)
		}
		x, y = cast(x, catalog.Real), cast(y, catalog.Real)
		tx, ty = catalog.Real, catalog.Real
	}
	if tx == catalog.Dynamic {
		x = cast(x, dynamicOperand(op, ty, false))
		tx = x.Type()
	} else if ty == catalog.Dynamic {
		y = cast(y, dynamicOperand(op, tx, true))
		ty = y.Type()
	}
	if tx.Numeric() && ty.Numeric() {
		t := wider(tx, ty)
		if t == catalog.Int {
			t = catalog.Long // Kusto computes whole numbers in 64 bits
		}
		return fold(op, cast(x, t), cast(y, t), t)
	}
	if t, ok := temporal(op, tx, ty); ok {
		if op == plan.OpMul && tx.Numeric() {
			x, y, tx, ty = y, x, ty, tx
		}
		if tx == catalog.TimeSpan && ty.Numeric() && ty != catalog.Real {
			y = cast(y, catalog.Long)
			if ty == catalog.Decimal {
				y = cast(y, catalog.Real)
			}
		}
		if op == plan.OpAdd && tx == catalog.TimeSpan && ty == catalog.DateTime {
			x, y = y, x
		}
		return fold(op, x, y, t)
	}
	if c.opt.Lenient {
		c.warnf(token.TypeMismatch, n, "%s and %s are combined as numbers", tx, ty)
		return fold(op, cast(x, catalog.Real), cast(y, catalog.Real), catalog.Real)
	}
	c.errorf(token.TypeMismatch, n, "this operator does not apply to %s and %s", tx, ty)
	return null(catalog.Unknown)
}

// dynamicOperand is what a dynamic counts as beside an operand of type t.
func dynamicOperand(op plan.Op, t catalog.Type, right bool) catalog.Type {
	switch {
	case t == catalog.Int:
		return catalog.Long
	case t == catalog.DateTime && op == plan.OpAdd, t == catalog.DateTime && !right:
		return catalog.TimeSpan
	case t == catalog.DateTime:
		return catalog.DateTime
	case t == catalog.TimeSpan && (op == plan.OpMul || (op == plan.OpDiv && right)):
		return catalog.Real
	}
	return t
}

// temporal is the result type of arithmetic with datetimes and timespans.
func temporal(op plan.Op, x, y catalog.Type) (catalog.Type, bool) {
	const dt, ts = catalog.DateTime, catalog.TimeSpan
	switch op {
	case plan.OpAdd:
		switch {
		case x == ts && y == ts:
			return ts, true
		case x == dt && y == ts, x == ts && y == dt:
			return dt, true
		}
	case plan.OpSub:
		switch {
		case x == ts && y == ts, x == dt && y == dt:
			return ts, true
		case x == dt && y == ts:
			return dt, true
		}
	case plan.OpMul:
		if (x == ts && y.Numeric()) || (x.Numeric() && y == ts) {
			return ts, true
		}
	case plan.OpDiv:
		switch {
		case x == ts && y == ts, x == dt && y == ts, x == dt && y == dt:
			return catalog.Real, true
		case x == ts && y.Numeric():
			return ts, true
		}
	case plan.OpMod:
		switch {
		case x == ts && y == ts, x == dt && y == ts:
			return ts, true
		}
	}
	return catalog.Unknown, false
}

// fold computes whole-number and time arithmetic on literals, so that periods
// such as ago(1d) + 1h are literals the dialect can compare with.
func fold(op plan.Op, x, y plan.Expr, t catalog.Type) plan.Expr {
	a, okA := x.(*plan.Const)
	b, okB := y.(*plan.Const)
	exact := func(t catalog.Type) bool { return t == catalog.Long || t.Temporal() }
	if okA && okB && !a.Null && !b.Null && exact(a.T) && exact(b.T) && exact(t) {
		switch op {
		case plan.OpAdd:
			if s := a.Int + b.Int; (s > a.Int) == (b.Int > 0) {
				return &plan.Const{T: t, Int: s}
			}
		case plan.OpSub:
			if s := a.Int - b.Int; (s < a.Int) == (b.Int > 0) {
				return &plan.Const{T: t, Int: s}
			}
		case plan.OpMul:
			if a.Int == 0 || b.Int == 0 {
				return &plan.Const{T: t}
			}
			if p := a.Int * b.Int; p/b.Int == a.Int && (a.Int != -1 && b.Int != -1) {
				return &plan.Const{T: t, Int: p}
			}
		}
	}
	return &plan.Binary{Op: op, X: x, Y: y, T: t}
}
