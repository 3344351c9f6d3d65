package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestGenerate_CommittedFileIsCurrent(t *testing.T) {
	root, err := findRoot(".")
	if err != nil {
		t.Fatal(err)
	}
	want, err := Generate(root)
	if err != nil {
		t.Fatal(err)
	}
	have, err := os.ReadFile(filepath.Join(root, target))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, want) {
		t.Errorf("%s is not what the Go types say: run go generate ./internal/api/...", target)
	}
	for _, line := range []string{
		"export interface IncidentDetail extends IncidentSummary {",
		`export type Severity = "informational" | "low" | "medium" | "high";`,
		"  acknowledgedAt: string | null;",
		"  rows: Json[][];",
		"  tags?: string[];",
	} {
		if !strings.Contains(string(want), line) {
			t.Errorf("generated text lacks %q", line)
		}
	}
}

func TestGenerate_RefusesWhatItCannotSay(t *testing.T) {
	for source, complaint := range map[string]string{
		"type A struct { B chan int `json:\"b\"` }":      "no TypeScript for a *ast.ChanType",
		"type A struct { B int }":                        "A.B has no json tag",
		"type A struct { B complex128 `json:\"b\"` }":    "no TypeScript for complex128",
		"type A struct { B tocsin.Absent `json:\"b\"` }": "tocsin.Absent is not declared",
		"type A struct { B net.IP `json:\"b\"` }":        "no TypeScript for net.IP",
	} {
		root := t.TempDir()
		if err := os.MkdirAll(filepath.Join(root, "internal/api"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, "internal/api/dto.go"), []byte("package api\n\n"+source+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Generate(root); err == nil || !strings.Contains(err.Error(), complaint) {
			t.Errorf("%s: got %v, want %q", source, err, complaint)
		}
	}
}
