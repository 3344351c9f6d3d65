package check

import (
	"sort"
	"strings"

	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// reshape delivers a choice of the visible columns without computing anything.
func reshape(in *rows, cols []plan.Column) *rows {
	return in.with(&plan.Project{In: in.rel, Cols: in.physical(cols)}, cols)
}

// pick resolves a name or pattern to columns. A pattern may match none.
func (c *checker) pick(x ast.Expr, in *rows) []plan.Column {
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident:
		if col, ok := in.find(x.Name); ok {
			return []plan.Column{col}
		}
		if !in.open {
			if c.opt.Lenient {
				c.warnf(token.UnknownColumn, x, "unknown column %q", x.Name)
			} else {
				c.hint(token.UnknownColumn, x, token.DidYouMean(x.Name, in.names()), "unknown column \""+x.Name+"\"")
			}
		}
	case *ast.Wildcard:
		var out []plan.Column
		for _, col := range in.cols {
			if match(x.Pattern, col.Name) {
				out = append(out, col)
			}
		}
		return out
	case *ast.Star:
		return in.cols
	case *ast.BadExpr:
	default:
		c.errorf(token.UnknownColumn, x, "a column name is needed here")
	}
	return nil
}

func (c *checker) projectAway(op *ast.ProjectAway, in *rows) *rows {
	away := map[plan.ColID]bool{}
	for _, x := range op.Columns {
		for _, col := range c.pick(x, in) {
			away[col.ID] = true
		}
	}
	cols := make([]plan.Column, 0, len(in.cols))
	for _, col := range in.cols {
		if !away[col.ID] {
			cols = append(cols, col)
		}
	}
	return reshape(in, cols)
}

func (c *checker) projectKeep(op *ast.ProjectKeep, in *rows) *rows {
	keep := map[plan.ColID]bool{}
	for _, x := range op.Columns {
		for _, col := range c.pick(x, in) {
			keep[col.ID] = true
		}
	}
	var cols []plan.Column
	for _, col := range in.cols {
		if keep[col.ID] {
			cols = append(cols, col)
		}
	}
	out := reshape(in, cols)
	out.open = false
	return out
}

// projectRename renames columns in their places. A new name that another
// column has is an error, except that the other column is renamed too.
func (c *checker) projectRename(op *ast.ProjectRename, in *rows) *rows {
	cols := append([]plan.Column(nil), in.cols...)
	index := map[string]int{}
	for i, col := range cols {
		index[col.Name] = i
	}
	given := map[string]bool{}
	for _, n := range op.Columns {
		old, isName := ast.Unparen(n.X).(*ast.Ident)
		if n.Name() == nil || !isName {
			c.errorf(token.UnsupportedForm, n, "project-rename needs New = Old")
			continue
		}
		i, ok := index[old.Name]
		if !ok {
			if in.open {
				col := c.column(n.Name().Name, catalog.Dynamic)
				in = in.with(&plan.Project{In: in.rel, Items: []plan.Item{{Col: col, X: null(catalog.Dynamic)}},
					Cols: append(append([]plan.Column(nil), in.rel.Columns()...), col)}, in.cols)
				cols = append(cols, col)
				continue
			}
			c.pick(old, in)
			continue
		}
		name := n.Name().Name
		if given[name] {
			c.errorf(token.DuplicateColumn, n, "the column %q is declared twice", name)
			continue
		}
		given[name] = true
		cols[i].Name = name
	}
	if c.opt.Lenient || c.at != nil {
		cols = c.dropClashes(op, in, cols, given)
	}
	seen := map[string]bool{}
	for i, col := range cols {
		if seen[col.Name] || (given[col.Name] && i < len(in.cols) && in.cols[i].Name == col.Name && countName(cols, col.Name) > 1) {
			c.errorf(token.DuplicateColumn, op, "there is a column %q already", col.Name)
			break
		}
		seen[col.Name] = true
	}
	return reshape(in, cols)
}

// dropClashes leaves out the old column of a name that another was renamed to:
// published parsers count on a column not being there.
func (c *checker) dropClashes(n ast.Node, in *rows, cols []plan.Column, given map[string]bool) []plan.Column {
	kept := cols[:0:0]
	for i, col := range cols {
		if i < len(in.cols) && in.cols[i].Name == col.Name && given[col.Name] && countName(cols, col.Name) > 1 {
			c.warnf(token.DuplicateColumn, n, "the column %q that was there is replaced", col.Name)
			continue
		}
		kept = append(kept, col)
	}
	return kept
}

func countName(cols []plan.Column, name string) int {
	n := 0
	for _, col := range cols {
		if col.Name == name {
			n++
		}
	}
	return n
}

