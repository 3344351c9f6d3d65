package duckdb

import (
	"math"
	"strings"

	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
)

// Kusto's integers wrap at 64 bits, DuckDB's raise an error. A tree of additions,
// subtractions and multiplications is written twice: plainly, for operands small
// enough that nothing can overflow, and as calls of kql_wrap for the rest. An
// unguarded statement has the plain form alone; the engine's error says when it
// was not enough.

// maxTree is the length of SQL beyond which a tree is written once, with natives.
const maxTree = 4000

// tree is integer arithmetic over leaves.
type tree struct {
	plain, slow string
	leaves      []string // the SQL of operands that are not constants
	null        []string // those that may be null
	growth      float64  // log2 of the result's bound when every leaf is within ±1
	degree      float64  // how often a leaf is multiplied in, at most
	small       bool     // every leaf fits 32 bits
}

func (l *lowerer) tree(x plan.Expr, s *sel) tree {
	if b, ok := x.(*plan.Binary); ok && wraps(b) {
		p, q := l.tree(b.X, s), l.tree(b.Y, s)
		op := map[plan.Op]string{plan.OpAdd: " + ", plan.OpSub: " - ", plan.OpMul: " * "}[b.Op]
		code := map[plan.Op]string{plan.OpAdd: "0", plan.OpSub: "1", plan.OpMul: "2"}[b.Op]
		t := tree{plain: "(" + p.plain + op + q.plain + ")", slow: "kql_wrap(" + code + ", " + p.slow + ", " + q.slow + ")",
			leaves: append(append([]string{}, p.leaves...), q.leaves...), null: append(append([]string{}, p.null...), q.null...), small: p.small && q.small}
		if b.Op == plan.OpMul {
			t.growth, t.degree = p.growth+q.growth, p.degree+q.degree
		} else {
			t.growth, t.degree = math.Max(p.growth, q.growth)+1, math.Max(p.degree, q.degree)
		}
		return t
	}
	sql := l.expr(x, s)
	if x.Type() == catalog.Int {
		sql += "::BIGINT"
	}
	if c, ok := isConst(x); ok {
		return tree{plain: sql, slow: sql, growth: math.Log2(math.Abs(float64(c.Int)) + 1), small: true}
	}
	t := tree{plain: sql, slow: sql, leaves: []string{sql}, degree: 1, small: small(x)}
	if nullable(x) {
		t.null = []string{sql}
	}
	return t
}

// wraps says that an operation is 64-bit arithmetic that can overflow.
func wraps(b *plan.Binary) bool {
	whole := func(t catalog.Type) bool { return t == catalog.Int || t == catalog.Long || t == catalog.TimeSpan }
	return (b.Op == plan.OpAdd || b.Op == plan.OpSub || b.Op == plan.OpMul) && (b.T == catalog.Long || b.T == catalog.TimeSpan || b.T == catalog.Int) &&
		whole(b.X.Type()) && whole(b.Y.Type())
}

// wrapping lowers a tree.
func (l *lowerer) wrapping(x *plan.Binary, s *sel) string {
	t := l.tree(x, s)
	// Leaves within ±2^bits cannot overflow.
	bits := 62.0
	if t.degree > 0 {
		bits = math.Floor((62 - t.growth) / t.degree)
	}
	if l.opt.Unguarded || t.small && bits >= 32 || len(t.leaves) == 0 && t.growth < 62 {
		return t.plain
	}
	if len(t.plain)+len(t.slow) > maxTree {
		return t.slow
	}
	if bits < 8 || strings.Contains(t.plain, "(SELECT ") {
		return t.slow
	}
	var within []string
	seen := map[string]bool{}
	bound := itoa(int64(1) << int(bits))
	for _, leaf := range t.leaves {
		if seen[leaf] {
			continue
		}
		seen[leaf] = true
		if !simple(leaf) {
			return "coalesce(try(" + t.plain + "), " + t.slow + ")"
		}
		within = append(within, leaf+" BETWEEN -"+bound+" AND "+bound)
	}
	sql := "CASE WHEN " + strings.Join(within, " AND ") + " THEN " + t.plain
	if len(t.null) == 0 {
		return sql + " ELSE " + t.slow + " END"
	}
	var present []string
	for _, n := range t.null {
		present = append(present, n+" IS NOT NULL")
	}
	return sql + " WHEN " + strings.Join(present, " AND ") + " THEN " + t.slow + " END"
}
