package duckdb

import (
	"math"
	"strconv"

	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/native"
	"github.com/tocsin-soc/tocsin/kql/plan"
)

// bulkRows is from how many rows on a constant row set is bound as one argument instead
// of being written out, which the engine would parse and plan cell by cell.
const bulkRows = 500

// bulk binds the rows of a large constant row set; ok is false when a cell must be computed.
func (l *lowerer) bulk(r *plan.Values) (s *sel, ok bool) {
	if len(r.Rows) < bulkRows {
		return nil, false
	}
	b := []byte{'['}
	for i, row := range r.Rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '[')
		for j, x := range row {
			k, isConst := x.(*plan.Const)
			if !isConst {
				return nil, false
			}
			if j > 0 {
				b = append(b, ',')
			}
			b = appendConst(b, k)
		}
		b = append(b, ']')
	}
	return l.wrap(l.unnested(l.arg(string(append(b, ']'))), r.Cols)), true
}

// appendConst writes a constant as unnested reads it.
func appendConst(b []byte, k *plan.Const) []byte {
	switch {
	case k.Null || k.T == catalog.DateTime && (k.Int < 0 || k.Int > native.MaxDateTime):
		return append(b, "null"...)
	case k.T == catalog.Bool:
		return strconv.AppendBool(b, k.Bool)
	case k.T == catalog.Int, k.T == catalog.Long, k.T.Temporal():
		return strconv.AppendInt(b, k.Int, 10)
	case k.T == catalog.Real && (math.IsNaN(k.Real) || math.IsInf(k.Real, 0)):
		return native.AppendString(b, strconv.FormatFloat(k.Real, 'g', -1, 64))
	case k.T == catalog.Real:
		return strconv.AppendFloat(b, k.Real, 'g', -1, 64)
	}
	return native.AppendString(b, k.Text)
}

// unnested reads a JSON array of rows. Dynamic cells come as JSON text within a JSON string.
func (l *lowerer) unnested(text string, cols []plan.Column) *sel {
	row := l.alias("r")
	pos := l.alias("p")
	s := newSel("(SELECT unnest(json_extract(" + text + "::VARCHAR, '$[*]')) AS " + row + ", unnest(range(json_array_length(" + text + "::VARCHAR)::BIGINT)) AS " + pos + ") AS " + l.alias("t"))
	for i, c := range cols {
		cell := "json_extract_string(" + row + ", '$[" + strconv.Itoa(i) + "]')"
		switch c.Type {
		case catalog.Dynamic:
			s.set(c.ID, cell)
		case catalog.String:
			s.set(c.ID, "coalesce("+cell+", '')")
		default:
			s.set(c.ID, cell+"::"+sqlType(c.Type))
		}
	}
	s.order = []string{pos + " ASC NULLS LAST"}
	return s
}
