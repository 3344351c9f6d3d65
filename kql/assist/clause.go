package assist

import (
	"strings"

	"github.com/tocsin-soc/tocsin/kql/catalog"
)

const charts = `timechart barchart columnchart piechart linechart areachart stackedareachart scatterchart card table
	anomalychart treemap ladderchart pivotchart timepivot`

// values suggests the values of a parameter and reports whether it knows any.
func (s *suggester) values(param string) bool {
	var list string
	switch param {
	case "kind":
		list = kinds(s.operatorFrame().operator)
	case "isfuzzy", "materialized", "notruncation", "greedy", "ignoreFirstRecord":
		list = "true false"
	case "strategy":
		list = "shuffle broadcast auto centralized"
	case "bagexpansion":
		list = "bag array"
	case "format":
		list = `"csv" "json" "multijson" "txt" "tsv" "raw"`
	case "cycles":
		list = "all none unique_edges"
	}
	s.add("value", rankFirst, strings.Fields(list)...)
	return list != ""
}

func kinds(operator string) string {
	switch operator {
	case "join":
		return "inner leftouter leftanti leftsemi innerunique rightouter rightanti rightsemi fullouter"
	case "lookup":
		return "leftouter inner"
	case "union":
		return "outer inner"
	case "parse", "parse-where":
		return "regex simple relaxed"
	case "mv-expand", "mv-apply", "mvexpand", "mvapply":
		return "array bag"
	case "search":
		return "case_sensitive case_insensitive"
	case "make-series":
		return "nonempty"
	case "graph-mark-components":
		return "weak strong"
	case "render":
		return "default stacked stacked100 unstacked"
	}
	return ""
}

// params suggests an operator's parameters, unless written already.
func (s *suggester) params(operator string) {
	var list []string
	switch operator {
	case "join", "lookup":
		list = []string{"kind=", "hint.strategy="}
	case "union":
		list = []string{"kind=", "withsource=", "isfuzzy="}
	case "mv-expand", "mv-apply":
		list = []string{"kind=", "with_itemindex="}
	case "parse", "parse-where":
		list = []string{"kind="}
	case "graph-match":
		list = []string{"cycles="}
	}
	for _, p := range list {
		if !s.seen(strings.TrimSuffix(p, "=")) {
			s.add("keyword", rankFirst, p)
		}
	}
}

// expression suggests what a value may begin with.
func (s *suggester) expression(f frame) {
	last := s.back(1)
	switch f.operator {
	case "take", "limit", "sample", "as", "getschema", "count", "consume":
		return
	case "sort", "order", "facet", "partition", "reduce":
		if last == f.operator {
			s.add("keyword", rankFirst, "by")
			return
		}
	}
	if last == f.operator {
		s.params(f.operator)
	}
	s.columnItems(s.place.columns())
	if namesOnly[f.operator] {
		return
	}
	for _, let := range s.place.lets() {
		s.variable(let, rankNear)
	}
	if !f.by && (f.operator == "summarize" || f.operator == "make-series" || f.operator == "top-nested") {
		s.functions(catalog.Aggregate, "function", rankCommon)
	}
	s.functions(catalog.Scalar, "function", rankFunction)
	if f.operator == "extend" || f.operator == "serialize" || f.operator == "project" || f.operator == "where" {
		s.functions(catalog.Window, "function", rankRare)
	}
	if f.operator == "graph-match" || f.operator == "graph-shortest-paths" {
		s.functions(catalog.Graph, "function", rankCommon)
	}
	s.functions(catalog.Tabular, "function", rankRare)
	for _, lit := range []string{"datetime", "dynamic", "timespan"} {
		s.items = append(s.items, Item{Label: lit, Kind: "value", Insert: lit + "($0)", Snip: true, Rank: rankFunction})
	}
	s.add("value", rankFunction, "true", "false")
	if f.operator == "" && !f.piped { // let x = …
		s.tables(rankTable)
	}
}

// namesOnly are the operators whose operands are column names, not expressions.
var namesOnly = words("project-away project-keep project-reorder")

func (s *suggester) functions(kind catalog.Kind, as string, rank int) {
	for _, f := range catalog.Functions().All() {
		if f.Kind != kind || f.Deprecated || f.Alias != "" || f.Unsupported != "" || strings.HasPrefix(f.Name, "__") {
			continue
		}
		insert, snip := f.Name+"($0)", true
		if len(f.Signatures) > 0 && len(f.Signatures[0].Params) == 0 {
			insert, snip = f.Name+"()", false
		}
		s.items = append(s.items, Item{Label: f.Name, Kind: as, Detail: Signature(f), Doc: f.Doc, Insert: insert, Snip: snip, Rank: rank})
	}
}

// continuations suggests what may follow a value.
func (s *suggester) continuations(f frame) {
	if f.operator == "" && !f.piped {
		if s.top().opener == "" || s.top().opener == "{" {
			s.add("keyword", rankFirst, "|")
		}
		return
	}
	for _, clause := range clauses(f.operator, f.by) {
		s.add("keyword", rankFirst, clause)
	}
	switch f.operator {
	case "where", "filter", "extend", "project", "search", "find", "join", "print", "graph-match", "scan", "summarize", "serialize":
		s.comparisons()
	}
}

// clauses lists the words that go on with an operator.
func clauses(operator string, by bool) []string {
	switch operator {
	case "where", "filter", "search", "find":
		return []string{"and", "or"}
	case "sort", "order":
		return []string{"asc", "desc", "nulls first", "nulls last"}
	case "top":
		if by {
			return []string{"asc", "desc", "nulls first", "nulls last"}
		}
		return []string{"by"}
	case "summarize":
		if !by {
			return []string{"by"}
		}
	case "join", "lookup":
		return []string{"on", "and"}
	case "mv-expand", "mvexpand":
		return []string{"to typeof()", "limit"}
	case "mv-apply", "mvapply":
		return []string{"to typeof()", "on", "limit"}
	case "make-series":
		return []string{"default=", "on", "from", "to", "step", "by"}
	case "parse", "parse-where":
		return []string{"with"}
	case "parse-kv":
		return []string{"as", "with"}
	case "range":
		return []string{"from", "to", "step"}
	case "sample-distinct", "top-hitters":
		return []string{"of", "by"}
	case "top-nested":
		return []string{"of", "by", "with others ="}
	case "render":
		return []string{"with (title=)"}
	case "graph-match", "graph-shortest-paths":
		return []string{"where", "project"}
	case "project-reorder":
		return []string{"asc", "desc"}
	}
	return nil
}

// comparisons suggests the operators that compare values, those of strings first.
func (s *suggester) comparisons() {
	s.add("operator", rankNear, "==", "!=", "=~", "!~", "has", "contains", "startswith", "endswith", "in", "in~", "has_any", "has_all", "matches regex")
	s.add("operator", rankCommon, "!in", "!in~", "!has", "!contains", "!startswith", "!endswith", "hasprefix", "hassuffix", "!hasprefix", "!hassuffix",
		"has_cs", "contains_cs", "startswith_cs", "endswith_cs", "!has_cs", "!contains_cs", "!startswith_cs", "!endswith_cs")
	s.add("operator", rankNear, "<", "<=", ">", ">=", "between")
	s.add("operator", rankCommon, "!between", "+", "-", "*", "/", "%")
}
