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
