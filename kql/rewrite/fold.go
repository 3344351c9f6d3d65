package rewrite

import (
	"encoding/json"
	"strings"

	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
)

// Fold computes what constants decide: conditions, branches of iff and case,
// filters that keep nothing or everything, and inputs of a union that are empty.
func Fold(q *plan.Query) *plan.Query { return fold(q, nil) }

func fold(q *plan.Query, holds func(table string) bool) *plan.Query {
	f := &folder{holds: holds, rels: map[plan.Rel]plan.Rel{}, shared: map[*plan.Shared]*plan.Shared{}, scalars: map[*plan.Scalar]*plan.Scalar{}}
	out := *q
	out.Shared, out.Scalars, out.Results, out.Shapes = nil, nil, nil, nil
	for _, s := range q.Shared {
		out.Shared = append(out.Shared, f.share(s))
	}
	for _, s := range q.Scalars {
		out.Scalars = append(out.Scalars, f.scalar(s))
	}
	for _, r := range q.Results {
		folded := *r
		folded.Rel = f.rel(r.Rel)
		out.Results = append(out.Results, &folded)
	}
	for _, s := range q.Shapes {
		folded := *s
		folded.In = f.rel(s.In)
		out.Shapes = append(out.Shapes, &folded)
	}
	return &out
}

// folder remembers what it rewrote, so that shared nodes stay shared.
type folder struct {
	holds   func(table string) bool // nil when it is not known
	rels    map[plan.Rel]plan.Rel
	shared  map[*plan.Shared]*plan.Shared
	scalars map[*plan.Scalar]*plan.Scalar
}

func (f *folder) share(s *plan.Shared) *plan.Shared {
	if done, ok := f.shared[s]; ok {
		return done
	}
	out := *s
	f.shared[s] = &out
	out.Rel = f.rel(s.Rel)
	return &out
}

func (f *folder) scalar(s *plan.Scalar) *plan.Scalar {
	if done, ok := f.scalars[s]; ok {
		return done
	}
	out := *s
	f.scalars[s] = &out
	out.Rel = f.rel(s.Rel)
	return &out
}

func (f *folder) rel(r plan.Rel) plan.Rel {
	if r == nil {
		return nil
	}
	if done, ok := f.rels[r]; ok {
		return done
	}
	out := f.node(r)
	f.rels[r] = out
	return out
}

// empty reports whether r certainly has no rows.
func empty(r plan.Rel) bool {
	v, ok := r.(*plan.Values)
	return ok && len(v.Rows) == 0
}

func none(cols []plan.Column) plan.Rel { return &plan.Values{Cols: cols} }

// node rewrites one operator over rewritten inputs. Every expression is rewritten
// too, or it would refer to the scalars and row sets of the plan before.
func (f *folder) node(r plan.Rel) plan.Rel {
	switch r := r.(type) {
	case *plan.Ref:
		out := *r
		out.Shared = f.share(r.Shared)
		return &out
	case *plan.Filter:
		in, pred := f.rel(r.In), f.expr(r.Pred)
		if k, ok := pred.(*plan.Const); ok {
			if !k.Null && k.Bool {
				return in
			}
			return none(in.Columns())
		}
		if empty(in) {
			return in
		}
		return &plan.Filter{In: in, Pred: pred}
	case *plan.Project:
		out := &plan.Project{In: f.rel(r.In), Items: f.items(r.Items), Cols: r.Cols}
		if empty(out.In) {
			return none(r.Cols)
		}
		return out
	case *plan.Aggregate:
		out := *r
		out.In, out.Keys = f.rel(r.In), f.items(r.Keys)
		out.Aggs = f.aggs(r.Aggs)
		if empty(out.In) && len(out.Keys) > 0 {
			return none(r.Cols)
		}
		return &out
	case *plan.Join:
		return f.join(r)
	case *plan.Union:
		return f.union(r)
	case *plan.Sort:
		out := *r
		out.In = f.rel(r.In)
		out.Keys = append([]plan.SortKey(nil), r.Keys...)
		for i := range out.Keys {
			out.Keys[i].X = f.expr(r.Keys[i].X)
		}
		return &out
	case *plan.Limit:
		return &plan.Limit{In: f.rel(r.In), N: f.expr(r.N)}
	case *plan.Number:
		out := *r
		out.In = f.rel(r.In)
		return &out
	case *plan.Window:
		out := *r
		out.In = f.rel(r.In)
		out.Funcs = append([]plan.WindowFunc(nil), r.Funcs...)
		for i := range out.Funcs {
			out.Funcs[i].Args = f.exprs(r.Funcs[i].Args)
		}
		return &out
	}
	return f.rare(r)
}

