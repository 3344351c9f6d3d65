package check_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/check"
)

// suiteCase is a line of a suite, as far as binding is concerned.
type suiteCase struct {
	ID          string   `json:"id"`
	Query       string   `json:"query"`
	Columns     []string `json:"columns"`
	Types       []string `json:"types"`
	ExpectError string   `json:"expect_error"`
	Grade       string   `json:"grade"`
	Adjust      struct {
		Query string `json:"query"`
	} `json:"adjust"`
}

// TestEmulator binds the cases recorded from the Kusto emulator: names and types
// of the result, and that what Kusto rejects is rejected.
func TestEmulator(t *testing.T) {
	var out strings.Builder
	good, bad, total, rejected, errors := 0, 0, 0, 0, 0
	lines(t, shared(t, "suites", "emulator.jsonl"), func(line []byte) {
		var c suiteCase
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		if c.Grade != "core" {
			return
		}
		q, err := bind(c.Query, &catalog.Static{}, check.Options{})
		if c.ExpectError != "" {
			errors++
			if err != nil {
				rejected++
			} else {
				fmt.Fprintf(&out, "ACCEPTED %s\n  %s\n", c.ID, c.Query)
			}
			return
		}
		total++
		if err != nil {
			bad++
			fmt.Fprintf(&out, "REJECTED %s %v\n  %s\n", c.ID, err, c.Query)
			return
		}
		if len(q.Results) == 0 || len(q.Shapes) > 0 {
			good++
			return
		}
		var names, want []string
		for i, col := range q.Results[0].Rel.Columns() {
			names = append(names, col.Name+":"+typeClass(col.Type))
			if i < len(c.Types) && c.Types[i] == "" {
				names[i] = col.Name + ":"
			}
		}
		for i, name := range c.Columns {
			typ := ""
			if i < len(c.Types) {
				typ = c.Types[i]
			}
			want = append(want, name+":"+typ)
		}
		if fmt.Sprint(names) == fmt.Sprint(want) {
			good++
		} else {
			fmt.Fprintf(&out, "COLUMNS %s\n  %s\n  want %v\n  got  %v\n", c.ID, c.Query, want, names)
		}
	})
	writeReport(t, out.String())
	t.Logf("%d of %d with the right columns, %d wrongly rejected; %d of %d errors rejected", good, total, bad, rejected, errors)
	ratchet(t, "emulator_columns", good)
	ratchet(t, "emulator_errors", rejected)
}

// typeClass is how the suite writes types: it does not tell int from long, nor
// decimal from real.
func typeClass(t catalog.Type) string {
	switch t {
	case catalog.Int, catalog.Long:
		return "Int"
	case catalog.Real, catalog.Decimal:
		return "Real"
	case catalog.Bool:
		return "Bool"
	case catalog.String:
		return "String"
	case catalog.DateTime:
		return "DateTime"
	case catalog.TimeSpan:
		return "TimeSpan"
	case catalog.Guid:
		return "Guid"
	}
	return "Dynamic"
}
