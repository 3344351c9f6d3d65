package exec

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"github.com/tocsin-soc/tocsin/kql/duckdb"
	"github.com/tocsin-soc/tocsin/kql/native"
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
	case *plan.Scan:
		rows, err := scan(op, sources[0], columnIDs(in.Sources[0]), in.Hidden)
		if err != nil {
			return "", err
		}
		return rowsJSON(rows), nil
	case *plan.Call:
		if op.Plugin == "graph_components" {
			return rowsJSON(components(op, sources[0], sources[1])), nil
		}
		if f, ok := plugins[op.Plugin]; ok {
			rows, err := r.plugin(f, op, sources[0], in.Hidden)
			if err != nil {
				return "", fmt.Errorf("%s: %w", op.Plugin, err)
			}
			return rowsJSON(rows), nil
		}
	}
	return "", unknownOperator(in.Operator)
}

// rowsJSON writes cells as they came from the engine: ticks as numbers, dynamic
// values as the JSON text they are.
func rowsJSON(rows [][]any) string {
	b := []byte{'['}
	for i, row := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '[')
		for j, v := range row {
			if j > 0 {
				b = append(b, ',')
			}
			b = appendPlain(b, v)
		}
		b = append(b, ']')
	}
	return string(append(b, ']'))
}

func appendPlain(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return native.AppendString(b, strconv.FormatFloat(v, 'g', -1, 64))
		}
		return strconv.AppendFloat(b, v, 'g', -1, 64)
	case string:
		return native.AppendString(b, v)
	}
	panic("exec: cell of an unknown Go type")
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