// join knows what an empty side means.
func (f *folder) join(r *plan.Join) plan.Rel {
	out := *r
	out.Left, out.Right = f.rel(r.Left), f.rel(r.Right)
	out.On = append([]plan.KeyPair(nil), r.On...)
	for i := range out.On {
		out.On[i] = plan.KeyPair{Left: f.expr(r.On[i].Left), Right: f.expr(r.On[i].Right)}
	}
	left, right := empty(out.Left), empty(out.Right)
	switch r.Kind {
	case plan.Inner, plan.InnerUnique, plan.LeftSemi, plan.RightSemi:
		if left || right {
			return none(r.Cols)
		}
	case plan.LeftOuter, plan.LeftAnti:
		if left {
			return none(r.Cols)
		}
		if right && r.Kind == plan.LeftAnti {
			return &plan.Project{In: out.Left, Cols: r.Cols}
		}
	case plan.RightOuter, plan.RightAnti:
		if right {
			return none(r.Cols)
		}
	}
	return &out
}

// union leaves out empty inputs; one input may stay to give the columns.
func (f *folder) union(r *plan.Union) plan.Rel {
	out := &plan.Union{Cols: r.Cols}
	for i, in := range r.Inputs {
		in = f.rel(in)
		if empty(in) {
			continue
		}
		out.Inputs = append(out.Inputs, in)
		if r.From != nil {
			out.From = append(out.From, r.From[i])
		}
	}
	if len(out.Inputs) == 0 {
		return none(r.Cols)
	}
	return out
}

func (f *folder) items(list []plan.Item) []plan.Item {
	out := make([]plan.Item, len(list))
	for i, it := range list {
		out[i] = plan.Item{Col: it.Col, X: f.expr(it.X)}
	}
	return out
}

func (f *folder) aggs(list []plan.Agg) []plan.Agg {
	out := append([]plan.Agg(nil), list...)
	for i := range out {
		out[i].Args = f.exprs(list[i].Args)
	}
	return out
}

func (f *folder) exprs(list []plan.Expr) []plan.Expr {
	if list == nil {
		return nil
	}
	out := make([]plan.Expr, len(list))
	for i, x := range list {
		out[i] = f.expr(x)
	}
	return out
}

func boolean(b bool) plan.Expr { return &plan.Const{T: catalog.Bool, Bool: b} }

// constant returns x as a literal that is not null.
func constant(x plan.Expr) (*plan.Const, bool) {
	k, ok := x.(*plan.Const)
	return k, ok && !k.Null
}

func (f *folder) expr(x plan.Expr) plan.Expr {
	switch x := x.(type) {
	case nil:
		return nil
	case *plan.Const, *plan.Col:
		return x
	case *plan.ScalarRef:
		return &plan.ScalarRef{Scalar: f.scalar(x.Scalar)}
	case *plan.Func:
		return foldCall(&plan.Func{Name: x.Name, Args: f.exprs(x.Args), T: x.T})
	case *plan.Cast:
		return &plan.Cast{X: f.expr(x.X), To: x.To, Implicit: x.Implicit}
	case *plan.Binary:
		return foldBinary(&plan.Binary{Op: x.Op, X: f.expr(x.X), Y: f.expr(x.Y), T: x.T})
	case *plan.Not:
		inner := f.expr(x.X)
		if k, ok := constant(inner); ok {
			return boolean(!k.Bool)
		}
		return &plan.Not{X: inner}
	case *plan.Neg:
		return &plan.Neg{X: f.expr(x.X)}
	case *plan.In:
		out := *x
		out.X, out.List, out.Rel = f.expr(x.X), f.exprs(x.List), f.rel(x.Rel)
		if x.Array != nil {
			out.Array = f.expr(x.Array)
		}
		if emptyArray(out.Array) || out.Rel != nil && empty(out.Rel) {
			return boolean(false)
		}
		return &out
	case *plan.HasAny:
		out := *x
		out.X, out.List, out.Rel = f.expr(x.X), f.exprs(x.List), f.rel(x.Rel)
		if x.Array != nil {
			out.Array = f.expr(x.Array)
		}
		return &out
	case *plan.Case:
		return f.choose(x)
	case *plan.Member:
		return &plan.Member{X: f.expr(x.X), Name: x.Name}
	case *plan.Index:
		return &plan.Index{X: f.expr(x.X), Key: f.expr(x.Key)}
	}
	panic("rewrite: expression without a case")
}

