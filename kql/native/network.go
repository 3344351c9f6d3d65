package native

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// GeoInfo is the SQL name of geo_info_from_ip_address, which knows nothing by itself.
const GeoInfo = "kql_geo_info"

func networkFunctions() []Function {
	return []Function{
		{Name: "kql_parse_ipv4", Args: []Kind{Text, Long}, Result: Long, Fn: parseIPv4},
		{Name: "kql_parse_ipv6", Args: []Kind{Text, Long}, Result: Text, Fn: parseIPv6},
		{Name: "kql_format_ipv4", Args: []Kind{Text, Long, Bool}, Result: Text, Fn: formatIPv4},
		{Name: "kql_ipv4_compare", Args: []Kind{Text, Text, Long}, Result: Long, Fn: func(a []any) any { return comparePrefixes(a, true) }},
		{Name: "kql_ipv6_compare", Args: []Kind{Text, Text, Long}, Result: Long, Fn: func(a []any) any { return comparePrefixes(a, false) }},
		{Name: "kql_ipv4_in_range", Args: []Kind{Text}, Variadic: Text, Result: Bool, Fn: func(a []any) any { return inAnyRange(a, true) }},
		{Name: "kql_ipv6_in_range", Args: []Kind{Text}, Variadic: Text, Result: Bool, Fn: func(a []any) any { return inAnyRange(a, false) }},
		{Name: "kql_ipv4_is_private", Args: []Kind{Text}, Result: Bool, Fn: isPrivate},
		{Name: "kql_ipv4_suffix", Args: []Kind{Text}, Result: Long, Fn: netmaskSuffix},
		{Name: "kql_ipv4_range_to_cidr", Args: []Kind{Text, Text}, Result: Text, Fn: rangeToCIDR},
		// An engine with a location database registers its own function of this name.
		{Name: GeoInfo, Args: []Kind{Text}, Result: Text, Fn: func([]any) any { return nil }},
		{Name: "kql_has_ipv4", Args: []Kind{Text, Bool}, Variadic: Text, Result: Bool, Fn: hasIPv4},
	}
}

// parsePrefix reads an address with an optional /bits; ok is false when either
// is not valid.
func parsePrefix(s string) (netip.Addr, int, bool) {
	s = strings.TrimSpace(s)
	bits := -1
	if i := strings.IndexByte(s, '/'); i >= 0 {
		n, err := strconv.Atoi(s[i+1:])
		if err != nil || n < 0 {
			return netip.Addr{}, 0, false
		}
		s, bits = s[:i], n
	}
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" || bits > a.BitLen() {
		return netip.Addr{}, 0, false
	}
	if bits < 0 {
		bits = a.BitLen()
	}
	return a, bits, true
}

func mask(a netip.Addr, bits int) netip.Addr {
	p, err := a.Prefix(bits)
	if err != nil {
		return a
	}
	return p.Addr()
}

func long4(a netip.Addr) int64 {
	b := a.As4()
	return int64(binary.BigEndian.Uint32(b[:]))
}

// parseIPv4 gives the address as a number after applying the smaller of its own
// and the given prefix.
func parseIPv4(a []any) any {
	addr, bits, ok := parsePrefix(str(a[0]))
	if !ok || !addr.Is4() {
		return nil
	}
	if n, ok := a[1].(int64); ok {
		if n < 0 || n > 32 {
			return nil
		}
		bits = min(bits, int(n))
	}
	return long4(mask(addr, bits))
}

// as6 maps an address and its prefix into IPv6.
func as6(a netip.Addr, bits int) (netip.Addr, int) {
	if a.Is4() {
		return netip.AddrFrom16(a.As16()), bits + 96
	}
	return a, bits
}

// mask16 clears the bits of an IPv6 address behind a prefix; unlike
// netip.Addr.Prefix it keeps mapped addresses as they are.
func mask16(a netip.Addr, bits int) [16]byte {
	b := a.As16()
	for i := range b {
		switch keep := bits - 8*i; {
		case keep <= 0:
			b[i] = 0
		case keep < 8:
			b[i] &= 0xff << (8 - keep)
		}
	}
	return b
}

func parseIPv6(a []any) any {
	addr, bits, ok := parsePrefix(str(a[0]))
	if !ok {
		return ""
	}
	addr, bits = as6(addr, bits)
	if n, ok := a[1].(int64); ok {
		if n < 0 || n > 128 {
			return ""
		}
		bits = min(bits, int(n))
	}
	b := mask16(addr, bits)
	parts := make([]string, 8)
	for i := range parts {
		parts[i] = fmt.Sprintf("%02x%02x", b[2*i], b[2*i+1])
	}
	return strings.Join(parts, ":")
}

// formatIPv4 prints a masked address, with its prefix when the last argument
// is true; the address may be text or a number.
func formatIPv4(a []any) any {
	s := str(a[0])
	if n, err := strconv.ParseUint(s, 10, 32); err == nil {
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], uint32(n))
		s = netip.AddrFrom4(b).String()
	}
	addr, bits, ok := parsePrefix(s)
	if !ok || !addr.Is4() {
		return ""
	}
	if n, ok := a[1].(int64); ok {
		if n < 0 || n > 32 {
			return ""
		}
		bits = min(bits, int(n))
	}
	out := mask(addr, bits).String()
	if a[2] == true {
		out += "/" + strconv.Itoa(bits)
	}
	return out
}

