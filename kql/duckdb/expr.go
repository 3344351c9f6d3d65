package duckdb

import (
	"math"
	"strconv"
	"strings"

	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/native"
	"github.com/tocsin-soc/tocsin/kql/plan"
)

// expr lowers an expression to SQL of its physical type.
func (l *lowerer) expr(x plan.Expr, s *sel) string {
	switch x := x.(type) {
	case *plan.Const:
		return l.constant(x)
	case *plan.Col:
		sql, ok := s.cols[x.ID]
		if !ok {
			panic("duckdb: column " + x.Name + " (" + colName(x.ID) + ") is not in scope")
		}
		return sql
	case *plan.Func:
		return l.call(x, s)
	case *plan.Cast:
		return l.cast(x, s)
	case *plan.Binary:
		return l.binary(x, s)
	case *plan.Not:
		return "(NOT " + l.expr(x.X, s) + ")"
	case *plan.Neg:
		return l.negate(x, s)
	case *plan.In:
		return l.in(x, s, false)
	case *plan.HasAny:
		return l.hasAny(x, s)
	case *plan.Case:
		return l.caseWhen(x, s)
	case *plan.Member, *plan.Index:
		return l.path(x, s)
	case *plan.ScalarRef:
		return l.scalarRef(x.Scalar)
	}
	panic("duckdb: unknown expression")
}

// pred lowers a predicate where null counts as false, so that comparisons need
// not tell the two apart.
func (l *lowerer) pred(x plan.Expr, s *sel) string {
	switch x := x.(type) {
	case *plan.Binary:
		switch x.Op {
		case plan.OpAnd:
			return "(" + l.pred(x.X, s) + " AND " + l.pred(x.Y, s) + ")"
		case plan.OpOr:
			return "(" + l.pred(x.X, s) + " OR " + l.pred(x.Y, s) + ")"
		case plan.OpEq:
			return l.equal(x, s, true)
		}
	case *plan.In:
		return l.in(x, s, true)
	}
	return l.expr(x, s)
}

// conjuncts splits a predicate at its top-level ands.
func conjuncts(x plan.Expr) []plan.Expr {
	if b, ok := x.(*plan.Binary); ok && b.Op == plan.OpAnd {
		return append(conjuncts(b.X), conjuncts(b.Y)...)
	}
	return []plan.Expr{x}
}

func (l *lowerer) constant(c *plan.Const) string {
	if c.Null || c.T == catalog.DateTime && (c.Int < 0 || c.Int > native.MaxDateTime) {
		return null(c.T)
	}
	switch c.T {
	case catalog.Bool:
		return strings.ToUpper(strconv.FormatBool(c.Bool))
	case catalog.Int:
		return strconv.FormatInt(c.Int, 10) + "::INTEGER"
	case catalog.Long, catalog.DateTime, catalog.TimeSpan:
		if c.Int == math.MinInt64 {
			return "(-9223372036854775807::BIGINT - 1)"
		}
		if c.Int < 0 {
			return "(" + strconv.FormatInt(c.Int, 10) + "::BIGINT)"
		}
		return strconv.FormatInt(c.Int, 10) + "::BIGINT"
	case catalog.Real:
		return realLiteral(c.Real)
	case catalog.Decimal:
		return l.arg(c.Text) + "::" + decimalType
	case catalog.Guid:
		return l.arg(c.Text) + "::UUID"
	}
	return l.text(c.Text)
}

func realLiteral(f float64) string {
	switch {
	case math.IsNaN(f):
		return "'nan'::DOUBLE"
	case math.IsInf(f, 1):
		return "'inf'::DOUBLE"
	case math.IsInf(f, -1):
		return "'-inf'::DOUBLE"
	}
	sql := strconv.FormatFloat(f, 'e', -1, 64) + "::DOUBLE"
	if f < 0 || math.Signbit(f) {
		return "(" + sql + ")"
	}
	return sql
}

