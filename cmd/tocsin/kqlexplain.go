package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tocsin-soc/tocsin/internal/app"
)

func newKQLExplain() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "explain [FILE]",
		Short:   "Show a query's syntax tree, plan and SQL",
		Long:    "Compiles the query of FILE, or standard input, against the built-in tables and\nwrites its tree, its plan and the SQL with the arguments that are bound to it.",
		Example: "  echo 'SigninLogs | where ResultType != 0 | count' | tocsin kql explain",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := readQuery(cmd, args)
			if err != nil {
				return err
			}
			explained, diags, err := app.Explain(text)
			if err != nil {
				return err
			}
			if len(diags) > 0 {
				fmt.Fprint(cmd.ErrOrStderr(), diags.Shown(text).Render("query", text))
			}
			if diags.HasErrors() {
				return exitCode{code: 3}
			}
			fmt.Fprint(cmd.OutOrStdout(), explained)
			return nil
		},
	}
	return cmd
}
