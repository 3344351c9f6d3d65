package kqltest

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin/kql"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/exec"
	"github.com/tocsin-soc/tocsin/kql/parser"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// TestLimits_OfResults: a result that reaches a limit is cut and says so; all
// results of a query share the limit of text.
func TestLimits_OfResults(t *testing.T) {
	e, cat := world(t)
	for _, c := range []struct {
		query  string
		limits exec.Limits
		rows   []int // per result
		cut    []bool
	}{
		{`range x from 1 to 1000 step 1`, exec.Limits{Rows: 10}, []int{10}, []bool{true}},
		{`range x from 1 to 10 step 1`, exec.Limits{Rows: 10}, []int{10}, []bool{false}},
		{`range x from 1 to 100 step 1 | sort by x desc | fork (take 3) (where x > 0)`, exec.Limits{Rows: 5}, []int{3, 5}, []bool{false, true}},
		{`range x from 1 to 100 step 1 | project s = strrep("x", 100)`, exec.Limits{Bytes: 1000}, []int{10}, []bool{true}},
		{`range x from 1 to 8 step 1 | project s = strrep("x", 100) | fork (where 1 == 1) (where 1 == 1)`, exec.Limits{Bytes: 1000}, []int{8, 2}, []bool{false, true}},
		{`print d = bag_pack("k", strrep("x", 2000))`, exec.Limits{Bytes: 1000}, []int{0}, []bool{true}},
	} {
		q, diags := kql.Compile(c.query, cat, kql.Options{Now: queryNow})
		if err := diags.Err(); err != nil {
			t.Fatal(err)
		}
		tables, err := q.Run(context.Background(), e, c.limits)
		if err != nil {
			t.Fatalf("%s: %v", c.query, err)
		}
		for i, table := range tables {
			if len(table.Rows) != c.rows[i] || table.Truncated != c.cut[i] {
				t.Errorf("%s: result %d has %d rows, cut %v; want %d, %v", c.query, i, len(table.Rows), table.Truncated, c.rows[i], c.cut[i])
			}
		}
	}
}

// TestLimits_OfText: a text that is too long, too deep or unfolds into too much is
// refused with a code of its own.
func TestLimits_OfText(t *testing.T) {
	const deep, wide = 2000, 20_000
	for name, c := range map[string]struct {
		query string
		code  token.Code
	}{
		"length":      {"print x = 1 //" + strings.Repeat("x", parser.MaxLength), token.TooLong},
		"brackets":    {"print " + strings.Repeat("(", deep) + "1" + strings.Repeat(")", deep), token.TooDeep},
		"calls":       {"print " + strings.Repeat("strcat(1, ", deep) + "1" + strings.Repeat(")", deep), token.TooDeep},
		"subqueries":  {strings.Repeat("(", deep) + "print 1" + strings.Repeat(")", deep), token.TooDeep},
		"signs":       {"print " + strings.Repeat("-", wide) + "1", token.TooDeep},
		"a long sum":  {"print 1" + strings.Repeat(" + 1", wide), token.TooComplex},
		"functions":   {"let f0 = () { 1 };\n" + doubling(40) + "print f40()", token.TooComplex},
		"dynamic":     {"print dynamic(" + strings.Repeat("[", deep) + strings.Repeat("]", deep) + ")", token.TooDeep},
		"columns":     {"print 1" + strings.Repeat(" | extend a = 1", wide) + strings.Repeat(" | extend strcat('a', 'b')", wide/2), token.TooComplex},
		"many unions": {"let t = datatable(a:long)[1]; union " + strings.Repeat("t, ", wide) + "t", token.TooComplex},
	} {
		t.Run(name, func(t *testing.T) {
			_, diags := kql.Compile(c.query, &catalog.Static{}, kql.Options{Now: queryNow})
			for _, d := range diags {
				if d.Code == c.code {
					return
				}
			}
			t.Errorf("no %s among %d diagnostics: %.300v", c.code, len(diags), diags.Err())
		})
	}
}

// doubling declares f1 … fn, each of which calls the one before twice.
func doubling(n int) string {
	var b strings.Builder
	for i := 1; i <= n; i++ {
		name, before := "f"+strconv.Itoa(i), "f"+strconv.Itoa(i-1)
		b.WriteString("let " + name + " = () { " + before + "() + " + before + "() };\n")
	}
	return b.String()
}

// TestLimits_OfTime: a run ends with its context, wherever it is.
func TestLimits_OfTime(t *testing.T) {
	e, cat := world(t)
	for _, query := range []string{
		`range a from 1 to 100000000 step 1 | extend k = 1 | join kind=inner (range b from 1 to 100000000 step 1 | extend k = 1) on k | summarize sum(a * b)`,
		`range a from 1 to 2000000000 step 1 | extend m = hash_sha256(a) | top 3 by m`,
		`range a from 1 to 2000000000 step 1 | where strcat("aaaaaaaaaaaa", a) matches regex "(a+a+)+b" | count`,
	} {
		q, diags := kql.Compile(query, cat, kql.Options{Now: queryNow})
		if err := diags.Err(); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		if _, err := q.Run(ctx, e, exec.Limits{}); err == nil || !errors.Is(ctx.Err(), context.DeadlineExceeded) {
			t.Errorf("%s: ended with %v", query, err)
		}
		cancel()
	}
}
