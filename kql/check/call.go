package check

import (
	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// call binds a function call: a let function first, then the language's own,
// then a saved function.
func (c *checker) call(e *ast.Call, sc *scope) value {
	if e.Name == nil {
		return unknown()
	}
	name := e.Name.Name
	if e.Recv != nil {
		v := c.value(e.Recv, sc)
		if !v.entity {
			if !v.bad {
				c.errorf(token.UnsupportedForm, e, "%s() cannot be called on a value", name)
			}
			return unknown()
		}
	} else if b, ok := sc.env.lookup(name); ok {
		if b.fn != nil {
			return c.callFunction(e, b.fn, e.Args, sc)
		}
		if b.pattern != nil {
			return c.patternCase(e, b, "", sc)
		}
		if len(e.Args) == 0 && b.x == nil {
			return c.bound(e, b, sc)
		}
	}
	if sc.chain != nil {
		if v, ok := c.graphCall(e, sc); ok {
			return v
		}
	}
	if v, ok := c.special(e, name, sc); ok {
		return v
	}
	if sc.agg != nil {
		if f, ok := c.fns.Lookup(name, catalog.Aggregate); ok {
			return c.aggregate(e, f, sc)
		}
	}
	if f, ok := c.fns.Lookup(name, catalog.Window); ok {
		return c.windowCall(e, f, sc)
	}
	if f, ok := c.fns.Lookup(name, catalog.Scalar); ok {
		return c.builtin(e, f, sc)
	}
	if f := c.savedFunction(e.Name, name); f != nil {
		return c.callFunction(e, f, e.Args, sc)
	}
	return c.unknownFunction(e, name, sc)
}

// patternCase binds a call of a declared pattern: the case whose arguments and
// path are the ones given.
func (c *checker) patternCase(e *ast.Call, b *binding, path string, sc *scope) value {
	for _, rule := range b.pattern.Rules {
		if len(rule.Args) != len(e.Args) || !c.sameText(rule.Path, path) || rule.Body == nil {
			continue
		}
		fits := true
		for i, a := range e.Args {
			k, ok := c.expr(a.X, sc.constant()).(*plan.Const)
			fits = fits && ok && k.T == catalog.String && c.sameText(rule.Args[i], k.Text)
		}
		if fits {
			return c.body(rule.Body, b.env.child())
		}
	}
	c.errorf(token.BadArgument, e, "the pattern %s has no case for these arguments", e.Name.Name)
	return unknown()
}

// sameText reports whether x is the literal text; no expression is "".
func (c *checker) sameText(x ast.Expr, text string) bool {
	if x == nil {
		return text == ""
	}
	l, ok := ast.Unparen(x).(*ast.Literal)
	return ok && l.Kind == ast.String && l.Text == text
}

func (c *checker) unknownFunction(e *ast.Call, name string, sc *scope) value {
	if _, ok := c.fns.Lookup(name, catalog.Aggregate); ok {
		c.errorf(token.MisplacedCall, e, "%s() is an aggregate: it belongs into summarize", name)
		return unknown()
	}
	if f, ok := c.fns.Lookup(name, catalog.Tabular); ok {
		c.unsupported(e, f)
		return unknown()
	}
	if _, ok := c.fns.Lookup(name, catalog.Plugin); ok {
		c.errorf(token.MisplacedCall, e, "%s is a plugin: write evaluate %s(…)", name, name)
		return unknown()
	}
	hint := token.DidYouMean(name, func(yield func(string) bool) {
		for _, f := range c.fns.All() {
			if !f.Deprecated && !yield(f.Name) {
				return
			}
		}
		for _, s := range c.cat.FunctionNames() {
			if !yield(s) {
				return
			}
		}
	})
	for _, a := range e.Args {
		c.value(a.X, sc.scalar())
	}
	if c.opt.Lenient {
		c.diags.Add(token.Diagnostic{Code: token.UnknownFunction, Severity: token.Warning, Span: c.span(e.Name), Hint: hint,
			Message: "unknown function \"" + name + "\" reads as null or empty"})
		if sc.rows == nil {
			return value{rows: c.noRows(name)}
		}
		return scalarValue(null(catalog.Dynamic))
	}
	c.hint(token.UnknownFunction, e.Name, hint, "unknown function \""+name+"\"")
	return unknown()
}

// unsupported reports an entry the table marks so, and tells whether it does.
func (c *checker) unsupported(n ast.Node, f *catalog.Function) bool {
	if f.Unsupported == "" {
		return false
	}
	code := token.UnsupportedFunction
	if f.Kind == catalog.Tabular {
		code = token.UnsupportedSource
	}
	c.hint(code, n, f.Unsupported, f.Name+" is not supported")
	return true
}

func (c *checker) deprecated(n ast.Node, f *catalog.Function) {
	if f.Deprecated {
		c.diags.Add(token.Diagnostic{Code: token.DeprecatedSyntax, Severity: token.Warning, Span: c.span(n),
			Message: f.Name + "() is deprecated", Hint: "use " + f.Alias})
	}
}

// canonical is the name a plan carries for f.
func canonical(f *catalog.Function) string {
	if f.Alias != "" && f.Name != "weekofyear" && f.Name != "replace" && f.Name != "array_sum" {
		return f.Alias
	}
	return f.Name
}

// builtin binds a call of a scalar function of the table.
func (c *checker) builtin(e *ast.Call, f *catalog.Function, sc *scope) value {
	if c.unsupported(e, f) {
		return unknown()
	}
	c.deprecated(e.Name, f)
	args, ok := c.arguments(e, f, sc)
	if !ok {
		return unknown()
	}
	sig, params, ok := c.resolve(e, f, args)
	if !ok {
		return unknown()
	}
	var typeArg catalog.Type
	xs := make([]plan.Expr, 0, len(args))
	for i, a := range args {
		if a.typ != catalog.Unknown {
			typeArg = a.typ
			continue
		}
		if params[i].Constant && !constant(a.x) && a.x.Type() != catalog.Unknown {
			c.errorf(token.NotConstant, e.Args[i], "argument %q of %s() must be a constant", params[i].Name, f.Name)
			return unknown()
		}
		xs = append(xs, argument(params[i].Class, a.x))
	}
	if !c.unmixed(e, f, params, xs) {
		return unknown()
	}
	commonType := unify(sig, params, xs)
	t := c.resultType(sig, xs, commonType, typeArg)
	return c.lower(e, f, sig, xs, t, sc)
}

// An arg is a bound argument: a value, or the type that typeof() names.
type arg struct {
	x   plan.Expr
	typ catalog.Type
}

func (c *checker) arguments(e *ast.Call, f *catalog.Function, sc *scope) ([]arg, bool) {
	args := make([]arg, 0, len(e.Args))
	ok := true
	for _, a := range e.Args {
		switch x := ast.Unparen(a.X).(type) {
		case *ast.TypeLit:
			t := catalog.Unknown
			if x.Type != nil {
				t, _ = catalog.ParseType(x.Type.Name)
			}
			if t == catalog.Unknown {
				c.errorf(token.TypeMismatch, a, "typeof() of a scalar type is needed here")
				ok = false
			}
			args = append(args, arg{typ: t, x: null(t)})
		case *ast.Star:
			if sc.rows == nil {
				c.errorf(token.MisplacedCall, a, "* needs rows")
				return nil, false
			}
			for _, col := range sc.rows.cols {
				args = append(args, arg{x: colRef(col)})
			}
		default:
			v := c.value(a.X, sc)
			switch {
			case v.x != nil:
				args = append(args, arg{x: v.x})
			case v.rows != nil && !v.bad:
				c.hint(token.NotScalar, a, "toscalar() takes the first value of the first row", "rows cannot be an argument of "+f.Name+"()")
				ok = false
			default:
				args = append(args, arg{x: null(catalog.Unknown)})
			}
		}
	}
	return args, ok
}

// resolve picks the first signature that takes the arguments as they are, else
// the first that takes them with conversions.
func (c *checker) resolve(e *ast.Call, f *catalog.Function, args []arg) (*catalog.Signature, []*catalog.Param, bool) {
	var best *catalog.Signature
	var bestParams []*catalog.Param
	counted := false
	var misfit string
	var misfitAt int
	for i := range f.Signatures {
		sig := &f.Signatures[i]
		params, ok := spread(sig, len(args))
		if !ok {
			continue
		}
		counted = true
		exact, fit := true, true
		for j, p := range params {
			isType := args[j].typ != catalog.Unknown
			if isType != (p.Class == catalog.ClassType) {
				fit = false
				break
			}
			if isType {
				continue
			}
			ok, same := fits(p.Class, args[j].x.Type())
			if !ok && c.opt.Lenient && p.Class != catalog.ClassTable {
				ok = true
			}
			if !ok {
				fit = false
				if misfit == "" || j > misfitAt {
					misfit, misfitAt = p.Name, j
				}
				break
			}
			exact = exact && same
		}
		if fit && (best == nil || exact) {
			best, bestParams = sig, params
			if exact {
				break
			}
		}
	}
	switch {
	case best != nil:
		return best, bestParams, true
	case !counted:
		c.errorf(token.ArgumentCount, e, "%s() takes %s, not %d", f.Name, arity(f), len(args))
	case misfit != "" && misfitAt < len(e.Args):
		c.errorf(token.TypeMismatch, e.Args[misfitAt], "argument %q of %s() cannot be %s", misfit, f.Name, args[misfitAt].x.Type())
	default:
		c.errorf(token.TypeMismatch, e, "the arguments do not fit %s()", f.Name)
	}
	return nil, nil, false
}

// spread assigns parameters to n arguments; ok is false if the number does not fit.
func spread(sig *catalog.Signature, n int) ([]*catalog.Param, bool) {
	first, last := -1, -1
	for i := range sig.Params {
		if sig.Params[i].Repeat {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	out := make([]*catalog.Param, 0, n)
	if first < 0 {
		least, _ := sig.Arity()
		if n < least || n > len(sig.Params) {
			return nil, false
		}
		for i := 0; i < n; i++ {
			out = append(out, &sig.Params[i])
		}
		return out, true
	}
	lead, block, trail := first, last-first+1, len(sig.Params)-last-1
	if sig.Params[first].Optional && n <= lead && trail == 0 {
		required := 0
		for i := 0; i < lead; i++ {
			if !sig.Params[i].Optional {
				required++
			}
		}
		if n < required {
			return nil, false
		}
		for i := 0; i < n; i++ {
			out = append(out, &sig.Params[i])
		}
		return out, true
	}
	repeated := n - lead - trail
	if repeated < 0 || repeated%block != 0 || (repeated == 0 && !sig.Params[first].Optional) {
		return nil, false
	}
	for i := 0; i < lead; i++ {
		out = append(out, &sig.Params[i])
	}
	for i := 0; i < repeated; i++ {
		out = append(out, &sig.Params[first+i%block])
	}
	for i := last + 1; i < len(sig.Params); i++ {
		out = append(out, &sig.Params[i])
	}
	return out, true
}

func arity(f *catalog.Function) string {
	least, most := f.Signatures[0].Arity()
	for i := range f.Signatures {
		l, m := f.Signatures[i].Arity()
		least = min(least, l)
		if m < 0 || most < 0 {
			most = -1
		} else {
			most = max(most, m)
		}
	}
	switch {
	case most < 0:
		return plural(least) + " or more"
	case least == most:
		return plural(least)
	}
	return plural(least) + " to " + itoa(most)
}

// unmixed reports branches of iff() and case() that are whole numbers and reals:
// Kusto asks for one type there.
func (c *checker) unmixed(e *ast.Call, f *catalog.Function, params []*catalog.Param, xs []plan.Expr) bool {
	var whole, broken bool
	for i, x := range xs {
		if params[i].Class == catalog.ClassCommonOrDynamic {
			whole = whole || x.Type().Integer()
			broken = broken || x.Type() == catalog.Real || x.Type() == catalog.Decimal
		}
	}
	if whole && broken && !c.opt.Lenient {
		c.hint(token.TypeMismatch, e, "convert them, for example with toreal()", f.Name+"() needs results of one type, not whole numbers and reals")
		return false
	}
	return true
}

// unify brings the arguments of the common classes to one type, in place, and
// returns it. Beside other types dynamic does not count, unless nothing else is
// there: a dynamic argument is converted.
func unify(sig *catalog.Signature, params []*catalog.Param, xs []plan.Expr) catalog.Type {
	t := catalog.Unknown
	mixed, found := false, false
	pi := 0
	classOf := func(i int) catalog.Class { return params[pi+i].Class }
	for i, x := range xs {
		cl := classOf(i)
		if cl < catalog.ClassCommon {
			continue
		}
		xt := x.Type()
		if xt == catalog.Dynamic && cl == catalog.ClassCommonOrDynamic {
			continue
		}
		found = true
		u, ok := common(t, xt)
		if !ok {
			mixed = true
			continue
		}
		t = u
	}
	if !found {
		t = catalog.Dynamic
	}
	if mixed {
		t = catalog.Dynamic
	}
	for i := range xs {
		if classOf(i) >= catalog.ClassCommon {
			xs[i] = cast(xs[i], t)
		}
	}
	return t
}

// resultType applies a signature's result rule.
func (c *checker) resultType(sig *catalog.Signature, xs []plan.Expr, commonType, typeArg catalog.Type) catalog.Type {
	at := func(i int) catalog.Type {
		if i < len(xs) {
			return xs[i].Type()
		}
		return catalog.Unknown
	}
	switch sig.Result {
	case catalog.RuleFixed:
		return sig.Fixed
	case catalog.RuleArg0:
		return at(0)
	case catalog.RuleArg1:
		return at(1)
	case catalog.RuleArg2:
		return at(2)
	case catalog.RuleCommon:
		return commonType
	case catalog.RuleTypeArg:
		return typeArg
	case catalog.RuleWidest:
		t := catalog.Unknown
		for _, x := range xs {
			t = wider(t, x.Type())
		}
		return t
	case catalog.RulePromoted:
		if at(0) == catalog.Int {
			return catalog.Long
		}
		return at(0)
	case catalog.RuleMean:
		if at(0).Integer() {
			return catalog.Real
		}
		return at(0)
	case catalog.RuleTuple, catalog.RuleTable:
		return catalog.Dynamic
	}
	panic("check: result rule without a case")
}

// constant reports whether x has the same value for every row.
func constant(x plan.Expr) bool {
	ok := true
	plan.Inspect(x, func(e plan.Expr) bool {
		switch e := e.(type) {
		case *plan.Col:
			ok = false
		case *plan.Func:
			if e.Name == "rand" || e.Name == "new_guid" {
				ok = false
			}
		}
		return ok
	})
	return ok
}

func plural(n int) string {
	switch n {
	case 0:
		return "no arguments"
	case 1:
		return "1 argument"
	}
	return itoa(n) + " arguments"
}
