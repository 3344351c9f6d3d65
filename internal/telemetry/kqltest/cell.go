package kqltest

import (
	"encoding/json"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
)

// printed is a number as it was printed: its value and how many places it showed.
type printed struct {
	text   string
	whole  *big.Int // set for integers
	value  float64
	places int
}

var infinities = map[string]float64{
	"∞": math.Inf(1), "inf": math.Inf(1), "+inf": math.Inf(1), "infinity": math.Inf(1), "+∞": math.Inf(1),
	"-∞": math.Inf(-1), "-inf": math.Inf(-1), "-infinity": math.Inf(-1), "nan": math.NaN(),
}
var thousands = regexp.MustCompile(`^-?\d{1,3}(,\d{3})+(\.\d+)?$`)
var numeral = regexp.MustCompile(`^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$`)

func number(s string) (printed, bool) {
	t := strings.TrimSpace(s)
	if f, ok := infinities[strings.ToLower(t)]; ok {
		return printed{text: t, value: f}, true
	}
	if thousands.MatchString(t) {
		t = strings.ReplaceAll(t, ",", "")
	}
	if !numeral.MatchString(t) {
		return printed{}, false
	}
	p := printed{text: t}
	if n, ok := new(big.Int).SetString(strings.TrimPrefix(t, "+"), 10); ok {
		p.whole = n
	}
	p.value, _ = strconv.ParseFloat(t, 64)
	mantissa, exp, _ := strings.Cut(strings.ToLower(t), "e")
	if _, frac, ok := strings.Cut(mantissa, "."); ok {
		p.places = len(frac)
	}
	if n, err := strconv.Atoi(exp); err == nil {
		p.places -= n
	}
	return p, true
}

// numEqual allows half a unit of the last printed place, never less than 1e-9
// relative; integers are exact.
func numEqual(e, a printed) bool {
	switch {
	case math.IsNaN(e.value) || math.IsNaN(a.value):
		return math.IsNaN(e.value) && math.IsNaN(a.value)
	case math.IsInf(e.value, 0) || math.IsInf(a.value, 0):
		return e.value == a.value
	case e.whole != nil && a.whole != nil:
		return e.whole.Cmp(a.whole) == 0
	}
	tol := max(1e-12, 1e-9*max(math.Abs(e.value), math.Abs(a.value)))
	if e.places > 0 {
		tol = max(tol, 0.5000001*math.Pow(10, -float64(e.places)))
	}
	return math.Abs(e.value-a.value) <= tol
}

func actualNumber(v any) (printed, bool) {
	switch v := v.(type) {
	case json.Number:
		return number(v.String())
	case string:
		return number(v)
	case bool:
		if v {
			return number("1")
		}
		return number("0")
	}
	return printed{}, false
}

var dateText = regexp.MustCompile(`^(\d{4})-(\d\d?)-(\d\d?)(?:[T ](\d\d?):(\d\d)(?::(\d\d)(?:\.(\d+))?)?)?\s*(?:Z|\+00:00)?$`)
var spanText = regexp.MustCompile(`^(-)?(?:(\d+)[.:])?(\d+):(\d\d):(\d\d)(?:\.(\d+))?$`)

func atoi(s string) int64 { n, _ := strconv.ParseInt(s, 10, 64); return n }

func sevenths(s string) int64 { return atoi((s + "0000000")[:7]) }

func dateTicks(s string) (int64, bool) {
	m := dateText.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return 0, false
	}
	t := time.Date(int(atoi(m[1])), time.Month(atoi(m[2])), int(atoi(m[3])), int(atoi(m[4])), int(atoi(m[5])), int(atoi(m[6])), 0, time.UTC)
	return t.Unix()*10_000_000 + sevenths(m[7]), true
}

func spanTicks(s string) (int64, bool) {
	m := spanText.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return 0, false
	}
	n := ((atoi(m[2])*24+atoi(m[3]))*3600+atoi(m[4])*60+atoi(m[5]))*10_000_000 + sevenths(m[6])
	if m[1] != "" {
		n = -n
	}
	return n, true
}

func near(x, y int64) bool { return x-y < 10 && y-x < 10 }

func normal(s string) string {
	return strings.Join(strings.Fields(norm.NFC.String(strings.ReplaceAll(s, "\u00a0", " "))), " ")
}

var nulls = map[string]bool{"": true, "null": true, "(null)": true, "NULL": true}

