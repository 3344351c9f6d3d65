package check

import (
	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// expansion is what mv-expand and mv-apply share: the items and, per item, the
// visible column it gives.
type expansion struct {
	node *plan.Expand
	// outputs[i] is the visible form of item i: the element, converted by "to typeof".
	outputs []plan.Item
	names   []string
	places  []plan.ColID // the input column an item replaces, 0 for a new one
	index   plan.Column
}

func (c *checker) expansion(cols []*ast.MvColumn, params ast.Properties, limit ast.Expr, in *rows, e *env) *expansion {
	x := &expansion{node: &plan.Expand{In: in.rel}}
	word := params.Word("kind")
	if word == "" {
		word = params.Word("bagexpansion")
	}
	pairs := false
	switch word {
	case "", "bag":
	case "array":
		pairs = true
	default:
		c.errorf(token.BadParameter, params.Get("kind"), "mv-expand has no kind %q", word)
	}
	sc := &scope{env: e, rows: in}
	for i, mv := range cols {
		src := c.expr(mv.X.X, sc)
		if t := src.Type(); t != catalog.Dynamic && t != catalog.Unknown {
			if t == catalog.String && c.opt.Lenient {
				src = &plan.Func{Name: "parse_json", Args: []plan.Expr{src}, T: catalog.Dynamic}
			} else {
				c.hint(token.TypeMismatch, mv, "parse_json() reads text as dynamic", "only a dynamic value can be expanded, not "+t.String())
			}
		}
		src = cast(src, catalog.Dynamic)
		name := ""
		place := plan.ColID(0)
		if ref, ok := src.(*plan.Col); ok && mv.X.Name() == nil {
			name, place = ref.Name, ref.ID
		} else if n := mv.X.Name(); n != nil {
			name = n.Name
			if old, ok := in.find(name); ok {
				place = old.ID
			}
		} else if name = c.autoName(mv.X.X, sc); name == "" {
			name = "Column" + itoa(i+1)
		} else if old, ok := in.find(name); ok {
			place = old.ID
		}
		raw := c.column(name, catalog.Dynamic)
		x.node.Items = append(x.node.Items, plan.ExpandItem{X: src, Col: raw, Pairs: pairs})
		out := plan.Item{Col: raw, X: colRef(raw)}
		if mv.To != nil && mv.To.Type != nil {
			if t, ok := catalog.ParseType(mv.To.Type.Name); ok && t != catalog.Dynamic {
				out = plan.Item{Col: c.column(name, t), X: explicitCast(colRef(raw), t)}
			}
		}
		x.outputs = append(x.outputs, out)
		x.names = append(x.names, name)
		x.places = append(x.places, place)
	}
	if name := params.Word("with_itemindex"); name != "" {
		x.node.Index = c.column(name, catalog.Long)
		x.index = x.node.Index
	}
	if limit != nil {
		x.node.Limit = cast(c.expr(limit, &scope{env: e}), catalog.Long)
	}
	x.node.Cols = append(x.node.Cols, in.rel.Columns()...)
	for _, it := range x.node.Items {
		x.node.Cols = append(x.node.Cols, it.Col)
	}
	if x.index.ID != 0 {
		x.node.Cols = append(x.node.Cols, x.index)
	}
	return x
}

// visible lists the columns after the expansion: expanded ones in the place of
// what they replace, new ones at the end, then the index.
func (x *expansion) visible(in *rows) []plan.Column {
	cols := append([]plan.Column(nil), in.cols...)
	for i, out := range x.outputs {
		placed := false
		if x.places[i] != 0 {
			for j := range cols {
				if cols[j].ID == x.places[i] {
					cols[j] = out.Col
					placed = true
				}
			}
		}
		if !placed {
			cols = append(cols, out.Col)
		}
	}
	if x.index.ID != 0 {
		cols = append(cols, x.index)
	}
	return uniqueNames(cols)
}

// converted are the outputs that are not the element itself.
func (x *expansion) converted() []plan.Item {
	var items []plan.Item
	for _, out := range x.outputs {
		if ref, ok := out.X.(*plan.Col); !ok || ref.ID != out.Col.ID {
			items = append(items, out)
		}
	}
	return items
}

func (c *checker) mvExpand(op *ast.MvExpand, in *rows, e *env) *rows {
	x := c.expansion(op.Columns, op.Params, op.Limit, in, e)
	cols := x.visible(in)
	out := in.with(&plan.Project{In: x.node, Items: x.converted(), Cols: in.physical(cols)}, cols)
	if out.ord.ID != 0 {
		// The rows multiplied: their numbers are no longer one apart.
		out.ord = plan.Column{}
		out.rel = &plan.Project{In: x.node, Items: x.converted(), Cols: cols}
	}
	return out
}

// mvApply binds the body over one row's expansion. The result has the source's
// columns (expanded ones replaced) and then what the body adds.
func (c *checker) mvApply(op *ast.MvApply, in *rows, e *env) *rows {
	x := c.expansion(op.Columns, op.Params, op.Limit, in, e)
	x.node.In = nil
	c.nextLeaf++
	leaf := &plan.Leaf{ID: c.nextLeaf, Cols: x.node.Cols}
	cols := x.visible(in)
	body := &rows{rel: &plan.Project{In: leaf, Items: x.converted(), Cols: cols}, cols: cols, serialized: true}
	if op.Body == nil {
		return nil
	}
	res := c.operators(body, op.Body.Ops, e)
	if res == nil || res.rel == nil {
		return nil
	}
	inBody := map[string]bool{}
	for _, col := range res.cols {
		inBody[col.Name] = true
	}
	replaced := map[plan.ColID]bool{}
	for _, place := range x.places {
		replaced[place] = true
	}
	// Columns of the source that the body did not deliver come first.
	fromBody := map[plan.ColID]bool{}
	for _, col := range res.cols {
		fromBody[col.ID] = true
	}
	var out []plan.Column
	for _, col := range in.cols {
		if fromBody[col.ID] || replaced[col.ID] && inBody[col.Name] {
			continue
		}
		if !inBody[col.Name] {
			out = append(out, col)
		}
	}
	out = append(out, res.cols...)
	out = orderLike(in.cols, out)
	r := unordered(&plan.Apply{In: in.rel, Expand: x.node, Leaf: leaf, Body: res.rel, Cols: out}, out)
	r.open = in.open
	return r
}

// orderLike puts the columns that the source has, by name, first and in its order.
func orderLike(source, cols []plan.Column) []plan.Column {
	byName := make(map[string]plan.Column, len(cols))
	for _, col := range cols {
		byName[col.Name] = col
	}
	taken := map[string]bool{}
	out := make([]plan.Column, 0, len(cols))
	for _, s := range source {
		if col, ok := byName[s.Name]; ok {
			out = append(out, col)
			taken[s.Name] = true
		}
	}
	for _, col := range cols {
		if !taken[col.Name] {
			out = append(out, col)
		}
	}
	return out
}
