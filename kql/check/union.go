package check

import (
	"sort"

	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/token"
)

func (c *checker) union(op *ast.Union, in *rows, e *env) *rows {
	var branches []*rows
	if in != nil {
		branches = append(branches, in)
	}
	fuzzy := asciiLower(op.Params.Word("isfuzzy")) == "true"
	for _, x := range op.Tables {
		branches = append(branches, c.branch(x, fuzzy, e)...)
		if len(branches) > c.limits.Tables {
			c.errorf(token.TooComplex, x, "the union reads more than %d tables", c.limits.Tables)
			return nil
		}
	}
	source := op.Params.Word("withsource")
	if source == "" {
		source = op.Params.Word("with_source")
	}
	if len(branches) == 0 {
		if fuzzy {
			return &rows{rel: &plan.Values{}, open: true}
		}
		return nil
	}
	switch word := op.Params.Word("kind"); word {
	case "", "outer":
		return c.combine(branches, source, "union_arg", false)
	case "inner":
		return c.combine(branches, source, "union_arg", true)
	default:
		c.errorf(token.BadParameter, op, "there is no union kind %q", word)
		return c.combine(branches, source, "union_arg", false)
	}
}

// branch binds one operand; a pattern stands for several tables. With isfuzzy a
// table that does not exist is left out.
func (c *checker) branch(x ast.Expr, fuzzy bool, e *env) []*rows {
	inner := ast.Unparen(x)
	if m, ok := inner.(*ast.Member); ok {
		if w, isDatabase := m.X.(*ast.Call); isDatabase && w.Name != nil && w.Name.Name == "database" {
			inner = m.Name
		}
	}
	pattern := ""
	switch x := inner.(type) {
	case *ast.Wildcard:
		pattern = x.Pattern
	case *ast.Star:
		pattern = "*"
	case *ast.Ident:
		if fuzzy && !c.exists(x.Name, e) {
			return nil
		}
	}
	if pattern != "" {
		return c.tables(pattern, e)
	}
	if fuzzy && !c.reachable(inner, e) {
		return nil
	}
	r := c.leg(inner, fuzzy, e)
	if r == nil {
		return nil
	}
	return []*rows{r}
}

// leg binds an operand that is rows. With isfuzzy a saved function whose text
// does not bind is left out, like a table that does not exist: a parser of a
// product that is not here must not take the others with it.
func (c *checker) leg(x ast.Expr, fuzzy bool, e *env) *rows {
	name, saved := c.savedCall(x, e)
	if !fuzzy || !saved {
		return c.operand(x, e)
	}
	before := c.diags
	c.diags = nil
	r := c.operand(x, e)
	found := c.diags
	c.diags = before
	if err := found.Err(); err != nil && c.nodes <= c.limits.Nodes && c.leavesOut(x, found) {
		for _, d := range found {
			if d.Severity == token.Error {
				c.warnf(d.Code, x, "%s does not bind, the fuzzy union leaves it out: %s", name, d.Message)
				return nil
			}
		}
	}
	for _, d := range found {
		c.diags.Add(d)
	}
	return r
}

// savedCall reports whether x is nothing but the call of a saved function.
func (c *checker) savedCall(x ast.Expr, e *env) (string, bool) {
	name := ""
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident:
		name = x.Name
	case *ast.Call:
		if x.Recv != nil || x.Name == nil {
			return "", false
		}
		name = x.Name.Name
	default:
		return "", false
	}
	if _, ok := e.lookup(name); ok {
		return "", false
	}
	_, ok := c.cat.Function(name)
	return name, ok
}

// leavesOut reports whether the errors of a leg are those of the function's
// text, not of the arguments the query itself gives.
func (c *checker) leavesOut(x ast.Expr, found token.Diagnostics) bool {
	for _, d := range found {
		if d.Severity != token.Error {
			continue
		}
		if d.Code == token.TooComplex || d.Code == token.TooDeep {
			return false
		}
		inside := d.Span == x.Span() && d.Code != token.ArgumentCount && d.Code != token.UnknownParameter
		unreadable := d.Span.Start == x.Span().Start && d.Code == token.UnknownFunction
		if c.at == nil && !inside && !unreadable {
			return false
		}
	}
	return true
}

