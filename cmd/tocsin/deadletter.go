package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-soc/tocsin/internal/api"
)

func newDeadLetter() *cobra.Command {
	cmd := &cobra.Command{
		Use: "deadletter", Short: "Look at records that could not become events, mend and replay them",
		Long: "A record that could not become an event is kept as a dead letter, with the reason.\n" +
			"Once the reason is mended (a mapping, a table, the source's settings), replay sends\n" +
			"the records through the normaliser again. Each works on a data folder that no server\n" +
			"has open, or on a running server with --server and --token.",
	}
	cmd.AddCommand(newLetterList(), newLetterShow(), newLetterReplay(), newLetterDiscard())
	return cmd
}

// letterFlags choose dead letters.
type letterFlags struct {
	api.DeadLetterQuery
	since string
}

func (f *letterFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.Source, "source", "", "only letters of this source")
	cmd.Flags().StringVar(&f.Table, "table", "", "only letters whose sender named this table")
	cmd.Flags().StringVar(&f.Reason, "reason", "", "only letters whose reason holds this text")
	cmd.Flags().StringVar(&f.since, "since", "", "only letters received in this last stretch, such as 24h")
}

// query finishes the query with the arguments, ids of letters.
func (f *letterFlags) query(ids []string) (api.DeadLetterQuery, error) {
	q := f.DeadLetterQuery
	q.IDs = ids
	if f.since != "" {
		d, err := time.ParseDuration(f.since)
		if err != nil {
			return q, fmt.Errorf("%w: --since is a duration such as 24h", errUsage)
		}
		at := time.Now().Add(-d)
		q.Since = &at
	}
	return q, nil
}

// chosen refuses to change every letter by mistake.
func (f *letterFlags) chosen(ids []string, all bool) error {
	if len(ids) == 0 && f.Source == "" && f.Table == "" && f.Reason == "" && f.since == "" && !all {
		return fmt.Errorf("%w: name letters, or choose them by --source, --table, --reason or --since; --all takes every open one", errUsage)
	}
	return nil
}

func newLetterList() *cobra.Command {
	var place placeFlags
	var f letterFlags
	var asJSON, each bool
	var limit int
	cmd := &cobra.Command{
		Use: "list", Short: "Count dead letters by reason, or list them",
		Long: "Counts open dead letters by the kind of their reason, source and table. With --each\n" +
			"it lists the letters themselves, oldest first.",
		Example: "  tocsin deadletter list --data DIR\n  tocsin deadletter list --server http://127.0.0.1:8700 --source hec:proxy --each --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			q, err := f.query(nil)
			if err != nil {
				return err
			}
			a, done, err := place.open(cmd)
			if err != nil {
				return err
			}
			defer done()
			letters, out := place.letters(a), cmd.OutOrStdout()
			if !each {
				groups, err := letters.Groups(cmd.Context(), q)
				if err == nil {
					printGroups(out, groups, asJSON)
				}
				return err
			}
			cursor := ""
			for limit > 0 {
				list, err := letters.List(cmd.Context(), q, false, min(limit, 500), cursor)
				if err != nil {
					return err
				}
				for i := range list.Items {
					printLetterLine(out, &list.Items[i], asJSON)
				}
				if cursor, limit = list.Next, limit-len(list.Items); cursor == "" {
					break
				}
			}
			return nil
		},
	}
	place.add(cmd)
	f.add(cmd)
	cmd.Flags().StringVar(&f.State, "letters", "", "open, replayed, discarded or all (open)")
	cmd.Flags().BoolVar(&each, "each", false, "list the letters themselves")
	cmd.Flags().IntVar(&limit, "limit", 100, "most letters with --each")
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON line per group or letter")
	return cmd
}

func printGroups(out io.Writer, groups api.DeadLetterGroups, asJSON bool) {
	enc := json.NewEncoder(out)
	for _, g := range groups.Items {
		if asJSON {
			_ = enc.Encode(g) // standard output is gone if this fails
			continue
		}
		to := ""
		if g.Table != "" {
			to = " to " + g.Table
		}
		fmt.Fprintf(out, "%8d  %s%s, last %s\n          %s\n", g.Count, g.Source, to, g.Last.UTC().Format(time.DateTime), oneLine(g.Example))
	}
	if !asJSON {
		fmt.Fprintf(out, "%8d  in all\n", groups.Total)
	}
}

// oneLine makes text fit for a line of a terminal.
func oneLine(text string) string { return strings.Map(printable, text) }

func printLetterLine(out io.Writer, l *api.DeadLetter, asJSON bool) {
	if asJSON {
		_ = json.NewEncoder(out).Encode(l) // standard output is gone if this fails
		return
	}
	state := l.State
	if l.Outcome != "" {
		state += " (" + l.Outcome + ")"
	}
	fmt.Fprintf(out, "%s  %s  %s  %s  %s\n", l.ID, l.ReceivedAt.UTC().Format(time.DateTime), l.Source, state, oneLine(l.Reason))
}

