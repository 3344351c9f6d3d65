package exec

import (
	"strings"

	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/duckdb"
	"github.com/tocsin-soc/tocsin/kql/native"
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/result"
)

// stringTest compiles the operators over strings.
func (c compiler) stringTest(x *plan.Binary, a, b evaluator, err *error) evaluator {
	test := stringTestOf(x.Op)
	if test == nil {
		return c.native("kql_matches", err, a, b)
	}
	return func(env []any) any {
		s, _ := a(env).(string)
		t, _ := b(env).(string)
		return test(s, t)
	}
}

func stringTestOf(op plan.Op) func(s, t string) bool {
	fold := func(f func(s, t string) bool) func(s, t string) bool {
		return func(s, t string) bool { return f(strings.ToLower(s), strings.ToLower(t)) }
	}
	switch op {
	case plan.OpEqFold:
		return strings.EqualFold
	case plan.OpNeFold:
		return func(s, t string) bool { return !strings.EqualFold(s, t) }
	case plan.OpHas:
		return func(s, t string) bool { return native.HasTerm(s, t, false) }
	case plan.OpHasCs:
		return func(s, t string) bool { return native.HasTerm(s, t, true) }
	case plan.OpContains:
		return fold(strings.Contains)
	case plan.OpContainsCs:
		return strings.Contains
	case plan.OpStartsWith:
		return fold(strings.HasPrefix)
	case plan.OpStartsWithCs:
		return strings.HasPrefix
	case plan.OpEndsWith:
		return fold(strings.HasSuffix)
	case plan.OpEndsWithCs:
		return strings.HasSuffix
	}
	return nil
}

func (c compiler) in(x *plan.In, err *error) evaluator {
	if x.Rel != nil || x.Array != nil {
		return c.fail(err, "membership in an array or a subquery inside this operator", "write the values, or compute it with extend before")
	}
	value := c.expr(x.X, err)
	t := x.X.Type()
	list := make([]evaluator, len(x.List))
	for i, e := range x.List {
		list[i] = c.expr(e, err)
	}
	return func(env []any) any {
		v := value(env)
		for _, e := range list {
			w := e(env)
			if v == nil || w == nil {
				continue
			}
			if s, ok := v.(string); ok && x.Fold {
				if t, _ := w.(string); strings.EqualFold(s, t) {
					return true
				}
			} else if compare(t, v, w) == 0 {
				return true
			}
		}
		return false
	}
}

// cast compiles a conversion.
func (c compiler) cast(x *plan.Cast, err *error) evaluator {
	inner := c.expr(x.X, err)
	from, to := x.X.Type(), x.To
	switch {
	case from == to:
		return inner
	case to == catalog.String && from == catalog.Dynamic:
		return c.native("kql_text_of_dynamic", err, inner)
	case to == catalog.String:
		return func(env []any) any { return result.CellText(from, inner(env)) }
	case to == catalog.Dynamic:
		return func(env []any) any {
			v := inner(env)
			if v == nil {
				return nil
			}
			return string(result.AppendCell(nil, from, v))
		}
	case from == catalog.String:
		return c.native("kql_"+to.String()+"_of_text", err, inner)
	case from == catalog.Dynamic:
		return c.native("kql_"+to.String()+"_of_dynamic", err, inner)
	case to == catalog.Real:
		return func(env []any) any {
			if v := inner(env); v != nil {
				return real(v)
			}
			return nil
		}
	case from == catalog.Real && (to == catalog.Long || to == catalog.Int || to == catalog.TimeSpan):
		return c.native("kql_long_of_real", err, inner)
	case to == catalog.Long || to == catalog.Int || to == catalog.TimeSpan || to == catalog.DateTime:
		return inner
	}
	return c.fail(err, "converting "+from.String()+" to "+to.String()+" inside this operator", "")
}

