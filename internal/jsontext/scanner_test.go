package jsontext

import (
	"math/rand/v2"
	"testing"
)

// TestPlain_EightAtATimeIsOneAtATime: every special byte is found at every
// offset, whatever stands around it.
func TestPlain_EightAtATimeIsOneAtATime(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	odd := []byte{'"', '\\', 0, 0x1f, ' ', '!', '#', '[', ']', 0x7f, 0x80, 0xa2, 0xdc, 0xff, 'a', 0x21}
	for range 200_000 {
		b := make([]byte, r.IntN(40))
		for i := range b {
			b[i] = byte(r.IntN(256))
			if r.IntN(3) > 0 {
				b[i] = odd[r.IntN(len(odd))]
			}
			if r.IntN(2) == 0 {
				b[i] = 'x'
			}
		}
		from := 0
		if len(b) > 0 {
			from = r.IntN(len(b))
		}
		want := from
		for want < len(b) && b[want] != '"' && b[want] != '\\' && b[want] >= ' ' {
			want++
		}
		z := Scanner{s: string(b), at: from}
		if z.plain(); z.at != want {
			t.Fatalf("%q from %d: stops at %d, not %d", b, from, z.at, want)
		}
	}
}