func comparePrefixes(a []any, v4 bool) any {
	x, bx, ok := parsePrefix(str(a[0]))
	y, by, ok2 := parsePrefix(str(a[1]))
	if !ok || !ok2 || v4 && !(x.Is4() && y.Is4()) {
		return nil
	}
	most := int64(128)
	if v4 {
		most = 32
	} else {
		x, bx = as6(x, bx)
		y, by = as6(y, by)
	}
	bits := min(bx, by)
	if n, ok := a[2].(int64); ok {
		if n < 0 || n > most {
			return nil
		}
		bits = min(bits, int(n))
	}
	if v4 {
		return int64(mask(x, bits).Compare(mask(y, bits)))
	}
	p, q := mask16(x, bits), mask16(y, bits)
	return int64(strings.Compare(string(p[:]), string(q[:])))
}

// inAnyRange tests an address against ranges given as texts or as one array.
func inAnyRange(a []any, v4 bool) any {
	addr, _, ok := parsePrefix(str(a[0]))
	if !ok || v4 && !addr.Is4() {
		return nil
	}
	any6, _ := as6(addr, addr.BitLen())
	test := func(s string) bool {
		r, bits, ok := parsePrefix(s)
		if !ok {
			return false
		}
		r6, bits := as6(r, bits)
		return mask16(any6, bits) == mask16(r6, bits)
	}
	for _, v := range a[1:] {
		switch v := dynamicOf(v).(type) {
		case string:
			if test(v) {
				return true
			}
		case []any:
			for _, e := range v {
				if s, ok := e.(string); ok && test(s) {
					return true
				}
			}
		}
	}
	return false
}

// privateRanges are those of RFC 1918 §3.
var privateRanges = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16")}

func isPrivate(a []any) any {
	addr, bits, ok := parsePrefix(str(a[0]))
	if !ok || !addr.Is4() {
		return nil
	}
	for _, p := range privateRanges {
		if p.Bits() <= bits && p.Contains(addr) {
			return true
		}
	}
	return false
}

func netmaskSuffix(a []any) any {
	addr, bits, ok := parsePrefix(str(a[0]))
	if !ok || !addr.Is4() {
		return nil
	}
	return int64(bits)
}

func rangeToCIDR(a []any) any {
	x, err := netip.ParseAddr(strings.TrimSpace(str(a[0])))
	y, err2 := netip.ParseAddr(strings.TrimSpace(str(a[1])))
	if err != nil || err2 != nil || !x.Is4() || !y.Is4() || y.Less(x) {
		return nil
	}
	from, to := uint64(long4(x)), uint64(long4(y))
	out := []any{}
	for from <= to {
		bits := 32
		for bits > 0 && from&(1<<(33-bits)-1) == 0 && from+1<<(33-bits)-1 <= to {
			bits--
		}
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], uint32(from))
		out = append(out, netip.AddrFrom4(b).String()+"/"+strconv.Itoa(bits))
		from += 1 << (32 - bits)
	}
	return printJSON(out)
}

// hasIPv4 finds an address as a term of its own in a text: what surrounds it is
// neither a letter, a digit nor a dot. As a prefix search (second argument) the
// wanted text ends in a dot or is a full address.
func hasIPv4(a []any) any {
	text := str(a[0])
	prefix, _ := a[1].(bool)
	test := func(want string) bool {
		if !validSearch(want, prefix) {
			return false
		}
		for at := 0; ; {
			i := strings.Index(text[at:], want)
			if i < 0 {
				return false
			}
			i += at
			at = i + 1
			if i > 0 && (isAlnum(text[i-1])) {
				continue
			}
			end := i + len(want)
			for end < len(text) && (text[end] >= '0' && text[end] <= '9' || text[end] == '.') {
				end++
			}
			found := strings.TrimRight(text[i:end], ".")
			if end < len(text) && isAlnum(text[end]) {
				continue
			}
			if !prefix && found != want {
				continue
			}
			if addr, err := netip.ParseAddr(found); err == nil && addr.Is4() {
				return true
			}
		}
	}
	for _, v := range a[2:] {
		switch v := dynamicOf(v).(type) {
		case string:
			if test(v) {
				return true
			}
		case []any:
			for _, e := range v {
				if s, ok := e.(string); ok && test(s) {
					return true
				}
			}
		}
	}
	return false
}

func validSearch(want string, prefix bool) bool {
	if addr, err := netip.ParseAddr(want); err == nil {
		return addr.Is4()
	}
	if !prefix || !strings.HasSuffix(want, ".") {
		return false
	}
	parts := strings.Split(strings.TrimSuffix(want, "."), ".")
	if len(parts) > 3 {
		return false
	}
	for _, p := range parts {
		if n, err := strconv.Atoi(p); err != nil || n < 0 || n > 255 {
			return false
		}
	}
	return true
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
