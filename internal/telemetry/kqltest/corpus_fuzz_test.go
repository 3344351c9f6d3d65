package kqltest

import (
	"context"
	"flag"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin/kql"
	"github.com/tocsin-soc/tocsin/kql/duckdb"
	"github.com/tocsin-soc/tocsin/kql/exec"
	"github.com/tocsin-soc/tocsin/kql/plan"
)

// FuzzCorpus changes published queries. Whatever compiles as imported content must
// run over empty tables, in time: no panic, no broken invariant, no SQL that the
// engine refuses. All of the corpus are seeds when fuzzing, a sample otherwise.
func FuzzCorpus(f *testing.F) {
	path, ok := Shared("kql/corpus/queries.jsonl")
	if !ok {
		f.Skip("no ../shared here")
	}
	corpus, err := LoadCorpus(path)
	if err != nil {
		f.Fatal(err)
	}
	schemas, _ := Shared("kql/corpus/schemas_all.json")
	cat, err := CorpusCatalog(schemas, corpus)
	if err != nil {
		f.Fatal(err)
	}
	step := 100
	if x := flag.Lookup("test.fuzz"); x != nil && x.Value.String() != "" {
		step = 1
	}
	for i := 0; i < len(corpus); i += step {
		if len(corpus[i].Query) < 8000 {
			f.Add(corpus[i].Query)
		}
	}
	e, err := Open(context.Background())
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { e.Close() })
	opt := kql.Options{Now: queryNow, Lenient: true, Dialect: duckdb.Options{TableName: duckdb.EmptyTable}}
	fetch := func(context.Context, *plan.External, []string) ([][]string, error) { return nil, nil }
	f.Fuzz(func(t *testing.T, src string) {
		if len(src) > 16_000 {
			return
		}
		start := time.Now()
		q, diags := kql.Compile(src, cat, opt)
		if took := time.Since(start); took > 30*time.Second {
			t.Fatalf("compiling %d bytes took %v", len(src), took)
		}
		for _, d := range diags {
			if strings.Contains(d.Message, "fault of Tocsin") {
				t.Errorf("a broken invariant: %s\n%s", d.Message, src)
			}
		}
		if q == nil {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if _, err := q.WithFetch(fetch).Run(ctx, e, exec.Limits{Rows: 1000}); !fair(ctx, err) {
			t.Errorf("%v\n%s", err, src)
		}
	})
}
