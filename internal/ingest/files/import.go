package files

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
)

// An Importer reads files into the sink. Feed is required: Queue.Feed, so that
// an import shares the bounds of everything else that comes in.
type Importer struct {
	Feed    func(ctx context.Context, raws iter.Seq2[tocsin.Raw, error]) (ingest.Receipt, error)
	Now     func() time.Time
	IsTable func(name string) bool // whether a table of that name is declared; nil knows none
	Table   string                 // table the files hold rows of; empty lets each record, or the file's name, decide
	Done    func(Report)           // called after each file, in order; may be nil
}

// A Report says what became of one file.
type Report struct {
	Path        string  `json:"path"`
	Events      int     `json:"events"` // records read
	Stored      int     `json:"stored"`
	Duplicates  int     `json:"duplicates"`
	DeadLetters int     `json:"deadLetters"`
	Alerts      int     `json:"alerts"`
	Seconds     float64 `json:"seconds"`
	Error       string  `json:"error,omitempty"`
	Skipped     string  `json:"skipped,omitempty"` // why a file of a folder was passed over; nothing of it was read
}

// Import reads a file, or every file below a folder in the order of their paths.
// A file of a folder that is no telemetry is reported as passed over, with the
// reason; one that cannot be read is reported and the next one is read. An error
// is returned only when nothing can be: the path, or the context. Importing the
// same file again, from wherever, stores nothing twice.
func (im *Importer) Import(ctx context.Context, root string) ([]Report, error) {
	info, err := os.Stat(root)
	if err != nil {
		return nil, tocsin.Wrap(err, tocsin.NotFound, "%s cannot be read. Check the path and its permissions.", root)
	}
	if !info.IsDir() {
		report := im.file(ctx, root, false)
		im.done(report)
		return []Report{report}, nil
	}
	// Paths come in lexical order, one at a time: a folder may hold a million.
	var reports []Report
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var report Report
		switch {
		case err != nil && d != nil && d.IsDir():
			report = Report{Path: path, Error: "The folder cannot be read in full. Check its permissions."}
		case err != nil:
			report = Report{Path: path, Error: "The file cannot be read. Check its permissions."}
		case d.IsDir():
			return nil
		case !d.Type().IsRegular():
			report = Report{Path: path, Skipped: "it is no regular file"}
		default:
			report = im.file(ctx, path, true)
		}
		reports = append(reports, report)
		im.done(report)
		return nil
	})
	if err != nil {
		return reports, err
	}
	if len(reports) == 0 {
		return nil, tocsin.Errorf(tocsin.NotFound, "There is no file below %s.", root)
	}
	return reports, nil
}

func (im *Importer) done(r Report) {
	if im.Done != nil {
		im.Done(r)
	}
}

// file reads one file.
func (im *Importer) file(ctx context.Context, path string, isFound bool) (report Report) {
	start := im.Now()
	report.Path = path
	defer func() { report.Seconds = im.Now().Sub(start).Seconds() }()
	f, err := os.Open(path)
	if err != nil {
		report.Error = path + " cannot be opened. Check its permissions."
		return report
	}
	defer f.Close()
	receipt, err := im.Feed(ctx, Read(f, Spec{
		// The source is the file's name without its folder, so that moving a folder
		// does not make its records new ones.
		Source: tocsin.SourceID("file:" + filepath.Base(path)), Name: filepath.Base(path),
		Table: im.Table, ReceivedAt: start, IsTable: im.IsTable, Doubtful: isFound,
	}))
	report.Events, report.Stored, report.Duplicates = receipt.Received, receipt.Stored, receipt.Duplicates
	report.DeadLetters, report.Alerts = receipt.DeadLettered, receipt.Alerts
	var unreadable *Unreadable
	switch {
	case err == nil:
	case isFound && errors.As(err, &unreadable) && receipt.Received == 0:
		report.Skipped = unreadable.Why
	default:
		report.Error = ingest.Reason(err)
	}
	return report
}
