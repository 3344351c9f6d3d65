package main

import (
	"bufio"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/tocsin-soc/tocsin/evtx"
)

func newEVTX() *cobra.Command {
	cmd := &cobra.Command{Use: "evtx", Short: "Read Windows event logs"}
	var carve, keepSpace bool
	dump := &cobra.Command{
		Use:   "dump FILE|-",
		Short: "Write a log as JSON lines, one per record",
		Long: "Writes every record of an EVTX file as a JSON line in the de-facto shape\n" +
			"({\"Event\":{\"System\":…,\"EventData\":…}}). A damaged record is a line\n" +
			"{\"error\":…,\"offset\":…} in its place, and makes the exit code 3. Blanks at the\n" +
			"end of values are cut off, as in the published logs; --keep-space keeps them.",
		Example: "  tocsin evtx dump Security.evtx | jq .Event.System.EventID\n  cat Security.evtx | tocsin evtx dump --carve -",
		Args:    exactly(1, "one FILE, or - for standard input"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return dumpEVTX(cmd.OutOrStdout(), cmd.InOrStdin(), args[0], carve, keepSpace)
		},
	}
	dump.Flags().BoolVar(&carve, "carve", false, "also return records found behind the log proper, marked as recovered")
	dump.Flags().BoolVar(&keepSpace, "keep-space", false, "keep blanks at the end of values, which the published form cuts off")
	cmd.AddCommand(dump)
	return cmd
}

// dumpEVTX dumps one file, or standard input for "-".
func dumpEVTX(out io.Writer, stdin io.Reader, name string, carve, keepSpace bool) error {
	opts := evtx.Options{Carve: carve}
	reader, done, err := openEVTX(stdin, name, opts)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	defer done()
	buffered := bufio.NewWriterSize(out, 1<<20)
	if err := reader.Dump(buffered, evtx.JSONOptions{TrimSpace: !keepSpace}); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("writing: %w", err)
	}
	if c := reader.Counts(); c.Damaged > 0 {
		return exitCode{3, fmt.Sprintf("%s: %d records read, %d damaged; each damaged one is a line with its offset and reason", name, c.Records, c.Damaged)}
	}
	return nil
}

// openEVTX opens a log by name, standard input for "-".
func openEVTX(stdin io.Reader, name string, opts evtx.Options) (r *evtx.Reader, done func(), err error) {
	if name == "-" {
		r, err = evtx.NewStream(stdin, opts)
		return r, func() {}, err
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil {
		r, err = evtx.NewReader(f, info.Size(), opts)
	}
	if err != nil {
		_ = f.Close() // read only
		return nil, nil, err
	}
	return r, func() { _ = f.Close() }, nil
}
