package parser

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// operator parses one tabular operator; the parser's slice ends where it must end.
func (p *parser) operator() ast.Operator {
	t := p.peek()
	if t.kind != word {
		p.expected("an operator such as where or project")
		return &ast.BadOperator{Loc: locOf(t)}
	}
	name := p.text(t)
	parse := p.operatorParser(name)
	if parse == nil {
		p.unknownOperator(t, name)
		return &ast.BadOperator{Loc: locOf(t), Name: name}
	}
	if !p.deeper() {
		return &ast.BadOperator{Loc: locOf(t), Name: name}
	}
	defer func() { p.depth-- }()
	p.pos++
	return parse(t)
}

func (p *parser) unknownOperator(t tok, name string) {
	d := token.Diagnostic{Code: token.UnknownOperator, Span: spanOf(t), Message: "unknown operator \"" + name + "\""}
	switch lower := strings.ToLower(name); {
	case lower != name && p.operatorParser(lower) != nil:
		d.Code, d.Hint = token.KeywordCase, "keywords are lower case: "+lower
	case name == "select":
		d.Hint = "columns are chosen with project"
	case name == "group" || name == "aggregate":
		d.Hint = "rows are grouped with summarize … by"
	default:
		d.Hint = token.DidYouMean(name, slices.Values(OperatorNames()))
	}
	p.fail(d)
}

// OperatorNames returns the words that may stand behind a pipe, in documentation's
// spelling and sorted; aliases and engine-internal words are left out.
func OperatorNames() []string {
	return strings.Fields(`as assert-schema consume count distinct evaluate extend facet find fork getschema
		graph-mark-components graph-match graph-shortest-paths graph-to-table graph-where-edges graph-where-nodes
		invoke join limit lookup make-graph make-series mv-apply mv-expand order parse parse-kv parse-where
		partition project project-away project-by-names project-keep project-rename project-reorder
		reduce render sample sample-distinct scan search serialize sort summarize take top top-hitters
		top-nested union where`)
}

// operatorParser returns the parser of the operator of that name, or nil.
func (p *parser) operatorParser(name string) func(tok) ast.Operator {
	switch name {
	case "where", "filter":
		return p.where
	case "extend":
		return p.extend
	case "project":
		return p.project
	case "project-away":
		return p.projectAway
	case "project-keep":
		return p.projectKeep
	case "project-rename":
		return p.projectRename
	case "project-reorder":
		return p.projectReorder
	case "project-by-names":
		return p.projectByNames
	case "summarize":
		return p.summarize
	case "distinct":
		return p.distinct
	case "count":
		return p.count
	case "take", "limit":
		return p.take
	case "sample":
		return p.sample
	case "sample-distinct":
		return p.sampleDistinct
	case "sort", "order":
		return p.sort
	case "top":
		return p.top
	case "top-hitters":
		return p.topHitters
	case "top-nested":
		return p.topNested
	case "join":
		return p.join
	case "lookup":
		return p.lookup
	case "union":
		return p.union
	}
	return p.rarerOperator(name)
}

func (p *parser) rarerOperator(name string) func(tok) ast.Operator {
	switch name {
	case "mv-expand", "mvexpand":
		return p.mvExpand
	case "mv-apply", "mvapply":
		return p.mvApply
	case "parse":
		return p.parse
	case "parse-where":
		return p.parseWhere
	case "parse-kv":
		return p.parseKV
	case "make-series":
		return p.makeSeries
	case "evaluate":
		return p.evaluate
	case "invoke":
		return p.invoke
	case "render":
		return p.render
	case "serialize":
		return p.serialize
	case "as":
		return p.as
	case "consume":
		return p.consume
	case "getschema":
		return func(t tok) ast.Operator { return &ast.GetSchema{Loc: locOf(t)} }
	case "print":
		return p.print
	case "range":
		return p.rangeOp
	case "search":
		return p.search
	case "find":
		return p.findOp
	case "fork":
		return p.fork
	case "facet":
		return p.facet
	case "partition", "__partitionby":
		return p.partition
	case "reduce":
		return p.reduce
	case "scan":
		return p.scanOp
	case "macro-expand":
		return p.macroExpand
	case "assert-schema":
		return p.assertSchema
	case "__executeAndCache":
		return func(t tok) ast.Operator { return &ast.ExecuteAndCache{Loc: locOf(t)} }
	}
	return p.graphOperator(name)
}

// params parses the name=value parameters behind the keyword of an operator that
// goes on with a named expression, so another name=value is not a mistake but that.
// Hints are allowed everywhere.
func (p *parser) params(allowed ...string) ast.Properties {
	return p.paramList(false, allowed)
}

