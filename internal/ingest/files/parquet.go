package files

import (
	"bufio"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"

	"github.com/tocsin-soc/tocsin"
)

// maxColumnChunk bounds what of one column a row group may hold once decompressed.
const maxColumnChunk = 1 << 30

// parquet hands on the rows of a Parquet file as JSON objects. The position is
// the number of the row. Times are written as RFC 3339, decimals and integers
// beyond 2^53 with all their digits, bytes that are no text in base64.
func (e *emitter) parquet(head *bufio.Reader, whole randomAccess) error {
	at, size, done, err := e.wholeFile(head, whole)
	if err != nil {
		return err
	}
	defer done()
	if err := checkFooter(at, size); err != nil {
		return tocsin.Wrap(err, tocsin.Invalid, "%s is no readable Parquet file: %v.", e.spec.Name, err)
	}
	f, err := parquet.OpenFile(at, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return tocsin.Wrap(err, tocsin.Invalid, "%s is no readable Parquet file: %v.", e.spec.Name, err)
	}
	for _, group := range f.Metadata().RowGroups {
		for _, column := range group.Columns {
			if m := column.MetaData; m.TotalUncompressedSize < 0 || m.TotalUncompressedSize > maxColumnChunk || m.TotalCompressedSize > size {
				return tocsin.Errorf(tocsin.Invalid, "%s has a column of %d MiB in one row group, at most %d are read. Write it with smaller row groups.", e.spec.Name, m.TotalUncompressedSize>>20, maxColumnChunk>>20)
			}
		}
	}
	n := int64(0)
	kinds := kindsOf(f.Schema())
	for _, group := range f.RowGroups() {
		if err := e.rowGroup(f.Schema(), kinds, group, &n); err != nil {
			return tocsin.Wrap(err, tocsin.Invalid, "%s is damaged after row %d: %v. What came before was taken.", e.spec.Name, n, err)
		}
	}
	return nil
}

// maxFooter bounds the description of a Parquet file, which is read at once.
const maxFooter = 64 << 20

// checkFooter makes sure that the footer is within the file: its reader makes room
// for whatever length the file claims. The last eight bytes are that length and
// the magic number (parquet-format, "File Format").
func checkFooter(at io.ReaderAt, size int64) error {
	var end [8]byte
	if size < 12 {
		return errors.New("it is too short")
	}
	if _, err := at.ReadAt(end[:], size-8); err != nil {
		return err
	}
	if n := int64(binary.LittleEndian.Uint32(end[:])); n > size-12 || n > maxFooter {
		return fmt.Errorf("its footer claims %d bytes", n)
	}
	return nil
}

