package native

import (
	"math"
	"strings"
)

// Bounds of the tolerance of geo_line_densify() and geo_polygon_densify(), metres.
const (
	minTolerance = 0.1
	maxTolerance = 10_000
)

// The estimate of how far an edge that is straight in longitude and latitude
// strays from the geodesic: at this fraction from either end, and by how much less
// than at its most (s2geometry.io, "Edge tessellation").
const (
	strayAt    = 0.31215691082248312
	strayScale = 0.83829992569888509
)

// densify adds points to straight edges in longitude and latitude until the
// geodesics between neighbours are within the tolerance.
func densify(closed bool) func([]any) any {
	return func(args []any) any {
		shapes, ok := shape(args[0], closed)
		tolerance, given := args[1].(float64)
		if !ok || !given || !(tolerance >= minTolerance && tolerance <= maxTolerance) {
			return nil
		}
		text, _ := args[0].(string)
		several := strings.Contains(text, `"Multi`)
		var parts []string
		for _, lines := range shapes {
			var rings []string
			for _, ps := range lines {
				points := []string{pair(ps[0])}
				for i := 1; i < len(ps); i++ {
					points = bisect(points, ps[i-1], ps[i], tolerance*strayScale, 0)
				}
				rings = append(rings, "["+strings.Join(points, ",")+"]")
			}
			parts = append(parts, strings.Join(rings, ","))
		}
		switch {
		case closed && several:
			return `{"type":"MultiPolygon","coordinates":[[` + strings.Join(parts, "],[") + `]]}`
		case closed:
			return `{"type":"Polygon","coordinates":[` + parts[0] + `]}`
		case several:
			return `{"type":"MultiLineString","coordinates":[` + parts[0] + `]}`
		}
		return `{"type":"LineString","coordinates":` + parts[0] + `}`
	}
}

// bisect appends the points after a up to b. An edge over the date line takes the
// shorter way.
func bisect(out []string, a, b point, tolerance float64, depth int) []string {
	far := b
	if far.lon-a.lon > 180 {
		far.lon -= 360
	} else if far.lon-a.lon < -180 {
		far.lon += 360
	}
	if depth < 16 && (stray(a, far, strayAt) > tolerance || stray(a, far, 1-strayAt) > tolerance) {
		middle := point{(a.lon + far.lon) / 2, (a.lat + far.lat) / 2}
		if middle.lon > 180 {
			middle.lon -= 360
		} else if middle.lon < -180 {
			middle.lon += 360
		}
		return bisect(bisect(out, a, middle, tolerance, depth+1), middle, b, tolerance, depth+1)
	}
	return append(out, pair(b))
}

// stray is the distance of the straight edge from the geodesic at a fraction.
func stray(a, b point, t float64) float64 {
	e := edge{a.vector(), b.vector()}
	whole := angle(e.a, e.b)
	if whole > math.Pi/2 {
		return math.Inf(1)
	}
	straight := point{a.lon + (b.lon-a.lon)*t, a.lat + (b.lat-a.lat)*t}
	return angle(straight.vector(), e.along(whole*t)) * earthRadius
}
