package check

import (
	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// patternMatch is a graph-match or graph-shortest-paths being bound. A path of
// variable length is written out once for each length: the pattern becomes a
// union of chains of joins.
type patternMatch struct {
	c        *checker
	g        *graph
	e        *env
	where    ast.Expr
	project  []*ast.NamedExpr
	cycles   string
	shortest bool
	every    bool // shortest paths: all of the least length, not any one
	inner    bool // the text uses inner_nodes()
	degrees  bool // the text uses node_degree_in() or node_degree_out()
}

// maxChains is the number of combinations of path lengths a pattern may have;
// maxHops the length of one path.
const (
	maxChains = 64
	maxHops   = 32
)

// chain is one combination of lengths: what the names of the pattern stand for.
type chain struct {
	rel   plan.Rel
	nodes map[string]*element
	edges map[string]*path
	used  []*element    // every edge, for cycles
	seen  []plan.Column // every node key, for cycles
	first plan.Column   // the key the first path starts with
	last  plan.Column   // and ends with
	hops  int
}

// path is an edge of the pattern: one element, or several with inner nodes.
type path struct {
	steps  []*element
	inner  []*element
	single bool
}

func (m *patternMatch) bind(n ast.Node, patterns []*ast.GraphPattern) *rows {
	clauses := []ast.Expr{m.where}
	for _, p := range m.project {
		clauses = append(clauses, p.X)
	}
	for _, x := range clauses {
		m.inner = m.inner || mentions(x, "inner_nodes")
		m.degrees = m.degrees || mentions(x, "node_degree_in") || mentions(x, "node_degree_out")
	}
	var ranges [][2]int
	total := 1
	for _, p := range patterns {
		for _, el := range p.Elems {
			if ed, ok := el.(*ast.GraphEdge); ok {
				lo, hi := m.hops(ed)
				ranges = append(ranges, [2]int{lo, hi})
				total *= hi - lo + 1
				if lo > hi || hi > maxHops || total > maxChains {
					m.c.errorf(token.TooComplex, n, "the pattern has too many paths: at most %d combinations of lengths and %d hops", maxChains, maxHops)
					return nil
				}
			}
		}
	}
	lengths := make([]int, len(ranges))
	for i := range ranges {
		lengths[i] = ranges[i][0]
	}
	var branches []*rows
	for {
		if r := m.one(patterns, lengths); r != nil {
			branches = append(branches, r)
		}
		i := 0
		for ; i < len(lengths); i++ {
			if lengths[i] < ranges[i][1] {
				lengths[i]++
				break
			}
			lengths[i] = ranges[i][0]
		}
		if i == len(lengths) {
			break
		}
	}
	if len(branches) == 0 {
		return nil
	}
	return m.join(branches)
}

// hops is the range of lengths of an edge.
func (m *patternMatch) hops(ed *ast.GraphEdge) (lo, hi int) {
	if !ed.Path {
		return 1, 1
	}
	bound := func(x ast.Expr, def int) int {
		if x == nil {
			return def
		}
		if k, ok := m.c.expr(x, &scope{env: m.e}).(*plan.Const); ok && k.T.Integer() && k.Int >= 0 && k.Int <= maxHops {
			return int(k.Int)
		}
		m.c.errorf(token.BadArgument, x, "the length of a path is a constant up to %d", maxHops)
		return def
	}
	lo = bound(ed.Min, 1)
	return lo, bound(ed.Max, lo)
}

// one builds the joins for one combination of lengths and binds the clauses.
func (m *patternMatch) one(patterns []*ast.GraphPattern, lengths []int) *rows {
	ch := &chain{nodes: map[string]*element{}, edges: map[string]*path{}}
	next := 0
	for _, p := range patterns {
		var at plan.Column
		var pending *ast.GraphEdge
		length := 0
		for _, el := range p.Elems {
			switch el := el.(type) {
			case *ast.GraphEdge:
				pending, length = el, lengths[next]
				next++
			case *ast.GraphNode:
				if pending == nil {
					at = m.start(ch, el)
				} else {
					at = m.walk(ch, at, pending, length, el)
				}
				pending = nil
			}
		}
		if ch.last.ID == 0 {
			ch.last = at
		}
	}
	m.cyclesFilter(ch)
	return m.clauses(ch)
}

func nodeName(n *ast.GraphNode) string {
	if n.Name == nil {
		return ""
	}
	return n.Name.Name
}

// start binds the node a pattern begins with.
func (m *patternMatch) start(ch *chain, n *ast.GraphNode) plan.Column {
	if el, ok := ch.nodes[nodeName(n)]; ok && n.Name != nil {
		return el.key
	}
	el := m.node()
	if ch.rel == nil {
		ch.rel = el.rows.rel
		ch.first = el.key
	} else {
		m.attach(ch, el.rows.rel, plan.Column{}, plan.Column{})
	}
	ch.seen = append(ch.seen, el.key)
	if n.Name != nil {
		ch.nodes[n.Name.Name] = el
	}
	return el.key
}

// attach joins rel to the chain, left == right when given.
func (m *patternMatch) attach(ch *chain, rel plan.Rel, left, right plan.Column) {
	j := &plan.Join{Kind: plan.Inner, Left: ch.rel, Right: rel}
	if left.ID != 0 {
		j.On = []plan.KeyPair{{Left: colRef(left), Right: colRef(right)}}
	}
	j.Cols = append(append([]plan.Column(nil), ch.rel.Columns()...), rel.Columns()...)
	ch.rel = j
}

// walk follows an edge, or a path of the given length, to the next node.
func (m *patternMatch) walk(ch *chain, at plan.Column, ed *ast.GraphEdge, length int, n *ast.GraphNode) plan.Column {
	p := &path{single: !ed.Path}
	for hop := 0; hop < length; hop++ {
		var el *element
		from, to := plan.Column{}, plan.Column{}
		switch ed.Direction {
		case ast.Undirected:
			el = m.c.eitherWay(m.g)
			from, to = el.src, el.dst
		case ast.Leftward:
			el = m.c.edge(m.g)
			from, to = el.dst, el.src
		default:
			el = m.c.edge(m.g)
			from, to = el.src, el.dst
		}
		m.attach(ch, el.rows.rel, at, from)
		p.steps = append(p.steps, el)
		ch.used = append(ch.used, el)
		at = to
		if hop < length-1 {
			if m.inner {
				inner := m.node()
				m.attach(ch, inner.rows.rel, at, inner.key)
				p.inner = append(p.inner, inner)
			}
			ch.seen = append(ch.seen, at)
		}
	}
	ch.hops += length
	if ed.Name != nil {
		ch.edges[ed.Name.Name] = p
	}
	if el, ok := ch.nodes[nodeName(n)]; ok && n.Name != nil {
		ch.rel = &plan.Filter{In: ch.rel, Pred: &plan.Binary{Op: plan.OpEq, X: colRef(at), Y: colRef(el.key), T: catalog.Bool}}
		return el.key
	}
	el := m.node()
	m.attach(ch, el.rows.rel, at, el.key)
	ch.seen = append(ch.seen, el.key)
	if n.Name != nil {
		ch.nodes[n.Name.Name] = el
	}
	return el.key
}

// cyclesFilter keeps what the cycles parameter allows: by default no edge twice.
func (m *patternMatch) cyclesFilter(ch *chain) {
	var cols []plan.Column
	switch m.cycles {
	case "all":
		return
	case "none":
		cols = ch.seen
	default:
		for _, el := range ch.used {
			cols = append(cols, el.key)
		}
	}
	for i := range cols {
		for j := i + 1; j < len(cols); j++ {
			ch.rel = &plan.Filter{In: ch.rel, Pred: &plan.Binary{Op: plan.OpNe, X: colRef(cols[i]), Y: colRef(cols[j]), T: catalog.Bool}}
		}
	}
}

// clauses binds where and project over one chain. Shortest paths carry their
// ends and length as hidden columns in front.
func (m *patternMatch) clauses(ch *chain) *rows {
	all := unordered(ch.rel, nil)
	sc := &scope{env: m.e, rows: &rows{}, elements: map[string]*rows{}, chain: ch}
	for name, el := range ch.nodes {
		sc.elements[name] = el.rows
	}
	for name, p := range ch.edges {
		if p.single {
			sc.elements[name] = p.steps[0].rows
		}
	}
	if m.where != nil {
		pred := m.c.predicate(m.where, m.c.expr(m.where, sc))
		all.rel = &plan.Filter{In: all.rel, Pred: pred}
	}
	b := m.c.newBuilder(len(m.project))
	b.each(m.project, styleProject, sc)
	if !m.shortest {
		return b.project(all)
	}
	ends := []plan.Column{ch.first, ch.last, m.c.column("", catalog.Long)}
	// Of several shortest paths "any" is the one whose first edge comes first.
	rank := plan.Expr(longConst(int64(ch.hops) << 40))
	if len(ch.used) > 0 && !m.every {
		rank = &plan.Binary{Op: plan.OpAdd, X: rank, Y: colRef(ch.used[0].key), T: catalog.Long}
	}
	items := append(b.liveItems(), plan.Item{Col: ends[2], X: rank})
	for i := range ends[:2] {
		copied := m.c.column("", ends[i].Type)
		items = append(items, plan.Item{Col: copied, X: colRef(ends[i])})
		ends[i] = copied
	}
	cols := append(ends, b.cols...)
	return unordered(&plan.Project{In: all.rel, Items: items, Cols: cols}, cols)
}

// join appends the chains; of shortest paths it keeps the shortest per pair of
// ends.
func (m *patternMatch) join(branches []*rows) *rows {
	cols := make([]plan.Column, len(branches[0].cols))
	for i, col := range branches[0].cols {
		cols[i] = m.c.column(col.Name, col.Type)
	}
	rel := &plan.Union{Cols: cols}
	for _, r := range branches {
		rel.Inputs = append(rel.Inputs, r.rel)
	}
	if !m.shortest {
		return unordered(rel, cols)
	}
	keys := []plan.Item{{Col: cols[0], X: colRef(cols[0])}, {Col: cols[1], X: colRef(cols[1])}}
	if !m.every {
		g := plan.Agg{Func: "arg_min"}
		var out []plan.Column
		for _, col := range cols[2:] {
			g.Args = append(g.Args, colRef(col))
			made := m.c.column(col.Name, col.Type)
			g.Cols = append(g.Cols, made)
			out = append(out, made)
		}
		agg := &plan.Aggregate{In: rel, Keys: keys, Aggs: []plan.Agg{g}, Cols: append([]plan.Column{cols[0], cols[1]}, g.Cols...)}
		return unordered(&plan.Project{In: agg, Cols: out[1:]}, out[1:])
	}
	s := m.c.share("", unordered(rel, cols), true)
	a, b := m.c.reference(s), m.c.reference(s)
	least := m.c.column("", catalog.Long)
	agg := &plan.Aggregate{In: b.rel, Keys: []plan.Item{{Col: b.cols[0], X: colRef(b.cols[0])}, {Col: b.cols[1], X: colRef(b.cols[1])}},
		Aggs: []plan.Agg{{Func: "min", Args: []plan.Expr{colRef(b.cols[2])}, Cols: []plan.Column{least}}},
		Cols: []plan.Column{b.cols[0], b.cols[1], least}}
	j := &plan.Join{Kind: plan.LeftSemi, Left: a.rel, Right: agg, Cols: a.cols, On: []plan.KeyPair{
		{Left: colRef(a.cols[0]), Right: colRef(b.cols[0])}, {Left: colRef(a.cols[1]), Right: colRef(b.cols[1])},
		{Left: colRef(a.cols[2]), Right: colRef(least)}}}
	return unordered(&plan.Project{In: j, Cols: a.cols[3:]}, a.cols[3:])
}

// mentions reports whether a call of that name occurs in x.
func mentions(x ast.Expr, name string) bool {
	if x == nil {
		return false
	}
	found := false
	ast.Walk(x, func(n ast.Node) bool {
		if call, ok := n.(*ast.Call); ok && call.Name != nil && call.Name.Name == name {
			found = true
		}
		return !found
	})
	return found
}

// graphCall binds the functions of graph-match: over a path or its inner nodes
// all(), any() and map(), and of a node its degree and identifier.
func (c *checker) graphCall(e *ast.Call, sc *scope) (value, bool) {
	switch e.Name.Name {
	case "all", "any", "map":
		if len(e.Args) != 2 {
			return value{}, false
		}
		return c.overPath(e, sc), true
	case "inner_nodes":
		c.errorf(token.MisplacedCall, e, "inner_nodes() belongs into all(), any() or map()")
		return unknown(), true
	case "node_degree_in", "node_degree_out", "node_id":
		return c.nodeFact(e, sc), true
	case "labels":
		c.errorf(token.UnsupportedFunction, e, "labels() is not supported: graphs made by make-graph have none")
		return unknown(), true
	}
	return value{}, false
}

// overPath binds all(), any() and map() by writing them out for each element.
func (c *checker) overPath(e *ast.Call, sc *scope) value {
	elements, ok := c.pathElements(e.Args[0].X, sc)
	if !ok {
		c.errorf(token.BadArgument, e.Args[0], "%s() needs an edge of the pattern or its inner_nodes()", e.Name.Name)
		return unknown()
	}
	var xs []plan.Expr
	for _, el := range elements {
		inner := &scope{env: sc.env, rows: el.rows, chain: sc.chain, at: el}
		xs = append(xs, c.expr(e.Args[1].X, inner))
	}
	if e.Name.Name == "map" {
		if len(xs) == 0 {
			return scalarValue(&plan.Const{T: catalog.Dynamic, Text: "[]"})
		}
		return scalarValue(&plan.Func{Name: "pack_array", Args: xs, T: catalog.Dynamic})
	}
	op := plan.OpAnd
	if e.Name.Name == "any" {
		op = plan.OpOr
	}
	out := plan.Expr(boolConst(op == plan.OpAnd))
	for _, x := range xs {
		out = simplify(op, out, c.predicate(e.Args[1], x))
	}
	return scalarValue(out)
}

func (c *checker) pathElements(x ast.Expr, sc *scope) ([]*element, bool) {
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident:
		if p, ok := sc.chain.edges[x.Name]; ok {
			return p.steps, true
		}
	case *ast.Call:
		if x.Name != nil && x.Name.Name == "inner_nodes" && len(x.Args) == 1 {
			if id, ok := ast.Unparen(x.Args[0].X).(*ast.Ident); ok {
				if p, ok := sc.chain.edges[id.Name]; ok {
					return p.inner, true
				}
			}
		}
	}
	return nil, false
}

