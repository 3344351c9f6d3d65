package duck

import (
	"encoding/hex"
	"math/big"
	"strings"
	"unsafe"
)

// stringCell is DuckDB's string_t: 16 bytes; text of up to inlineBytes stands
// in the cell, longer text is pointed at and its first four bytes are repeated.
type stringCell struct {
	length uint32
	head   [4]byte
	tail   [8]byte // rest of the inlined text, or the pointer
}

const inlineBytes = 12

func (c *stringCell) bytes() []byte {
	if c.length <= inlineBytes {
		return unsafe.Slice(&c.head[0], inlineBytes)[:c.length]
	}
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&c.tail)), c.length)
}

// texts copies the cells into Go strings that share one allocation.
func texts(cells []stringCell, null []bool) []string {
	total := 0
	for i := range cells {
		if null == nil || !null[i] {
			total += int(cells[i].length)
		}
	}
	arena := make([]byte, 0, total)
	out := make([]string, len(cells))
	for i := range cells {
		if null != nil && null[i] || cells[i].length == 0 {
			continue
		}
		start := len(arena)
		arena = append(arena, cells[i].bytes()...)
		out[i] = unsafe.String(&arena[start], len(arena)-start)
	}
	return out
}

// hugeCell is DuckDB's 128-bit integer.
type hugeCell struct {
	low  uint64
	high int64
}

func (h hugeCell) big() *big.Int {
	v := new(big.Int).Lsh(big.NewInt(h.high), 64)
	return v.Add(v, new(big.Int).SetUint64(h.low))
}

// uuid writes a UUID, which DuckDB stores as a 128-bit integer with the top bit
// flipped so that it sorts by its text.
func (h hugeCell) uuid() string {
	high := uint64(h.high) ^ 1<<63
	var raw [16]byte
	for i := range 8 {
		raw[i] = byte(high >> (56 - 8*i))
		raw[8+i] = byte(h.low >> (56 - 8*i))
	}
	text := hex.EncodeToString(raw[:])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}

// parseUUID is the inverse of uuid; it takes 32 hexadecimal digits with or
// without hyphens and braces.
func parseUUID(text string) (h hugeCell, ok bool) {
	var high, low uint64
	digits := 0
	for i := range len(text) {
		var d byte
		switch c := text[i]; {
		case '0' <= c && c <= '9':
			d = c - '0'
		case 'a' <= c && c <= 'f':
			d = c - 'a' + 10
		case 'A' <= c && c <= 'F':
			d = c - 'A' + 10
		case c == '-' || c == '{' || c == '}':
			continue
		default:
			return hugeCell{}, false
		}
		if digits < 16 {
			high = high<<4 | uint64(d)
		} else {
			low = low<<4 | uint64(d)
		}
		digits++
	}
	return hugeCell{low: low, high: int64(high ^ 1<<63)}, digits == 32
}

// decimalText writes v / 10^scale without an exponent and without trailing zeros.
func decimalText(v *big.Int, scale int) string {
	text := new(big.Int).Abs(v).String()
	if scale > 0 {
		if len(text) <= scale {
			text = strings.Repeat("0", scale-len(text)+1) + text
		}
		text = strings.TrimRight(text[:len(text)-scale]+"."+text[len(text)-scale:], "0")
		text = strings.TrimSuffix(text, ".")
	}
	if v.Sign() < 0 {
		text = "-" + text
	}
	return text
}

// Decimals are stored as DECIMAL(38,17).
const (
	decimalDigits = 38
	decimalScale  = 17
)

// parseDecimal reads a number like -12.5; digits past the scale are cut.
func parseDecimal(text string) (h hugeCell, ok bool) {
	if len(text) > 200 || strings.Trim(text, "+-.0123456789") != "" {
		return hugeCell{}, false
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return hugeCell{}, false
	}
	scaled := r.Mul(r, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(decimalScale), nil)))
	v := new(big.Int).Quo(scaled.Num(), scaled.Denom())
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(decimalDigits), nil)
	if v.CmpAbs(limit) >= 0 {
		return hugeCell{}, false
	}
	return hugeOf(v), true
}

// hugeOf writes v, which fits 128 bits, in two's complement.
func hugeOf(v *big.Int) hugeCell {
	mod := new(big.Int).Lsh(big.NewInt(1), 128)
	u := new(big.Int).Mod(v, mod)
	low := new(big.Int).And(u, new(big.Int).SetUint64(^uint64(0))).Uint64()
	return hugeCell{low: low, high: int64(new(big.Int).Rsh(u, 64).Uint64())}
}
