package plan

// Inspect calls visit for x and everything below it, parents first; when visit
// returns false the children are skipped. Subqueries (In.Rel, HasAny.Rel) are
// not entered.
func Inspect(x Expr, visit func(Expr) bool) {
	if x == nil || !visit(x) {
		return
	}
	each := func(list []Expr) {
		for _, e := range list {
			Inspect(e, visit)
		}
	}
	switch x := x.(type) {
	case *Const, *Col, *ScalarRef:
	case *Func:
		each(x.Args)
	case *Cast:
		Inspect(x.X, visit)
	case *Binary:
		Inspect(x.X, visit)
		Inspect(x.Y, visit)
	case *Not:
		Inspect(x.X, visit)
	case *Neg:
		Inspect(x.X, visit)
	case *In:
		Inspect(x.X, visit)
		each(x.List)
		if x.Array != nil {
			Inspect(x.Array, visit)
		}
	case *HasAny:
		Inspect(x.X, visit)
		each(x.List)
		if x.Array != nil {
			Inspect(x.Array, visit)
		}
	case *Case:
		for _, a := range x.Arms {
			Inspect(a.When, visit)
			Inspect(a.Then, visit)
		}
		Inspect(x.Else, visit)
	case *Member:
		Inspect(x.X, visit)
	case *Index:
		Inspect(x.X, visit)
		Inspect(x.Key, visit)
	default:
		panic("plan: expression without a case in Inspect")
	}
}
