package app

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
	"github.com/tocsin-soc/tocsin/internal/ingest/files"
)

// An ImportRequest is what to import, and who wants to hear of it.
type ImportRequest struct {
	Paths    []string
	Table    string                  // the table that JSON lines are rows of; empty recognises them
	Progress func(done, total int64) // bytes of files finished and of all; may be nil
	Done     func(files.Report)      // after each file
}

// Import reads files and folders through the same pipeline as any source, then
// runs the scheduled rules once, so that recent events raise their alerts.
func (a *App) Import(ctx context.Context, req ImportRequest) (err error) {
	if t, ok := a.schema.Table(req.Table); req.Table != "" && (!ok || !t.IsStamped()) {
		return tocsin.Errorf(tocsin.Invalid, "There is no table %q to import into. docs/reference/tables.md lists the tables.", req.Table)
	}
	queue := ingest.NewQueue(ingest.QueueOptions{Sink: a.pipe.Ingest})
	defer func() {
		if cerr := queue.Close(context.WithoutCancel(ctx)); err == nil {
			err = cerr
		}
	}()
	total, done := int64(0), int64(0)
	for _, p := range req.Paths {
		total += sizeBelow(p)
	}
	im := &files.Importer{
		Feed: queue.Feed, Now: a.cfg.Now, Table: req.Table,
		IsTable: a.isTable,
		Done: func(r files.Report) {
			if cerr := a.pipe.concludeRecording(ctx); cerr != nil && r.Error == "" {
				r.Error = cerr.Error()
			}
			req.Done(r)
			if req.Progress != nil {
				done += sizeBelow(r.Path)
				req.Progress(done, total)
			}
		},
	}
	for _, p := range req.Paths {
		if _, err := im.Import(ctx, p); err != nil {
			return err
		}
	}
	return a.pipe.Tick(ctx, a.cfg.Now())
}

// sizeBelow is the size of a file, or of all files below a folder; what cannot
// be read counts nothing, since this only feeds the progress bar.
func sizeBelow(path string) (n int64) {
	_ = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if info, err := os.Stat(p); err == nil {
				n += info.Size()
			}
		}
		return nil
	})
	return n
}
