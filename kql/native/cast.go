package native

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

func castFunctions() []Function {
	fromText := func(name string, result Kind, fn func(s string) any) []Function {
		return []Function{
			{Name: "kql_" + name + "_of_text", Args: []Kind{Text}, Result: result, Fn: func(a []any) any {
				if s, ok := a[0].(string); ok {
					return fn(s)
				}
				return nil
			}},
			{Name: "kql_" + name + "_of_dynamic", Args: []Kind{Text}, Result: result, Fn: func(a []any) any {
				return castDynamic(a[0], name, fn)
			}},
		}
	}
	all := []Function{
		{Name: "kql_text_of_real", Args: []Kind{Real}, Result: Text, Fn: func(a []any) any {
			if f, ok := a[0].(float64); ok {
				return RealText(f)
			}
			return ""
		}},
		{Name: "kql_text_of_decimal", Args: []Kind{Text}, Result: Text, Fn: func(a []any) any {
			if a[0] == nil {
				return nil
			}
			return trimDecimal(str(a[0]))
		}},
		{Name: "kql_text_of_dynamic", Args: []Kind{Text}, Result: Text, Fn: func(a []any) any { return scalarText(dynamicOf(a[0])) }},
		{Name: "kql_long_of_real", Args: []Kind{Real}, Result: Long, Fn: func(a []any) any {
			if f, ok := a[0].(float64); ok {
				return truncate(f)
			}
			return nil
		}},
		{Name: "kql_int_of_real", Args: []Kind{Real}, Result: Long, Fn: func(a []any) any {
			if f, ok := a[0].(float64); ok {
				return max(min(truncate(f), math.MaxInt32), math.MinInt32)
			}
			return nil
		}},
		{Name: "kql_decimal", Args: []Kind{Text, Text, Text}, Result: Text, Fn: decimalArithmetic},
	}
	all = append(all, fromText("long", Long, longOfText)...)
	all = append(all, fromText("int", Long, intOfText)...)
	all = append(all, fromText("real", Real, realOfText)...)
	all = append(all, fromText("bool", Bool, boolOfText)...)
	all = append(all, fromText("datetime", Long, func(s string) any {
		if t, ok := ParseDateTime(s); ok {
			return t
		}
		return nil
	})...)
	all = append(all, fromText("timespan", Long, func(s string) any {
		if t, ok := ParseTimeSpan(s); ok {
			return t
		}
		return nil
	})...)
	all = append(all, fromText("guid", Text, guidOfText)...)
	return append(all, fromText("decimal", Text, decimalOfText)...)
}

// castDynamic converts a dynamic scalar: texts by the rules of their kind,
// numbers and bools as such; arrays and bags are null.
func castDynamic(arg any, to string, fn func(string) any) any {
	if arg == nil {
		return nil
	}
	switch v := dynamicOf(arg).(type) {
	case string:
		return fn(v)
	case bool:
		n := int64(0)
		if v {
			n = 1
		}
		switch to {
		case "bool":
			return v
		case "long", "int":
			return n
		case "real":
			return float64(n)
		case "decimal":
			return strconv.FormatInt(n, 10)
		}
	case int64:
		switch to {
		case "long", "datetime", "timespan":
			return v
		case "int":
			return int64(int32(v))
		case "real":
			return float64(v)
		case "bool":
			return v != 0
		case "decimal":
			return strconv.FormatInt(v, 10)
		}
	case float64:
		switch to {
		case "long", "datetime", "timespan":
			return truncate(v)
		case "int":
			return max(min(truncate(v), math.MaxInt32), math.MinInt32)
		case "real":
			return v
		case "bool":
			return v != 0
		case "decimal":
			return decimalOfText(strconv.FormatFloat(v, 'f', -1, 64))
		}
	}
	return nil
}

// truncate cuts towards zero and saturates at the ends of long; NaN is 0.
func truncate(f float64) int64 {
	switch {
	case math.IsNaN(f):
		return 0
	case f >= math.MaxInt64:
		return math.MaxInt64
	case f <= math.MinInt64:
		return math.MinInt64
	}
	return int64(f)
}

func longOfText(s string) any {
	s = strings.TrimSpace(s)
	if h, ok := hexDigits(s); ok {
		n, err := strconv.ParseUint(h, 16, 64)
		if err != nil {
			return nil
		}
		return int64(n)
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return nil
	}
	return n
}

func intOfText(s string) any {
	s = strings.TrimSpace(s)
	if h, ok := hexDigits(s); ok {
		n, err := strconv.ParseUint(h, 16, 32)
		if err != nil {
			return nil
		}
		return int64(int32(uint32(n)))
	}
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil {
		return nil
	}
	return n
}

func hexDigits(s string) (string, bool) {
	if len(s) > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X') {
		return s[2:], true
	}
	return "", false
}

func realOfText(s string) any {
	s = strings.TrimSpace(s)
	if s == "" || strings.ContainsAny(s, "xX_pP") {
		return nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(f, 0) {
		return nil
	}
	return f
}

func boolOfText(s string) any {
	switch {
	case strings.EqualFold(s, "true"):
		return true
	case strings.EqualFold(s, "false"):
		return false
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n != 0
	}
	return nil
}

func guidOfText(s string) any {
	s = strings.ToLower(strings.Trim(strings.TrimSpace(s), "{}()"))
	var hex []byte
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'f':
			hex = append(hex, c)
		case c == '-':
		default:
			return nil
		}
	}
	if len(hex) != 32 {
		return nil
	}
	h := string(hex)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// decimalPlaces is the scale of DECIMAL(38,17), the type decimals are kept in.
const decimalPlaces = 17

func decimalOfText(s string) any {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > 100 || strings.ContainsAny(s, "/_xXpP") {
		return nil
	}
	if e := strings.IndexAny(s, "eE"); e >= 0 {
		if n, err := strconv.Atoi(s[e+1:]); err != nil || n > 60 || n < -60 {
			return nil
		}
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return nil
	}
	return fitDecimal(r)
}

// fitDecimal prints r with the places a decimal has; null when it is too large.
func fitDecimal(r *big.Rat) any {
	s := r.FloatString(decimalPlaces)
	if len(strings.TrimLeft(strings.Replace(s, ".", "", 1), "-0")) > 38 {
		return nil
	}
	return s
}

func decimalArithmetic(a []any) any {
	x, ok := new(big.Rat).SetString(str(a[1]))
	y, ok2 := new(big.Rat).SetString(str(a[2]))
	if !ok || !ok2 {
		return nil
	}
	switch str(a[0]) {
	case "*":
		return fitDecimal(x.Mul(x, y))
	case "/":
		if y.Sign() == 0 {
			return nil
		}
		return fitDecimal(x.Quo(x, y))
	case "%":
		if y.Sign() == 0 {
			return nil
		}
		q := new(big.Rat).Quo(x, y)
		whole := new(big.Int).Quo(q.Num(), q.Denom())
		x.Sub(x, q.Mul(y, new(big.Rat).SetInt(whole)))
		if x.Sign() < 0 {
			x.Add(x, y.Abs(y))
		}
		return fitDecimal(x)
	}
	return nil
}

func trimDecimal(s string) string {
	if strings.Contains(s, ".") {
		s = strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// RealText prints a real as tostring does: shortest form that reads back, ".0"
// on whole numbers, an exponent from 1E+15 and below 1E-05.
func RealText(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	if a := math.Abs(f); a != 0 && (a < 1e-5 || a >= 1e15) {
		s := strings.ToUpper(strconv.FormatFloat(f, 'e', -1, 64))
		return s
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}
