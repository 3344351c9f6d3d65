package app_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tocsin-soc/tocsin/internal/app"
	"github.com/tocsin-soc/tocsin/internal/hunt"
	"github.com/tocsin-soc/tocsin/internal/ingest/files"
)

const manyFailures = `title: Failed sign-in
id: 11111111-1111-4111-8111-111111111111
name: failed_sign_in
logsource: {product: azure, service: signinlogs}
detection:
    sel: {ResultType: '50126'}
    condition: sel
level: low
---
title: Many accounts fail from one address
id: 22222222-2222-4222-8222-222222222222
correlation:
    type: value_count
    rules: failed_sign_in
    group-by: [IPAddress]
    timespan: 10m
    condition: {field: UserPrincipalName, gte: 5}
level: high
`

// importLines imports sign-ins as a file into a folder and returns how many
// alerts of the correlation there are after it.
func importLines(t *testing.T, cfg app.Config, name string, lines []string) int {
	t.Helper()
	path := filepath.Join(t.TempDir(), "SigninLogs-"+name+".jsonl")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := app.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range a.Rejected() {
		t.Errorf("rule not loaded: %+v", r)
	}
	if err := a.Import(t.Context(), app.ImportRequest{Paths: []string{path}, Done: func(files.Report) {}}); err != nil {
		t.Fatal(err)
	}
	n, err := a.AlertsOf(context.Background(), "22222222-2222-4222-8222-222222222222")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestSigmaCorrelations_OverImportedFiles: a correlation counts distinct values
// within its time span, each file is a recording of its own, and a file that is
// imported again counts nothing twice.
func TestSigmaCorrelations_OverImportedFiles(t *testing.T) {
	cfg := config(t)
	rules := t.TempDir()
	if err := os.WriteFile(filepath.Join(rules, "spray.yml"), []byte(manyFailures), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg.RuleDirs = []string{rules}
	line := func(minute int, user, address string) string {
		return fmt.Sprintf(`{"TimeGenerated":"2026-03-01T08:%02d:00Z","UserPrincipalName":"%s@x.example","ResultType":"50126","IPAddress":"%s"}`, minute, user, address)
	}
	var few, many []string
	for i := range 4 {
		few = append(few, line(i, fmt.Sprint("u", i), "203.0.113.1"))
	}
	for i := range 6 {
		many = append(many, line(i, fmt.Sprint("u", i), "203.0.113.9"))
	}
	if n := importLines(t, cfg, "few", few); n != 0 {
		t.Errorf("four accounts raise %d alerts", n)
	}
	if n := importLines(t, cfg, "many", many); n != 1 {
		t.Errorf("six accounts raise %d alerts, want 1", n)
	}
	if n := importLines(t, cfg, "many", many); n != 1 {
		t.Errorf("the same file again: %d alerts, want still 1", n)
	}
	if answer, err := app.Query(t.Context(), cfg, hunt.Query{Text: "SigninLogs | count"}); err != nil || answer.Tables[0].Rows[0][0] != int64(10) {
		t.Errorf("%v %v", answer, err)
	}
}
