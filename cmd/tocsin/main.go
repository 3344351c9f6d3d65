// Command tocsin is the whole product: a server, its demonstration, and the
// tools around it. Each verb has one file, with its flags, help and action.
//
// Exit codes: 0 done; 1 it failed; 2 the command line is wrong; 3 something was
// found wrong in the input (a rule that does not load, a query that does not
// compile, an expected incident that did not appear). JSON and tables go to
// standard output, messages to standard error.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/tocsin-soc/tocsin"
)

// version is set by the linker.
var version = "dev"

func main() {
	// Calls into the telemetry engine hold a thread each; with no more threads
	// than cores, queries and commits would starve everything else
	// (measured: ARCHITECTURE.md, decisions).
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(2*runtime.NumCPU() + 2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:]))
}

// run executes one command line and returns the exit code.
func run(ctx context.Context, args []string) int {
	root := newRoot()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	var code exitCode
	if errors.As(err, &code) {
		if code.message != "" {
			fmt.Fprintln(os.Stderr, code.message)
		}
		return code.code
	}
	fmt.Fprintln(os.Stderr, "tocsin: "+message(err))
	if errors.Is(err, errUsage) {
		return 2
	}
	return 1
}

// errUsage marks a command line that cannot be right.
var errUsage = errors.New("wrong command line")

// exitCode ends the program with a code of its own, after a message that may be empty.
type exitCode struct {
	code    int
	message string
}

func (e exitCode) Error() string { return e.message }

// message is what may be said of an error: a tocsin.Error's own words, with the
// cause behind them, since the reader is the operator; else the text as it is.
func message(err error) string {
	var e *tocsin.Error
	if errors.As(err, &e) {
		if e.Cause != nil {
			return e.Msg + " (" + e.Cause.Error() + ")"
		}
		return e.Msg
	}
	return err.Error()
}

// newRoot makes the command tree.
func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "tocsin",
		Short:         "Detect, investigate and rehearse: incident response in one binary",
		Long:          "Tocsin takes in telemetry, detects with KQL and Sigma, correlates alerts into\nincidents, lets analysts hunt, and rehearses attacks.",
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       version,
	}
	root.SetVersionTemplate("tocsin {{.Version}}\n")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w: %w (%s --help)", errUsage, err, cmd.CommandPath())
	})
	root.AddCommand(newServe(), newDemo(), newImport(), newSources(), newQuery(), newKQL(), newEVTX(), newSigma(), newRules(), newDeadLetter(), newHold(), newUser(), newBench(), newVersion())
	return root
}

// exactly asks for n arguments, with a message that names them.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != n {
			return fmt.Errorf("%w: %s needs %s", errUsage, cmd.CommandPath(), what)
		}
		return nil
	}
}

// atLeastOne asks for one argument or more.
func atLeastOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return fmt.Errorf("%w: %s needs %s", errUsage, cmd.CommandPath(), what)
		}
		return nil
	}
}
