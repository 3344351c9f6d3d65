package kqltest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin/kql"
	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/exec"
	"github.com/tocsin-soc/tocsin/kql/parser"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// pieces are the operators, as text, and the sources of known queries.
type pieces struct {
	operators, sources []string
}

// gather cuts the queries of the golden cases and the suites into pieces.
func gather(t testing.TB) pieces {
	t.Helper()
	p := pieces{sources: []string{"Logons", "Processes", "Logons | project A = Account, s = Computer, x = Bytes, t = TimeGenerated, v = Score, d = Details, k = LogonType"}}
	for _, suite := range []string{"emulator", "docs"} {
		path, ok := Shared("kql/suites/" + suite + ".jsonl")
		if !ok {
			t.Skip("no ../shared here")
		}
		cases, err := Load(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cases {
			if c.ExpectError == nil {
				p.cut(c.Query)
			}
		}
	}
	return p
}

func (p *pieces) cut(src string) {
	script, diags := parser.Parse(src)
	if diags.HasErrors() {
		return
	}
	ast.Walk(script, func(n ast.Node) bool {
		pipe, ok := n.(*ast.Pipe)
		if !ok {
			return true
		}
		if _, table := pipe.Source.(*ast.DataTable); table {
			p.sources = append(p.sources, pipe.Source.Span().Of(src))
		}
		for _, op := range pipe.Ops {
			switch op.(type) {
			case *ast.Render, *ast.Consume, *ast.Print, *ast.Range, *ast.Invoke:
			default:
				p.operators = append(p.operators, op.Span().Of(src))
			}
		}
		return true
	})
}

// query splices a query of a few operators.
func (p *pieces) query(r *rand.Rand) string {
	var b strings.Builder
	b.WriteString(p.sources[r.IntN(len(p.sources))])
	for range 1 + r.IntN(5) {
		b.WriteString("\n| " + p.operators[r.IntN(len(p.operators))])
	}
	return b.String()
}

// fair reports an error a run may end with: none, the deadline, or a diagnostic that only the
// data could bring about.
func fair(ctx context.Context, err error) bool {
	var failure *token.Failure
	return err == nil || ctx.Err() != nil || kql.IsUnsupported(err) || errors.As(err, &failure)
}

// FuzzSplice splices operators of known queries into new ones. Whatever compiles must run:
// an error of the engine is SQL that should not have been written.
func FuzzSplice(f *testing.F) {
	for seed := range uint64(40) {
		f.Add(seed)
	}
	p := gather(f)
	e, cat := world(f)
	f.Fuzz(func(t *testing.T, seed uint64) {
		src := p.query(rand.New(rand.NewPCG(seed, 1)))
		q, diags := kql.Compile(src, cat, kql.Options{Now: queryNow, Lenient: true})
		if diags.HasErrors() {
			for _, d := range diags {
				if strings.Contains(d.Message, "fault of Tocsin") {
					t.Errorf("%s\n%s", d.Message, src)
				}
			}
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if _, err := q.Run(ctx, e, exec.Limits{Rows: 1000}); !fair(ctx, err) {
			t.Errorf("%v\n%s", err, src)
		}
	})
}

// TestSplice_Many is FuzzSplice over many seeds with a summary, run by hand: -splice 5000.
func TestSplice_Many(t *testing.T) {
	if *splices == 0 {
		t.Skip("run with -splice N")
	}
	p := gather(t)
	e, cat := world(t)
	compiled, failed := 0, map[string][]string{}
	for seed := range uint64(*splices) {
		src := p.query(rand.New(rand.NewPCG(seed, 1)))
		q, diags := kql.Compile(src, cat, kql.Options{Now: queryNow, Lenient: true})
		why := ""
		if diags.HasErrors() {
			if err := diags.Err(); strings.Contains(err.Error(), "fault of Tocsin") {
				why = err.Error()
			}
		} else {
			compiled++
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			if _, err := q.Run(ctx, e, exec.Limits{Rows: 1000}); !fair(ctx, err) {
				why = err.Error()
			}
			cancel()
		}
		if why != "" {
			key, _, _ := strings.Cut(why, "\n")
			failed[key] = append(failed[key], fmt.Sprintf("%d: %s", seed, src))
		}
	}
	t.Logf("%d of %d compiled", compiled, *splices)
	for key, list := range failed {
		t.Errorf("%d times: %s\n%s", len(list), key, list[0])
	}
}
