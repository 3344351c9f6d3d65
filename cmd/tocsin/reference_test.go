package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestReference keeps docs/reference/cli.md what the commands say of themselves.
func TestReference(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Command line\n\nGenerated from the commands' own help (`go test ./cmd/tocsin -update`).\n\n" +
		"Exit codes: 0 done; 1 it failed; 2 the command line is wrong; 3 something was found wrong in the input. " +
		"JSON and tables go to standard output, messages to standard error. `tocsin completion bash|zsh|fish|powershell` prints a completion script.\n")
	writeCommand(&b, newRoot())
	const path = "../../docs/reference/cli.md"
	if *update {
		if err := os.MkdirAll("../../docs/reference", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil || string(have) != b.String() {
		t.Errorf("docs/reference/cli.md is stale; run go test ./cmd/tocsin -update (%v)", err)
	}
}

// writeCommand writes one command and those below it.
func writeCommand(b *strings.Builder, cmd *cobra.Command) {
	if cmd.Runnable() && cmd.Name() != "help" && !strings.HasPrefix(cmd.CommandPath(), "tocsin completion") {
		fmt.Fprintf(b, "\n## %s\n\n%s.\n", cmd.UseLine(), strings.TrimSuffix(cmd.Short, "."))
		if cmd.Long != "" {
			fmt.Fprintf(b, "\n%s\n", cmd.Long)
		}
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Hidden || f.Name == "help" {
				return
			}
			if b.String()[b.Len()-1] == '\n' && !strings.HasSuffix(b.String(), "|\n") {
				b.WriteString("\n| flag | meaning |\n|---|---|\n")
			}
			value := ""
			if f.DefValue != "" && f.DefValue != "[]" && f.DefValue != "false" {
				value = " (" + f.DefValue + ")"
			}
			fmt.Fprintf(b, "| `--%s` | %s%s |\n", f.Name, f.Usage, value)
		})
		if cmd.Example != "" {
			fmt.Fprintf(b, "\n```\n%s\n```\n", cmd.Example)
		}
	}
	for _, sub := range cmd.Commands() {
		writeCommand(b, sub)
	}
}

// TestEveryVerbHasAnExample holds the promise of the help.
func TestEveryVerbHasAnExample(t *testing.T) {
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd.Runnable() && cmd.Example == "" && cmd.Name() != "help" && cmd.HasParent() && !strings.HasPrefix(cmd.CommandPath(), "tocsin completion") {
			t.Errorf("%s has no example", cmd.CommandPath())
		}
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(newRoot())
}
