package rewrite_test

import (
	"strings"
	"testing"

	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/check"
	"github.com/tocsin-soc/tocsin/kql/parser"
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/rewrite"
)

func folded(t *testing.T, src string) *plan.Query {
	t.Helper()
	cat := &catalog.Static{}
	cat.AddTable(catalog.NewTable("T", []catalog.Column{{Name: "a", Type: catalog.Long}, {Name: "s", Type: catalog.String}, {Name: "d", Type: catalog.Dynamic}}))
	script, diags := parser.Parse(src)
	q, found := check.Check(script, cat, check.Options{Now: 1 << 60})
	if err := append(diags, found...).Err(); err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	before := plan.Print(q)
	out := rewrite.Fold(q)
	if plan.Print(q) != before {
		t.Errorf("%s: the plan given was changed", src)
	}
	if err := plan.Verify(out); err != nil {
		t.Errorf("%s: %v", src, err)
	}
	want, got := q.Results[0].Rel.Columns(), out.Results[0].Rel.Columns()
	for i := range want {
		if len(got) != len(want) || got[i] != want[i] {
			t.Fatalf("%s: columns %v became %v", src, want, got)
		}
	}
	return out
}

func TestFold(t *testing.T) {
	const parser = "let P = (names:dynamic = dynamic([]), user:string = '*', off:bool = false) { " +
		"T | where not(off) | where array_length(names) == 0 or s has_any (names) | where user == '*' or s == user }; "
	for _, c := range []struct{ src, has, lacks string }{
		{parser + "P()", "table T", "filter"},
		{parser + "P(off = true)", "values", "table"},
		{parser + "P(user = 'x')", `(s#2 == "x")`, "array_length"},
		{parser + "union P(off = true), P()", "table T", "values"},
		{"T | extend x = iff(1 == 2, 'a', s)", "project", "case"},
		{"T | where a in (dynamic([]))", "values", "table"},
		{"T | where a == 1 and bool(null)", "filter", ""},
		{"T | where false | summarize count()", "aggregate", "table"},
		{"T | join kind=leftanti (T | where false) on a", "table T", "join"},
		{"T | join kind=leftouter (T | where false) on a", "join leftouter", ""},
		{"T | where isempty('') and isnotnull(a)", "isnotnull", "isempty"},
		{"print toscalar(T | where 1 > 2 | count)", "scalar", "table"},
	} {
		got := plan.Print(folded(t, c.src))
		if !strings.Contains(got, c.has) || (c.lacks != "" && strings.Contains(got, c.lacks)) {
			t.Errorf("%s: want %q, not %q\n%s", c.src, c.has, c.lacks, got)
		}
	}
}

// TestHeld: tables without rows leave the plan, with whatever only they need, and
// the plan given stays as it was.
func TestHeld(t *testing.T) {
	cat := &catalog.Static{}
	for _, name := range []string{"A", "B", "C"} {
		cat.AddTable(catalog.NewTable(name, []catalog.Column{{Name: "a", Type: catalog.Long}, {Name: "s" + name, Type: catalog.String}, {Name: "d", Type: catalog.Dynamic}}))
	}
	for _, c := range []struct{ src, has, lacks string }{
		{"union *", "table B", "table A"},
		{"search 'x'", "table B", "table C"},
		{"A | where sA has 'x'", "values", "has"},
		{"A | summarize count()", "aggregate", "table"},
		{"B | join kind=leftouter A on a", "join leftouter", "table A"},
		{"B | where a in ((A | project a))", "values", "table"},
		{"B | parse-where tostring(toscalar(A | where sA has 'x' | take 1 | project sA)) with 'n=' n:long", "values", "table A"},
		{"B | top-nested toscalar(A | where sA has 'x' | count) of sB by count()", "table B", "table A"},
		{"A | evaluate bag_unpack(d)", "", "table"},
	} {
		script, diags := parser.Parse(c.src)
		q, found := check.Check(script, cat, check.Options{Now: 1 << 60})
		if err := append(diags, found...).Err(); err != nil {
			t.Errorf("%s: %v", c.src, err)
			continue
		}
		before := plan.Print(q)
		out := rewrite.Held(q, func(table string) bool { return table == "B" })
		if plan.Print(q) != before {
			t.Errorf("%s: the plan given was changed", c.src)
		}
		if len(out.Shapes) != len(q.Shapes) {
			t.Errorf("%s: %d of %d shapes", c.src, len(out.Shapes), len(q.Shapes))
		}
		if len(q.Shapes) == 0 {
			if err := plan.Verify(out); err != nil {
				t.Errorf("%s: %v", c.src, err)
			}
		}
		for i, col := range q.Results[0].Rel.Columns() {
			if out.Results[0].Rel.Columns()[i] != col {
				t.Errorf("%s: column %d is %v, not %v", c.src, i, out.Results[0].Rel.Columns()[i], col)
			}
		}
		got := plan.Print(out)
		if !strings.Contains(got, c.has) || (c.lacks != "" && strings.Contains(got, c.lacks)) {
			t.Errorf("%s: want %q, not %q\n%s", c.src, c.has, c.lacks, got)
		}
	}
}
