package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-soc/tocsin/internal/ingest/load"
)

// newBench makes the verbs that measure; they are for developers and hidden.
func newBench() *cobra.Command {
	cmd := &cobra.Command{Use: "bench", Short: "Measure this build on this machine", Hidden: true}
	cmd.AddCommand(newBenchIngest())
	return cmd
}

func newBenchIngest() *cobra.Command {
	o := load.Options{Now: time.Now, Progress: os.Stderr}
	var keep bool
	cmd := &cobra.Command{
		Use:   "ingest",
		Short: "Load a server of its own with Sysmon events and print what it takes",
		Long: "Starts `tocsin serve` in a new folder, sends it events over HTTP, hunts every\n" +
			"second, and prints one table. Slowness is no failure; books that do not balance\n" +
			"are, with exit code 1.",
		Example: "  tocsin bench ingest --for 60s --rules ../shared/sigma/sigmahq",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.Rules != "" {
				if _, err := os.Stat(o.Rules); err != nil {
					fmt.Fprintf(os.Stderr, "no rules at %s: measuring with the built-in ones only\n", o.Rules)
					o.Rules = ""
				}
			}
			var err error
			if o.Program, err = os.Executable(); err != nil {
				return err
			}
			if o.Dir, err = os.MkdirTemp(o.Dir, "tocsin-bench-"); err != nil {
				return err
			}
			if keep {
				fmt.Fprintln(os.Stderr, "data folder: "+o.Dir)
			} else {
				defer os.RemoveAll(o.Dir)
			}
			report, err := load.Run(cmd.Context(), o)
			if werr := report.Write(cmd.OutOrStdout()); err == nil {
				err = werr
			}
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Dir, "in", "", "folder for the server's data; empty is the system's temporary one")
	f.StringVar(&o.Rules, "rules", "", "folder of Sigma rules besides the built-in ones")
	f.Uint64Var(&o.Seed, "seed", 1, "of the events")
	f.IntVar(&o.Connections, "connections", 32, "connections that send at the same time")
	f.IntVar(&o.Batch, "batch", 2500, "events per request")
	f.IntVar(&o.Rate, "rate", 52_000, "events per second to offer; 0 is as many as are taken")
	f.DurationVar(&o.Warm, "warm", 10*time.Second, "warming up before the measurement")
	f.DurationVar(&o.Measure, "for", time.Minute, "how long to measure")
	f.StringVar(&o.Memory, "memory", "2GiB", "most memory the server may use")
	f.StringVar(&o.Profile, "profile", "", "address for the server's profiles")
	f.BoolVar(&keep, "keep", false, "keep the server's data folder")
	return cmd
}
