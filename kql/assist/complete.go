package assist

import (
	"slices"
	"strings"

	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/parser"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// An Item is one suggestion.
type Item struct {
	Label  string `json:"label"`
	Kind   string `json:"kind"`             // column table function variable keyword operator plugin type value
	Detail string `json:"detail,omitempty"` // a type, a signature
	Doc    string `json:"doc,omitempty"`
	Insert string `json:"insert"`         // the text to insert; $0 marks the caret in a snippet
	Snip   bool   `json:"snip,omitempty"` // Insert is a snippet
	Rank   int    `json:"rank"`           // smaller is offered first
}

// Completion is what may stand at a position.
type Completion struct {
	Replace Range  `json:"replace"` // the word being typed
	Items   []Item `json:"items"`
}

// MaxItems bounds a completion; the word being typed narrows it.
const MaxItems = 400

// Complete suggests what may stand at offset pos of src.
func Complete(src string, pos token.Pos, cat catalog.Catalog) Completion {
	pos = min(max(pos, 0), token.Pos(len(src)))
	c := newCursor(src, pos)
	out := Completion{Replace: newRuler(src).span(c.partial), Items: []Item{}}
	script := parse(c.closed())
	if c.inside || inComment(script, pos) || script.Command != nil {
		return out
	}
	anchor := c.partial.End
	if c.partial.Len() == 0 && len(c.lexemes) > 0 {
		anchor = c.lexemes[len(c.lexemes)-1].Span.End
	}
	s := suggester{cursor: c, place: locate(script, anchor, cat), cat: cat}
	s.suggest()
	out.Items = narrow(s.items, c.partial.Of(src))
	return out
}

func inComment(script *ast.Script, pos token.Pos) bool {
	for _, c := range script.Comments {
		if c.Start < pos && pos <= c.End {
			return true
		}
	}
	return false
}

// narrow keeps what fits the word being typed: those beginning with it before
// those containing it, then by rank and name.
func narrow(items []Item, typed string) []Item {
	typed = strings.ToLower(typed)
	kept := items[:0]
	seen := map[string]bool{}
	for _, it := range items {
		label := strings.ToLower(it.Label)
		if seen[it.Kind+it.Label] || !strings.Contains(label, typed) {
			continue
		}
		seen[it.Kind+it.Label] = true
		if !strings.HasPrefix(label, typed) {
			it.Rank += 100
		}
		kept = append(kept, it)
	}
	slices.SortStableFunc(kept, func(a, b Item) int {
		if a.Rank != b.Rank {
			return a.Rank - b.Rank
		}
		return strings.Compare(a.Label, b.Label)
	})
	return kept[:min(len(kept), MaxItems)]
}

// A suggester collects items for one position.
type suggester struct {
	cursor
	place place
	cat   catalog.Catalog
	items []Item
}

// Ranks of the groups of suggestions.
const (
	rankFirst  = iota // what is nearly always meant here
	rankColumn        // columns
	rankNear          // variables, string operators
	rankTable
	rankCommon // aggregates in summarize
	rankFunction
	rankRare
)

func (s *suggester) add(kind string, rank int, labels ...string) {
	for _, l := range labels {
		s.items = append(s.items, Item{Label: l, Kind: kind, Insert: l, Rank: rank})
	}
}

// suggest decides what the position asks for.
func (s *suggester) suggest() {
	f := s.operatorFrame()
	last := s.back(1)
	switch {
	case last == "|":
		s.operators()
	case last == ".":
		s.members()
	case last == ":" && s.top().opener == "(" && s.top().callee != "search":
		s.types()
	case s.top().callee == "typeof" && s.top().opener == "(":
		s.types()
	case last == "=" && s.values(s.back(2)):
	case len(s.lexemes) == s.top().first && s.startsPipe():
		s.statement()
	case f.operator == "render" && last == "render":
		s.add("value", rankFirst, strings.Fields(charts)...)
	case f.operator == "evaluate" && last == "evaluate":
		s.functions(catalog.Plugin, "plugin", rankFirst)
	case f.operator == "invoke" && last == "invoke":
		s.savedFunctions(rankFirst)
	case s.wantsTable(f):
		s.params(f.operator)
		s.tables(rankColumn)
	case s.afterValue():
		s.continuations(f)
	default:
		s.expression(f)
	}
}

// startsPipe reports whether rows may begin in the innermost bracket.
func (s *suggester) startsPipe() bool {
	f := s.top()
	switch {
	case f.opener == "", f.opener == "{":
		return true
	case f.opener == "(":
		around := s.operatorFrame().operator
		return rowBrackets[f.callee] || s.bodyBracket() || f.callee == "" && (around == "join" || around == "union" || around == "lookup")
	}
	return false
}

// rowBrackets are the words whose parentheses hold rows.
var rowBrackets = words("toscalar materialize totable view join lookup union inner leftouter innerunique leftanti leftsemi rightanti rightsemi rightouter fullouter anti")

// bodyBracket reports whether the innermost bracket holds operators over the rows outside.
func (s *suggester) bodyBracket() bool {
	f := s.top()
	if f.opener != "(" {
		return false
	}
	switch s.operatorFrame().operator {
	case "mv-apply", "mvapply":
		return f.callee == "on"
	case "partition":
		return f.callee != "by"
	case "facet":
		return f.callee == "with"
	case "fork":
		return true
	}
	return false
}

// wantsTable reports whether the operator expects a table here.
func (s *suggester) wantsTable(f frame) bool {
	if f.operator != s.top().operator {
		return false
	}
	last := s.back(1)
	switch f.operator {
	case "join", "lookup":
		return last == f.operator || !s.seen("on") && s.isParamValue()
	case "union":
		return last == "union" || last == "," || s.isParamValue()
	case "find", "search":
		return s.top().callee == "in"
	}
	return false
}

// isParamValue reports whether the last token is the value of a parameter.
func (s *suggester) isParamValue() bool { return s.back(2) == "=" }

// seen reports whether a word has been read in the present operator.
func (s *suggester) seen(word string) bool {
	for i := s.top().first; i < len(s.lexemes); i++ {
		if s.text(i) == word {
			return true
		}
	}
	return false
}

func (s *suggester) operators() {
	for _, op := range Operators() {
		if op.Name == "print" || op.Name == "range" || op.Name == "macro-expand" {
			continue
		}
		rank := rankNear
		if usual[op.Name] {
			rank = rankFirst
		}
		s.items = append(s.items, Item{Label: op.Name, Kind: "keyword", Detail: op.Syntax, Doc: op.Doc, Insert: op.Name + " ", Rank: rank})
	}
}

// usual are the operators eight of ten queries get by with (corpus/frequency.md §2.1).
var usual = words("where extend summarize project join sort union distinct mv-expand project-away take top count")

// statement suggests what a statement or the rows in a bracket may begin with.
func (s *suggester) statement() {
	if s.bodyBracket() {
		s.operators()
		return
	}
	s.tables(rankColumn)
	for _, name := range []string{"union", "search", "find", "print", "range", "datatable", "externaldata"} {
		item := Item{Label: name, Kind: "keyword", Insert: name + " ", Rank: rankFunction}
		if op, ok := operator(name); ok {
			item.Detail, item.Doc = op.Syntax, op.Doc
		}
		s.items = append(s.items, item)
	}
	if s.top().opener != "(" {
		s.items = append(s.items, Item{Label: "let", Kind: "keyword", Detail: "let Name = expression;", Doc: "Names a value, a table or a function.",
			Insert: "let ", Rank: rankFunction})
	}
}

func (s *suggester) tables(rank int) {
	for _, let := range s.place.lets() {
		s.variable(let, rank)
	}
	for _, name := range s.cat.TableNames() {
		item := Item{Label: name, Kind: "table", Insert: quoted(name), Rank: rank}
		if t, ok := s.cat.Table(name); ok {
			item.Doc = t.Doc
		}
		s.items = append(s.items, item)
	}
	s.savedFunctions(rankFunction)
}

func (s *suggester) savedFunctions(rank int) {
	for _, name := range s.cat.FunctionNames() {
		item := Item{Label: name, Kind: "function", Insert: quoted(name) + "($0)", Snip: true, Rank: rank}
		if f, ok := s.cat.Function(name); ok {
			item.Detail, item.Doc = "("+f.Parameters+")", f.Doc
			if f.Parameters == "" {
				item.Insert, item.Snip = quoted(name), false
			}
		}
		s.items = append(s.items, item)
	}
}

func (s *suggester) variable(let *ast.LetStmt, rank int) {
	item := Item{Label: let.Name.Name, Kind: "variable", Insert: quoted(let.Name.Name), Rank: rank}
	if f, ok := let.Value.(*ast.FuncLit); ok {
		item.Kind, item.Detail = "function", signature(f)
		if len(f.Params) > 0 {
			item.Insert, item.Snip = item.Insert+"($0)", true
		}
	}
	s.items = append(s.items, item)
}

func quoted(name string) string {
	if parser.IsName(name) {
		return name
	}
	return "['" + strings.ReplaceAll(name, "'", `\'`) + "']"
}

func (s *suggester) types() {
	s.add("type", rankFirst, "string", "long", "datetime", "dynamic", "bool", "int", "real", "timespan", "guid", "decimal")
}

// members suggests what may follow a dot.
func (s *suggester) members() {
	left, right := s.place.join()
	switch owner := s.back(2); owner {
	case "$left":
		s.columnItems(left)
	case "$right":
		s.columnItems(right)
	case "hint":
		s.add("keyword", rankFirst, "strategy", "shufflekey", "num_partitions", "remote", "materialized")
	case ")":
		s.tables(rankColumn) // database("x").Table
	}
}

func (s *suggester) columnItems(list []catalog.Column) {
	for _, c := range list {
		s.items = append(s.items, Item{Label: c.Name, Kind: "column", Detail: c.Type.String(), Doc: c.Doc, Insert: quoted(c.Name), Rank: rankColumn})
	}
}
