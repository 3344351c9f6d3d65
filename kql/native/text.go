package native

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

func stringFunctions() []Function {
	return []Function{
		{Name: "kql_split", Args: []Kind{Text, Text}, Result: Text, Fn: split},
		{Name: "kql_substring", Args: []Kind{Text, Long, Long}, Result: Text, Fn: substring},
		{Name: "kql_indexof", Args: []Kind{Text, Text, Long, Long, Long}, Result: Long, Fn: indexOf},
		{Name: "kql_countof", Args: []Kind{Text, Text}, Result: Long, Fn: countOf},
		{Name: "kql_reverse", Args: []Kind{Text}, Result: Text, Fn: reverse},
		{Name: "kql_translate", Args: []Kind{Text, Text, Text}, Result: Text, Fn: translate},
		{Name: "kql_replace_strings", Args: []Kind{Text, Text, Text}, Result: Text, Fn: replaceStrings},
		{Name: "kql_has_any_index", Args: []Kind{Text, Text}, Result: Long, Fn: hasAnyIndex},
		{Name: "kql_has", Args: []Kind{Text, Text, Long}, Result: Bool, Fn: hasTerm},
		{Name: "kql_has_list", Args: []Kind{Text, Text, Bool}, Result: Bool, Fn: newTermLists().has},
		{Name: "kql_repeat", Args: []Kind{Text, Long, Text}, Result: Text, Fn: repeatText},
		{Name: "kql_format_bytes", Args: []Kind{Real, Long, Text}, Result: Text, Fn: formatBytes},
		{Name: "kql_tohex", Args: []Kind{Long, Long}, Result: Text, Fn: toHex},
		{Name: "kql_codepoints", Args: []Kind{Text}, Result: Text, Fn: codepoints},
		{Name: "kql_from_codepoints", Variadic: Text, Result: Text, Fn: fromCodepoints},
		{Name: "kql_isascii", Args: []Kind{Text}, Result: Bool, Fn: isASCII},
	}
}

func str(v any) string { s, _ := v.(string); return s }

func strings2array(parts []string) string {
	b := []byte{'['}
	for i, p := range parts {
		if i > 0 {
			b = append(b, ',')
		}
		b = AppendString(b, p)
	}
	return string(append(b, ']'))
}

func split(a []any) any {
	s, delim := str(a[0]), str(a[1])
	if delim == "" {
		return strings2array([]string{s})
	}
	return strings2array(strings.Split(s, delim))
}

// substring counts code points; a negative start counts from the end, a
// negative length takes nothing.
func substring(a []any) any {
	start, ok := a[1].(int64)
	if !ok {
		return ""
	}
	length, ok := a[2].(int64)
	if !ok {
		length = math.MaxInt64
	}
	r := []rune(str(a[0]))
	n := int64(len(r))
	if start < 0 {
		start += n
	}
	if start < 0 || start >= n || length <= 0 {
		return ""
	}
	end := n
	if length < n-start {
		end = start + length
	}
	return string(r[start:end])
}

// searchRange cuts s to the window indexof searches; false when the start is
// outside.
func searchRange(s string, start, length any) (window string, first int, ok bool) {
	from, _ := start.(int64)
	n := int64(len(s))
	if from < 0 {
		from = max(0, n+from)
	}
	if from > n {
		return "", 0, false
	}
	end := n
	if l, ok := length.(int64); ok && l >= 0 && l < n-from {
		end = from + l
	}
	return s[from:end], int(from), true
}

func indexOf(a []any) any {
	s, sub := str(a[0]), str(a[1])
	if sub == "" {
		return nil
	}
	ascii := isASCII([]any{s}) == true
	if !ascii {
		return indexOfRunes([]rune(s), []rune(sub), a)
	}
	window, first, ok := searchRange(s, a[2], a[3])
	if !ok {
		return int64(-1)
	}
	nth, ok := a[4].(int64)
	if !ok {
		nth = 1
	}
	if nth < 1 {
		return nil
	}
	// Each further occurrence is sought in a window of the same length that
	// starts behind the last one.
	for {
		i := strings.Index(window, sub)
		if i < 0 {
			return int64(-1)
		}
		if nth--; nth == 0 {
			return int64(first + i)
		}
		if window, first, ok = searchRange(s, int64(first+i+1), a[3]); !ok {
			return int64(-1)
		}
	}
}

// indexOfRunes is indexof for text beyond ASCII: positions are code points.
func indexOfRunes(s, sub []rune, a []any) any {
	from, _ := a[2].(int64)
	n := int64(len(s))
	if from < 0 {
		from = max(0, n+from)
	}
	if from > n {
		return int64(-1)
	}
	end := n
	if l, ok := a[3].(int64); ok && l >= 0 && l < n-from {
		end = from + l
	}
	nth, ok := a[4].(int64)
	if !ok {
		nth = 1
	}
	for i := from; i+int64(len(sub)) <= end; i++ {
		if string(s[i:i+int64(len(sub))]) == string(sub) {
			if nth--; nth == 0 {
				return i
			}
		}
	}
	return int64(-1)
}

