package duck

import (
	"fmt"
	"runtime"
	"strings"
	"unicode/utf8"
	"unsafe"

	capi "github.com/duckdb/duckdb-go-bindings"
)

// ChunkRows is the greatest number of rows Append takes at once.
const ChunkRows = 2048

// An Appender adds rows to one table inside the connection's transaction. It
// must be closed before the transaction ends.
type Appender struct {
	appender capi.Appender
	chunk    capi.DataChunk
	writers  []Writer
	arena    arena
}

// NewAppender opens an appender for all columns of a table.
func (c *Conn) NewAppender(schema, table string) (*Appender, error) {
	a := &Appender{}
	if capi.AppenderCreate(c.conn, schema, table, &a.appender) == capi.StateError {
		err := a.failure()
		capi.AppenderDestroy(&a.appender)
		return nil, err
	}
	n := int(capi.AppenderColumnCount(a.appender))
	types := make([]capi.LogicalType, n)
	for i := range types {
		types[i] = capi.AppenderColumnType(a.appender, capi.IdxT(i))
	}
	a.chunk = capi.CreateDataChunk(types)
	for i := range types {
		capi.DestroyLogicalType(&types[i])
	}
	a.writers = make([]Writer, n)
	return a, nil
}

// Append adds n rows, at most ChunkRows. fill is called once per column and
// must write every one of its n cells.
func (a *Appender) Append(n int, fill func(column int, w *Writer) error) error {
	return a.add(n, func() error {
		for i := range a.writers {
			if err := fill(i, &a.writers[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// AppendRows adds n rows, at most ChunkRows. fill writes them one by one: before
// it writes cell i of a column it calls Reach(i). Cells that it passes over are
// what the columns' blanks say.
func (a *Appender) AppendRows(n int, blanks []Blank, fill func(columns []Writer) error) error {
	return a.add(n, func() error {
		for i := range a.writers {
			a.writers[i].blank = blanks[i]
		}
		if err := fill(a.writers); err != nil {
			return err
		}
		for i := range a.writers {
			a.writers[i].Reach(n)
		}
		return nil
	})
}

func (a *Appender) add(n int, fill func() error) error {
	if n > ChunkRows {
		return fmt.Errorf("%d rows in a chunk, at most %d", n, ChunkRows)
	}
	capi.DataChunkReset(a.chunk)
	a.arena.reset()
	for i := range a.writers {
		vector := capi.DataChunkGetVector(a.chunk, capi.IdxT(i))
		a.writers[i] = Writer{vector: vector, data: capi.VectorGetData(vector), arena: &a.arena}
	}
	if err := fill(); err != nil {
		return err
	}
	capi.DataChunkSetSize(a.chunk, capi.IdxT(n))
	if capi.AppendDataChunk(a.appender, a.chunk) == capi.StateError {
		return a.failure()
	}
	return nil
}

// Close hands what is buffered to the transaction and frees the appender.
func (a *Appender) Close() error {
	var err error
	if capi.AppenderClose(a.appender) == capi.StateError {
		err = a.failure()
	}
	a.Discard()
	return err
}

// Discard frees the appender; what is buffered is lost.
func (a *Appender) Discard() {
	if a.chunk.Ptr != nil {
		capi.DestroyDataChunk(&a.chunk)
	}
	if a.appender.Ptr != nil {
		capi.AppenderClear(a.appender)
		capi.AppenderDestroy(&a.appender)
	}
	a.arena.free()
}

func (a *Appender) failure() error {
	data := capi.AppenderErrorData(a.appender)
	defer capi.DestroyErrorData(&data)
	return &Error{Class: capi.ErrorDataErrorType(data), Message: capi.ErrorDataMessage(data)}
}

// A Writer writes the cells of one column of a chunk, in any order.
type Writer struct {
	vector   capi.Vector
	data     unsafe.Pointer
	validity unsafe.Pointer // nil until the first null
	arena    *arena
	blank    Blank
	next     int // the first cell that Reach has not passed
}

// A Blank is what stands in the cells of a column that are passed over: NULL or,
// in a column of texts, a text.
type Blank struct {
	IsText bool
	Text   string
}

// Reach makes the cells between the last one reached and i blank.
func (w *Writer) Reach(i int) {
	for ; w.next < i; w.next++ {
		if w.blank.IsText {
			w.Text(w.next, w.blank.Text)
		} else {
			w.Null(w.next)
		}
	}
	w.next = i + 1
}

// cell returns the i-th cell of a vector as a T.
func cell[T any](w *Writer, i int) *T {
	return (*T)(unsafe.Add(w.data, uintptr(i)*unsafe.Sizeof(*new(T))))
}

// Null makes cell i NULL.
func (w *Writer) Null(i int) {
	if w.validity == nil {
		capi.VectorEnsureValidityWritable(w.vector)
		w.validity = capi.VectorGetValidity(w.vector)
	}
	*(*uint64)(unsafe.Add(w.validity, i/64*8)) &^= 1 << (i & 63)
}

// Bool writes a BOOLEAN.
func (w *Writer) Bool(i int, v bool) { *cell[bool](w, i) = v }

// Int writes an INTEGER.
func (w *Writer) Int(i int, v int32) { *cell[int32](w, i) = v }

// Long writes a BIGINT.
func (w *Writer) Long(i int, v int64) { *cell[int64](w, i) = v }

// Real writes a DOUBLE.
func (w *Writer) Real(i int, v float64) { *cell[float64](w, i) = v }

// Text writes a VARCHAR or JSON. Bytes that are not UTF-8 become U+FFFD, because
// DuckDB takes UTF-8 for granted.
func (w *Writer) Text(i int, s string) {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	putText(w, i, s)
}

// UTF8 writes a VARCHAR or JSON from bytes that are valid UTF-8.
func (w *Writer) UTF8(i int, text []byte) { putText(w, i, text) }

func putText[T string | []byte](w *Writer, i int, s T) {
	c := cell[stringCell](w, i)
	*c = stringCell{length: uint32(len(s))}
	if len(s) <= inlineBytes {
		copy(unsafe.Slice(&c.head[0], inlineBytes), s)
		return
	}
	copy(c.head[:], s)
	*(*uintptr)(unsafe.Pointer(&c.tail)) = keep(w.arena, s)
}

// Wide writes a UUID or a DECIMAL(38,17) as ParseUUID and ParseDecimal give it.
func (w *Writer) Wide(i int, low, high uint64) {
	*cell[hugeCell](w, i) = hugeCell{low: low, high: int64(high)}
}

// UUID writes a UUID; false when s is none.
func (w *Writer) UUID(i int, s string) bool {
	v, ok := parseUUID(s)
	*cell[hugeCell](w, i) = v
	return ok
}

// Decimal writes a DECIMAL(38,17); false when s is no such number.
func (w *Writer) Decimal(i int, s string) bool {
	v, ok := parseDecimal(s)
	*cell[hugeCell](w, i) = v
	return ok
}

// ParseUUID returns the 128 bits that the engine stores for a UUID; false when s
// is none.
func ParseUUID(s string) (low, high uint64, ok bool) {
	v, ok := parseUUID(s)
	return v.low, uint64(v.high), ok
}

// ParseDecimal returns the 128 bits that the engine stores for a DECIMAL(38,17);
// false when s is no such number.
func ParseDecimal(s string) (low, high uint64, ok bool) {
	v, ok := parseDecimal(s)
	return v.low, uint64(v.high), ok
}

// arena holds the text that string cells point at until DuckDB has copied it.
// Its blocks are pinned: C sees their addresses.
type arena struct {
	blocks [][]byte
	block  int // the one being filled
	used   int // bytes of it
	large  [][]byte
	pins   runtime.Pinner
}

const arenaBlock = 1 << 20

// keep copies s into the arena and returns its address, good until reset.
func keep[T string | []byte](a *arena, s T) uintptr {
	if len(s) > arenaBlock/4 {
		b := []byte(s)
		a.pins.Pin(&b[0])
		a.large = append(a.large, b)
		return uintptr(unsafe.Pointer(&b[0]))
	}
	if len(a.blocks) > 0 && a.used+len(s) > arenaBlock {
		a.block, a.used = a.block+1, 0
	}
	if a.block == len(a.blocks) {
		b := make([]byte, arenaBlock)
		a.pins.Pin(&b[0])
		a.blocks = append(a.blocks, b)
	}
	b := a.blocks[a.block][a.used : a.used+len(s)]
	copy(b, s)
	a.used += len(s)
	return uintptr(unsafe.Pointer(&b[0]))
}

// reset makes the blocks free for the next chunk. Rare large texts stay pinned
// until free; they are dropped then.
func (a *arena) reset() { a.block, a.used = 0, 0 }

func (a *arena) free() {
	a.pins.Unpin()
	a.blocks, a.large, a.block, a.used = nil, nil, 0, 0
}
