package tuple

import (
	"encoding/binary"
	"fmt"
)

// A Kind is how a cell is written.
type Kind uint8

// The kinds of cells.
const (
	Text    Kind = iota // string and dynamic; valid UTF-8
	Long                // long; datetime and timespan in ticks
	Int                 // int
	Bool                // 0 or 1
	Real                // bits of a double
	UUID                // 16 bytes
	Decimal             // 16 bytes
)

// A cell is one byte for its kind, two for its column, and its value: eight bytes
// for a number, sixteen for a wide one; four for the length of a text, which
// follows.

func appendHead(dst []byte, kind Kind, column int) []byte {
	return append(dst, byte(kind), byte(column), byte(column>>8))
}

func appendNumber(dst []byte, kind Kind, column int, n uint64) []byte {
	return binary.LittleEndian.AppendUint64(appendHead(dst, kind, column), n)
}

func appendWide(dst []byte, kind Kind, column int, low, high uint64) []byte {
	return binary.LittleEndian.AppendUint64(appendNumber(dst, kind, column, low), high)
}

func appendText(dst []byte, column int, text string) []byte {
	return append(binary.LittleEndian.AppendUint32(appendHead(dst, Text, column), uint32(len(text))), text...)
}

// Cells reads the cells of a row one by one. Columns without a cell are null, or
// empty where they hold texts.
type Cells struct {
	Kind      Kind
	Column    int // declared column, or TwinColumn
	Num, High uint64
	Text      []byte // as long as the row is

	rest []byte
}

// Next moves on to the next cell; false when there is none.
func (c *Cells) Next() bool {
	if len(c.rest) == 0 {
		return false
	}
	b := c.rest
	c.Kind, c.Column = Kind(b[0]), int(b[1])|int(b[2])<<8
	b = b[3:]
	switch c.Kind {
	case Text:
		n := binary.LittleEndian.Uint32(b)
		c.Text, c.rest = b[4:4+n], b[4+n:]
	case Long, Int, Bool, Real:
		c.Num, c.rest = binary.LittleEndian.Uint64(b), b[8:]
	case UUID, Decimal:
		c.Num, c.High, c.rest = binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:]), b[16:]
	default:
		panic(fmt.Sprintf("tuple: no kind of cell %d", c.Kind))
	}
	return true
}
