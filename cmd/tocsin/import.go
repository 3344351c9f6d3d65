package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/tocsin-soc/tocsin/internal/app"
	"github.com/tocsin-soc/tocsin/internal/ingest"
	"github.com/tocsin-soc/tocsin/internal/ingest/files"
)

func newImport() *cobra.Command {
	var f dataFlags
	var asJSON bool
	var table, zone string
	cmd := &cobra.Command{
		Use:   "import PATH…",
		Short: "Import event logs, JSON, CSV, Parquet, text logs and mail; folders recursively",
		Long: "Reads Windows event logs (EVTX, XML), JSON (lines, arrays, CloudTrail and other\n" +
			"documents), CSV, Parquet, Zeek, Suricata, W3C, text logs (syslog, auditd, CEF,\n" +
			"LEEF, web servers), mbox and e-mail, also in gzip, zstd, tar and ZIP. The content\n" +
			"decides, not the name. Every record is stored or dead-lettered with a reason; the\n" +
			"rules run over it and raise alerts. Importing the same file again stores nothing\n" +
			"twice. Files of a folder that are no telemetry are listed. With --json, one line\n" +
			"per file:\n" +
			"  {\"path\",\"events\",\"stored\",\"duplicates\",\"dead_letters\",\"alerts\",\"seconds\",\"error\",\"skipped\"}\n" +
			"A file that cannot be read makes the exit code 3; the others are imported.",
		Example: "  tocsin import --data DIR --rules ./sigma/rules ./evtx\n  tocsin import --data DIR --table SigninLogs signins.jsonl.gz --json",
		Args:    atLeastOne("at least one PATH"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.data == "" {
				return fmt.Errorf("%w: import needs --data DIR", errUsage)
			}
			config := f.config()
			config.Linger = time.Millisecond // nobody else sends meanwhile
			var err error
			if config.Zone, err = (&ingest.Settings{Zone: zone}).Location(); err != nil {
				return fmt.Errorf("%w: there is no time zone %q; write a name of the IANA database such as Europe/Berlin", errUsage, zone)
			}
			a, err := app.Open(cmd.Context(), config)
			if err != nil {
				return err
			}
			defer closeApp(a)
			if !asJSON {
				printRejected(a)
			}
			report := &importReport{asJSON: asJSON, out: json.NewEncoder(cmd.OutOrStdout()), began: time.Now()}
			if err := a.Import(cmd.Context(), app.ImportRequest{Paths: args, Table: table, Progress: report.progress, Done: report.file}); err != nil {
				return err
			}
			report.finish()
			if report.failed > 0 {
				return exitCode{3, fmt.Sprintf("%d of %d files could not be read in full; see their errors above", report.failed, report.files)}
			}
			return nil
		},
	}
	f.add(cmd, true)
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON line per file on standard output")
	cmd.Flags().StringVar(&table, "table", "", "the table that the files hold rows of; without it records are recognised")
	cmd.Flags().StringVar(&zone, "zone", "", "time zone of times that name none, such as Europe/Berlin; without it they are UTC")
	return cmd
}

// importReport prints an import as it goes.
type importReport struct {
	asJSON                                          bool
	out                                             *json.Encoder
	began                                           time.Time
	files, failed, skipped                          int
	events, stored, duplicates, deadLetters, alerts int
	shown                                           time.Time
}

// fileLine is one line of --json. The names are a fixed machine interface.
type fileLine struct {
	Path        string  `json:"path"`
	Events      int     `json:"events"`
	Stored      int     `json:"stored"`
	Duplicates  int     `json:"duplicates"`
	DeadLetters int     `json:"dead_letters"`
	Alerts      int     `json:"alerts"`
	Seconds     float64 `json:"seconds"`
	Error       string  `json:"error"`
	Skipped     string  `json:"skipped,omitempty"`
}

// file reports one finished file.
func (r *importReport) file(f files.Report) {
	if f.Skipped != "" {
		r.skipped++
	} else {
		r.files++
	}
	r.events, r.stored, r.duplicates = r.events+f.Events, r.stored+f.Stored, r.duplicates+f.Duplicates
	r.deadLetters, r.alerts = r.deadLetters+f.DeadLetters, r.alerts+f.Alerts
	if f.Error != "" {
		r.failed++
	}
	switch {
	case r.asJSON:
		_ = r.out.Encode(fileLine(f)) // standard output is gone if this fails
	case f.Error != "":
		r.clear()
		fmt.Fprintf(os.Stderr, "%s: %s\n", f.Path, f.Error)
	case f.Skipped != "":
		r.clear()
		fmt.Fprintf(os.Stderr, "passed over %s: %s\n", f.Path, f.Skipped)
	}
}

// progress redraws the bar, at most ten times a second, on a terminal only.
func (r *importReport) progress(done, total int64) {
	now := time.Now()
	if r.asJSON || !term.IsTerminal(int(os.Stderr.Fd())) || now.Sub(r.shown) < 100*time.Millisecond || total == 0 {
		return
	}
	r.shown = now
	share := float64(done) / float64(total)
	took := now.Sub(r.began)
	eta := time.Duration(float64(took)/max(share, 1e-6) - float64(took)).Round(time.Second)
	const width = 30
	fmt.Fprintf(os.Stderr, "\r[%-*s] %3.0f %%  %.1f MB/s  %d records  %s left \x1b[K", width, bar(int(share*width)), share*100, float64(done)/1e6/max(took.Seconds(), 1e-3), r.events, eta)
}

func bar(n int) string {
	b := make([]byte, max(n, 0))
	for i := range b {
		b[i] = '#'
	}
	return string(b)
}

// clear removes the bar.
func (r *importReport) clear() {
	if !r.shown.IsZero() {
		fmt.Fprint(os.Stderr, "\r\x1b[K")
	}
}

// finish prints the balance for people.
func (r *importReport) finish() {
	if r.asJSON {
		return
	}
	r.clear()
	took := time.Since(r.began)
	fmt.Fprintf(os.Stderr, "%d files, %d records: %d stored, %d seen before, %d dead-lettered; %d alerts; %s (%.0f records/s)\n",
		r.files, r.events, r.stored, r.duplicates, r.deadLetters, r.alerts, took.Round(10*time.Millisecond), float64(r.events)/max(took.Seconds(), 1e-3))
	if r.skipped > 0 {
		fmt.Fprintf(os.Stderr, "%d files were passed over; see above\n", r.skipped)
	}
	if r.deadLetters > 0 {
		fmt.Fprintln(os.Stderr, "see why with: tocsin query --data DIR 'DeadLetters | summarize count() by Reason'")
	}
}
