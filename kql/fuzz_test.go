package kql_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/tocsin-soc/tocsin/kql"
	"github.com/tocsin-soc/tocsin/kql/catalog"
)

// deadline is far beyond what compiling a text of a fuzzer's size may take.
const deadline = 30 * time.Second

func world() *catalog.Static {
	w := &catalog.Static{}
	w.AddTable(catalog.NewTable("Logons", []catalog.Column{
		{Name: "TimeGenerated", Type: catalog.DateTime}, {Name: "Account", Type: catalog.String}, {Name: "Computer", Type: catalog.String},
		{Name: "ResultType", Type: catalog.String}, {Name: "LogonType", Type: catalog.Int}, {Name: "Score", Type: catalog.Real},
		{Name: "Details", Type: catalog.Dynamic}, {Name: "Success", Type: catalog.Bool}, {Name: "Duration", Type: catalog.TimeSpan},
	}))
	w.AddTable(catalog.NewTable("Processes", []catalog.Column{
		{Name: "Timestamp", Type: catalog.DateTime}, {Name: "DeviceName", Type: catalog.String}, {Name: "CommandLine", Type: catalog.String},
	}))
	w.AddFunction(&catalog.SavedFunction{Name: "Recent", Parameters: "n:int = 5, T:(*) = Logons", Body: "T | take n"})
	return w
}

// FuzzCompile: any text compiles or is rejected with a diagnostic, in time, without a broken
// invariant anywhere on the way. Seeds are the golden queries and the examples of the functions.
func FuzzCompile(f *testing.F) {
	for _, dir := range []string{"syntax", "rows"} {
		files, err := filepath.Glob(filepath.Join("testdata", dir, "*.txtar"))
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			for _, section := range txtar.Parse(text).Files {
				if section.Name == "query.kql" {
					f.Add(string(section.Data), false)
				}
			}
		}
	}
	for _, fn := range catalog.Functions().All() {
		f.Add(fn.Example, true)
	}
	w := world()
	f.Fuzz(func(t *testing.T, src string, lenient bool) {
		start := time.Now()
		q, diags := kql.Compile(src, w, kql.Options{Now: time.Unix(1767225600, 0), Lenient: lenient})
		if took := time.Since(start); took > deadline {
			t.Fatalf("compiling %d bytes took %v", len(src), took)
		}
		if (q == nil) != diags.HasErrors() {
			t.Errorf("a query without errors, or errors with a query: %v", diags.Err())
		}
		for _, d := range diags {
			if strings.Contains(d.Message, "fault of Tocsin") {
				t.Errorf("a broken invariant: %s", d.Message)
			}
		}
		diags.Render("query", src)
	})
}
