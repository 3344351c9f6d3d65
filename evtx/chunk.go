package evtx

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

const (
	chunkSize       = 1 << 16
	chunkHeader     = 512 // records start behind it
	recordHeader    = 24
	minRecord       = 28 // header and the copy of the size
	chunkMagic      = "ElfChnk\x00"
	recordMagic     = 0x00002A2A
	nameHeader      = 8 // next offset, hash, count
	instanceHeader  = 10
	slotDescription = 4
	maxName         = 256 // characters; the longest in the corpora has 35
)

// A chunk is 64 KiB of a log and what was compiled from it. All offsets inside
// count from its start.
type chunk struct {
	data      []byte // always chunkSize long, zero-padded when the file ends early
	index     int64
	offset    int64 // in the file
	names     map[uint32]chunkName
	templates map[uint32]*template // by offset of the definition
	compiled  int                  // bytes compiled, see maxCompile
	kept      bool                 // a clone refers to it, so it is not reused
}

type chunkName struct {
	text string
	size int // bytes the inline form takes
}

func newChunk() *chunk {
	return &chunk{
		data:      make([]byte, chunkSize),
		names:     make(map[uint32]chunkName, 128),
		templates: make(map[uint32]*template, 16),
	}
}

// reset makes the chunk ready for the next 64 KiB in data.
func (c *chunk) reset(index, offset int64) {
	c.index, c.offset, c.compiled = index, offset, 0
	clear(c.names)
	clear(c.templates)
}

// A chunkInfo is the header of a chunk.
type chunkInfo struct {
	firstNumber, lastNumber uint64
	firstID, lastID         uint64
	free                    int // offset behind the last record, clamped to the chunk
	flags                   uint32
}

func (c *chunk) info() chunkInfo {
	u64 := func(at int) uint64 { return binary.LittleEndian.Uint64(c.data[at:]) }
	info := chunkInfo{
		firstNumber: u64(8), lastNumber: u64(16), firstID: u64(24), lastID: u64(32),
		flags: binary.LittleEndian.Uint32(c.data[120:]),
	}
	free := binary.LittleEndian.Uint32(c.data[48:])
	info.free = int(min(max(free, chunkHeader), chunkSize))
	return info
}

// expected is the number of records the header announces, 0 for none or for
// a range that cannot fit into a chunk.
func (i chunkInfo) expected() int64 {
	n := i.lastNumber - i.firstNumber + 1
	if i.lastNumber < i.firstNumber || n > chunkSize/minRecord {
		return 0
	}
	return int64(n)
}

// checksums compares the two CRC32 of the header and says what is wrong.
func (c *chunk) checksums(info chunkInfo) (wrong []string) {
	head := crc32.ChecksumIEEE(c.data[:120])
	head = crc32.Update(head, crc32.IEEETable, c.data[128:chunkHeader])
	if stored := binary.LittleEndian.Uint32(c.data[124:]); stored != head {
		wrong = append(wrong, fmt.Sprintf("checksum of the chunk header is %08x, stored %08x", head, stored))
	}
	events := crc32.ChecksumIEEE(c.data[chunkHeader:info.free])
	if stored := binary.LittleEndian.Uint32(c.data[52:]); stored != events {
		wrong = append(wrong, fmt.Sprintf("checksum of the chunk's records is %08x, stored %08x", events, stored))
	}
	return wrong
}

// recordAt returns the size of the record at off, or why there is none that
// ends at or before limit.
func (c *chunk) recordAt(off, limit int) (int, error) {
	if off+minRecord > limit {
		return 0, fmt.Errorf("%w: %d bytes left for a record", ErrTruncated, limit-off)
	}
	if magic := binary.LittleEndian.Uint32(c.data[off:]); magic != recordMagic {
		return 0, fmt.Errorf("record signature is %08x", magic)
	}
	size := binary.LittleEndian.Uint32(c.data[off+4:])
	if size < minRecord || int64(size) > int64(limit-off) {
		return 0, fmt.Errorf("record size is %d, %d bytes are left", size, limit-off)
	}
	if again := binary.LittleEndian.Uint32(c.data[off+int(size)-4:]); again != size {
		return 0, fmt.Errorf("record size is %d, its copy %d", size, again)
	}
	return int(size), nil
}

// nextRecord finds the first offset from off on where a whole record stands;
// limit if there is none. Signature, size and copy of the size must agree.
func (c *chunk) nextRecord(off, limit int) int {
	for ; off+minRecord <= limit; off++ {
		if c.data[off] != 0x2A || binary.LittleEndian.Uint32(c.data[off:]) != recordMagic {
			continue
		}
		if _, err := c.recordAt(off, limit); err == nil {
			return off
		}
	}
	return limit
}

// zero says whether data[from:to] holds nothing.
func (c *chunk) zero(from, to int) bool {
	for from < to && from%8 != 0 {
		if c.data[from] != 0 {
			return false
		}
		from++
	}
	for ; from+8 <= to; from += 8 {
		if binary.LittleEndian.Uint64(c.data[from:]) != 0 {
			return false
		}
	}
	for ; from < to; from++ {
		if c.data[from] != 0 {
			return false
		}
	}
	return true
}