// choose drops arms that cannot be taken.
func (f *folder) choose(x *plan.Case) plan.Expr {
	out := &plan.Case{T: x.T, Else: f.expr(x.Else)}
	for _, arm := range x.Arms {
		when := f.expr(arm.When)
		if k, ok := when.(*plan.Const); ok {
			if k.Null || !k.Bool {
				continue
			}
			out.Else = f.expr(arm.Then)
			break
		}
		out.Arms = append(out.Arms, plan.Arm{When: when, Then: f.expr(arm.Then)})
	}
	if len(out.Arms) == 0 {
		return out.Else
	}
	return out
}

// foldBinary decides and/or with a constant side, and comparisons of literals.
func foldBinary(x *plan.Binary) plan.Expr {
	a, okA := constant(x.X)
	b, okB := constant(x.Y)
	switch x.Op {
	case plan.OpAnd, plan.OpOr:
		decides := x.Op == plan.OpOr
		switch {
		case okA && a.Bool == decides, okB && b.Bool == decides:
			return boolean(decides)
		case okA:
			return x.Y
		case okB:
			return x.X
		}
	case plan.OpEq, plan.OpNe, plan.OpLt, plan.OpLe, plan.OpGt, plan.OpGe:
		if okA && okB {
			if order, ok := compare(a, b); ok {
				return boolean(holds(x.Op, order))
			}
		}
	case plan.OpEqFold, plan.OpNeFold:
		if okA && okB && ascii(a.Text) && ascii(b.Text) {
			return boolean(strings.EqualFold(a.Text, b.Text) == (x.Op == plan.OpEqFold))
		}
	}
	return x
}

// compare orders literals of the types whose comparison is beyond doubt.
func compare(a, b *plan.Const) (int, bool) {
	switch a.T {
	case catalog.Int, catalog.Long, catalog.DateTime, catalog.TimeSpan:
		switch {
		case a.Int < b.Int:
			return -1, true
		case a.Int > b.Int:
			return 1, true
		}
		return 0, true
	case catalog.String:
		return strings.Compare(a.Text, b.Text), true
	case catalog.Bool:
		if a.Bool == b.Bool {
			return 0, true
		}
	}
	return 0, false
}

func holds(op plan.Op, order int) bool {
	switch op {
	case plan.OpEq:
		return order == 0
	case plan.OpNe:
		return order != 0
	case plan.OpLt:
		return order < 0
	case plan.OpLe:
		return order <= 0
	case plan.OpGt:
		return order > 0
	}
	return order >= 0
}

func ascii(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

func emptyArray(x plan.Expr) bool {
	k, ok := x.(*plan.Const)
	return ok && !k.Null && k.Text == "[]"
}

// foldCall decides the questions parsers ask about their arguments.
func foldCall(x *plan.Func) plan.Expr {
	if len(x.Args) != 1 {
		return x
	}
	k, ok := x.Args[0].(*plan.Const)
	if !ok {
		return x
	}
	switch x.Name {
	case "isnull":
		return boolean(k.Null)
	case "isnotnull":
		return boolean(!k.Null)
	case "isempty":
		if k.T != catalog.Dynamic {
			return boolean(k.Null || k.T == catalog.String && k.Text == "")
		}
	case "isnotempty":
		if k.T != catalog.Dynamic {
			return boolean(!k.Null && (k.T != catalog.String || k.Text != ""))
		}
	case "array_length":
		var list []json.RawMessage
		if !k.Null && json.Unmarshal([]byte(k.Text), &list) == nil && list != nil {
			return &plan.Const{T: catalog.Long, Int: int64(len(list))}
		}
	}
	return x
}