// nullable says whether an expression may be null.
func nullable(x plan.Expr) bool {
	if x.Type() == catalog.String {
		return false
	}
	switch x := x.(type) {
	case *plan.Const:
		return x.Null
	case *plan.Cast:
		return nullable(x.X) || narrowing(x)
	case *plan.Binary:
		switch x.Op {
		case plan.OpHas, plan.OpHasCs, plan.OpHasPrefix, plan.OpHasPrefixCs, plan.OpHasSuffix, plan.OpHasSuffixCs, plan.OpContains, plan.OpContainsCs,
			plan.OpStartsWith, plan.OpStartsWithCs, plan.OpEndsWith, plan.OpEndsWithCs, plan.OpMatchesRegex, plan.OpEqFold, plan.OpNeFold:
			return false
		case plan.OpEq, plan.OpNe:
			return nullable(x.X) && nullable(x.Y)
		case plan.OpDiv, plan.OpMod:
			return true
		}
		return nullable(x.X) || nullable(x.Y)
	case *plan.Not:
		return nullable(x.X)
	case *plan.HasAny, *plan.In:
		return false
	case *plan.Func:
		switch x.Name {
		case "isnull", "isnotnull", "isempty", "isnotempty", "strlen", "string_size", "now", "ago", "countof":
			return false
		}
	}
	return true
}

// narrowing says that a cast can fail on a value that is not null.
func narrowing(x *plan.Cast) bool {
	from := x.X.Type()
	if from == catalog.String || from == catalog.Dynamic {
		return true
	}
	return x.To == catalog.DateTime || x.To == catalog.Guid
}

func isConst(x plan.Expr) (*plan.Const, bool) {
	c, ok := x.(*plan.Const)
	return c, ok && !c.Null
}

func (l *lowerer) binary(x *plan.Binary, s *sel) string {
	switch x.Op {
	case plan.OpAnd:
		return "(" + l.expr(x.X, s) + " AND " + l.expr(x.Y, s) + ")"
	case plan.OpOr:
		return "(" + l.expr(x.X, s) + " OR " + l.expr(x.Y, s) + ")"
	case plan.OpEq:
		return l.equal(x, s, false)
	case plan.OpNe:
		return l.notEqual(x, s)
	case plan.OpLt, plan.OpLe, plan.OpGt, plan.OpGe:
		return l.less(x, s)
	case plan.OpEqFold:
		return l.equalFold(x.X, x.Y, s)
	case plan.OpNeFold:
		return "(NOT " + l.equalFold(x.X, x.Y, s) + ")"
	case plan.OpAdd, plan.OpSub, plan.OpMul, plan.OpDiv, plan.OpMod:
		return l.arithmetic(x, s)
	case plan.OpMatchesRegex:
		return l.matches(x, s)
	}
	return l.stringTest(x.Op, x.X, x.Y, s)
}

// equal is ==: null equals nothing; two nulls give null. With loose, null and
// false are the same to the caller.
func (l *lowerer) equal(x *plan.Binary, s *sel, loose bool) string {
	a, b := l.expr(x.X, s), l.expr(x.Y, s)
	t := x.X.Type()
	sql := "(" + a + " = " + b + ")"
	switch t {
	case catalog.Dynamic:
		sql = "(kql_dynamic_compare(" + a + ", " + b + ") = 0)"
	case catalog.Real:
		if guard := nanGuard(x.X, a, x.Y, b); guard != "" {
			sql = "(" + a + " = " + b + guard + ")"
		}
	}
	n, m := nullable(x.X), nullable(x.Y)
	switch {
	case loose || !n && !m:
		return sql
	case n && m:
		return "CASE WHEN " + a + " IS NULL AND " + b + " IS NULL THEN NULL ELSE coalesce(" + sql + ", FALSE) END"
	}
	return "coalesce(" + sql + ", FALSE)"
}

