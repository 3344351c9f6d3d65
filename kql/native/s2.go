package native

import (
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// S2 cells: the six faces of a cube around the sphere, each divided 30 times into
// four along a Hilbert curve (s2geometry.io, "S2 cell hierarchy"). A cell is a
// 64-bit number, a token its hexadecimal digits without the zeros behind.

const (
	s2Levels  = 30
	s2Size    = 1 << s2Levels
	s2Default = 11 // level of geo_point_to_s2cell() without one
)

// The Hilbert curve: where each quarter stands on it, by orientation (bit 0: axes
// swapped, bit 1: inverted), the inverse, and how a quarter turns the curve.
var (
	s2Place = [4][4]uint64{{0, 1, 3, 2}, {0, 3, 1, 2}, {2, 3, 1, 0}, {2, 1, 3, 0}} // of quarter 2i+j
	s2Part  = [4][4]uint64{{0, 1, 3, 2}, {0, 2, 3, 1}, {3, 2, 0, 1}, {3, 1, 0, 2}} // quarter 2i+j at a place
	s2Turn  = [4]uint64{1, 0, 0, 3}
)

func s2Functions() []Function {
	return []Function{
		{Name: "kql_s2_cell", Args: []Kind{Real, Real, Long}, Result: Text, Fn: s2CellOf},
		{Name: "kql_s2_center", Args: []Kind{Text}, Result: Text, Fn: s2Center},
		{Name: "kql_s2_polygon", Args: []Kind{Text}, Result: Text, Fn: s2Polygon},
		{Name: "kql_s2_neighbors", Args: []Kind{Text}, Result: Text, Fn: s2Neighbors},
	}
}

func s2CellOf(args []any) any {
	p, ok := pointAt(args, 0)
	level, given := args[2].(int64)
	if !ok || !given || level < 0 || level > s2Levels {
		return ""
	}
	face, u, v := s2Face(p.vector())
	return s2Token(s2Parent(s2ID(face, s2Index(s2FromUV(u)), s2Index(s2FromUV(v))), int(level)))
}

// s2Face projects a direction onto the cube.
func s2Face(p vector) (face uint64, u, v float64) {
	axis := 0
	for i := range p {
		if math.Abs(p[i]) > math.Abs(p[axis]) {
			axis = i
		}
	}
	face = uint64(axis)
	if p[axis] < 0 {
		face += 3
	}
	switch face {
	case 0:
		return face, p[1] / p[0], p[2] / p[0]
	case 1:
		return face, -p[0] / p[1], p[2] / p[1]
	case 2:
		return face, -p[0] / p[2], -p[1] / p[2]
	case 3:
		return face, p[2] / p[0], p[1] / p[0]
	case 4:
		return face, p[2] / p[1], -p[0] / p[1]
	}
	return face, -p[1] / p[2], -p[0] / p[2]
}

// s2Direction is the inverse of s2Face.
func s2Direction(face uint64, u, v float64) vector {
	switch face {
	case 0:
		return vector{1, u, v}
	case 1:
		return vector{-u, 1, v}
	case 2:
		return vector{-u, -v, 1}
	case 3:
		return vector{-1, -v, -u}
	case 4:
		return vector{v, -1, -u}
	}
	return vector{v, u, -1}
}

// s2FromUV and s2ToUV are the quadratic projection, which makes cells of a level
// about equally large.
func s2FromUV(u float64) float64 {
	if u >= 0 {
		return 0.5 * math.Sqrt(1+3*u)
	}
	return 1 - 0.5*math.Sqrt(1-3*u)
}

func s2ToUV(s float64) float64 {
	if s >= 0.5 {
		return (4*s*s - 1) / 3
	}
	return (1 - 4*(1-s)*(1-s)) / 3
}

func s2Index(s float64) int {
	return max(0, min(s2Size-1, int(math.Floor(s*s2Size))))
}

// s2ID is the leaf cell at a place of a face.
func s2ID(face uint64, i, j int) uint64 {
	n, turn := face, face&1
	for k := s2Levels - 1; k >= 0; k-- {
		place := s2Place[turn][uint64(i>>k&1)<<1|uint64(j>>k&1)]
		n = n<<2 | place
		turn ^= s2Turn[place]
	}
	return n<<1 | 1
}

func s2Parent(id uint64, level int) uint64 {
	last := uint64(1) << (2 * (s2Levels - level))
	return id&-last | last
}

func s2Token(id uint64) string {
	return strings.TrimRight(s2Hex(id), "0")
}

func s2Hex(id uint64) string {
	s := strconv.FormatUint(id, 16)
	return strings.Repeat("0", 16-len(s)) + s
}

// An s2Cell is a square of a face: its corner and width in leaf cells.
type s2Cell struct {
	face  uint64
	i, j  int
	width int
	level int
}

func s2CellAt(arg any) (c s2Cell, ok bool) {
	token, isText := arg.(string)
	if !isText || token == "" || len(token) > 16 {
		return c, false
	}
	id, err := strconv.ParseUint(token+strings.Repeat("0", 16-len(token)), 16, 64)
	if err != nil || id == 0 {
		return c, false
	}
	below := bits.TrailingZeros64(id)
	c.face, c.level = id>>61, s2Levels-below/2
	if below%2 != 0 || c.face > 5 || c.level < 0 {
		return c, false
	}
	c.width = 1 << (s2Levels - c.level)
	turn := c.face & 1
	for k := s2Levels - 1; k >= s2Levels-c.level; k-- {
		place := id >> (2*k + 1) & 3
		part := s2Part[turn][place]
		c.i |= int(part>>1) << k
		c.j |= int(part&1) << k
		turn ^= s2Turn[place]
	}
	return c, true
}

// at is the point of the face's grid, which may lie between leaf cells.
func (c s2Cell) at(i, j float64) point {
	return directionTo(s2Direction(c.face, s2ToUV(i/s2Size), s2ToUV(j/s2Size)))
}

func s2Center(args []any) any {
	c, ok := s2CellAt(args[0])
	if !ok {
		return nil
	}
	half := float64(c.width) / 2
	return pointJSON(c.at(float64(c.i)+half, float64(c.j)+half))
}

func s2Polygon(args []any) any {
	c, ok := s2CellAt(args[0])
	if !ok {
		return nil
	}
	i, j, w := float64(c.i), float64(c.j), float64(c.width)
	first := pair(c.at(i, j))
	corners := []string{first, pair(c.at(i+w, j)), pair(c.at(i+w, j+w)), pair(c.at(i, j+w)), first}
	return `{"type":"Polygon","coordinates":[[` + strings.Join(corners, ",") + `]]}`
}

// s2Neighbors are the cells of the same level that share an edge or a corner.
func s2Neighbors(args []any) any {
	c, ok := s2CellAt(args[0])
	if !ok {
		return nil
	}
	self := args[0].(string)
	var out []string
	seen := map[string]bool{strings.ToLower(self): true}
	for _, d := range [8][2]int{{0, -1}, {1, 0}, {0, 1}, {-1, 0}, {-1, -1}, {1, -1}, {1, 1}, {-1, 1}} {
		token := s2Token(s2Parent(c.wrapped(c.i+d[0]*c.width, c.j+d[1]*c.width), c.level))
		if !seen[token] {
			seen[token] = true
			out = append(out, `"`+token+`"`)
		}
	}
	return "[" + strings.Join(out, ",") + "]"
}

// wrapped is the leaf cell at a place that may lie beyond the edge of the face.
func (c s2Cell) wrapped(i, j int) uint64 {
	if i >= 0 && i < s2Size && j >= 0 && j < s2Size {
		return s2ID(c.face, i, j)
	}
	// One leaf beyond the edge, linearly, is on the neighbouring face.
	linear := func(k int) float64 {
		k = max(-1, min(s2Size, k))
		return float64(2*(k-s2Size/2)+1) / s2Size
	}
	face, u, v := s2Face(s2Direction(c.face, linear(i), linear(j)))
	return s2ID(face, s2Index((u+1)/2), s2Index((v+1)/2))
}
