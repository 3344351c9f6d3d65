package evtx

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// A walk is the way through one chunk. yield returning false stops it.
type walk struct {
	r       *Reader
	c       *chunk
	info    chunkInfo
	size    int // bytes of the chunk that the source has
	yield   func(*Record, error) bool
	lastID  uint64
	regions []region
	logical int64 // records in front of the free-space mark, whole or lost
}

// readChunk yields the records of the chunk, of which size bytes were read,
// and reports whether to go on.
func (r *Reader) readChunk(size int, yield func(*Record, error) bool) bool {
	w := walk{r: r, c: r.chunk, size: size, yield: yield}
	if string(w.c.data[:8]) != chunkMagic {
		return w.noChunk()
	}
	r.counts.Chunks++
	w.info = w.c.info()
	expected := w.info.expected()
	r.counts.Expected += expected
	if size < chunkSize {
		r.counts.DamagedChunks++
		err := &ChunkError{Index: w.c.index, Offset: w.c.offset, Err: fmt.Errorf("%w: %d of %d bytes", ErrTruncated, size, chunkSize)}
		if !yield(nil, err) {
			return false
		}
	} else if r.header.Flags&flagNoCRC32 == 0 && w.info.flags&flagNoCRC32 == 0 {
		if wrong := w.c.checksums(w.info); len(wrong) > 0 {
			r.warn(w.c.index, w.c.offset, strings.Join(wrong, "; "))
		}
	}
	w.survey(expected)
	end, ok := w.logicalRecords()
	if !ok {
		return false
	}
	if w.logical != expected {
		r.warn(w.c.index, w.c.offset, fmt.Sprintf("the chunk header announces records %d to %d, %d were found",
			w.info.firstNumber, w.info.lastNumber, w.logical))
	}
	if r.header.Dirty() {
		if end, ok = w.uncommitted(end); !ok {
			return false
		}
	}
	return !r.opts.Carve || w.carve(end)
}

// noChunk handles 64 KiB without the signature of a chunk.
func (w *walk) noChunk() bool {
	if w.c.zero(0, chunkSize) {
		w.r.counts.EmptyChunks++
		return true
	}
	w.r.counts.DamagedChunks++
	err := &ChunkError{Index: w.c.index, Offset: w.c.offset, Err: fmt.Errorf("chunk signature is %q", w.c.data[:8])}
	if !w.yield(nil, err) {
		return false
	}
	return !w.r.opts.Carve || w.carve(0)
}

// A region is what stands between two whole records and is none.
type region struct {
	from, to int
	lost     int64
	err      error
}

// survey finds the regions in front of the free-space mark, and how many
// records the chunk has lost in them: as many as its header announces more
// than are there, at least one for each region. What cannot be told apart is
// counted to the largest.
func (w *walk) survey(expected int64) {
	limit := min(w.info.free, w.size)
	w.regions, w.logical = w.regions[:0], 0
	off := chunkHeader
	for off < limit {
		size, err := w.c.recordAt(off, limit)
		if err != nil {
			next := w.c.nextRecord(off+1, limit)
			w.regions = append(w.regions, region{from: off, to: next, lost: 1, err: err})
			off = next
			continue
		}
		w.logical++
		off += size
	}
	missing := expected - w.logical
	last := len(w.regions) - 1
	if w.info.free > w.size && missing > 0 && (last < 0 || w.regions[last].to < limit) {
		w.regions = append(w.regions, region{from: off, to: off, lost: 1, err: fmt.Errorf("%w: records up to %d are announced", ErrTruncated, w.info.lastID)})
	}
	if last >= 0 && missing <= 0 && w.regions[last].to == limit && w.c.zero(w.regions[last].from, limit) {
		w.regions = w.regions[:last]
	}
	largest := 0
	for i, g := range w.regions {
		if g.to-g.from > w.regions[largest].to-w.regions[largest].from {
			largest = i
		}
	}
	if extra := missing - int64(len(w.regions)); extra > 0 && len(w.regions) > 0 {
		w.regions[largest].lost += extra
	}
	for _, g := range w.regions {
		w.logical += g.lost
	}
}

// logicalRecords yields what lies in front of the free-space mark, and returns
// where it ends.
func (w *walk) logicalRecords() (int, bool) {
	limit := min(w.info.free, w.size)
	off, regions := chunkHeader, w.regions
	for {
		if len(regions) > 0 && regions[0].from == off {
			if !w.damaged(regions[0]) {
				return off, false
			}
			off, regions = regions[0].to, regions[1:]
			continue
		}
		size, err := w.c.recordAt(off, limit)
		if err != nil {
			return off, true
		}
		if !w.record(off, size, Logical) {
			return off, false
		}
		off += size
	}
}

func (w *walk) damaged(g region) bool {
	e := &RecordError{
		Chunk: w.c.index, Offset: w.c.offset + int64(g.from), Size: int64(g.to - g.from), Lost: g.lost, Err: g.err,
	}
	if g.to-g.from >= 16 && binary.LittleEndian.Uint32(w.c.data[g.from:]) == recordMagic {
		e.ID = binary.LittleEndian.Uint64(w.c.data[g.from+8:])
	}
	w.r.counts.Damaged += g.lost
	return w.yield(nil, e)
}

// uncommitted yields records that follow the free-space mark with the next id
// in a dirty log, and returns where they end.
func (w *walk) uncommitted(off int) (int, bool) {
	for {
		size, err := w.c.recordAt(off, w.size)
		if err != nil || binary.LittleEndian.Uint64(w.c.data[off+8:]) != w.lastID+1 {
			return off, true
		}
		if !w.record(off, size, Uncommitted) {
			return off, false
		}
		off += size
	}
}

// carve yields every whole record from off on, at any alignment.
func (w *walk) carve(off int) bool {
	for off < w.size {
		off = w.c.nextRecord(off, w.size)
		if off >= w.size {
			break
		}
		size, err := w.c.recordAt(off, w.size)
		if err != nil {
			break
		}
		if !w.record(off, size, Carved) {
			return false
		}
		off += size
	}
	return true
}

// record decodes and yields one whole record.
func (w *walk) record(off, size int, origin Origin) bool {
	r := &w.r.rec
	*r = Record{
		ID:      binary.LittleEndian.Uint64(w.c.data[off+8:]),
		written: binary.LittleEndian.Uint64(w.c.data[off+16:]),
		Chunk:   w.c.index, Offset: w.c.offset + int64(off), Size: size, Origin: origin,
		chunk: w.c, from: off + recordHeader, to: off + size - 4, reader: w.r,
		fields: r.fields[:0], text: r.text[:0],
	}
	w.lastID = r.ID
	if err := w.r.dec.decode(r); err != nil {
		w.r.counts.Damaged++
		return w.yield(nil, &RecordError{Chunk: w.c.index, Offset: r.Offset, Size: int64(size), ID: r.ID, Lost: 1, Err: err})
	}
	counts := &w.r.counts
	counts.Records++
	switch {
	case origin == Uncommitted:
		counts.Uncommitted++
	case origin == Carved:
		counts.Carved++
	}
	if r.problem != nil {
		counts.Degraded++
	}
	return w.yield(r, nil)
}
