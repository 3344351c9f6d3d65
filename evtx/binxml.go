package evtx

import (
	"encoding/binary"
	"errors"
	"fmt"
)

const (
	// maxSteps bounds the work on one record. It stops values that repeat
	// themselves by nesting; a record of 64 KiB has no honest use for it.
	maxSteps = 1 << 16
	// maxChunkSteps and maxChunkText bound the work on all records of a chunk
	// and the text they yield, for each way of reading them.
	maxChunkSteps = 1 << 20
	maxChunkText  = 32 << 20
	// minItem is the least size of an element or a template instance. Records
	// are padded to multiples of 8 with whatever was in memory, with or without
	// an EOF token in front: fewer bytes behind a whole item say nothing.
	minItem = 8
	// bytesPerStep and slotsPerStep are the price of reading what leads to no
	// field.
	bytesPerStep = 64
	slotsPerStep = 16
)

// A slot is one value of a template instance.
type slot struct {
	off  int32 // in the chunk
	size uint16
	typ  uint8
}

// A binxml finds the templates and values of a record's BinXML and hands them
// on: to the flattening of a decoder, or to the building of a tree. number is
// the receiver's own mark of where a fragment stands.
type binxml struct {
	sym    *symbols
	format formatter
	// enter is called for each template instance (its count values are slots
	// from base on) and each template-less piece.
	enter func(t *template, number int32, base, count, depth int) error
	// missing is called for an instance whose template cannot be had.
	missing func(cause error, number int32, base, count, depth int) error

	chunk *chunk
	slots []slot
	steps int
	// index, chunkSteps and chunkText are the budget of the chunk being read.
	index                 int64
	chunkSteps, chunkText int
	// loose holds the compiled form of template-less pieces, by depth.
	loose [maxDepth + 1]template
}

// payload hands on the BinXML of a record; text says how much it has yielded.
func (x *binxml) payload(r *Record, text func() int) error {
	if x.chunk != r.chunk || x.index != r.Chunk {
		x.chunk, x.index, x.chunkSteps, x.chunkText = r.chunk, r.Chunk, maxChunkSteps, maxChunkText
	}
	if x.chunkSteps <= 0 || x.chunkText <= 0 {
		return fmt.Errorf("%w: the records of chunk %d ask for more than %d steps or %d bytes of text", ErrLimit, r.Chunk, maxChunkSteps, maxChunkText)
	}
	x.slots, x.steps = x.slots[:0], maxSteps
	err := x.fragment(r.from, r.to, 0, 0)
	x.chunkSteps -= maxSteps - max(x.steps, 0)
	x.chunkText -= text()
	return err
}

func (x *binxml) step() error { return x.spend(1) }

func (x *binxml) spend(steps int) error {
	if x.steps -= steps; x.steps < 0 {
		return fmt.Errorf("%w: more than %d steps in a record", ErrLimit, maxSteps)
	}
	return nil
}

func (x *binxml) bytes(s slot) []byte {
	return x.chunk.data[s.off : int(s.off)+int(s.size)]
}

// joined appends a value; the items of an array are joined by commas.
func (x *binxml) joined(dst []byte, s slot) ([]byte, Kind) {
	b := x.bytes(s)
	if s.typ&typeArray == 0 {
		return x.format.append(dst, s.typ, b)
	}
	for first := true; len(b) > 0; first = false {
		var item []byte
		item, b = nextItem(s.typ&^typeArray, b)
		if !first {
			dst = append(dst, ',')
		}
		dst, _ = x.format.append(dst, s.typ&^typeArray, item)
	}
	return dst, String
}

// fragment decodes BinXML: the payload of a record or a value of that type.
func (x *binxml) fragment(pos, end int, number int32, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("%w: BinXML values nested deeper than %d", ErrLimit, maxDepth)
	}
	for first := true; pos < end; first = false {
		if !first && end-pos < minItem {
			return nil
		}
		switch x.chunk.data[pos] &^ tokenMoreFlag {
		case tokenEOF:
			if pos++; !x.chunk.another(pos, end) {
				return nil
			}
		case tokenFragment:
			pos += fragmentHeader
		case tokenInstance:
			next, err := x.instance(pos, end, number, depth)
			if err != nil {
				return err
			}
			pos = next
		default:
			t := &x.loose[depth]
			t.plans = t.plans[:0]
			next, err := compileLoose(x.chunk, x.sym, pos, end, t)
			if err != nil {
				return err
			}
			if err := x.spend((next - pos) / bytesPerStep); err != nil {
				return err
			}
			if err := x.enter(t, number, 0, 0, depth); err != nil {
				return err
			}
			pos = next
		}
	}
	return nil
}

// instance decodes a template instance and returns the position behind it.
func (x *binxml) instance(pos, end int, number int32, depth int) (int, error) {
	in, err := x.chunk.instanceAt(pos, end)
	if err != nil {
		return 0, err
	}
	if depth > maxDepth {
		return 0, fmt.Errorf("%w: templates nested deeper than %d", ErrLimit, maxDepth)
	}
	base := len(x.slots)
	x.slots = x.chunk.appendSlots(x.slots, in)
	count := len(x.slots) - base
	if err := x.spend(1 + count/slotsPerStep); err != nil {
		return 0, err
	}
	t, err := x.chunk.template(in, x.sym)
	switch {
	case err == nil:
		err = x.enter(t, number, base, count, depth)
	case errors.Is(err, errMissingTemplate):
		err = x.missing(err, number, base, count, depth)
	}
	x.slots = x.slots[:base]
	return in.next, err
}

// appendSlots appends the descriptions of the values of an instance.
func (c *chunk) appendSlots(slots []slot, in instance) []slot {
	count := int(binary.LittleEndian.Uint32(c.data[in.values:]))
	at := in.values + 4
	off := at + count*slotDescription
	for range count {
		size := binary.LittleEndian.Uint16(c.data[at:])
		slots = append(slots, slot{off: int32(off), size: size, typ: c.data[at+2]})
		off += int(size)
		at += slotDescription
	}
	return slots
}
