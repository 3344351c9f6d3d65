package check_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/check"
	"github.com/tocsin-soc/tocsin/kql/parser"
	"github.com/tocsin-soc/tocsin/kql/plan"
)

// FuzzCheck binds any text in both modes. Nothing may panic or take seconds, and
// a plan without errors keeps its promises. Seeds are the emulator's cases.
func FuzzCheck(f *testing.F) {
	_, file, _, _ := runtime.Caller(0)
	if data, err := os.Open(filepath.Join(filepath.Dir(file), "..", "..", "..", "shared", "kql", "suites", "emulator.jsonl")); err == nil {
		dec := json.NewDecoder(data)
		for n := 0; dec.More(); n++ {
			var c suiteCase
			if dec.Decode(&c) != nil {
				break
			}
			if n%5 == 0 {
				f.Add(c.Query)
			}
		}
		data.Close()
	}
	f.Add("T | where a == 1 and b has 'x' | summarize arg_max(t, *) by bin(t, 1h) | join kind=leftanti (T) on a")
	f.Add("let f = (x:long, T:(*)) { T | extend y = x }; union isfuzzy=true withsource=s f(1, T), Missing*")
	f.Add("T | make-graph a --> b with T on a | graph-match (x)-[e*1..3]->(y) where x.b == 'q' project x.a, map(e, a)")
	f.Add("T | mv-apply d to typeof(long) on (top 1 by d) | evaluate bag_unpack(d) | scan with (step s: true;)")
	cat := &catalog.Static{}
	cat.AddTable(catalog.NewTable("T", []catalog.Column{{Name: "a", Type: catalog.Long}, {Name: "b", Type: catalog.String},
		{Name: "t", Type: catalog.DateTime}, {Name: "d", Type: catalog.Dynamic}, {Name: "r", Type: catalog.Real}}))
	f.Fuzz(func(t *testing.T, src string) {
		if len(src) > 4000 {
			return
		}
		start := time.Now()
		script, diags := parser.Parse(src)
		if diags.HasErrors() {
			check.CheckBroken(script, cat, check.Options{Now: now, Limits: check.Limits{Nodes: 20_000}})
			return
		}
		for _, lenient := range []bool{false, true} {
			q, found := check.Check(script, cat, check.Options{Now: now, Lenient: lenient, Limits: check.Limits{Nodes: 20_000}})
			if found.HasErrors() || len(q.Shapes) > 0 {
				continue
			}
			if err := plan.Verify(q); err != nil {
				t.Errorf("lenient=%t: %v", lenient, err)
			}
			plan.Print(q)
		}
		if d := time.Since(start); d > 10*time.Second {
			t.Errorf("took %v", d)
		}
	})
}
