package native

import (
	"strconv"
	"strings"
)

// H3 cells by their index alone (h3geo.org, "H3Index representations"): mode,
// resolution, one of 122 base cells, and a digit from 0 to 6 per resolution. What
// needs the geometry of the icosahedron is not here.

const (
	h3Levels  = 15
	h3Cells   = 122
	h3Deepest = 5 // how many resolutions geo_h3cell_children() goes down at most
)

// h3Pentagons are the base cells with five sides: their child 1 is missing.
var h3Pentagons = map[uint64]bool{4: true, 14: true, 24: true, 38: true, 49: true, 58: true, 63: true, 72: true, 83: true, 97: true, 107: true, 117: true}

func h3Functions() []Function {
	return []Function{
		{Name: "kql_h3_level", Args: []Kind{Text}, Result: Int, Fn: h3Level},
		{Name: "kql_h3_parent", Args: []Kind{Text, Long}, Result: Text, Fn: h3Parent},
		{Name: "kql_h3_children", Args: []Kind{Text, Long}, Result: Text, Fn: h3Children},
	}
}

type h3Cell uint64

func (h h3Cell) level() int      { return int(h >> 52 & 15) }
func (h h3Cell) base() uint64    { return uint64(h >> 45 & 127) }
func (h h3Cell) digit(r int) int { return int(h >> (3 * (h3Levels - r)) & 7) }
func (h h3Cell) String() string  { return strconv.FormatUint(uint64(h), 16) }
func (h h3Cell) with(r, d int) h3Cell {
	shift := 3 * (h3Levels - r)
	return h&^(7<<shift) | h3Cell(d)<<shift
}
func (h h3Cell) at(level int) h3Cell { return h&^(15<<52) | h3Cell(level)<<52 }

// pentagon reports whether the cell is one of twelve at its resolution.
func (h h3Cell) pentagon() bool {
	if !h3Pentagons[h.base()] {
		return false
	}
	for r := 1; r <= h.level(); r++ {
		if h.digit(r) != 0 {
			return false
		}
	}
	return true
}

func h3CellAt(arg any) (h3Cell, bool) {
	s, _ := arg.(string)
	n, err := strconv.ParseUint(s, 16, 64)
	h := h3Cell(n)
	if err != nil || n>>63 != 0 || n>>59&15 != 1 || n>>56&7 != 0 || h.base() >= h3Cells {
		return 0, false
	}
	first := 0
	for r := 1; r <= h3Levels; r++ {
		d := h.digit(r)
		if r > h.level() != (d == 7) {
			return 0, false
		}
		if first == 0 && r <= h.level() {
			first = d
		}
	}
	return h, first != 1 || !h3Pentagons[h.base()]
}

func h3Level(args []any) any {
	h, ok := h3CellAt(args[0])
	if !ok {
		return nil
	}
	return int64(h.level())
}

// h3Parent is the cell around a cell, by default of the next resolution up.
func h3Parent(args []any) any {
	h, ok := h3CellAt(args[0])
	level, given := args[1].(int64)
	if !given {
		level = int64(h.level()) - 1
	}
	if !ok || level < 0 || level > int64(h.level()) {
		return ""
	}
	for r := int(level) + 1; r <= h3Levels; r++ {
		h = h.with(r, 7)
	}
	return h.at(int(level)).String()
}

// h3Children are the cells within a cell, by default of the next resolution.
func h3Children(args []any) any {
	h, ok := h3CellAt(args[0])
	level, given := args[1].(int64)
	if !given {
		level = int64(h.level()) + 1
	}
	if !ok || level <= int64(h.level()) || level > h3Levels || level-int64(h.level()) > h3Deepest {
		return nil
	}
	cells := []h3Cell{h}
	for r := h.level() + 1; r <= int(level); r++ {
		var next []h3Cell
		for _, c := range cells {
			for d := range 7 {
				if d != 1 || !c.pentagon() {
					next = append(next, c.with(r, d).at(r))
				}
			}
		}
		cells = next
	}
	texts := make([]string, len(cells))
	for i, c := range cells {
		texts[i] = `"` + c.String() + `"`
	}
	return "[" + strings.Join(texts, ",") + "]"
}
