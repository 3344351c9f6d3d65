package evtx

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"
	"unicode/utf8"
)

// Kind says what a value was before it became text.
type Kind uint8

// The kinds of values.
const (
	Null   Kind = iota // absent or empty; the text is empty
	String             // UTF-16 or ANSI text, or literal text of the template
	Int                // signed decimal
	Uint               // unsigned decimal
	Float              // shortest decimal that reads back the same
	Bool               // true or false
	Binary             // upper-case hex digits, no prefix
	GUID               // upper-case, no braces
	Time               // UTC, RFC 3339 with 7 digits (100 ns)
	SID                // S-1-…
	Hex                // 0x and lower-case hex digits, no leading zeros
	Raw                // hex digits of bytes whose type is unknown or whose size does not fit
)

var kindNames = [...]string{"null", "string", "int", "uint", "float", "bool", "binary", "guid", "time", "sid", "hex", "raw"}

// String names the kind in lower case.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "kind(" + strconv.Itoa(int(k)) + ")"
}

// Value types of [MS-EVEN6] section 2.2.12.
const (
	typeNull     = 0x00
	typeString   = 0x01
	typeANSI     = 0x02
	typeInt8     = 0x03
	typeUint8    = 0x04
	typeInt16    = 0x05
	typeUint16   = 0x06
	typeInt32    = 0x07
	typeUint32   = 0x08
	typeInt64    = 0x09
	typeUint64   = 0x0A
	typeReal32   = 0x0B
	typeReal64   = 0x0C
	typeBool     = 0x0D
	typeBinary   = 0x0E
	typeGUID     = 0x0F
	typeSizeT    = 0x10
	typeFiletime = 0x11
	typeSystime  = 0x12
	typeSID      = 0x13
	typeHex32    = 0x14
	typeHex64    = 0x15
	typeHandle   = 0x20
	typeBinXML   = 0x21
	typeXML      = 0x23
	typeArray    = 0x80
)

// A formatter turns stored values into text.
type formatter struct {
	ansi   func(dst, src []byte) []byte
	digits int // fraction digits of times: 7 keeps everything, 6 is the de-facto JSON
	// braces writes GUIDs as Windows does in XML: lower case, in braces.
	braces bool
}

// append appends the text of a scalar value. The stored size rules, not the
// type: a 4-byte value of type Int64 is read as 4 bytes. What does not fit
// comes out as hex digits of kind Raw, never as nothing.
func (f *formatter) append(dst []byte, typ uint8, b []byte) ([]byte, Kind) {
	if len(b) == 0 {
		if typ == typeString || typ == typeANSI {
			return dst, String
		}
		return dst, Null
	}
	switch typ {
	case typeNull:
		return dst, Null
	case typeString, typeXML:
		return appendUTF16(dst, trimNUL(b)), String
	case typeANSI:
		return f.ansi(dst, bytes.TrimRight(b, "\x00")), String
	case typeInt8, typeInt16, typeInt32, typeInt64:
		if v, ok := unsigned(b); ok {
			shift := 64 - 8*uint(len(b))
			return strconv.AppendInt(dst, int64(v<<shift)>>shift, 10), Int
		}
	case typeUint8, typeUint16, typeUint32, typeUint64:
		if v, ok := unsigned(b); ok {
			return strconv.AppendUint(dst, v, 10), Uint
		}
	case typeReal32, typeReal64:
		if len(b) == 4 {
			return appendFloat(dst, float64(math.Float32frombits(binary.LittleEndian.Uint32(b))), 32), Float
		}
		if len(b) == 8 {
			return appendFloat(dst, math.Float64frombits(binary.LittleEndian.Uint64(b)), 64), Float
		}
	case typeBool:
		if v, ok := unsigned(b); ok {
			return strconv.AppendBool(dst, v != 0), Bool
		}
	case typeBinary:
		return appendHexBytes(dst, b), Binary
	case typeGUID:
		if len(b) == 16 && f.braces {
			return append(appendGUID(append(dst, '{'), b, hexLower), '}'), GUID
		}
		if len(b) == 16 {
			return appendGUID(dst, b, hexUpper), GUID
		}
	case typeSizeT, typeHex32, typeHex64:
		if v, ok := unsigned(b); ok {
			return strconv.AppendUint(append(dst, '0', 'x'), v, 16), Hex
		}
	case typeFiletime:
		if len(b) == 8 {
			return appendFiletime(dst, binary.LittleEndian.Uint64(b), f.digits), Time
		}
	case typeSystime:
		if t, ok := systemTime(b); ok {
			return appendFiletime(dst, t, f.digits), Time
		}
	case typeSID:
		if len(b) >= 8 {
			return appendSID(dst, b), SID
		}
	}
	return appendHexBytes(dst, b), Raw
}

