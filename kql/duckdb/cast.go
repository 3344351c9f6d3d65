package duckdb

import (
	"strings"

	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
)

// cast lowers a conversion by the rules of tostring, tolong, …: what does not
// convert is null, or "" for a string.
func (l *lowerer) cast(x *plan.Cast, s *sel) string {
	if x.To == catalog.String {
		if sql, ok := l.pathText(x.X, s); ok {
			return "coalesce(" + sql + ", '')"
		}
	}
	return convert(l.expr(x.X, s), x.X.Type(), x.To)
}

// convert is cast on SQL.
func convert(a string, from, to catalog.Type) string {
	if from == to {
		return a
	}
	switch to {
	case catalog.String:
		return toText(a, from)
	case catalog.Dynamic:
		return toJSON(a, from)
	}
	switch from {
	case catalog.String:
		return fromText(a, to, "_of_text(")
	case catalog.Dynamic:
		return fromDynamic(a, to)
	}
	return fromScalar(a, from, to)
}

func toText(a string, from catalog.Type) string {
	switch from {
	case catalog.Bool:
		return "CASE WHEN " + a + " THEN 'True' WHEN NOT " + a + " THEN 'False' ELSE '' END"
	case catalog.Real:
		return "kql_text_of_real(" + a + ")"
	case catalog.Decimal:
		return "coalesce(kql_text_of_decimal(" + a + "::VARCHAR), '')"
	case catalog.DateTime:
		return "kql_datetime_text(" + a + ")"
	case catalog.TimeSpan:
		return "kql_timespan_text(" + a + ")"
	case catalog.Dynamic:
		return "coalesce(json_extract_string(" + a + ", '$'), '')"
	}
	return "coalesce(" + a + "::VARCHAR, '')"
}

// toJSON is a value as dynamic: JSON text, null as NULL.
func toJSON(a string, from catalog.Type) string {
	switch from {
	case catalog.Dynamic:
		return a
	case catalog.Bool, catalog.Int, catalog.Long:
		return a + "::VARCHAR"
	case catalog.Real:
		return "CASE WHEN isfinite(" + a + ") THEN to_json(" + a + ")::VARCHAR WHEN " + a + " IS NOT NULL THEN '\"' || kql_text_of_real(" + a + ") || '\"' END"
	case catalog.Decimal:
		return "'\"' || kql_text_of_decimal(" + a + "::VARCHAR) || '\"'"
	case catalog.DateTime:
		return "CASE WHEN " + a + " IS NOT NULL THEN '\"' || kql_datetime_text(" + a + ") || '\"' END"
	case catalog.TimeSpan:
		return "CASE WHEN " + a + " IS NOT NULL THEN '\"' || kql_timespan_text(" + a + ") || '\"' END"
	case catalog.Guid:
		return "'\"' || " + a + "::VARCHAR || '\"'"
	}
	return "to_json(" + a + ")::VARCHAR"
}

// fromDynamic reads plain numbers without leaving the engine; the natives know the
// rest: numbers in strings, bools, reals to be cut.
func fromDynamic(a string, to catalog.Type) string {
	slow := fromText(a, to, "_of_dynamic(")
	if len(a) > 2000 {
		return slow
	}
	switch to {
	case catalog.Real:
		return "CASE WHEN " + a + " IS NOT NULL THEN coalesce(try_cast(" + a + " AS DOUBLE), " + slow + ") END"
	case catalog.Long:
		return "CASE WHEN regexp_full_match(" + a + ", '-?[0-9]{1,18}') THEN " + a + "::BIGINT WHEN " + a + " IS NOT NULL THEN " + slow + " END"
	case catalog.Int:
		return "CASE WHEN regexp_full_match(" + a + ", '-?[0-9]{1,9}') THEN " + a + "::INTEGER WHEN " + a + " IS NOT NULL THEN " + slow + " END"
	}
	return slow
}

func fromText(a string, to catalog.Type, suffix string) string {
	name := map[catalog.Type]string{
		catalog.Bool: "bool", catalog.Int: "int", catalog.Long: "long", catalog.Real: "real", catalog.Decimal: "decimal",
		catalog.DateTime: "datetime", catalog.TimeSpan: "timespan", catalog.Guid: "guid",
	}[to]
	sql := "kql_" + name + suffix + a + ")"
	switch to {
	case catalog.Int, catalog.Decimal, catalog.Guid:
		return sql + "::" + sqlType(to)
	}
	return sql
}

func fromScalar(a string, from, to catalog.Type) string {
	if from == catalog.Bool {
		if to == catalog.Bool {
			return a
		}
		return a + "::INTEGER::" + sqlType(to)
	}
	switch to {
	case catalog.Bool:
		return "(" + a + " <> 0)"
	case catalog.Int:
		return toInt(a, from)
	case catalog.Long, catalog.TimeSpan:
		return toLong(a, from)
	case catalog.DateTime:
		n := toLong(a, from)
		return "CASE WHEN " + n + " BETWEEN 0 AND 3155378975999999999 THEN " + n + " END"
	case catalog.Real:
		return a + "::DOUBLE"
	case catalog.Decimal:
		if from == catalog.Real {
			return "kql_decimal_of_text(" + a + "::VARCHAR)::" + decimalType
		}
		return a + "::" + decimalType
	}
	return "NULL::" + sqlType(to)
}

