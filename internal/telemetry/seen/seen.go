// Package seen remembers which events may have been stored.
//
// It promises never to call an id new that was inserted, at four bytes per id,
// and to come back from its file only as it was written, and for the database it
// was written for. It does not promise that an id it knows was stored: whoever
// keeps the rows decides. It is tested with ids in and out, with damaged files,
// and by the store that sends everything twice.
package seen

import "github.com/tocsin-soc/tocsin"

// A Set remembers which events may have been stored. It has no false
// negatives: an id it has not seen is surely new. An id it has seen (or one
// that shares its 47 bits: about one in three million lookups with 50 million
// events) is looked up in its table, which alone decides. So the set may hold
// too much (events rolled back or deleted), never too little, and needs no log
// of its own.
//
// It costs 4 bytes per event at a load of at most 3/4: 65,536 small open
// addressing tables, each grown by itself, so that growing never doubles the
// whole. The zero Set is empty. It is not safe for concurrent use.
type Set struct {
	Floor int64 // ids of rows with an _IngestionTime up to it (ticks) are not in the set; kept for its owner

	shards [1 << shardBits]shard
	n      int
}

const shardBits = 16

type shard struct {
	cells []uint32 // 0 is empty
	n     int
}

// Insert adds an id and reports whether it was surely not there.
func (s *Set) Insert(id tocsin.EventID) (added bool) {
	h := fingerprint(id)
	if s.shards[h>>48].insert(uint32(h>>16) | 1) {
		s.n++
		return true
	}
	return false
}

func (s *shard) insert(cell uint32) bool {
	if 4*s.n >= 3*len(s.cells) {
		s.grow()
	}
	i := s.find(cell)
	if s.cells[i] != 0 {
		return false
	}
	s.cells[i] = cell
	s.n++
	return true
}

// find returns the position of cell, or the free one where it belongs.
func (s *shard) find(cell uint32) int {
	mask := len(s.cells) - 1
	i := int(cell>>1) & mask
	for s.cells[i] != 0 && s.cells[i] != cell {
		i = (i + 1) & mask
	}
	return i
}

func (s *shard) grow() {
	old := s.cells
	s.cells = make([]uint32, max(8, 2*len(old)))
	for _, cell := range old {
		if cell != 0 {
			s.cells[s.find(cell)] = cell
		}
	}
}

// fingerprint spreads an id over 64 bits: the first 16 hexadecimal digits of
// the ids tocsin.IdentifyEvent makes, FNV-1a of any other.
func fingerprint(id tocsin.EventID) uint64 {
	if len(id) >= 16 {
		var h uint64
		for i := 0; i < 16; i++ {
			d := hexDigit(id[i])
			if d > 15 {
				return fnv(id)
			}
			h = h<<4 | uint64(d)
		}
		return h
	}
	return fnv(id)
}

func hexDigit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	}
	return 255
}

func fnv(id tocsin.EventID) uint64 {
	h := uint64(14695981039346656037)
	for i := 0; i < len(id); i++ {
		h = (h ^ uint64(id[i])) * 1099511628211
	}
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	return h ^ h>>33
}

// Len returns the number of ids in the set.
func (s *Set) Len() int { return s.n }
