package folder

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A journal remembers how far files were read, over restarts: a value by key,
// one line per change. It is written after the commit and never synced: should
// the end of it be missing, what it would have said is read again and known.
type journal struct {
	path    string
	values  map[string]string
	file    *os.File
	w       *bufio.Writer
	changes int
}

// openJournal reads a journal, and writes it anew without what was changed.
func openJournal(path string) (*journal, error) {
	j := &journal{path: path, values: map[string]string{}}
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading what was read: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		key, value, ok := strings.Cut(line, " ")
		if value, whole := strings.CutSuffix(value, "\n"); ok && whole && key != "" {
			j.values[key] = value
		}
	}
	return j, j.compact()
}

// compact writes the journal anew.
func (j *journal) compact() error {
	if err := os.MkdirAll(filepath.Dir(j.path), 0o700); err != nil {
		return fmt.Errorf("keeping what was read: %w", err)
	}
	f, err := os.OpenFile(j.path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("keeping what was read: %w", err)
	}
	w := bufio.NewWriter(f)
	for key, value := range j.values {
		_, _ = w.WriteString(key + " " + value + "\n") // Flush says whether it worked
	}
	if err := errors.Join(w.Flush(), os.Rename(j.path+".new", j.path)); err != nil {
		return errors.Join(fmt.Errorf("keeping what was read: %w", err), f.Close())
	}
	if j.file != nil {
		_ = j.file.Close() // replaced
	}
	j.file, j.w, j.changes = f, w, 0
	return nil
}

// set remembers a value; flush makes it last.
func (j *journal) set(key, value string) {
	if j.values[key] == value {
		return
	}
	j.values[key] = value
	_, _ = j.w.WriteString(key + " " + value + "\n") // flush says whether it worked
	j.changes++
}

// flush writes what was set.
func (j *journal) flush() error {
	if j.changes > 10_000 && j.changes > 2*len(j.values) {
		return j.compact()
	}
	if err := j.w.Flush(); err != nil {
		return fmt.Errorf("keeping what was read: %w", err)
	}
	return nil
}

func (j *journal) close() error { return errors.Join(j.w.Flush(), j.file.Close()) }
