package native

import (
	"regexp"
	"strings"
	"sync"
)

// maxRegexes bounds the cache of compiled patterns; patterns are nearly always
// constants of a rule, so it is emptied rather than aged.
const maxRegexes = 512

// regexCache compiles each pattern once; a broken pattern is remembered as nil.
type regexCache struct {
	mu sync.RWMutex
	m  map[string]*regexp.Regexp
}

func (c *regexCache) get(pattern string) *regexp.Regexp {
	c.mu.RLock()
	re, ok := c.m[pattern]
	c.mu.RUnlock()
	if ok {
		return re
	}
	re, err := regexp.Compile(TranslateRegex(pattern))
	if err != nil {
		re = nil
	}
	c.mu.Lock()
	if len(c.m) >= maxRegexes {
		clear(c.m)
	}
	c.m[pattern] = re
	c.mu.Unlock()
	return re
}

// TranslateRegex gives \d, \w, \s and their negations the Unicode meaning they
// have in Kusto (RE2 reads them as ASCII) and names groups the way RE2 wants.
// Everything else is passed on.
func TranslateRegex(pattern string) string {
	if !strings.ContainsAny(pattern, `\(`) {
		return pattern
	}
	var b strings.Builder
	class := 0
	for i := 0; i < len(pattern); i++ {
		c := pattern[i]
		switch {
		case c == '\\' && i+1 < len(pattern):
			i++
			b.WriteString(escapeClass(pattern[i], class > 0))
		case c == '[':
			class++
			b.WriteByte(c)
			if class == 1 && i+1 < len(pattern) && (pattern[i+1] == ']' || strings.HasPrefix(pattern[i+1:], "^]")) {
				n := strings.IndexByte(pattern[i:], ']')
				b.WriteString(pattern[i+1:i+n] + `\]`)
				i += n
			} else if class > 1 {
				// A bracket inside a class is a plain character to RE2 unless it
				// opens a POSIX name.
				class = 1
			}
		case c == ']' && class > 0:
			class = 0
			b.WriteByte(c)
		case class == 0 && strings.HasPrefix(pattern[i:], "(?<") && i+3 < len(pattern) && pattern[i+3] != '=' && pattern[i+3] != '!':
			b.WriteString("(?P<")
			i += 2
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func escapeClass(c byte, inClass bool) string {
	in := map[byte]string{'d': `\p{Nd}`, 'w': `\p{L}\p{M}\p{N}\p{Pc}`, 's': `\s\x{0b}\x{85}\p{Z}`, 'D': `\P{Nd}`}
	switch c {
	case 'd', 'D':
		return in[c]
	case 'w', 's':
		if inClass {
			return in[c]
		}
		return "[" + in[c] + "]"
	case 'W', 'S':
		if !inClass {
			return "[^" + in[c+'a'-'A'] + "]"
		}
	case 'Z':
		return `\z`
	}
	return `\` + string(rune(c))
}

func regexFunctions() []Function {
	cache := &regexCache{m: map[string]*regexp.Regexp{}}
	return []Function{
		{Name: "kql_matches", Args: []Kind{Text, Text}, Result: Bool, Fn: func(a []any) any {
			re := cache.get(str(a[1]))
			return re != nil && re.MatchString(str(a[0]))
		}},
		{Name: "kql_extract", Args: []Kind{Text, Long, Text}, Result: Text, Fn: func(a []any) any { return extract(cache, a) }},
		{Name: "kql_extract_all", Args: []Kind{Text, Text, Text}, Result: Text, Fn: func(a []any) any { return extractAll(cache, a) }},
		{Name: "kql_replace_regex", Args: []Kind{Text, Text, Text}, Result: Text, Fn: func(a []any) any { return replaceRegex(cache, a) }},
		{Name: "kql_countof_regex", Args: []Kind{Text, Text}, Result: Long, Fn: func(a []any) any {
			re := cache.get(str(a[1]))
			if re == nil {
				return nil
			}
			return int64(len(re.FindAllStringIndex(str(a[0]), -1)))
		}},
		{Name: "kql_indexof_regex", Args: []Kind{Text, Text, Long, Long, Long}, Result: Long, Fn: func(a []any) any { return indexOfRegex(cache, a) }},
		{Name: "kql_trim", Args: []Kind{Text, Text, Long}, Result: Text, Fn: func(a []any) any { return trim(cache, a) }},
		{Name: "kql_regex_quote", Args: []Kind{Text}, Result: Text, Fn: func(a []any) any { return regexp.QuoteMeta(str(a[0])) }},
	}
}

func extract(cache *regexCache, a []any) any {
	re := cache.get(str(a[0]))
	group, ok := a[1].(int64)
	if re == nil || !ok {
		return ""
	}
	m := re.FindStringSubmatch(str(a[2]))
	if m == nil || group < 0 || int(group) >= len(m) {
		return ""
	}
	return m[group]
}

// extractAll returns an array of the matches: plain texts for one group, arrays
// for several. The optional list picks groups by number or name.
func extractAll(cache *regexCache, a []any) any {
	re := cache.get(str(a[0]))
	if re == nil {
		return nil
	}
	groups := []int{}
	if want, ok := dynamicOf(a[1]).([]any); ok {
		for _, g := range want {
			switch g := g.(type) {
			case int64:
				groups = append(groups, int(g))
			case string:
				groups = append(groups, re.SubexpIndex(g))
			}
		}
	} else {
		for i := 1; i <= re.NumSubexp(); i++ {
			groups = append(groups, i)
		}
		if len(groups) == 0 {
			groups = []int{0}
		}
	}
	out := []any{}
	for _, m := range re.FindAllStringSubmatch(str(a[2]), -1) {
		row := []any{}
		for _, g := range groups {
			if g >= 0 && g < len(m) {
				row = append(row, m[g])
			} else {
				row = append(row, "")
			}
		}
		if len(row) == 1 {
			out = append(out, row[0])
		} else {
			out = append(out, row)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return printJSON(out)
}

// replaceRegex replaces every match; \0 to \9 in the replacement are groups.
func replaceRegex(cache *regexCache, a []any) any {
	s, re := str(a[0]), cache.get(str(a[1]))
	if re == nil {
		return s
	}
	rewrite := str(a[2])
	var b strings.Builder
	last := 0
	for _, m := range re.FindAllStringSubmatchIndex(s, -1) {
		b.WriteString(s[last:m[0]])
		for i := 0; i < len(rewrite); i++ {
			if rewrite[i] != '\\' || i+1 == len(rewrite) {
				b.WriteByte(rewrite[i])
				continue
			}
			i++
			if g := int(rewrite[i]) - '0'; g >= 0 && g <= 9 {
				if 2*g+1 < len(m) && m[2*g] >= 0 {
					b.WriteString(s[m[2*g]:m[2*g+1]])
				}
			} else {
				b.WriteByte(rewrite[i])
			}
		}
		last = m[1]
	}
	b.WriteString(s[last:])
	return b.String()
}

func indexOfRegex(cache *regexCache, a []any) any {
	re := cache.get(str(a[1]))
	if start, ok := a[2].(int64); re == nil || ok && start < 0 {
		return nil
	}
	window, first, ok := searchRange(str(a[0]), a[2], a[3])
	if !ok {
		return int64(-1)
	}
	nth, ok := a[4].(int64)
	if !ok {
		nth = 1
	}
	all := re.FindAllStringIndex(window, -1)
	if nth < 1 || int(nth) > len(all) {
		return int64(-1)
	}
	return int64(first + all[nth-1][0])
}

// trim cuts one match at the start (side 1), the end (2) or both (3).
func trim(cache *regexCache, a []any) any {
	pattern, s := str(a[0]), str(a[1])
	side, _ := a[2].(int64)
	if side&1 != 0 {
		re := cache.get("^(?:" + pattern + ")")
		if re == nil {
			return s
		}
		if m := re.FindStringIndex(s); m != nil {
			s = s[m[1]:]
		}
	}
	if side&2 != 0 {
		re := cache.get("(?:" + pattern + ")$")
		if re == nil {
			return s
		}
		if m := re.FindStringIndex(s); m != nil {
			s = s[:m[0]]
		}
	}
	return s
}
