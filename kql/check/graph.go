package check

import (
	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// graph is a bound make-graph: two shared row sets. A pattern becomes joins of
// copies of them, so a dialect never sees a graph.
type graph struct {
	// nodes: the key, then the visible columns.
	nodes *shared
	// edges: the edge's number, source key and target key, then the visible columns.
	edges *shared
	key   catalog.Type
	in    *rows // the rows of edges as written, for graph-to-table
}

// element is one copy of the nodes or edges in a pattern.
type element struct {
	rows     *rows // the visible columns
	key      plan.Column
	src, dst plan.Column // of an edge; key is then its number
	in, out  plan.Column // of a node: its degrees, null for none, where asked for
}

// makeGraph binds make-graph. A node is every key that occurs in an edge or in a
// node table; node tables give it columns, or with_node_id one with its key.
func (c *checker) makeGraph(op *ast.MakeGraph, in *rows, e *env) *rows {
	if op.PartitionBy != nil {
		c.errorf(token.UnsupportedForm, op.PartitionBy, "partitioned-by is not supported; make a graph of each part")
		return nil
	}
	sc := &scope{env: e, rows: in}
	src, dst := c.expr(op.Source, sc), c.expr(op.Target, sc)
	t, ok := common(src.Type(), dst.Type())
	if !ok || t == catalog.Dynamic {
		c.errorf(token.TypeMismatch, op, "source and target are of different types: %s and %s", src.Type(), dst.Type())
		return nil
	}
	number := c.column("", catalog.Long)
	numbered := &plan.Number{In: in.rel, Ord: number, Cols: append(append([]plan.Column(nil), in.rel.Columns()...), number)}
	p := &projection{plan.Project{In: numbered}}
	p.keep(number)
	p.compute(c.column("", t), cast(src, t))
	p.compute(c.column("", t), cast(dst, t))
	p.Cols = append(p.Cols, in.cols...)
	edges := c.share("", unordered(&p.Project, p.Cols), true)

	g := &graph{edges: edges, key: t, in: in}
	nodes := c.graphKeys(g, op, e)
	if nodes == nil {
		return nil
	}
	g.nodes = c.share("", nodes, true)
	return &rows{graph: g}
}

// graphKeys builds the nodes: the distinct keys, joined with the node tables.
func (c *checker) graphKeys(g *graph, op *ast.MakeGraph, e *env) *rows {
	one := func(from *rows, i int) *rows {
		return unordered(&plan.Project{In: from.rel, Cols: from.cols[i : i+1]}, from.cols[i:i+1])
	}
	parts := []*rows{one(c.reference(g.edges), 1), one(c.reference(g.edges), 2)}
	type table struct {
		rows *rows
		key  plan.Column
	}
	var tables []table
	for _, n := range op.Nodes {
		r := c.operand(n.Table, e)
		if r == nil {
			return nil
		}
		s := c.share("", r, true)
		r = c.reference(s)
		ref, ok := c.expr(n.On, &scope{env: e, rows: r}).(*plan.Col)
		if !ok {
			c.errorf(token.UnknownColumn, n.On, "the key of the nodes must be a column")
			return nil
		}
		tables = append(tables, table{r, plan.Column{ID: ref.ID, Name: ref.Name, Type: ref.T}})
		again := c.reference(s)
		col, _ := again.find(ref.Name)
		key := c.column("", g.key)
		parts = append(parts, unordered(&plan.Project{In: again.rel, Items: []plan.Item{{Col: key, X: cast(colRef(col), g.key)}}, Cols: []plan.Column{key}},
			[]plan.Column{key}))
	}
	for _, p := range parts {
		p.cols = append([]plan.Column(nil), p.cols...)
	}
	keyed := make([]plan.Rel, len(parts))
	for i, p := range parts {
		keyed[i] = p.rel
	}
	all := c.column("", g.key)
	distinct := &plan.Aggregate{In: &plan.Union{Inputs: keyed, Cols: []plan.Column{all}}, Keys: []plan.Item{{Col: all, X: colRef(all)}}, Cols: []plan.Column{all}}
	out := unordered(distinct, []plan.Column{all})
	for _, t := range tables {
		cols := append(append([]plan.Column(nil), out.cols...), t.rows.cols...)
		out = unordered(&plan.Join{Kind: plan.LeftOuter, Left: out.rel, Right: t.rows.rel, Cols: cols,
			On: []plan.KeyPair{{Left: colRef(all), Right: cast(colRef(t.key), g.key)}}}, cols)
	}
	proj := &projection{plan.Project{In: out.rel}}
	proj.keep(all)
	if id := op.Params.Word("with_node_id"); id != "" {
		proj.compute(c.column(id, g.key), colRef(all))
	}
	for i, t := range tables {
		for _, col := range t.rows.cols {
			switch {
			case col.ID == t.key.ID && col.Type == g.key:
				// The key column shows the key also of nodes that only edges name.
				proj.compute(c.column(col.Name, g.key), colRef(all))
			case i > 0 && indexName(proj.Cols, col.Name) >= 0:
			default:
				proj.keep(col)
			}
		}
	}
	return unordered(&proj.Project, proj.Cols)
}

// node makes a new copy of the nodes.
func (c *checker) node(g *graph) *element {
	r := c.reference(g.nodes)
	return &element{rows: unordered(r.rel, r.cols[1:]), key: r.cols[0]}
}

// edge makes a new copy of the edges.
func (c *checker) edge(g *graph) *element {
	r := c.reference(g.edges)
	return &element{rows: unordered(r.rel, r.cols[3:]), key: r.cols[0], src: r.cols[1], dst: r.cols[2]}
}

// eitherWay is a copy of the edges with each also in the opposite direction.
func (c *checker) eitherWay(g *graph) *element {
	a, b := c.reference(g.edges), c.reference(g.edges)
	turned := append([]plan.Column{b.cols[0], b.cols[2], b.cols[1]}, b.cols[3:]...)
	cols := make([]plan.Column, len(a.cols))
	for i, col := range a.cols {
		cols[i] = c.column(col.Name, col.Type)
	}
	rel := &plan.Union{Inputs: []plan.Rel{a.rel, &plan.Project{In: b.rel, Cols: turned}}, Cols: cols}
	return &element{rows: unordered(rel, cols[3:]), key: cols[0], src: cols[1], dst: cols[2]}
}

// graphOperator binds an operator over a graph.
func (c *checker) graphOperator(op ast.Operator, in *rows, e *env) *rows {
	g := in.graph
	switch op := op.(type) {
	case *ast.GraphMatch:
		m := &patternMatch{c: c, g: g, e: e, where: op.Where, project: op.Project, cycles: op.Params.Word("cycles")}
		return m.bind(op, op.Patterns)
	case *ast.GraphShortestPaths:
		m := &patternMatch{c: c, g: g, e: e, where: op.Where, project: op.Project, cycles: "none", shortest: true, every: op.Params.Word("output") == "all"}
		return m.bind(op, op.Patterns)
	case *ast.GraphToTable:
		return c.graphToTable(op, g)
	case *ast.GraphMarkComponents:
		return c.graphComponents(op, g)
	case *ast.GraphWhere:
		return c.graphWhere(op, g, e)
	}
	c.errorf(token.NotTabular, op, "only graph operators can follow make-graph")
	return nil
}

// graphToTable delivers nodes or edges as rows; identifiers are hashes of keys.
func (c *checker) graphToTable(op *ast.GraphToTable, g *graph) *rows {
	var results []*rows
	for _, o := range op.Outputs {
		p := &projection{}
		hash := func(name string, key plan.Column) {
			if name != "" {
				p.compute(c.column(name, catalog.Long), &plan.Func{Name: "hash", Args: []plan.Expr{colRef(key)}, T: catalog.Long})
			}
		}
		if o.Edges {
			el := c.edge(g)
			p.In = el.rows.rel
			hash(o.Params.Word("with_source_id"), el.src)
			hash(o.Params.Word("with_target_id"), el.dst)
			p.Cols = append(p.Cols, el.rows.cols...)
		} else {
			el := c.node(g)
			p.In = el.rows.rel
			hash(o.Params.Word("with_node_id"), el.key)
			p.Cols = append(p.Cols, el.rows.cols...)
		}
		r := unordered(&p.Project, p.Cols)
		if o.Name != nil {
			r.name = o.Name.Name
		}
		results = append(results, r)
	}
	if len(results) == 1 {
		return results[0]
	}
	out := &rows{}
	for _, r := range results {
		res := c.finish(r)
		if r.name != "" {
			res.Name = r.name
			c.top.names[r.name] = &binding{shared: c.share(r.name, r, true)}
		}
		out.several = append(out.several, res)
	}
	if len(c.top.names) > 0 && results[0].name != "" {
		out.several = nil // later statements read them by name
		out.rel = &plan.Values{}
		out.silent = true
	}
	return out
}

// graphComponents gives each node the number of its connected component.
func (c *checker) graphComponents(op *ast.GraphMarkComponents, g *graph) *rows {
	if op.Params.Word("kind") == "strong" {
		c.errorf(token.UnsupportedForm, op, "strongly connected components are not supported")
		return nil
	}
	name := op.Params.Word("with_component_id")
	if name == "" {
		name = "ComponentId"
	}
	n, ed := c.node(g), c.edge(g)
	call := &plan.Call{In: n.rows.rel, Plugin: "graph_components",
		Args: []plan.Arg{{Name: "node", X: colRef(n.key)}, {Name: "edges", Rel: &plan.Project{In: ed.rows.rel, Cols: []plan.Column{ed.src, ed.dst}}}}}
	call.Cols = append(append([]plan.Column{n.key}, n.rows.cols...), c.column(name, catalog.Long))
	out := *g
	out.nodes = c.share("", unordered(call, call.Cols), true)
	return &rows{graph: &out}
}

// graphWhere keeps some edges, or some nodes and the edges between them.
func (c *checker) graphWhere(op *ast.GraphWhere, g *graph, e *env) *rows {
	out := *g
	if op.Edges {
		r := c.reference(g.edges)
		pred := c.predicate(op.Predicate, c.expr(op.Predicate, &scope{env: e, rows: unordered(r.rel, r.cols[3:])}))
		out.edges = c.share("", r.with(&plan.Filter{In: r.rel, Pred: pred}, r.cols), true)
		return &rows{graph: &out}
	}
	r := c.reference(g.nodes)
	pred := c.predicate(op.Predicate, c.expr(op.Predicate, &scope{env: e, rows: unordered(r.rel, r.cols[1:])}))
	out.nodes = c.share("", r.with(&plan.Filter{In: r.rel, Pred: pred}, r.cols), true)
	ed := c.reference(g.edges)
	rel := ed.rel
	for i := 1; i <= 2; i++ {
		n := c.reference(out.nodes)
		rel = &plan.Join{Kind: plan.LeftSemi, Left: rel, Right: n.rel, Cols: ed.cols,
			On: []plan.KeyPair{{Left: colRef(ed.cols[i]), Right: colRef(n.cols[0])}}}
	}
	out.edges = c.share("", ed.with(rel, ed.cols), true)
	return &rows{graph: &out}
}
