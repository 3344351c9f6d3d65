package kqltest

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/tocsin-soc/tocsin/kql"
	"github.com/tocsin-soc/tocsin/kql/assist"
	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/duckdb"
	"github.com/tocsin-soc/tocsin/kql/exec"
	"github.com/tocsin-soc/tocsin/kql/native"
	"github.com/tocsin-soc/tocsin/kql/parser"
	"github.com/tocsin-soc/tocsin/kql/plan"
)

// queryNow is the value of now() in golden cases.
var queryNow = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func testdata(path ...string) string {
	_, here, _, _ := runtime.Caller(0)
	return filepath.Join(append([]string{filepath.Dir(here), "../../../kql/testdata"}, path...)...)
}

// world opens an engine with the tables of kql/testdata/tables and the watchlists of
// kql/testdata/watchlists, and a catalogue of them.
func world(t testing.TB) (*Engine, *catalog.Static) {
	t.Helper()
	ctx := context.Background()
	e, err := Open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	cat := &catalog.Static{}
	files, err := filepath.Glob(testdata("tables", "*.csv"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		table, err := loadTable(ctx, e, "main", file)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		cat.AddTable(table)
	}
	if err := e.Exec(ctx, "CREATE SCHEMA "+duckdb.WatchlistSchema); err != nil {
		t.Fatal(err)
	}
	lists, err := filepath.Glob(testdata("watchlists", "*.csv"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range lists {
		list, err := loadTable(ctx, e, duckdb.WatchlistSchema, file)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		cat.AddWatchlist(list)
	}
	return e, cat
}

// loadTable makes the table a CSV file describes. The header is name:type; an empty cell
// is null (the empty string in a string column).
func loadTable(ctx context.Context, e *Engine, space, file string) (*catalog.Table, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	records, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil || len(records) == 0 {
		return nil, fmt.Errorf("reading the records: %w", err)
	}
	name := strings.TrimSuffix(filepath.Base(file), ".csv")
	var columns []catalog.Column
	var declared []string
	for _, field := range records[0] {
		col, typ, _ := strings.Cut(field, ":")
		t, ok := catalog.ParseType(typ)
		if !ok {
			return nil, fmt.Errorf("column %s has no type", field)
		}
		columns = append(columns, catalog.Column{Name: col, Type: t})
		declared = append(declared, fmt.Sprintf("%q %s", col, physical(t)))
	}
	if err := e.Exec(ctx, fmt.Sprintf("CREATE TABLE %q.%q (%s)", space, name, strings.Join(declared, ", "))); err != nil {
		return nil, err
	}
	for _, record := range records[1:] {
		cells := make([]string, len(record))
		for i, cell := range record {
			if cells[i], err = literal(columns[i].Type, cell); err != nil {
				return nil, err
			}
		}
		if err := e.Exec(ctx, fmt.Sprintf("INSERT INTO %q.%q VALUES (%s)", space, name, strings.Join(cells, ", "))); err != nil {
			return nil, err
		}
	}
	return catalog.NewTable(name, columns), nil
}

// physical is the column type a store gives a KQL type.
func physical(t catalog.Type) string {
	switch t {
	case catalog.Bool:
		return "BOOLEAN"
	case catalog.Int:
		return "INTEGER"
	case catalog.Long, catalog.DateTime, catalog.TimeSpan:
		return "BIGINT"
	case catalog.Real:
		return "DOUBLE"
	case catalog.Decimal:
		return "DECIMAL(38,17)"
	case catalog.Dynamic:
		return "JSON"
	case catalog.Guid:
		return "UUID"
	}
	return "VARCHAR"
}

// literal is a cell as SQL; test data only, so it is quoted rather than bound.
func literal(t catalog.Type, cell string) (string, error) {
	quoted := "'" + strings.ReplaceAll(cell, "'", "''") + "'"
	switch {
	case t == catalog.String:
		return quoted, nil
	case cell == "":
		return "NULL", nil
	case t == catalog.DateTime:
		ticks, ok := native.ParseDateTime(cell)
		if !ok {
			return "", fmt.Errorf("%q is not a datetime", cell)
		}
		return fmt.Sprint(ticks), nil
	case t == catalog.TimeSpan:
		ticks, ok := native.ParseTimeSpan(cell)
		if !ok {
			return "", fmt.Errorf("%q is not a timespan", cell)
		}
		return fmt.Sprint(ticks), nil
	}
	return quoted, nil
}

// answer runs a query and returns the diagnostics, or every result as JSON lines: the columns,
// then the rows; results are separated by an empty line.
func answer(e *Engine, cat catalog.Catalog, src string, lenient bool) (rows, diagnostics string, err error) {
	q, diags := kql.Compile(src, cat, kql.Options{Now: queryNow, Lenient: lenient})
	if len(diags) > 0 {
		diagnostics = diags.Render("query", src)
	}
	if diags.HasErrors() {
		return "", diagnostics, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	tables, err := q.WithFetch(readExternal).Run(ctx, e, exec.Limits{})
	if err != nil {
		return "", diagnostics, err
	}
	var out []byte
	for i, table := range tables {
		if i > 0 {
			out = append(out, '\n')
		}
		var head []string
		for _, c := range table.Columns {
			head = append(head, c.Name+":"+c.Type.String())
		}
		line, err := json.Marshal(head)
		if err != nil {
			return "", "", err
		}
		out = append(append(out, line...), '\n')
		for _, row := range table.Rows {
			out = append(table.AppendRow(out, row), '\n')
		}
	}
	return string(out), diagnostics, nil
}

// readExternal answers externaldata from kql/testdata/external: the file an address ends in,
// whose cells come as texts, as from a reader of real addresses.
func readExternal(_ context.Context, _ *plan.External, urls []string) (rows [][]string, err error) {
	for _, url := range urls {
		text, err := os.ReadFile(testdata("external", filepath.Base(url)))
		if err != nil {
			return nil, err
		}
		more, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

// TestRows runs the golden cases of kql/testdata/rows: a rule of the language, a query,
// and the rows or diagnostics it gives on kql/testdata/tables.
func TestRows(t *testing.T) {
	e, cat := world(t)
	files, err := filepath.Glob(testdata("rows", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases found: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			rowsCase(t, e, cat, file, archive)
		})
	}
}

func rowsCase(t *testing.T, e *Engine, cat catalog.Catalog, file string, archive *txtar.Archive) {
	var query string
	for _, f := range archive.Files {
		if f.Name == "query.kql" {
			query = string(f.Data)
		}
	}
	rows, diagnostics, err := answer(e, cat, query, strings.Contains(string(archive.Comment), "(lenient)"))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{"rows.jsonl": rows, "diagnostics": diagnostics}
	for i := range archive.Files {
		f := &archive.Files[i]
		text, ours := got[f.Name]
		if !ours {
			continue
		}
		delete(got, f.Name)
		if *update {
			f.Data = []byte(text)
		} else if string(f.Data) != text {
			t.Errorf("%s%s, got:\n%swant:\n%s", archive.Comment, f.Name, text, f.Data)
		}
	}
	if len(got) == 2 {
		t.Error("the case has neither rows nor diagnostics")
	}
	if extra, unexpected := got["diagnostics"]; unexpected && extra != "" {
		t.Errorf("%sunexpected:\n%s", archive.Comment, extra)
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRows_CoverOperators: every operator stands in a golden case with rows.
func TestRows_CoverOperators(t *testing.T) {
	covered := map[string]bool{
		// Diagnostics that name them, not rows.
		"macro-expand": true, // entity groups are of several clusters
		"reduce":       true,
	}
	files, err := filepath.Glob(testdata("rows", "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var query string
		for _, f := range archive.Files {
			switch f.Name {
			case "query.kql":
				query = string(f.Data)
			case "rows.jsonl":
				for name := range operatorsOf(query) {
					covered[name] = true
				}
			}
		}
	}
	for _, op := range assist.Operators() {
		if !covered[op.Name] {
			t.Errorf("no case in kql/testdata/rows runs %s", op.Name)
		}
	}
}

// operatorsOf are the words with which the operators of a query begin.
func operatorsOf(query string) map[string]bool {
	script, _ := parser.Parse(query)
	out := map[string]bool{}
	ast.Walk(script, func(n ast.Node) bool {
		if op, ok := n.(ast.Operator); ok {
			text := op.Span().Of(query)
			end := strings.IndexFunc(text, func(r rune) bool { return r != '-' && (r < 'a' || r > 'z') })
			if end < 0 {
				end = len(text)
			}
			out[text[:end]] = true
		}
		return true
	})
	return out
}
