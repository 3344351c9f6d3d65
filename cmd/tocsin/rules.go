package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/tocsin-soc/tocsin/internal/app"
	"github.com/tocsin-soc/tocsin/internal/detect"
)

func newRules() *cobra.Command {
	cmd := &cobra.Command{Use: "rules", Short: "Look after detection rules"}
	var dirs, functions, watchlists []string
	var asJSON bool
	check := &cobra.Command{
		Use:   "check",
		Short: "Load rules and list those that do not",
		Long: "Loads the built-in rules and those of every --rules folder, compiles Sigma rules\n" +
			"and the queries of scheduled rules, and lists each rule that cannot be honoured\n" +
			"with its reason, and each function and watchlist of the --functions and\n" +
			"--watchlists folders that cannot be used. Exit code 3 if there is one.",
		Example: "  tocsin rules check --rules ./sigma/rules --rules ./sentinel",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			result, err := app.CheckRules(cmd.Context(), dirs, functions, watchlists)
			if err != nil {
				return err
			}
			printChecked(cmd.OutOrStdout(), result, asJSON)
			if n := len(result.Rejected); n > 0 {
				return exitCode{3, fmt.Sprintf("%d rules do not load", n)}
			}
			if n := len(result.RejectedFunctions); n > 0 {
				return exitCode{3, fmt.Sprintf("%d functions do not load", n)}
			}
			if n := len(result.RejectedWatchlists); n > 0 {
				return exitCode{3, fmt.Sprintf("%d watchlists do not load", n)}
			}
			return nil
		},
	}
	check.Flags().StringArrayVar(&dirs, "rules", nil, "folder of Sigma or Sentinel rules (repeatable)")
	addFolders(check, &functions, &watchlists)
	check.Flags().BoolVar(&asJSON, "json", false, "one JSON line per rule that does not load, then a summary line")
	cmd.AddCommand(check)
	return cmd
}

// rejectedLine is one rejected rule in --json.
type rejectedLine struct {
	Path   string `json:"path"`
	ID     string `json:"rule_id"`
	Title  string `json:"title"`
	Reason string `json:"reason"`
}

// functionLine is one rejected function in --json.
type functionLine struct {
	Path     string `json:"path"`
	Function string `json:"function"`
	Reason   string `json:"reason"`
}

// watchlistLine is one rejected watchlist in --json.
type watchlistLine struct {
	Path   string `json:"path"`
	Alias  string `json:"watchlist"`
	Reason string `json:"reason"`
}

// checkedLine is the summary in --json.
type checkedLine struct {
	Sigma    int `json:"sigma"`
	KQL      int `json:"kql"`
	Rejected int `json:"rejected"`
	Skipped  int `json:"skipped"`
	Warnings int `json:"warnings"`

	Functions         int `json:"functions"`
	RejectedFunctions int `json:"rejected_functions"`

	RejectedWatchlists int `json:"rejected_watchlists"`
}

func printChecked(out io.Writer, r *app.RuleCheck, asJSON bool) {
	enc := json.NewEncoder(out)
	for _, f := range r.RejectedFunctions {
		if asJSON {
			_ = enc.Encode(functionLine{f.Path, f.Name, f.Reason}) // standard output is gone if this fails
		} else {
			fmt.Fprintf(out, "%s: %s\n", f.Path, f.Reason)
		}
	}
	for _, l := range r.RejectedWatchlists {
		if asJSON {
			_ = enc.Encode(watchlistLine{l.Path, l.Alias, l.Reason}) // standard output is gone if this fails
		} else {
			fmt.Fprintf(out, "%s: %s\n", l.Path, l.Reason)
		}
	}
	for _, list := range [][]detect.Rejected{r.Rejected} {
		for _, x := range list {
			if asJSON {
				_ = enc.Encode(rejectedLine{x.Path, x.ID, x.Title, x.Reason}) // standard output is gone if this fails
			} else {
				fmt.Fprintf(out, "%s: %s\n", x.Path, x.Reason)
			}
		}
	}
	if asJSON {
		_ = enc.Encode(checkedLine{r.Sigma, r.KQL, len(r.Rejected), len(r.Skipped), len(r.Warnings), r.Functions, len(r.RejectedFunctions), len(r.RejectedWatchlists)})
		return
	}
	for _, w := range r.Warnings {
		fmt.Fprintf(out, "warning: %s: %s\n", w.Path, w.Reason)
	}
	fmt.Fprintf(out, "%d Sigma rules and %d KQL rules load; %d do not; %d are deprecated or unsupported by their authors\n", r.Sigma, r.KQL, len(r.Rejected), len(r.Skipped))
}
