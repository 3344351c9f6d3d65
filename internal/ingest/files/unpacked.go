package files

import (
	"errors"
	"io"

	"github.com/tocsin-soc/tocsin"
)

// What a file may become. Logs shrink to a tenth, now and then to a hundredth; what
// shrinks more is written to cost its reader more than its sender.
const (
	ratio         = 200     // times its own size
	alwaysAllowed = 1 << 30 // bytes, however small it is
	maxMembers    = 100_000 // of archives, also of those within it
	maxDirectory  = 16 << 20
	maxCopy       = 4 << 30 // of an archive within something compressed, on the disk
)

// MaxUnpacked is how many bytes are read of a file of this size once it is
// decompressed and unpacked, all that lies within each other together.
func MaxUnpacked(size int64) int64 { return max(alwaysAllowed, size*ratio) }

// errTooMuch is the cause of the error about a file that is more than is read.
var errTooMuch = errors.New("more than the limit")

// An allowance is what is left of a file's limits; its archives and their members
// share it.
type allowance struct {
	name    string
	limit   int64
	bytes   int64
	members int
}

func newAllowance(r io.Reader, spec *Spec) *allowance {
	limit := spec.MaxBytes
	if limit <= 0 {
		limit = MaxUnpacked(sizeOf(r))
	}
	return &allowance{name: spec.Name, limit: limit, bytes: limit, members: maxMembers}
}

// sizeOf is the size of what can be read from anywhere, 0 for what cannot.
func sizeOf(r io.Reader) int64 {
	whole, ok := r.(io.Seeker)
	if !ok {
		return 0
	}
	at, err := whole.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0
	}
	size, err := whole.Seek(0, io.SeekEnd)
	if _, back := whole.Seek(at, io.SeekStart); err != nil || back != nil {
		return 0
	}
	return size
}

// member counts a member of an archive.
func (a *allowance) member() error {
	if a.members--; a.members < 0 {
		return tocsin.Wrap(errTooMuch, tocsin.Invalid, "%s holds more than %d files. What came before was taken; unpack it and read the folder.", a.name, maxMembers)
	}
	return nil
}

// reader reads what was decompressed or unpacked, as far as it is allowed.
func (a *allowance) reader(r io.Reader) io.Reader { return &allowed{r, a} }

type allowed struct {
	r io.Reader
	*allowance
}

// Read implements io.Reader.
func (a *allowed) Read(p []byte) (int, error) {
	if a.bytes < 0 {
		return 0, a.tooMuch()
	}
	// One byte more than is left tells the end from too much.
	n, err := a.r.Read(p[:min(int64(len(p)), a.bytes+1)])
	if a.bytes -= int64(n); a.bytes < 0 {
		return n - 1, a.tooMuch()
	}
	return n, err
}

func (a *allowance) tooMuch() error {
	return tocsin.Wrap(errTooMuch, tocsin.Invalid, "%s unpacks to more than %d MiB, more than is read of a file of its size. What came before was taken; if it is what you expect, unpack it yourself.", a.name, a.limit>>20)
}

// IsTooMuch says whether a file was given up because it unpacks to too much.
func IsTooMuch(err error) bool { return errors.Is(err, errTooMuch) }
