package evtx

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
)

const (
	fileMagic      = "ElfFile\x00"
	fileHeader     = 4096
	flagDirty      = 1 << 0
	flagFull       = 1 << 1
	flagNoCRC32    = 1 << 2
	maxWarnings    = 1000
	minFileHeader  = 128
	maxHeaderBlock = 1 << 15
)

// Options change what a Reader returns. The zero value reads the log proper.
type Options struct {
	// Carve also returns records found in slack space and damaged chunks,
	// after the logical ones of the same chunk, marked Carved.
	Carve bool
	// ANSI appends 8-bit text as UTF-8; nil reads Windows code page 1252.
	ANSI func(dst, src []byte) []byte
}

// A Header is what the file says about itself. Only Dirty is used for reading;
// the counts are known to be wrong in real files.
type Header struct {
	FirstChunk, LastChunk uint64
	NextRecord            uint64
	Minor, Major          uint16
	BlockSize             uint16 // offset of the first chunk
	Chunks                uint16
	Flags                 uint32
}

// Dirty says that the log was not closed.
func (h Header) Dirty() bool { return h.Flags&flagDirty != 0 }

// Full says that the log had reached its size limit.
func (h Header) Full() bool { return h.Flags&flagFull != 0 }

// A Reader reads one log, front to back, once. It is not safe for concurrent
// use; it holds one chunk in memory at a time.
type Reader struct {
	src    io.Reader
	opts   Options
	header Header

	sym       *symbols
	dec       *decoder
	chunk     *chunk
	rec       Record
	json, xml *tree // made when first asked for
	scratch   []byte
	counts    Counts
	warnings  []Warning
}

// NewReader reads a log of the given size. The error wraps ErrNotEVTX if there
// is no file header and carving was not asked for.
func NewReader(src io.ReaderAt, size int64, opts Options) (*Reader, error) {
	return NewStream(io.NewSectionReader(src, 0, size), opts)
}

// NewStream reads a log from a stream such as standard input. Errors are those
// of NewReader, or the stream's.
func NewStream(src io.Reader, opts Options) (*Reader, error) {
	if opts.ANSI == nil {
		opts.ANSI = appendWindows1252
	}
	r := &Reader{src: src, opts: opts, sym: newSymbols(), chunk: newChunk()}
	r.dec = newDecoder(r.sym, formatter{ansi: opts.ANSI, digits: 7})
	return r, r.readHeader()
}

func (r *Reader) readHeader() error {
	head := make([]byte, fileHeader)
	n, err := io.ReadFull(r.src, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("reading the file header: %w", err)
	}
	if n < minFileHeader || !bytes.Equal(head[:8], []byte(fileMagic)) {
		if r.opts.Carve && n == fileHeader {
			r.header.BlockSize = fileHeader
			r.warn(-1, 0, "the file header is damaged")
			return nil
		}
		return ErrNotEVTX
	}
	u16 := func(at int) uint16 { return binary.LittleEndian.Uint16(head[at:]) }
	u64 := func(at int) uint64 { return binary.LittleEndian.Uint64(head[at:]) }
	r.header = Header{
		FirstChunk: u64(8), LastChunk: u64(16), NextRecord: u64(24),
		Minor: u16(36), Major: u16(38), BlockSize: u16(40), Chunks: u16(42),
		Flags: binary.LittleEndian.Uint32(head[120:]),
	}
	if r.header.Flags&flagNoCRC32 == 0 {
		if sum, stored := crc32.ChecksumIEEE(head[:120]), binary.LittleEndian.Uint32(head[124:]); sum != stored {
			r.warn(-1, 0, fmt.Sprintf("checksum of the file header is %08x, stored %08x", sum, stored))
		}
	}
	if r.header.Major != 3 {
		r.warn(-1, 0, fmt.Sprintf("file version is %d.%d, known are 3.0 to 3.2", r.header.Major, r.header.Minor))
	}
	switch block := int(r.header.BlockSize); {
	case block < minFileHeader || block > maxHeaderBlock:
		r.warn(-1, 0, fmt.Sprintf("header block size is %d, reading with %d", block, fileHeader))
		r.header.BlockSize = fileHeader
	case block < fileHeader:
		r.src = io.MultiReader(bytes.NewReader(head[min(block, n):n]), r.src)
	case block > fileHeader:
		if _, err := io.CopyN(io.Discard, r.src, int64(block-fileHeader)); err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("reading the file header: %w", err)
		}
	}
	return nil
}

// Header returns the file header.
func (r *Reader) Header() Header { return r.header }

// Counts returns the balance so far.
func (r *Reader) Counts() Counts { return r.counts }

// Warnings returns the first 1,000 warnings so far; Counts has their number.
func (r *Reader) Warnings() []Warning { return r.warnings }

func (r *Reader) warn(chunk, offset int64, reason string) {
	r.counts.Warnings++
	if len(r.warnings) < maxWarnings {
		r.warnings = append(r.warnings, Warning{Chunk: chunk, Offset: offset, Reason: reason})
	}
}

// Records yields every record, or a *RecordError or *ChunkError in its place,
// in file order. Reading goes on after such an error. An error of the source
// itself is yielded once and ends the iteration. A second call goes on where
// the first one stopped.
func (r *Reader) Records() iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		for {
			n, err := r.nextChunk()
			if n > 0 && !r.readChunk(n, yield) {
				return
			}
			if err != nil {
				if !errors.Is(err, io.EOF) {
					yield(nil, err)
				}
				return
			}
		}
	}
}

// nextChunk fills the chunk with the next bytes of the source.
func (r *Reader) nextChunk() (int, error) {
	index := int64(0)
	if r.chunk.offset > 0 {
		index = r.chunk.index + 1
	}
	if r.chunk.kept {
		r.chunk = newChunk()
	}
	r.chunk.reset(index, int64(r.header.BlockSize)+index*chunkSize)
	n, err := io.ReadFull(r.src, r.chunk.data)
	clear(r.chunk.data[n:])
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return n, io.EOF
	case err != nil && !errors.Is(err, io.EOF):
		return n, fmt.Errorf("reading chunk %d: %w", index, err)
	}
	return n, err
}
