package native

import (
	"math"
	"sort"
	"strings"
)

// maxEdges bounds the pairs of edges that functions of two shapes look at.
const maxEdges = 4_000_000

func shapeFunctions() []Function {
	two := []Kind{Text, Text}
	return []Function{
		{Name: "kql_geo_to_shape", Args: []Kind{Real, Real, Text, Bool}, Result: Real, Fn: distanceToShape},
		{Name: "kql_geo_closest", Args: []Kind{Real, Real, Text, Bool}, Result: Text, Fn: closestOnShape},
		{Name: "kql_geo_interpolate", Args: []Kind{Text, Real}, Result: Text, Fn: interpolateLine},
		{Name: "kql_geo_locate", Args: []Kind{Text, Real, Real}, Result: Real, Fn: locateOnLine},
		{Name: "kql_geo_line_centroid", Args: []Kind{Text}, Result: Text, Fn: lineCentroid},
		{Name: "kql_geo_polygon_centroid", Args: []Kind{Text}, Result: Text, Fn: polygonCentroid},
		{Name: "kql_geo_lines_meet", Args: two, Result: Bool, Fn: linesMeet},
		{Name: "kql_geo_polygons_meet", Args: two, Result: Bool, Fn: polygonsMeet},
		{Name: "kql_geo_line_meets_polygon", Args: two, Result: Bool, Fn: lineMeetsPolygon},
		{Name: "kql_geo_densify_line", Args: []Kind{Text, Real}, Result: Text, Fn: densify(false)},
		{Name: "kql_geo_densify_polygon", Args: []Kind{Text, Real}, Result: Text, Fn: densify(true)},
		{Name: "kql_geo_from_wkt", Args: []Kind{Text}, Result: Text, Fn: fromWKT},
	}
}

func pointJSON(p point) string { return `{"type":"Point","coordinates":` + pair(p) + `}` }

// nearest is the point of a shape that is nearest to p; p itself inside a polygon.
func nearest(p point, arg any, closed bool) (vector, bool) {
	shapes, ok := shape(arg, closed)
	if !ok {
		return vector{}, false
	}
	v := p.vector()
	if closed && anyHolds(shapes, v) {
		return v, true
	}
	best, least := vector{}, math.Inf(1)
	for _, e := range allEdges(shapes) {
		if x := e.closest(v); angle(v, x) < least {
			best, least = x, angle(v, x)
		}
	}
	return best, !math.IsInf(least, 1)
}

func distanceToShape(args []any) any {
	p, ok := pointAt(args, 0)
	closed, _ := args[3].(bool)
	if !ok {
		return nil
	}
	x, ok := nearest(p, args[2], closed)
	if !ok {
		return nil
	}
	return angle(p.vector(), x) * earthRadius
}

func closestOnShape(args []any) any {
	p, ok := pointAt(args, 0)
	closed, _ := args[3].(bool)
	if !ok {
		return nil
	}
	x, ok := nearest(p, args[2], closed)
	if !ok {
		return nil
	}
	if x == p.vector() {
		return pointJSON(p)
	}
	return pointJSON(directionTo(x))
}

// singleLine reads a LineString.
func singleLine(arg any) ([]edge, bool) {
	text, _ := arg.(string)
	lines, ok := shape(arg, false)
	if !ok || strings.Contains(text, "MultiLineString") {
		return nil, false
	}
	edges := allEdges(lines)
	return edges, len(edges) > 0
}

// interpolateLine is the point a fraction of the way along a line.
func interpolateLine(args []any) any {
	edges, ok := singleLine(args[0])
	f, given := args[1].(float64)
	if !ok || !given || !(f >= 0 && f <= 1) {
		return nil
	}
	total := 0.0
	for _, e := range edges {
		total += angle(e.a, e.b)
	}
	left := total * f
	for _, e := range edges {
		if l := angle(e.a, e.b); left <= l {
			return pointJSON(directionTo(e.along(left)))
		} else {
			left -= l
		}
	}
	return pointJSON(directionTo(edges[len(edges)-1].b))
}

// along is the point at an angle from the edge's beginning.
func (e edge) along(a float64) vector {
	whole := angle(e.a, e.b)
	if whole == 0 {
		return e.a
	}
	return plus(times(e.a, math.Sin(whole-a)/math.Sin(whole)), times(e.b, math.Sin(a)/math.Sin(whole)))
}

// locateOnLine is the inverse: the fraction at which a line is nearest to a point.
func locateOnLine(args []any) any {
	edges, ok := singleLine(args[0])
	p, okP := pointAt(args, 1)
	if !ok || !okP {
		return nil
	}
	v := p.vector()
	total, at, least := 0.0, 0.0, math.Inf(1)
	for _, e := range edges {
		x := e.closest(v)
		if d := angle(v, x); d < least {
			at, least = total+angle(e.a, x), d
		}
		total += angle(e.a, e.b)
	}
	return math.Min(1, at/total)
}

// lineCentroid weighs each edge by its length; an edge's own centroid lies
// below its middle.
func lineCentroid(args []any) any {
	lines, ok := shape(args[0], false)
	edges := allEdges(lines)
	if !ok || len(edges) == 0 {
		return nil
	}
	var sum vector
	for _, e := range edges {
		s, d := plus(e.a, e.b), plus(e.b, times(e.a, -1))
		if l := scalar3(s, s); l > 0 {
			sum = plus(sum, times(s, math.Sqrt(scalar3(d, d)/l)))
		}
	}
	return pointJSON(directionTo(sum))
}

