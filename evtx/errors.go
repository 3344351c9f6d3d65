package evtx

import (
	"errors"
	"fmt"
)

// ErrNotEVTX is returned by NewReader and NewStream for input that does not
// start with an EVTX file header.
var ErrNotEVTX = errors.New("not an EVTX file: the ElfFile signature is missing")

// ErrTruncated is wrapped by the error of a file, chunk or record that ends
// before its declared length. Records in front of the cut are still returned.
var ErrTruncated = errors.New("input ends early")

// ErrLimit is wrapped by the error of a record that asks for more work, depth
// or output than an honest record can.
var ErrLimit = errors.New("limit exceeded")

// errMissingTemplate makes a record degraded, not damaged: its values can be
// read, their names cannot.
var errMissingTemplate = errors.New("template definition is missing")

// A ChunkError reports a 64 KiB chunk that could not be read as one.
type ChunkError struct {
	Index  int64 // number of the chunk in the file, from 0
	Offset int64 // byte offset in the file
	Err    error
}

func (e *ChunkError) Error() string {
	return fmt.Sprintf("reading chunk %d at offset %d: %v", e.Index, e.Offset, e.Err)
}

func (e *ChunkError) Unwrap() error { return e.Err }

// A RecordError reports bytes that should hold one or more records and could
// not be decoded.
type RecordError struct {
	Chunk  int64  // number of the chunk in the file, from 0
	Offset int64  // byte offset in the file of the first damaged byte
	Size   int64  // damaged bytes
	ID     uint64 // event record id, 0 if it cannot be read
	Lost   int64  // records lost here, at least 1, judged by the neighbours' ids
	Err    error
}

func (e *RecordError) Error() string {
	return fmt.Sprintf("reading record %d at offset %d (%d bytes): %v", e.ID, e.Offset, e.Size, e.Err)
}

func (e *RecordError) Unwrap() error { return e.Err }

// A Warning is something wrong with the file that cost no record.
type Warning struct {
	Chunk  int64 // number of the chunk, -1 for the file header
	Offset int64 // byte offset in the file
	Reason string
}

func (w Warning) String() string {
	return fmt.Sprintf("offset %d: %s", w.Offset, w.Reason)
}

// Counts is the balance of a reading: nothing is lost without a place here.
type Counts struct {
	Chunks        int64 // chunks with the right signature
	EmptyChunks   int64 // zeroed chunks, skipped
	DamagedChunks int64 // chunks reported by a ChunkError
	Expected      int64 // records that the headers of the chunks announce
	Records       int64 // records returned, all origins
	Uncommitted   int64 // of these: behind the free-space mark of a dirty log
	Carved        int64 // of these: recovered from slack space
	Degraded      int64 // of these: values without names, see Record.Problem
	Damaged       int64 // records lost, the sum of RecordError.Lost
	Warnings      int64 // warnings raised; Reader.Warnings keeps the first 1,000
}
