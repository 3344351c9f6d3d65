// Package folder is the door for files on this machine: it reads a file, a
// folder or the files of a pattern, once or as they grow and appear.
//
// Files that are written line by line (text, JSON lines, Zeek, W3C) are read on
// where they were left, over rotation by renaming, copying and truncating, and
// compressing. All others (EVTX, Parquet, CSV, archives …) are read as a whole
// once they have stopped changing, and again when they change.
//
// It promises that how far it got is remembered only after the commit, and that
// reading again stores nothing twice: the position of a line is the identity of
// its file and its offset, where the identity is made of the folder, the name
// without what rotation adds, and the first line. So a file keeps its identity
// when it is renamed, copied or compressed, and two files that begin alike
// differ by name. The last line of a file that grows is read when it has ended.
//
// It refuses to delete or move files. Files of no known kind are counted and
// logged once. It is tested with rotations of every sort in the middle of
// writing, a store that refuses, and starts without memory.
package folder

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
)

// Options of a Folder. All but Pulse and the times are required.
type Options struct {
	Sender ingest.Sender // with Path, Follow, Table and Limits
	Intake ingest.Intake // Admit is not used
	Log    *slog.Logger
	Pulse  *ingest.Pulse
	Memory string // file in which it is remembered how far files were read

	Every  time.Duration // between looks; 0 means 1 s
	Settle time.Duration // how long a file that is read as a whole must not have changed; 0 means 3 s
	Linger time.Duration // how long a file that was rotated away is read on; 0 means 1 min
	Grace  time.Duration // at the end, for what was read; 0 means 10 s
}

// maxOpen bounds the files that are kept open to be read to their end after a
// rotation.
const maxOpen = 256

// A Folder reads the files of one source.
type Folder struct {
	opts    Options
	journal *journal
	tracks  map[string]*track // by path
	parted  []*track          // that were rotated away
	batch   batch
	open    int
	round   int               // looks so far
	bases   []string          // folders that files may lie in, as of the last look
	refused map[string]string // reason by path, of files that are not read, or not to their end
}

// New checks the settings; it opens nothing.
func New(opts Options) (*Folder, error) {
	s := &opts.Sender.Settings
	if s.Path == "" {
		return nil, tocsin.Errorf(tocsin.Invalid, "A folder source needs path: a file, a folder or a pattern such as /var/log/app/*.log.")
	}
	if _, err := filepath.Match(s.Path, ""); err != nil {
		return nil, tocsin.Wrap(err, tocsin.Invalid, "path is %q, which is no pattern. Close its brackets.", s.Path)
	}
	for _, d := range []struct {
		value *time.Duration
		std   time.Duration
	}{{&opts.Every, time.Second}, {&opts.Settle, 3 * time.Second}, {&opts.Linger, time.Minute}, {&opts.Grace, 10 * time.Second}} {
		if *d.value <= 0 {
			*d.value = d.std
		}
	}
	return &Folder{opts: opts, tracks: map[string]*track{}, refused: map[string]string{}}, nil
}

// Run reads until ctx ends, or, without Follow, until everything is read.
func (f *Folder) Run(ctx context.Context) {
	var err error
	if f.journal, err = openJournal(f.opts.Memory); err != nil {
		f.opts.Pulse.Set(ingest.StateFailed, "", err)
		f.opts.Log.Error("opening a folder", "source", f.opts.Sender.Source, "error", err)
		return
	}
	hard, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(f.opts.Grace, giveUp) })
	defer stop()
	defer func() {
		f.flush(hard)
		for _, t := range f.parted {
			t.close(f)
		}
		for _, t := range f.tracks {
			t.close(f)
		}
		f.opts.Pulse.Set(ingest.StateStopped, "", f.journal.close())
	}()
	for {
		began := f.opts.Intake.Now()
		f.look(ctx, hard)
		if !f.opts.Sender.Follow || ctx.Err() != nil {
			return
		}
		// Looking at very many files must not become all there is to do.
		timer := time.NewTimer(max(f.opts.Every, 4*f.opts.Intake.Now().Sub(began)))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

// look visits every file once.
func (f *Folder) look(ctx, hard context.Context) {
	seen := 0
	f.round++
	f.bases = f.roots()
	err := f.paths(func(path string, info fs.FileInfo) bool {
		seen++
		f.visit(hard, path, info)
		return ctx.Err() == nil
	})
	f.flush(hard)
	switch {
	case err != nil:
		f.opts.Pulse.Set(ingest.StateWaiting, "", err)
	case seen == 0:
		f.opts.Pulse.Set(ingest.StateWaiting, "no file at "+f.opts.Sender.Path+" yet", nil)
	default:
		f.opts.Pulse.Set(ingest.StateConnected, fmt.Sprintf("%d files at %s", seen, f.opts.Sender.Path), nil)
	}
	for path, t := range f.tracks {
		if t.round != f.round && err == nil && ctx.Err() == nil { // moved away or deleted
			f.part(t)
			delete(f.tracks, path)
		}
	}
	f.readParted(hard)
	f.flush(hard)
	f.forgetGone()
}

// paths calls yield for every regular file, in the order of paths, until it
// returns false.
func (f *Folder) paths(yield func(string, fs.FileInfo) bool) error {
	matches, err := filepath.Glob(f.opts.Sender.Path)
	if err != nil {
		return err
	}
	if len(matches) == 0 { // the path of a file whose name looks like a pattern
		matches = []string{f.opts.Sender.Path}
	}
	slices.Sort(matches)
	for _, match := range matches {
		info, err := os.Stat(match)
		switch {
		case err != nil:
			continue // not there yet
		case info.Mode().IsRegular():
			if !yield(match, info) {
				return nil
			}
			continue
		case !info.IsDir():
			continue
		}
		root := match + string(filepath.Separator) // a link to a folder is followed
		err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			isLink := err == nil && d.Type()&fs.ModeSymlink != 0
			if err != nil || !d.Type().IsRegular() && !(isLink && f.isToRead(path)) {
				return err
			}
			info, err := os.Stat(path)
			if err != nil || !info.Mode().IsRegular() {
				return nil // gone meanwhile, or a link to a folder
			}
			if !yield(path, info) {
				return fs.SkipAll
			}
			return nil
		})
		if err != nil {
			return tocsin.Wrap(err, tocsin.Unavailable, "The folder %s cannot be read in full. Check its permissions.", match)
		}
	}
	return nil
}

// trouble notes what keeps the source from its work.
func (f *Folder) trouble(what string, err error) {
	f.opts.Pulse.Set(ingest.StateConnected, "", fmt.Errorf("%s: %s", what, ingest.Reason(err)))
	f.opts.Log.Warn("following files", "source", f.opts.Sender.Source, "at", what, "error", strings.TrimSpace(err.Error()))
}
