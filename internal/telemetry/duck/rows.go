package duck

import (
	"context"
	"fmt"
	"math"
	"math/big"
	"unsafe"

	capi "github.com/duckdb/duckdb-go-bindings"
)

// Rows is the streamed result of a statement, read chunk by chunk.
type Rows struct {
	ctx     context.Context
	stop    func()
	owned   *Stmt // closed with the rows; nil for a statement the caller keeps
	res     capi.Result
	columns []resultColumn
	chunk   Chunk
	err     error
	closed  bool
}

// resultColumn is how a column of the result is stored.
type resultColumn struct {
	name         string
	kind         capi.Type
	scale, width uint8     // of a decimal
	internal     capi.Type // of a decimal
}

func (r *Rows) describe() {
	n := int(capi.ColumnCount(&r.res))
	r.columns = make([]resultColumn, n)
	for i := range r.columns {
		c := &r.columns[i]
		c.name = capi.ColumnName(&r.res, capi.IdxT(i))
		c.kind = capi.ColumnType(&r.res, capi.IdxT(i))
		if c.kind == capi.TypeDecimal {
			t := capi.ColumnLogicalType(&r.res, capi.IdxT(i))
			c.scale, c.width, c.internal = capi.DecimalScale(t), capi.DecimalWidth(t), capi.DecimalInternalType(t)
			capi.DestroyLogicalType(&t)
		}
	}
}

// Own makes Close also close the statement the rows came from.
func (r *Rows) Own(s *Stmt) { r.owned = s }

// Names returns the column names.
func (r *Rows) Names() []string {
	names := make([]string, len(r.columns))
	for i, c := range r.columns {
		names[i] = c.name
	}
	return names
}

// NextChunk moves to the next chunk, at most 2,048 rows; false at the end or
// after an error. Chunk is valid until the next call.
func (r *Rows) NextChunk() bool {
	if r.err != nil || r.closed {
		return false
	}
	raw := capi.FetchChunk(r.res)
	if raw.Ptr == nil {
		if message := capi.ResultError(&r.res); message != "" {
			r.err = r.failure()
		} else {
			r.err = r.ctx.Err()
		}
		return false
	}
	defer capi.DestroyDataChunk(&raw)
	n := int(capi.DataChunkGetSize(raw))
	if n == 0 {
		return false
	}
	r.chunk.Len = n
	if r.chunk.Columns == nil {
		r.chunk.Columns = make([]Column, len(r.columns))
	}
	for i := range r.columns {
		vector := capi.DataChunkGetVector(raw, capi.IdxT(i))
		if err := r.chunk.Columns[i].read(&r.columns[i], vector, n); err != nil {
			r.err = fmt.Errorf("reading column %s: %w", r.columns[i].name, err)
			return false
		}
	}
	return true
}

// Chunk returns the current chunk.
func (r *Rows) Chunk() *Chunk { return &r.chunk }

// TakeChunk returns the current chunk and gives it away: it stays valid.
func (r *Rows) TakeChunk() Chunk {
	c := r.chunk
	r.chunk = Chunk{}
	return c
}

// Err returns what ended the reading early: the context's error if it was
// cancelled, else DuckDB's.
func (r *Rows) Err() error { return r.err }

func (r *Rows) failure() error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	return resultError(&r.res)
}

// Close stops the statement and frees the result. It may be called twice.
func (r *Rows) Close() {
	if r.closed {
		return
	}
	r.closed = true
	r.stop()
	capi.DestroyResult(&r.res)
	if r.owned != nil {
		r.owned.Close()
	}
}

// A Chunk is a piece of a result, column by column.
type Chunk struct {
	Len     int
	Columns []Column
}

// A Kind says which field of a Column holds its cells.
type Kind uint8

// The kinds of column.
const (
	NoCells Kind = iota // all null
	Bools
	Ints
	Reals
	Texts
)

// A Column is the cells of one column of a chunk, in the field that Kind says.
type Column struct {
	Kind  Kind
	Null  []bool // nil when no cell is null
	Bools []bool
	Ints  []int64
	Reals []float64
	Texts []string
}

// Value returns cell i as nil, bool, int64, float64 or string.
func (c *Column) Value(i int) any {
	if c.Null != nil && c.Null[i] {
		return nil
	}
	switch c.Kind {
	case Bools:
		return c.Bools[i]
	case Ints:
		return c.Ints[i]
	case Reals:
		return c.Reals[i]
	case Texts:
		return c.Texts[i]
	}
	return nil
}

// Bytes estimates the memory the cells take.
func (c *Column) Bytes() int {
	n := len(c.Bools) + 8*len(c.Ints) + 8*len(c.Reals) + 16*len(c.Texts)
	for _, s := range c.Texts {
		n += len(s)
	}
	return n
}