// unsigned reads a little-endian number of 1, 2, 4 or 8 bytes.
func unsigned(b []byte) (uint64, bool) {
	switch len(b) {
	case 1:
		return uint64(b[0]), true
	case 2:
		return uint64(binary.LittleEndian.Uint16(b)), true
	case 4:
		return uint64(binary.LittleEndian.Uint32(b)), true
	case 8:
		return binary.LittleEndian.Uint64(b), true
	}
	return 0, false
}

func appendFloat(dst []byte, v float64, bits int) []byte {
	from := len(dst)
	dst = strconv.AppendFloat(dst, v, 'g', -1, bits)
	if math.Trunc(v) == v && bytes.IndexByte(dst[from:], 'e') < 0 && !math.IsInf(v, 0) {
		dst = append(dst, '.', '0')
	}
	return dst
}

func appendHexBytes(dst, b []byte) []byte {
	for _, c := range b {
		dst = append(dst, hexUpper[c>>4], hexUpper[c&15])
	}
	return dst
}

const (
	hexUpper = "0123456789ABCDEF"
	hexLower = "0123456789abcdef"
)

// guidOrder gives the stored byte for each byte of the text: the first three
// groups are little-endian.
var guidOrder = [16]uint8{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15}

// appendGUID appends 16 stored bytes as 8-4-4-4-12 digits.
func appendGUID(dst, g []byte, digits string) []byte {
	_ = g[15]
	for i, at := range guidOrder {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = append(dst, digits[g[at]>>4], digits[g[at]&15])
	}
	return dst
}

// appendSID appends a SID by its own count of sub-authorities; a truncated one
// shows the sub-authorities it has.
func appendSID(dst, b []byte) []byte {
	dst = append(dst, 'S', '-')
	dst = strconv.AppendUint(dst, uint64(b[0]), 10)
	authority := uint64(binary.BigEndian.Uint16(b[2:]))<<32 | uint64(binary.BigEndian.Uint32(b[4:]))
	dst = strconv.AppendUint(append(dst, '-'), authority, 10)
	subs := b[8:]
	for n := int(b[1]); n > 0 && len(subs) >= 4; n-- {
		dst = strconv.AppendUint(append(dst, '-'), uint64(binary.LittleEndian.Uint32(subs)), 10)
		subs = subs[4:]
	}
	return dst
}

// nextItem cuts the first item off an array of the base type. An item of a
// string array ends at a NUL, which is not part of it.
func nextItem(base uint8, b []byte) (item, rest []byte) {
	size := len(b)
	switch base {
	case typeString, typeXML:
		for i := 0; i+1 < len(b); i += 2 {
			if b[i] == 0 && b[i+1] == 0 {
				return b[:i], b[i+2:]
			}
		}
	case typeANSI:
		if i := bytes.IndexByte(b, 0); i >= 0 {
			return b[:i], b[i+1:]
		}
	case typeInt8, typeUint8:
		size = 1
	case typeInt16, typeUint16:
		size = 2
	case typeInt32, typeUint32, typeReal32, typeBool, typeHex32:
		size = 4
	case typeInt64, typeUint64, typeReal64, typeFiletime, typeHex64:
		size = 8
	case typeSizeT:
		if size = 8; len(b)%8 != 0 {
			size = 4
		}
	case typeGUID, typeSystime:
		size = 16
	case typeSID:
		if len(b) >= 8 {
			size = 8 + 4*int(b[1])
		}
	}
	if size > len(b) {
		size = len(b)
	}
	return b[:size], b[size:]
}

// appendWindows1252 is the default for ANSI text.
func appendWindows1252(dst, src []byte) []byte {
	for _, c := range src {
		switch {
		case c < utf8.RuneSelf:
			dst = append(dst, c)
		case c < 0xA0:
			dst = utf8.AppendRune(dst, windows1252[c-0x80])
		default:
			dst = utf8.AppendRune(dst, rune(c))
		}
	}
	return dst
}

// windows1252 has the code points of bytes 0x80–0x9F; the five unassigned ones
// keep their number, as Windows does.
var windows1252 = [32]rune{
	0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D, 0x017D, 0x8F,
	0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D, 0x017E, 0x0178,
}
