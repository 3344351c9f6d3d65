// Package result holds the typed tables a query delivers and their encodings.
//
// It promises the texts Kusto shows: datetime in ISO 8601 with seven digits and
// Z, timespan as [-][d.]hh:mm:ss[.fffffff], dynamic as the JSON value itself,
// null as JSON null. It refuses to change values. It is tested by table-driven
// cases and by every conformance suite, which reads its JSON.
package result

import (
	"math"
	"strconv"

	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/native"
)

// A Table is one result of a query.
type Table struct {
	Name    string
	Columns []catalog.Column
	// Rows hold nil, bool, int64, float64 or string by the type of the column:
	// int, long and the ticks of datetime and timespan as int64; string, guid,
	// decimal and the JSON text of dynamic as string.
	Rows [][]any
	// Truncated says that a limit cut the rows off: there are more.
	Truncated bool
	// Render is the kind of chart the query asks for; empty for none.
	Render     string
	Properties map[string]string
}

// AppendCell appends a cell as JSON.
func AppendCell(dst []byte, t catalog.Type, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...)
	case bool:
		return strconv.AppendBool(dst, v)
	case int64:
		switch t {
		case catalog.DateTime:
			return native.AppendString(dst, native.DateTimeText(v))
		case catalog.TimeSpan:
			return native.AppendString(dst, native.TimeSpanText(v))
		case catalog.Bool:
			return strconv.AppendBool(dst, v != 0)
		}
		return strconv.AppendInt(dst, v, 10)
	case float64:
		return appendReal(dst, v)
	case string:
		switch t {
		case catalog.Dynamic:
			return append(dst, v...)
		case catalog.Decimal:
			return append(dst, v...)
		}
		return native.AppendString(dst, v)
	}
	panic("result: cell of an unknown Go type")
}

// appendReal writes what JSON has no number for as Kusto does: a string.
func appendReal(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, `"NaN"`...)
	case math.IsInf(f, 1):
		return append(dst, `"Infinity"`...)
	case math.IsInf(f, -1):
		return append(dst, `"-Infinity"`...)
	}
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		return strconv.AppendFloat(dst, f, 'e', -1, 64)
	}
	return strconv.AppendFloat(dst, f, 'f', -1, 64)
}

// CellText is a cell as a person reads it: the text of tostring, null as "".
func CellText(t catalog.Type, v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case bool:
		if v {
			return "True"
		}
		return "False"
	case int64:
		switch t {
		case catalog.DateTime:
			return native.DateTimeText(v)
		case catalog.TimeSpan:
			return native.TimeSpanText(v)
		}
		return strconv.FormatInt(v, 10)
	case float64:
		return native.RealText(v)
	case string:
		return v
	}
	panic("result: cell of an unknown Go type")
}

// AppendRow appends a row as a JSON array.
func (t *Table) AppendRow(dst []byte, row []any) []byte {
	dst = append(dst, '[')
	for i, v := range row {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendCell(dst, t.Columns[i].Type, v)
	}
	return append(dst, ']')
}

// AppendColumns appends [{"name":…,"type":…},…].
func (t *Table) AppendColumns(dst []byte) []byte {
	dst = append(dst, '[')
	for i, c := range t.Columns {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"name":`...)
		dst = native.AppendString(dst, c.Name)
		dst = append(dst, `,"type":"`...)
		dst = append(dst, c.Type.String()...)
		dst = append(dst, `"}`...)
	}
	return append(dst, ']')
}