func newLetterShow() *cobra.Command {
	var place placeFlags
	var raw bool
	cmd := &cobra.Command{
		Use: "show ID", Short: "Show one dead letter with its record",
		Example: "  tocsin deadletter show 45d04dab4d0f258762f912e9b69cd625 --data DIR\n  tocsin deadletter show ID --raw --data DIR > record.json",
		Args:    exactly(1, "the ID of a letter"),
		RunE: func(cmd *cobra.Command, args []string) error {
			a, done, err := place.open(cmd)
			if err != nil {
				return err
			}
			defer done()
			l, err := place.letters(a).Get(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if raw {
				_, err := io.WriteString(cmd.OutOrStdout(), l.Raw)
				return err
			}
			enc := json.NewEncoder(cmd.OutOrStdout())
			enc.SetIndent("", "  ")
			return enc.Encode(l)
		},
	}
	place.add(cmd)
	cmd.Flags().BoolVar(&raw, "raw", false, "only the record (base64 when it is not UTF-8)")
	return cmd
}

func newLetterReplay() *cobra.Command {
	var place placeFlags
	var f letterFlags
	var r api.ReplayRequest
	var all, asJSON bool
	cmd := &cobra.Command{
		Use: "replay [ID…]", Short: "Send dead letters through the normaliser again",
		Long: "Sends the records of open dead letters through the normaliser, the source's\n" +
			"transform and the rules again, changed on the way if so asked. What is stored keeps\n" +
			"the identity of the record that was received: replaying twice, or a sender that\n" +
			"sends it again, stores nothing twice. A record that fails again stays a dead letter\n" +
			"with the new reason, and makes the exit code 3.\n\n" +
			"--edit is KQL over the letter's row; what it makes of RawData, Format and\n" +
			"TargetTable is tried, and a letter that where leaves out stays as it is.",
		Example: "  tocsin deadletter replay --data DIR --source hec:proxy --dry-run\n  tocsin deadletter replay --data DIR --reason 'not a JSON object' --format line --set-table CommonSecurityLog\n" +
			"  tocsin deadletter replay --server http://127.0.0.1:8700 --source http:app --edit \"source | extend RawData = replace_string(RawData, 'NaN', 'null')\"",
		RunE: func(cmd *cobra.Command, args []string) error {
			q, err := f.query(args)
			if err == nil {
				err = f.chosen(args, all)
			}
			if err != nil {
				return err
			}
			r.DeadLetterQuery = q
			a, done, err := place.open(cmd)
			if err != nil {
				return err
			}
			defer done()
			result, err := place.letters(a).Replay(cmd.Context(), r, commandLine)
			if err != nil {
				return err
			}
			printReplay(cmd.OutOrStdout(), result, r.IsDry, asJSON)
			if result.Failed > 0 {
				return exitCode{code: 3}
			}
			return nil
		},
	}
	place.add(cmd)
	f.add(cmd)
	cmd.Flags().StringVar(&place.sources, "sources", "", "sources file, for transforms and zones, with --data")
	place.addMappings(cmd)
	cmd.Flags().StringVar(&r.SetTable, "set-table", "", "send the records to this table")
	cmd.Flags().StringVar(&r.SetFormat, "format", "", "read the records as this format: row, json-line, syslog, line, evtx, windows, mail")
	cmd.Flags().StringVar(&r.Edit, "edit", "", "KQL over the letter's row, beginning with source")
	cmd.Flags().IntVar(&r.Limit, "limit", 0, "most letters to try (0 is 10000)")
	cmd.Flags().BoolVar(&r.IsDry, "dry-run", false, "say what would happen, store nothing")
	cmd.Flags().BoolVar(&all, "all", false, "every open letter")
	cmd.Flags().BoolVar(&asJSON, "json", false, "the result as JSON")
	return cmd
}

func printReplay(out io.Writer, r api.ReplayResult, isDry, asJSON bool) {
	if asJSON {
		_ = json.NewEncoder(out).Encode(r) // standard output is gone if this fails
		return
	}
	verb := "replayed"
	if isDry {
		verb = "would be replayed"
	}
	fmt.Fprintf(out, "%d letters %s: %d stored, %d stored before, %d filtered, %d failed again, %d skipped; %d alerts\n",
		r.Tried, verb, r.Stored, r.Duplicates, r.Filtered, r.Failed, r.Skipped, r.Alerts)
	for _, t := range r.Reasons {
		fmt.Fprintf(out, "%8d  %s\n", t.Count, oneLine(t.Reason))
	}
	if r.IsCut {
		fmt.Fprintln(out, "there may be more; run it again, or raise --limit")
	}
}

func newLetterDiscard() *cobra.Command {
	var place placeFlags
	var f letterFlags
	var all bool
	var note string
	cmd := &cobra.Command{
		Use: "discard [ID…]", Short: "Give dead letters up; they stay listed until their retention has passed",
		Example: "  tocsin deadletter discard --data DIR --source http:load-test --since 24h --note 'a load test'",
		RunE: func(cmd *cobra.Command, args []string) error {
			q, err := f.query(args)
			if err == nil {
				err = f.chosen(args, all)
			}
			if err != nil {
				return err
			}
			a, done, err := place.open(cmd)
			if err != nil {
				return err
			}
			defer done()
			result, err := place.letters(a).Discard(cmd.Context(), api.DiscardRequest{DeadLetterQuery: q, Note: note}, commandLine)
			if err == nil {
				fmt.Fprintf(cmd.OutOrStdout(), "%d letters discarded\n", result.Discarded)
			}
			return err
		},
	}
	place.add(cmd)
	f.add(cmd)
	cmd.Flags().BoolVar(&all, "all", false, "every open letter")
	cmd.Flags().StringVar(&note, "note", "", "why; it is kept with the letters")
	return cmd
}