// nodeFact binds node_id() and the degrees; without argument of the node at hand.
func (c *checker) nodeFact(e *ast.Call, sc *scope) value {
	el := sc.at
	if len(e.Args) == 1 {
		if id, ok := ast.Unparen(e.Args[0].X).(*ast.Ident); ok {
			el = sc.chain.nodes[id.Name]
		}
	}
	if el == nil {
		c.errorf(token.BadArgument, e, "%s() needs a node of the pattern", e.Name.Name)
		return unknown()
	}
	if e.Name.Name == "node_id" {
		return scalarValue(explicitCast(colRef(el.key), catalog.String))
	}
	degree := el.out
	if e.Name.Name == "node_degree_in" {
		degree = el.in
	}
	return scalarValue(&plan.Func{Name: "coalesce", Args: []plan.Expr{colRef(degree), longConst(0)}, T: catalog.Long})
}

// node makes a copy of the nodes, with their degrees where the clauses ask for
// them.
func (m *patternMatch) node() *element {
	el := m.c.node(m.g)
	if !m.degrees {
		return el
	}
	for end := 1; end <= 2; end++ {
		r := m.c.reference(m.g.edges)
		n := m.c.column("", catalog.Long)
		agg := &plan.Aggregate{In: r.rel, Keys: []plan.Item{{Col: r.cols[end], X: colRef(r.cols[end])}},
			Aggs: []plan.Agg{{Func: "count", Cols: []plan.Column{n}}}, Cols: []plan.Column{r.cols[end], n}}
		left := el.rows.rel
		el.rows.rel = &plan.Join{Kind: plan.LeftOuter, Left: left, Right: agg,
			On:   []plan.KeyPair{{Left: colRef(el.key), Right: colRef(r.cols[end])}},
			Cols: append(append([]plan.Column(nil), left.Columns()...), n)}
		if end == 1 {
			el.out = n
		} else {
			el.in = n
		}
	}
	return el
}
