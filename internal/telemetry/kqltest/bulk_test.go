package kqltest

import (
	"fmt"
	"strings"
	"testing"
)

// TestBulk: a constant row set reads the same whether it is written out or, being large,
// bound as one argument.
func TestBulk(t *testing.T) {
	e, cat := world(t)
	const schema = "datatable(n:long, s:string, i:int, r:real, b:bool, t:datetime, p:timespan, d:dynamic, g:guid, m:decimal)"
	some := []string{
		`1, "a\"b\\\n☃", 7, 0.1, true, datetime(2026-01-01T00:00:00.0000001Z), time(1.02:03:04.5), dynamic({"k":[1,null,"x"]}), guid(6f9619ff-8b86-d011-b42d-00cf4fc964ff), decimal(1.50)`,
		`9223372036854775807, "", int(null), real(nan), bool(null), datetime(null), time(null), dynamic(null), guid(null), decimal(null)`,
		`-9223372036854775808, "null", -1, real(-inf), false, datetime(0001-01-01), -time(0.00:00:00.0000001), dynamic("text"), guid(00000000-0000-0000-0000-000000000000), decimal(-0.00000000000000001)`,
	}
	cells := func(n int) string {
		rows := make([]string, n)
		for i := range rows {
			rows[i] = some[i%len(some)]
		}
		return strings.Join(rows, ",\n")
	}
	query := func(n int) string {
		return fmt.Sprintf("%s[%s] | as T | where n != 1 | summarize rows = count() by n, s, i, r, b, t, p, tostring(d), g, m, k = gettype(d), isnull(d) | sort by n asc", schema, cells(n))
	}
	small, diags, err := answer(e, cat, query(3), false)
	if err != nil || small == "" {
		t.Fatal(diags, err)
	}
	large, diags, err := answer(e, cat, query(3*400), false)
	if err != nil {
		t.Fatal(diags, err)
	}
	if want := strings.ReplaceAll(small, ",1]\n", ",400]\n"); large != want {
		t.Errorf("bound:\n%swritten out:\n%s", large, want)
	}
	order, _, err := answer(e, cat, fmt.Sprintf("%s[%s] | serialize o = row_number() | where o in (2, 1199) | project o, n", schema, cells(1200)), false)
	if err != nil || !strings.HasSuffix(order, "[2,9223372036854775807]\n[1199,9223372036854775807]\n") {
		t.Errorf("order: %s %v", order, err)
	}
}