// onlyParams parses the parameters of an operator whose operand cannot be named.
func (p *parser) onlyParams(allowed ...string) ast.Properties {
	return p.paramList(true, allowed)
}

func (p *parser) paramList(strict bool, allowed []string) ast.Properties {
	var list ast.Properties
	for !p.failed {
		n := p.paramName()
		if n == 0 {
			return list
		}
		start := p.peek()
		name := p.src[start.start:p.toks[p.pos+n-1].end]
		at := token.Span{Start: token.Pos(start.start), End: token.Pos(p.toks[p.pos+n-1].end)}
		if !strings.HasPrefix(name, "hint.") && !strings.HasPrefix(name, "__") && !slices.Contains(allowed, name) {
			if !strict {
				return list
			}
			p.fail(token.Diagnostic{Code: token.BadParameter, Span: at, Message: "there is no parameter \"" + name + "\" here",
				Hint: token.DidYouMean(name, slices.Values(allowed))})
			return list
		}
		if list.Get(name) != nil {
			p.diags.Errorf(token.DuplicateClause, at, "parameter \"%s\" is written twice", name)
		}
		p.pos += n + 1
		prop := &ast.Property{Name: name, Value: p.paramValue()}
		prop.Loc = p.from(start.start)
		list = append(list, prop)
		if p.peek().kind == comma && p.paramNameAt(1) > 0 { // some write commas between parameters
			p.pos++
		}
	}
	return list
}

// paramName returns how many tokens the parameter name here has: 1 for kind, 3 for
// hint.strategy, 0 if there is none.
func (p *parser) paramName() int { return p.paramNameAt(0) }

func (p *parser) paramNameAt(i int) int {
	if p.ahead(i).kind != word {
		return 0
	}
	if p.ahead(i+1).kind == assign {
		return 1
	}
	if p.isWord(i, "hint") && p.ahead(i+1).kind == dot && p.ahead(i+3).kind == assign {
		return 3
	}
	return 0
}

// paramValue parses the value of a parameter: a word, keywords included, or a literal.
func (p *parser) paramValue() ast.Expr {
	t := p.peek()
	if t.kind == word && p.text(t) != "dynamic" {
		switch text := p.text(t); {
		case strings.EqualFold(text, "true"), strings.EqualFold(text, "false"):
			return p.wordExpr(t)
		default:
			p.pos++
			return &ast.Ident{Loc: locOf(t), Name: text}
		}
	}
	return p.unary()
}

// propertyGroup parses (name=value, …) of render, externaldata and parse-kv.
func (p *parser) propertyGroup() ast.Properties {
	var list ast.Properties
	p.group(func() {
		p.list(func() {
			start := p.peek()
			switch {
			case start.kind == eof:
				return
			case start.kind == word && p.ahead(1).kind == assign:
				p.pos += 2
				prop := &ast.Property{Name: p.text(start), Value: p.propertyValue()}
				prop.Loc = p.from(start.start)
				list = append(list, prop)
			case len(list) > 0: // a further name: ycolumns=a, b
				prop := list[len(list)-1]
				prop.List = append(prop.List, p.value())
				prop.Loc.End = p.from(start.start).End
			default:
				p.expected("name=value")
			}
		})
	})
	return list
}

func (p *parser) propertyValue() ast.Expr {
	if t := p.peek(); t.kind == word && p.ahead(1).kind != lparen && p.ahead(1).kind != dot {
		return p.paramValue()
	}
	return p.value()
}

// columnPattern parses a column name or a name with stars.
func (p *parser) columnPattern() ast.Expr {
	if w := p.wildcard(); w != nil {
		return w
	}
	if p.bracketName() {
		return p.quotedName()
	}
	t, ok := p.need(word, "a column")
	if !ok {
		return &ast.BadExpr{Loc: locOf(t)}
	}
	if text := p.text(t); reserved[text] && !declarable[text] {
		p.pos--
		p.reservedWord(t)
	}
	return &ast.Ident{Loc: locOf(t), Name: p.text(t)}
}

// wildcard parses a name with stars such as Device* if there is one: words, numbers
// and stars without blanks between them.
func (p *parser) wildcard() ast.Expr {
	stars, i := 0, p.pos
	for ; i < p.end; i++ {
		k := p.toks[i].kind
		if (i > p.pos && !p.joined(i)) || (k != word && k != star && k != long) {
			break
		}
		if k == star {
			stars++
		}
	}
	if stars == 0 {
		return nil
	}
	start := p.peek()
	p.pos = i
	loc := p.from(start.start)
	return &ast.Wildcard{Loc: loc, Pattern: loc.Span().Of(p.src)}
}

func keys[V any](m map[string]V) iter.Seq[string] {
	return slices.Values(slices.Sorted(maps.Keys(m)))
}
