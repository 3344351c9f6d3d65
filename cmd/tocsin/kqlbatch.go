package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-soc/tocsin/content"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/telemetry"
	"github.com/tocsin-soc/tocsin/kql"
	"github.com/tocsin-soc/tocsin/kql/batch"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/duckdb"
	"github.com/tocsin-soc/tocsin/kql/plan"
)

func newKQLBatch() *cobra.Command {
	var schemas string
	var check, lenient, strict bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "batch",
		Short: "Run many queries from JSON lines, over empty tables",
		Long: "Reads JSON lines {\"id\",\"query\"} and writes one line each, in order:\n" +
			"  {\"id\",\"columns\":[{\"name\",\"type\"}],\"rows\":[[…]],\"tables\":[…],\"error\":{\"code\",\"message\",\"line\",\"column\"}}\n" +
			"A bad query is the error of its own line. --schemas names a JSON file\n" +
			"{table:{column:type}} whose tables exist, with the standard columns of Log\n" +
			"Analytics besides, and are empty, as are all watchlists and externaldata;\n" +
			"the built-in workspace functions (docs/reference/functions.md) can be called;\n" +
			"without it there are none, so queries bring their own rows (datatable, print, range).\n" +
			"With --schemas a name that nobody knows is taken as published content means it\n" +
			"(an unknown table is empty) and named in \"warnings\"; --strict makes it an error.",
		Example: "  echo '{\"id\":\"1\",\"query\":\"print 1+1\"}' | tocsin kql batch\n  tocsin kql batch --schemas schemas.json --check < queries.jsonl",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opt := batch.Options{Compile: kql.Options{Now: time.Now(), Lenient: lenient}, Check: check, Timeout: timeout}
			opt.Imported = schemas != "" && !strict
			return runBatch(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout(), schemas, opt)
		},
	}
	cmd.Flags().StringVar(&schemas, "schemas", "", "JSON file {table:{column:type}} of tables to create")
	cmd.Flags().BoolVar(&check, "check", false, "compile without running")
	cmd.Flags().BoolVar(&lenient, "lenient", false, "unknown tables are empty and unknown columns null, as for imported content")
	cmd.Flags().BoolVar(&strict, "strict", false, "with --schemas: an unknown name is always an error")
	cmd.Flags().DurationVar(&timeout, "timeout", 30*time.Second, "limit for each query")
	return cmd
}

// runBatch runs the queries over a store in memory.
func runBatch(ctx context.Context, in io.Reader, out io.Writer, schemas string, opt batch.Options) error {
	cat := &catalog.Static{AnyWatchlist: true}
	if schemas != "" {
		f, err := os.Open(schemas)
		if err != nil {
			return err
		}
		cat, err = batch.Schemas(f)
		_ = f.Close() // read only
		if err != nil {
			return fmt.Errorf("%s: %w", schemas, err)
		}
		if err := addFunctions(cat); err != nil {
			return err
		}
	}
	// Nothing has rows: declared tables, watchlists of any name, addresses of externaldata.
	opt.Compile.Dialect.TableName = duckdb.EmptyTable
	opt.Fetch = func(context.Context, *plan.External, []string) ([][]string, error) { return nil, nil }
	store, err := telemetry.OpenMemory(ctx, schema.New(), time.Now)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }() // in memory
	buffered := bufio.NewWriterSize(out, 1<<16)
	err = batch.Run(ctx, in, buffered, store, cat, opt)
	if ferr := buffered.Flush(); err == nil {
		err = ferr
	}
	return err
}

// addFunctions adds the built-in workspace functions that no table shadows.
func addFunctions(cat *catalog.Static) error {
	folder, err := fs.Sub(content.Files, "functions")
	if err != nil {
		return err
	}
	list, _, err := schema.LoadFunctions(folder, "builtin")
	if err != nil {
		return err
	}
	for i := range list {
		if _, taken := cat.Table(list[i].Name); !taken {
			cat.AddFunction(&list[i].SavedFunction)
		}
	}
	return nil
}
