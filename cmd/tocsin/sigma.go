package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-soc/tocsin/content"
	"github.com/tocsin-soc/tocsin/evtx"
	"github.com/tocsin-soc/tocsin/sigma"
	"github.com/tocsin-soc/tocsin/sigma/matchrun"
)

func newSigma() *cobra.Command {
	cmd := &cobra.Command{Use: "sigma", Short: "Work with Sigma rules"}
	var dirs, events []string
	var minLevel string
	var asJSON, explain, everywhere bool
	match := &cobra.Command{
		Use:   "match",
		Short: "Match Sigma rules against a log, without a store",
		Long: "Writes one line per match, {\"rule_id\",\"title\",\"level\",\"record\":n}, then a summary\n" +
			"with events, rules loaded and rejected (with reasons), seconds and events per\n" +
			"second. Records are counted from 1.",
		Example: "  tocsin sigma match --rules ./sigma/rules --events Security.evtx --json\n  tocsin sigma match --rules rule.d --events events.jsonl --explain --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if len(dirs) == 0 || len(events) == 0 {
				return fmt.Errorf("%w: sigma match needs --rules DIR and --events FILE", errUsage)
			}
			level, err := sigma.ParseLevel(minLevel)
			if err != nil {
				return fmt.Errorf("%w: --min-level: %w", errUsage, err)
			}
			cfg := matchrun.Config{MinLevel: level, Explain: explain, Everywhere: everywhere, Now: time.Now}
			for _, dir := range dirs {
				cfg.Rules = append(cfg.Rules, os.DirFS(dir))
			}
			return matchSigma(cmd.Context(), cmd.OutOrStdout(), cfg, events, asJSON)
		},
	}
	match.Flags().StringArrayVar(&dirs, "rules", nil, "folder of Sigma rules (repeatable)")
	match.Flags().StringArrayVar(&events, "events", nil, "an .evtx file or JSON lines (repeatable)")
	match.Flags().StringVar(&minLevel, "min-level", "", "leave out rules below this level: low, medium, high, critical")
	match.Flags().BoolVar(&asJSON, "json", false, "JSON lines instead of text")
	match.Flags().BoolVar(&explain, "explain", false, "with --json, also say which fields matched")
	match.Flags().BoolVar(&everywhere, "everywhere", false, "try every rule on every event, whatever its log source")
	cmd.AddCommand(match)
	return cmd
}

// matchSigma runs the match and writes it as asked.
func matchSigma(ctx context.Context, out io.Writer, cfg matchrun.Config, names []string, asJSON bool) error {
	mapping, err := fs.Sub(content.Files, "sigma")
	if err != nil {
		return err
	}
	if cfg.Mapping, err = sigma.LoadMapping(mapping); err != nil {
		return err
	}
	buffered := bufio.NewWriterSize(out, 1<<16)
	cfg.Out = buffered
	if !asJSON {
		cfg.Out = &plainMatches{out: buffered}
	}
	var sources []matchrun.Source
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }() // read only
		source, err := sigmaSource(f)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		sources = append(sources, source)
	}
	if _, err := matchrun.Run(ctx, cfg, sources...); err != nil {
		return err
	}
	return buffered.Flush()
}

// sigmaSource reads an event log or JSON lines, by the file's first bytes.
func sigmaSource(f *os.File) (matchrun.Source, error) {
	var magic [8]byte
	if n, _ := f.ReadAt(magic[:], 0); n < len(magic) || !bytes.Equal(magic[:], []byte("ElfFile\x00")) {
		return matchrun.NewJSON(f, sigma.Logsource{}), nil
	}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	r, err := evtx.NewReader(f, info.Size(), evtx.Options{})
	if err != nil {
		return nil, err
	}
	return matchrun.NewEVTX(r), nil
}

// plainMatches writes the JSON lines of a run as text for people.
type plainMatches struct{ out io.Writer }

// Write implements io.Writer; matchrun writes whole lines.
func (p *plainMatches) Write(text []byte) (int, error) {
	for line := range bytes.Lines(text) {
		var m struct {
			matchrun.Match
			matchrun.Summary
		}
		if err := json.Unmarshal(line, &m); err != nil {
			return 0, err
		}
		if m.Title != "" {
			fmt.Fprintf(p.out, "record %-8d %-13s %s  (%s)\n", m.Record, m.Level, m.Title, m.RuleID)
			continue
		}
		for _, r := range m.Summary.Rejected {
			fmt.Fprintf(p.out, "rule not loaded: %s: %s\n", r.Source, r.Reason)
		}
		fmt.Fprintf(p.out, "%d events, %d unreadable, %d matches; %d rules loaded, %d rejected, %d left out; %.2f s, %.0f events/s\n",
			m.Events, m.Unreadable, m.Matches, m.Rules, m.RejectedN, m.SkippedN, m.Seconds, m.EventsPerSec)
	}
	return len(text), nil
}
