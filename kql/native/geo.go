package native

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// earthRadius is Kusto's sphere in metres: its documented distances come out to
// the last digit with it.
const earthRadius = 6371010.0

func geoFunctions() []Function {
	four := []Kind{Real, Real, Real, Real}
	return []Function{
		{Name: "kql_geo_distance", Args: four, Result: Real, Fn: points2(func(a, b point) any { return a.distance(b) })},
		{Name: "kql_geo_azimuth", Args: four, Result: Real, Fn: points2(func(a, b point) any {
			if a == b {
				return nil
			}
			return a.azimuth(b)
		})},
		{Name: "kql_geo_angle", Args: []Kind{Real, Real, Real, Real, Real, Real}, Result: Real, Fn: geoAngle},
		{Name: "kql_geo_in_circle", Args: []Kind{Real, Real, Real, Real, Real}, Result: Bool, Fn: geoInCircle},
		{Name: "kql_geo_in_polygon", Args: []Kind{Real, Real, Text}, Result: Bool, Fn: geoInPolygon},
		{Name: "kql_geo_length", Args: []Kind{Text}, Result: Real, Fn: geoLength},
		{Name: "kql_geo_area", Args: []Kind{Text}, Result: Real, Fn: geoArea},
		{Name: "kql_geohash", Args: []Kind{Real, Real, Long}, Result: Text, Fn: geohashOf},
		{Name: "kql_geohash_center", Args: []Kind{Text}, Result: Text, Fn: geohashCenter},
		{Name: "kql_geohash_polygon", Args: []Kind{Text}, Result: Text, Fn: geohashPolygon},
		{Name: "kql_geohash_neighbors", Args: []Kind{Text}, Result: Text, Fn: geohashNeighbors},
	}
}

// A point is a longitude and latitude in degrees.
type point struct{ lon, lat float64 }

func pointAt(args []any, i int) (point, bool) {
	lon, okLon := args[i].(float64)
	lat, okLat := args[i+1].(float64)
	return point{lon, lat}, okLon && okLat && math.Abs(lon) <= 180 && math.Abs(lat) <= 90
}

// points2 makes a function of two points; anything that is none gives null.
func points2(f func(a, b point) any) func([]any) any {
	return func(args []any) any {
		a, okA := pointAt(args, 0)
		b, okB := pointAt(args, 2)
		if !okA || !okB {
			return nil
		}
		return f(a, b)
	}
}

func radians(deg float64) float64 { return deg * math.Pi / 180 }

// distance is the great-circle distance in metres.
func (p point) distance(q point) float64 {
	la, lb := radians(p.lat), radians(q.lat)
	h := math.Pow(math.Sin((lb-la)/2), 2) + math.Cos(la)*math.Cos(lb)*math.Pow(math.Sin(radians(q.lon-p.lon)/2), 2)
	return 2 * earthRadius * math.Asin(math.Min(1, math.Sqrt(h)))
}

// azimuth is the direction at p of the way to q, clockwise from north, in [0, 2π).
func (p point) azimuth(q point) float64 {
	la, lb, d := radians(p.lat), radians(q.lat), radians(q.lon-p.lon)
	a := math.Atan2(math.Sin(d)*math.Cos(lb), math.Cos(la)*math.Sin(lb)-math.Sin(la)*math.Cos(lb)*math.Cos(d))
	if a < 0 {
		a += 2 * math.Pi
	}
	return a
}

// geoAngle is the angle at the second point from the first to the third,
// clockwise.
func geoAngle(args []any) any {
	a, okA := pointAt(args, 0)
	b, okB := pointAt(args, 2)
	c, okC := pointAt(args, 4)
	if !okA || !okB || !okC || a == b || b == c {
		return nil
	}
	angle := b.azimuth(c) - b.azimuth(a)
	if angle < 0 {
		angle += 2 * math.Pi
	}
	return angle
}

func geoInCircle(args []any) any {
	p, okP := pointAt(args, 0)
	c, okC := pointAt(args, 2)
	r, okR := args[4].(float64)
	if !okP || !okC || !okR || r < 0 {
		return nil
	}
	return p.distance(c) <= r
}

