package check

import (
	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// style is how an operator treats names that exist already.
type style uint8

const (
	styleProject   style = iota // a repeated declared name is an error, others get a number
	styleExtend                 // a new column replaces one of the same name
	styleSummarize              // as project
	stylePrint                  // unnamed columns are print_0, print_1 …
)

// builder collects the output columns of an operator under Kusto's rules for
// names (inventory.md §15).
type builder struct {
	c        *checker
	cols     []plan.Column
	items    []plan.Item
	index    map[string]int
	declared map[string]bool
	used     map[string]bool // names that have been given, even if replaced since
	ids      map[plan.ColID]bool
	skip     map[plan.ColID]bool // columns not to be repeated by *
}

func (c *checker) newBuilder(size int) *builder {
	return &builder{
		c: c, index: make(map[string]int, size), declared: map[string]bool{}, used: make(map[string]bool, size),
		ids: make(map[plan.ColID]bool, size), skip: map[plan.ColID]bool{},
	}
}

// unique returns name, or base with the first number that is free.
func (b *builder) unique(name, base string) string {
	if !b.used[name] {
		return name
	}
	for n := 1; ; n++ {
		if s := base + itoa(n); !b.used[s] {
			return s
		}
	}
}

// output makes the column that carries x under name: x itself where it is a
// column not yet in the output, else a computed item.
func (b *builder) output(name string, x plan.Expr) plan.Column {
	if ref, ok := x.(*plan.Col); ok && !b.ids[ref.ID] && ref.ID != 0 {
		b.ids[ref.ID] = true
		return plan.Column{ID: ref.ID, Name: name, Type: ref.T}
	}
	col := b.c.column(name, x.Type())
	b.ids[col.ID] = true
	b.items = append(b.items, plan.Item{Col: col, X: x})
	return col
}

// pass adds the columns of the input as they are.
func (b *builder) pass(cols []plan.Column) {
	b.cols = make([]plan.Column, 0, len(cols)+8)
	for _, col := range cols {
		b.ids[col.ID] = true
		b.used[col.Name] = true
		b.index[col.Name] = len(b.cols)
		b.cols = append(b.cols, col)
	}
}

// add appends a column whose name nobody declared: it is made unique, or
// replaces a column of that name.
func (b *builder) add(name, base string, x plan.Expr, replace bool) {
	if i, ok := b.index[name]; ok && replace {
		b.replace(i, name, x)
		return
	}
	name = b.unique(name, base)
	b.used[name] = true
	b.index[name] = len(b.cols)
	b.cols = append(b.cols, b.output(name, x))
}

func (b *builder) replace(i int, name string, x plan.Expr) {
	if ref, ok := x.(*plan.Col); ok && ref.ID == b.cols[i].ID {
		return
	}
	delete(b.ids, b.cols[i].ID)
	b.cols[i] = b.output(name, x)
}

// declare adds a column under the name the writer gave it. A name declared
// before is an error.
func (b *builder) declare(n ast.Node, name string, x plan.Expr, replace bool) {
	if b.declared[name] {
		b.c.errorf(token.DuplicateColumn, n, "the column %q is declared twice", name)
		return
	}
	if i, ok := b.index[name]; ok && replace {
		b.replace(i, name, x)
		b.declared[name] = true
		return
	}
	name = b.unique(name, name)
	b.declared[name] = true
	b.used[name] = true
	b.index[name] = len(b.cols)
	b.cols = append(b.cols, b.output(name, x))
}

// each binds the items of project, extend, summarize … into the builder.
func (b *builder) each(list []*ast.NamedExpr, st style, sc *scope) {
	for i, n := range list {
		b.one(n, i, st, sc)
	}
}

func (b *builder) one(n *ast.NamedExpr, i int, st style, sc *scope) {
	c := b.c
	x := ast.Unparen(n.X)
	if _, star := x.(*ast.Star); star && len(n.Names) == 0 {
		if sc.rows == nil {
			c.errorf(token.MisplacedCall, n, "* needs rows")
			return
		}
		for _, col := range sc.rows.cols {
			if !b.skip[col.ID] {
				b.add(col.Name, col.Name, colRef(col), true)
			}
		}
		return
	}
	v := c.value(n.X, sc)
	if v.x == nil {
		if !v.bad {
			c.hint(token.NotScalar, n, "toscalar() takes the first value of the first row", "a column needs a value, not rows")
		}
		v = unknown()
	}
	_, isCol := v.x.(*plan.Col)
	overwrite := st == styleExtend
	switch {
	case n.Tuple:
		b.tuple(n, v, st)
	case n.Name() != nil:
		b.declare(n.Name(), n.Name().Name, v.x, overwrite || (isCol && v.tuple == nil) || v.tuple != nil)
		for j := 1; j < len(v.tuple) && st == styleSummarize; j++ {
			b.member(v.tuple[j])
		}
	case v.tuple != nil && (st != stylePrint || len(v.tuple) > 1):
		for _, m := range v.tuple {
			b.member(m)
		}
	case st == stylePrint:
		b.add("print_"+itoa(i), "print_"+itoa(i), v.x, false)
	case isCol && sc.agg == nil && columnLike(x):
		name := v.x.(*plan.Col).Name
		if _, qualified := x.(*ast.Member); qualified {
			name = c.autoName(x, sc) // $left.a is a, node.a is node_a
		}
		b.declare(n, name, v.x, overwrite)
	default:
		name := c.autoName(n.X, sc)
		if name == "" {
			b.add(b.unnamed(sc), "Column", v.x, false)
		} else {
			b.add(name, name, v.x, overwrite)
		}
	}
}

// unnamed is the name of a column that has none: Column1, or the next number that
// is free here and in the input.
func (b *builder) unnamed(sc *scope) string {
	for n := 1; ; n++ {
		name := "Column" + itoa(n)
		if _, taken := sc.rows.find(name); !taken && !b.used[name] {
			return name
		}
	}
}

// columnLike reports whether an expression stands for the column itself: a name,
// or a conversion that does nothing.
func columnLike(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.Ident:
		return true
	case *ast.Member:
		return true // $left.a, step.a
	case *ast.Call:
		if len(x.Args) == 1 && x.Name != nil {
			_, conv := conversions[x.Name.Name]
			return conv || x.Name.Name == "todynamic" || x.Name.Name == "todouble"
		}
	}
	return false
}

