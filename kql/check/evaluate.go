package check

import (
	"encoding/json"

	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// jsonStrings reads a JSON array of strings; other elements are left out.
func jsonStrings(text string) []string {
	var raw []any
	if json.Unmarshal([]byte(text), &raw) != nil {
		return nil
	}
	var out []string
	for _, v := range raw {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// evaluate binds a plugin call.
func (c *checker) evaluate(op *ast.Evaluate, in *rows, e *env) *rows {
	if op.Call == nil || op.Call.Name == nil {
		return nil
	}
	name := op.Call.Name.Name
	f, ok := c.fns.Lookup(name, catalog.Plugin)
	if !ok {
		c.hint(token.UnknownFunction, op.Call.Name, token.DidYouMean(name, func(yield func(string) bool) {
			for _, s := range c.fns.Names(catalog.Plugin) {
				if !yield(s) {
					return
				}
			}
		}), "unknown plugin \""+name+"\"")
		return nil
	}
	if c.unsupported(op.Call, f) {
		return nil
	}
	if in == nil {
		c.errorf(token.NotTabular, op, "%s needs rows before it", name)
		return nil
	}
	p := &plugin{c: c, op: op, in: in, sc: &scope{env: e, rows: in}, call: &plan.Call{In: in.rel, Plugin: name}}
	out := p.bind(name)
	if out == nil {
		return nil
	}
	if op.Schema != nil {
		return p.declared(out)
	}
	return out
}

// plugin is one plugin call being bound.
type plugin struct {
	c    *checker
	op   *ast.Evaluate
	in   *rows
	sc   *scope
	call *plan.Call
}

func (p *plugin) bind(name string) *rows {
	switch name {
	case "bag_unpack":
		return p.bagUnpack()
	case "pivot":
		return p.pivot()
	case "narrow":
		return p.fixed(field{"Row", tLong}, field{"Column", catalog.String}, field{"Value", catalog.String})
	case "identity":
		return p.in
	case "preview":
		return p.preview()
	case "ipv4_lookup", "ipv6_lookup":
		return p.ipLookup()
	case "rows_near":
		return p.rowsNear()
	}
	return p.analytics(name)
}

// fixed delivers the given columns instead of the input's.
func (p *plugin) fixed(fields ...field) *rows {
	p.arguments(p.op.Call.Args)
	var cols []plan.Column
	for _, f := range fields {
		cols = append(cols, p.c.column(f.name, f.typ))
	}
	p.call.Cols = cols
	return unordered(p.call, cols)
}

// arguments binds the arguments as they come: values, columns, rows.
func (p *plugin) arguments(args []*ast.NamedExpr) {
	for _, a := range args {
		name := ""
		if a.Name() != nil {
			name = a.Name().Name
		}
		if _, star := ast.Unparen(a.X).(*ast.Star); star {
			continue
		}
		v := p.c.value(a.X, p.sc)
		switch {
		case v.x != nil:
			p.call.Args = append(p.call.Args, plan.Arg{Name: name, X: v.x})
		case v.rows != nil && v.rows.rel != nil:
			p.call.Args = append(p.call.Args, plan.Arg{Name: name, Rel: v.rows.rel})
		}
	}
}

// argument returns the AST of argument i, or of the one with that name.
func (p *plugin) argument(i int, name string) ast.Expr {
	for _, a := range p.op.Call.Args {
		if a.Name() != nil && a.Name().Name == name {
			return a.X
		}
	}
	if i < len(p.op.Call.Args) && p.op.Call.Args[i].Name() == nil {
		return p.op.Call.Args[i].X
	}
	return nil
}

// columnAt binds argument i, which must name a column.
func (p *plugin) columnAt(i int) (plan.Column, bool) {
	x := p.argument(i, "")
	if x == nil {
		p.c.errorf(token.ArgumentCount, p.op, "%s needs a column as its argument %d", p.call.Plugin, i+1)
		return plan.Column{}, false
	}
	v := p.c.value(x, p.sc)
	ref, ok := v.x.(*plan.Col)
	if !ok {
		if !v.bad && !p.in.open {
			p.c.errorf(token.UnknownColumn, x, "%s needs a column as its argument %d", p.call.Plugin, i+1)
		}
		return plan.Column{}, false
	}
	return plan.Column{ID: ref.ID, Name: ref.Name, Type: ref.T}, true
}

// text returns a constant string argument.
func (p *plugin) text(i int, name string) (string, bool) {
	x := p.argument(i, name)
	if x == nil {
		return "", false
	}
	k, ok := foldText(p.c.expr(x, p.sc.constant())).(*plan.Const)
	if !ok || k.T != catalog.String {
		p.c.errorf(token.NotConstant, x, "%s needs a constant text here", p.call.Plugin)
		return "", false
	}
	return k.Text, true
}

// shape returns the columns found by an earlier run, or asks for them.
func (p *plugin) shape(col plan.Column) ([]catalog.Column, bool) {
	c := p.c
	c.plugins++
	key := p.call.Plugin + "#" + itoa(c.plugins)
	if found, ok := c.opt.Shapes[key]; ok {
		return found, true
	}
	if !p.in.open { // below another open plugin nothing is known yet
		c.query.Shapes = append(c.query.Shapes, &plan.Shape{Key: key, Plugin: p.call.Plugin, In: p.in.rel, Column: col})
	}
	return nil, false
}

// bagUnpack replaces a bag by a column per property. Existing columns of the
// same name: error (default), replace_source or keep_source.
func (p *plugin) bagUnpack() *rows {
	col, ok := p.columnAt(0)
	if !ok {
		if p.in.open {
			out := *p.in
			return &out
		}
		return nil
	}
	if col.Type != catalog.Dynamic && col.Type != catalog.Unknown {
		p.c.errorf(token.TypeMismatch, p.op, "bag_unpack needs a dynamic column, not %s", col.Type)
		return nil
	}
	prefix, _ := p.text(1, "OutputColumnPrefix")
	conflict, _ := p.text(2, "columnsConflict")
	ignored := map[string]bool{}
	if x := p.argument(3, "ignoredProperties"); x != nil {
		if k, ok := p.c.expr(x, p.sc.constant()).(*plan.Const); ok {
			for _, s := range jsonStrings(k.Text) {
				ignored[s] = true
			}
		}
	}
	var kept []plan.Column
	for _, in := range p.in.cols {
		if in.ID != col.ID {
			kept = append(kept, in)
		}
	}
	found, known := p.shape(col)
	if p.op.Schema != nil {
		found, known = p.wanted(kept), true
		p.dropShape()
	}
	if !known {
		out := unordered(&plan.Project{In: p.in.rel, Cols: kept}, kept)
		out.open = true
		return out
	}
	return p.unpacked(col, kept, found, prefix, conflict, ignored)
}

// dropShape withdraws the question asked last: the text answers it.
func (p *plugin) dropShape() {
	q := p.c.query
	if n := len(q.Shapes); n > 0 && q.Shapes[n-1].In == p.in.rel {
		q.Shapes = q.Shapes[:n-1]
	}
}

// wanted are the declared output columns that the input does not have.
func (p *plugin) wanted(kept []plan.Column) []catalog.Column {
	var out []catalog.Column
	for _, d := range p.op.Schema.Columns {
		if countName(kept, d.Name.Name) > 0 {
			continue
		}
		t := catalog.Dynamic
		if d.Type != nil {
			t, _ = catalog.ParseType(d.Type.Name)
		}
		out = append(out, catalog.Column{Name: d.Name.Name, Type: t})
	}
	return out
}

func (p *plugin) unpacked(col plan.Column, kept []plan.Column, found []catalog.Column, prefix, conflict string, ignored map[string]bool) *rows {
	proj := &projection{plan.Project{In: p.in.rel}}
	inPlace := map[string]plan.Column{} // what stands where a column of the name was
	var added []plan.Column
	for _, f := range found {
		if ignored[f.Name] {
			continue
		}
		name := prefix + f.Name
		exists := indexName(kept, name) >= 0
		if exists && conflict == "keep_source" {
			continue
		}
		if exists && conflict != "replace_source" {
			p.c.errorf(token.DuplicateColumn, p.op, "bag_unpack would make a second column %q; give a prefix or columnsConflict", name)
			continue
		}
		out := p.c.column(name, f.Type)
		proj.Items = append(proj.Items, plan.Item{Col: out, X: explicitCast(&plan.Member{X: colRef(col), Name: f.Name}, f.Type)})
		if exists || name == col.Name {
			inPlace[name] = out
		} else {
			added = append(added, out)
		}
	}
	for _, in := range p.in.cols {
		if out, ok := inPlace[in.Name]; ok {
			proj.Cols = append(proj.Cols, out)
		} else if in.ID != col.ID {
			proj.Cols = append(proj.Cols, in)
		}
	}
	proj.Cols = append(proj.Cols, added...)
	return unpackedRows(&proj.Project, proj.Cols)
}

// unpackedRows are rows whose columns the data gave. A property that no row of
// this run has is null, not an error: a rule must not fail because nothing
// happened.
func unpackedRows(rel plan.Rel, cols []plan.Column) *rows {
	out := unordered(rel, cols)
	out.open = true
	return out
}

func indexName(cols []plan.Column, name string) int {
	for i, col := range cols {
		if col.Name == name {
			return i
		}
	}
	return -1
}

// pivot groups by the remaining (or listed) columns and makes a column of each
// value of the first argument, holding the aggregate.
func (p *plugin) pivot() *rows {
	c := p.c
	col, ok := p.columnAt(0)
	if !ok {
		return nil
	}
	agg := newAggregation(p.in)
	var aggAST ast.Expr
	if len(p.op.Call.Args) > 1 {
		aggAST = p.op.Call.Args[1].X
	}
	aggSource := map[plan.ColID]bool{col.ID: true}
	value := plan.Agg{Func: "count", Cols: []plan.Column{c.column("count_", catalog.Long)}}
	if aggAST != nil {
		v := c.value(aggAST, &scope{env: p.sc.env, rows: p.in, agg: agg})
		if v.bad || len(agg.aggs) != 1 {
			if !v.bad {
				c.errorf(token.NotAggregate, aggAST, "pivot needs one aggregate here")
			}
			return nil
		}
		value = agg.aggs[0]
		for _, a := range value.Args {
			plan.Inspect(a, func(x plan.Expr) bool {
				if ref, ok := x.(*plan.Col); ok {
					aggSource[ref.ID] = true
				}
				return true
			})
		}
	}
	var keys []plan.Column
	if len(p.op.Call.Args) > 2 {
		for i := 2; i < len(p.op.Call.Args); i++ {
			if k, ok := p.columnAt(i); ok {
				keys = append(keys, k)
			}
		}
	} else {
		for _, k := range p.in.cols {
			if !aggSource[k.ID] {
				keys = append(keys, k)
			}
		}
	}
	found, known := p.shape(col)
	if p.op.Schema != nil {
		found, known = p.wanted(keys), true
		p.dropShape()
	}
	if !known {
		out := unordered(&plan.Project{In: p.in.rel, Cols: keys}, keys)
		out.open = true
		return out
	}
	return p.pivoted(col, value, keys, found)
}

// pivoted computes one aggregate per value over the rows that have it.
func (p *plugin) pivoted(col plan.Column, value plan.Agg, keys []plan.Column, found []catalog.Column) *rows {
	rel := &plan.Pivot{In: p.in.rel, Column: col, Agg: value, Cols: append([]plan.Column(nil), keys...)}
	for _, k := range keys {
		rel.Keys = append(rel.Keys, plan.Item{Col: k, X: colRef(k)})
	}
	for _, f := range found {
		out := p.c.column(f.Name, value.Cols[0].Type)
		rel.Values = append(rel.Values, plan.PivotValue{Text: f.Name, Col: out})
		rel.Cols = append(rel.Cols, out)
	}
	rel.Cols = uniqueNames(rel.Cols)
	return unpackedRows(rel, rel.Cols)
}