// nanGuard excludes NaN, which DuckDB holds equal to itself and greater than
// everything.
func nanGuard(x plan.Expr, a string, y plan.Expr, b string) string {
	_, cx := isConst(x)
	_, cy := isConst(y)
	switch {
	case cx && cy:
		return " AND NOT isnan(" + a + ")"
	case cy || cx:
		return ""
	}
	return " AND NOT isnan(" + a + ")"
}

func (l *lowerer) notEqual(x *plan.Binary, s *sel) string {
	a, b := l.expr(x.X, s), l.expr(x.Y, s)
	t := x.X.Type()
	n, m := nullable(x.X), nullable(x.Y)
	differ := "(" + a + " IS DISTINCT FROM " + b + ")"
	if !n && !m {
		differ = "(" + a + " <> " + b + ")"
	}
	switch t {
	case catalog.Dynamic:
		differ = "(coalesce(kql_dynamic_compare(" + a + ", " + b + "), 1) <> 0)"
	case catalog.Real:
		if guard := nanGuard(x.X, a, x.Y, b); guard != "" {
			differ = "(" + differ + " OR isnan(" + a + "))"
		}
	}
	if n && m {
		return "CASE WHEN " + a + " IS NULL AND " + b + " IS NULL THEN NULL ELSE " + differ + " END"
	}
	return differ
}

func (l *lowerer) less(x *plan.Binary, s *sel) string {
	a, b := l.expr(x.X, s), l.expr(x.Y, s)
	op := map[plan.Op]string{plan.OpLt: " < ", plan.OpLe: " <= ", plan.OpGt: " > ", plan.OpGe: " >= "}[x.Op]
	switch x.X.Type() {
	case catalog.Dynamic:
		return "(kql_dynamic_compare(" + a + ", " + b + ")" + op + "0)"
	case catalog.Real:
		great, gx := a, x.X // the side where a NaN would count as the greatest
		if x.Op == plan.OpLt || x.Op == plan.OpLe {
			great, gx = b, x.Y
		}
		if c, ok := isConst(gx); !ok || math.IsNaN(c.Real) {
			return "(" + a + op + b + " AND NOT isnan(" + great + "))"
		}
	}
	return "(" + a + op + b + ")"
}

// small says that a value fits 32 bits, so that sums and products of two such
// values cannot overflow.
func small(x plan.Expr) bool {
	switch x := x.(type) {
	case *plan.Const:
		return !x.Null && x.Int >= math.MinInt32 && x.Int <= math.MaxInt32
	case *plan.Cast:
		return x.X.Type() == catalog.Int || x.X.Type() == catalog.Bool
	case *plan.Func:
		return x.Name == "strlen" || x.Name == "array_length" || x.Name == "indexof" || x.Name == "countof"
	}
	return false
}

func (l *lowerer) negate(x *plan.Neg, s *sel) string {
	a := l.expr(x.X, s)
	if t := x.X.Type(); !l.opt.Unguarded && (t == catalog.Long || t == catalog.TimeSpan) {
		return "CASE WHEN " + a + " > -9223372036854775808 THEN -(" + a + ") ELSE " + a + " END"
	}
	return "(-" + a + ")"
}

func (l *lowerer) arithmetic(x *plan.Binary, s *sel) string {
	a, b := l.expr(x.X, s), l.expr(x.Y, s)
	tx, ty := x.X.Type(), x.Y.Type()
	switch {
	case x.T == catalog.Decimal:
		return decimalOp(x.Op, a, b)
	case tx == catalog.TimeSpan && ty == catalog.TimeSpan && x.Op == plan.OpDiv:
		return "(" + a + "::DOUBLE / " + b + ")"
	case x.T == catalog.Real:
		return realOp(x.Op, a, b)
	case tx == catalog.Real || ty == catalog.Real: // timespan by a real
		op := " * "
		if x.Op == plan.OpDiv {
			op = " / "
		}
		return "kql_long_of_real(" + a + "::DOUBLE" + op + b + "::DOUBLE)"
	case x.T == catalog.DateTime:
		return l.dateArithmetic(x, a, b)
	case x.Op == plan.OpDiv:
		return "(" + a + " // " + b + ")"
	case x.Op == plan.OpMod:
		if c, ok := isConst(x.Y); ok && c.Int > 0 {
			return "((" + a + " % " + b + " + " + b + ") % " + b + ")"
		}
		return "((" + a + " % " + b + " + abs(" + b + ")) % " + b + ")"
	}
	if !wraps(x) { // the difference of two datetimes
		return "(" + a + map[plan.Op]string{plan.OpAdd: " + ", plan.OpSub: " - ", plan.OpMul: " * "}[x.Op] + b + ")"
	}
	return l.wrapping(x, s)
}

