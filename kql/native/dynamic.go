package native

import (
	"sort"
	"strconv"
	"strings"
)

func dynamicFunctions() []Function {
	return []Function{
		{Name: "kql_parse_json", Args: []Kind{Text}, Result: Text, Fn: parseJSONText},
		{Name: "kql_index", Args: []Kind{Text, Text}, Result: Text, Fn: indexByKey},
		{Name: "kql_element", Args: []Kind{Text, Long}, Result: Text, Fn: elementAt},
		{Name: "kql_gettype", Args: []Kind{Text}, Result: Text, Fn: getType},
		{Name: "kql_dynamic_compare", Args: []Kind{Text, Text}, Result: Long, Fn: compareDynamic},
		{Name: "kql_extract_json", Args: []Kind{Text, Text}, Result: Text, Fn: extractJSON},
		{Name: "kql_expand", Args: []Kind{Text, Bool}, Result: Text, Fn: expandItems},
		{Name: "kql_zip_columns", Variadic: Text, Result: Text, Fn: zipColumns},
		{Name: "kql_treepath", Args: []Kind{Text}, Result: Text, Fn: treePath},
	}
}

func parseJSONText(a []any) any {
	s, ok := a[0].(string)
	if !ok || s == "" {
		return nil
	}
	v, ok := parseJSON(s)
	if !ok {
		v = s
	}
	if v == nil {
		return nil
	}
	return printJSON(v)
}

// printNull prints a dynamic value, null as SQL NULL.
func printNull(v any) any {
	if v == nil {
		return nil
	}
	return printJSON(v)
}

func indexByKey(a []any) any {
	if b, ok := dynamicOf(a[0]).(*bag); ok {
		return printNull(b.vals[str(a[1])])
	}
	return nil
}

func elementAt(a []any) any {
	list, ok := dynamicOf(a[0]).([]any)
	i, ok2 := a[1].(int64)
	if !ok || !ok2 {
		return nil
	}
	if i < 0 {
		i += int64(len(list))
	}
	if i < 0 || i >= int64(len(list)) {
		return nil
	}
	return printNull(list[i])
}

func getType(a []any) any {
	if a[0] == nil {
		return "null"
	}
	switch v := dynamicOf(a[0]).(type) {
	case bool:
		return "bool"
	case int64:
		return "long"
	case float64:
		return "double"
	case string:
		if _, ok := parseISO(v); ok && len(v) >= 20 {
			return "datetime"
		}
		return "string"
	case []any:
		return "array"
	case *bag:
		return "dictionary"
	}
	return "null"
}

// rank orders values of different kinds: numbers before texts before the rest.
func rank(v any) int {
	switch v.(type) {
	case int64, float64:
		return 0
	case bool:
		return 1
	case string:
		return 2
	case nil:
		return 4
	}
	return 3
}

func compare(a, b any) int {
	ra, rb := rank(a), rank(b)
	if ra != rb {
		return ra - rb
	}
	switch x := a.(type) {
	case int64:
		if y, ok := b.(int64); ok {
			switch {
			case x < y:
				return -1
			case x > y:
				return 1
			}
			return 0
		}
		return compareReal(float64(x), b.(float64))
	case float64:
		if y, ok := b.(int64); ok {
			return compareReal(x, float64(y))
		}
		return compareReal(x, b.(float64))
	case string:
		return strings.Compare(x, b.(string))
	case bool:
		y := b.(bool)
		switch {
		case x == y:
			return 0
		case y:
			return -1
		}
		return 1
	}
	return strings.Compare(printJSON(a), printJSON(b))
}

func compareReal(x, y float64) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

func compareDynamic(a []any) any {
	if a[0] == nil || a[1] == nil {
		return nil
	}
	x, y := dynamicOf(a[0]), dynamicOf(a[1])
	if equal(x, y) {
		return int64(0)
	}
	if c := compare(x, y); c != 0 {
		return int64(c)
	}
	return int64(1)
}

// extractJSON follows a path such as $.a.b[0]['c']; the result is JSON text.
func extractJSON(a []any) any {
	v := dynamicOf(a[1])
	if s, ok := v.(string); ok {
		v, _ = parseJSON(s)
	}
	path := strings.TrimPrefix(strings.TrimSpace(str(a[0])), "$")
	for path != "" {
		var key string
		switch {
		case path[0] == '.':
			end := strings.IndexAny(path[1:], ".[")
			if end < 0 {
				end = len(path) - 1
			}
			key, path = path[1:1+end], path[1+end:]
			if b, ok := v.(*bag); ok {
				v = b.vals[key]
			} else {
				return nil
			}
		case path[0] == '[':
			end := strings.IndexByte(path, ']')
			if end < 0 {
				return nil
			}
			key, path = path[1:end], path[end+1:]
			if n, err := strconv.Atoi(key); err == nil {
				list, ok := v.([]any)
				if !ok || n >= len(list) || n < -len(list) {
					return nil
				}
				if n < 0 {
					n += len(list)
				}
				v = list[n]
			} else if b, ok := v.(*bag); ok {
				v = b.vals[strings.Trim(key, `'"`)]
			} else {
				return nil
			}
		default:
			return nil
		}
	}
	return printNull(v)
}

// expandItems is the list mv-expand runs over: an array's elements; a bag's
// properties as one-property bags, or [key, value] pairs; any other value alone.
// Null gives one null; the empty array gives nothing.
func expandItems(a []any) any {
	pairs, _ := a[1].(bool)
	var list []any
	switch v := dynamicOf(a[0]).(type) {
	case []any:
		list = v
	case *bag:
		for _, k := range v.keys {
			if pairs {
				list = append(list, []any{k, v.vals[k]})
				continue
			}
			b := newBag()
			b.set(k, v.vals[k])
			list = append(list, b)
		}
	default: // null and scalars
		list = []any{v}
	}
	return printJSON(list)
}

// zipColumns turns several arrays into one array of rows, padded with null to
// the longest.
func zipColumns(a []any) any {
	lists := make([][]any, len(a))
	most := 0
	for i, v := range a {
		lists[i], _ = dynamicOf(v).([]any)
		most = max(most, len(lists[i]))
	}
	rows := make([]any, most)
	for r := range rows {
		row := make([]any, len(lists))
		for i, l := range lists {
			if r < len(l) {
				row[i] = l[r]
			}
		}
		rows[r] = row
	}
	return printJSON(rows)
}

func treePath(a []any) any {
	out := []any{}
	var walk func(prefix string, v any)
	walk = func(prefix string, v any) {
		switch v := v.(type) {
		case *bag:
			for _, k := range v.keys {
				p := prefix + "['" + k + "']"
				out = append(out, p)
				walk(p, v.vals[k])
			}
		case []any:
			if len(v) > 0 {
				p := prefix + "[0]"
				out = append(out, p)
				walk(p, v[0])
			}
		}
	}
	v := dynamicOf(a[0])
	if _, ok := v.(*bag); !ok {
		if _, ok := v.([]any); !ok {
			return nil
		}
	}
	walk("", v)
	return printJSON(out)
}

// sortValues sorts in place, nulls last whatever the direction.
func sortValues(list []any, desc bool) {
	sort.SliceStable(list, func(i, j int) bool {
		x, y := list[i], list[j]
		if x == nil || y == nil {
			return x != nil && y == nil
		}
		return before(x, y, desc)
	})
}

// before orders two values; kinds keep their order even descending.
func before(x, y any, desc bool) bool {
	if desc && rank(x) == rank(y) {
		return compare(y, x) < 0
	}
	return compare(x, y) < 0
}
