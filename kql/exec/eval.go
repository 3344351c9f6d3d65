package exec

import (
	"fmt"
	"math"
	"strings"

	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/duckdb"
	"github.com/tocsin-soc/tocsin/kql/native"
	"github.com/tocsin-soc/tocsin/kql/plan"
)

// An evaluator computes an expression over the values of an environment.
type evaluator func(env []any) any

// A compiler turns plan expressions into evaluators. It knows what scan and graph
// conditions need; what it does not know it reports, naming it.
type compiler struct {
	env *environment
}

// expr compiles x. The first failure is kept in err; later ones are echoes of it.
func (c compiler) expr(x plan.Expr, err *error) evaluator {
	switch x := x.(type) {
	case *plan.Const:
		v := constant(x)
		return func([]any) any { return v }
	case *plan.Col:
		slot, ok := c.env.slots[x.ID]
		if !ok {
			return c.fail(err, "the column "+x.Name+" inside this operator", "")
		}
		return func(env []any) any { return env[slot] }
	case *plan.Not:
		inner := c.expr(x.X, err)
		return func(env []any) any {
			if b, ok := inner(env).(bool); ok {
				return !b
			}
			return nil
		}
	case *plan.Neg:
		return c.negate(x, err)
	case *plan.Case:
		return c.choice(x, err)
	case *plan.Cast:
		return c.cast(x, err)
	case *plan.Binary:
		return c.binary(x, err)
	case *plan.In:
		return c.in(x, err)
	case *plan.Member:
		return c.native("kql_index", err, c.expr(x.X, err), text(x.Name))
	case *plan.Index:
		if x.Key.Type() == catalog.Long || x.Key.Type() == catalog.Int {
			return c.native("kql_element", err, c.expr(x.X, err), c.expr(x.Key, err))
		}
		return c.native("kql_index", err, c.expr(x.X, err), c.expr(x.Key, err))
	case *plan.Func:
		return c.function(x, err)
	}
	return c.fail(err, fmt.Sprintf("the expression %T inside this operator", x), "compute it with extend before")
}

func (c compiler) fail(err *error, what, hint string) evaluator {
	if *err == nil {
		*err = &duckdb.Unsupported{What: what, Hint: hint}
	}
	return func([]any) any { return nil }
}

func constant(x *plan.Const) any {
	switch {
	case x.Null:
		return zero(x.T)
	case x.T == catalog.Bool:
		return x.Bool
	case x.T == catalog.Real:
		return x.Real
	case x.T == catalog.Int, x.T == catalog.Long, x.T == catalog.DateTime, x.T == catalog.TimeSpan:
		return x.Int
	}
	return x.Text
}

func text(s string) evaluator { return func([]any) any { return s } }

// native calls a function of package native.
func (c compiler) native(name string, err *error, args ...evaluator) evaluator {
	f, notFound := native.Find(name)
	if notFound != nil {
		return c.fail(err, strings.TrimPrefix(name, "kql_")+"() inside this operator", "compute it with extend before")
	}
	return func(env []any) any {
		values := make([]any, len(args))
		for i, a := range args {
			values[i] = a(env)
		}
		return f.Fn(values)
	}
}

func (c compiler) negate(x *plan.Neg, err *error) evaluator {
	inner := c.expr(x.X, err)
	return func(env []any) any {
		switch v := inner(env).(type) {
		case int64:
			return -v
		case float64:
			return -v
		}
		return nil
	}
}

func (c compiler) choice(x *plan.Case, err *error) evaluator {
	type arm struct{ when, then evaluator }
	arms := make([]arm, len(x.Arms))
	for i, a := range x.Arms {
		arms[i] = arm{c.expr(a.When, err), c.expr(a.Then, err)}
	}
	other := c.expr(x.Else, err)
	return func(env []any) any {
		for _, a := range arms {
			if b, _ := a.when(env).(bool); b {
				return a.then(env)
			}
		}
		return other(env)
	}
}