func (b *builder) member(m member) {
	if m.source != 0 && b.skip[m.source] {
		return
	}
	b.add(m.name, m.name, m.x, false)
}

// tuple binds (a, b) = f(…): the names stand for the first members, the others
// keep theirs.
func (b *builder) tuple(n *ast.NamedExpr, v value, st style) {
	members := v.tuple
	if members == nil {
		if len(n.Names) != 1 {
			if !v.bad {
				b.c.errorf(token.IncompatibleRows, n, "this expression has one value, not %d", len(n.Names))
			}
			for _, name := range n.Names {
				b.declare(name, name.Name, null(catalog.Unknown), true)
			}
			return
		}
		b.declare(n.Names[0], n.Names[0].Name, v.x, st == styleExtend)
		return
	}
	for i, m := range members {
		if i < len(n.Names) {
			b.declare(n.Names[i], n.Names[i].Name, m.x, st == styleExtend)
		} else if st != stylePrint {
			b.member(m)
		}
	}
	if len(n.Names) > len(members) {
		b.c.errorf(token.IncompatibleRows, n, "there are %d values for %d names", len(members), len(n.Names))
	}
}

// project is the Project node over in that delivers what was collected.
func (b *builder) project(in *rows) *rows {
	return in.with(&plan.Project{In: in.rel, Items: b.liveItems(), Cols: in.physical(b.cols)}, b.cols)
}

// liveItems drops the items that were replaced again.
func (b *builder) liveItems() []plan.Item {
	live := b.items[:0:0]
	for _, it := range b.items {
		if b.ids[it.Col.ID] {
			live = append(live, it)
		}
	}
	return live
}
