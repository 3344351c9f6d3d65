package kqltest

import (
	"context"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/tocsin-soc/tocsin/kql"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/exec"
)

// byName are queries that name tables in strings or patterns, where a filter cannot be written in.
var byName = regexp.MustCompile(`"Logons"|Log\*|search |union withsource`)

// TestPeriod_IsAFilterOnEveryTable: a period gives the rows that the same query
// gives when every table in its text is filtered by time: in lets, functions, joins and unions.
func TestPeriod_IsAFilterOnEveryTable(t *testing.T) {
	e, cat := world(t)
	from := time.Date(2025, 12, 31, 8, 5, 0, 0, time.UTC)
	to := time.Date(2025, 12, 31, 10, 31, 0, 0, time.UTC)
	within := " >= datetime(2025-12-31T08:05) and $1 < datetime(2025-12-31T10:31))"
	logons := regexp.MustCompile(`\bLogons\b`)
	processes := regexp.MustCompile(`\bProcesses\b`)
	files, err := filepath.Glob(testdata("rows", "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		src := string(archive.Files[0].Data)
		if byName.MatchString(src) || strings.Contains(src, "Insert date") {
			continue
		}
		filtered := logons.ReplaceAllString(src, "(Logons | where TimeGenerated"+strings.ReplaceAll(within, "$1", "TimeGenerated"))
		filtered = processes.ReplaceAllString(filtered, "(Processes | where Timestamp"+strings.ReplaceAll(within, "$1", "Timestamp"))
		want, ok := periodRows(t, e, cat, filtered, kql.Period{})
		if !ok || filtered == src {
			continue
		}
		compared++
		if got, _ := periodRows(t, e, cat, src, kql.Period{From: from, To: to}); got != want {
			t.Errorf("%s: with a period:\n%swith filters:\n%s%s", filepath.Base(file), got, want, src)
		}
	}
	if compared < 30 {
		t.Errorf("only %d cases were compared", compared)
	}
}

func periodRows(t *testing.T, e *Engine, cat catalog.Catalog, src string, period kql.Period) (string, bool) {
	t.Helper()
	q, diags := kql.Compile(src, cat, kql.Options{Now: queryNow, Period: period, Lenient: true})
	if diags.HasErrors() {
		return "", false
	}
	tables, err := q.WithFetch(readExternal).Run(context.Background(), e, exec.Limits{})
	if err != nil {
		t.Errorf("%v\n%s", err, src)
		return "", false
	}
	var b strings.Builder
	for _, table := range tables {
		for _, row := range table.Rows {
			b.Write(append(table.AppendRow(nil, row), '\n'))
		}
		b.WriteByte('\n')
	}
	return b.String(), true
}
