package check

import (
	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/token"
)

var joinKinds = map[string]plan.JoinKind{
	"": plan.InnerUnique, "innerunique": plan.InnerUnique, "inner": plan.Inner,
	"leftouter": plan.LeftOuter, "rightouter": plan.RightOuter, "fullouter": plan.FullOuter,
	"leftsemi": plan.LeftSemi, "rightsemi": plan.RightSemi,
	"leftanti": plan.LeftAnti, "anti": plan.LeftAnti, "leftantisemi": plan.LeftAnti,
	"rightanti": plan.RightAnti, "rightantisemi": plan.RightAnti,
}

// operand binds the right side of join and lookup, a union branch …: rows.
func (c *checker) operand(x ast.Expr, e *env) *rows {
	v := c.value(x, &scope{env: e})
	switch {
	case v.rows != nil && v.rows.rel != nil:
		return v.rows
	case !v.bad:
		c.errorf(token.NotTabular, x, "rows are needed here")
	}
	return nil
}

func (c *checker) join(op *ast.Join, in *rows, e *env) *rows {
	word := op.Params.Word("kind")
	kind, ok := joinKinds[word]
	if !ok {
		c.errorf(token.BadParameter, op, "there is no join kind %q", word)
	}
	right := c.operand(op.Right, e)
	if right == nil {
		return nil
	}
	on, _ := c.keys(op.On, in, right, e)
	var cols []plan.Column
	switch kind {
	case plan.LeftSemi, plan.LeftAnti:
		cols = in.cols
	case plan.RightSemi, plan.RightAnti:
		cols = right.cols
	default:
		cols = append(append(make([]plan.Column, 0, len(in.cols)+len(right.cols)), in.cols...), right.cols...)
		cols = uniqueNames(cols)
	}
	out := unordered(&plan.Join{Kind: kind, Left: in.rel, Right: right.rel, On: on, Cols: cols}, cols)
	out.open = in.open || right.open
	return out
}

// lookup is a join whose right key columns are left out.
func (c *checker) lookup(op *ast.Lookup, in *rows, e *env) *rows {
	kind := plan.LeftOuter
	switch word := op.Params.Word("kind"); word {
	case "", "leftouter":
	case "inner":
		kind = plan.Inner
	default:
		c.errorf(token.BadParameter, op, "there is no lookup kind %q", word)
	}
	right := c.operand(op.Right, e)
	if right == nil {
		return nil
	}
	on, keys := c.keys(op.On, in, right, e)
	cols := append(make([]plan.Column, 0, len(in.cols)+len(right.cols)), in.cols...)
	for _, col := range right.cols {
		if !keys[col.ID] {
			cols = append(cols, col)
		}
	}
	cols = uniqueNames(cols)
	out := unordered(&plan.Join{Kind: kind, Left: in.rel, Right: right.rel, On: on, Cols: cols}, cols)
	out.open = in.open || right.open
	return out
}

// uniqueNames numbers repeated names. All first appearances keep theirs, so
// [c, c, c1] becomes [c, c2, c1].
func uniqueNames(cols []plan.Column) []plan.Column {
	used := make(map[string]bool, len(cols))
	repeated := false
	for _, col := range cols {
		repeated = repeated || used[col.Name]
		used[col.Name] = true
	}
	if !repeated {
		return cols
	}
	seen := make(map[string]bool, len(cols))
	for i := range cols {
		name := cols[i].Name
		if !seen[name] {
			seen[name] = true
			continue
		}
		for n := 1; ; n++ {
			if s := name + itoa(n); !used[s] {
				used[s] = true
				cols[i].Name = s
				break
			}
		}
	}
	return cols
}

// keys binds an on-clause to pairs; used are the right columns that are keys.
func (c *checker) keys(on []ast.Expr, left, right *rows, e *env) (pairs []plan.KeyPair, used map[plan.ColID]bool) {
	used = map[plan.ColID]bool{}
	sc := &scope{env: e, left: left, right: right}
	var add func(x ast.Expr)
	add = func(x ast.Expr) {
		switch x := ast.Unparen(x).(type) {
		case *ast.Ident:
			l := c.sideColumn(x, left, sc)
			r := c.sideColumn(x, right, sc)
			if l.bad || r.bad || l.x == nil || r.x == nil {
				return
			}
			pairs = append(pairs, c.pair(x, l.x, r.x, used))
		case *ast.Binary:
			if x.Op == ast.OpAnd {
				add(x.X)
				add(x.Y)
				return
			}
			if x.Op != ast.OpEq {
				c.errorf(token.UnsupportedForm, x, "a join condition is an equality: $left.a == $right.b")
				return
			}
			c.condition(x, sc, used, &pairs)
		case *ast.BadExpr:
		default:
			c.errorf(token.UnsupportedForm, x, "a join condition is a column or an equality: $left.a == $right.b")
		}
	}
	for _, x := range on {
		add(x)
	}
	return pairs, used
}

// condition binds $left.a == $right.b, in either order.
func (c *checker) condition(x *ast.Binary, sc *scope, used map[plan.ColID]bool, pairs *[]plan.KeyPair) {
	vx, vy := c.value(x.X, sc), c.value(x.Y, sc)
	if vx.bad || vy.bad || vx.x == nil || vy.x == nil {
		return
	}
	l, r := vx.x, vy.x
	if reads(l, sc.right) && !reads(l, sc.left) {
		l, r = r, l
	}
	if reads(l, sc.right) && !reads(l, sc.left) || reads(r, sc.left) && !reads(r, sc.right) {
		c.errorf(token.UnsupportedForm, x, "a join condition compares a column of $left with one of $right")
		return
	}
	*pairs = append(*pairs, c.pair(x, l, r, used))
}

// reads reports whether x reads a column of r.
func reads(x plan.Expr, r *rows) bool {
	found := false
	plan.Inspect(x, func(e plan.Expr) bool {
		if ref, ok := e.(*plan.Col); ok {
			for _, col := range r.cols {
				if col.ID == ref.ID {
					found = true
					break
				}
			}
		}
		return !found
	})
	return found
}

// pair brings two keys to one type.
func (c *checker) pair(n ast.Node, l, r plan.Expr, used map[plan.ColID]bool) plan.KeyPair {
	if ref, ok := r.(*plan.Col); ok {
		used[ref.ID] = true
	}
	tl, tr := l.Type(), r.Type()
	switch {
	case tl == tr:
		if tl == catalog.Dynamic {
			l, r = cast(l, catalog.String), cast(r, catalog.String)
		}
	case tl == catalog.Dynamic:
		l = cast(l, tr)
	case tr == catalog.Dynamic:
		r = cast(r, tl)
	case tl.Numeric() && tr.Numeric():
		t := wider(tl, tr)
		l, r = cast(l, t), cast(r, t)
	case tl == catalog.Unknown || tr == catalog.Unknown:
		l, r = cast(l, wider(tl, tr)), cast(r, wider(tl, tr))
	default:
		if !c.opt.Lenient {
			c.errorf(token.TypeMismatch, n, "the join keys are of different types: %s and %s", tl, tr)
		}
		l, r = cast(l, catalog.String), cast(r, catalog.String)
	}
	return plan.KeyPair{Left: l, Right: r}
}
