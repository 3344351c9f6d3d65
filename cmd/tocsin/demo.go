package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-soc/tocsin/internal/app"
	"github.com/tocsin-soc/tocsin/internal/app/demo"
)

// playDeadline is how long the rules may take to find everything.
const playDeadline = 110 * time.Second

func newDemo() *cobra.Command {
	var f dataFlags
	var addr, uiDev string
	var headless bool
	var seed uint64
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Play two attacks into a fresh server and watch them being found",
		Long: "Starts on a loopback address with fresh stores in a temporary folder (or in\n" +
			"--data), prints a one-time sign-in link, plays both built-in attacks through\n" +
			"the HTTP door at speed and prints each alert and incident as it appears. Then\n" +
			"it stays up. With --headless it ends with a summary, and exits 0 only if every\n" +
			"expected incident appeared (else 3).",
		Example: "  tocsin demo\n  tocsin demo --headless --data DIR --seed 7",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.data == "" {
				dir, err := os.MkdirTemp("", "tocsin-demo-")
				if err != nil {
					return err
				}
				defer func() { _ = os.RemoveAll(dir) }() // a temporary folder
				f.data = dir
			}
			return runDemo(cmd.Context(), cmd.OutOrStdout(), &f, addr, uiDev, seed, headless)
		},
	}
	f.add(cmd, true)
	cmd.Flags().StringVar(&addr, "addr", "127.0.0.1:8700", "loopback address to listen on; port 0 picks one")
	cmd.Flags().BoolVar(&headless, "headless", false, "play to the end, print a summary and stop")
	cmd.Flags().Uint64Var(&seed, "seed", 1, "seed of the simulated enterprise")
	cmd.Flags().StringVar(&uiDev, "ui-dev", "", "address of a Vite development server")
	_ = cmd.Flags().MarkHidden("ui-dev") // it exists
	return cmd
}

// runDemo starts the server, plays, and stays up unless headless.
func runDemo(ctx context.Context, out io.Writer, f *dataFlags, addr, uiDev string, seed uint64, headless bool) error {
	if host, _, ok := strings.Cut(addr, ":"); !ok || !isLoopback(host) {
		return fmt.Errorf("%w: demo listens on a loopback address only, such as 127.0.0.1:8700", errUsage)
	}
	cfg := f.config()
	cfg.IsDemo, cfg.TickEvery = true, time.Second
	a, err := app.Open(ctx, cfg)
	if err != nil {
		return err
	}
	defer closeApp(a)
	printRejected(a)
	ln, _, err := listen(addr, "", "")
	if err != nil {
		return err
	}
	player, link, err := a.NewDemo(ctx, ln, seed, printDemoEvent)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	served := make(chan error, 1)
	go func() { served <- a.Serve(ctx, ln, uiDev) }()
	fmt.Fprintf(os.Stderr, "tocsin %s is at http://%s, data in %s\n", version, ln.Addr(), f.data)
	if !headless {
		fmt.Fprintf(os.Stderr, "sign in: http://%s/signin?link=%s\n", ln.Addr(), link)
	}
	fmt.Fprintln(os.Stderr, "playing two attacks among 40 people at work")
	summary, err := player.Play(ctx, playDeadline)
	if err != nil {
		return err
	}
	printSummary(out, summary)
	if !headless {
		fmt.Fprintf(os.Stderr, "open http://%s – the server stays up until you press Ctrl+C\n", ln.Addr())
		return <-served
	}
	cancel()
	if err := <-served; err != nil {
		return err
	}
	if !summary.Passed() {
		return exitCode{3, "not every expected incident appeared"}
	}
	return nil
}

func printDemoEvent(e demo.Event) {
	in := ""
	if e.Kind == "alert" && e.Incident != 0 {
		in = fmt.Sprintf("  (incident %d)", e.Incident)
	}
	if e.Kind == "incident" {
		e.Kind = fmt.Sprintf("incident %d", e.Incident)
	}
	fmt.Fprintf(os.Stderr, "%6.1fs  %-11s %-13s %s%s\n", e.After.Seconds(), e.Kind, e.Severity, e.Title, in)
}

// printSummary writes the balance of a demonstration.
func printSummary(out io.Writer, s *demo.Summary) {
	total := 0
	fmt.Fprintln(out, "events by table:")
	for _, t := range s.Tables {
		fmt.Fprintf(out, "  %-18s %6d\n", t.Table, t.Events)
		total += t.Events
	}
	fmt.Fprintf(out, "  %-18s %6d\nalerts %d, incidents %d, first incident after %.1f s\n", "all", total, s.Alerts, s.Incidents, s.FirstIncident.Seconds())
	for _, v := range s.Verdicts {
		if v.Detected() {
			fmt.Fprintf(out, "found    %s: incident %d\n", v.Expected.Name, v.Found)
		} else {
			fmt.Fprintf(out, "MISSING  %s: no alert of %s in one incident\n", v.Expected.Name, strings.Join(v.Missing, ", "))
		}
	}
}
