package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/tocsin-soc/tocsin/internal/app"
	"github.com/tocsin-soc/tocsin/internal/detect"
	"github.com/tocsin-soc/tocsin/internal/schema"
)

func newRules() *cobra.Command {
	cmd := &cobra.Command{Use: "rules", Short: "Look after detection rules"}
	var f dataFlags
	var asJSON bool
	check := &cobra.Command{
		Use:   "check",
		Short: "Load rules and list those that do not",
		Long: "Loads the built-in rules and those of every --rules folder, compiles Sigma rules\n" +
			"and the queries of scheduled rules, and lists each rule that cannot be honoured\n" +
			"with its reason, each function and watchlist of the --functions and --watchlists\n" +
			"folders that cannot be used, and each mistake in the files of --tables and\n" +
			"--mappings. Exit code 3 if there is one.",
		Example: "  tocsin rules check --rules ./sigma/rules --rules ./sentinel\n  tocsin rules check --tables ./tables --mappings ./mappings --rules ./rules",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			result, err := app.CheckRules(cmd.Context(), app.Config{RuleDirs: f.rules, FuncDirs: f.funcs, ListDirs: f.lists, TableDirs: f.table, MapDirs: f.maps})
			if err != nil {
				return err
			}
			printChecked(cmd.OutOrStdout(), result, asJSON)
			for _, failed := range []struct {
				n    int
				text string
			}{
				{len(result.TableMistakes), "mistakes in table files"}, {len(result.MappingMistakes), "mistakes in mapping files"},
				{len(result.Rejected), "rules do not load"}, {len(result.RejectedFunctions), "functions do not load"}, {len(result.RejectedWatchlists), "watchlists do not load"},
			} {
				if failed.n > 0 {
					return exitCode{3, fmt.Sprintf("%d %s", failed.n, failed.text)}
				}
			}
			return nil
		},
	}
	check.Flags().StringArrayVar(&f.rules, "rules", nil, "folder of Sigma or Sentinel rules (repeatable)")
	f.addFolders(check)
	f.addMappings(check)
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

// mistakeLine is one mistake in a table or mapping file in --json.
type mistakeLine struct {
	Path   string `json:"path"`
	Line   int    `json:"line"`
	Kind   string `json:"kind"` // "table" or "mapping"
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

	TableMistakes   int `json:"table_mistakes"`
	MappingMistakes int `json:"mapping_mistakes"`
}

func printChecked(out io.Writer, r *app.RuleCheck, asJSON bool) {
	enc := json.NewEncoder(out)
	mistakes := func(kind string, list []*schema.Mistake) {
		for _, m := range list {
			if asJSON {
				_ = enc.Encode(mistakeLine{m.Path, m.Line, kind, m.Text}) // standard output is gone if this fails
			} else {
				fmt.Fprintln(out, m)
			}
		}
	}
	mistakes("table", r.TableMistakes)
	mistakes("mapping", r.MappingMistakes)
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
		_ = enc.Encode(checkedLine{r.Sigma, r.KQL, len(r.Rejected), len(r.Skipped), len(r.Warnings), r.Functions, len(r.RejectedFunctions), len(r.RejectedWatchlists), len(r.TableMistakes), len(r.MappingMistakes)})
		return
	}
	for _, w := range r.Warnings {
		fmt.Fprintf(out, "warning: %s: %s\n", w.Path, w.Reason)
	}
	fmt.Fprintf(out, "%d Sigma rules and %d KQL rules load; %d do not; %d are deprecated or unsupported by their authors\n", r.Sigma, r.KQL, len(r.Rejected), len(r.Skipped))
}
