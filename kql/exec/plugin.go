package exec

import (
	"context"
	"fmt"

	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/command"
	"github.com/tocsin-soc/tocsin/kql/mining"
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/result"
)

// A pluginFunc computes the rows of a plugin. in has one column per argument of the call.
type pluginFunc func(ctx context.Context, op *plan.Call, rows [][]any) ([][]any, error)

// plugins are those that run outside the engine.
var plugins = map[string]pluginFunc{
	"basket": patterns, "autocluster": patterns, "diffpatterns": patterns, "sequence_detect": sequences, "schema_merge": mergeSchemas,
}

// plugin runs a plugin, apart for rows whose hidden columns at the end differ, which go
// through behind its own.
func (r *runner) plugin(f pluginFunc, op *plan.Call, in *result.Table, hidden int) ([][]any, error) {
	if hidden == 0 {
		return f(r.ctx, op, in.Rows)
	}
	width := len(in.Columns) - hidden
	var keys []string
	groups := map[string][][]any{}
	for _, row := range in.Rows {
		key := fmt.Sprint(row[width:]...)
		if groups[key] == nil {
			keys = append(keys, key)
		}
		groups[key] = append(groups[key], row)
	}
	var out [][]any
	for _, key := range keys {
		rows, err := f(r.ctx, op, groups[key])
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			out = append(out, append(row, groups[key][0][width:]...))
		}
	}
	return out, nil
}

// patterns runs the plugins that look for values that go together. The arguments are
// those of check: split column and its values, weight, threshold, number of values, then
// a wildcard and a column for each column of the rows.
func patterns(ctx context.Context, op *plan.Call, rows [][]any) ([][]any, error) {
	t := &mining.Table{Rows: rows, Weight: -1}
	wildcards := map[int]any{}
	for i := 6; i+1 < len(op.Args); i += 2 {
		t.Columns = append(t.Columns, i+1)
		if k, ok := op.Args[i].X.(*plan.Const); ok && !k.Null && (k.T != catalog.String || k.Text != "") && len(rows) > 0 {
			wildcards[i+1] = rows[0][i]
		}
	}
	t.Wildcard = func(column int) any { return wildcards[column] }
	if _, weighs := op.Args[3].X.(*plan.Col); weighs {
		t.Weight = 3
	}
	threshold, most := op.Args[4].X.(*plan.Const).Real, int(op.Args[5].X.(*plan.Const).Real)
	switch op.Plugin {
	case "basket":
		return mining.Basket(ctx, t, threshold, most)
	case "autocluster":
		return mining.Autocluster(ctx, t, threshold)
	}
	a, b := op.Args[1].X.(*plan.Const).Text, op.Args[2].X.(*plan.Const).Text
	split := op.Args[0].X.(*plan.Col).T
	set := func(row int) byte {
		switch result.CellText(split, rows[row][0]) {
		case a:
			return 'A'
		case b:
			return 'B'
		}
		return 0
	}
	return mining.Diffpatterns(ctx, t, set, threshold, most)
}

func sequences(_ context.Context, op *plan.Call, rows [][]any) ([][]any, error) {
	steps, dims := 0, 0
	var spans []int64
	for _, a := range op.Args {
		switch a.Name {
		case "step":
			steps++
		case "dimension":
			dims++
		case "span":
			spans = append(spans, a.X.(*plan.Const).Int)
		}
	}
	cut := make([][]any, len(rows))
	for i, row := range rows {
		cut[i] = row[:1+steps+dims]
	}
	return mining.Sequences(cut, steps, spans[0], spans[1]), nil
}

func mergeSchemas(_ context.Context, op *plan.Call, rows [][]any) ([][]any, error) {
	var columns []mining.Column
	for _, row := range rows {
		name, _ := row[1].(string)
		ordinal, _ := row[2].(int64)
		kind, _ := row[3].(string)
		columns = append(columns, mining.Column{Name: name, Ordinal: ordinal, Type: kind})
	}
	var out [][]any
	for _, c := range mining.MergeSchemas(columns, op.Args[0].X.(*plan.Const).Bool, reduced) {
		net := "ERROR(unknown CSL type:" + c.Type + ")"
		if t, ok := catalog.ParseType(c.Type); ok {
			net = command.NetType(t)
		}
		out = append(out, []any{c.Name, c.Ordinal, net, c.Type})
	}
	return out, nil
}

// reduced is the type both of two types can be read as; "" when there is none.
func reduced(a, b string) string {
	x, okX := catalog.ParseType(a)
	y, okY := catalog.ParseType(b)
	switch {
	case a == b:
		return a
	case !okX || !okY || !x.Numeric() || !y.Numeric():
		return ""
	case x == catalog.Real || y == catalog.Real:
		return catalog.Real.String()
	case x == catalog.Decimal || y == catalog.Decimal:
		return catalog.Decimal.String()
	}
	return catalog.Long.String()
}
