package exec

import (
	"fmt"

	"github.com/tocsin-soc/tocsin/kql/duckdb"
	"github.com/tocsin-soc/tocsin/kql/plan"
)

// Verify reports what Run would refuse in a statement whatever the rows: an operator, or an
// expression inside one, that runs outside the engine and is not known there. The
// error is a *duckdb.Unsupported. Compile calls it, so that nothing unsupported compiles.
func Verify(st *duckdb.Statement) error {
	for _, in := range st.Inputs {
		for _, source := range in.Sources {
			if err := Verify(source); err != nil {
				return err
			}
		}
		switch op := in.Operator.(type) {
		case *plan.External:
		case *plan.Scan:
			if _, err := newMachine(op, columnIDs(in.Sources[0])); err != nil {
				return err
			}
		case *plan.Call:
			if op.Plugin != "graph_components" && plugins[op.Plugin] == nil {
				return unknownOperator(op)
			}
		default:
			return unknownOperator(op)
		}
	}
	return nil
}

func columnIDs(st *duckdb.Statement) []plan.ColID {
	ids := make([]plan.ColID, len(st.Columns))
	for i, c := range st.Columns {
		ids[i] = c.ID
	}
	return ids
}

func unknownOperator(op plan.Rel) error {
	return &duckdb.Unsupported{What: fmt.Sprintf("the operator %T", op)}
}
