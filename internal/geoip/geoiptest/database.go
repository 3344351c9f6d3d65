// Package geoiptest writes a small GeoIP database for tests: 192.0.2.0/24 is in Sydney,
// 198.51.100.0/24 and 2001:db8::/32 are somewhere in Norway, the rest is unknown.
//
// It promises a file by MaxMind's specification (MaxMind DB file format 2.0) of records
// of 32 bits. It is tested by the reader in internal/geoip.
package geoiptest

import (
	"encoding/binary"
	"math"
	"net/netip"
	"sort"
)

// Database returns the file.
func Database() []byte {
	names := func(name string) any { return map[string]any{"names": map[string]any{"en": name}} }
	sydney := map[string]any{
		"country": names("Australia"), "subdivisions": []any{names("New South Wales")}, "city": names("Sydney"),
		"location": map[string]any{"latitude": -33.8715, "longitude": 151.2006},
	}
	norway := map[string]any{"registered_country": names("Norway")}
	w := &tree{nodes: [][2]uint32{{}}}
	w.add("::192.0.2.0/120", sydney)
	w.add("::198.51.100.0/120", norway)
	w.add("2001:db8::/32", norway)
	return w.file()
}

// tree is a binary search tree over the bits of addresses. A child of 0 is nothing yet.
type tree struct {
	nodes [][2]uint32
	data  []byte
}

// leaf marks a child as an offset into the data.
const leaf = 1 << 31

func (w *tree) add(prefix string, value any) {
	p := netip.MustParsePrefix(prefix)
	bits := p.Addr().As16()
	at := uint32(0)
	for i := range p.Bits() {
		side := bits[i/8] >> (7 - i%8) & 1
		if i == p.Bits()-1 {
			w.nodes[at][side] = leaf | uint32(len(w.data))
			w.data = encode(w.data, value)
			return
		}
		if w.nodes[at][side] == 0 {
			w.nodes = append(w.nodes, [2]uint32{})
			w.nodes[at][side] = uint32(len(w.nodes) - 1)
		}
		at = w.nodes[at][side]
	}
}

// file writes the tree, the data and the description of both.
func (w *tree) file() []byte {
	count := uint32(len(w.nodes))
	var out []byte
	for _, n := range w.nodes {
		for _, child := range n {
			switch {
			case child == 0:
				child = count // nothing known
			case child&leaf != 0:
				child = child&^leaf + count + 16
			}
			out = binary.BigEndian.AppendUint32(out, child)
		}
	}
	out = append(out, make([]byte, 16)...)
	out = append(out, w.data...)
	out = append(out, "\xab\xcd\xefMaxMind.com"...)
	return encode(out, map[string]any{
		"binary_format_major_version": uint16(2), "binary_format_minor_version": uint16(0), "build_epoch": uint64(1767225600),
		"database_type": "Tocsin-Test-City", "description": map[string]any{"en": "for tests"}, "ip_version": uint16(6),
		"languages": []any{"en"}, "node_count": count, "record_size": uint16(32),
	})
}

// encode writes a value: a control byte of type and size, then the bytes.
func encode(b []byte, value any) []byte {
	switch v := value.(type) {
	case map[string]any:
		b = append(b, 7<<5|byte(len(v)))
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		sort.Strings(keys)
		for _, k := range keys {
			b = encode(encode(b, k), v[k])
		}
		return b
	case []any:
		b = append(b, byte(len(v)), 11-7)
		for _, x := range v {
			b = encode(b, x)
		}
		return b
	case string:
		if len(v) < 29 {
			return append(append(b, 2<<5|byte(len(v))), v...)
		}
		return append(append(b, 2<<5|29, byte(len(v)-29)), v...)
	case float64:
		return binary.BigEndian.AppendUint64(append(b, 3<<5|8), math.Float64bits(v))
	case uint16:
		return binary.BigEndian.AppendUint16(append(b, 5<<5|2), v)
	case uint32:
		return binary.BigEndian.AppendUint32(append(b, 6<<5|4), v)
	case uint64:
		return binary.BigEndian.AppendUint64(append(b, 8, 9-7), v)
	}
	panic("geoiptest: a value of another type")
}
