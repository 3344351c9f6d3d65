//go:generate go run .

// Command typegen writes web/src/api/types.gen.ts from the Go types that cross
// the HTTP interface: every exported type of internal/api/dto.go and, following
// their fields, of the root package. It reads source, not reflection, so that
// doc comments travel along and no type needs registering.
//
// It promises one declaration per type, in source order, and it refuses (exits
// with the place) any Go type it cannot say exactly in TypeScript. Its test
// fails when the committed file is not what it would write.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// target is where the generated file lives, seen from the module's root.
const target = "web/src/api/types.gen.ts"

func main() {
	root, err := findRoot(".")
	if err == nil {
		var text []byte
		if text, err = Generate(root); err == nil {
			err = os.WriteFile(filepath.Join(root, target), text, 0o644)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "typegen:", err)
		os.Exit(1)
	}
}

// findRoot returns the nearest folder at or above dir that holds go.mod.
func findRoot(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("finding go.mod: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", fmt.Errorf("no go.mod at or above the current folder")
		}
		dir = up
	}
}
