package duckdb

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
)

// parsePattern compiles the steps of parse to one regular expression with a
// group per capture, anchored at both ends in simple mode.
func parsePattern(r *plan.Parse) (pattern string, captures []plan.Column) {
	var b strings.Builder
	flags := ""
	for _, f := range r.Flags {
		if strings.ContainsRune("Usmi", f) {
			flags += string(f)
		}
	}
	if r.Mode != plan.ParseRegex {
		flags = "s"
	}
	if flags != "" {
		b.WriteString("(?" + flags + ")")
	}
	b.WriteString("^")
	for i, st := range r.Steps {
		last := i == len(r.Steps)-1
		lazy := "?"
		if r.Mode == plan.ParseRegex || last {
			lazy = ""
		}
		switch {
		case st.Skip:
			b.WriteString("(?:.*" + lazy + ")")
		case st.Col.ID != 0:
			captures = append(captures, st.Col)
			b.WriteString(capture(st.Col.Type, r.Mode, lazy))
		case r.Mode == plan.ParseRegex:
			b.WriteString("(?:" + ungrouped(st.Text) + ")")
		default:
			b.WriteString(regexp.QuoteMeta(st.Text))
		}
	}
	if r.Mode != plan.ParseRegex {
		b.WriteString("$")
	}
	return b.String(), captures
}

// capture is the group of one column; in regex mode a number takes only what
// looks like one.
func capture(t catalog.Type, mode plan.ParseMode, lazy string) string {
	number := ""
	switch t {
	case catalog.Int, catalog.Long:
		number = `[+-]?\d+`
	case catalog.Real, catalog.Decimal:
		number = `[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?`
	}
	switch {
	case number != "" && mode == plan.ParseRegex:
		return "(" + number + ")"
	case number != "":
		return `(\s*` + number + `\s*|.*?)`
	}
	return "(.*" + lazy + ")"
}

// ungrouped makes the groups of a literal pattern non-capturing, so that the
// captures keep their numbers.
func ungrouped(p string) string {
	var b strings.Builder
	class := false
	for i := 0; i < len(p); i++ {
		c := p[i]
		b.WriteByte(c)
		switch {
		case c == '\\' && i+1 < len(p):
			i++
			b.WriteByte(p[i])
		case c == '[':
			class = true
		case c == ']':
			class = false
		case c == '(' && !class && !strings.HasPrefix(p[i+1:], "?"):
			b.WriteString("?:")
		}
	}
	return b.String()
}

func (l *lowerer) parse(r *plan.Parse) *sel {
	s := l.open(l.flat(l.rel(r.In), r.X))
	pattern, captures := parsePattern(r)
	if r.Mode == plan.ParseRegex {
		regex(pattern)
	}
	m := l.alias("m")
	s = l.exported(s, []string{"kql_parse(" + l.expr(r.X, s) + ", " + l.text(pattern) + ", '') AS " + m})
	texts := make([]string, len(captures))
	values := make([]string, len(captures))
	ok := []string{m + " IS NOT NULL"}
	var extra []string
	for i, c := range captures {
		texts[i] = "coalesce(json_extract_string(" + m + ", '$[" + strconv.Itoa(i) + "]'), '')"
		if c.Type == catalog.String {
			values[i] = texts[i]
			continue
		}
		name := l.alias("x")
		extra = append(extra, convert("trim("+texts[i]+")", catalog.String, c.Type)+" AS "+name)
		values[i] = name
		ok = append(ok, name+" IS NOT NULL")
	}
	if len(extra) > 0 {
		s = l.exported(s, append([]string{m}, extra...))
	}
	s = s.clone()
	match := strings.Join(ok, " AND ")
	if r.Mode != plan.ParseSimple {
		match = ok[0]
	}
	for i, c := range captures {
		sql := values[i]
		if r.Mode == plan.ParseSimple && len(ok) > 1 {
			sql = "CASE WHEN " + match + " THEN " + sql + " ELSE " + null(c.Type) + " END"
		}
		s.set(c.ID, sql)
	}
	if r.Filter {
		s.where = append(s.where, match)
	}
	return s
}

func (l *lowerer) parseKV(r *plan.ParseKV) *sel {
	s := l.open(l.flat(l.rel(r.In), r.X))
	x := l.expr(r.X, s)
	quotes := make([]string, len(r.Quotes))
	for i, q := range r.Quotes {
		quotes[i] = strconv.Quote(q)
	}
	m := l.alias("m")
	sql := "kql_parse_kv(" + strings.Join([]string{x, l.text(r.PairDelimiter), l.text(r.KVDelimiter), l.text("[" + strings.Join(quotes, ",") + "]"), l.text(r.Escape), "''",
		strings.ToUpper(strconv.FormatBool(r.Greedy))}, ", ") + ")"
	if r.Regex != "" {
		regex(r.Regex)
		sql = "kql_parse_kv_regex(" + x + ", " + l.text(r.Regex) + ", '')"
	}
	s = l.exported(s, []string{sql + " AS " + m}).clone()
	for _, k := range r.Keys {
		text := "json_extract_string(" + m + ", " + l.arg("$"+keyStep(k.Name)) + ")"
		if k.Type == catalog.String {
			s.set(k.ID, "coalesce("+text+", '')")
		} else {
			s.set(k.ID, convert("coalesce("+text+", '')", catalog.String, k.Type))
		}
	}
	return s
}