// view returns the n cells at p without copying.
func view[T any](p unsafe.Pointer, n int) []T { return unsafe.Slice((*T)(p), n) }

// read copies n cells of a vector.
func (c *Column) read(rc *resultColumn, vector capi.Vector, n int) error {
	*c = Column{}
	if mask := capi.VectorGetValidity(vector); mask != nil {
		c.Null = nulls(mask, n)
	}
	data := capi.VectorGetData(vector)
	switch rc.kind {
	case capi.TypeBoolean:
		c.Kind, c.Bools = Bools, append([]bool(nil), view[bool](data, n)...)
	case capi.TypeTinyInt:
		c.Kind, c.Ints = Ints, widen(view[int8](data, n))
	case capi.TypeUTinyInt:
		c.Kind, c.Ints = Ints, widen(view[uint8](data, n))
	case capi.TypeSmallInt:
		c.Kind, c.Ints = Ints, widen(view[int16](data, n))
	case capi.TypeUSmallInt:
		c.Kind, c.Ints = Ints, widen(view[uint16](data, n))
	case capi.TypeInteger:
		c.Kind, c.Ints = Ints, widen(view[int32](data, n))
	case capi.TypeUInteger:
		c.Kind, c.Ints = Ints, widen(view[uint32](data, n))
	case capi.TypeBigInt, capi.TypeTimestamp, capi.TypeTimestampTZ:
		c.Kind, c.Ints = Ints, append([]int64(nil), view[int64](data, n)...)
	case capi.TypeFloat:
		c.Kind, c.Reals = Reals, make([]float64, n)
		for i, v := range view[float32](data, n) {
			c.Reals[i] = float64(v)
		}
	case capi.TypeDouble:
		c.Kind, c.Reals = Reals, append([]float64(nil), view[float64](data, n)...)
	case capi.TypeVarchar, capi.TypeBlob:
		c.Kind, c.Texts = Texts, texts(view[stringCell](data, n), c.Null)
	case capi.TypeUUID:
		c.Kind, c.Texts = Texts, make([]string, n)
		for i, v := range view[hugeCell](data, n) {
			c.Texts[i] = v.uuid()
		}
	case capi.TypeUBigInt, capi.TypeHugeInt, capi.TypeDecimal:
		return c.readWide(rc, data, n)
	case capi.TypeSQLNull:
		c.Kind = NoCells
	default:
		return fmt.Errorf("no reading of DuckDB type %d", rc.kind)
	}
	return nil
}

// readWide reads what may not fit 64 bits: integers that do are given as such,
// others and decimals as text.
func (c *Column) readWide(rc *resultColumn, data unsafe.Pointer, n int) error {
	values := make([]*big.Int, n)
	for i := range values {
		if c.Null != nil && c.Null[i] {
			continue
		}
		switch {
		case rc.kind == capi.TypeUBigInt:
			values[i] = new(big.Int).SetUint64(view[uint64](data, n)[i])
		case rc.kind == capi.TypeHugeInt || rc.internal == capi.TypeHugeInt:
			values[i] = view[hugeCell](data, n)[i].big()
		case rc.internal == capi.TypeBigInt:
			values[i] = big.NewInt(view[int64](data, n)[i])
		case rc.internal == capi.TypeInteger:
			values[i] = big.NewInt(int64(view[int32](data, n)[i]))
		case rc.internal == capi.TypeSmallInt:
			values[i] = big.NewInt(int64(view[int16](data, n)[i]))
		default:
			return fmt.Errorf("no reading of a decimal stored as DuckDB type %d", rc.internal)
		}
	}
	if rc.kind != capi.TypeDecimal && allFit(values) {
		c.Kind, c.Ints = Ints, make([]int64, n)
		for i, v := range values {
			if v != nil {
				c.Ints[i] = v.Int64()
			}
		}
		return nil
	}
	c.Kind, c.Texts = Texts, make([]string, n)
	for i, v := range values {
		if v != nil {
			c.Texts[i] = decimalText(v, int(rc.scale))
		}
	}
	return nil
}

func allFit(values []*big.Int) bool {
	for _, v := range values {
		if v != nil && !v.IsInt64() {
			return false
		}
	}
	return true
}

func widen[T int8 | uint8 | int16 | uint16 | int32 | uint32](cells []T) []int64 {
	out := make([]int64, len(cells))
	for i, v := range cells {
		out[i] = int64(v)
	}
	return out
}

func nulls(mask unsafe.Pointer, n int) []bool {
	words := view[uint64](mask, (n+63)/64)
	var out []bool
	for w, word := range words {
		if word == math.MaxUint64 {
			continue
		}
		for i := w * 64; i < min(n, w*64+64); i++ {
			if word>>(i&63)&1 == 0 {
				if out == nil {
					out = make([]bool, n)
				}
				out[i] = true
			}
		}
	}
	return out
}
