package plan

// Inputs returns the relations r reads directly: its operands, the bodies of
// subqueries, and the row arguments of plugins. Shared row sets and subqueries
// inside expressions (In.Rel) are not among them.
func Inputs(r Rel) []Rel {
	switch r := r.(type) {
	case *Table, *Values, *Range, *External, *Ref, *Leaf:
		return nil
	case *Filter:
		return []Rel{r.In}
	case *Project:
		return []Rel{r.In}
	case *Aggregate:
		return []Rel{r.In}
	case *Join:
		return []Rel{r.Left, r.Right}
	case *Union:
		return r.Inputs
	case *Sort:
		return []Rel{r.In}
	case *Limit:
		return []Rel{r.In}
	case *Sample:
		return []Rel{r.In}
	case *Number:
		return []Rel{r.In}
	case *Window:
		return []Rel{r.In}
	case *Expand:
		if r.In == nil {
			return nil
		}
		return []Rel{r.In}
	case *Apply:
		return []Rel{r.In, r.Body}
	case *Partition:
		return []Rel{r.In, r.Body}
	case *Parse:
		return []Rel{r.In}
	case *ParseKV:
		return []Rel{r.In}
	case *MakeSeries:
		return []Rel{r.In}
	case *Pivot:
		return []Rel{r.In}
	case *TopNested:
		return []Rel{r.In}
	case *Scan:
		return []Rel{r.In}
	case *Call:
		var in []Rel
		if r.In != nil {
			in = append(in, r.In)
		}
		for _, a := range r.Args {
			if a.Rel != nil {
				in = append(in, a.Rel)
			}
		}
		return in
	}
	panic("plan: operator without a case in Inputs")
}
