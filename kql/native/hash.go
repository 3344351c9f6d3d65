package native

import (
	"crypto/md5"  //nolint:gosec // hash_md5 is a function of the language
	"crypto/sha1" //nolint:gosec // hash_sha1 likewise
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math/bits"
)

func hashFunctions() []Function {
	digest := func(name string, fn func(b []byte) []byte) Function {
		return Function{Name: name, Args: []Kind{Text}, Result: Text, Fn: func(a []any) any {
			return hex.EncodeToString(fn([]byte(str(a[0]))))
		}}
	}
	return []Function{
		digest("kql_md5", func(b []byte) []byte { s := md5.Sum(b); return s[:] }),   //nolint:gosec // see import
		digest("kql_sha1", func(b []byte) []byte { s := sha1.Sum(b); return s[:] }), //nolint:gosec // see import
		digest("kql_sha256", func(b []byte) []byte { s := sha256.Sum256(b); return s[:] }),
		{Name: "kql_xxhash64", Args: []Kind{Text, Long}, Result: Long, Fn: func(a []any) any {
			return modulo(int64(xxhash64([]byte(str(a[0])), 0)), a[1])
		}},
		{Name: "kql_xxhash64_long", Args: []Kind{Long, Long, Long}, Result: Long, Fn: hashNumber},
		{Name: "kql_hash_combine", Variadic: Long, Result: Long, Fn: hashCombine},
	}
}

func modulo(h int64, mod any) any {
	m, ok := mod.(int64)
	if !ok || m <= 0 {
		return h
	}
	return (h%m + m) % m
}

// hashNumber hashes the little-endian bytes of a number; the width is 4 or 8.
func hashNumber(a []any) any {
	n, ok := a[0].(int64)
	if !ok {
		return nil
	}
	width, _ := a[2].(int64)
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(n))
	if width != 4 {
		width = 8
	}
	return modulo(int64(xxhash64(b[:width], 0)), a[1])
}

// hashCombine mixes hashes; Kusto's formula is not published, so values differ
// from Kusto's but spread alike.
func hashCombine(a []any) any {
	var seed uint64
	for _, v := range a {
		n, _ := v.(int64)
		seed ^= uint64(n) + 0x9e3779b97f4a7c15 + seed<<6 + seed>>2
	}
	return int64(seed)
}

const (
	prime1 = 11400714785074694791
	prime2 = 14029467366897019727
	prime3 = 1609587929392839161
	prime4 = 9650029242287828579
	prime5 = 2870177450012600261
)

func round(acc, lane uint64) uint64 {
	return bits.RotateLeft64(acc+lane*prime2, 31) * prime1
}

// xxhash64 is the XXH64 hash (Yann Collet's specification).
func xxhash64(b []byte, seed uint64) uint64 {
	n := uint64(len(b))
	var h uint64
	if len(b) >= 32 {
		p1 := uint64(prime1)
		v := [4]uint64{seed + p1 + prime2, seed + prime2, seed, seed - p1}
		for ; len(b) >= 32; b = b[32:] {
			for i := range v {
				v[i] = round(v[i], binary.LittleEndian.Uint64(b[8*i:]))
			}
		}
		h = bits.RotateLeft64(v[0], 1) + bits.RotateLeft64(v[1], 7) + bits.RotateLeft64(v[2], 12) + bits.RotateLeft64(v[3], 18)
		for _, x := range v {
			h = (h^round(0, x))*prime1 + prime4
		}
	} else {
		h = seed + prime5
	}
	h += n
	for ; len(b) >= 8; b = b[8:] {
		h = bits.RotateLeft64(h^round(0, binary.LittleEndian.Uint64(b)), 27)*prime1 + prime4
	}
	if len(b) >= 4 {
		h = bits.RotateLeft64(h^uint64(binary.LittleEndian.Uint32(b))*prime1, 23)*prime2 + prime3
		b = b[4:]
	}
	for _, c := range b {
		h = bits.RotateLeft64(h^uint64(c)*prime5, 11) * prime1
	}
	h = (h ^ h>>33) * prime2
	h = (h ^ h>>29) * prime3
	return h ^ h>>32
}
