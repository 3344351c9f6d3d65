package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/tocsin-soc/tocsin"
)

// errOutside is the cause of a refusal of a link. Who may write into a folder must
// not decide what else of this machine is read.
var errOutside = errors.New("a link that leads out of the folder")

// roots returns the folders in which files may lie: the one that is read, up to the
// first part of its path that is a pattern, and those the settings name. Links in
// these paths themselves are the operator's own.
func (f *Folder) roots() []string {
	base := f.opts.Sender.Path
	if info, err := os.Lstat(base); err != nil || !info.IsDir() {
		base = filepath.Dir(base) // of a file, a pattern, or a link
		if info, err := os.Stat(f.opts.Sender.Path); err == nil && info.IsDir() {
			base = f.opts.Sender.Path // a link to a folder that the operator named
		}
	}
	for strings.ContainsAny(base, `*?[`) {
		if _, err := os.Lstat(base); err == nil {
			break // a name that looks like a pattern
		}
		base = filepath.Dir(base)
	}
	var out []string
	for _, path := range append([]string{base}, f.opts.Sender.Links...) {
		if real, err := filepath.EvalSymlinks(path); err == nil { // else it is not there yet
			out = append(out, real)
		}
	}
	return out
}

// where says what a path is once links are followed, and in which of the folders
// that may be read it lies.
func (f *Folder) where(path string) (base, inside string, err error) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", "", err
	}
	for _, base := range f.bases {
		if inside, err := filepath.Rel(base, real); err == nil && filepath.IsLocal(inside) {
			return base, inside, nil
		}
	}
	return "", "", tocsin.Wrap(errOutside, tocsin.Denied, "It is a link that leads out of the folder, to %s. If that may be read, name the folder it leads into under links.", real)
}

// isToRead decides about a link within a folder: what it leads to is read by its own
// path if it lies in the same folder, and here if the settings name where it lies.
func (f *Folder) isToRead(path string) bool {
	base, _, err := f.where(path)
	if errors.Is(err, errOutside) {
		f.problem(path, err)
	}
	return err == nil && base != f.bases[0]
}

// openFile opens a regular file in the folders that may be read, wherever links
// lead. What changes between looking and opening does not matter: the folder it is
// opened in lets no link lead out, and a pipe makes nobody wait.
func (f *Folder) openFile(path string) (*os.File, error) {
	base, inside, err := f.where(path)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(base)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }() // what was opened in it stays open
	file, err := root.OpenFile(inside, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		_ = file.Close() // nothing was read
		return nil, errors.Join(err, fmt.Errorf("opening %s: %w", inside, fs.ErrInvalid))
	}
	return file, nil
}