// countOf counts occurrences of a plain string, overlapping ones included.
func countOf(a []any) any {
	s, sub := str(a[0]), str(a[1])
	if sub == "" {
		return int64(0)
	}
	var n int64
	for {
		i := strings.Index(s, sub)
		if i < 0 {
			return n
		}
		n++
		s = s[i+1:]
	}
}

func reverse(a []any) any {
	r := []rune(str(a[0]))
	for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
		r[i], r[j] = r[j], r[i]
	}
	return string(r)
}

// translate maps each character of the first list to the one at its place in
// the second; a shorter second list repeats its last character.
func translate(a []any) any {
	from, to := []rune(str(a[0])), []rune(str(a[1]))
	return strings.Map(func(r rune) rune {
		for i, f := range from {
			if f == r {
				if len(to) == 0 {
					return -1
				}
				return to[min(i, len(to)-1)]
			}
		}
		return r
	}, str(a[2]))
}

func scalarText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case nil:
		return ""
	default:
		return printJSON(v)
	}
}

// replaceStrings replaces the lookups one after the other; what has been found
// is not looked at again, even where the replacement is no string and it stays.
func replaceStrings(a []any) any {
	find, ok := dynamicOf(a[1]).([]any)
	with, ok2 := dynamicOf(a[2]).([]any)
	if !ok || !ok2 || len(find) != len(with) {
		return ""
	}
	type piece struct {
		text string
		done bool
	}
	pieces := []piece{{text: str(a[0])}}
	for i := range find {
		f, w := scalarText(find[i]), scalarText(with[i])
		if _, isText := with[i].(string); !isText {
			w = f
		}
		if f == "" {
			continue
		}
		var next []piece
		for _, p := range pieces {
			if p.done {
				next = append(next, p)
				continue
			}
			for j, part := range strings.Split(p.text, f) {
				if j > 0 {
					next = append(next, piece{w, true})
				}
				next = append(next, piece{text: part})
			}
		}
		pieces = next
	}
	var b strings.Builder
	for _, p := range pieces {
		b.WriteString(p.text)
	}
	return b.String()
}

func hasAnyIndex(a []any) any {
	list, ok := dynamicOf(a[1]).([]any)
	if !ok {
		return nil
	}
	for i, v := range list {
		if HasTerm(str(a[0]), scalarText(v), false) {
			return int64(i)
		}
	}
	return int64(-1)
}

// hasTerm is has for operands that are not constant; the mode is 0 has,
// 1 has_cs, 2 hasprefix, 3 hasprefix_cs, 4 hassuffix, 5 hassuffix_cs.
func hasTerm(a []any) any {
	mode, _ := a[2].(int64)
	return termMatch(str(a[0]), str(a[1]), mode&1 == 1, mode/2 != 2, mode/2 != 1)
}

func repeatText(a []any) any {
	n, ok := a[1].(int64)
	s, sep := str(a[0]), str(a[2])
	if !ok || n <= 0 {
		return ""
	}
	n = min(n, 1024) // Kusto's documented limit of strrep
	if sep == "" {
		return strings.Repeat(s, int(n))
	}
	return strings.Repeat(s+sep, int(n)-1) + s
}

var byteUnits = []string{"Bytes", "KB", "MB", "GB", "TB", "PB", "EB"}

func formatBytes(a []any) any {
	v, ok := a[0].(float64)
	if !ok {
		return ""
	}
	places, _ := a[1].(int64)
	unit := -1
	if want := str(a[2]); want != "" {
		for i, u := range byteUnits {
			if strings.EqualFold(u, want) {
				unit = i
			}
		}
		if unit < 0 {
			return ""
		}
	} else {
		unit = 0
		for x := math.Abs(v); x >= 1024 && unit < len(byteUnits)-1; x /= 1024 {
			unit++
		}
	}
	x := v / math.Pow(1024, float64(unit))
	shift := math.Pow(10, float64(places))
	x = math.Round(x*shift) / shift
	return strconv.FormatFloat(x, 'f', -1, 64) + " " + byteUnits[unit]
}

func toHex(a []any) any {
	n, ok := a[0].(int64)
	if !ok {
		return ""
	}
	s := strconv.FormatUint(uint64(n), 16)
	width, _ := a[1].(int64)
	if n < 0 && width > 0 && width < 16 && n >= math.MinInt32 {
		s = strconv.FormatUint(uint64(uint32(n)), 16)
	}
	if width > 64 {
		width = 64
	}
	if int(width) > len(s) {
		s = strings.Repeat("0", int(width)-len(s)) + s
	}
	return s
}

func codepoints(a []any) any {
	out := []any{}
	for _, r := range str(a[0]) {
		out = append(out, int64(r))
	}
	return printJSON(out)
}

func fromCodepoints(a []any) any {
	var b strings.Builder
	var add func(v any) bool
	add = func(v any) bool {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				if !add(e) {
					return false
				}
			}
		case int64:
			if v < 0 || v > utf8.MaxRune {
				return false
			}
			b.WriteRune(rune(v))
		default:
			return false
		}
		return true
	}
	for _, v := range a {
		if !add(dynamicOf(v)) {
			return ""
		}
	}
	return b.String()
}

func isASCII(a []any) any {
	s := str(a[0])
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