// cellEqual compares a documented cell with an actual one (COMPARE.md §3).
func cellEqual(want *string, got any, typ string, opt options) bool {
	if want == nil {
		return got == nil
	}
	e := *want
	if got == nil {
		return !opt.strict && nulls[strings.TrimSpace(e)]
	}
	if !opt.strict && nulls[strings.TrimSpace(e)] {
		s, isText := got.(string)
		return isText && nulls[strings.TrimSpace(s)]
	}
	_, isBool := got.(bool)
	switch {
	case typ == "bool" || isBool:
		return boolEqual(e, got)
	case typ == "int" || typ == "long" || typ == "real" || typ == "decimal":
		p, ok := number(e)
		q, ok2 := actualNumber(got)
		return ok && ok2 && numEqual(p, q)
	case typ == "datetime":
		x, ok := dateTicks(e)
		y, ok2 := dateTicks(plainText(got))
		return ok && ok2 && near(x, y)
	case typ == "timespan":
		x, ok := spanTicks(e)
		y, ok2 := spanTicks(plainText(got))
		return ok && ok2 && near(x, y)
	case typ == "guid":
		return strings.EqualFold(strings.TrimSpace(e), plainText(got))
	case typ == "dynamic":
		return dynamicEqual(e, got, opt)
	}
	return textEqual(e, got, opt)
}

func boolEqual(e string, got any) bool {
	t := strings.ToLower(strings.TrimSpace(e))
	b, ok := got.(bool)
	if !ok {
		g := strings.ToLower(strings.TrimSpace(plainText(got)))
		b = g == "true" || g == "1"
		if !b && g != "false" && g != "0" {
			return false
		}
	}
	return b && (t == "true" || t == "1") || !b && (t == "false" || t == "0")
}

func dynamicEqual(e string, got any, opt options) bool {
	ok, ev := lenientJSON(e)
	if s, isText := got.(string); isText {
		if normal(e) == normal(s) {
			return true
		}
		if aok, av := lenientJSON(s); ok && aok && jsonEqual(ev, av, opt) {
			return true
		}
		t, isString := ev.(string)
		return ok && isString && normal(t) == normal(s)
	}
	return ok && jsonEqual(ev, got, opt)
}

func textEqual(e string, got any, opt options) bool {
	s := plainText(got)
	if opt.strict {
		if e == s || norm.NFC.String(e) == norm.NFC.String(s) {
			return true
		}
	} else if normal(e) == normal(s) {
		return true
	}
	if bracketed(e) && bracketed(s) {
		o1, v1 := lenientJSON(e)
		o2, v2 := lenientJSON(s)
		return o1 && o2 && jsonEqual(v1, v2, opt)
	}
	return false
}

func bracketed(s string) bool {
	s = strings.TrimSpace(s)
	return strings.HasPrefix(s, "[") || strings.HasPrefix(s, "{")
}

// jsonEqual compares values of lenientJSON (numbers as printed) or of
// encoding/json (numbers as json.Number) with actual ones.
func jsonEqual(e, a any, opt options) bool {
	if p, ok := a.(printed); ok {
		a = json.Number(p.text)
		if math.IsNaN(p.value) || math.IsInf(p.value, 0) {
			a = p.text
		}
	}
	switch e := e.(type) {
	case printed:
		switch a := a.(type) {
		case json.Number:
			q, ok := number(a.String())
			return ok && numEqual(e, q)
		case string:
			q, ok := number(a)
			return a == e.text || opt.lenient && ok && numEqual(e, q) || ok && (math.IsNaN(e.value) || math.IsInf(e.value, 0)) && numEqual(e, q)
		}
		return false
	case bool:
		b, ok := a.(bool)
		return ok && b == e
	case nil:
		return a == nil
	case string:
		if n, ok := a.(json.Number); ok {
			p, isNum := number(e)
			q, _ := number(n.String())
			return opt.lenient && isNum && numEqual(p, q)
		}
		s, ok := a.(string)
		if !ok {
			return false
		}
		if normal(e) == normal(s) {
			return true
		}
		if x, ok := dateTicks(e); ok {
			y, ok := dateTicks(s)
			return ok && near(x, y)
		}
		x, ok := spanTicks(e)
		y, ok2 := spanTicks(s)
		return ok && ok2 && near(x, y)
	case map[string]any:
		m, ok := a.(map[string]any)
		if !ok || len(m) != len(e) {
			return false
		}
		for k, v := range e {
			w, has := m[k]
			if !has || !jsonEqual(v, w, opt) {
				return false
			}
		}
		return true
	case []any:
		return arrayEqual(e, a, opt)
	}
	return false
}

func arrayEqual(e []any, a any, opt options) bool {
	list, ok := a.([]any)
	if !ok || len(list) != len(e) {
		return false
	}
	same := true
	for i := range e {
		same = same && jsonEqual(e[i], list[i], opt)
	}
	if same || !opt.unordered {
		return same
	}
	used := make([]bool, len(list))
next:
	for _, x := range e {
		for i, y := range list {
			if !used[i] && jsonEqual(x, y, opt) {
				used[i] = true
				continue next
			}
		}
		return false
	}
	return true
}
