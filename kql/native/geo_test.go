package native

import (
	"math"
	"testing"
)

// TestGeo holds documented results of Kusto's geospatial functions.
func TestGeo(t *testing.T) {
	park := `{"type":"Polygon","coordinates":[[[-73.9495,40.7969],[-73.95807266235352,40.80068603561921],[-73.98201942443848,40.76825672305777],[-73.97317886352539,40.76455136505513],[-73.9495,40.7969]]]}`
	for _, c := range []struct {
		name string
		args []any
		want any
	}{
		{"kql_geo_distance", []any{-122.407628, 47.578557, -118.275287, 34.019056}, 1546754.35197381},
		{"kql_geo_distance", []any{300.0, 1.0, 1.0, 1.0}, nil},
		{"kql_geo_distance", []any{nil, 1.0, 1.0, 1.0}, nil},
		{"kql_geo_azimuth", []any{5.0, 10.0, 5.0, 10.0}, nil},
		{"kql_geo_angle", []any{0.0, 10.0, 0.0, 5.0, 3.0, -10.0}, 2.94493843406882},
		{"kql_geo_in_circle", []any{0.0, 0.0, 0.0, 0.001, 1000.0}, true},
		{"kql_geo_in_polygon", []any{-73.9654, 40.7829, park}, true},
		{"kql_geo_in_polygon", []any{-73.9, 40.7829, park}, false},
		{"kql_geo_in_polygon", []any{1.0, 1.0, `{"type":"Polygon","coordinates":[[[0,0],[10,10],[10,10],[0,0]]]}`}, nil},
		{"kql_geo_length", []any{park}, 9930.3},
		{"kql_geo_area", []any{park}, 3475207.3},
		{"kql_geohash", []any{-80.195829, 25.802215, int64(8)}, "dhwfz15h"},
		{"kql_geohash", []any{139.806115, 35.554128, int64(5)}, "xn76m"},
		{"kql_geohash_center", []any{"a"}, nil},
		{"kql_geohash_center", []any{"sunny"}, `{"type":"Point","coordinates":[42.47314453125,23.70849609375]}`},
		{"kql_geohash_neighbors", []any{"sunny"}, `["sunnv","sunnz","sunnw","sunpn","sunnt","sunnx","sunpj","sunpp"]`},
	} {
		f, err := Find(c.name)
		if err != nil {
			t.Fatal(err)
		}
		got := f.Fn(c.args)
		if g, ok := got.(float64); ok {
			if w, ok := c.want.(float64); ok && math.Abs(g-w) <= 2e-5*math.Abs(w) {
				continue
			}
		}
		if got != c.want {
			t.Errorf("%s(%v) = %v, want %v", c.name, c.args, got, c.want)
		}
	}
}
