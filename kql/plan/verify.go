package plan

import (
	"fmt"

	"github.com/tocsin-soc/tocsin/kql/catalog"
)

// Verify reports the first breach of the promises in the package comment: a
// column read that no input delivers, a type other than the column's, an Unknown
// type in a closed plan, an output column that nothing produces, an ID twice in
// one relation. It is an oracle for tests and fuzzing; check's plans always pass.
func Verify(q *Query) error {
	v := &verifier{done: map[Rel]bool{}}
	for _, s := range q.Shared {
		if err := v.rel(s.Rel, nil); err != nil {
			return fmt.Errorf("shared %d (%s): %w", s.ID, s.Name, err)
		}
	}
	for _, s := range q.Scalars {
		if err := v.rel(s.Rel, nil); err != nil {
			return fmt.Errorf("scalar %d: %w", s.ID, err)
		}
		if n := len(s.Rel.Columns()); n != 1 {
			return fmt.Errorf("scalar %d has %d columns", s.ID, n)
		}
	}
	for i, r := range q.Results {
		if err := v.rel(r.Rel, nil); err != nil {
			return fmt.Errorf("result %d: %w", i, err)
		}
	}
	return nil
}

type verifier struct{ done map[Rel]bool }

// available maps the columns an expression may read to their types.
type available map[ColID]catalog.Type

func columnsOf(lists ...[]Column) available {
	a := available{}
	for _, list := range lists {
		for _, c := range list {
			a[c.ID] = c.Type
		}
	}
	return a
}

func (v *verifier) rel(r Rel, leaf *Leaf) error {
	if r == nil {
		return fmt.Errorf("a relation is missing")
	}
	if v.done[r] {
		return nil
	}
	v.done[r] = true
	for _, in := range Inputs(r) {
		if err := v.rel(in, leaf); err != nil {
			return err
		}
	}
	if err := v.operator(r); err != nil {
		return fmt.Errorf("%T: %w", r, err)
	}
	seen := map[ColID]bool{}
	for _, c := range r.Columns() {
		switch {
		case c.ID == 0:
			return fmt.Errorf("%T: column %q has no ID", r, c.Name)
		case seen[c.ID]:
			return fmt.Errorf("%T: column %q (%d) is delivered twice", r, c.Name, c.ID)
		case c.Type == catalog.Unknown:
			return fmt.Errorf("%T: column %q is of unknown type", r, c.Name)
		}
		seen[c.ID] = true
	}
	return nil
}

// operator checks the expressions and output columns of one node.
func (v *verifier) operator(r Rel) error {
	switch r := r.(type) {
	case *Values:
		for _, row := range r.Rows {
			for i, x := range row {
				if err := v.expr(x, nil); err != nil {
					return err
				}
				if x.Type() != r.Cols[i].Type {
					return fmt.Errorf("cell of %q is %s, not %s", r.Cols[i].Name, x.Type(), r.Cols[i].Type)
				}
			}
		}
	case *Range:
		return v.exprs(nil, r.From, r.To, r.Step)
	case *Ref:
		return sameTypes(r.Cols, r.Shared.Rel.Columns())
	case *Filter:
		if r.Pred.Type() != catalog.Bool {
			return fmt.Errorf("predicate is %s", r.Pred.Type())
		}
		return v.expr(r.Pred, columnsOf(r.In.Columns()))
	case *Project:
		in := columnsOf(r.In.Columns())
		if err := v.items(r.Items, in); err != nil {
			return err
		}
		for _, it := range r.Items {
			in[it.Col.ID] = it.Col.Type
		}
		return v.delivered(r.Cols, in)
	case *Aggregate:
		in := columnsOf(r.In.Columns())
		out, err := v.aggregates(r.Keys, r.Aggs, in)
		if err != nil {
			return err
		}
		return v.delivered(r.Cols, out)
	case *Join:
		left, right := columnsOf(r.Left.Columns()), columnsOf(r.Right.Columns())
		for _, p := range r.On {
			if p.Left.Type() != p.Right.Type() {
				return fmt.Errorf("key pair of %s and %s", p.Left.Type(), p.Right.Type())
			}
			if err := v.expr(p.Left, left); err != nil {
				return err
			}
			if err := v.expr(p.Right, right); err != nil {
				return err
			}
		}
		return v.delivered(r.Cols, columnsOf(r.Left.Columns(), r.Right.Columns()))
	case *Union:
		return unionInputs(r)
	case *Sort:
		for _, k := range r.Keys {
			if err := v.expr(k.X, columnsOf(r.In.Columns())); err != nil {
				return err
			}
		}
		return v.delivered(r.Cols, columnsOf(r.In.Columns(), []Column{r.Ord}))
	case *Limit:
		return v.expr(r.N, nil)
	case *Number:
		return v.delivered(r.Cols, columnsOf(r.In.Columns(), []Column{r.Ord}))
	case *Window:
		return v.window(r)
	case *Expand:
		return v.expand(r)
	case *Parse:
		in := columnsOf(r.In.Columns())
		if err := v.expr(r.X, in); err != nil {
			return err
		}
		for _, s := range r.Steps {
			in[s.Col.ID] = s.Col.Type
		}
		return v.delivered(r.Cols, in)
	case *Apply:
		return v.delivered(r.Cols, columnsOf(r.In.Columns(), r.Body.Columns()))
	case *MakeSeries:
		return v.exprs(columnsOf(r.In.Columns()), r.On)
	}
	return nil
}

