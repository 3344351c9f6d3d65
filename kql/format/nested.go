package format

import "github.com/tocsin-soc/tocsin/kql/ast"

// sub prints (operator | operator): rows that come from outside.
func (b *builder) sub(p *ast.Pipe) *doc {
	return grouped(str("("), nested(b.brk(softDoc, p.Start+1), b.pipe(p, 2)), b.brk(softDoc, p.End-1), str(")"))
}

func (b *builder) mvColumn(n *ast.MvColumn) *doc {
	if n.To == nil {
		return b.named(n.X)
	}
	return cat(b.named(n.X), str(" to "), b.bare(n.To))
}

func (b *builder) mvApply(op *ast.MvApply) *doc {
	kids := []*doc{str("mv-apply"), b.props(op.Params), str(" "), inline(b, op.Columns, b.mvColumn)}
	if op.Limit != nil {
		kids = append(kids, str(" limit "), b.expr(op.Limit))
	}
	if op.ID != nil {
		kids = append(kids, str(" id "), b.expr(op.ID))
	}
	return cat(append(kids, str(" on "), b.sub(op.Body))...)
}

func (b *builder) parse(op *ast.Parse) *doc {
	keyword := "parse"
	if op.Where {
		keyword = "parse-where"
	}
	var parts []*doc
	for _, part := range op.Pattern {
		parts = append(parts, b.brk(lineDoc, part.Start))
		switch {
		case part.Star:
			parts = append(parts, str("*"))
		case part.Text != nil:
			b.skip(part.Span())
			parts = append(parts, str(literal(part.Text)))
		default:
			parts = append(parts, b.column(part.Column))
		}
	}
	return grouped(str(keyword), b.props(op.Params), str(" "), b.expr(op.X), str(" with"), nested(parts...))
}

func (b *builder) makeSeries(op *ast.MakeSeries) *doc {
	kids := []*doc{str("make-series"), b.props(op.Params)}
	inner := []*doc{lineDoc, items(b, op.Aggregates, func(n *ast.SeriesItem) *doc {
		if n.Default == nil {
			return b.named(n.X)
		}
		return cat(b.named(n.X), str(" default="), b.expr(n.Default))
	})}
	inner = append(inner, b.brk(lineDoc, op.On.Start), str("on "), b.named(op.On))
	if op.InRange {
		inner = append(inner, str(" in range("), b.expr(op.From), str(", "), b.expr(op.To), str(", "), b.expr(op.Step), str(")"))
	} else {
		if op.From != nil {
			inner = append(inner, str(" from "), b.expr(op.From))
		}
		if op.To != nil {
			inner = append(inner, str(" to "), b.expr(op.To))
		}
		inner = append(inner, str(" step "), b.expr(op.Step))
	}
	if len(op.By) > 0 {
		inner = append(inner, b.brk(lineDoc, op.By[0].Start), str("by "), inline(b, op.By, b.named))
	}
	return grouped(append(kids, nested(inner...))...)
}

func (b *builder) partition(op *ast.Partition) *doc {
	kids := []*doc{str("partition"), b.props(op.Params), str(" by "), b.expr(op.By)}
	if op.In != nil {
		kids = append(kids, str(" in "), b.expr(op.In))
	}
	kids = append(kids, str(" "))
	if !op.Braces {
		return cat(append(kids, b.sub(op.Body))...)
	}
	kids = append(kids, grouped(str("{"), nested(b.brk(lineDoc, op.Body.Start), b.pipe(op.Body, 2)), b.brk(lineDoc, op.End-1), str("}")))
	return cat(kids...)
}

func (b *builder) scan(op *ast.Scan) *doc {
	kids := []*doc{str("scan"), b.props(op.Params)}
	if len(op.OrderBy) > 0 {
		kids = append(kids, str(" order by "), inline(b, op.OrderBy, b.order))
	}
	if len(op.PartitionBy) > 0 {
		kids = append(kids, str(" partition by "), inline(b, op.PartitionBy, b.expr))
	}
	if op.Declare != nil {
		end := op.End
		if len(op.Steps) > 0 {
			end = op.Steps[0].Start
		}
		kids = append(kids, str(" declare "), b.params(op.Declare, end))
	}
	kids = append(kids, str(" with ("))
	var steps []*doc
	for _, s := range op.Steps {
		steps = append(steps, b.brk(hardDoc, s.Start), b.step(s), str(";"))
	}
	return cat(append(kids, nested(steps...), b.brk(hardDoc, op.End-1), str(")"))...)
}

func (b *builder) step(s *ast.ScanStep) *doc {
	kids := []*doc{str("step "), b.ident(s.Name)}
	if s.Optional {
		kids = append(kids, str(" optional"))
	}
	if s.Output != "" {
		kids = append(kids, str(" output="+s.Output))
	}
	kids = append(kids, str(": "), b.expr(s.When))
	if len(s.Set) > 0 {
		kids = append(kids, str(" =>"), nested(b.brk(lineDoc, s.Set[0].Start), items(b, s.Set, b.named)))
	}
	return grouped(kids...)
}

func (b *builder) makeGraph(op *ast.MakeGraph) *doc {
	kids := []*doc{str("make-graph "), b.expr(op.Source), str(" --> "), b.expr(op.Target)}
	if len(op.Nodes) > 0 {
		kids = append(kids, str(" with "), inline(b, op.Nodes, func(n *ast.GraphNodes) *doc {
			return cat(b.expr(n.Table), str(" on "), b.expr(n.On))
		}))
	}
	kids = append(kids, b.props(op.Params))
	if op.Body != nil {
		kids = append(kids, str(" partitioned-by "), b.expr(op.PartitionBy), str(" "), b.sub(op.Body))
	}
	return cat(kids...)
}

func (b *builder) graphQuery(keyword string, params ast.Properties, patterns []*ast.GraphPattern, where ast.Expr, project []*ast.NamedExpr) *doc {
	inner := []*doc{b.brk(lineDoc, patterns[0].Start), items(b, patterns, b.graphPattern)}
	if where != nil {
		inner = append(inner, b.brk(lineDoc, where.Span().Start), str("where "), b.expr(where))
	}
	if len(project) > 0 {
		inner = append(inner, b.brk(lineDoc, project[0].Start), str("project "), inline(b, project, b.named))
	}
	return grouped(str(keyword), b.props(params), nested(inner...))
}

func (b *builder) graphPattern(p *ast.GraphPattern) *doc {
	var kids []*doc
	for _, e := range p.Elems {
		switch e := e.(type) {
		case *ast.GraphNode:
			if e.Name == nil {
				kids = append(kids, str("()"))
			} else {
				kids = append(kids, str("("), b.ident(e.Name), str(")"))
			}
		case *ast.GraphEdge:
			kids = append(kids, b.graphEdge(e))
		default:
			panic("format: graph element of unknown type")
		}
	}
	return cat(kids...)
}

func (b *builder) graphEdge(e *ast.GraphEdge) *doc {
	left, right := "-", "-"
	switch e.Direction {
	case ast.Leftward:
		left = "<-"
	case ast.Rightward:
		right = "->"
	}
	if e.Name == nil && !e.Path {
		return str(left + right)
	}
	kids := []*doc{str(left + "[")}
	if e.Name != nil {
		kids = append(kids, b.ident(e.Name))
	}
	if e.Path {
		kids = append(kids, str("*"), b.expr(e.Min), str(".."), b.expr(e.Max))
	}
	return cat(append(kids, str("]"+right))...)
}