// rowGroup hands on the rows of one group; n is the number of the last row.
func (e *emitter) rowGroup(schema *parquet.Schema, kinds []parquet.Kind, group parquet.RowGroup, n *int64) (err error) {
	rows := group.Rows()
	defer func() { err = errors.Join(err, rows.Close()) }()
	buffer := make([]parquet.Row, 128)
	for !e.stopped {
		got, err := rows.ReadRows(buffer)
		for _, row := range buffer[:got] {
			*n++
			at := strconv.FormatInt(*n, 10)
			if !fits(row, kinds) {
				e.damaged(at, "row %s has values of another type than the file declares", at)
				continue
			}
			record := map[string]any{}
			if err := schema.Reconstruct(&record, row); err != nil {
				e.damaged(at, "row %s cannot be read: %v", at, err)
				continue
			}
			body, err := json.Marshal(fieldsOf(schema.Fields(), record))
			if err != nil {
				e.damaged(at, "row %s cannot be written as JSON: %v", at, err)
				continue
			}
			e.object(at, body)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if got == 0 {
			return io.ErrNoProgress
		}
	}
	return nil
}

// kindsOf returns the physical types of a file's columns.
func kindsOf(schema *parquet.Schema) []parquet.Kind {
	columns := schema.Columns()
	kinds := make([]parquet.Kind, len(columns))
	for i, path := range columns {
		leaf, ok := schema.Lookup(path...)
		if !ok {
			panic("parquet: a schema does not know its own column") // and Read recovers
		}
		kinds[i] = leaf.Node.Type().Kind()
	}
	return kinds
}

// fits reports whether the values of a row have the types of their columns. The
// library takes that for granted, by pointers; a damaged file need not.
func fits(row parquet.Row, kinds []parquet.Kind) bool {
	for _, v := range row {
		if c := v.Column(); !v.IsNull() && (c < 0 || c >= len(kinds) || v.Kind() != kinds[c]) {
			return false
		}
	}
	return true
}

// fieldsOf writes the members of a group as JSON has them; null is left out.
func fieldsOf(fields []parquet.Field, record map[string]any) map[string]any {
	out := make(map[string]any, len(record))
	for _, f := range fields {
		if v := jsonOf(f, record[f.Name()]); v != nil {
			out[f.Name()] = v
		}
	}
	return out
}

// jsonOf turns a value of a node into one that JSON can say.
func jsonOf(node parquet.Node, v any) any {
	switch v := v.(type) {
	case nil:
		return nil
	case map[string]any:
		return groupOf(node, v)
	case []any:
		list := make([]any, len(v))
		inner := elementOf(node)
		for i := range v {
			list[i] = jsonOf(inner, v[i])
		}
		return list
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	case deprecated.Int96:
		return int96Time(v)
	case float32:
		return real(float64(v))
	case float64:
		return real(v)
	case int32:
		return integer(node, int64(v))
	case int64:
		return integer(node, v)
	case uint32:
		return uint64(v)
	case []byte:
		return textOf(node, v)
	case string:
		return textOf(node, []byte(v))
	}
	return v
}

// groupOf is a group, or a map whose keys are texts.
func groupOf(node parquet.Node, v map[string]any) any {
	if node.Leaf() {
		return v
	}
	fields := node.Fields()
	if _, isMap := logical(node).(*format.MapType); isMap && len(fields) == 1 && !fields[0].Leaf() {
		out := make(map[string]any, len(v))
		inner := fields[0].Fields()
		for key, value := range v {
			if len(inner) == 2 {
				value = jsonOf(inner[1], value)
			}
			out[key] = value
		}
		return out
	}
	return fieldsOf(fields, v)
}

// elementOf is the node of a list's elements: below "list" and "element" for a
// LIST (Parquet's LogicalTypes.md), the node itself for a repeated field.
func elementOf(node parquet.Node) parquet.Node {
	if _, isList := logical(node).(*format.ListType); !isList || node.Leaf() {
		return node
	}
	if list := node.Fields(); len(list) == 1 && !list[0].Leaf() && len(list[0].Fields()) == 1 {
		return list[0].Fields()[0]
	}
	return node
}

// logical is what a node says its values are; nil if it says nothing.
func logical(node parquet.Node) format.LogicalTypeValue {
	if t := node.Type(); t != nil && t.LogicalType() != nil {
		return t.LogicalType().Value
	}
	return nil
}

// real is a number, or a text where JSON has no number for it.
func real(v float64) any {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return v
}

// integer reads an integer as what its column says it is.
func integer(node parquet.Node, v int64) any {
	switch t := logical(node).(type) {
	case *format.TimestampType:
		step := time.Nanosecond
		if t.Unit.Value != nil {
			step = t.Unit.Value.Duration()
		}
		perSecond := int64(time.Second / step)
		return time.Unix(v/perSecond, v%perSecond*int64(step)).UTC().Format(time.RFC3339Nano)
	case *format.DateType:
		return time.Unix(v*86400, 0).UTC().Format(time.DateOnly)
	case *format.DecimalType:
		return decimal(big.NewInt(v), t.Scale)
	case *format.IntType:
		if !t.IsSigned {
			return uint64(v)
		}
	}
	return v
}

// textOf reads bytes as what their column says they are.
func textOf(node parquet.Node, v []byte) any {
	switch t := logical(node).(type) {
	case *format.DecimalType:
		n := new(big.Int).SetBytes(v)
		if len(v) > 0 && v[0] >= 0x80 { // two's complement
			n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(v))))
		}
		return decimal(n, t.Scale)
	case *format.UUIDType:
		if len(v) == 16 {
			h := hex.EncodeToString(v)
			return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
		}
	case *format.JsonType:
		if json.Valid(v) {
			return json.RawMessage(v)
		}
	}
	if utf8.Valid(v) {
		return string(v)
	}
	return base64.StdEncoding.EncodeToString(v)
}

// decimal writes a number with scale digits behind the point.
func decimal(n *big.Int, scale int32) any {
	if scale <= 0 || scale > 100 {
		return json.Number(n.String())
	}
	digits := new(big.Int).Abs(n).String()
	for len(digits) <= int(scale) {
		digits = "0" + digits
	}
	sign := ""
	if n.Sign() < 0 {
		sign = "-"
	}
	return json.Number(sign + digits[:len(digits)-int(scale)] + "." + digits[len(digits)-int(scale):])
}

// int96Time reads the time that older writers have: nanoseconds of the day, and
// the Julian day.
func int96Time(v deprecated.Int96) string {
	const julianEpoch = 2440588
	var b [12]byte
	for i, part := range v {
		binary.LittleEndian.PutUint32(b[4*i:], part)
	}
	day := int64(binary.LittleEndian.Uint32(b[8:])) - julianEpoch
	nanos := int64(binary.LittleEndian.Uint64(b[:8]) % uint64(24*time.Hour))
	return time.Unix(day*86400, nanos).UTC().Format(time.RFC3339Nano)
}
