package tuple

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
	"github.com/tocsin-soc/tocsin/kql/catalog"
)

// A Tuple is an event as a row of its table. It is good as long as the block it
// stands in is not reset.
type Tuple struct {
	Layout *Layout
	ID     tocsin.EventID
	Source tocsin.SourceID
	At     int64 // ticks of the column that tells rows of the table apart by time
	Texts  int   // bytes of its texts

	cells []byte
}

// Cells returns a reader that stands before the first cell.
func (t *Tuple) Cells() Cells { return Cells{rest: t.cells} }

// A Block holds the rows of a batch. The zero Block is ready; one goroutine uses
// it at a time.
type Block struct {
	parts      [][]byte
	part, used int    // what is filled: all parts before part, and used bytes of it
	row        []byte // the row that is being written
	texts      int    // bytes of its texts
	uses       []Use
}

// A Use says which columns of a table the rows of a block bring.
type Use struct {
	Layout *Layout
	Twin   bool // a row has a twin

	columns []bool
}

// Brings reports whether a row has more for declared column i than stands there
// anyway: no value, an empty text, the table's name.
func (u *Use) Brings(i int) bool { return u.columns[i] }

// Uses returns what the rows of the block use, one Use per table.
func (b *Block) Uses() []Use { return b.uses }

// Reset makes the block free for other rows.
func (b *Block) Reset() { b.part, b.used, b.uses = 0, 0, b.uses[:0] }

// Add writes an event as a row of the layout's table. Of one that does not fit it
// says why. The event may be changed afterwards.
func (b *Block) Add(l *Layout, ev *tocsin.Event) (t Tuple, reason string) {
	if reason := l.check(ev); reason != "" {
		return Tuple{}, reason
	}
	t = Tuple{Layout: l, ID: ev.ID, Source: ev.Source, At: l.at(ev)}
	use := b.use(l)
	b.row, b.texts = b.row[:0], 0
	for i := range ev.Values {
		v, c := &ev.Values[i], &l.columns[i]
		if v.Kind == tocsin.Null || c.isTime || c.place != i && valueAt(ev, c.place) != nil {
			continue
		}
		if v.Kind == tocsin.String {
			if v.Str == "" || c.isName && v.Str == l.Table.Name {
				continue
			}
		}
		use.columns[c.place] = true
		b.value(c.place, c.kind, v)
	}
	for i := range l.columns {
		if c := &l.columns[i]; c.isTime {
			use.columns[i] = true
			b.row = appendNumber(b.row, Long, i, uint64(l.time(c, i, ev)))
		}
	}
	if ev.Twin != "" {
		use.Twin = true
		b.text(TwinColumn, ev.Twin)
	}
	t.Texts = b.texts
	b.text(l.Values, string(ev.ID))
	b.text(l.Values+2, string(ev.Source))
	t.cells = b.keep(b.row)
	return t, ""
}

// use returns what is known of a table's rows.
func (b *Block) use(l *Layout) *Use {
	for i := range b.uses {
		if b.uses[i].Layout == l {
			return &b.uses[i]
		}
	}
	b.uses = append(b.uses, Use{Layout: l, columns: make([]bool, len(l.columns))})
	return &b.uses[len(b.uses)-1]
}

// at returns the time that tells the row apart.
func (l *Layout) at(ev *tocsin.Event) int64 {
	if l.clock < 0 {
		return tocsin.Ticks(ev.ReceivedAt)
	}
	if c := &l.columns[l.clock]; c.isTime {
		return l.time(c, l.clock, ev)
	}
	if v := valueAt(ev, l.clock); v != nil {
		return v.Num
	}
	return 0
}

// time returns the ticks of a time column.
func (l *Layout) time(c *column, i int, ev *tocsin.Event) int64 {
	for _, i := range [2]int{i, c.other} {
		if v := valueAt(ev, i); v != nil {
			return v.Num
		}
	}
	return tocsin.Ticks(ev.OccurredAt)
}

// value writes the cell of a checked value.
func (b *Block) value(column int, kind catalog.Type, v *tocsin.Value) {
	switch kind {
	case catalog.String, catalog.Dynamic:
		b.text(column, v.Str)
	case catalog.Bool:
		b.row = appendNumber(b.row, Bool, column, uint64(v.Num))
	case catalog.Int:
		b.row = appendNumber(b.row, Int, column, uint64(v.Num))
	case catalog.Long, catalog.DateTime, catalog.TimeSpan:
		b.row = appendNumber(b.row, Long, column, uint64(v.Num))
	case catalog.Real:
		real := float64(v.Num)
		if v.Kind != tocsin.Int {
			real = v.Real()
		}
		b.row = appendNumber(b.row, Real, column, math.Float64bits(real))
	case catalog.Guid:
		low, high, _ := duck.ParseUUID(v.Str)
		b.row = appendWide(b.row, UUID, column, low, high)
	case catalog.Decimal:
		text := v.Str
		if v.Kind == tocsin.Int {
			text = strconv.FormatInt(v.Num, 10)
		}
		low, high, _ := duck.ParseDecimal(text)
		b.row = appendWide(b.row, Decimal, column, low, high)
	default:
		panic(fmt.Sprintf("tuple: no stored form of %s", kind))
	}
}

// text writes a text. Bytes that are not UTF-8 become U+FFFD, because DuckDB
// takes UTF-8 for granted.
func (b *Block) text(column int, text string) {
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\uFFFD")
	}
	b.texts += len(text)
	b.row = appendText(b.row, column, text)
}

// partSize is how much of a block is allocated at once.
const partSize = 256 << 10

// keep copies a row into the block.
func (b *Block) keep(row []byte) []byte {
	if len(row) > partSize/4 {
		return append([]byte(nil), row...)
	}
	if b.part < len(b.parts) && b.used+len(row) > partSize {
		b.part, b.used = b.part+1, 0
	}
	if b.part == len(b.parts) {
		b.parts = append(b.parts, make([]byte, partSize))
	}
	kept := b.parts[b.part][b.used : b.used+len(row) : b.used+len(row)]
	copy(kept, row)
	b.used += len(row)
	return kept
}
