package native

import (
	"math"
	"strings"
)

func arrayFunctions() []Function {
	list := func(name string, fn func(list []any, a []any) any, rest ...Kind) Function {
		return Function{Name: name, Args: append([]Kind{Text}, rest...), Result: Text, Fn: func(a []any) any {
			l, ok := dynamicOf(a[0]).([]any)
			if !ok {
				return nil
			}
			return fn(l, a)
		}}
	}
	return []Function{
		list("kql_array_slice", arraySlice, Long, Long),
		list("kql_array_split", arraySplit, Text),
		list("kql_array_sort", arraySort, Bool, Bool),
		list("kql_array_rotate", arrayRotate, Long),
		list("kql_array_shift", arrayShift, Long, Text),
		list("kql_array_reverse", func(l, _ []any) any {
			out := make([]any, len(l))
			for i, v := range l {
				out[len(l)-1-i] = v
			}
			return printJSON(out)
		}),
		{Name: "kql_array_sort_by", Args: []Kind{Bool}, Variadic: Text, Result: Text, Fn: arraySortBy},
		{Name: "kql_array_concat", Variadic: Text, Result: Text, Fn: arrayConcat},
		{Name: "kql_array_iff", Args: []Kind{Text, Text, Text}, Result: Text, Fn: arrayIff},
		{Name: "kql_array_index_of", Args: []Kind{Text, Text, Long, Long, Long}, Result: Long, Fn: arrayIndexOf},
		{Name: "kql_array_sum", Args: []Kind{Text}, Result: Real, Fn: arraySum},
		{Name: "kql_set_union", Variadic: Text, Result: Text, Fn: setUnion},
		{Name: "kql_set_intersect", Variadic: Text, Result: Text, Fn: func(a []any) any { return setFilter(a, true) }},
		{Name: "kql_set_difference", Variadic: Text, Result: Text, Fn: func(a []any) any { return setFilter(a, false) }},
		{Name: "kql_set_has_element", Args: []Kind{Text, Text}, Result: Bool, Fn: setHasElement},
		{Name: "kql_strcat_array", Args: []Kind{Text, Text}, Result: Text, Fn: strcatArray},
		{Name: "kql_zip", Variadic: Text, Result: Text, Fn: zipColumns},
		{Name: "kql_range", Args: []Kind{Text, Text, Text}, Result: Text, Fn: rangeArray},
		{Name: "kql_range_ticks", Args: []Kind{Long, Long, Long, Bool}, Result: Text, Fn: rangeTicks},
		{Name: "kql_repeat_value", Args: []Kind{Text, Long}, Result: Text, Fn: repeatValue},
		{Name: "kql_jaccard", Args: []Kind{Text, Text}, Result: Real, Fn: jaccard},
		{Name: "kql_flatten", Args: []Kind{Text}, Result: Text, Fn: flatten},
		{Name: "kql_set_of", Args: []Kind{Text, Long}, Result: Text, Fn: setOf},
	}
}

// maxArray is Kusto's limit of elements that range() and make_list deliver.
const maxArray = 1_048_576

func arraySlice(l, a []any) any {
	from, ok := a[1].(int64)
	to, ok2 := a[2].(int64)
	if !ok || !ok2 {
		return nil
	}
	n := int64(len(l))
	if from < 0 {
		from = max(0, n+from)
	}
	if to < 0 {
		to += n
	}
	to = min(to+1, n)
	if from >= to {
		return "[]"
	}
	return printJSON(l[from:to])
}

func arraySplit(l, a []any) any {
	var at []int64
	switch v := dynamicOf(a[1]).(type) {
	case int64:
		at = []int64{v}
	case []any:
		for _, e := range v {
			n, ok := e.(int64)
			if !ok {
				return nil
			}
			at = append(at, n)
		}
	default:
		return nil
	}
	out := []any{}
	last := int64(0)
	for _, i := range at {
		if i < 0 {
			i += int64(len(l))
		}
		i = min(max(i, last), int64(len(l)))
		out = append(out, append([]any{}, l[last:i]...))
		last = i
	}
	return printJSON(append(out, append([]any{}, l[last:]...)))
}

func arraySort(l, a []any) any {
	desc, _ := a[1].(bool)
	nullsLast, ok := a[2].(bool)
	l = append([]any{}, l...)
	sortValues(l, desc)
	if ok && !nullsLast {
		n := 0
		for n < len(l) && l[len(l)-1-n] == nil {
			n++
		}
		l = append(append([]any{}, l[len(l)-n:]...), l[:len(l)-n]...)
	}
	return printJSON(l)
}

