package ingest

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/tocsin-soc/tocsin"
)

// windowLimit bounds the memory a zstd stream may ask for.
const windowLimit = 64 << 20

// Expand undoes gzip or zstd, told by the first bytes, and stops after limit
// bytes: a small body must not become an unbounded one.
func Expand(r io.Reader, limit int64) (io.ReadCloser, error) {
	b := bufio.NewReaderSize(r, 64<<10)
	magic, err := b.Peek(4)
	if err != nil && err != io.EOF && err != bufio.ErrBufferFull {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, tocsin.Wrap(err, tocsin.Invalid, "The gzip stream is damaged at its beginning.")
		}
		return &bounded{r: z, left: limit, limit: limit, close: func() { z.Close() }}, nil
	case bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(b, zstd.WithDecoderMaxWindow(windowLimit), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, tocsin.Wrap(err, tocsin.Invalid, "The zstd stream is damaged at its beginning.")
		}
		return &bounded{r: z, left: limit, limit: limit, close: z.Close}, nil
	}
	return &bounded{r: b, left: limit, limit: limit, close: func() {}}, nil
}

// bounded reads at most limit bytes and fails if there are more.
type bounded struct {
	r           io.Reader
	left, limit int64
	close       func()
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, tocsin.Errorf(tocsin.Invalid, "The data is larger than %d MiB once decompressed. Split it.", b.limit>>20)
	}
	// One byte more than is left tells the end from too much.
	n, err := b.r.Read(p[:min(int64(len(p)), b.left+1)])
	b.left -= int64(n)
	if b.left < 0 {
		n--
	}
	if err != nil && err != io.EOF {
		err = tocsin.Wrap(err, tocsin.Invalid, "The data ends early or is damaged after %d bytes. What came before was taken; send the rest again.", b.limit-max(b.left, 0))
	}
	return n, err
}

func (b *bounded) Close() error { b.close(); return nil }
