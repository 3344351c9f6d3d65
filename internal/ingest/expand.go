package ingest

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/tocsin-soc/tocsin"
)

// Expand undoes gzip or zstd, told by the first bytes, and stops after limit
// bytes: a small body must not become an unbounded one. What its readers hold is
// taken from room; nil counts nothing, for files of this machine.
func Expand(r io.Reader, limit int64, room *Room) (io.ReadCloser, error) {
	return expand(r, limit, 64<<10, room)
}

// expand is Expand with a buffer of so many bytes, which are paid for.
func expand(r io.Reader, limit int64, buffer int, room *Room) (io.ReadCloser, error) {
	if room == nil {
		room = (*Budget)(nil).Room()
	}
	b := bufio.NewReaderSize(r, buffer)
	magic, err := b.Peek(4)
	if err != nil && err != io.EOF && err != bufio.ErrBufferFull {
		return nil, err
	}
	expanded := io.NopCloser(io.Reader(b))
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		expanded, err = ungzip(b, room)
	case bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		expanded, err = unzstd(b, room)
	default:
		err = nil
	}
	if err != nil {
		return nil, err
	}
	return &bounded{r: expanded, left: limit, limit: limit}, nil
}

// bounded reads at most limit bytes and fails if there are more.
type bounded struct {
	r           io.ReadCloser
	left, limit int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, tocsin.Wrap(&TooLarge{b.limit}, tocsin.Invalid, "The data is larger than %d MiB once decompressed. Split it.", b.limit>>20)
	}
	// One byte more than is left tells the end from too much.
	n, err := b.r.Read(p[:min(int64(len(p)), b.left+1)])
	b.left -= int64(n)
	if b.left < 0 {
		n--
	}
	var said *tocsin.Error
	if err != nil && err != io.EOF && !errors.As(err, &said) {
		err = tocsin.Wrap(err, tocsin.Invalid, "The data ends early or is damaged after %d bytes. What came before was taken; send the rest again.", b.limit-max(b.left, 0))
	}
	return n, err
}

func (b *bounded) Close() error { return b.r.Close() }