// arraySortBy sorts the first array and rearranges the others alike; the result
// is an array of the arrays. Arrays of another length become null.
func arraySortBy(a []any) any {
	desc, _ := a[0].(bool)
	first, ok := dynamicOf(a[1]).([]any)
	if !ok {
		return nil
	}
	index := make([]int, len(first))
	for i := range index {
		index[i] = i
	}
	stableIndex(index, func(i, j int) bool {
		x, y := first[i], first[j]
		if x == nil || y == nil {
			return x != nil && y == nil
		}
		return before(x, y, desc)
	})
	out := []any{}
	for _, v := range a[1:] {
		l, ok := dynamicOf(v).([]any)
		if !ok || len(l) != len(first) {
			out = append(out, nil)
			continue
		}
		sorted := make([]any, len(l))
		for i, j := range index {
			sorted[i] = l[j]
		}
		out = append(out, sorted)
	}
	return printJSON(out)
}

// stableIndex is an insertion sort for short slices and a merge for long ones.
func stableIndex(index []int, less func(i, j int) bool) {
	if len(index) < 2 {
		return
	}
	mid := len(index) / 2
	left := append([]int{}, index[:mid]...)
	right := append([]int{}, index[mid:]...)
	stableIndex(left, less)
	stableIndex(right, less)
	for k := range index {
		if len(right) == 0 || len(left) > 0 && !less(right[0], left[0]) {
			index[k], left = left[0], left[1:]
		} else {
			index[k], right = right[0], right[1:]
		}
	}
}

func arrayRotate(l, a []any) any {
	n, ok := a[1].(int64)
	if !ok {
		return nil
	}
	size := int64(len(l))
	if size == 0 {
		return "[]"
	}
	n = (n%size + size) % size
	return printJSON(append(append([]any{}, l[n:]...), l[:n]...))
}

func arrayShift(l, a []any) any {
	n, ok := a[1].(int64)
	if !ok {
		return nil
	}
	fill := dynamicOf(a[2])
	out := make([]any, len(l))
	for i := range out {
		out[i] = fill
		if j := int64(i) + n; j >= 0 && j < int64(len(l)) {
			out[i] = l[j]
		}
	}
	return printJSON(out)
}

func arrayConcat(a []any) any {
	out := []any{}
	for _, v := range a {
		switch v := dynamicOf(v).(type) {
		case []any:
			out = append(out, v...)
		case nil:
		default:
			out = append(out, v)
		}
	}
	return printJSON(out)
}

func arrayIff(a []any) any {
	cond, ok := dynamicOf(a[0]).([]any)
	if !ok {
		return nil
	}
	pick := func(v any, i int) any {
		if l, ok := v.([]any); ok {
			if i < len(l) {
				return l[i]
			}
			return nil
		}
		return v
	}
	yes, no := dynamicOf(a[1]), dynamicOf(a[2])
	out := make([]any, len(cond))
	for i, c := range cond {
		switch c := c.(type) {
		case bool:
			if c {
				out[i] = pick(yes, i)
			} else {
				out[i] = pick(no, i)
			}
		case int64:
			if c != 0 {
				out[i] = pick(yes, i)
			} else {
				out[i] = pick(no, i)
			}
		}
	}
	return printJSON(out)
}

func arrayIndexOf(a []any) any {
	l, ok := dynamicOf(a[0]).([]any)
	if !ok {
		return nil
	}
	want := dynamicOf(a[1])
	start, _ := a[2].(int64)
	if start < 0 {
		start = max(0, start+int64(len(l)))
	}
	end := int64(len(l))
	if n, ok := a[3].(int64); ok && n >= 0 {
		end = min(end, start+n)
	}
	nth, ok := a[4].(int64)
	if !ok {
		nth = 1
	}
	for i := start; i < end; i++ {
		if equal(l[i], want) {
			if nth--; nth == 0 {
				return i
			}
		}
	}
	return int64(-1)
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}

func arraySum(a []any) any {
	l, ok := dynamicOf(a[0]).([]any)
	if !ok {
		return nil
	}
	sum, any := 0.0, false
	for _, v := range l {
		if f, ok := number(v); ok {
			sum, any = sum+f, true
		} else if v != nil {
			return nil
		}
	}
	if !any {
		return nil
	}
	return sum
}

// valueSet finds values by their text; 1 and 1.0 are one value.
type valueSet map[string]bool

func (s valueSet) key(v any) string {
	if f, ok := v.(float64); ok && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return printJSON(int64(f))
	}
	return printJSON(v)
}

func (s valueSet) add(v any) bool {
	k := s.key(v)
	if s[k] {
		return false
	}
	s[k] = true
	return true
}

func setUnion(a []any) any {
	seen, out := valueSet{}, []any{}
	for _, v := range a {
		l, ok := dynamicOf(v).([]any)
		if !ok {
			if dynamicOf(v) == nil {
				continue
			}
			l = []any{dynamicOf(v)}
		}
		for _, e := range l {
			if seen.add(e) {
				out = append(out, e)
			}
		}
	}
	return printJSON(out)
}

