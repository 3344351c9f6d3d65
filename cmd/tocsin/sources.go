package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"crypto/rand"

	"github.com/spf13/cobra"

	"github.com/tocsin-soc/tocsin/internal/app"
)

func newSources() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sources",
		Short: "Check a sources file",
		Long:  "A sources file says which syslog listeners, Kafka topics and folders the server\nopens, and what limits and tables its senders have: docs/reference/sources-file.md.",
	}
	cmd.AddCommand(newSourcesCheck())
	return cmd
}

func newSourcesCheck() *cobra.Command {
	var f dataFlags
	cmd := &cobra.Command{
		Use:   "check FILE",
		Short: "Say what is wrong in a sources file, line by line",
		Long: "Reads a sources file as tocsin serve does and reports every mistake as\nFILE:LINE: what to do. Opens no port and connects to nothing. The exit code is 3\n" +
			"when there is a mistake.",
		Example: "  tocsin sources check /etc/tocsin/sources.yaml",
		Args:    exactly(1, "one FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			list, wrong, err := app.CheckSources(args[0], app.Config{FuncDirs: f.funcs, ListDirs: f.lists, TableDirs: f.table, Now: time.Now, Random: rand.Reader, Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				return err
			}
			for _, m := range wrong {
				fmt.Fprintln(os.Stderr, m)
			}
			if len(wrong) > 0 {
				return exitCode{3, fmt.Sprintf("%d mistakes", len(wrong))}
			}
			var out error
			for _, s := range list {
				_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s:%s\n", s.Door, s.Name)
				out = errors.Join(out, err)
			}
			fmt.Fprintf(os.Stderr, "%d sources, nothing wrong\n", len(list))
			return out
		},
	}
	f.addFolders(cmd)
	return cmd
}
