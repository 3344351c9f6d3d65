package ingest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/evtx"
)

// An Importer reads files into the sink. Feed is required: Queue.Feed, so that
// an import shares the bounds of everything else that comes in.
type Importer struct {
	Feed    func(ctx context.Context, raws iter.Seq2[tocsin.Raw, error]) (Receipt, error)
	Now     func() time.Time
	IsTable func(name string) bool // whether a table of that name is declared; nil knows none
	Table   string                 // table the files hold rows of; empty lets each record, or the file's name, decide
	Done    func(FileReport)       // called after each file, in order; may be nil
}

// A FileReport says what became of one file.
type FileReport struct {
	Path        string  `json:"path"`
	Events      int     `json:"events"` // records read
	Stored      int     `json:"stored"`
	Duplicates  int     `json:"duplicates"`
	DeadLetters int     `json:"deadLetters"`
	Alerts      int     `json:"alerts"`
	Seconds     float64 `json:"seconds"`
	Error       string  `json:"error,omitempty"`
}

// Import reads a file, or every readable file below a folder in the order of
// their paths. A file that cannot be read is reported and the next one is read;
// an error is returned only when nothing can be: the path, or the context.
// Importing the same file again, from wherever, stores nothing twice.
func (im *Importer) Import(ctx context.Context, path string) ([]FileReport, error) {
	files, err := im.list(path)
	if err != nil {
		return nil, err
	}
	var reports []FileReport
	for _, file := range files {
		if err := ctx.Err(); err != nil {
			return reports, err
		}
		report := im.importFile(ctx, file)
		reports = append(reports, report)
		if im.Done != nil {
			im.Done(report)
		}
	}
	return reports, nil
}

// readable are the endings of files that a folder is searched for. A file that
// is named outright may have any.
var readable = []string{".evtx", ".json", ".jsonl", ".ndjson", ".log"}

func (im *Importer) list(root string) ([]string, error) {
	info, err := os.Stat(root)
	if err != nil {
		return nil, tocsin.Wrap(err, tocsin.NotFound, "%s cannot be read. Check the path and its permissions.", root)
	}
	if !info.IsDir() {
		return []string{root}, nil
	}
	var files []string
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(path), ".gz"), ".zst")
		if d.Type().IsRegular() && slices.Contains(readable, filepath.Ext(name)) {
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		return nil, tocsin.Wrap(err, tocsin.NotFound, "The folder %s cannot be read in full. Check its permissions.", root)
	}
	if len(files) == 0 {
		return nil, tocsin.Errorf(tocsin.NotFound, "There is no file ending in %s (.gz and .zst too) below %s.", strings.Join(readable, ", "), root)
	}
	slices.Sort(files)
	return files, nil
}

// importFile reads one file. A panic of a reader is reported with its file.
func (im *Importer) importFile(ctx context.Context, path string) (report FileReport) {
	start := im.Now()
	report.Path = path
	defer func() {
		if p := recover(); p != nil {
			report.Error = fmt.Sprintf("a defect of the reader: %v", p)
		}
		report.Seconds = im.Now().Sub(start).Seconds()
	}()
	receipt, err := im.read(ctx, path)
	report.Events, report.Stored, report.Duplicates = receipt.Received, receipt.Stored, receipt.Duplicates
	report.DeadLetters, report.Alerts = receipt.DeadLettered, receipt.Alerts
	if err != nil {
		report.Error = explain(err)
	}
	return report
}

// explain gives the message for people, or the error itself: an import runs for
// somebody who owns the file.
func explain(err error) string {
	var e *tocsin.Error
	if errors.As(err, &e) {
		return e.Msg
	}
	return err.Error()
}

func (im *Importer) read(ctx context.Context, path string) (Receipt, error) {
	f, err := os.Open(path)
	if err != nil {
		return Receipt{}, tocsin.Wrap(err, tocsin.NotFound, "%s cannot be opened. Check its permissions.", path)
	}
	defer f.Close()
	// The source is the file's name without its folder, so that moving a folder
	// does not make its records new ones.
	spec := Spec{
		Source: tocsin.SourceID("file:" + filepath.Base(path)), ReceivedAt: im.Now(),
		Format: tocsin.FormatJSONLine, MaxBytes: 1 << 40,
	}
	if spec.Table = im.tableOf(path); spec.Table != "" {
		spec.Format = tocsin.FormatRow
	}
	in, err := expand(f, spec.MaxBytes)
	if err != nil {
		return Receipt{}, err
	}
	defer in.Close()
	head := bufio.NewReaderSize(in, 64<<10)
	if magic, _ := head.Peek(len(evtxMagic)); string(magic) != evtxMagic { // a short file is no log
		return im.Feed(ctx, Read(head, spec))
	}
	log, err := evtx.NewStream(head, evtx.Options{})
	if err != nil {
		return Receipt{}, tocsin.Wrap(err, tocsin.Invalid, "%s is no readable Windows event log: %v.", path, err)
	}
	return im.Feed(ctx, readEvtx(log, spec))
}

// evtxMagic begins every Windows event log.
const evtxMagic = "ElfFile\x00"

// tableOf returns the table whose rows a file holds: the importer's, or the one
// the file is named after (SigninLogs.json, SigninLogs-2026-11-21.jsonl.gz).
func (im *Importer) tableOf(path string) string {
	if im.Table != "" || im.IsTable == nil {
		return im.Table
	}
	name := filepath.Base(path)
	if end := strings.IndexAny(name, ".-"); end > 0 {
		name = name[:end]
	}
	if im.IsTable(name) {
		return name
	}
	return ""
}

// readEvtx hands on the records of a Windows event log as JSON. A damaged
// record becomes one that says so, to be a dead letter.
func readEvtx(log *evtx.Reader, spec Spec) iter.Seq2[tocsin.Raw, error] {
	return func(yield func(tocsin.Raw, error) bool) {
		for record, err := range log.Records() {
			raw := tocsin.Raw{Source: spec.Source, Format: tocsin.FormatEvtx, ReceivedAt: spec.ReceivedAt}
			var damaged *evtx.RecordError
			var chunk *evtx.ChunkError
			switch {
			case errors.As(err, &damaged):
				raw.Format, raw.Position = tocsin.FormatDamaged, "offset "+strconv.FormatInt(damaged.Offset, 10)
				raw.Body = []byte(fmt.Sprintf("damaged record: %v", damaged))
			case errors.As(err, &chunk):
				raw.Format, raw.Position = tocsin.FormatDamaged, "chunk at offset "+strconv.FormatInt(chunk.Offset, 10)
				raw.Body = []byte(fmt.Sprintf("damaged chunk: %v", chunk))
			case err != nil:
				yield(tocsin.Raw{}, fmt.Errorf("reading the log: %w", err))
				return
			default:
				raw.Position = strconv.FormatUint(record.ID, 10)
				body, err := record.AppendJSON(nil, evtx.JSONOptions{TimeDigits: 7})
				if err != nil {
					body = fmt.Appendf(nil, "record %d cannot be written as JSON: %v", record.ID, err)
				}
				raw.Body = body
			}
			if !yield(raw, nil) {
				return
			}
		}
		if c := log.Counts(); c.Damaged > 0 || c.DamagedChunks > 0 {
			yield(tocsin.Raw{}, tocsin.Errorf(tocsin.Invalid,
				"The log is damaged or cut off: at least %d records cannot be read. Everything else is stored; the dead letters say where and why.", c.Damaged))
		}
	}
}
