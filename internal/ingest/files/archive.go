package files

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
)

// randomAccess is what can be read from anywhere: a file that is not compressed.
type randomAccess interface {
	io.ReaderAt
	io.Seeker
}

// maxDepth is how many archives may lie within each other.
const maxDepth = 3

// wholeFile returns a file that can be read from anywhere, and its size: the one
// at hand, or a copy of the stream in a file that has no name.
func (e *emitter) wholeFile(head *bufio.Reader, whole randomAccess) (io.ReaderAt, int64, func(), error) {
	if whole != nil {
		size, err := whole.Seek(0, io.SeekEnd)
		return whole, size, func() {}, err
	}
	f, err := os.CreateTemp("", "tocsin-*")
	if err != nil {
		return nil, 0, nil, fmt.Errorf("making room for an archive: %w", err)
	}
	_ = os.Remove(f.Name()) // where an open file cannot be removed, it stays until the end
	size, err := io.Copy(f, io.LimitReader(head, maxCopy+1))
	if err == nil && size > maxCopy {
		err = tocsin.Wrap(errTooMuch, tocsin.Invalid, "%s is longer than %d MiB and lies within something compressed. Unpack it first.", e.spec.Name, maxCopy>>20)
	}
	if err != nil {
		return nil, 0, nil, errors.Join(err, f.Close())
	}
	return f, size, func() { f.Close(); _ = os.Remove(f.Name()) }, nil // read only; mostly gone already
}

// zip reads the members of an archive, each by its own content. Bytes of all
// members count against the limit together.
func (e *emitter) zip(head *bufio.Reader, whole randomAccess, depth int) error {
	at, size, done, err := e.wholeFile(head, whole)
	if err != nil {
		return err
	}
	defer done()
	directory := &counted{ReaderAt: at, left: maxDirectory}
	archive, err := zip.NewReader(directory, size)
	if directory.left < 0 {
		return tocsin.Wrap(errTooMuch, tocsin.Invalid, "The directory of %s is longer than %d MiB. Unpack it and read the folder.", e.spec.Name, maxDirectory>>20)
	}
	if err != nil {
		return tocsin.Wrap(err, tocsin.Invalid, "%s is no readable ZIP archive: %v.", e.spec.Name, err)
	}
	directory.left = math.MaxInt64
	var errs mistakes
	for _, member := range archive.File {
		if e.stopped || member.FileInfo().IsDir() {
			continue
		}
		in, err := member.Open()
		if err != nil {
			errs.add(tocsin.Wrap(err, tocsin.Invalid, "%s in %s cannot be read: %v.", member.Name, e.spec.Name, err))
			continue
		}
		err = e.member(in, member.Name, depth)
		errs.add(err)
		errs.add(in.Close())
		if IsTooMuch(err) {
			break
		}
	}
	return errs.err()
}

// tar reads the members of an archive, each by its own content.
func (e *emitter) tar(head *bufio.Reader, depth int) error {
	archive := tar.NewReader(head)
	var errs mistakes
	for !e.stopped {
		member, err := archive.Next()
		if err == io.EOF {
			break
		}
		if IsTooMuch(err) {
			return errors.Join(errs.err(), err)
		}
		if err != nil {
			errs.add(tocsin.Wrap(err, tocsin.Invalid, "%s ends early or is damaged: %v. What came before was taken.", e.spec.Name, err))
			break
		}
		if member.Typeflag != tar.TypeReg {
			continue
		}
		err = e.member(archive, member.Name, depth)
		errs.add(err)
		if IsTooMuch(err) {
			break
		}
	}
	return errs.err()
}

// mistakes are the errors of an archive's members, of which there may be very
// many: the first few are told, the others counted.
type mistakes struct {
	list []error
	more int
}

const maxMistakes = 20

func (m *mistakes) add(err error) {
	switch {
	case err == nil:
	case IsTooMuch(err): // first of all
		m.list = append([]error{err}, m.list...)
	case len(m.list) < maxMistakes:
		m.list = append(m.list, err)
	default:
		m.more++
	}
}

func (m *mistakes) err() error {
	if m.more > 0 {
		return errors.Join(append(m.list, tocsin.Errorf(tocsin.Invalid, "%d more members cannot be read.", m.more))...)
	}
	return errors.Join(m.list...)
}

// member reads one member. Its name goes before its positions; what cannot be
// read is an error that names it and costs the others nothing.
func (e *emitter) member(in io.Reader, name string, depth int) error {
	if err := e.allowance.member(); err != nil {
		return err
	}
	if depth+1 > maxDepth {
		return tocsin.Errorf(tocsin.Invalid, "%s lies in too many archives within each other. Unpack it first.", name)
	}
	spec := *e.spec
	spec.Name, spec.Doubtful = path.Base(name), true
	if spec.Prefix != "" {
		spec.Prefix += ":"
	}
	spec.Prefix += name
	inner := &emitter{spec: &spec, allowance: e.allowance, yield: func(raw tocsin.Raw, err error) bool { e.raw(raw); return !e.stopped }}
	err := inner.file(in, depth+1)
	if err != nil && !IsTooMuch(err) {
		err = tocsin.Wrap(err, tocsin.Invalid, "%s in %s: %s", name, e.spec.Name, ingest.Reason(err))
	}
	return err
}

// counted counts what is read of a file: a zip archive's directory is read at once.
type counted struct {
	io.ReaderAt
	left int64
}

// ReadAt implements io.ReaderAt.
func (c *counted) ReadAt(p []byte, at int64) (int, error) {
	if c.left < 0 {
		return 0, errTooMuch
	}
	n, err := c.ReaderAt.ReadAt(p, at)
	c.left -= int64(n)
	return n, err
}
