package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/tocsin-soc/tocsin/kql/format"
)

func newKQLFmt() *cobra.Command {
	var write bool
	cmd := &cobra.Command{
		Use:   "fmt [FILE]",
		Short: "Lay out a query and keep its comments",
		Long: "Reads FILE, or standard input, and writes the query in one style. A query with\n" +
			"syntax errors is left as it is and makes the exit code 3.",
		Example: "  tocsin kql fmt -w hunt.kql\n  echo 'T|where a==1|take 5' | tocsin kql fmt",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if write && len(args) == 0 {
				return fmt.Errorf("%w: -w needs a FILE", errUsage)
			}
			text, err := readQuery(cmd, args)
			if err != nil {
				return err
			}
			laid, diags := format.Source(text)
			if diags.HasErrors() {
				return exitCode{3, diags.Shown(text).Render("query", text)}
			}
			if write {
				return os.WriteFile(args[0], []byte(laid), 0o644)
			}
			_, err = io.WriteString(cmd.OutOrStdout(), laid)
			return err
		},
	}
	cmd.Flags().BoolVarP(&write, "write", "w", false, "write the result back to FILE")
	return cmd
}

// maxQueryFile bounds a query read from a file.
const maxQueryFile = 4 << 20

// readQuery reads the file named, or standard input.
func readQuery(cmd *cobra.Command, args []string) (string, error) {
	in := cmd.InOrStdin()
	if len(args) > 0 && args[0] != "-" {
		f, err := os.Open(args[0])
		if err != nil {
			return "", err
		}
		defer func() { _ = f.Close() }() // read only
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxQueryFile))
	return string(text), err
}
