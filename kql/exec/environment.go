package exec

import "github.com/tocsin-soc/tocsin/kql/plan"

// An environment holds the values of columns while expressions are evaluated
// outside the engine. Values are nil, bool, int64, float64 or string, as in result.Table.
type environment struct {
	slots  map[plan.ColID]int
	values []any
}

func newEnvironment() *environment {
	return &environment{slots: map[plan.ColID]int{}}
}

// add makes room for columns, in order.
func (e *environment) add(cols []plan.Column) {
	for _, c := range cols {
		if _, ok := e.slots[c.ID]; !ok {
			e.slots[c.ID] = len(e.values)
			e.values = append(e.values, nil)
		}
	}
}

// fill sets the first columns from a row.
func (e *environment) fill(row []any) { copy(e.values, row) }

func (e *environment) set(id plan.ColID, v any) { e.values[e.slots[id]] = v }

func (e *environment) get(id plan.ColID) any { return e.values[e.slots[id]] }
