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
	r := c.operand(inner, e)
	if r == nil {
		return nil
	}
	return []*rows{r}
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
				out = append(out, c.readTable(t, false))
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

// unified is one output column of a union and its source in each branch that
// has it.
type unified struct {
	col  plan.Column
	from map[int]plan.ColID
}

// combine appends rows; source, if not empty, names a column that tells the table
// of a row, or unnamed and a number. Outer: columns of one name and type are one column; a
// name with several types becomes name_type for each. Inner: the names that all
// branches have.
func (c *checker) combine(branches []*rows, source, unnamed string, inner bool) *rows {
	var cols []unified
	if inner {
		cols = c.innerColumns(branches)
	} else {
		cols = c.outerColumns(branches)
	}
	visible := make([]plan.Column, 0, len(cols)+1)
	var src plan.Column
	if source != "" {
		src = c.column(source, catalog.String)
		visible = append(visible, src)
	}
	for _, u := range cols {
		visible = append(visible, u.col)
	}
	visible = uniqueNames(visible)
	rel := &plan.Union{Cols: visible}
	sparse := len(branches)*len(visible) > denseCells
	open := false
	for i, r := range branches {
		open = open || r.open
		p := &projection{plan.Project{In: r.rel}}
		if source != "" {
			name := r.name
			if name == "" {
				name = unnamed + itoa(i)
			}
			p.compute(c.column(source, catalog.String), stringConst(name))
		}
		if sparse {
			rel.From = append(rel.From, c.sparseBranch(p, r, i, cols, source != ""))
		} else {
			c.denseBranch(p, r, i, cols)
		}
		rel.Inputs = append(rel.Inputs, &p.Project)
	}
	out := unordered(rel, visible)
	out.open = open
	return out
}

// denseCells is the number of cells (inputs times columns) up to which a union
// writes out the columns an input lacks.
const denseCells = 50_000

// denseBranch delivers every output column; those the branch lacks are null.
func (c *checker) denseBranch(p *projection, r *rows, i int, cols []unified) {
	byID := make(map[plan.ColID]plan.Column, len(r.cols))
	for _, col := range r.cols {
		byID[col.ID] = col
	}
	for _, u := range cols {
		col, ok := byID[u.from[i]]
		switch {
		case ok && col.Type == u.col.Type:
			p.keep(col)
		case ok:
			p.compute(c.column(u.col.Name, u.col.Type), cast(colRef(col), u.col.Type))
		default:
			p.compute(c.column(u.col.Name, u.col.Type), null(u.col.Type))
		}
	}
}

// sparseBranch delivers only what the branch has, and says where it belongs.
func (c *checker) sparseBranch(p *projection, r *rows, i int, cols []unified, source bool) []int {
	at := make(map[plan.ColID]int, len(r.cols))
	for k, u := range cols {
		if u.from[i] != 0 {
			at[u.from[i]] = k
		}
	}
	var from []int
	shift := 0
	if source {
		from, shift = append(from, 0), 1
	}
	for _, col := range r.cols {
		k, ok := at[col.ID]
		if !ok {
			continue
		}
		if t := cols[k].col.Type; t == col.Type {
			p.keep(col)
		} else {
			p.compute(c.column(col.Name, t), cast(colRef(col), t))
		}
		from = append(from, k+shift)
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
func (c *checker) outerColumns(branches []*rows) []unified {
	type byName struct {
		types []catalog.Type
		at    map[catalog.Type]int
	}
	order := []string{}
	names := map[string]*byName{}
	for _, r := range branches {
		for _, col := range r.cols {
			n := names[col.Name]
			if n == nil {
				n = &byName{}
				names[col.Name] = n
				order = append(order, col.Name)
			}
			known := false
			for _, t := range n.types {
				known = known || t == col.Type
			}
			if !known {
				n.types = append(n.types, col.Type)
			}
		}
	}
	var out []unified
	for _, name := range order {
		n := names[name]
		n.at = make(map[catalog.Type]int, len(n.types))
		for _, t := range n.types {
			label := name
			if len(n.types) > 1 {
				label = name + "_" + t.String()
			}
			n.at[t] = len(out)
			out = append(out, unified{col: c.column(label, t), from: map[int]plan.ColID{}})
		}
	}
	for i, r := range branches {
		for _, col := range r.cols {
			out[names[col.Name].at[col.Type]].from[i] = col.ID
		}
	}
	return out
}

// innerColumns keeps the names all branches have; of different types the common
// one, else dynamic.
func (c *checker) innerColumns(branches []*rows) []unified {
	var out []unified
	for _, first := range branches[0].cols {
		u := unified{from: map[int]plan.ColID{}}
		t, everywhere := first.Type, true
		for i, r := range branches {
			col, ok := r.find(first.Name)
			if !ok {
				everywhere = false
				break
			}
			u.from[i] = col.ID
			if shared, ok := common(t, col.Type); ok {
				t = shared
			} else {
				t = catalog.Dynamic
			}
		}
		if everywhere {
			u.col = c.column(first.Name, t)
			out = append(out, u)
		}
	}
	return out
}

func sortedNames(m map[string]*binding) []string {
	out := make([]string, 0, len(m))
	for name := range m {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}
