package parser

import (
	"github.com/tocsin-soc/tocsin/kql/ast"
)

func (p *parser) graphOperator(name string) func(tok) ast.Operator {
	switch name {
	case "make-graph":
		return p.makeGraph
	case "graph-match":
		return p.graphMatch
	case "graph-shortest-paths":
		return p.graphShortestPaths
	case "graph-to-table":
		return p.graphToTable
	case "graph-mark-components":
		return p.graphMarkComponents
	case "graph-where-nodes", "graph-where-edges":
		return p.graphWhere
	}
	return nil
}

// makeGraph parses make-graph a --> b [with T on k, …] [with_node_id=x] [partitioned-by c (pipe)].
func (p *parser) makeGraph(t tok) ast.Operator {
	n := &ast.MakeGraph{Params: p.onlyParams("with_node_id")}
	n.Source = p.path()
	if !p.arrowRight() {
		p.expected("\"-->\" between source and target")
		return n
	}
	n.Target = p.path()
	if p.acceptWord("with") {
		p.list(func() {
			start := p.peek()
			nodes := &ast.GraphNodes{Table: p.path()}
			if p.needWord("on") {
				nodes.On = p.path()
			}
			nodes.Loc = p.from(start.start)
			n.Nodes = append(n.Nodes, nodes)
		})
	}
	n.Params = append(n.Params, p.onlyParams("with_node_id")...)
	if p.acceptWord("partitioned-by") {
		n.PartitionBy = p.partitionKey()
		n.Body = p.subPipe()
	}
	n.Loc = p.from(t.start)
	return n
}

// arrowRight moves over -->.
func (p *parser) arrowRight() bool {
	if p.ahead(0).kind == minus && p.ahead(1).kind == minus && p.ahead(2).kind == gt {
		p.pos += 3
		return true
	}
	return false
}

func (p *parser) graphMatch(t tok) ast.Operator {
	n := &ast.GraphMatch{Params: p.onlyParams("cycles")}
	n.Patterns, n.Where, n.Project = p.graphQuery()
	n.Loc = p.from(t.start)
	return n
}

func (p *parser) graphShortestPaths(t tok) ast.Operator {
	n := &ast.GraphShortestPaths{Params: p.onlyParams("output", "cycles")}
	n.Patterns, n.Where, n.Project = p.graphQuery()
	n.Loc = p.from(t.start)
	return n
}

// graphQuery parses pattern, … [where condition] [project columns].
func (p *parser) graphQuery() (patterns []*ast.GraphPattern, where ast.Expr, project []*ast.NamedExpr) {
	p.list(func() { patterns = append(patterns, p.graphPattern()) })
	if p.acceptWord("where") {
		where = p.value()
	}
	if p.acceptWord("project") {
		project = p.namedItems()
	}
	return patterns, where, project
}

// graphPattern parses (a)-[e]->(b)….
func (p *parser) graphPattern() *ast.GraphPattern {
	start := p.peek()
	n := &ast.GraphPattern{}
	n.Elems = append(n.Elems, p.graphNode())
	for !p.failed && (p.peek().kind == minus || p.peek().kind == lt) {
		edge := p.graphEdge()
		n.Elems = append(n.Elems, edge, p.graphNode())
	}
	n.Loc = p.from(start.start)
	return n
}

func (p *parser) graphNode() *ast.GraphNode {
	start := p.peek()
	n := &ast.GraphNode{}
	if start.kind != lparen {
		p.expected("a node in parentheses")
		return n
	}
	p.group(func() {
		if p.peek().kind != eof {
			n.Name = p.declared()
		}
	})
	n.Loc = p.from(start.start)
	return n
}

// graphEdge parses -- --> <-- -[e]- -[e]-> <-[e]- with an optional range [e*1..5].
func (p *parser) graphEdge() *ast.GraphEdge {
	start := p.peek()
	n := &ast.GraphEdge{}
	left := p.accept(lt)
	if _, ok := p.need(minus, "an edge such as -[e]->"); !ok {
		return n
	}
	if p.peek().kind == lbracket {
		p.group(func() { p.edgeInner(n) })
	}
	if _, ok := p.need(minus, "\"-\" behind the edge"); !ok {
		return n
	}
	right := p.accept(gt)
	switch {
	case left && !right:
		n.Direction = ast.Leftward
	case right && !left:
		n.Direction = ast.Rightward
	}
	n.Loc = p.from(start.start)
	return n
}

// edgeInner parses [name][*min..max].
func (p *parser) edgeInner(n *ast.GraphEdge) {
	if p.peek().kind == word || p.bracketName() {
		n.Name = p.declared()
	}
	if p.accept(star) {
		n.Path = true
		n.Min = p.binary(precAdd)
		if _, ok := p.need(dotdot, "\"..\""); ok {
			n.Max = p.binary(precAdd)
		}
	}
}

// graphToTable parses nodes|edges [as T] [parameters], ….
func (p *parser) graphToTable(t tok) ast.Operator {
	n := &ast.GraphToTable{}
	p.list(func() {
		start := p.peek()
		out := &ast.GraphOutput{}
		switch {
		case p.acceptWord("nodes"):
		case p.acceptWord("edges"):
			out.Edges = true
		default:
			p.expected("nodes or edges")
			return
		}
		if p.acceptWord("as") {
			out.Name = p.declared()
		}
		out.Params = p.onlyParams("with_node_id", "with_source_id", "with_target_id")
		out.Loc = p.from(start.start)
		n.Outputs = append(n.Outputs, out)
	})
	n.Loc = p.from(t.start)
	return n
}

func (p *parser) graphMarkComponents(t tok) ast.Operator {
	n := &ast.GraphMarkComponents{Params: p.onlyParams("kind", "with_component_id")}
	n.Loc = p.from(t.start)
	return n
}

func (p *parser) graphWhere(t tok) ast.Operator {
	n := &ast.GraphWhere{Edges: p.text(t) == "graph-where-edges"}
	n.Predicate = p.value()
	n.Loc = p.from(t.start)
	return n
}
