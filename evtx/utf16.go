package evtx

import (
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// nonASCII has the bits set that are zero in four UTF-16LE units of ASCII.
const nonASCII = 0xFF80_FF80_FF80_FF80

// appendUTF16 appends UTF-16LE text as UTF-8. A lone surrogate becomes U+FFFD,
// an odd last byte is dropped; NUL units are kept (see trimNUL).
func appendUTF16(dst, src []byte) []byte {
	for len(src) >= 8 {
		v := binary.LittleEndian.Uint64(src)
		if v&nonASCII != 0 {
			break
		}
		dst = append(dst, byte(v), byte(v>>16), byte(v>>32), byte(v>>48))
		src = src[8:]
	}
	for len(src) >= 2 {
		u := rune(binary.LittleEndian.Uint16(src))
		src = src[2:]
		if u < utf8.RuneSelf {
			dst = append(dst, byte(u))
			continue
		}
		if utf16.IsSurrogate(u) {
			low := rune(0)
			if len(src) >= 2 {
				low = rune(binary.LittleEndian.Uint16(src))
			}
			if u = utf16.DecodeRune(u, low); u != utf8.RuneError {
				src = src[2:]
			}
		}
		dst = utf8.AppendRune(dst, u)
	}
	return dst
}

// trimNUL cuts the NUL units at the end of a UTF-16LE string: some providers
// count the terminator of a C string, and a rule that asks how a value ends
// must not see it. NULs inside stay, since hiding text behind one is a trick.
func trimNUL(src []byte) []byte {
	n := len(src) &^ 1
	for n >= 2 && src[n-1] == 0 && src[n-2] == 0 {
		n -= 2
	}
	return src[:n]
}
