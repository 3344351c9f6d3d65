package duckdb

import (
	"encoding/json"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/native"
	"github.com/tocsin-soc/tocsin/kql/plan"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

func ascii(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// lowered is a text operand in lower case.
func (l *lowerer) lowered(x plan.Expr, s *sel) string {
	if c, ok := isConst(x); ok && ascii(c.Text) {
		return l.text(strings.ToLower(c.Text))
	}
	return "lower(" + l.expr(x, s) + ")"
}

// equalFold is =~. The byte length of an ASCII constant is tested first: a
// column's lengths are known without reading its text.
func (l *lowerer) equalFold(x, y plan.Expr, s *sel) string {
	if _, ok := isConst(x); ok {
		x, y = y, x
	}
	a := l.expr(x, s)
	if c, ok := isConst(y); ok && ascii(c.Text) {
		if c.Text == "" {
			return "(" + a + " = '')"
		}
		if strings.ToLower(c.Text) == strings.ToUpper(c.Text) {
			return "(" + a + " = " + l.text(c.Text) + ")"
		}
		return "(strlen(" + a + ") = " + strconv.Itoa(len(c.Text)) + " AND lower(" + a + ") = " + l.text(strings.ToLower(c.Text)) + ")"
	}
	return "(lower(" + a + ") = " + l.lowered(y, s) + ")"
}

var termModes = map[plan.Op]int{plan.OpHas: 0, plan.OpHasCs: 1, plan.OpHasPrefix: 2, plan.OpHasPrefixCs: 3, plan.OpHasSuffix: 4, plan.OpHasSuffixCs: 5}

func (l *lowerer) stringTest(op plan.Op, x, y plan.Expr, s *sel) string {
	a := l.expr(x, s)
	if mode, ok := termModes[op]; ok {
		if c, ok := isConst(y); ok {
			return l.term(a, c.Text, mode)
		}
		return "kql_has(" + a + ", " + l.expr(y, s) + ", " + strconv.Itoa(mode) + ")"
	}
	fn, fold := "", true
	switch op {
	case plan.OpContainsCs, plan.OpStartsWithCs, plan.OpEndsWithCs:
		fold = false
	}
	switch op {
	case plan.OpContains, plan.OpContainsCs:
		fn = "contains"
	case plan.OpStartsWith, plan.OpStartsWithCs:
		fn = "starts_with"
	case plan.OpEndsWith, plan.OpEndsWithCs:
		fn = "ends_with"
	default:
		panic("duckdb: unknown string operator")
	}
	if c, ok := isConst(y); ok {
		if c.Text == "" {
			return "TRUE"
		}
		if strings.ToLower(c.Text) == strings.ToUpper(c.Text) {
			fold = false
		}
	}
	if fold {
		return fn + "(lower(" + a + "), " + l.lowered(y, s) + ")"
	}
	return fn + "(" + a + ", " + l.expr(y, s) + ")"
}

const (
	termStart = `(?:^|[^\pL\pN])`
	termEnd   = `(?:$|[^\pL\pN])`
)

// edges says whether a term must begin, and end, at a border of the text's terms:
// only where its own edge is a letter or digit.
func edges(term string, mode int) (left, right bool) {
	first, _ := utf8.DecodeRuneInString(term)
	last, _ := utf8.DecodeLastRuneInString(term)
	word := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }
	return mode/2 != 2 && word(first), mode/2 != 1 && word(last)
}

// term is has and its kin with a constant: a plain search decides most rows, an
// expression with borders the rest (measured: engines.md, "has").
func (l *lowerer) term(a, term string, mode int) string {
	if term == "" {
		return "TRUE"
	}
	exact := mode&1 == 1 || strings.ToLower(term) == strings.ToUpper(term)
	left, right := edges(term, mode)
	search := "regexp_matches(" + a + ", " + l.text(regexp.QuoteMeta(term)) + ", 'i')"
	pattern := regexp.QuoteMeta(term)
	if exact {
		search = "contains(" + a + ", " + l.text(term) + ")"
	} else {
		pattern = "(?i)" + pattern
	}
	if !left && !right {
		return search
	}
	if left {
		pattern = strings.Replace(pattern, regexp.QuoteMeta(term), termStart+regexp.QuoteMeta(term), 1)
	}
	if right {
		pattern += termEnd
	}
	return "(" + search + " AND regexp_matches(" + a + ", " + l.text(pattern) + "))"
}

// terms is has_any with constants: one expression per kind of border.
func (l *lowerer) terms(a string, list []string) string {
	groups := map[[2]bool][]string{}
	var plain []string
	for _, t := range list {
		if t == "" {
			return "TRUE"
		}
		left, right := edges(t, 0)
		groups[[2]bool{left, right}] = append(groups[[2]bool{left, right}], regexp.QuoteMeta(t))
		plain = append(plain, regexp.QuoteMeta(t))
	}
	if len(list) == 1 {
		return l.term(a, list[0], 0)
	}
	var parts []string
	for _, k := range [][2]bool{{true, true}, {true, false}, {false, true}, {false, false}} {
		if len(groups[k]) == 0 {
			continue
		}
		p := "(?:" + strings.Join(groups[k], "|") + ")"
		if k[0] {
			p = termStart + p
		}
		if k[1] {
			p += termEnd
		}
		parts = append(parts, p)
	}
	if len(parts) == 0 {
		return "FALSE"
	}
	bordered := "regexp_matches(" + a + ", " + l.text("(?i)(?:"+strings.Join(parts, "|")+")") + ")"
	if len(groups[[2]bool{}]) == len(list) {
		return bordered
	}
	return "(regexp_matches(" + a + ", " + l.text("(?i)(?:"+strings.Join(plain, "|")+")") + ") AND " + bordered + ")"
}

// regex translates a constant pattern and rejects one RE2 does not know.
func regex(pattern string) (translated string, groups int) {
	translated = native.TranslateRegex(pattern)
	re, err := syntax.Parse(translated, syntax.Perl)
	if err != nil {
		unsupported("the regular expression "+strconv.Quote(pattern), "RE2 syntax is understood: "+err.Error())
	}
	return translated, re.MaxCap()
}

func (l *lowerer) matches(x *plan.Binary, s *sel) string {
	a := l.expr(x.X, s)
	if c, ok := isConst(x.Y); ok {
		p, _ := regex(c.Text)
		return "regexp_matches(" + a + ", " + l.text(p) + ")"
	}
	return "kql_matches(" + a + ", " + l.expr(x.Y, s) + ")"
}

// in is the membership test. With loose, null and false are the same.
func (l *lowerer) in(x *plan.In, s *sel, loose bool) string {
	t := x.X.Type()
	a := l.expr(x.X, s)
	key := a
	if x.Fold {
		key = "lower(" + a + ")"
	}
	var sql string
	switch {
	case x.Rel != nil:
		in := l.rel(x.Rel)
		col := x.Rel.Columns()[0]
		in = in.clone()
		v := in.cols[col.ID]
		if x.Fold {
			v = "lower(" + v + ")"
		}
		if col.Type != catalog.String {
			in = l.open(in)
			in.where = append(in.where, in.cols[col.ID]+" IS NOT NULL")
		}
		in.ids, in.cols = []plan.ColID{col.ID}, map[plan.ColID]string{col.ID: v}
		sql = "(" + key + " IN (" + in.text(in.ids, nil, false) + "))"
	case x.Array != nil:
		sql = l.inArray(x, key, s)
	case len(x.List) == 0:
		sql = "FALSE"
	default:
		items := make([]string, len(x.List))
		for i, e := range x.List {
			if x.Fold {
				items[i] = l.lowered(e, s)
			} else {
				items[i] = l.expr(e, s)
			}
		}
		sql = "(" + key + " IN (" + strings.Join(items, ", ") + "))"
	}
	if t != catalog.String && !loose && (nullable(x.X) || x.Rel == nil) {
		sql = "coalesce(" + sql + ", FALSE)"
	}
	return sql
}

// inArray compares with the elements of a dynamic array as texts.
func (l *lowerer) inArray(x *plan.In, key string, s *sel) string {
	if c, ok := isConst(x.Array); ok {
		if texts, ok := elementTexts(c.Text); ok && x.X.Type() != catalog.Dynamic {
			return l.inTexts(x, key, texts)
		}
	}
	arr := l.expr(x.Array, s)
	list := "json_extract_string(" + arr + ", '$[*]')"
	if x.X.Type() == catalog.Dynamic {
		return "coalesce(kql_set_has_element(" + arr + ", " + key + "), FALSE)"
	}
	if x.Fold {
		list = "list_transform(" + list + ", lambda e: lower(e))"
	}
	if x.X.Type() != catalog.String {
		key = toText(key, x.X.Type())
	}
	return "coalesce(list_contains(" + list + ", " + key + "), FALSE)"
}

// elementTexts are the elements of a constant array as texts; ok is false for
// what is no array of scalars.
func elementTexts(text string) (list []string, ok bool) {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var raw any
	if dec.Decode(&raw) != nil {
		return nil, false
	}
	values, isArray := raw.([]any)
	if !isArray {
		values = []any{raw}
	}
	list = []string{}
	for _, v := range values {
		switch v := v.(type) {
		case string:
			list = append(list, v)
		case json.Number:
			list = append(list, v.String())
		case bool:
			list = append(list, strconv.FormatBool(v))
		case nil:
		default:
			return nil, false
		}
	}
	return list, true
}

// inTexts is membership in a constant list, converted once to the type of X.
func (l *lowerer) inTexts(x *plan.In, key string, texts []string) string {
	if len(texts) == 0 {
		return "FALSE"
	}
	t := x.X.Type()
	items := make([]string, len(texts))
	for i, v := range texts {
		switch {
		case x.Fold && ascii(v):
			items[i] = l.text(strings.ToLower(v))
		case x.Fold:
			items[i] = "lower(" + l.text(v) + ")"
		default:
			items[i] = convert(l.text(v), catalog.String, t)
		}
	}
	return "(" + key + " IN (" + strings.Join(items, ", ") + "))"
}

func (l *lowerer) hasAny(x *plan.HasAny, s *sel) string {
	a := l.expr(x.X, s)
	all := strings.ToUpper(strconv.FormatBool(x.All))
	switch {
	case x.Rel != nil:
		in := l.rel(x.Rel)
		col := x.Rel.Columns()[0]
		return "kql_has_list(" + a + ", coalesce((SELECT to_json(list(" + colName(col.ID) + "))::VARCHAR FROM (" + in.text([]plan.ColID{col.ID}, nil, false) + ")), '[]'), " + all + ")"
	case x.Array != nil:
		if c, ok := isConst(x.Array); ok {
			if texts, ok := elementTexts(c.Text); ok {
				return l.hasTexts(a, texts, x.All)
			}
		}
		return "kql_has_list(" + a + ", " + l.expr(x.Array, s) + ", " + all + ")"
	}
	var texts []string
	for _, e := range x.List {
		c, ok := isConst(e)
		if !ok {
			texts = nil
			break
		}
		texts = append(texts, c.Text)
	}
	if len(texts) == len(x.List) {
		return l.hasTexts(a, texts, x.All)
	}
	op := " OR "
	if x.All {
		op = " AND "
	}
	var parts []string
	for _, e := range x.List {
		parts = append(parts, l.stringTest(plan.OpHas, x.X, e, s))
	}
	return "(" + strings.Join(parts, op) + ")"
}

func (l *lowerer) hasTexts(a string, texts []string, all bool) string {
	if !all {
		return l.terms(a, texts)
	}
	parts := []string{"TRUE"}
	for _, t := range texts {
		parts = append(parts, l.term(a, t, 0))
	}
	return "(" + strings.Join(parts, " AND ") + ")"
}
