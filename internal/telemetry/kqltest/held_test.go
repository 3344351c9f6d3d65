package kqltest

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/tocsin-soc/tocsin/kql"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/exec"
)

// overEmpty are queries over tables of which some, or all, have no rows.
var overEmpty = []string{
	"union * | summarize n = count() by Computer | sort by Computer asc",
	"union withsource = Source * | summarize n = count() by Source | sort by Source asc",
	"search 'WS01' | summarize n = count() by $table | sort by $table asc",
	"search 'WS01' | where false",
	"search in (Processes) 'WS01'",
	"find where Computer == 'WS01' or DeviceName == 'WS01' project Account, DeviceName | sort by Account asc, DeviceName asc",
	"Processes | summarize n = count(), latest = max(Timestamp), name = take_any(FileName), all = make_set(FileName)",
	"Processes | count",
	"print a = toscalar(Processes | summarize max(Timestamp)), b = toscalar(Processes | project FileName), c = toscalar(Processes | count)",
	"Logons | join kind = leftouter (Processes | project Computer = DeviceName, FileName) on Computer | project Account, FileName | sort by Account asc, FileName asc",
	"Processes | join kind = fullouter (Logons) on $left.DeviceName == $right.Computer | project Account, FileName, Timestamp | sort by Account asc",
	"Logons | where Computer !in ((Processes | project DeviceName)) | project Account | sort by Account asc",
	"Processes | make-series n = count() on Timestamp from datetime(2025-12-31) to datetime(2026-01-02) step 1d",
	"Logons | make-series n = count() default = toscalar(Processes | count) on TimeGenerated from toscalar(Processes | summarize coalesce(max(Timestamp), datetime(2025-12-31))) to datetime(2026-01-02) step 1d",
	"Processes | extend d = bag_pack('a', FileName) | evaluate bag_unpack(d)",
	"union Logons, (Processes | extend Details = bag_pack('a', FileName)) | evaluate bag_unpack(Details) | project-away Id | sort by TimeGenerated asc",
	"Processes | evaluate pivot(DeviceName, count(), FileName)",
	"Processes | sort by Timestamp asc | extend n = row_number(), p = prev(FileName)",
	"Processes | mv-apply c = split(CommandLine, ' ') on (summarize n = count())",
	"Processes | partition by DeviceName (top 1 by Timestamp)",
	"Processes | parse CommandLine with a:string ' ' b:long | parse-kv CommandLine as (x:long)",
	"let p = materialize(Processes | extend n = 1); union p, (p | summarize n = sum(n)) | count",
	"Processes | as p | union p | summarize n = dcount(FileName)",
}

// TestHeld: knowing which tables hold rows changes no result: the queries above
// and the golden cases, with Processes emptied.
func TestHeld(t *testing.T) {
	e, cat := world(t)
	if err := e.Exec(t.Context(), "DELETE FROM Processes"); err != nil {
		t.Fatal(err)
	}
	queries := append([]string(nil), overEmpty...)
	files, err := filepath.Glob(testdata("rows", "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			if f.Name == "query.kql" && !chancy.Match(f.Data) {
				queries = append(queries, string(f.Data))
			}
		}
	}
	for i, src := range queries {
		plain, ok := heldRows(t, e, cat, src, nil)
		if got, _ := heldRows(t, e, cat, src, func(table string) bool { return table != "Processes" }); got != plain {
			t.Errorf("%s\nasking the engine:\n%s\nknowing:\n%s", src, plain, got)
		}
		if !ok {
			if i < len(overEmpty) {
				t.Errorf("%s: %s", src, plain)
			}
			continue
		}
		// Without a single row anywhere the columns are the same still.
		none, _ := heldRows(t, e, cat, src, func(string) bool { return false })
		head, _, _ := strings.Cut(none, "\n")
		if want, _, _ := strings.Cut(plain, "\n"); head != want && !strings.Contains(src, "evaluate") {
			t.Errorf("%s\ncolumns %s\nover nothing %s", src, want, head)
		}
	}
}

func heldRows(t *testing.T, e *Engine, cat catalog.Catalog, src string, holds func(string) bool) (string, bool) {
	t.Helper()
	q, diags := kql.Compile(src, cat, kql.Options{Now: queryNow, Lenient: true, Holds: holds})
	if err := diags.Err(); err != nil {
		return err.Error(), false
	}
	tables, err := q.WithFetch(readExternal).Run(context.Background(), e, exec.Limits{})
	if err != nil {
		t.Errorf("%s: %v", src, err)
		return "", false
	}
	var out strings.Builder
	for _, table := range tables {
		out.Write(table.AppendColumns(nil))
		for _, row := range table.Rows {
			out.WriteByte('\n')
			out.Write(table.AppendRow(nil, row))
		}
		out.WriteByte('\n')
	}
	return out.String(), true
}