// reachable reports whether the table a branch begins with exists.
func (c *checker) reachable(x ast.Expr, e *env) bool {
	for {
		switch y := ast.Unparen(x).(type) {
		case *ast.Pipe:
			if y.Source == nil {
				return true
			}
			x = y.Source
		case *ast.Ident:
			return c.exists(y.Name, e)
		case *ast.Call:
			if y.Recv != nil || y.Name == nil {
				return true
			}
			if y.Name.Name == "table" && len(y.Args) == 1 {
				if l, ok := ast.Unparen(y.Args[0].X).(*ast.Literal); ok && l.Kind == ast.String {
					return c.exists(l.Text, e)
				}
				return true
			}
			_, builtin := c.fns.Lookup(y.Name.Name, catalog.Tabular)
			return builtin || c.exists(y.Name.Name, e)
		default:
			return true
		}
	}
}

func (c *checker) exists(name string, e *env) bool {
	if _, ok := e.lookup(name); ok {
		return true
	}
	if _, ok := c.cat.Table(name); ok {
		return true
	}
	_, ok := c.cat.Function(name)
	return ok
}

// tables reads every table, and view, whose name fits the pattern.
func (c *checker) tables(pattern string, e *env) []*rows {
	var out []*rows
	for _, name := range c.cat.TableNames() {
		if match(pattern, name) {
			if t, ok := c.cat.Table(name); ok {
				r := c.readTable(t, false)
				if t.Empty {
					r.rel = &plan.Values{Cols: r.cols}
				}
				out = append(out, r)
			}
		}
		if len(out) > c.limits.Tables {
			break
		}
	}
	for s := e; s != nil; s = s.parent {
		for _, name := range sortedNames(s.names) {
			b := s.names[name]
			if b.fn == nil || !b.fn.view || len(b.fn.lit.Params) > 0 || !match(pattern, name) {
				continue
			}
			if v := c.callFunction(b.fn.lit, b.fn, nil, &scope{}); v.rows != nil {
				r := *v.rows
				r.name = name
				out = append(out, &r)
			}
		}
	}
	return out
}

// unified are the output columns of a union: place[i][k] is where column k of
// branch i goes, or -1.
type unified struct {
	cols  []plan.Column
	place [][]int
}

// combine appends rows; source, if not empty, names a column that tells the table
// of a row, or unnamed and a number. Outer: columns of one name and type are one
// column; a name with several types becomes name_type for each. Inner: the names
// that all branches have.
func (c *checker) combine(branches []*rows, source, unnamed string, inner bool) *rows {
	var u unified
	if inner {
		u = c.innerColumns(branches)
	} else {
		u = c.outerColumns(branches)
	}
	visible := make([]plan.Column, 0, len(u.cols)+1)
	if source != "" {
		visible = append(visible, c.column(source, catalog.String))
	}
	visible = uniqueNames(append(visible, u.cols...))
	rel := &plan.Union{Cols: visible}
	sparse := len(branches)*len(visible) > denseCells
	open, written := false, true
	for i, r := range branches {
		open, written = open || r.open, written && r.written
		p := &projection{plan.Project{In: r.rel}}
		if source != "" {
			name := r.name
			if name == "" {
				name = unnamed + itoa(i)
			}
			p.compute(c.column(source, catalog.String), stringConst(name))
		}
		if sparse {
			rel.From = append(rel.From, c.sparseBranch(p, r, u.cols, u.place[i]))
		} else {
			c.denseBranch(p, r, u.cols, u.place[i])
		}
		rel.Inputs = append(rel.Inputs, &p.Project)
	}
	out := unordered(rel, visible)
	out.open, out.written = open, written
	return out
}

// denseCells is the number of cells (inputs times columns) up to which a union
// writes out the columns an input lacks.
const denseCells = 50_000

