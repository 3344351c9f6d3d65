package duck

/*
#include <stdint.h>
#include <stdlib.h>

void tocsinDuckCall(void *info, void *input, void *output);
typedef void (*tocsin_duck_call)(void *, void *, void *);

void tocsinDuckForget(void *extra);
typedef void (*tocsin_duck_forget)(void *);
*/
import "C"

import (
	"errors"
	"fmt"
	"runtime/cgo"
	"strings"
	"unsafe"

	capi "github.com/duckdb/duckdb-go-bindings"
)

// A Function is a scalar function written in Go that SQL can call. Cells arrive
// and leave as nil, bool, int64, float64 or string by type; nulls are passed on
// to Call, and a nil result is NULL.
type Function struct {
	Name     string
	Args     []Type
	Variadic Type // of any further arguments; 0 when there are none
	Result   Type
	Call     func(args []any) any
}

// A Type is a physical type a Function takes or returns.
type Type = capi.Type

// The types a Function may use.
const (
	Boolean = capi.TypeBoolean
	Integer = capi.TypeInteger
	BigInt  = capi.TypeBigInt
	Double  = capi.TypeDouble
	Varchar = capi.TypeVarchar
)

// Register makes f callable from every connection of the database.
func (c *Conn) Register(f Function) error {
	fn := capi.CreateScalarFunction()
	defer capi.DestroyScalarFunction(&fn)
	capi.ScalarFunctionSetName(fn, f.Name)
	for _, t := range f.Args {
		withType(t, func(l capi.LogicalType) { capi.ScalarFunctionAddParameter(fn, l) })
	}
	if f.Variadic != 0 {
		withType(f.Variadic, func(l capi.LogicalType) { capi.ScalarFunctionSetVarargs(fn, l) })
	}
	withType(f.Result, func(l capi.LogicalType) { capi.ScalarFunctionSetReturnType(fn, l) })
	capi.ScalarFunctionSetSpecialHandling(fn)
	// The handle lives in C memory, because C keeps it and gives it back.
	extra := C.malloc(C.size_t(unsafe.Sizeof(cgo.Handle(0))))
	*(*cgo.Handle)(extra) = cgo.NewHandle(&f)
	capi.ScalarFunctionSetExtraInfo(fn, extra, unsafe.Pointer(C.tocsin_duck_forget(C.tocsinDuckForget)))
	capi.ScalarFunctionSetFunction(fn, unsafe.Pointer(C.tocsin_duck_call(C.tocsinDuckCall)))
	if capi.RegisterScalarFunction(c.conn, fn) == capi.StateError {
		return fmt.Errorf("registering function %s", f.Name)
	}
	return nil
}

func withType(t Type, use func(capi.LogicalType)) {
	l := capi.CreateLogicalType(t)
	use(l)
	capi.DestroyLogicalType(&l)
}

//export tocsinDuckForget
func tocsinDuckForget(extra unsafe.Pointer) {
	(*(*cgo.Handle)(extra)).Delete()
	C.free(extra)
}

//export tocsinDuckCall
func tocsinDuckCall(info, input, output unsafe.Pointer) {
	fi := capi.FunctionInfo{Ptr: info}
	f := (*(*cgo.Handle)(capi.ScalarFunctionGetExtraInfo(fi))).Value().(*Function)
	if err := f.run(capi.DataChunk{Ptr: input}, capi.Vector{Ptr: output}); err != nil {
		capi.ScalarFunctionSetError(fi, err.Error())
	}
}

// run calls f for every row of the chunk. A panic becomes an error of the
// statement: one bad cell must not end the process.
func (f *Function) run(input capi.DataChunk, output capi.Vector) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("function %s: %v", f.Name, p)
		}
	}()
	rows := int(capi.DataChunkGetSize(input))
	columns := make([]Column, int(capi.DataChunkGetColumnCount(input)))
	for i := range columns {
		t := f.Variadic
		if i < len(f.Args) {
			t = f.Args[i]
		}
		rc := resultColumn{kind: t}
		if err := columns[i].read(&rc, capi.DataChunkGetVector(input, capi.IdxT(i)), rows); err != nil {
			return err
		}
	}
	out := newVectorWriter(output)
	args := make([]any, len(columns))
	for row := range rows {
		for i := range columns {
			args[i] = columns[i].Value(row)
		}
		if err := out.put(row, f.Result, f.Call(args)); err != nil {
			return fmt.Errorf("function %s: %w", f.Name, err)
		}
	}
	return nil
}

// vectorWriter writes boxed cells into a vector.
type vectorWriter struct {
	vector   capi.Vector
	data     unsafe.Pointer
	validity unsafe.Pointer // nil until the first null
}

func newVectorWriter(v capi.Vector) *vectorWriter {
	return &vectorWriter{vector: v, data: capi.VectorGetData(v)}
}

var errResultType = errors.New("result has another type than declared")

func (w *vectorWriter) put(row int, t Type, value any) error {
	if value == nil {
		if w.validity == nil {
			capi.VectorEnsureValidityWritable(w.vector)
			w.validity = capi.VectorGetValidity(w.vector)
		}
		view[uint64](w.validity, row/64+1)[row/64] &^= 1 << (row & 63)
		return nil
	}
	switch v := value.(type) {
	case bool:
		if t != Boolean {
			return errResultType
		}
		view[bool](w.data, row+1)[row] = v
	case int64:
		switch t {
		case BigInt:
			view[int64](w.data, row+1)[row] = v
		case Integer:
			if int64(int32(v)) != v {
				return fmt.Errorf("%d does not fit 32 bits", v)
			}
			view[int32](w.data, row+1)[row] = int32(v)
		default:
			return errResultType
		}
	case float64:
		if t != Double {
			return errResultType
		}
		view[float64](w.data, row+1)[row] = v
	case string:
		if t != Varchar {
			return errResultType
		}
		capi.VectorAssignStringElement(w.vector, capi.IdxT(row), strings.ToValidUTF8(v, "\uFFFD"))
	default:
		return errResultType
	}
	return nil
}