// shape reads the rings of a (multi)polygon, or the lines of a (multi)line, of
// GeoJSON. closed says that they are rings.
func shape(arg any, closed bool) ([][][]point, bool) {
	text, ok := arg.(string)
	if !ok {
		return nil, false
	}
	var g struct {
		Type        string          `json:"type"`
		Coordinates json.RawMessage `json:"coordinates"`
	}
	if json.Unmarshal([]byte(text), &g) != nil {
		return nil, false
	}
	var raw [][][][]float64
	switch {
	case closed && g.Type == "Polygon":
		raw = make([][][][]float64, 1)
		ok = json.Unmarshal(g.Coordinates, &raw[0]) == nil
	case closed && g.Type == "MultiPolygon":
		ok = json.Unmarshal(g.Coordinates, &raw) == nil
	case !closed && g.Type == "LineString":
		raw = [][][][]float64{make([][][]float64, 1)}
		ok = json.Unmarshal(g.Coordinates, &raw[0][0]) == nil
	case !closed && g.Type == "MultiLineString":
		raw = make([][][][]float64, 1)
		ok = json.Unmarshal(g.Coordinates, &raw[0]) == nil
	default:
		return nil, false
	}
	if !ok {
		return nil, false
	}
	return shapePoints(raw, closed)
}

// shapePoints checks what makes coordinates a shape: pairs in range, at least two
// points in a line, rings closed and with three different corners.
func shapePoints(raw [][][][]float64, closed bool) ([][][]point, bool) {
	var out [][][]point
	for _, poly := range raw {
		var rings [][]point
		for _, line := range poly {
			var ps []point
			corners := map[point]bool{}
			for _, c := range line {
				if len(c) != 2 || math.Abs(c[0]) > 180 || math.Abs(c[1]) > 90 {
					return nil, false
				}
				ps = append(ps, point{c[0], c[1]})
				corners[point{c[0], c[1]}] = true
			}
			if len(ps) < 2 || closed && (ps[0] != ps[len(ps)-1] || len(corners) < 3) {
				return nil, false
			}
			rings = append(rings, ps)
		}
		if len(rings) == 0 {
			return nil, false
		}
		out = append(out, rings)
	}
	return out, len(out) > 0
}

// geoInPolygon: edges are geodesics, as in Kusto.
func geoInPolygon(args []any) any {
	p, okP := pointAt(args, 0)
	polys, ok := shape(args[2], true)
	if !okP || !ok {
		return nil
	}
	return anyHolds(polys, p.vector())
}

// geoLength is the length of lines, or the perimeter of polygons.
func geoLength(args []any) any {
	lines, ok := shape(args[0], false)
	if !ok {
		lines, ok = shape(args[0], true)
	}
	if !ok {
		return nil
	}
	total := 0.0
	for _, rings := range lines {
		for _, ps := range rings {
			for i := 1; i < len(ps); i++ {
				total += ps[i-1].distance(ps[i])
			}
		}
	}
	return total
}

// geoArea sums the spherical triangles of a fan over each ring; inner rings are
// taken off. What several polygons cover counts once.
func geoArea(args []any) any {
	polys, ok := shape(args[0], true)
	if !ok {
		return nil
	}
	if len(polys) > 1 {
		if total, ok := unionArea(polys); ok {
			return total
		}
		return nil
	}
	total := 0.0
	for _, rings := range polys {
		for i, ring := range rings {
			a := math.Abs(ringExcess(ring)) * earthRadius * earthRadius
			if i > 0 {
				a = -a
			}
			total += a
		}
	}
	return total
}

func ringExcess(ring []point) float64 {
	sum := 0.0
	for i := 2; i < len(ring)-1; i++ {
		sum += triangleExcess(ring[0], ring[i-1], ring[i])
	}
	return sum
}

// triangleExcess is the signed solid angle of three points on the unit sphere.
func triangleExcess(a, b, c point) float64 { return excess(a.vector(), b.vector(), c.vector()) }

func excess(u, v, w vector) float64 {
	triple := u[0]*(v[1]*w[2]-v[2]*w[1]) + u[1]*(v[2]*w[0]-v[0]*w[2]) + u[2]*(v[0]*w[1]-v[1]*w[0])
	return 2 * math.Atan2(triple, 1+scalar3(u, v)+scalar3(v, w)+scalar3(w, u))
}

