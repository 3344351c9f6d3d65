package duckdb

import (
	"fmt"

	"github.com/tocsin-soc/tocsin/kql/plan"
)

// A hoister prepares expressions for an operator the engine cannot run: whatever
// reads only the rows below becomes a column of the source, computed by the
// engine; what reads state (or another element of a graph) stays an expression,
// over those columns, and is evaluated outside.
type hoister struct {
	state map[plan.ColID]bool // columns that only the operator knows
	items []plan.Item         // what the source computes besides its own columns
	next  plan.ColID
}

// hoistBase keeps the hoister's columns apart from those of any lowering.
const hoistBase = 1_000_000

func (l *lowerer) hoister() *hoister {
	return &hoister{state: map[plan.ColID]bool{}, next: plan.ColID(l.query.NumColumns) + hoistBase}
}

func (h *hoister) add(cols []plan.Column) {
	for _, c := range cols {
		h.state[c.ID] = true
	}
}

// stateful reports whether x reads anything the engine does not have.
func (h *hoister) stateful(x plan.Expr) bool {
	found := false
	plan.Inspect(x, func(x plan.Expr) bool {
		if c, ok := x.(*plan.Col); ok && h.state[c.ID] {
			found = true
		}
		return !found
	})
	return found
}

// column makes x a column of the source.
func (h *hoister) column(x plan.Expr) *plan.Col {
	h.next++
	c := plan.Column{ID: h.next, Type: x.Type()}
	h.items = append(h.items, plan.Item{Col: c, X: x})
	return &plan.Col{ID: c.ID, T: c.Type}
}

// expr returns x with its stateless parts replaced by columns of the source.
func (h *hoister) expr(x plan.Expr) plan.Expr {
	switch x := x.(type) {
	case nil:
		return nil
	case *plan.Const, *plan.Col:
		return x
	}
	if !h.stateful(x) {
		return h.column(x)
	}
	switch x := x.(type) {
	case *plan.Func:
		return &plan.Func{Name: x.Name, Args: h.list(x.Args), T: x.T}
	case *plan.Cast:
		return &plan.Cast{X: h.expr(x.X), To: x.To, Implicit: x.Implicit}
	case *plan.Binary:
		return &plan.Binary{Op: x.Op, X: h.expr(x.X), Y: h.expr(x.Y), T: x.T}
	case *plan.Not:
		return &plan.Not{X: h.expr(x.X)}
	case *plan.Neg:
		return &plan.Neg{X: h.expr(x.X)}
	case *plan.In:
		return &plan.In{X: h.expr(x.X), List: h.list(x.List), Array: h.expr(x.Array), Rel: x.Rel, Fold: x.Fold}
	case *plan.HasAny:
		return &plan.HasAny{X: h.expr(x.X), List: h.list(x.List), Array: h.expr(x.Array), Rel: x.Rel, All: x.All}
	case *plan.Case:
		arms := make([]plan.Arm, len(x.Arms))
		for i, a := range x.Arms {
			arms[i] = plan.Arm{When: h.expr(a.When), Then: h.expr(a.Then)}
		}
		return &plan.Case{Arms: arms, Else: h.expr(x.Else), T: x.T}
	case *plan.Member:
		return &plan.Member{X: h.expr(x.X), Name: x.Name}
	case *plan.Index:
		return &plan.Index{X: h.expr(x.X), Key: h.expr(x.Key)}
	}
	panic(fmt.Sprintf("duckdb: expression %T is not hoisted", x))
}

func (h *hoister) list(xs []plan.Expr) []plan.Expr {
	out := make([]plan.Expr, len(xs))
	for i, x := range xs {
		out[i] = h.expr(x)
	}
	return out
}

// over is in with the hoisted columns behind its own.
func (h *hoister) over(in plan.Rel) plan.Rel {
	cols := append([]plan.Column(nil), in.Columns()...)
	for _, it := range h.items {
		cols = append(cols, it.Col)
	}
	return &plan.Project{In: in, Items: h.items, Cols: cols}
}

// scan lowers the scan operator: the engine sorts and computes, the runner steps.
func (l *lowerer) scan(r *plan.Scan) *sel {
	h := l.hoister()
	for _, st := range r.Steps {
		h.add(st.State)
	}
	for _, d := range r.Declared {
		h.add([]plan.Column{d.Col})
	}
	out := *r
	out.Keys = h.hoistItems(r.Keys)
	out.Declared = append([]plan.Item(nil), r.Declared...)
	for i, d := range r.Declared {
		if _, ok := d.X.(*plan.Const); !ok {
			out.Declared[i].X = h.column(d.X)
		}
	}
	out.Steps = append([]plan.ScanStep(nil), r.Steps...)
	for i, st := range r.Steps {
		out.Steps[i].When = h.expr(st.When)
		out.Steps[i].Assign = h.hoistItems(st.Assign)
	}
	out.In = h.over(r.In)
	return l.outside(&out, r.Cols, out.In)
}

func (h *hoister) hoistItems(items []plan.Item) []plan.Item {
	out := make([]plan.Item, len(items))
	for i, it := range items {
		out[i] = plan.Item{Col: it.Col, X: h.expr(it.X)}
	}
	return out
}