// dateArithmetic keeps a datetime within its range: beyond it the result is null.
func (l *lowerer) dateArithmetic(x *plan.Binary, a, b string) string {
	op := " + "
	if x.Op == plan.OpSub {
		op = " - "
	}
	span, date := x.Y, a
	if x.X.Type() == catalog.TimeSpan {
		span, date = x.X, b
	}
	c, fixed := isConst(span)
	most := int64(native.MaxDateTime)
	if !fixed || c.Int > most || c.Int < -most || !simple(date) {
		return "kql_tick_add(" + a + ", " + map[string]string{" + ": "", " - ": "-"}[op] + "(" + b + "))"
	}
	n := c.Int
	if op == " - " {
		n = -n
	}
	// A stored datetime is within the range, so only one end can be passed.
	limit := date + " <= " + itoa(most-n)
	if n < 0 {
		limit = date + " >= " + itoa(-n)
	}
	return "CASE WHEN " + limit + " THEN " + a + op + b + " END"
}

func realOp(op plan.Op, a, b string) string {
	switch op {
	case plan.OpAdd:
		return "(" + a + " + " + b + ")"
	case plan.OpSub:
		return "(" + a + " - " + b + ")"
	case plan.OpMul:
		return "(" + a + " * " + b + ")"
	case plan.OpDiv:
		return "(" + a + " / " + b + ")"
	}
	return "CASE WHEN " + a + " % " + b + " < 0 THEN " + a + " % " + b + " + abs(" + b + ") ELSE " + a + " % " + b + " END"
}

func decimalOp(op plan.Op, a, b string) string {
	sign := ""
	switch op {
	case plan.OpAdd:
		return "(" + a + " + " + b + ")::" + decimalType
	case plan.OpSub:
		return "(" + a + " - " + b + ")::" + decimalType
	case plan.OpMul:
		sign = "*"
	case plan.OpDiv:
		sign = "/"
	default:
		sign = "%"
	}
	return "kql_decimal('" + sign + "', " + a + "::VARCHAR, " + b + "::VARCHAR)::" + decimalType
}

func (l *lowerer) caseWhen(x *plan.Case, s *sel) string {
	var b strings.Builder
	b.WriteString("CASE")
	for _, arm := range x.Arms {
		b.WriteString(" WHEN " + l.pred(arm.When, s) + " THEN " + l.expr(arm.Then, s))
	}
	b.WriteString(" ELSE " + l.expr(x.Else, s) + " END")
	return b.String()
}

// scalarRef reads a value computed once: an uncorrelated scalar subquery, which
// DuckDB evaluates before the rest.
func (l *lowerer) scalarRef(sc *plan.Scalar) string {
	sql, ok := l.scalars[sc]
	if !ok {
		in := l.rel(sc.Rel)
		if in.limit == "" {
			in = in.clone()
			in.limit = "1"
		}
		id := sc.Rel.Columns()[0].ID
		name := l.alias("v")
		l.ctes = append(l.ctes, name+" AS MATERIALIZED ("+in.text([]plan.ColID{id}, nil, true)+")")
		sql = "(SELECT " + colName(id) + " FROM " + name + ")"
		if sc.Type == catalog.String {
			sql = "coalesce(" + sql + ", '')"
		}
		l.scalars[sc] = sql
	}
	return sql
}