func (v *verifier) window(r *Window) error {
	in := columnsOf(r.In.Columns())
	if in[r.Ord] != catalog.Long {
		return fmt.Errorf("order column %d is not delivered", r.Ord)
	}
	for _, f := range r.Funcs {
		if err := v.exprs(in, f.Args...); err != nil {
			return err
		}
	}
	for _, f := range r.Funcs {
		in[f.Col.ID] = f.Col.Type
	}
	return v.delivered(r.Cols, in)
}

func (v *verifier) expand(r *Expand) error {
	if r.In == nil {
		return nil
	}
	in := columnsOf(r.In.Columns(), []Column{r.Index})
	for _, it := range r.Items {
		if err := v.expr(it.X, in); err != nil {
			return err
		}
		in[it.Col.ID] = it.Col.Type
	}
	return v.delivered(r.Cols, in)
}

func sameTypes(a, b []Column) error {
	if len(a) != len(b) {
		return fmt.Errorf("%d columns for %d", len(a), len(b))
	}
	for i := range a {
		if a[i].Type != b[i].Type {
			return fmt.Errorf("column %d is %s, not %s", i, a[i].Type, b[i].Type)
		}
	}
	return nil
}

func unionInputs(r *Union) error {
	for i, in := range r.Inputs {
		cols := in.Columns()
		if r.From == nil {
			if err := sameTypes(cols, r.Cols); err != nil {
				return fmt.Errorf("input %d: %w", i, err)
			}
			continue
		}
		for k, at := range r.From[i] {
			if at >= len(r.Cols) || k >= len(cols) || cols[k].Type != r.Cols[at].Type {
				return fmt.Errorf("input %d column %d does not fit", i, k)
			}
		}
	}
	return nil
}

func (v *verifier) aggregates(keys []Item, aggs []Agg, in available) (available, error) {
	out := available{}
	if err := v.items(keys, in); err != nil {
		return nil, err
	}
	for _, k := range keys {
		out[k.Col.ID] = k.Col.Type
	}
	for _, g := range aggs {
		if err := v.exprs(in, g.Args...); err != nil {
			return nil, err
		}
		for _, c := range g.Cols {
			out[c.ID] = c.Type
		}
	}
	return out, nil
}

func (v *verifier) items(items []Item, in available) error {
	for _, it := range items {
		if err := v.expr(it.X, in); err != nil {
			return err
		}
		if it.X.Type() != it.Col.Type {
			return fmt.Errorf("column %q is %s, its expression %s", it.Col.Name, it.Col.Type, it.X.Type())
		}
	}
	return nil
}

func (v *verifier) delivered(cols []Column, in available) error {
	for _, c := range cols {
		t, ok := in[c.ID]
		if !ok {
			return fmt.Errorf("column %q (%d) is not produced", c.Name, c.ID)
		}
		if t != c.Type {
			return fmt.Errorf("column %q is produced as %s, not %s", c.Name, t, c.Type)
		}
	}
	return nil
}

func (v *verifier) exprs(in available, list ...Expr) error {
	for _, x := range list {
		if x == nil {
			continue
		}
		if err := v.expr(x, in); err != nil {
			return err
		}
	}
	return nil
}

func (v *verifier) expr(x Expr, in available) (err error) {
	Inspect(x, func(x Expr) bool {
		if err != nil {
			return false
		}
		if x.Type() == catalog.Unknown {
			err = fmt.Errorf("%T is of unknown type", x)
			return false
		}
		switch x := x.(type) {
		case *Col:
			if t, ok := in[x.ID]; !ok {
				err = fmt.Errorf("column %q (%d) is not in the input", x.Name, x.ID)
			} else if t != x.T {
				err = fmt.Errorf("column %q is %s, read as %s", x.Name, t, x.T)
			}
		case *Binary:
			err = operands(x)
		case *In:
			err = v.member(x.X, x.List, x.Rel)
		case *HasAny:
			err = v.member(x.X, x.List, x.Rel)
		case *Case:
			for _, a := range x.Arms {
				if a.Then.Type() != x.T || a.When.Type() != catalog.Bool {
					err = fmt.Errorf("arm of %s when %s in a case of %s", a.Then.Type(), a.When.Type(), x.T)
				}
			}
			if x.Else.Type() != x.T {
				err = fmt.Errorf("else of %s in a case of %s", x.Else.Type(), x.T)
			}
		}
		return err == nil
	})
	return err
}

func (v *verifier) member(x Expr, list []Expr, rel Rel) error {
	for _, e := range list {
		if e.Type() != x.Type() {
			return fmt.Errorf("%s in a list for %s", e.Type(), x.Type())
		}
	}
	if rel != nil {
		if cols := rel.Columns(); len(cols) != 1 || cols[0].Type != x.Type() {
			return fmt.Errorf("a subquery of %d columns for %s", len(cols), x.Type())
		}
		return v.rel(rel, nil)
	}
	return nil
}

// operands checks the types Op's comment promises.
func operands(x *Binary) error {
	a, b := x.X.Type(), x.Y.Type()
	ok := true
	switch {
	case x.Op == OpAnd || x.Op == OpOr:
		ok = a == catalog.Bool && b == catalog.Bool
	case x.Op >= OpEq && x.Op <= OpGe:
		ok = a == b
	case x.Op == OpEqFold || x.Op == OpNeFold || x.Op >= OpHas:
		ok = a == catalog.String && b == catalog.String
	case a.Numeric() && b.Numeric():
		ok = a == b && x.T == a
	}
	if !ok {
		return fmt.Errorf("operator %s over %s and %s", x.Op, a, b)
	}
	return nil
}
