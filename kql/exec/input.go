package exec

import (
	"encoding/json"
	"fmt"

	"github.com/tocsin-soc/tocsin/kql/duckdb"
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/result"
)

// input computes a row set the engine cannot, as a JSON array of rows.
func (r *runner) input(in *duckdb.Input) (string, error) {
	var sources []*result.Table
	for _, st := range in.Sources {
		t, err := r.table(st, maxInput)
		if err != nil {
			return "", err
		}
		if t.Truncated {
			return "", fmt.Errorf("the operator would read more than %d rows; filter before it", maxInput)
		}
		sources = append(sources, t)
	}
	switch op := in.Operator.(type) {
	case *plan.External:
		return r.external(op)
	}
	return "", &duckdb.Unsupported{What: fmt.Sprintf("the operator %T", in.Operator)}
}

// maxInput is how many rows an operator outside the engine reads.
const maxInput = 1_000_000

func (r *runner) external(op *plan.External) (string, error) {
	if r.program.Fetch == nil {
		return "", &duckdb.Unsupported{What: "externaldata", Hint: "no address is allowed here; import the data as a watchlist"}
	}
	var urls []string
	for _, x := range op.URLs {
		c, ok := x.(*plan.Const)
		if !ok {
			return "", &duckdb.Unsupported{What: "externaldata with a computed address", Hint: "write the address"}
		}
		urls = append(urls, c.Text)
	}
	rows, err := r.program.Fetch(r.ctx, op, urls)
	if err != nil {
		return "", fmt.Errorf("externaldata: %w", err)
	}
	text, err := json.Marshal(rows)
	return string(text), err
}
