package format

import (
	"fmt"

	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// clause prints a keyword and its parameters, then a list that is indented below
// them when it does not fit beside.
func clause[T ast.Node](b *builder, keyword string, params ast.Properties, list []T, print func(T) *doc) *doc {
	head := cat(str(keyword), b.props(params))
	if len(list) == 0 {
		return head
	}
	return grouped(head, nested(b.brk(lineDoc, list[0].Span().Start), items(b, list, print)))
}

// operator prints one operator, without its pipe.
func (b *builder) operator(op ast.Operator) *doc {
	switch op := op.(type) {
	case *ast.Where:
		if op.Name != nil {
			return cat(str("where "), b.ident(op.Name), str(" = "), b.expr(op.Predicate))
		}
		return cat(str("where"), b.props(op.Params), str(" "), b.expr(op.Predicate))
	case *ast.Extend:
		return clause(b, "extend", nil, op.Columns, b.named)
	case *ast.Project:
		return clause(b, "project", nil, op.Columns, b.named)
	case *ast.ProjectAway:
		return clause(b, "project-away", nil, op.Columns, b.expr)
	case *ast.ProjectKeep:
		return clause(b, "project-keep", nil, op.Columns, b.expr)
	case *ast.ProjectRename:
		return clause(b, "project-rename", nil, op.Columns, b.named)
	case *ast.ProjectReorder:
		return clause(b, "project-reorder", nil, op.Columns, b.reorder)
	case *ast.ProjectByNames:
		return clause(b, "project-by-names", nil, op.Names, b.expr)
	case *ast.Summarize:
		return b.summarize(op)
	case *ast.Distinct:
		return clause(b, "distinct", op.Params, op.Columns, b.named)
	case *ast.Count:
		if op.Name != nil {
			return cat(str("count as "), b.ident(op.Name))
		}
		return str("count")
	case *ast.Take:
		return cat(str("take"), b.props(op.Params), str(" "), b.expr(op.N))
	case *ast.Sample:
		return cat(str("sample"), b.props(op.Params), str(" "), b.expr(op.N))
	case *ast.SampleDistinct:
		return cat(str("sample-distinct"), b.props(op.Params), str(" "), b.expr(op.N), str(" of "), b.named(op.Of))
	case *ast.Sort:
		return grouped(str("sort"), b.props(op.Params), str(" by"), nested(b.brk(lineDoc, op.By[0].Start), items(b, op.By, b.order)))
	case *ast.Top:
		return cat(str("top"), b.props(op.Params), str(" "), b.expr(op.N), str(" by "), inline(b, op.By, b.order))
	default:
		return b.tables(op)
	}
}

func (b *builder) reorder(n *ast.ReorderItem) *doc {
	if n.Order == "" {
		return b.expr(n.Column)
	}
	return cat(b.expr(n.Column), str(" "+n.Order))
}

func (b *builder) order(n *ast.OrderItem) *doc {
	kids := []*doc{b.named(n.X)}
	if n.Order != "" {
		kids = append(kids, str(" "+n.Order))
	}
	if n.Nulls != "" {
		kids = append(kids, str(" nulls "+n.Nulls))
	}
	return cat(kids...)
}

func (b *builder) summarize(op *ast.Summarize) *doc {
	kids := []*doc{str("summarize"), b.props(op.Params)}
	var inner []*doc
	if len(op.Aggregates) > 0 {
		inner = append(inner, b.brk(lineDoc, op.Aggregates[0].Start), items(b, op.Aggregates, b.named))
	}
	if len(op.By) > 0 {
		by := []*doc{b.brk(lineDoc, op.By[0].Start), str("by "), inline(b, op.By, b.named)}
		if op.Bin != nil {
			by = append(by, str(" bin = "), b.expr(op.Bin))
		}
		inner = append(inner, by...)
	}
	return grouped(append(kids, nested(inner...))...)
}

// tables prints the operators that read other tables or make rows.
func (b *builder) tables(op ast.Operator) *doc {
	switch op := op.(type) {
	case *ast.TopHitters:
		kids := []*doc{str("top-hitters "), b.expr(op.N), str(" of "), b.named(op.Of)}
		if op.By != nil {
			kids = append(kids, str(" by "), b.named(op.By))
		}
		return cat(kids...)
	case *ast.TopNested:
		return grouped(nested(items(b, op.Levels, b.topLevel)))
	case *ast.Join:
		return b.join("join", op.Params, op.Right, op.On)
	case *ast.Lookup:
		return b.join("lookup", op.Params, op.Right, op.On)
	case *ast.Union:
		return clause(b, "union", op.Params, op.Tables, b.expr)
	case *ast.Print:
		return clause(b, "print", nil, op.Columns, b.named)
	case *ast.Range:
		return cat(str("range "), b.ident(op.Name), str(" from "), b.expr(op.From), str(" to "), b.expr(op.To), str(" step "), b.expr(op.Step))
	case *ast.Search:
		return cat(str("search"), b.props(op.Params), b.inTables(op.In), str(" "), b.expr(op.Predicate))
	case *ast.Find:
		return b.find(op)
	case *ast.Evaluate:
		kids := []*doc{str("evaluate"), b.props(op.Params), str(" "), b.expr(op.Call)}
		if op.Schema != nil {
			kids = append(kids, str(" : "), b.schema(op.Schema))
		}
		return cat(kids...)
	case *ast.Invoke:
		return cat(str("invoke "), b.expr(op.Call))
	case *ast.Render:
		if len(op.With) == 0 {
			return str("render " + op.Kind)
		}
		return cat(str("render "+op.Kind+" with "), b.propGroup(op.With, op.End))
	case *ast.Serialize:
		return clause(b, "serialize", op.Params, op.Columns, b.named)
	case *ast.As:
		return cat(str("as"), b.props(op.Params), str(" "), b.ident(op.Name))
	case *ast.Consume:
		return cat(str("consume"), b.props(op.Params))
	case *ast.GetSchema:
		return str("getschema")
	case *ast.AssertSchema:
		return cat(str("assert-schema "), b.schema(op.Schema))
	case *ast.ExecuteAndCache:
		return str("__executeAndCache")
	default:
		return b.shapes(op)
	}
}

func (b *builder) topLevel(n *ast.TopLevel) *doc {
	kids := []*doc{str("top-nested ")}
	if n.N != nil {
		kids = append(kids, b.expr(n.N), str(" "))
	}
	kids = append(kids, str("of "), b.named(n.Of))
	if n.Others != nil {
		kids = append(kids, str(" with others = "), b.expr(n.Others))
	}
	return cat(append(kids, str(" by "), b.order(n.By))...)
}

func (b *builder) join(keyword string, params ast.Properties, right ast.Expr, on []ast.Expr) *doc {
	kids := []*doc{str(keyword), b.props(params), str(" "), b.expr(right)}
	if len(on) > 0 {
		kids = append(kids, str(" on "), inline(b, on, b.expr))
	}
	return cat(kids...)
}

func (b *builder) inTables(list []ast.Expr) *doc {
	if len(list) == 0 {
		return nothing
	}
	return cat(str(" in "), b.brackets("(", list, ")", 0))
}

func (b *builder) find(op *ast.Find) *doc {
	kids := []*doc{str("find"), b.props(op.Params), b.inTables(op.In)}
	if len(op.In) > 0 || len(op.Params) > 0 {
		kids = append(kids, str(" where"))
	}
	kids = append(kids, str(" "), b.expr(op.Predicate))
	switch {
	case op.ProjectSmart:
		kids = append(kids, str(" project-smart"))
	case len(op.Project) > 0:
		kids = append(kids, str(" project "), inline(b, op.Project, func(c *ast.FindColumn) *doc {
			if c.Pack {
				return str("pack(*)")
			}
			return b.column(c.Column)
		}))
	}
	if len(op.ProjectAway) > 0 {
		kids = append(kids, str(" project-away "), inline(b, op.ProjectAway, b.expr))
	}
	return grouped(nested(kids...))
}

// props prints parameters, each with a leading blank.
func (b *builder) props(list ast.Properties) *doc {
	if len(list) == 0 {
		return nothing
	}
	var kids []*doc
	for _, p := range list {
		kids = append(kids, b.at(p.Start), str(" "+p.Name+"="), b.expr(p.Value))
	}
	return cat(kids...)
}

func (b *builder) propGroup(list ast.Properties, end token.Pos) *doc {
	var kids []*doc
	for i, p := range list {
		kids = append(kids, b.separator(i, p.Start), str(p.Name+"="), b.expr(p.Value))
		for _, x := range p.List {
			kids = append(kids, str(", "), b.expr(x))
		}
	}
	return grouped(str("("), nested(kids...), b.brk(softDoc, end-1), str(")"))
}

// shapes prints the operators that reshape values, and the nested ones.
func (b *builder) shapes(op ast.Operator) *doc {
	switch op := op.(type) {
	case *ast.MvExpand:
		kids := []*doc{str("mv-expand"), b.props(op.Params), nested(lineDoc, items(b, op.Columns, b.mvColumn))}
		if op.Limit != nil {
			kids = append(kids, str(" limit "), b.expr(op.Limit))
		}
		return grouped(kids...)
	case *ast.MvApply:
		return b.mvApply(op)
	case *ast.Parse:
		return b.parse(op)
	case *ast.ParseKV:
		kids := []*doc{str("parse-kv "), b.expr(op.X), str(" as "), b.schema(op.Schema)}
		if len(op.With) > 0 {
			kids = append(kids, str(" with "), b.propGroup(op.With, op.End))
		}
		return cat(kids...)
	case *ast.MakeSeries:
		return b.makeSeries(op)
	case *ast.Reduce:
		kids := []*doc{str("reduce"), b.props(op.Params), str(" by "), b.named(op.By)}
		if len(op.With) > 0 {
			kids = append(kids, str(" with "), inline(b, op.With, b.named))
		}
		return cat(kids...)
	case *ast.Fork:
		var kids []*doc
		for _, f := range op.Branches {
			kids = append(kids, b.brk(lineDoc, f.Start))
			if f.Name != nil {
				kids = append(kids, b.ident(f.Name), str(" = "))
			}
			kids = append(kids, b.sub(f.Body))
		}
		return grouped(str("fork"), nested(kids...))
	case *ast.Facet:
		kids := []*doc{str("facet by "), inline(b, op.By, b.expr)}
		if op.With != nil {
			kids = append(kids, str(" with "), b.sub(op.With))
		}
		return cat(kids...)
	case *ast.Partition:
		return b.partition(op)
	case *ast.Scan:
		return b.scan(op)
	case *ast.MacroExpand:
		kids := []*doc{str("macro-expand"), b.props(op.Params), str(" "), b.expr(op.Group), str(" as "), b.ident(op.As), str(" (")}
		var inner []*doc
		for _, s := range op.Stmts {
			inner = append(inner, b.brk(hardDoc, s.Span().Start), b.stmt(s), str(";"))
		}
		return cat(append(kids, nested(inner...), b.brk(hardDoc, op.End-1), str(")"))...)
	default:
		return b.graph(op)
	}
}

func (b *builder) graph(op ast.Operator) *doc {
	switch op := op.(type) {
	case *ast.MakeGraph:
		return b.makeGraph(op)
	case *ast.GraphMatch:
		return b.graphQuery("graph-match", op.Params, op.Patterns, op.Where, op.Project)
	case *ast.GraphShortestPaths:
		return b.graphQuery("graph-shortest-paths", op.Params, op.Patterns, op.Where, op.Project)
	case *ast.GraphToTable:
		return cat(str("graph-to-table "), inline(b, op.Outputs, func(o *ast.GraphOutput) *doc {
			kids := []*doc{str("nodes")}
			if o.Edges {
				kids[0] = str("edges")
			}
			if o.Name != nil {
				kids = append(kids, str(" as "), b.ident(o.Name))
			}
			return cat(append(kids, b.props(o.Params))...)
		}))
	case *ast.GraphMarkComponents:
		return cat(str("graph-mark-components"), b.props(op.Params))
	case *ast.GraphWhere:
		keyword := "graph-where-nodes "
		if op.Edges {
			keyword = "graph-where-edges "
		}
		return cat(str(keyword), b.expr(op.Predicate))
	}
	panic(fmt.Sprintf("format: operator %T", op))
}