func toLong(a string, from catalog.Type) string {
	switch from {
	case catalog.Real:
		return "CASE WHEN abs(" + a + ") < 9e18 THEN trunc(" + a + ")::BIGINT ELSE kql_long_of_real(" + a + ") END"
	case catalog.Decimal:
		return "trunc(" + a + ")::BIGINT"
	case catalog.Int:
		return a + "::BIGINT"
	}
	return a
}

// toInt keeps the low 32 bits of an integer, saturates a real.
func toInt(a string, from catalog.Type) string {
	switch from {
	case catalog.Real:
		return "kql_int_of_real(" + a + ")::INTEGER"
	case catalog.Decimal:
		return "trunc(" + a + ")::INTEGER"
	}
	return "(xor(" + a + " & 4294967295, 2147483648) - 2147483648)::INTEGER"
}

// output is the form a column leaves the engine in (see exec.Rows).
func output(a string, t catalog.Type) string {
	switch t {
	case catalog.Decimal:
		return "kql_text_of_decimal(" + a + "::VARCHAR)"
	case catalog.Guid:
		return a + "::VARCHAR"
	}
	return a
}

// path lowers a chain of .name and [key] on a dynamic value.
func (l *lowerer) path(x plan.Expr, s *sel) string {
	base, path, ok := l.pathOf(x, s)
	if ok {
		return "nullif(json_extract(" + base + ", " + l.arg(path) + ")::VARCHAR, 'null')"
	}
	if m, isMember := x.(*plan.Member); isMember {
		return "kql_index(" + l.expr(m.X, s) + ", " + l.text(m.Name) + ")"
	}
	i := x.(*plan.Index)
	in, key := l.expr(i.X, s), l.expr(i.Key, s)
	if i.Key.Type() == catalog.String {
		return "kql_index(" + in + ", " + key + ")"
	}
	if i.Key.Type() == catalog.Dynamic {
		return "coalesce(kql_element(" + in + ", kql_long_of_dynamic(" + key + ")), kql_index(" + in + ", json_extract_string(" + key + ", '$')))"
	}
	return "kql_element(" + in + ", " + key + "::BIGINT)"
}

// pathText is tostring of such a chain, without the detour through JSON; NULL
// where the value is missing.
func (l *lowerer) pathText(x plan.Expr, s *sel) (string, bool) {
	switch y := x.(type) {
	case *plan.Index:
		if f, ok := y.X.(*plan.Func); ok && f.Name == "split" && len(f.Args) == 2 {
			key, isKey := isConst(y.Key)
			delim, isDelim := isConst(f.Args[1])
			if isKey && isDelim && key.T != catalog.String && delim.Text != "" {
				n := key.Int
				if n >= 0 {
					n++
				}
				return "string_split(" + l.expr(f.Args[0], s) + ", " + l.expr(f.Args[1], s) + ")[" + itoa(n) + "]", true
			}
		}
	case *plan.Member:
	default:
		return "", false
	}
	base, path, ok := l.pathOf(x, s)
	if !ok {
		return "", false
	}
	return "json_extract_string(" + base + ", " + l.arg(path) + ")", true
}

// pathOf collects a chain of constant steps into one JSON path; base is valid
// JSON text. ok is false when the outermost step is not constant.
func (l *lowerer) pathOf(x plan.Expr, s *sel) (base, path string, ok bool) {
	var steps []string
	for {
		var step string
		var in plan.Expr
		switch y := x.(type) {
		case *plan.Member:
			step, in = keyStep(y.Name), y.X
		case *plan.Index:
			c, isKey := isConst(y.Key)
			if !isKey {
				break
			}
			in = y.X
			switch {
			case c.T == catalog.String && c.Text == "": // no path has an empty step; kql_index does
				in = nil
			case c.T == catalog.String || c.T == catalog.Dynamic && strings.HasPrefix(c.Text, `"`):
				step = keyStep(strings.Trim(c.Text, `"`))
				if c.T == catalog.String {
					step = keyStep(c.Text)
				}
			case c.T == catalog.Dynamic:
				in = nil
			case c.Int >= 0:
				step = "[" + itoa(c.Int) + "]"
			default:
				step = "[#" + itoa(c.Int) + "]"
			}
		}
		if in == nil {
			break
		}
		steps = append([]string{step}, steps...)
		x = in
	}
	for _, step := range steps {
		if step == `.""` { // DuckDB's paths have no empty key
			return "", "", false
		}
	}
	if len(steps) == 0 {
		return "", "", false
	}
	path = "$" + strings.Join(steps, "")
	if f, isCall := x.(*plan.Func); isCall && f.Name == "parse_json" && f.Args[0].Type() == catalog.String {
		text := l.expr(f.Args[0], s)
		return "CASE WHEN json_valid(" + text + ") THEN " + text + " END", path, true
	}
	return l.expr(x, s), path, true
}

func keyStep(name string) string {
	return `."` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
}
