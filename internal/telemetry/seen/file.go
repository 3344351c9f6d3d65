package seen

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
)

// The set is written to a file now and then, so that opening a store of
// many million events does not read all their ids. The file is a cache: it is
// checked, and built anew from the database when anything about it is odd.
//
// Form: magic, the database's identity (36 bytes), watermark, floor and
// number of ids (little-endian, 8 bytes each); then for each shard the number
// of cells and the cells (4 bytes each); last the CRC-32C of all before.

const magic = "tocsin seen 1\n"

// Write writes the set to a file, in whole or not at all.
func (s *Set) Write(path, identity string, watermark int64) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "seen.*.tmp")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	w := bufio.NewWriterSize(io.MultiWriter(f, sum), 1<<20)
	head := append([]byte(magic), identity...)
	for _, n := range []int64{watermark, s.Floor, int64(s.n)} {
		head = binary.LittleEndian.AppendUint64(head, uint64(n))
	}
	if _, err := w.Write(head); err != nil {
		return err
	}
	var buffer []byte
	for i := range s.shards {
		buffer = binary.LittleEndian.AppendUint32(buffer[:0], uint32(s.shards[i].n))
		for _, cell := range s.shards[i].cells {
			if cell != 0 {
				buffer = binary.LittleEndian.AppendUint32(buffer, cell)
			}
		}
		if _, err := w.Write(buffer); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if _, err := f.Write(binary.LittleEndian.AppendUint32(nil, sum.Sum32())); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// Read reads the file that Write wrote for the database of that identity. It
// refuses a file that is damaged or of another database.
func Read(path, identity string) (s *Set, watermark int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	r := &checkedReader{in: bufio.NewReaderSize(f, 1<<20), sum: crc32.New(crc32.MakeTable(crc32.Castagnoli))}
	head := make([]byte, len(magic)+len(identity)+24)
	if err := r.read(head); err != nil {
		return nil, 0, err
	}
	if string(head[:len(magic)]) != magic || string(head[len(magic):len(head)-24]) != identity {
		return nil, 0, errors.New("the file belongs to another database or version")
	}
	numbers := head[len(head)-24:]
	watermark = int64(binary.LittleEndian.Uint64(numbers))
	s = &Set{Floor: int64(binary.LittleEndian.Uint64(numbers[8:])), n: int(binary.LittleEndian.Uint64(numbers[16:]))}
	total := 0
	for i := range s.shards {
		n, err := s.shards[i].read(r)
		if err != nil {
			return nil, 0, err
		}
		total += n
	}
	want := r.sum.Sum32()
	var tail [4]byte
	if err := r.read(tail[:]); err != nil {
		return nil, 0, err
	}
	if binary.LittleEndian.Uint32(tail[:]) != want || total != s.n {
		return nil, 0, errors.New("the file is damaged")
	}
	return s, watermark, nil
}

// maxShardCells bounds what a damaged file can make us allocate.
const maxShardCells = 1 << 20

// read fills the empty shard.
func (s *shard) read(r *checkedReader) (int, error) {
	var count [4]byte
	if err := r.read(count[:]); err != nil {
		return 0, err
	}
	n := int(binary.LittleEndian.Uint32(count[:]))
	if n > maxShardCells {
		return 0, fmt.Errorf("the file is damaged: %d cells in a shard", n)
	}
	if n == 0 {
		return 0, nil
	}
	size := 8
	for 3*size <= 4*n {
		size *= 2
	}
	s.cells = make([]uint32, size)
	cells := make([]byte, 4*n)
	if err := r.read(cells); err != nil {
		return 0, err
	}
	for ; len(cells) > 0; cells = cells[4:] {
		s.insert(binary.LittleEndian.Uint32(cells))
	}
	return s.n, nil
}

// checkedReader sums up what it reads.
type checkedReader struct {
	in  io.Reader
	sum hash.Hash32
}

func (r *checkedReader) read(p []byte) error {
	if _, err := io.ReadFull(r.in, p); err != nil {
		return fmt.Errorf("the file ends early: %w", err)
	}
	_, _ = r.sum.Write(p) // a hash never fails
	return nil
}
