package native

import (
	"math"
	"sort"
)

// aggregateFunctions finish an aggregate from the list of its values, which the
// engine collects as a JSON array.
func aggregateFunctions() []Function {
	return []Function{
		{Name: "kql_percentiles", Args: []Kind{Text, Text}, Result: Text, Fn: percentilesOf},
		{Name: "kql_percentile_weighted", Args: []Kind{Text, Text}, Result: Text, Fn: weightedPercentiles},
		{Name: "kql_hll_merge", Variadic: Text, Result: Text, Fn: hllMerge},
		{Name: "kql_hll_merge_list", Args: []Kind{Text}, Result: Text, Fn: hllMergeList},
		{Name: "kql_hll_count", Args: []Kind{Text}, Result: Long, Fn: func(a []any) any {
			l, ok := dynamicOf(a[0]).([]any)
			if !ok {
				return nil
			}
			return int64(len(l))
		}},
		{Name: "kql_hll_intersect", Variadic: Text, Result: Text, Fn: hllIntersect},
		{Name: "kql_tdigest_merge", Variadic: Text, Result: Text, Fn: tdigestMerge},
		{Name: "kql_tdigest_merge_list", Args: []Kind{Text}, Result: Text, Fn: tdigestMergeList},
		{Name: "kql_tdigest_percentile", Args: []Kind{Text, Text}, Result: Text, Fn: percentilesOf},
		{Name: "kql_tdigest_rank", Args: []Kind{Text, Text}, Result: Real, Fn: tdigestRank},
	}
}

// percentilesOf are nearest-rank percentiles of an array: for each p the value
// at rank ceil(p/100·n), at least 1. Null elements are left out.
func percentilesOf(a []any) any {
	l, ok := dynamicOf(a[0]).([]any)
	ps, ok2 := dynamicOf(a[1]).([]any)
	if !ok || !ok2 {
		return nil
	}
	l = withoutNulls(l)
	sortValues(l, false)
	out := make([]any, len(ps))
	for i, p := range ps {
		f, ok := number(p)
		if !ok || len(l) == 0 {
			continue
		}
		out[i] = l[rankOf(f, float64(len(l)))]
	}
	return printJSON(out)
}

func withoutNulls(l []any) []any {
	out := make([]any, 0, len(l))
	for _, v := range l {
		if f, isReal := v.(float64); v != nil && !(isReal && math.IsNaN(f)) {
			out = append(out, v)
		}
	}
	return out
}

// rankOf is the index of the nearest rank.
func rankOf(p, n float64) int {
	r := int(math.Ceil(p / 100 * n))
	return min(max(r, 1), int(n)) - 1
}

// weightedPercentiles takes [[value, weight], …]; the value where the running
// weight first reaches p per cent of the whole.
func weightedPercentiles(a []any) any {
	l, ok := dynamicOf(a[0]).([]any)
	ps, ok2 := dynamicOf(a[1]).([]any)
	if !ok || !ok2 {
		return nil
	}
	type item struct {
		v any
		w float64
	}
	var items []item
	total := 0.0
	for _, e := range l {
		pair, ok := e.([]any)
		if !ok || len(pair) != 2 || pair[0] == nil {
			continue
		}
		if w, ok := number(pair[1]); ok && w > 0 {
			items = append(items, item{pair[0], w})
			total += w
		}
	}
	sort.SliceStable(items, func(i, j int) bool { return compare(items[i].v, items[j].v) < 0 })
	out := make([]any, len(ps))
	for i, p := range ps {
		f, ok := number(p)
		if !ok {
			continue
		}
		run := 0.0
		for _, it := range items {
			run += it.w
			out[i] = it.v
			if run >= f/100*total {
				break
			}
		}
	}
	return printJSON(out)
}

// An hll state is the sorted array of distinct hashes: exact, and mergeable.
func hllMerge(a []any) any {
	seen, out := map[int64]bool{}, []int64{}
	for _, v := range a {
		l, _ := dynamicOf(v).([]any)
		for _, e := range l {
			if n, ok := e.(int64); ok && !seen[n] {
				seen[n] = true
				out = append(out, n)
			}
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i] < out[j] })
	list := make([]any, len(out))
	for i, n := range out {
		list[i] = n
	}
	return printJSON(list)
}

func spread(arg any) []any {
	l, _ := dynamicOf(arg).([]any)
	out := make([]any, len(l))
	for i, v := range l {
		out[i] = printJSON(v)
	}
	return out
}

func hllMergeList(a []any) any { return hllMerge(spread(a[0])) }

// hllIntersect counts, for each prefix of the states, the hashes in all of them.
func hllIntersect(a []any) any {
	var have map[int64]bool
	out := []any{}
	for _, v := range a {
		l, _ := dynamicOf(v).([]any)
		next := map[int64]bool{}
		for _, e := range l {
			if n, ok := e.(int64); ok && (have == nil || have[n]) {
				next[n] = true
			}
		}
		have = next
		out = append(out, int64(len(have)))
	}
	return printJSON(out)
}

// A t-digest state is the sorted array of all values: exact, and mergeable.
func tdigestMerge(a []any) any {
	out := []any{}
	for _, v := range a {
		l, _ := dynamicOf(v).([]any)
		out = append(out, withoutNulls(l)...)
	}
	sortValues(out, false)
	return printJSON(out)
}

func tdigestMergeList(a []any) any { return tdigestMerge(spread(a[0])) }

// tdigestRank counts the values not above the given one.
func tdigestRank(a []any) any {
	l, ok := dynamicOf(a[0]).([]any)
	v := dynamicOf(a[1])
	if !ok || v == nil {
		return nil
	}
	n := 0.0
	for _, e := range l {
		if compare(e, v) <= 0 {
			n++
		}
	}
	return n
}