// function compiles a call.
func (c compiler) function(x *plan.Func, err *error) evaluator {
	args := make([]evaluator, len(x.Args))
	for i, a := range x.Args {
		args[i] = c.expr(a, err)
	}
	if name, form, ok := duckdb.NativeForm(x); ok {
		return c.native(name, err, nativeArgs(form, args)...)
	}
	switch x.Name {
	case "isnull", "isempty":
		return absent(x, args[0], false)
	case "isnotnull", "isnotempty", "notempty", "notnull":
		return absent(x, args[0], true)
	case "strcat":
		return concatenation(args)
	case "coalesce":
		return func(env []any) any {
			var v any
			for _, a := range args {
				if v = a(env); v != nil && v != "" {
					return v
				}
			}
			return v
		}
	case "min_of":
		return extreme(x.T, args, -1)
	case "max_of":
		return extreme(x.T, args, 1)
	case "strlen":
		return func(env []any) any { s, _ := args[0](env).(string); return int64(len([]rune(s))) }
	case "tolower":
		return func(env []any) any { s, _ := args[0](env).(string); return strings.ToLower(s) }
	case "toupper":
		return func(env []any) any { s, _ := args[0](env).(string); return strings.ToUpper(s) }
	case "replace_string":
		return func(env []any) any {
			s, _ := args[0](env).(string)
			old, _ := args[1](env).(string)
			with, _ := args[2](env).(string)
			if old == "" {
				return s
			}
			return strings.ReplaceAll(s, old, with)
		}
	case "abs":
		return func(env []any) any {
			switch v := args[0](env).(type) {
			case int64:
				return max(v, -v)
			case float64:
				return max(v, -v)
			}
			return nil
		}
	case "array_length":
		return func(env []any) any {
			if list, ok := elements(args[0](env)); ok {
				return int64(len(list))
			}
			return nil
		}
	case "pack_array":
		return c.packed(x, args)
	case "bag_pack", "pack":
		return c.bag(x, args)
	}
	return c.fail(err, x.Name+"() inside this operator", "compute it with extend before")
}

// nativeArgs puts the arguments of a call where its native form wants them.
func nativeArgs(form []duckdb.NativeArg, args []evaluator) []evaluator {
	out := make([]evaluator, len(form))
	for i, a := range form {
		switch {
		case a.From < 0:
			out[i] = func([]any) any { return a.Value }
		case a.Real:
			inner := args[a.From]
			out[i] = func(env []any) any {
				if v := inner(env); v != nil {
					return real(v)
				}
				return nil
			}
		default:
			out[i] = args[a.From]
		}
	}
	return out
}

// absent is isnull, isempty and their opposites: strings are empty, others null.
func absent(x *plan.Func, a evaluator, not bool) evaluator {
	byText := strings.HasSuffix(x.Name, "empty")
	return func(env []any) any {
		v := a(env)
		return (v == nil || byText && v == "") != not
	}
}

func concatenation(args []evaluator) evaluator {
	return func(env []any) any {
		var b strings.Builder
		for _, a := range args {
			s, _ := a(env).(string)
			b.WriteString(s)
		}
		return b.String()
	}
}

// extreme is min_of (sign -1) and max_of (sign 1); nulls are passed over.
func extreme(t catalog.Type, args []evaluator, sign int) evaluator {
	return func(env []any) any {
		var best any
		for _, a := range args {
			v := a(env)
			if v != nil && (best == nil || compare(t, v, best) == sign) {
				best = v
			}
		}
		return best
	}
}

// packed is pack_array: the values as a JSON array.
func (c compiler) packed(x *plan.Func, args []evaluator) evaluator {
	return func(env []any) any {
		out := []byte{'['}
		for i, a := range args {
			if i > 0 {
				out = append(out, ',')
			}
			out = appendJSON(out, x.Args[i].Type(), a(env))
		}
		return string(append(out, ']'))
	}
}

// bag is bag_pack: keys and values as a JSON object.
func (c compiler) bag(x *plan.Func, args []evaluator) evaluator {
	return func(env []any) any {
		out := []byte{'{'}
		for i := 0; i+1 < len(args); i += 2 {
			if i > 0 {
				out = append(out, ',')
			}
			key, _ := args[i](env).(string)
			out = append(native.AppendString(out, key), ':')
			out = appendJSON(out, x.Args[i+1].Type(), args[i+1](env))
		}
		return string(append(out, '}'))
	}
}

func appendJSON(out []byte, t catalog.Type, v any) []byte {
	return result.AppendCell(out, t, v)
}
