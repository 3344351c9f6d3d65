package native

import "math"

// A vector is a direction from the centre of the Earth.
type vector = [3]float64

func cross(a, b vector) vector {
	return vector{a[1]*b[2] - a[2]*b[1], a[2]*b[0] - a[0]*b[2], a[0]*b[1] - a[1]*b[0]}
}

func plus(a, b vector) vector { return vector{a[0] + b[0], a[1] + b[1], a[2] + b[2]} }

func times(a vector, f float64) vector { return vector{a[0] * f, a[1] * f, a[2] * f} }

func norm(a vector) float64 { return math.Sqrt(scalar3(a, a)) }

// angle between two directions, exact for small ones too.
func angle(a, b vector) float64 { return math.Atan2(norm(cross(a, b)), scalar3(a, b)) }

func directionTo(v vector) point {
	return point{math.Atan2(v[1], v[0]) * 180 / math.Pi, math.Atan2(v[2], math.Hypot(v[0], v[1])) * 180 / math.Pi}
}

// An edge is the shorter way between two points along a great circle.
type edge struct{ a, b vector }

func edgesOf(ps []point) []edge {
	var out []edge
	for i := 1; i < len(ps); i++ {
		if ps[i] != ps[i-1] {
			out = append(out, edge{ps[i-1].vector(), ps[i].vector()})
		}
	}
	return out
}

// holds reports whether x, which lies on the edge's great circle, is on the edge.
func (e edge) holds(x vector) bool {
	n := cross(e.a, e.b)
	return scalar3(cross(e.a, x), n) >= -1e-24 && scalar3(cross(x, e.b), n) >= -1e-24
}

// closest is the point of the edge that is nearest to p.
func (e edge) closest(p vector) vector {
	n := cross(e.a, e.b)
	if l := norm(n); l > 1e-15 {
		n = times(n, 1/l)
		if x := plus(p, times(n, -scalar3(p, n))); norm(x) > 1e-15 {
			if x = times(x, 1/norm(x)); e.holds(x) {
				return x
			}
		}
	}
	if angle(p, e.a) <= angle(p, e.b) {
		return e.a
	}
	return e.b
}

// meets reports whether two edges share a point.
func (e edge) meets(f edge) bool {
	if x, ok := e.crossing(f); ok {
		return e.holds(x) && f.holds(x)
	}
	const touch = 1e-14
	for _, p := range []vector{f.a, f.b} {
		if angle(e.closest(p), p) < touch {
			return true
		}
	}
	for _, p := range []vector{e.a, e.b} {
		if angle(f.closest(p), p) < touch {
			return true
		}
	}
	return false
}

// crossing is where the great circles of two edges meet, on the side of the
// edges; false for edges of one circle.
func (e edge) crossing(f edge) (vector, bool) {
	n, m := cross(e.a, e.b), cross(f.a, f.b)
	x := cross(n, m)
	l := norm(x)
	if l <= 1e-12*norm(n)*norm(m) {
		return x, false
	}
	if x = times(x, 1/l); scalar3(x, plus(e.a, e.b)) < 0 {
		x = times(x, -1)
	}
	return x, true
}

// ringHolds reports whether p is inside a ring of geodesic edges, the inside being
// the smaller of its two sides. It adds up how far the direction from p to a point
// that goes around the ring turns.
func ringHolds(ring []point, p vector) bool {
	turn := 0.0
	for _, e := range edgesOf(ring) {
		turn += math.Atan2(scalar3(p, cross(e.a, e.b)), scalar3(e.a, e.b)-scalar3(e.a, p)*scalar3(e.b, p))
	}
	if ringExcess(ring) < 0 {
		turn = -turn
	}
	return turn > math.Pi
}

// polygonHolds: in the outer ring and in none of the holes.
func polygonHolds(rings [][]point, p vector) bool {
	for i, ring := range rings {
		if ringHolds(ring, p) != (i == 0) {
			return false
		}
	}
	return len(rings) > 0
}

func anyHolds(polygons [][][]point, p vector) bool {
	for _, rings := range polygons {
		if polygonHolds(rings, p) {
			return true
		}
	}
	return false
}

// allEdges are those of every line or ring of a shape.
func allEdges(shapes [][][]point) []edge {
	var out []edge
	for _, lines := range shapes {
		for _, ps := range lines {
			out = append(out, edgesOf(ps)...)
		}
	}
	return out
}