// nameAt reads the name at a chunk offset, and the size of its inline form.
func (c *chunk) nameAt(off uint32, sym *symbols) (string, int, error) {
	if n, ok := c.names[off]; ok {
		return n.text, n.size, nil
	}
	if off < 128 || off > chunkSize-nameHeader {
		return "", 0, fmt.Errorf("name at chunk offset %d is outside the chunk", off)
	}
	count := int(binary.LittleEndian.Uint16(c.data[off+6:]))
	from := int(off) + nameHeader
	if from+2*count+2 > chunkSize {
		return "", 0, fmt.Errorf("name of %d characters at chunk offset %d ends outside the chunk", count, off)
	}
	if count == 0 || count > maxName {
		return "", 0, fmt.Errorf("name of %d characters at chunk offset %d", count, off)
	}
	var buf [256]byte
	n := chunkName{text: sym.text(appendUTF16(buf[:0], c.data[from:from+2*count])), size: nameHeader + 2*count + 2}
	c.names[off] = n
	return n.text, n.size, nil
}

// An instance is the use of a template: where its definition is and where its
// values are.
type instance struct {
	id         uint32
	definition int // chunk offset of the definition
	values     int // chunk offset of the count of values
	next       int // chunk offset behind the values
}

// instanceAt reads a template instance that must end at or before end.
func (c *chunk) instanceAt(pos, end int) (instance, error) {
	if pos+instanceHeader > end {
		return instance{}, fmt.Errorf("template instance: %w", ErrTruncated)
	}
	in := instance{id: binary.LittleEndian.Uint32(c.data[pos+2:])}
	off := binary.LittleEndian.Uint32(c.data[pos+6:])
	if off < chunkHeader || int64(off)+definitionHeader > chunkSize {
		in.definition = -1
	} else {
		in.definition = int(off)
	}
	in.values = pos + instanceHeader
	if in.definition == in.values {
		if in.values+definitionHeader > end {
			return instance{}, fmt.Errorf("template definition: %w", ErrTruncated)
		}
		size := binary.LittleEndian.Uint32(c.data[in.definition+20:])
		if int64(size) > int64(end-in.values-definitionHeader) {
			return instance{}, fmt.Errorf("template definition of %d bytes: %w", size, ErrTruncated)
		}
		in.values += definitionHeader + int(size)
	}
	if in.values+4 > end {
		return instance{}, fmt.Errorf("template values: %w", ErrTruncated)
	}
	count := int64(binary.LittleEndian.Uint32(c.data[in.values:]))
	at := int64(in.values) + 4
	if at+count*slotDescription > int64(end) {
		return instance{}, fmt.Errorf("%d template values: %w", count, ErrTruncated)
	}
	next := at + count*slotDescription
	for i := range count {
		next += int64(binary.LittleEndian.Uint16(c.data[at+i*slotDescription:]))
	}
	if next > int64(end) {
		return instance{}, fmt.Errorf("template values: %w by %d bytes", ErrTruncated, next-int64(end))
	}
	in.next = int(next)
	return in, nil
}

func (c *chunk) skipInstance(pos, end int) (int, error) {
	in, err := c.instanceAt(pos, end)
	if err != nil {
		return pos, err
	}
	return in.next, nil
}

// another says whether a second fragment follows the end of one at pos. What
// else stands there is padding, which can hold anything.
func (c *chunk) another(pos, end int) bool {
	if end-pos <= fragmentHeader || c.data[pos] != tokenFragment || c.data[pos+1] != 1 || c.data[pos+2] != 1 {
		return false
	}
	next := c.data[pos+fragmentHeader]
	return next == tokenInstance || next&^tokenMoreFlag == tokenOpenStart
}

// template returns the compiled definition of an instance, compiling it at
// first use. The error wraps errMissingTemplate unless a limit was hit.
func (c *chunk) template(in instance, sym *symbols) (*template, error) {
	if in.definition < 0 {
		return nil, errMissingTemplate
	}
	t, ok := c.templates[uint32(in.definition)]
	if !ok {
		size := int64(binary.LittleEndian.Uint32(c.data[in.definition+20:]))
		end := int64(in.definition) + definitionHeader + size
		if end > chunkSize {
			return nil, errMissingTemplate
		}
		if c.compiled += int(size); c.compiled > maxCompile {
			return nil, fmt.Errorf("%w: more than %d bytes of template definitions in a chunk", ErrLimit, maxCompile)
		}
		t = &template{nodes: make([]node, 0, size/24)}
		copy(t.guid[:], c.data[in.definition+4:])
		t.broken = compileDefinition(c, sym, in.definition+definitionHeader, int(end), t)
		c.templates[uint32(in.definition)] = t
	}
	if t.broken != nil {
		return nil, fmt.Errorf("%w: %w", errMissingTemplate, t.broken)
	}
	if id := binary.LittleEndian.Uint32(t.guid[:]); id != in.id {
		return nil, fmt.Errorf("%w: instance asks for %08x, offset %d holds %08x", errMissingTemplate, in.id, in.definition, id)
	}
	return t, nil
}
