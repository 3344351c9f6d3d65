package ingest

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/binary"
	"io"
	"math"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"

	"github.com/tocsin-soc/tocsin"
)

// What readers of compressed data hold besides what they read.
const (
	flateRoom   = 48 << 10  // a window of 32 KiB (RFC 1951 §2) and tables
	framesRoom  = 160 << 10 // a block of 64 KiB, packed and not (snappy's framing_format.txt §4.2)
	zstdRoom    = 512 << 10 // blocks of 128 KiB, packed and not, and tables (RFC 8878 §3.1.1.2)
	windowLimit = 64 << 20  // the most that a zstd stream may ask for
	blockLimit  = 16 << 20  // a snappy block is undone at once, so it has a limit of its own
	packedLimit = 64 << 20  // a stream whose window is paid for is held whole first
)

// decompress undoes a Content-Encoding; what its reader holds is taken from room.
func decompress(r io.Reader, encoding string, room *Room) (io.ReadCloser, error) {
	switch encoding {
	case "", "identity":
		return io.NopCloser(r), nil
	case "gzip", "x-gzip":
		return ungzip(r, room)
	case "deflate", "zlib":
		if err := room.Grow(flateRoom); err != nil {
			return nil, err
		}
		z, err := zlib.NewReader(r)
		if err != nil {
			return nil, tocsin.Wrap(err, tocsin.Invalid, "The deflate stream is damaged at its beginning.")
		}
		return z, nil
	case "zstd":
		return unzstd(r, room)
	case "x-snappy-framed":
		if err := room.Grow(framesRoom); err != nil {
			return nil, err
		}
		return io.NopCloser(s2.NewReader(r, s2.ReaderMaxBlockSize(64<<10))), nil
	}
	return nil, tocsin.Wrap(&UnknownEncoding{encoding}, tocsin.Invalid, "The Content-Encoding %q cannot be read. Use gzip, zstd, deflate, snappy or none.", encoding)
}

func ungzip(r io.Reader, room *Room) (io.ReadCloser, error) {
	if err := room.Grow(flateRoom); err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, tocsin.Wrap(err, tocsin.Invalid, "The gzip stream is damaged at its beginning.")
	}
	return z, nil
}

// unzstd undoes zstd. Twenty bytes may ask for a window of 64 MiB, so where memory
// is counted the stream is held whole first, at the cost of what was sent, and its
// windows are paid for when nobody has to be waited for any more.
func unzstd(r io.Reader, room *Room) (io.ReadCloser, error) {
	if room.budget != nil {
		whole, err := hold(r, packedLimit, room)
		if err != nil {
			return nil, err
		}
		packed := bytes.NewReader(whole)
		window := largestWindow(packed)
		if window > windowLimit {
			return nil, tocsin.Wrap(&TooLarge{windowLimit}, tocsin.Invalid, "The zstd stream asks for a window of more than %d MiB. Compress without --long and --ultra.", windowLimit>>20)
		}
		if err := room.Grow(window + zstdRoom); err != nil {
			return nil, err
		}
		r = packed
	}
	z, err := zstd.NewReader(r, zstd.WithDecoderMaxWindow(windowLimit), zstd.WithDecoderMaxMemory(windowLimit), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, tocsin.Wrap(err, tocsin.Invalid, "The zstd stream is damaged at its beginning.")
	}
	return z.IOReadCloser(), nil
}

// largestWindow is the largest window that the frames of a zstd stream ask for, as
// far as it can be read: nothing behind what cannot be read is undone.
func largestWindow(packed *bytes.Reader) (largest int64) {
	defer func() { _, _ = packed.Seek(0, io.SeekStart) }() // always possible
	skip := func(n int64) bool {
		at, err := packed.Seek(n, io.SeekCurrent)
		return err == nil && at <= packed.Size()
	}
	for {
		var magic [4]byte
		if _, err := io.ReadFull(packed, magic[:]); err != nil {
			return largest
		}
		n := binary.LittleEndian.Uint32(magic[:])
		if n&^0xf == 0x184d2a50 { // a skippable frame (§3.1.2)
			if _, err := io.ReadFull(packed, magic[:]); err != nil || !skip(int64(binary.LittleEndian.Uint32(magic[:]))) {
				return largest
			}
			continue
		}
		window, hasSum, ok := frameHeader(packed)
		if n != 0xfd2fb528 || !ok {
			return largest
		}
		largest = max(largest, window)
		for isLast := false; !isLast; {
			var head [3]byte
			if _, err := io.ReadFull(packed, head[:]); err != nil {
				return largest
			}
			block := int64(head[0]) | int64(head[1])<<8 | int64(head[2])<<16
			isLast = block&1 != 0
			size := block >> 3
			if block>>1&3 == 1 { // one byte, repeated
				size = 1
			}
			if !skip(size) {
				return largest
			}
		}
		if hasSum && !skip(4) {
			return largest
		}
	}
}

// frameHeader reads the header of a zstd frame behind its magic number (RFC 8878
// §3.1.1.1). The window of a frame that has none is its content.
func frameHeader(r *bytes.Reader) (window int64, hasSum, ok bool) {
	descriptor, err := r.ReadByte()
	if err != nil {
		return 0, false, false
	}
	isSingle := descriptor&(1<<5) != 0
	if !isSingle {
		w, err := r.ReadByte()
		if err != nil {
			return 0, false, false
		}
		base := int64(1) << (10 + w>>3)
		window = base + base/8*int64(w&7)
	}
	sizeBytes := [4]int{0, 2, 4, 8}[descriptor>>6]
	if isSingle && sizeBytes == 0 {
		sizeBytes = 1
	}
	rest := make([]byte, [4]int{0, 1, 2, 4}[descriptor&3]+sizeBytes) // the dictionary's id, the size
	if _, err := io.ReadFull(r, rest); err != nil {
		return 0, false, false
	}
	if isSingle {
		var size [8]byte
		copy(size[:], rest[len(rest)-sizeBytes:])
		n := binary.LittleEndian.Uint64(size[:])
		if sizeBytes == 2 {
			n += 256
		}
		window = int64(min(n, math.MaxInt64))
	}
	return window, descriptor&(1<<2) != 0, true
}

// snappyBlock reads what goes by the name snappy: a block, or, told by their
// beginning, frames, of which it returns the stream.
func snappyBlock(r io.Reader, room *Room) (block []byte, framed io.Reader, err error) {
	head := make([]byte, 4)
	n, err := io.ReadFull(r, head)
	whole := io.MultiReader(bytes.NewReader(head[:n]), r)
	if err == nil && string(head) == "\xff\x06\x00\x00" {
		return nil, whole, nil
	}
	held, err := hold(whole, blockLimit, room)
	if err != nil {
		return nil, nil, err
	}
	return held, nil, nil
}

// unsnap undoes a snappy block.
func (b *Body) unsnap(block []byte, limit int64) error {
	limit = min(limit, blockLimit)
	n, err := s2.DecodedLen(block)
	if err == nil {
		if int64(n) > limit {
			return tooLarge(limit)
		}
		if err := b.Grow(int64(n)); err != nil {
			return err
		}
		b.Bytes, err = s2.Decode(make([]byte, n), block)
	}
	if err != nil {
		return tocsin.Wrap(err, tocsin.Invalid, "The snappy block is damaged.")
	}
	return nil
}
