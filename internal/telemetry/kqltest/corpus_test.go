package kqltest

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin/kql"
	"github.com/tocsin-soc/tocsin/kql/batch"
	"github.com/tocsin-soc/tocsin/kql/duckdb"
	"github.com/tocsin-soc/tocsin/kql/exec"
	"github.com/tocsin-soc/tocsin/kql/plan"
)

// corpusQuery is one line of the corpus.
type corpusQuery struct {
	ID      string      `json:"id"`
	Title   string      `json:"title"`
	Kind    string      `json:"kind"`
	Query   string      `json:"query"`
	Binds   bool        `json:"binds"`
	Open    bool        `json:"open"`
	Columns [][2]string `json:"columns"`
}

func loadCorpus(t *testing.T) []corpusQuery {
	path, ok := Shared("kql/corpus/queries.jsonl")
	if !ok {
		t.Skip("no ../shared here")
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []corpusQuery
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 16<<20)
	for sc.Scan() {
		var q corpusQuery
		if err := json.Unmarshal(sc.Bytes(), &q); err != nil {
			t.Fatal(err)
		}
		if q.Binds {
			out = append(out, q)
		}
	}
	return out
}

// TestCorpus compiles and runs every query of the corpus that Microsoft's
// analyzer accepts, on empty tables, and compares the columns.
func TestCorpus(t *testing.T) {
	queries := loadCorpus(t)
	path, _ := Shared("kql/corpus/schemas_all.json")
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cat, err := batch.Schemas(f)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	e, err := Open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	opt := kql.Options{Now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Dialect: duckdb.Options{TableName: func(p *plan.Table) string { return duckdb.EmptyTable(p) }}}
	fetch := func(context.Context, *plan.External, []string) ([][]string, error) { return nil, nil }
	var ran, rules, rulesRan, closed, same int
	var times []time.Duration
	report := func(q corpusQuery, why string) {
		if *failuresTo == "" {
			return
		}
		f, err := os.OpenFile(*failuresTo, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		fmt.Fprintf(f, "FAIL corpus:%s %s\n%s\n   => %s\n\n", q.ID, q.Title, q.Query, why)
	}
	for _, q := range queries {
		rule := q.Kind == "analytics rule"
		if rule {
			rules++
		}
		start := time.Now()
		c, diags := kql.Compile(q.Query, cat, opt)
		times = append(times, time.Since(start))
		if err := diags.Err(); err != nil {
			report(q, "compile: "+err.Error())
			continue
		}
		ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
		tables, err := c.WithFetch(fetch).Run(ctx, e, exec.Limits{})
		cancel()
		if err != nil {
			report(q, "run: "+err.Error())
			continue
		}
		ran++
		if rule {
			rulesRan++
		}
		if q.Open || len(tables) == 0 {
			continue
		}
		closed++
		got := [][2]string{}
		for _, col := range tables[0].Columns {
			got = append(got, [2]string{col.Name, col.Type.String()})
		}
		if fmt.Sprint(got) == fmt.Sprint(q.Columns) {
			same++
		} else {
			report(q, fmt.Sprintf("columns: expected %v got %v", q.Columns, got))
		}
	}
	sort.Slice(times, func(i, j int) bool { return times[i] < times[j] })
	t.Logf("corpus: %d of %d ran (%.1f %%); rules %d of %d; columns equal %d of %d (%.1f %%); compile median %s, p95 %s", ran, len(queries), 100*float64(ran)/float64(len(queries)),
		rulesRan, rules, same, closed, 100*float64(same)/float64(max(closed, 1)), times[len(times)/2], times[len(times)*95/100])
}
