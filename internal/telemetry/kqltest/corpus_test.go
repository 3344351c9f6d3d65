package kqltest

import (
	"context"
	"flag"
	"fmt"
	"os"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin/kql"
	"github.com/tocsin-soc/tocsin/kql/duckdb"
	"github.com/tocsin-soc/tocsin/kql/exec"
	"github.com/tocsin-soc/tocsin/kql/plan"
)

var every = flag.Int("every", 8, "run every nth query of the corpus")

// corpusScore is what a run over the corpus counts.
type corpusScore struct {
	total, compiled, ran, rules, rulesRan, closed, same int
	times                                               []time.Duration
}

func (s *corpusScore) String() string {
	sort.Slice(s.times, func(i, j int) bool { return s.times[i] < s.times[j] })
	return fmt.Sprintf("corpus: %d of %d compile, %d run (%.1f %%); rules %d of %d; columns equal %d of %d (%.1f %%); compile median %s, p95 %s",
		s.compiled, s.total, s.ran, 100*float64(s.ran)/float64(max(s.total, 1)), s.rulesRan, s.rules, s.same, s.closed, 100*float64(s.same)/float64(max(s.closed, 1)),
		s.times[len(s.times)/2], s.times[len(s.times)*95/100])
}

// TestCorpus compiles and runs queries of the corpus that Microsoft's analyzer
// accepts, on empty tables, and compares the columns. -every 1 runs all of them.
func TestCorpus(t *testing.T) {
	path, ok := Shared("kql/corpus/queries.jsonl")
	if !ok {
		t.Skip("no ../shared here")
	}
	corpus, err := LoadCorpus(path)
	if err != nil {
		t.Fatal(err)
	}
	schemas, _ := Shared("kql/corpus/schemas_all.json")
	cat, err := CorpusCatalog(schemas, corpus)
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
	score := &corpusScore{}
	for i, q := range corpus {
		if !q.Binds || i%*every != 0 || *only != "" && !strings.Contains(q.ID, *only) {
			continue
		}
		rule := q.Kind == "analytics rule"
		score.total++
		if rule {
			score.rules++
		}
		start := time.Now()
		c, diags := kql.Compile(q.Source(), cat, opt)
		score.times = append(score.times, time.Since(start))
		if err := diags.Err(); err != nil {
			corpusFailure(t, q, "compile: "+err.Error())
			continue
		}
		score.compiled++
		if *showSQL {
			for _, st := range c.Statements {
				fmt.Printf("-- %s\n%s\n-- %q\n", q.ID, st.SQL, st.Args)
			}
		}
		start = time.Now()
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		tables, err := c.WithFetch(fetch).Run(ctx, e, exec.Limits{})
		cancel()
		if d := time.Since(start); d > time.Second {
			corpusFailure(t, q, "slow: "+d.String())
		}
		if err != nil {
			corpusFailure(t, q, "run: "+err.Error())
			continue
		}
		score.ran++
		if rule {
			score.rulesRan++
		}
		if q.Open || len(tables) == 0 {
			continue
		}
		score.closed++
		got := [][2]string{}
		for _, col := range tables[0].Columns {
			got = append(got, [2]string{col.Name, col.Type.String()})
		}
		if fmt.Sprint(got) == fmt.Sprint(q.Columns) {
			score.same++
		} else {
			corpusFailure(t, q, fmt.Sprintf("columns: expected %v got %v", q.Columns, got))
		}
	}
	t.Log(score)
}

func corpusFailure(t *testing.T, q *CorpusQuery, why string) {
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