// setFilter keeps the distinct values of the first array that all the others
// have (intersect) or none of them has (difference).
func setFilter(a []any, intersect bool) any {
	first, ok := dynamicOf(a[0]).([]any)
	if !ok {
		return nil
	}
	var others []valueSet
	for _, v := range a[1:] {
		s := valueSet{}
		l, ok := dynamicOf(v).([]any)
		if !ok && dynamicOf(v) != nil {
			l = []any{dynamicOf(v)}
		}
		for _, e := range l {
			s.add(e)
		}
		others = append(others, s)
	}
	seen, out := valueSet{}, []any{}
	for _, v := range first {
		keep := true
		for _, s := range others {
			if s[s.key(v)] != intersect {
				keep = false
			}
		}
		if keep && seen.add(v) {
			out = append(out, v)
		}
	}
	return printJSON(out)
}

func setHasElement(a []any) any {
	l, ok := dynamicOf(a[0]).([]any)
	if !ok {
		return nil
	}
	want := dynamicOf(a[1])
	for _, v := range l {
		if equal(v, want) {
			return true
		}
	}
	return false
}

func strcatArray(a []any) any {
	l, ok := dynamicOf(a[0]).([]any)
	if !ok {
		return scalarText(dynamicOf(a[0]))
	}
	parts := make([]string, len(l))
	for i, v := range l {
		parts[i] = scalarText(v)
	}
	return strings.Join(parts, str(a[1]))
}

func rangeArray(a []any) any {
	from, to, step := dynamicOf(a[0]), dynamicOf(a[1]), dynamicOf(a[2])
	if f, ok := from.(int64); ok {
		t, ok1 := to.(int64)
		s, ok2 := step.(int64)
		if ok1 && ok2 {
			if s == 0 {
				return nil
			}
			out := []any{}
			for v := f; (s > 0 && v <= t || s < 0 && v >= t) && len(out) < maxArray; v += s {
				out = append(out, v)
			}
			return printJSON(out)
		}
	}
	f, ok0 := number(from)
	t, ok1 := number(to)
	s, ok2 := number(step)
	if !ok0 || !ok1 || !ok2 || s == 0 {
		return nil
	}
	out := []any{}
	for i := 0; i < maxArray; i++ {
		v := f + float64(i)*s
		if s > 0 && v > t || s < 0 && v < t {
			break
		}
		out = append(out, v)
	}
	return printJSON(out)
}

// rangeTicks is range() over datetimes (last argument true) or timespans.
func rangeTicks(a []any) any {
	from, ok := a[0].(int64)
	to, ok2 := a[1].(int64)
	step, ok3 := a[2].(int64)
	if !ok || !ok2 || !ok3 || step == 0 {
		return nil
	}
	text := TimeSpanText
	if a[3] == true {
		text = DateTimeText
	}
	out := []any{}
	for v := from; (step > 0 && v <= to || step < 0 && v >= to) && len(out) < maxArray; v += step {
		out = append(out, text(v))
	}
	return printJSON(out)
}

func repeatValue(a []any) any {
	n, ok := a[1].(int64)
	if !ok || n < 0 {
		return nil
	}
	out := make([]any, min(n, maxArray))
	v := dynamicOf(a[0])
	for i := range out {
		out[i] = v
	}
	return printJSON(out)
}

func jaccard(a []any) any {
	x, ok := dynamicOf(a[0]).([]any)
	y, ok2 := dynamicOf(a[1]).([]any)
	if !ok || !ok2 {
		return nil
	}
	s, t, both := valueSet{}, valueSet{}, 0
	for _, v := range x {
		s.add(v)
	}
	for _, v := range y {
		if t.add(v) && s[s.key(v)] {
			both++
		}
	}
	if len(s)+len(t) == 0 {
		return nil
	}
	return float64(both) / float64(len(s)+len(t)-both)
}

// flatten replaces the elements that are arrays by their elements: make_list
// of arrays concatenates them.
func flatten(a []any) any {
	l, ok := dynamicOf(a[0]).([]any)
	if !ok {
		return a[0]
	}
	out := []any{}
	for _, v := range l {
		if in, ok := v.([]any); ok {
			out = append(out, in...)
		} else {
			out = append(out, v)
		}
	}
	return printJSON(out)
}

// setOf keeps the first of equal elements, at most so many; arrays count by
// their elements.
func setOf(a []any) any {
	l, ok := dynamicOf(flatten(a)).([]any)
	if !ok {
		return a[0]
	}
	most, ok := a[1].(int64)
	if !ok {
		most = maxArray
	}
	seen, out := valueSet{}, []any{}
	for _, v := range l {
		if int64(len(out)) >= most {
			break
		}
		if v != nil && seen.add(v) {
			out = append(out, v)
		}
	}
	return printJSON(out)
}