func (c compiler) binary(x *plan.Binary, err *error) evaluator {
	a, b := c.expr(x.X, err), c.expr(x.Y, err)
	t := x.X.Type()
	switch x.Op {
	case plan.OpAnd, plan.OpOr:
		return logical(x.Op == plan.OpOr, a, b)
	case plan.OpEq, plan.OpNe:
		return equality(t, x.Op == plan.OpNe, a, b)
	case plan.OpLt, plan.OpLe, plan.OpGt, plan.OpGe:
		return comparison(t, x.Op, a, b)
	case plan.OpAdd, plan.OpSub, plan.OpMul, plan.OpDiv, plan.OpMod:
		if x.T == catalog.Decimal || t == catalog.Decimal {
			return c.fail(err, "decimal arithmetic inside this operator", "use real")
		}
		return arithmetic(x, a, b)
	}
	return c.stringTest(x, a, b, err)
}

// logical is the three-valued and, or.
func logical(or bool, a, b evaluator) evaluator {
	return func(env []any) any {
		x, known := a(env).(bool)
		if known && x == or {
			return or
		}
		y, also := b(env).(bool)
		switch {
		case also && y == or:
			return or
		case known && also:
			return !or
		}
		return nil
	}
}

// equality is == and !=: null equals nothing, two nulls give null.
func equality(t catalog.Type, not bool, a, b evaluator) evaluator {
	return func(env []any) any {
		x, y := a(env), b(env)
		if x == nil && y == nil {
			return nil
		}
		if x == nil || y == nil {
			return not
		}
		return (compare(t, x, y) == 0) != not
	}
}

func comparison(t catalog.Type, op plan.Op, a, b evaluator) evaluator {
	return func(env []any) any {
		x, y := a(env), b(env)
		if x == nil || y == nil {
			return nil
		}
		n := compare(t, x, y)
		if n == unordered {
			return false
		}
		switch op {
		case plan.OpLt:
			return n < 0
		case plan.OpLe:
			return n <= 0
		case plan.OpGt:
			return n > 0
		}
		return n >= 0
	}
}

const unordered = 2 // NaN against anything

// compare orders two values of type t that are not null: -1, 0, 1 or unordered.
func compare(t catalog.Type, x, y any) int {
	switch x := x.(type) {
	case bool:
		y, _ := y.(bool)
		switch {
		case x == y:
			return 0
		case y:
			return -1
		}
		return 1
	case int64:
		if y, ok := y.(int64); ok {
			return order(x, y)
		}
		return compare(t, float64(x), y)
	case float64:
		var f float64
		switch y := y.(type) {
		case float64:
			f = y
		case int64:
			f = float64(y)
		}
		if math.IsNaN(x) || math.IsNaN(f) {
			return unordered
		}
		return order(x, f)
	case string:
		y, _ := y.(string)
		if t == catalog.Dynamic {
			if f, err := native.Find("kql_dynamic_compare"); err == nil {
				n, ok := f.Fn([]any{x, y}).(int64)
				if !ok {
					return unordered
				}
				return int(n)
			}
		}
		return strings.Compare(x, y)
	}
	return unordered
}

func order[T int64 | float64](x, y T) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

func arithmetic(x *plan.Binary, a, b evaluator) evaluator {
	tx, ty := x.X.Type(), x.Y.Type()
	inReal := x.T == catalog.Real || tx == catalog.Real || ty == catalog.Real
	return func(env []any) any {
		x1, y1 := a(env), b(env)
		if x1 == nil || y1 == nil {
			return nil
		}
		if !inReal {
			return integers(x.Op, x1.(int64), y1.(int64))
		}
		f := reals(x.Op, real(x1), real(y1))
		if x.T == catalog.Real {
			return f
		}
		if math.IsNaN(f) || math.Abs(f) >= math.MaxInt64 {
			return nil
		}
		return int64(f) // a timespan scaled by a real
	}
}

func real(v any) float64 {
	switch v := v.(type) {
	case int64:
		return float64(v)
	case float64:
		return v
	}
	return math.NaN()
}

func integers(op plan.Op, x, y int64) any {
	switch op {
	case plan.OpAdd:
		return x + y
	case plan.OpSub:
		return x - y
	case plan.OpMul:
		return x * y
	}
	if y == 0 {
		return nil
	}
	if op == plan.OpDiv {
		return x / y
	}
	m := x % y
	if m < 0 {
		m += max(y, -y)
	}
	return m
}

func reals(op plan.Op, x, y float64) float64 {
	switch op {
	case plan.OpAdd:
		return x + y
	case plan.OpSub:
		return x - y
	case plan.OpMul:
		return x * y
	case plan.OpDiv:
		return x / y
	}
	m := math.Mod(x, y)
	if m < 0 {
		m += math.Abs(y)
	}
	return m
}
