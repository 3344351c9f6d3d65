package native

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/url"
	"strings"
	"unicode/utf8"
)

// maxInflated bounds what a compressed value may grow to.
const maxInflated = 64 << 20

func encodingFunctions() []Function {
	text := func(name string, fn func(s string) any) Function {
		return Function{Name: name, Args: []Kind{Text}, Result: Text, Fn: func(a []any) any { return fn(str(a[0])) }}
	}
	return []Function{
		text("kql_base64_encode", func(s string) any { return base64.StdEncoding.EncodeToString([]byte(s)) }),
		text("kql_base64_decode", func(s string) any {
			b, ok := fromBase64(s)
			if !ok || !utf8.Valid(b) {
				return ""
			}
			return string(b)
		}),
		text("kql_base64_decode_array", func(s string) any {
			b, ok := fromBase64(s)
			if !ok || s == "" {
				return nil
			}
			out := make([]any, len(b))
			for i, c := range b {
				out[i] = int64(c)
			}
			return printJSON(out)
		}),
		text("kql_base64_encode_array", base64EncodeArray),
		text("kql_base64_encode_guid", func(s string) any {
			b, ok := guidBytes(s)
			if !ok {
				return ""
			}
			return base64.StdEncoding.EncodeToString(b)
		}),
		text("kql_base64_decode_guid", func(s string) any {
			b, ok := fromBase64(s)
			if !ok || len(b) != 16 {
				return nil
			}
			swapGUID(b)
			h := hex.EncodeToString(b)
			return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
		}),
		text("kql_url_encode", urlEncode),
		text("kql_url_encode_component", func(s string) any { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }),
		text("kql_url_decode", func(s string) any {
			if out, err := url.QueryUnescape(s); err == nil {
				return out
			}
			return s
		}),
		text("kql_gzip", func(s string) any {
			var b bytes.Buffer
			w := gzip.NewWriter(&b)
			return compress(&b, w, s)
		}),
		text("kql_zlib", func(s string) any {
			var b bytes.Buffer
			w := zlib.NewWriter(&b)
			return compress(&b, w, s)
		}),
		text("kql_gunzip", func(s string) any {
			return inflate(s, func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) })
		}),
		text("kql_unzlib", func(s string) any {
			return inflate(s, func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) })
		}),
		text("kql_punycode_encode", func(s string) any {
			out, _ := punyEncode([]rune(s))
			return out
		}),
		text("kql_punycode_decode", func(s string) any {
			r, ok := punyDecode(s)
			if !ok {
				return ""
			}
			return string(r)
		}),
		text("kql_domain_to_ascii", domainToASCII),
		text("kql_domain_from_ascii", domainFromASCII),
	}
}

// fromBase64 reads standard base64; padding may be missing.
func fromBase64(s string) ([]byte, bool) {
	s = strings.TrimSpace(s)
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		b, err = base64.RawStdEncoding.DecodeString(s)
	}
	return b, err == nil
}

func base64EncodeArray(s string) any {
	list, ok := dynamicOf(s).([]any)
	if !ok {
		return ""
	}
	b := make([]byte, len(list))
	for i, v := range list {
		n, ok := v.(int64)
		if !ok || n < 0 || n > 255 {
			return ""
		}
		b[i] = byte(n)
	}
	if !utf8.Valid(b) {
		return ""
	}
	return base64.StdEncoding.EncodeToString(b)
}

// guidBytes has the first three groups little-endian, as .NET does.
func guidBytes(s string) ([]byte, bool) {
	b, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil || len(b) != 16 {
		return nil, false
	}
	swapGUID(b)
	return b, true
}

func swapGUID(b []byte) {
	b[0], b[1], b[2], b[3] = b[3], b[2], b[1], b[0]
	b[4], b[5], b[6], b[7] = b[5], b[4], b[7], b[6]
}

// urlEncode escapes with lower-case hex and + for a blank, as Kusto prints it.
func urlEncode(s string) any {
	const lower = "0123456789abcdef"
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case isAlnum(c) || strings.IndexByte("-_.!*()", c) >= 0:
			b.WriteByte(c)
		case c == ' ':
			b.WriteByte('+')
		default:
			b.WriteByte('%')
			b.WriteByte(lower[c>>4])
			b.WriteByte(lower[c&15])
		}
	}
	return b.String()
}

