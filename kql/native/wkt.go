package native

import (
	"strconv"
	"strings"
)

// fromWKT turns a geometry of Well-Known Text (OGC 06-103r4, section 7) into
// GeoJSON; null for what is none.
func fromWKT(args []any) any {
	text, _ := args[0].(string)
	w := &wkt{rest: text}
	out := w.geometry(0)
	if w.space(); w.bad || w.rest != "" {
		return nil
	}
	return out
}

type wkt struct {
	rest string
	bad  bool
}

func (w *wkt) space() { w.rest = strings.TrimLeft(w.rest, " \t\r\n") }

func (w *wkt) fail() string {
	w.bad, w.rest = true, ""
	return ""
}

// take consumes a character if it comes next.
func (w *wkt) take(c byte) bool {
	w.space()
	if w.rest != "" && w.rest[0] == c {
		w.rest = w.rest[1:]
		return true
	}
	return false
}

func (w *wkt) word() string {
	w.space()
	n := 0
	for n < len(w.rest) && (w.rest[n]|0x20 >= 'a' && w.rest[n]|0x20 <= 'z') {
		n++
	}
	word := strings.ToUpper(w.rest[:n])
	w.rest = w.rest[n:]
	return word
}

// shapes are the names of geometries and how deep their lists nest.
var wktShapes = map[string]struct {
	name  string
	depth int
}{
	"POINT": {"Point", 0}, "LINESTRING": {"LineString", 1}, "POLYGON": {"Polygon", 2},
	"MULTIPOINT": {"MultiPoint", 1}, "MULTILINESTRING": {"MultiLineString", 2}, "MULTIPOLYGON": {"MultiPolygon", 3},
}

func (w *wkt) geometry(depth int) string {
	kind := w.word()
	if kind == "GEOMETRYCOLLECTION" && depth < 32 && w.take('(') {
		var parts []string
		for more := true; more && !w.bad; more = w.take(',') {
			parts = append(parts, w.geometry(depth+1))
		}
		if !w.take(')') {
			return w.fail()
		}
		return `{"type":"GeometryCollection","geometries":[` + strings.Join(parts, ",") + `]}`
	}
	s, ok := wktShapes[kind]
	if !ok {
		return w.fail()
	}
	var coordinates string
	if s.depth == 0 {
		if !w.take('(') {
			return w.fail()
		}
		coordinates = w.position()
		if !w.take(')') {
			return w.fail()
		}
	} else {
		coordinates = w.list(s.depth, kind == "MULTIPOINT")
	}
	return `{"type":"` + s.name + `","coordinates":` + coordinates + `}`
}

// list reads nested lists of positions. The points of a MULTIPOINT may stand in
// brackets of their own.
func (w *wkt) list(depth int, bracketed bool) string {
	if !w.take('(') {
		return w.fail()
	}
	var parts []string
	for more := true; more && !w.bad; more = w.take(',') {
		switch {
		case depth > 1:
			parts = append(parts, w.list(depth-1, false))
		case bracketed && w.take('('):
			parts = append(parts, w.position())
			if !w.take(')') {
				return w.fail()
			}
		default:
			parts = append(parts, w.position())
		}
	}
	if !w.take(')') {
		return w.fail()
	}
	return "[" + strings.Join(parts, ",") + "]"
}

func (w *wkt) position() string {
	var numbers [2]string
	for i := range numbers {
		w.space()
		n := strings.IndexAny(w.rest, " \t\r\n,()")
		if n < 0 {
			n = len(w.rest)
		}
		f, err := strconv.ParseFloat(w.rest[:n], 64)
		if err != nil || f-f != 0 {
			return w.fail()
		}
		numbers[i] = strconv.FormatFloat(f, 'g', -1, 64)
		w.rest = w.rest[n:]
	}
	return "[" + numbers[0] + "," + numbers[1] + "]"
}
