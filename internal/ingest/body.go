package ingest

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"

	"github.com/tocsin-soc/tocsin"
)

// A Budget bounds the bytes that the bodies of requests hold at once, however
// many there are and however slowly they come. It is safe for concurrent use.
type Budget struct {
	mu   sync.Mutex
	left int64
}

// NewBudget makes a budget of so many bytes.
func NewBudget(size int64) *Budget { return &Budget{left: size} }

func (b *Budget) take(n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left < n {
		return false
	}
	b.left -= n
	return true
}

func (b *Budget) give(n int64) {
	b.mu.Lock()
	b.left += n
	b.mu.Unlock()
}

// A Body is a request's body, whole and decompressed. Release gives its room
// back once nothing of it is needed.
type Body struct {
	Bytes  []byte
	budget *Budget
	held   int64
}

// Release gives the body's room back.
func (b *Body) Release() {
	b.budget.give(b.held)
	b.held = 0
}

// Sum names the body's content; salts tell apart bodies that are equal but not
// the same submission, such as a path or the sender's id of the request.
func (b *Body) Sum(salts ...string) string {
	h := sha256.New()
	for _, s := range salts {
		fmt.Fprintf(h, "%d:%s", len(s), s)
	}
	h.Write(b.Bytes)
	return hex.EncodeToString(h.Sum(nil)[:12])
}

// HoldBody takes room for a body that was read by other means.
func HoldBody(whole []byte, budget *Budget) (*Body, error) {
	b := &Body{Bytes: whole, budget: budget}
	if !budget.take(int64(len(whole))) {
		return nil, errNoBudget()
	}
	b.held = int64(len(whole))
	return b, nil
}

func errNoBudget() error {
	return tocsin.Wrap(&Full{RetryAfter: retryAfter}, tocsin.Unavailable, "Too much is being sent at once. Nothing of this was kept; send it again in %s.", retryAfter)
}

// TooLarge is the cause of a refusal for size; doors answer 413.
type TooLarge struct{ Limit int64 }

// Error names the limit.
func (t *TooLarge) Error() string {
	return fmt.Sprintf("larger than %d bytes once decompressed", t.Limit)
}

// UnknownEncoding is the cause of a refusal of a Content-Encoding; doors answer 415.
type UnknownEncoding struct{ Name string }

// Error names the encoding.
func (u *UnknownEncoding) Error() string { return fmt.Sprintf("unknown encoding %q", u.Name) }

// ReadBody reads the body of a request as its Content-Encoding says: gzip, zstd,
// deflate, snappy or none. It fails with the cause *TooLarge beyond limit bytes,
// before or after decompression, with *UnknownEncoding, and with *Full when the
// budget is used up; otherwise with tocsin.Invalid for a damaged or broken-off body.
func ReadBody(r *http.Request, limit int64, budget *Budget) (*Body, error) {
	in := &capped{r: r.Body, left: limit}
	expanded, closer, err := decompress(in, strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding"))))
	if in.over {
		return nil, tooLarge(limit)
	}
	if err != nil {
		return nil, err
	}
	defer closer()
	body := &Body{budget: budget}
	err = body.fill(expanded, limit, min(max(r.ContentLength+1, 4<<10), firstRoom))
	if in.over {
		err = tooLarge(limit)
	}
	if err != nil {
		body.Release()
		return nil, err
	}
	return body, nil
}

func tooLarge(limit int64) error {
	return tocsin.Wrap(&TooLarge{limit}, tocsin.Invalid, "The body is larger than %d MiB. Send smaller batches.", limit>>20)
}

// firstRoom is the most that is taken for a body before anything of it has come:
// who claims much and sends nothing must not keep others out.
const firstRoom = 64 << 10

// fill reads everything, growing as long as the budget has room.
func (b *Body) fill(r io.Reader, limit, first int64) error {
	grow := first
	for {
		if int64(len(b.Bytes)) == b.held { // full: held is the capacity that is paid for
			if !b.budget.take(grow) {
				return errNoBudget()
			}
			b.held += grow
			larger := make([]byte, len(b.Bytes), b.held)
			copy(larger, b.Bytes)
			b.Bytes = larger
			grow = b.held
		}
		n, err := r.Read(b.Bytes[len(b.Bytes):cap(b.Bytes)])
		b.Bytes = b.Bytes[:len(b.Bytes)+n]
		if int64(len(b.Bytes)) > limit {
			return tooLarge(limit)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return tocsin.Wrap(err, tocsin.Invalid, "The body ends early or is damaged after %d bytes. Nothing of it was kept; send it again.", len(b.Bytes))
		}
	}
}

// capped reads at most left bytes and remembers that there were more.
type capped struct {
	r    io.Reader
	left int64
	over bool
}

var errOver = errors.New("more bytes than the limit")

func (c *capped) Read(p []byte) (int, error) {
	n, err := c.r.Read(p[:min(int64(len(p)), c.left+1)])
	if c.left -= int64(n); c.left < 0 {
		c.over = true
		return 0, errOver
	}
	return n, err
}

// decompress undoes a Content-Encoding.
func decompress(r io.Reader, encoding string) (io.Reader, func(), error) {
	switch encoding {
	case "", "identity":
		return r, func() {}, nil
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, nil, tocsin.Wrap(err, tocsin.Invalid, "The gzip stream is damaged at its beginning.")
		}
		return z, func() { _ = z.Close() }, nil // it only reads
	case "deflate", "zlib":
		z, err := zlib.NewReader(r)
		if err != nil {
			return nil, nil, tocsin.Wrap(err, tocsin.Invalid, "The deflate stream is damaged at its beginning.")
		}
		return z, func() { _ = z.Close() }, nil // it only reads
	case "zstd":
		z, err := zstd.NewReader(r, zstd.WithDecoderMaxWindow(windowLimit), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, nil, tocsin.Wrap(err, tocsin.Invalid, "The zstd stream is damaged at its beginning.")
		}
		return z, z.Close, nil
	case "x-snappy-framed":
		return s2.NewReader(r, s2.ReaderMaxBlockSize(1<<20)), func() {}, nil
	case "snappy":
		return snappy(r)
	}
	return nil, nil, tocsin.Wrap(&UnknownEncoding{encoding}, tocsin.Invalid, "The Content-Encoding %q cannot be read. Use gzip, zstd, deflate, snappy or none.", encoding)
}

// snappy reads either form that goes by the name: frames, or one block.
func snappy(r io.Reader) (io.Reader, func(), error) {
	const blockLimit = 16 << 20 // a block is decoded at once, so it has a limit of its own
	block, err := io.ReadAll(io.LimitReader(r, blockLimit+1))
	if err != nil {
		return nil, nil, tocsin.Wrap(err, tocsin.Invalid, "The body ends early.")
	}
	if bytes.HasPrefix(block, []byte("\xff\x06\x00\x00")) {
		return s2.NewReader(io.MultiReader(bytes.NewReader(block), r), s2.ReaderMaxBlockSize(1<<20)), func() {}, nil
	}
	n, err := s2.DecodedLen(block)
	if err == nil && (len(block) > blockLimit || n > blockLimit) {
		return nil, nil, tooLarge(blockLimit)
	}
	if err == nil {
		block, err = s2.Decode(nil, block)
	}
	if err != nil {
		return nil, nil, tocsin.Wrap(err, tocsin.Invalid, "The snappy block is damaged.")
	}
	return bytes.NewReader(block), func() {}, nil
}
