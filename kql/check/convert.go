package check

import (
	"math"
	"strconv"
	"strings"

	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// cast converts x implicitly. Constants are converted at once where the result
// is certain.
func cast(x plan.Expr, to catalog.Type) plan.Expr {
	from := x.Type()
	if from == to {
		return x
	}
	if k, ok := x.(*plan.Const); ok {
		if folded, ok := castConst(k, to); ok {
			return folded
		}
	}
	return &plan.Cast{X: x, To: to, Implicit: true}
}

// castConst converts a literal; ok is false where the conversion is better left
// to the dialect (text to temporal types, anything inexact).
func castConst(k *plan.Const, to catalog.Type) (plan.Expr, bool) {
	if k.Null || k.T == catalog.Unknown {
		return null(to), true
	}
	switch {
	case k.T.Integer() && to == catalog.Long:
		return &plan.Const{T: to, Int: k.Int}, true
	case k.T.Integer() && to == catalog.Int && k.Int >= math.MinInt32 && k.Int <= math.MaxInt32:
		return &plan.Const{T: to, Int: k.Int}, true
	case k.T.Integer() && to == catalog.Real:
		return &plan.Const{T: to, Real: float64(k.Int)}, true
	case k.T == catalog.Real && to == catalog.Long && (k.Real >= -math.MinInt64 || k.Real < math.MinInt64):
		// Kusto folds it as its processor does; of a column's value it takes the
		// nearest (suite: type-casts-coercion-083 and -084).
		return longConst(math.MinInt64), true
	case k.T.Integer() && to == catalog.Decimal:
		return &plan.Const{T: to, Text: strconv.FormatInt(k.Int, 10)}, true
	case k.T.Integer() && (to == catalog.String || to == catalog.Dynamic):
		return &plan.Const{T: to, Text: strconv.FormatInt(k.Int, 10)}, true
	case k.T == catalog.Bool && to == catalog.Dynamic:
		return &plan.Const{T: to, Text: strconv.FormatBool(k.Bool)}, true
	case k.T == catalog.Bool && to.Integer():
		n := int64(0)
		if k.Bool {
			n = 1
		}
		return &plan.Const{T: to, Int: n}, true
	case k.T == catalog.String && to == catalog.Dynamic:
		return &plan.Const{T: to, Text: quoteJSON(k.Text)}, true
	case k.T == catalog.String && to.Integer():
		if n, err := strconv.ParseInt(strings.TrimSpace(k.Text), 10, 64); err == nil {
			return castConst(longConst(n), to)
		}
	}
	return nil, false
}

// wider is the order int < long < real < decimal.
func wider(a, b catalog.Type) catalog.Type {
	if a > b {
		return a
	}
	return b
}

// common is the one type two values can be brought to without loss of meaning:
// equal types, the wider number, dynamic with anything. ok is false for others.
func common(a, b catalog.Type) (catalog.Type, bool) {
	switch {
	case a == b, b == catalog.Unknown:
		return a, true
	case a == catalog.Unknown:
		return b, true
	case a == catalog.Dynamic || b == catalog.Dynamic:
		return catalog.Dynamic, true
	case a.Numeric() && b.Numeric():
		return wider(a, b), true
	}
	return catalog.Unknown, false
}

// classTypes says which types a parameter class takes as they are, and to which
// type others are converted.
var classTypes = map[catalog.Class]struct {
	takes catalog.Types
	other catalog.Type // dynamic is converted to this
	from  catalog.Types
}{
	catalog.ClassString:   {catalog.TypesOf(catalog.String), catalog.String, catalog.TypesOf(catalog.Dynamic)},
	catalog.ClassText:     {catalog.TypesOf(catalog.String), catalog.String, catalog.AnyType},
	catalog.ClassBool:     {catalog.TypesOf(catalog.Bool), catalog.Bool, catalog.TypesOf(catalog.Dynamic)},
	catalog.ClassInteger:  {catalog.TypesOf(catalog.Int, catalog.Long), catalog.Long, catalog.TypesOf(catalog.Dynamic)},
	catalog.ClassLong:     {catalog.TypesOf(catalog.Long), catalog.Long, catalog.TypesOf(catalog.Int, catalog.Dynamic)},
	catalog.ClassReal:     {catalog.TypesOf(catalog.Real), catalog.Real, catalog.TypesOf(catalog.Int, catalog.Long, catalog.Decimal, catalog.Dynamic)},
	catalog.ClassDecimal:  {catalog.TypesOf(catalog.Decimal), catalog.Decimal, catalog.TypesOf(catalog.Int, catalog.Long, catalog.Real, catalog.Dynamic)},
	catalog.ClassNumber:   {catalog.NumberTypes, catalog.Real, catalog.TypesOf(catalog.Dynamic)},
	catalog.ClassSummable: {catalog.NumberTypes | catalog.TypesOf(catalog.TimeSpan, catalog.DateTime), catalog.Real, catalog.TypesOf(catalog.Dynamic)},
	catalog.ClassDateTime: {catalog.TypesOf(catalog.DateTime), catalog.DateTime, catalog.TypesOf(catalog.Dynamic)},
	catalog.ClassTimeSpan: {catalog.TypesOf(catalog.TimeSpan), catalog.TimeSpan, catalog.TypesOf(catalog.Dynamic)},
	catalog.ClassDynamic:  {catalog.TypesOf(catalog.Dynamic), catalog.Dynamic, 0},
	catalog.ClassGuid:     {catalog.TypesOf(catalog.Guid), catalog.Guid, catalog.TypesOf(catalog.Dynamic, catalog.String)},
	catalog.ClassNotDynamic: {catalog.AnyType &^ catalog.TypesOf(catalog.Dynamic), catalog.String,
		catalog.TypesOf(catalog.Dynamic)},
}

// fits reports whether an argument of type t may be given to class, and whether
// it fits as it is.
func fits(class catalog.Class, t catalog.Type) (ok, exact bool) {
	if t == catalog.Unknown {
		return true, true
	}
	rule, ok := classTypes[class]
	if !ok {
		return true, true // any, star, common …: decided elsewhere
	}
	if rule.takes.Has(t) {
		return true, true
	}
	return rule.from.Has(t), false
}

// argument converts an argument to what its class wants. The caller checked fits.
func argument(class catalog.Class, x plan.Expr) plan.Expr {
	rule, ok := classTypes[class]
	if !ok || rule.takes.Has(x.Type()) {
		return x
	}
	return cast(x, rule.other)
}

// predicate converts x to bool where a condition stands.
func (c *checker) predicate(n ast.Node, x plan.Expr) plan.Expr {
	switch t := x.Type(); {
	case t == catalog.Bool:
		return x
	case t == catalog.Dynamic, t == catalog.Unknown:
		return cast(x, catalog.Bool)
	case c.opt.Lenient:
		c.warnf(token.TypeMismatch, n, "a condition should be bool, not %s", t)
		return cast(x, catalog.Bool)
	default:
		c.errorf(token.TypeMismatch, n, "a condition must be bool, not %s", t)
		return boolConst(false)
	}
}

// assignable converts x to a declared type (parameters, datatable cells) or
// reports why it cannot.
func (c *checker) assignable(n ast.Node, x plan.Expr, to catalog.Type, what string) plan.Expr {
	from := x.Type()
	switch {
	case from == to, from == catalog.Unknown, from == catalog.Dynamic, to == catalog.Dynamic,
		from.Numeric() && to.Numeric(), to == catalog.Unknown,
		to == catalog.DateTime && from == catalog.String, to == catalog.Guid && from == catalog.String:
		return cast(x, to)
	case c.opt.Lenient:
		c.warnf(token.TypeMismatch, n, "%s is %s but a %s was given; what cannot be converted is null", what, to, from)
		return cast(x, to)
	}
	c.errorf(token.TypeMismatch, n, "%s is %s but a %s was given", what, to, from)
	return null(to)
}

// passed converts an argument to the type of a function's parameter. Microsoft's
// analyzer lets any scalar pass there, and published hunts rely on it; the value
// is converted, with a warning where it may be lost.
func (c *checker) passed(n ast.Node, x plan.Expr, to catalog.Type, what string) plan.Expr {
	strict := c.opt.Lenient
	c.opt.Lenient = true
	defer func() { c.opt.Lenient = strict }()
	return c.assignable(n, x, to, what)
}

// quoteJSON writes s as a JSON string.
func quoteJSON(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x20:
			b.WriteString(`\u00`)
			b.WriteByte("0123456789abcdef"[r>>4])
			b.WriteByte("0123456789abcdef"[r&15])
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