func (p point) vector() [3]float64 {
	la, lo := radians(p.lat), radians(p.lon)
	return [3]float64{math.Cos(la) * math.Cos(lo), math.Cos(la) * math.Sin(lo), math.Sin(la)}
}

func scalar3(a, b [3]float64) float64 { return a[0]*b[0] + a[1]*b[1] + a[2]*b[2] }

const geohashDigits = "0123456789bcdefghjkmnpqrstuvwxyz"

// geohashOf encodes a point with 1 to 18 characters.
func geohashOf(args []any) any {
	p, ok := pointAt(args, 0)
	n, given := args[2].(int64)
	if !ok || !given || n < 1 || n > 18 {
		return ""
	}
	return encodeGeohash(p, int(n))
}

func encodeGeohash(p point, n int) string {
	lo, hi := point{-180, -90}, point{180, 90}
	var b strings.Builder
	bits, digit := 0, 0
	for even := true; b.Len() < n; even = !even {
		v, l, h := p.lat, &lo.lat, &hi.lat
		if even {
			v, l, h = p.lon, &lo.lon, &hi.lon
		}
		mid := (*l + *h) / 2
		digit <<= 1
		if v >= mid {
			digit |= 1
			*l = mid
		} else {
			*h = mid
		}
		if bits++; bits == 5 {
			b.WriteByte(geohashDigits[digit])
			bits, digit = 0, 0
		}
	}
	return b.String()
}

// geohashCell is the area of a geohash; ok is false for what is none.
func geohashCell(arg any) (lo, hi point, ok bool) {
	s, isText := arg.(string)
	lo, hi = point{-180, -90}, point{180, 90}
	if !isText || s == "" || len(s) > 18 {
		return lo, hi, false
	}
	even := true
	for i := 0; i < len(s); i++ {
		d := strings.IndexByte(geohashDigits, s[i])
		if d < 0 {
			return lo, hi, false
		}
		for bit := 16; bit > 0; bit >>= 1 {
			l, h := &lo.lat, &hi.lat
			if even {
				l, h = &lo.lon, &hi.lon
			}
			if mid := (*l + *h) / 2; d&bit != 0 {
				*l = mid
			} else {
				*h = mid
			}
			even = !even
		}
	}
	return lo, hi, true
}

func geohashCenter(args []any) any {
	lo, hi, ok := geohashCell(args[0])
	if !ok {
		return nil
	}
	return `{"type":"Point","coordinates":` + pair(point{(lo.lon + hi.lon) / 2, (lo.lat + hi.lat) / 2}) + `}`
}

func geohashPolygon(args []any) any {
	lo, hi, ok := geohashCell(args[0])
	if !ok {
		return nil
	}
	corners := []string{pair(lo), pair(point{hi.lon, lo.lat}), pair(hi), pair(point{lo.lon, hi.lat}), pair(lo)}
	return `{"type":"Polygon","coordinates":[[` + strings.Join(corners, ",") + `]]}`
}

func geohashNeighbors(args []any) any {
	lo, hi, ok := geohashCell(args[0])
	if !ok {
		return nil
	}
	n := len(args[0].(string))
	width, height := hi.lon-lo.lon, hi.lat-lo.lat
	center := point{(lo.lon + hi.lon) / 2, (lo.lat + hi.lat) / 2}
	var out []string
	for _, d := range [8][2]float64{{-1, 0}, {1, 0}, {0, -1}, {0, 1}, {-1, -1}, {1, -1}, {-1, 1}, {1, 1}} {
		p := point{center.lon + d[0]*width, center.lat + d[1]*height}
		if math.Abs(p.lat) > 90 {
			continue
		}
		if p.lon > 180 {
			p.lon -= 360
		} else if p.lon < -180 {
			p.lon += 360
		}
		out = append(out, `"`+encodeGeohash(p, n)+`"`)
	}
	return "[" + strings.Join(out, ",") + "]"
}

func pair(p point) string {
	return "[" + strconv.FormatFloat(p.lon, 'g', -1, 64) + "," + strconv.FormatFloat(p.lat, 'g', -1, 64) + "]"
}
