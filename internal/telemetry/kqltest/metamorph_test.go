package kqltest

import (
	"context"
	"math/rand/v2"
	"regexp"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin/kql"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/exec"
)

// disguises are ways of writing a query that must not change its rows: what the
// rewriter, the lowering and the engine's planner see is different each time.
var disguises = map[string]func(q string) string{
	"let":         func(q string) string { return "let q = " + q + ";\nq" },
	"materialize": func(q string) string { return "let q = materialize(" + q + ");\nq" },
	"function":    func(q string) string { return "let ff_ = () {\n" + q + "\n};\nff_()" },
	"view":        func(q string) string { return "let vv_ = view () {\n" + q + "\n};\nunion vv_" },
	"where":       func(q string) string { return q + "\n| where true" },
	"extend":      func(q string) string { return q + "\n| extend zz_ = 1\n| project-away zz_" },
	"union":       func(q string) string { return "union (" + q + "\n| where 1 == 2), (" + q + ")" },
	"parentheses": func(q string) string { return "(" + q + ")" },
	"join": func(q string) string {
		return q + "\n| extend zz_ = 1\n| lookup kind=inner (print zz_ = 1) on zz_\n| project-away zz_"
	},
	"scalar": func(q string) string { return q + "\n| where toscalar(print x = 5) == 5" },
}

// chancy marks queries whose rows the language leaves open: any rows, ties, the order within lists.
var chancy = regexp.MustCompile(`\b(take|limit|sample|sample-distinct|top|top-nested|top-hitters|scan|partition|reduce|rand|new_guid|prev|next|row_number|row_cumsum|` +
	`row_rank_dense|row_rank_min|row_window_session|make_list|make_set|make_list_if|make_set_if|make_bag|make_bag_if|makelist|makeset|take_any|take_anyif|any|arg_max|arg_min|` +
	`make_list_with_nulls|serialize|as|render|fork|facet|ingestion_time|innerunique|hll|tdigest|evaluate|withsource|search|find|` +
	`graph-match|sliding_window_counts|rolling_percentile)\b|\bjoin\s+(hint\S+\s+)*\(|\bjoin\s+[A-Za-z]+\s+on`)

// rowsOf runs a query and returns its columns and its rows, sorted as text.
func rowsOf(e *Engine, cat catalog.Catalog, src string) (string, bool) {
	q, diags := kql.Compile(src, cat, kql.Options{Now: queryNow, Lenient: true})
	if diags.HasErrors() {
		return diags.Err().Error(), false
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	tables, err := q.Run(ctx, e, exec.Limits{Rows: 5000})
	if err != nil {
		return err.Error(), false
	}
	var out []string
	for _, row := range tables[0].Rows {
		out = append(out, string(tables[0].AppendRow(nil, row)))
	}
	sort.Strings(out)
	return string(tables[0].AppendColumns(nil)) + "\n" + strings.Join(out, "\n"), true
}

// FuzzDisguise: a spliced query and its disguises give the same columns and rows.
func FuzzDisguise(f *testing.F) {
	for seed := range uint64(30) {
		f.Add(seed)
	}
	p := gather(f)
	e, cat := world(f)
	f.Fuzz(func(t *testing.T, seed uint64) { disguised(t, e, cat, p.query(rand.New(rand.NewPCG(seed, 2)))) })
}

// TestDisguise_Many is FuzzDisguise over many seeds, run by hand: -splice 3000.
func TestDisguise_Many(t *testing.T) {
	if *splices == 0 {
		t.Skip("run with -splice N")
	}
	p := gather(t)
	e, cat := world(t)
	compared := 0
	for seed := range uint64(*splices) {
		compared += disguised(t, e, cat, p.query(rand.New(rand.NewPCG(seed, 2))))
	}
	t.Logf("%d comparisons", compared)
}

func disguised(t *testing.T, e *Engine, cat catalog.Catalog, src string) (compared int) {
	if chancy.MatchString(src) {
		return 0
	}
	plain, ok := rowsOf(e, cat, src)
	if !ok {
		return 0
	}
	for name, disguise := range disguises {
		compared++
		if got, ok := rowsOf(e, cat, disguise(src)); got != plain {
			t.Errorf("as %s (ran: %t) the rows differ:\n%s\nplain: %.600s\n%s: %.600s", name, ok, src, plain, name, got)
		}
	}
	return compared
}
