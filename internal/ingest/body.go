package ingest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/tocsin-soc/tocsin"
)

// A Body is a request's body, whole and decompressed, and the room it holds.
// Release gives that back once nothing of the body is needed; Grow takes room
// for what is made of it.
type Body struct {
	Bytes []byte
	Room
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
	return ReadMessage(r.Body, r.Header.Get("Content-Encoding"), r.ContentLength, limit, budget)
}

// ReadMessage is ReadBody for a message that is no request's body. length is what
// its sender says of its bytes, -1 for nothing.
func ReadMessage(r io.Reader, encoding string, length, limit int64, budget *Budget) (*Body, error) {
	body, undoing := &Body{Room: Room{budget: budget}}, budget.Room()
	defer undoing.Release()
	in := &capped{r: r, left: limit}
	err := body.read(in, strings.ToLower(strings.TrimSpace(encoding)), length, limit, undoing)
	switch {
	case in.over:
		err = tooLarge(limit)
	case undoing.refused != nil:
		err = undoing.refused
	}
	if err != nil {
		body.Release()
		return nil, err
	}
	return body, nil
}

func (b *Body) read(in io.Reader, encoding string, length, limit int64, undoing *Room) error {
	if encoding == "snappy" {
		block, framed, err := snappyBlock(in, undoing)
		if err != nil {
			return err
		}
		if framed == nil {
			return b.unsnap(block, limit)
		}
		in, encoding = framed, "x-snappy-framed"
	}
	if isPlain := encoding == "" || encoding == "identity"; isPlain && !b.fits(length) {
		return b.Grow(length)
	}
	expanded, err := decompress(in, encoding, undoing)
	if err != nil {
		return err
	}
	defer expanded.Close()
	return b.fill(expanded, limit, min(max(length+1, 4<<10), firstRoom))
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
		if len(b.Bytes) == cap(b.Bytes) { // what is there is paid for
			if err := b.Grow(grow); err != nil {
				return err
			}
			larger := make([]byte, len(b.Bytes), int64(cap(b.Bytes))+grow)
			copy(larger, b.Bytes)
			b.Bytes = larger
			grow = max(min(int64(cap(b.Bytes)), limit+1-int64(cap(b.Bytes))), 1)
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

// hold reads a stream whole, as it comes, into a room.
func hold(r io.Reader, limit int64, room *Room) ([]byte, error) {
	whole := Body{Room: Room{budget: room.budget}}
	err := whole.fill(r, limit, 4<<10)
	room.held, room.refused = room.held+whole.held, whole.refused
	return whole.Bytes, err
}
