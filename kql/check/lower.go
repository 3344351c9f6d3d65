package check

import (
	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// conversions are the functions that are nothing but a Cast.
var conversions = map[string]catalog.Type{
	"tostring": catalog.String, "toint": catalog.Int, "tolong": catalog.Long, "toreal": catalog.Real,
	"todecimal": catalog.Decimal, "tobool": catalog.Bool, "todatetime": catalog.DateTime,
	"totimespan": catalog.TimeSpan, "toguid": catalog.Guid,
}

// lower turns a resolved call into plan nodes.
func (c *checker) lower(e *ast.Call, f *catalog.Function, sig *catalog.Signature, xs []plan.Expr, t catalog.Type, sc *scope) value {
	name := canonical(f)
	if !c.verify(e, name, xs) {
		return unknown()
	}
	if why, ok := c.opt.Missing[name]; ok && !c.told[name] {
		c.told[name] = true
		c.warnf(token.MissingData, e, "%s", why)
	}
	if to, ok := conversions[name]; ok {
		return scalarValue(explicitCast(xs[0], to))
	}
	switch name {
	case "not":
		return scalarValue(&plan.Not{X: xs[0]})
	case "iff", "case":
		k := &plan.Case{Else: xs[len(xs)-1], T: t}
		for i := 0; i+1 < len(xs); i += 2 {
			k.Arms = append(k.Arms, plan.Arm{When: xs[i], Then: xs[i+1]})
		}
		return scalarValue(k)
	case "now":
		now := plan.Expr(&plan.Const{T: catalog.DateTime, Int: c.opt.Now})
		if len(xs) == 1 {
			now = fold(plan.OpAdd, now, xs[0], catalog.DateTime)
		}
		return scalarValue(now)
	case "ago":
		return scalarValue(fold(plan.OpSub, &plan.Const{T: catalog.DateTime, Int: c.opt.Now}, xs[0], catalog.DateTime))
	case "isnull", "isnotnull":
		if xs[0].Type() == catalog.String {
			return scalarValue(boolConst(name == "isnotnull"))
		}
	case "extract", "extract_json":
		if sig.Result == catalog.RuleTypeArg {
			to := catalog.String
			if name == "extract_json" {
				to = catalog.String
			}
			return scalarValue(explicitCast(&plan.Func{Name: name, Args: xs, T: to}, t))
		}
	case "percentile_tdigest":
		if sig.Result == catalog.RuleTypeArg {
			return scalarValue(explicitCast(&plan.Func{Name: name, Args: xs, T: catalog.Dynamic}, t))
		}
	case "bin_at":
		if xs[0].Type() == catalog.DateTime && xs[1].Type().Numeric() {
			xs[1] = &plan.Cast{X: xs[1], To: catalog.TimeSpan, Implicit: true}
		}
	}
	switch {
	case sig.Result == catalog.RuleTuple:
		return c.tuple(e, name, xs, sc)
	case sig.Result == catalog.RuleWidest:
		for i := range xs {
			xs[i] = cast(xs[i], t)
		}
	case name == "datetime_part" || name == "datetime_add" || name == "datetime_diff":
		if k, ok := xs[0].(*plan.Const); ok && !validPart(name, k.Text) {
			c.errorf(token.BadArgument, e.Args[0], "%q is no part of a datetime that %s() knows", k.Text, f.Name)
			return unknown()
		} else if ok && name == "datetime_diff" && asciiLower(k.Text) == "week" {
			// Weeks alone come as real (suite: datetime-timespan-124).
			return scalarValue(explicitCast(&plan.Func{Name: name, Args: xs, T: t}, catalog.Real))
		}
	}
	return scalarValue(&plan.Func{Name: name, Args: xs, T: t})
}

// explicitCast is a conversion the query asks for; of a value of that type it is
// nothing.
func explicitCast(x plan.Expr, to catalog.Type) plan.Expr {
	if x.Type() == to {
		return x
	}
	if k, ok := x.(*plan.Const); ok {
		if folded, ok := castConst(k, to); ok {
			return folded
		}
	}
	return &plan.Cast{X: x, To: to}
}

// validPart lists the period names of the calendar functions; case is ignored
// as in Kusto.
func validPart(fn, part string) bool {
	switch lower := asciiLower(part); lower {
	case "year", "quarter", "month", "day", "hour", "minute", "second", "millisecond", "microsecond", "nanosecond":
		return true
	case "week":
		return fn != "datetime_part"
	case "week_of_year", "weekofyear", "dayofyear":
		return fn == "datetime_part"
	}
	return false
}

func asciiLower(s string) string {
	b := []byte(s)
	for i, ch := range b {
		if ch >= 'A' && ch <= 'Z' {
			b[i] = ch + 'a' - 'A'
		}
	}
	return string(b)
}

// A field is one column of a multi-valued function.
type field struct {
	name string
	typ  catalog.Type
}

const (
	tDyn  = catalog.Dynamic
	tReal = catalog.Real
	tLong = catalog.Long
)

// tuples are the fixed multi-valued functions. In the plan such a call is a
// dynamic array of its values in this order.
var tuples = map[string][]field{
	"series_stats":            {{"min", tReal}, {"min_idx", tLong}, {"max", tReal}, {"max_idx", tLong}, {"avg", tReal}, {"stdev", tReal}, {"variance", tReal}},
	"series_fft":              {{"real", tDyn}, {"imag", tDyn}},
	"series_ifft":             {{"real", tDyn}, {"imag", tDyn}},
	"series_fit_poly":         {{"rsquare", tReal}, {"coefficients", tDyn}, {"variance", tReal}, {"rvariance", tReal}, {"poly_fit", tDyn}},
	"series_fit_line":         {{"rsquare", tReal}, {"slope", tReal}, {"variance", tReal}, {"rvariance", tReal}, {"interception", tReal}, {"line_fit", tDyn}},
	"series_periods_detect":   {{"periods", tDyn}, {"scores", tDyn}},
	"series_periods_validate": {{"periods", tDyn}, {"scores", tDyn}},
	"series_fit_2lines": {{"rsquare", tReal}, {"split_idx", tLong}, {"variance", tReal}, {"rvariance", tReal}, {"line_fit", tDyn},
		{"right_rsquare", tReal}, {"right_slope", tReal}, {"right_interception", tReal}, {"right_variance", tReal}, {"right_rvariance", tReal},
		{"left_rsquare", tReal}, {"left_slope", tReal}, {"left_interception", tReal}, {"left_variance", tReal}, {"left_rvariance", tReal}},
	"series_decompose":           {{"baseline", tDyn}, {"seasonal", tDyn}, {"trend", tDyn}, {"residual", tDyn}},
	"series_decompose_forecast":  {{"forecast", tDyn}, {"seasonal", tDyn}, {"trend", tDyn}, {"residual", tDyn}},
	"series_decompose_anomalies": {{"ad_flag", tDyn}, {"ad_score", tDyn}, {"baseline", tDyn}},
}

// tuple binds a multi-valued function: one call, and its members taken out.
func (c *checker) tuple(e *ast.Call, name string, xs []plan.Expr, sc *scope) value {
	arg := ""
	if len(e.Args) > 0 {
		arg = c.autoName(e.Args[0].X, sc)
	}
	if name == "array_sort_asc" || name == "array_sort_desc" {
		return c.arraySort(e, name, xs, sc)
	}
	call := &plan.Func{Name: name, Args: xs, T: catalog.Dynamic}
	prefix := name + "_"
	if arg != "" {
		prefix += arg + "_"
	}
	v := value{}
	for i, f := range tuples[name] {
		x := explicitCast(&plan.Index{X: call, Key: longConst(int64(i))}, f.typ)
		v.tuple = append(v.tuple, member{name: prefix + f.name, x: x})
	}
	if len(v.tuple) == 0 {
		panic("check: multi-valued function without fields: " + name)
	}
	v.x = v.tuple[0].x
	return v
}

// arraySort gives one sorted array per array argument. With one array the call
// is that array; with several it is an array of them.
func (c *checker) arraySort(e *ast.Call, name string, xs []plan.Expr, sc *scope) value {
	n := 0
	for n < len(xs) && (xs[n].Type() == catalog.Dynamic || xs[n].Type() == catalog.Unknown) {
		n++
	}
	if rest := xs[n:]; len(rest) > 1 || len(rest) == 1 && rest[0].Type() != catalog.Bool {
		c.errorf(token.TypeMismatch, e, "%s() takes arrays and then perhaps a bool", name)
		return unknown()
	}
	call := &plan.Func{Name: name, Args: xs, T: catalog.Dynamic}
	v := value{}
	for i := 0; i < n; i++ {
		x := plan.Expr(call)
		if n > 1 {
			x = &plan.Index{X: call, Key: longConst(int64(i))}
		}
		col := c.autoName(e.Args[i].X, sc)
		if col == "" {
			col = "array" + itoa(i)
		}
		v.tuple = append(v.tuple, member{name: col + "_sorted", x: x})
	}
	if n == 0 {
		return unknown()
	}
	v.x = v.tuple[0].x
	return v
}
