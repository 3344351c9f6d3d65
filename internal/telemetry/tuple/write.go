package tuple

import (
	"fmt"
	"math"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
	"github.com/tocsin-soc/tocsin/kql/catalog"
)

// LeftOut is the position of a column whose cells are not wanted.
const LeftOut = -2

// Write copies the cells into row i of a chunk's columns. position says where a
// declared column's cells go, twinAt where those for twins do: a column of the
// chunk or LeftOut. A cell of a column that has no position (-1) is an error.
func (t *Tuple) Write(columns []duck.Writer, i int, position []int, twinAt int) error {
	for c := t.Cells(); c.Next(); {
		at := twinAt
		if c.Column != TwinColumn {
			at = position[c.Column]
		}
		if at == LeftOut {
			continue
		}
		if at < 0 {
			return tocsin.Errorf(tocsin.Internal, "a row of %s has a value for column %d, which the database lacks", t.Layout.Table.Name, c.Column)
		}
		w := &columns[at]
		w.Reach(i)
		switch c.Kind {
		case Text:
			w.UTF8(i, c.Text)
		case Long:
			w.Long(i, int64(c.Num))
		case Int:
			w.Int(i, int32(c.Num))
		case Bool:
			w.Bool(i, c.Num != 0)
		case Real:
			w.Real(i, math.Float64frombits(c.Num))
		case UUID, Decimal:
			w.Wide(i, c.Num, c.High)
		default:
			panic(fmt.Sprintf("tuple: no cells of kind %d", c.Kind))
		}
	}
	return nil
}

// Blank is what rows have in column i that bring no value for it.
func (l *Layout) Blank(i int) duck.Blank {
	switch {
	case l.IsName(i):
		return duck.Blank{IsText: true, Text: l.Table.Name}
	case l.Table.Columns[i].Type == catalog.String:
		return duck.Blank{IsText: true}
	}
	return duck.Blank{}
}
