package parser_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/parser"
)

// deadline is far beyond what any text of a fuzzer's size may take; a parse that
// reaches it is quadratic or does not end.
const deadline = 30 * time.Second

// FuzzParse: any bytes give a tree with sound spans, in time.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"T | where a == 1 and b has 'x' | summarize n = count() by bin(t, 1h), c | top 3 by n desc nulls last",
		"let f = (a:int = 5, T:(*)) { let b = a; T | where x > b }; f(1, T) | join kind=leftouter (U | project k) on $left.a == $right.k",
		"print d = dynamic({\"a\": [1, 'x', datetime(2024-01-31)]}), ```multi\nline```, h@\"v\"\"\", 0x1F, 1.5e-3, 2.5h, ['a b']",
		"T | parse kind=regex flags=Ui x with * 'a' b:long ['c d'] * | mv-expand kind=array a to typeof(long) limit 3",
		"T | make-series n = count() default=0 on t from ago(1d) to now() step 1h by c | scan declare (s:long=0) with (step a: true => s = a.s + 1;)",
		"E | make-graph a --> b with N on id | graph-match (x)-[e*1..3]->(y)<-[f]-(z) where x.k == 1 project x.k",
		".show tables | project TableName", ".ingest inline into table T <| 1,2", "((((", "]])", "let", "| |", "T | | ;;",
		"T | where " + strings.Repeat("(", 300) + "a", "T | where " + strings.Repeat("not(", 300), strings.Repeat("T|take 1;", 50),
		"dynamic(" + strings.Repeat("[", 300), strings.Repeat("-", 500) + "1", "datetime(" + strings.Repeat("9", 300) + ")",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, src string) {
		start := time.Now()
		tree, diags := parser.Parse(src)
		if took := time.Since(start); took > deadline {
			t.Fatalf("parsing %d bytes took %v", len(src), took)
		}
		checkTree(t, "fuzz", src, tree, diags.HasErrors())
		ast.Dump(tree)
		diags.Render("query", src)
	})
}

// TestParse_LinearWork: texts made to provoke quadratic behaviour cost at most
// about twice the memory traffic when they are twice as long. (Time is not
// compared: it says more about the machine.)
func TestParse_LinearWork(t *testing.T) {
	for name, unit := range map[string]string{
		"open brackets": "(", "closing brackets": ")", "pipes": "|", "commas": "print a,", "semicolons": "a;", "ors": "a or ",
		"missing semicolons": "let a = 1\n", "typed": "time(", "bang": "!", "quotes": "'\n", "fences": "``` ", "hyphens": "project-", "calls": "f(a,",
		"mixed brackets": "([{", "comments": "//\n", "members": "a.b[0].", "lists": "T | project a,\n b | ", "directives": "\n#x", "strings": "'a' ",
	} {
		t.Run(name, func(t *testing.T) {
			cost := func(size int) uint64 {
				src := strings.Repeat(unit, size/len(unit)-1)
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				tree, diags := parser.Parse(src)
				runtime.ReadMemStats(&after)
				checkTree(t, name, src, tree, diags.HasErrors())
				return after.TotalAlloc - before.TotalAlloc
			}
			half, whole := cost(1<<19), cost(1<<20)
			if whole > 3*half+1<<20 {
				t.Errorf("%d bytes allocated for half a megabyte, %d for one", half, whole)
			}
		})
	}
}