// denseBranch delivers every output column; those the branch lacks are null.
func (c *checker) denseBranch(p *projection, r *rows, cols []plan.Column, place []int) {
	at := make([]int, len(cols))
	for k, out := range place {
		if out >= 0 {
			at[out] = k + 1
		}
	}
	for out, col := range cols {
		if at[out] == 0 {
			p.compute(c.column(col.Name, col.Type), null(col.Type))
			continue
		}
		c.convertColumn(p, r.cols[at[out]-1], col.Type)
	}
}

// convertColumn adds a column of the input, converted to t.
func (c *checker) convertColumn(p *projection, col plan.Column, t catalog.Type) {
	if col.Type == t {
		p.keep(col)
	} else {
		p.compute(c.column(col.Name, t), cast(colRef(col), t))
	}
}

// sparseBranch delivers only what the branch has, and says where it belongs.
func (c *checker) sparseBranch(p *projection, r *rows, cols []plan.Column, place []int) []int {
	shift := len(p.Cols) // the source column
	from := make([]int, 0, len(place)+1)
	if shift > 0 {
		from = append(from, 0)
	}
	for k, out := range place {
		if out >= 0 {
			c.convertColumn(p, r.cols[k], cols[out].Type)
			from = append(from, out+shift)
		}
	}
	return from
}

// projection builds a Project column by column.
type projection struct{ plan.Project }

func (p *projection) keep(col plan.Column) { p.Cols = append(p.Cols, col) }

func (p *projection) compute(col plan.Column, x plan.Expr) {
	p.Items = append(p.Items, plan.Item{Col: col, X: x})
	p.Cols = append(p.Cols, col)
}

// outerColumns unifies by name and type, in order of first appearance.
func (c *checker) outerColumns(branches []*rows) unified {
	type variant struct {
		typ catalog.Type
		out int
	}
	order := []string{}
	names := map[string][]variant{}
	find := func(list []variant, t catalog.Type) int {
		for i := range list {
			if list[i].typ == t {
				return i
			}
		}
		return -1
	}
	for _, r := range branches {
		for _, col := range r.cols {
			list, known := names[col.Name]
			if !known {
				order = append(order, col.Name)
			}
			if find(list, col.Type) < 0 {
				names[col.Name] = append(list, variant{typ: col.Type})
			}
		}
	}
	var u unified
	for _, name := range order {
		list := names[name]
		for i := range list {
			label := name
			if len(list) > 1 {
				label = name + "_" + list[i].typ.String()
			}
			list[i].out = len(u.cols)
			u.cols = append(u.cols, c.column(label, list[i].typ))
		}
	}
	for _, r := range branches {
		place := make([]int, len(r.cols))
		for k, col := range r.cols {
			list := names[col.Name]
			place[k] = list[find(list, col.Type)].out
		}
		u.place = append(u.place, place)
	}
	return u
}

// innerColumns keeps the names all branches have; of different types the common
// one, else dynamic.
func (c *checker) innerColumns(branches []*rows) unified {
	u := unified{place: make([][]int, len(branches))}
	for i, r := range branches {
		u.place[i] = make([]int, len(r.cols))
		for k := range r.cols {
			u.place[i][k] = -1
		}
	}
	for _, first := range branches[0].cols {
		t, everywhere := first.Type, true
		found := make([]int, len(branches))
		for i, r := range branches {
			k := indexName(r.cols, first.Name)
			if k < 0 {
				everywhere = false
				break
			}
			found[i] = k
			if shared, ok := common(t, r.cols[k].Type); ok {
				t = shared
			} else {
				t = catalog.Dynamic
			}
		}
		if !everywhere {
			continue
		}
		for i, k := range found {
			u.place[i][k] = len(u.cols)
		}
		u.cols = append(u.cols, c.column(first.Name, t))
	}
	return u
}

func sortedNames(m map[string]*binding) []string {
	out := make([]string, 0, len(m))
	for name := range m {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}