// projectReorder moves the named columns to the front; a pattern with asc or
// desc sorts what it matches by name.
func (c *checker) projectReorder(op *ast.ProjectReorder, in *rows) *rows {
	var cols []plan.Column
	taken := map[plan.ColID]bool{}
	for _, item := range op.Columns {
		found := c.pick(item.Column, in)
		if _, single := item.Column.(*ast.Ident); !single {
			fresh := found[:0:0]
			for _, col := range found {
				if !taken[col.ID] && !namedLater(op.Columns, col.Name) {
					fresh = append(fresh, col)
				}
			}
			found = fresh
			sortColumns(found, item.Order)
		}
		for _, col := range found {
			if !taken[col.ID] {
				taken[col.ID] = true
				cols = append(cols, col)
			}
		}
	}
	for _, col := range in.cols {
		if !taken[col.ID] {
			cols = append(cols, col)
		}
	}
	return reshape(in, cols)
}

// namedLater reports whether an item names the column itself, which counts more
// than a pattern.
func namedLater(items []*ast.ReorderItem, name string) bool {
	for _, item := range items {
		if id, ok := item.Column.(*ast.Ident); ok && id.Name == name {
			return true
		}
	}
	return false
}

func sortColumns(cols []plan.Column, order string) {
	less := func(a, b string) bool { return a < b }
	if strings.HasPrefix(order, "granny") {
		less = granny
	}
	switch order {
	case "asc", "granny-asc":
		sort.SliceStable(cols, func(i, j int) bool { return less(cols[i].Name, cols[j].Name) })
	case "desc", "granny-desc":
		sort.SliceStable(cols, func(i, j int) bool { return less(cols[j].Name, cols[i].Name) })
	}
}

// granny compares names with the numbers in them as numbers: a2 < a10.
func granny(a, b string) bool {
	for a != "" && b != "" {
		da, db := digits(a), digits(b)
		if da > 0 && db > 0 {
			na, nb := strings.TrimLeft(a[:da], "0"), strings.TrimLeft(b[:db], "0")
			if len(na) != len(nb) {
				return len(na) < len(nb)
			}
			if na != nb {
				return na < nb
			}
			a, b = a[da:], b[db:]
			continue
		}
		if a[0] != b[0] {
			return a[0] < b[0]
		}
		a, b = a[1:], b[1:]
	}
	return len(a) < len(b)
}

func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// projectByNames keeps the columns that constant names and patterns list.
func (c *checker) projectByNames(op *ast.ProjectByNames, in *rows, e *env) *rows {
	var cols []plan.Column
	taken := map[plan.ColID]bool{}
	for _, n := range op.Names {
		x := foldText(c.expr(n, &scope{env: e}))
		k, ok := x.(*plan.Const)
		if !ok || (k.T != catalog.String && k.T != catalog.Dynamic) {
			c.errorf(token.NotConstant, n, "project-by-names needs names that are known before the query runs")
			continue
		}
		for _, pattern := range constNames(k) {
			for _, col := range in.cols {
				if !taken[col.ID] && match(pattern, col.Name) {
					taken[col.ID] = true
					cols = append(cols, col)
				}
			}
		}
	}
	return reshape(in, cols)
}

// constNames reads a text or a dynamic array of texts.
func constNames(k *plan.Const) []string {
	if k.T == catalog.String {
		return []string{k.Text}
	}
	return jsonStrings(k.Text)
}

// sort binds sort, order and top. The default is descending; nulls come first
// ascending and last descending.
func (c *checker) sort(by []*ast.OrderItem, in *rows, e *env) *rows {
	w := &windows{in: in}
	keys := c.sortKeys(by, &scope{env: e, rows: in, win: w})
	in = w.over(c, in)
	rel := &plan.Sort{In: in.rel, Keys: keys}
	out := *in
	out.rel, out.serialized, out.sorted = rel, true, true
	if c.ordered {
		out.ord = c.column("", catalog.Long)
		rel.Ord = out.ord
		rel.Cols = append(append([]plan.Column(nil), in.cols...), out.ord)
	} else {
		rel.Cols = in.cols
		out.ord = plan.Column{}
	}
	return &out
}

func (c *checker) sortKeys(by []*ast.OrderItem, sc *scope) []plan.SortKey {
	var keys []plan.SortKey
	for _, item := range by {
		if item.X == nil {
			continue
		}
		k := plan.SortKey{X: c.expr(item.X.X, sc), Desc: item.Order != "asc"}
		if t := k.X.Type(); t == catalog.Dynamic && !c.opt.Lenient {
			c.hint(token.TypeMismatch, item, "convert it, for example with tostring()", "rows cannot be sorted by a dynamic value")
		}
		k.NullsFirst = !k.Desc
		switch item.Nulls {
		case "first":
			k.NullsFirst = true
		case "last":
			k.NullsFirst = false
		}
		keys = append(keys, k)
	}
	return keys
}