// polygonCentroid is the centre of mass of the surface: by Stokes' theorem half
// the sum over the edges of their angle times the normal of their plane.
func polygonCentroid(args []any) any {
	polys, ok := shape(args[0], true)
	if !ok {
		return nil
	}
	var sum vector
	for _, rings := range polys {
		for i, ring := range rings {
			var own vector
			for _, e := range edgesOf(ring) {
				n := cross(e.a, e.b)
				if l := norm(n); l > 0 {
					own = plus(own, times(n, angle(e.a, e.b)/l/2))
				}
			}
			if (ringExcess(ring) < 0) != (i > 0) {
				own = times(own, -1)
			}
			sum = plus(sum, own)
		}
	}
	if norm(sum) == 0 {
		return nil
	}
	return pointJSON(directionTo(sum))
}

func twoShapes(args []any, closed0, closed1 bool) (a, b [][][]point, ok bool) {
	a, okA := shape(args[0], closed0)
	b, okB := shape(args[1], closed1)
	return a, b, okA && okB
}

// edgesMeet reports whether any two edges share a point; ok is false when there
// are too many pairs to look at.
func edgesMeet(a, b []edge) (meet, ok bool) {
	if len(a)*len(b) > maxEdges {
		return false, false
	}
	for _, e := range a {
		for _, f := range b {
			if e.meets(f) {
				return true, true
			}
		}
	}
	return false, true
}

func linesMeet(args []any) any {
	a, b, ok := twoShapes(args, false, false)
	if !ok {
		return nil
	}
	meet, ok := edgesMeet(allEdges(a), allEdges(b))
	if !ok {
		return nil
	}
	return meet
}

func polygonsMeet(args []any) any {
	a, b, ok := twoShapes(args, true, true)
	if !ok {
		return nil
	}
	meet, ok := edgesMeet(allEdges(a), allEdges(b))
	if !ok {
		return nil
	}
	return meet || anyInside(a, b) || anyInside(b, a)
}

func lineMeetsPolygon(args []any) any {
	a, b, ok := twoShapes(args, false, true)
	if !ok {
		return nil
	}
	meet, ok := edgesMeet(allEdges(a), allEdges(b))
	if !ok {
		return nil
	}
	return meet || anyInside(a, b)
}

// anyInside reports whether a part of a lies within the polygons b; parts that
// cross their border are found by edgesMeet.
func anyInside(a, b [][][]point) bool {
	for _, parts := range a {
		for _, ps := range parts {
			if anyHolds(b, ps[0].vector()) {
				return true
			}
		}
	}
	return false
}

// unionArea is the area that polygons cover together: the border of the union is
// what of each border lies in no other polygon, and the solid angle of a border is
// the sum of the triangles between its edges and any one point.
func unionArea(polys [][][]point) (float64, bool) {
	if n := len(allEdges(polys)); n*n > maxEdges {
		return 0, false
	}
	origin := polys[0][0][0].vector()
	sum := 0.0
	for i, rings := range polys {
		for r, ring := range rings {
			reverse := (ringExcess(ring) < 0) != (r > 0)
			for _, e := range edgesOf(ring) {
				if reverse {
					e = edge{e.b, e.a}
				}
				for _, part := range e.cut(polys, i) {
					if !covered(polys, i, part) {
						sum += excess(origin, part.a, part.b)
					}
				}
			}
		}
	}
	return math.Abs(sum) * earthRadius * earthRadius, true
}

// cut divides an edge where edges of the other polygons cross or touch it.
func (e edge) cut(polys [][][]point, self int) []edge {
	at := []float64{0, angle(e.a, e.b)}
	for i, rings := range polys {
		if i == self {
			continue
		}
		for _, f := range allEdges([][][]point{rings}) {
			if x, ok := e.crossing(f); ok && e.holds(x) && f.holds(x) {
				at = append(at, angle(e.a, x))
			} else if !ok {
				for _, x := range []vector{f.a, f.b} {
					if e.holds(x) {
						at = append(at, angle(e.a, x))
					}
				}
			}
		}
	}
	sort.Float64s(at)
	var out []edge
	for k := 1; k < len(at); k++ {
		if at[k]-at[k-1] > 1e-15 {
			out = append(out, edge{e.along(at[k-1]), e.along(at[k])})
		}
	}
	return out
}

// covered reports whether the middle of an edge lies in another polygon. Of a
// border that two polygons share the later one's counts as covered.
func covered(polys [][][]point, self int, e edge) bool {
	middle := plus(e.a, e.b)
	middle = times(middle, 1/norm(middle))
	for i, rings := range polys {
		if i == self {
			continue
		}
		switch on, opposite := borders(rings, e, middle); {
		case on && (opposite || i < self): // between the two, or counted with the other
			return true
		case !on && polygonHolds(rings, middle):
			return true
		}
	}
	return false
}

// borders reports whether an edge runs along the border of a polygon, and whether
// the polygon is on its other side then.
func borders(rings [][]point, e edge, middle vector) (on, opposite bool) {
	for r, ring := range rings {
		reverse := (ringExcess(ring) < 0) != (r > 0)
		for _, f := range edgesOf(ring) {
			if angle(f.closest(middle), middle) < 1e-13 {
				return true, (scalar3(cross(e.a, e.b), cross(f.a, f.b)) < 0) != reverse
			}
		}
	}
	return false, false
}