func compress(b *bytes.Buffer, w io.WriteCloser, s string) any {
	if _, err := io.WriteString(w, s); err != nil {
		return ""
	}
	if err := w.Close(); err != nil {
		return ""
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

func inflate(s string, open func(io.Reader) (io.Reader, error)) any {
	b, ok := fromBase64(s)
	if !ok {
		return ""
	}
	r, err := open(bytes.NewReader(b))
	if err != nil {
		return ""
	}
	out, err := io.ReadAll(io.LimitReader(r, maxInflated+1))
	if err != nil || len(out) > maxInflated || !utf8.Valid(out) {
		return ""
	}
	return string(out)
}

// Bootstring parameters of punycode, RFC 3492 §5.
const (
	punyBase, punyTMin, punyTMax, punySkew, punyDamp = 36, 1, 26, 38, 700
	punyBias, punyFirst                              = 72, 128
)

func punyAdapt(delta, points int, first bool) int {
	if first {
		delta /= punyDamp
	} else {
		delta /= 2
	}
	delta += delta / points
	k := 0
	for delta > (punyBase-punyTMin)*punyTMax/2 {
		delta /= punyBase - punyTMin
		k += punyBase
	}
	return k + (punyBase-punyTMin+1)*delta/(delta+punySkew)
}

func punyThreshold(k, bias int) int { return min(max(k-bias, punyTMin), punyTMax) }

// punyEncode is RFC 3492 §6.3; plain says that nothing needed encoding.
func punyEncode(input []rune) (out string, plain bool) {
	var b []byte
	for _, r := range input {
		if r < punyFirst {
			b = append(b, byte(r))
		}
	}
	basic := len(b)
	if basic == len(input) {
		return string(b), true
	}
	if basic > 0 {
		b = append(b, '-')
	}
	n, delta, bias, handled := rune(punyFirst), 0, punyBias, basic
	for handled < len(input) {
		next := rune(utf8.MaxRune)
		for _, r := range input {
			if r >= n && r < next {
				next = r
			}
		}
		delta += int(next-n) * (handled + 1)
		n = next
		for _, r := range input {
			if r < n {
				delta++
			}
			if r != n {
				continue
			}
			q := delta
			for k := punyBase; ; k += punyBase {
				t := punyThreshold(k, bias)
				if q < t {
					break
				}
				b = append(b, punyDigit(t+(q-t)%(punyBase-t)))
				q = (q - t) / (punyBase - t)
			}
			b = append(b, punyDigit(q))
			bias = punyAdapt(delta, handled+1, handled == basic)
			delta = 0
			handled++
		}
		delta++
		n++
	}
	return string(b), false
}

func punyDigit(d int) byte {
	if d < 26 {
		return byte('a' + d)
	}
	return byte('0' + d - 26)
}

// punyDecode is RFC 3492 §6.2.
func punyDecode(s string) ([]rune, bool) {
	var out []rune
	if i := strings.LastIndexByte(s, '-'); i >= 0 {
		out, s = []rune(s[:i]), s[i+1:]
	}
	n, i, bias := punyFirst, 0, punyBias
	for len(s) > 0 {
		before, w := i, 1
		for k := punyBase; ; k += punyBase {
			if len(s) == 0 || w > 1<<30 {
				return nil, false
			}
			var d int
			switch c := s[0] | 0x20; {
			case c >= 'a' && c <= 'z':
				d = int(c - 'a')
			case s[0] >= '0' && s[0] <= '9':
				d = int(s[0]-'0') + 26
			default:
				return nil, false
			}
			s = s[1:]
			i += d * w
			t := punyThreshold(k, bias)
			if d < t {
				break
			}
			w *= punyBase - t
		}
		bias = punyAdapt(i-before, len(out)+1, before == 0)
		n += i / (len(out) + 1)
		i %= len(out) + 1
		if n > utf8.MaxRune || len(out) > 4096 {
			return nil, false
		}
		out = append(out, 0)
		copy(out[i+1:], out[i:])
		out[i] = rune(n)
		i++
	}
	return out, true
}

func domainToASCII(s string) any {
	s = strings.NewReplacer("。", ".", "．", ".", "｡", ".").Replace(s)
	labels := strings.Split(s, ".")
	for i, l := range labels {
		if enc, plain := punyEncode([]rune(l)); !plain {
			labels[i] = "xn--" + enc
		}
	}
	return strings.Join(labels, ".")
}

func domainFromASCII(s string) any {
	labels := strings.Split(s, ".")
	for i, l := range labels {
		if len(l) > 4 && strings.EqualFold(l[:4], "xn--") {
			r, ok := punyDecode(l[4:])
			if !ok {
				return ""
			}
			labels[i] = string(r)
		}
	}
	return strings.Join(labels, ".")
}
