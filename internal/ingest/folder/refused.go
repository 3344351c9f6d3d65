package folder

import (
	"errors"
	"io/fs"
	"os"

	"github.com/tocsin-soc/tocsin/internal/ingest"
	"github.com/tocsin-soc/tocsin/internal/ingest/files"
)

// maxTold bounds the refused files that are told by name; more are counted.
const maxTold = 1000

// problem notes a file that is not read, or not to its end: once in the log and the
// counters, and among the refused files of the source's health until it changes.
func (f *Folder) problem(path string, err error) {
	reason := ingest.Reason(err)
	if f.refused[path] == reason {
		return // tried again
	}
	f.opts.Intake.Refused(ingest.DoorFolder, kindOf(err), 1)
	if _, known := f.refused[path]; !known && len(f.refused) >= maxTold {
		return
	}
	f.refused[path] = reason
	f.opts.Pulse.Refuse(path, err)
	f.trouble(path, err)
}

// accept takes back that a file was refused.
func (f *Folder) accept(path string) {
	if _, ok := f.refused[path]; ok {
		delete(f.refused, path)
		f.opts.Pulse.Accept(path)
	}
}

// forgetGone takes back what was said of files that are not there any more.
func (f *Folder) forgetGone() {
	const every = 16 // looks
	if f.round%every != 0 {
		return
	}
	for path := range f.refused {
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			f.accept(path)
		}
	}
}

// kindOf is the reason under which a refused file is counted.
func kindOf(err error) string {
	var unreadable *files.Unreadable
	var large *ingest.TooLarge
	switch {
	case files.IsTooMuch(err), errors.As(err, &large):
		return "file unpacks to too much"
	case errors.Is(err, errOutside):
		return "link out of the folder"
	case errors.As(err, &unreadable):
		return "file of no known kind"
	}
	return "file not readable to its end"
}
