package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-soc/tocsin/internal/app"
	"github.com/tocsin-soc/tocsin/internal/hunt"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/result"
)

// formats are what --format takes.
var formats = map[string]func(io.Writer, *result.Table) error{
	"table": writeAligned, "csv": func(w io.Writer, t *result.Table) error { return t.WriteCSV(w) }, "json": writeJSON, "jsonl": writeJSONLines,
}

func newQuery() *cobra.Command {
	var f dataFlags
	var format, server, token, since string
	var limit int
	cmd := &cobra.Command{
		Use:   "query 'KQL'",
		Short: "Run a KQL query",
		Long: "Runs a query on a data folder that no server has open, or on a running server\n" +
			"with --server and --token. With - the query is read from standard input. A\n" +
			"query that does not compile is shown with its place, and makes the exit code 3.",
		Example: "  tocsin query --data DIR 'SecurityEvent | summarize count() by EventID | top 10 by count_'\n  tocsin query --server http://127.0.0.1:8700 --token T --format jsonl 'SigninLogs | take 5'",
		Args:    exactly(1, "one query, in quotes, or - for standard input"),
		RunE: func(cmd *cobra.Command, args []string) error {
			write := formats[format]
			if write == nil {
				return fmt.Errorf("%w: --format is table, csv, json or jsonl", errUsage)
			}
			if (f.data == "") == (server == "") {
				return fmt.Errorf("%w: query needs --data DIR or --server URL", errUsage)
			}
			if server != "" && len(f.funcs)+len(f.lists)+len(f.table)+len(f.allow) > 0 {
				return fmt.Errorf("%w: --functions, --watchlists, --tables and --allow-external go with --data; a server has those it was started with", errUsage)
			}
			q := hunt.Query{Text: args[0], Rows: limit}
			if q.Text == "-" {
				text, err := io.ReadAll(io.LimitReader(cmd.InOrStdin(), 1<<20))
				if err != nil {
					return err
				}
				q.Text = string(text)
			}
			if since != "" {
				d, err := time.ParseDuration(since)
				if err != nil {
					return fmt.Errorf("%w: --since is a duration such as 24h", errUsage)
				}
				q.From = time.Now().Add(-d)
			}
			tables, err := runQuery(cmd.Context(), &f, server, token, q)
			if err != nil {
				return err
			}
			return writeTables(cmd.OutOrStdout(), tables, write)
		},
	}
	f.add(cmd, false)
	f.addFolders(cmd)
	f.addOutside(cmd)
	cmd.Flags().StringVar(&format, "format", "table", "table, csv, json or jsonl")
	cmd.Flags().StringVar(&server, "server", "", "address of a running server")
	cmd.Flags().StringVar(&token, "token", os.Getenv("TOCSIN_TOKEN"), "API token for --server [TOCSIN_TOKEN]")
	cmd.Flags().StringVar(&since, "since", "", "only events of this last stretch, such as 24h")
	cmd.Flags().IntVar(&limit, "limit", 0, fmt.Sprintf("most rows per table (0 is %d)", hunt.DefaultRows))
	return cmd
}

// runQuery asks the folder or the server.
func runQuery(ctx context.Context, f *dataFlags, server, token string, q hunt.Query) ([]*result.Table, error) {
	if server != "" {
		return queryServer(ctx, server, token, q)
	}
	answer, err := app.Query(ctx, f.config(), q)
	if err != nil {
		return nil, err
	}
	if shown := answer.Diagnostics.Shown(q.Text); len(shown) > 0 {
		fmt.Fprint(os.Stderr, shown.Render("query", q.Text))
	}
	if answer.Diagnostics.HasErrors() {
		return nil, exitCode{code: 3}
	}
	return answer.Tables, nil
}

// writeTables writes every result, those after the first behind a blank line.
func writeTables(w io.Writer, tables []*result.Table, write func(io.Writer, *result.Table) error) error {
	out := bufio.NewWriter(w)
	for i, t := range tables {
		if i > 0 {
			fmt.Fprintln(out)
		}
		if err := write(out, t); err != nil {
			return fmt.Errorf("writing: %w", err)
		}
		if t.Truncated {
			fmt.Fprintf(os.Stderr, "only the first %d rows are shown; raise --limit or narrow the query\n", len(t.Rows))
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing: %w", err)
	}
	return nil
}

// widest is how wide a column of the aligned form gets before it is cut.
const widest = 80

// writeAligned writes columns under each other, numbers to the right.
func writeAligned(w io.Writer, t *result.Table) error {
	width := make([]int, len(t.Columns))
	cells := make([][]string, len(t.Rows))
	for i, c := range t.Columns {
		width[i] = len([]rune(c.Name))
	}
	for r, row := range t.Rows {
		cells[r] = make([]string, len(row))
		for i, v := range row {
			text := strings.Map(printable, result.CellText(t.Columns[i].Type, v))
			if runes := []rune(text); len(runes) > widest {
				text = string(runes[:widest-1]) + "…"
			}
			cells[r][i] = text
			width[i] = max(width[i], len([]rune(text)))
		}
	}
	line := func(texts []string) error {
		var b strings.Builder
		for i, text := range texts {
			pad := strings.Repeat(" ", width[i]-len([]rune(text)))
			switch {
			case rightAligned(t.Columns[i].Type):
				b.WriteString(pad + text)
			case i == len(texts)-1:
				b.WriteString(text)
			default:
				b.WriteString(text + pad)
			}
			if i < len(texts)-1 {
				b.WriteString("  ")
			}
		}
		_, err := fmt.Fprintln(w, b.String())
		return err
	}
	names, rule := make([]string, len(t.Columns)), make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i], rule[i] = c.Name, strings.Repeat("-", width[i])
	}
	for _, texts := range append([][]string{names, rule}, cells...) {
		if err := line(texts); err != nil {
			return err
		}
	}
	return nil
}

// printable keeps control characters in telemetry from reaching the terminal.
func printable(r rune) rune {
	if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
		return ' '
	}
	return r
}

func rightAligned(t catalog.Type) bool {
	switch t {
	case catalog.Int, catalog.Long, catalog.Real, catalog.Decimal:
		return true
	}
	return false
}

// writeJSON writes {"name","columns","rows"}.
func writeJSON(w io.Writer, t *result.Table) error {
	name, err := json.Marshal(t.Name)
	if err != nil {
		return err
	}
	text := append([]byte(`{"name":`), name...)
	text = append(text, `,"columns":`...)
	text = t.AppendColumns(text)
	text = append(text, `,"rows":[`...)
	for i, row := range t.Rows {
		if i > 0 {
			text = append(text, ',', '\n')
		}
		text = t.AppendRow(text, row)
	}
	_, err = w.Write(append(text, "]}\n"...))
	return err
}

// writeJSONLines writes an object per row.
func writeJSONLines(w io.Writer, t *result.Table) error {
	names := make([][]byte, len(t.Columns))
	for i, c := range t.Columns {
		name, err := json.Marshal(c.Name)
		if err != nil {
			return err
		}
		names[i] = append(name, ':')
	}
	var text []byte
	for _, row := range t.Rows {
		text = append(text[:0], '{')
		for i, v := range row {
			if i > 0 {
				text = append(text, ',')
			}
			text = append(text, names[i]...)
			text = result.AppendCell(text, t.Columns[i].Type, v)
		}
		if _, err := w.Write(append(text, '}', '\n')); err != nil {
			return err
		}
	}
	return nil
}
