package kqltest

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/tocsin-soc/tocsin/kql/catalog"
)

// An example is one line of kql/testdata/examples.jsonl: the example of a
// function's entry and what it gives.
type example struct {
	Function string   `json:"function"`
	Kind     string   `json:"kind"`
	Query    string   `json:"query"`
	Result   []string `json:"result,omitempty"` // JSON lines: columns, then rows
	Varies   bool     `json:"varies,omitempty"` // rows differ from run to run; only the columns are kept
	Fails    string   `json:"fails,omitempty"`  // why it does not run; in no recorded line
}

// TestExamples runs the example of every entry of the function table, so that none is without
// a case with rows and hover text never shows a query that does not run.
func TestExamples(t *testing.T) {
	e, cat := world(t)
	file := testdata("examples.jsonl")
	recorded := readExamples(t, file)
	var out bytes.Buffer
	for _, f := range catalog.Functions().All() {
		if f.Example == "" {
			t.Errorf("%s has no example", f.Name)
			continue
		}
		got := runExample(e, cat, f)
		if f.Unsupported != "" {
			// Named by design: the reason stands in the table, and the query says it.
			if !strings.Contains(got.Fails, "[KQL40") {
				t.Errorf("%s is unsupported, but its example gives %q %s", f.Name, got.Result, got.Fails)
			}
			continue
		}
		if got.Fails != "" {
			t.Errorf("%s: its example does not run: %s", f.Name, got.Fails)
		}
		line, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(append(line, '\n'))
		want, known := recorded[got.Kind+" "+got.Function+" "+got.Query]
		switch {
		case *update:
		case !known:
			t.Errorf("%s: no recorded result; review it and run with -update", f.Name)
		case want != string(line):
			t.Errorf("%s:\n got %s\nwant %s", f.Name, line, want)
		}
	}
	if *update {
		if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func readExamples(t *testing.T, file string) map[string]string {
	t.Helper()
	out := map[string]string{}
	text, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return out
	}
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var x example
		if err := json.Unmarshal([]byte(line), &x); err != nil {
			t.Fatal(err)
		}
		out[x.Kind+" "+x.Function+" "+x.Query] = strings.TrimSuffix(line, "\n")
	}
	return out
}

func runExample(e *Engine, cat catalog.Catalog, f *catalog.Function) example {
	x := example{Function: f.Name, Kind: f.Kind.String(), Query: f.Example}
	rows, diags, err := answer(e, cat, f.Example, false)
	switch {
	case err != nil:
		x.Fails, _, _ = strings.Cut(err.Error(), "\n")
		return x
	case rows == "":
		x.Fails, _, _ = strings.Cut(diags, "\n")
		return x
	}
	again, _, _ := answer(e, cat, f.Example, false)
	x.Result = strings.Split(strings.TrimSuffix(rows, "\n"), "\n")
	if again != rows {
		x.Varies, x.Result = true, x.Result[:1]
	}
	return x
}
