package pattern

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// naiveScan is what Scan promises, literal by literal.
func naiveScan(lits []Needle, v []byte) []uint32 {
	var out []uint32
	for i, l := range lits {
		text := []byte(l.Text)
		hit := bytes.Contains(v, text)
		if l.AtStart {
			hit = bytes.HasPrefix(v, text)
		}
		if l.AtEnd {
			hit = bytes.HasSuffix(v, text)
		}
		if l.AtStart && l.AtEnd {
			hit = bytes.Equal(v, text)
		}
		if hit {
			out = append(out, uint32(i))
		}
	}
	return out
}

func randomNeedles(r *rand.Rand, alphabet string, n, shortest, length int) []Needle {
	seen := map[Needle]bool{}
	var lits []Needle
	runes := []rune(alphabet)
	for len(lits) < n {
		var text []rune
		for range r.IntN(length) + shortest {
			text = append(text, runes[r.IntN(len(runes))])
		}
		l := Needle{string(text), r.IntN(4) == 0, r.IntN(4) == 0}
		if !seen[l] {
			seen[l] = true
			lits = append(lits, l)
		}
	}
	return append(lits, Needle{"", true, true})
}

func TestFinder_FindsWhatANaiveSearchFinds(t *testing.T) {
	wide := ""
	for c := byte(33); c < 127; c++ {
		if c < 'A' || c > 'Z' {
			wide += string(rune(c))
		}
	}
	for name, c := range map[string]struct {
		alphabet string
		shortest int
	}{"few letters": {"ab", 1}, "letters": {"abcdefg\\.", 1}, "all of ASCII": {wide, 1}, "not ASCII": {"aäж😀", 1}, "long": {"abcdefg", 6}} {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, uint64(len(c.alphabet))))
			lits := randomNeedles(r, c.alphabet, 300*min(len(c.alphabet), 5)/5-1, c.shortest, 40)
			a, partial := NewFinder(lits)
			seen := make([]uint32, len(lits))
			for gen := uint32(1); gen < 3000; gen++ {
				var v []byte
				for range r.IntN(5) {
					l := lits[r.IntN(len(lits))].Text
					v = append(v, l[r.IntN(len(l)+1):]...)
				}
				got := a.Find(bytes.ToUpper(v), nil, seen, gen)
				if !IsASCII(v) {
					got = a.Find(v, got[:0], seen, gen+1<<31)
				}
				checkScan(t, lits, partial, v, got)
			}
		})
	}
}

// checkScan: every literal the value holds is found, and no other unless partial.
func checkScan(t *testing.T, lits []Needle, partial []bool, v []byte, got []uint32) {
	t.Helper()
	want := naiveScan(lits, v)
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Fatalf("%q: %+v not found", v, lits[w])
		}
	}
	for i, g := range got {
		if !slices.Contains(want, g) && !partial[g] {
			t.Fatalf("%q: found %+v", v, lits[g])
		}
		if slices.Contains(got[:i], g) {
			t.Fatalf("%q: %+v found twice", v, lits[g])
		}
	}
}

func BenchmarkFinder(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	lits := randomNeedles(r, "abcdefghijklmnopqrstuvwxyz\\.- ", 9000, 1, 20)
	a, _ := NewFinder(lits)
	v := []byte(`"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe" -NoProfile -ExecutionPolicy Bypass -File C:\ProgramData\agent\collect.ps1`)
	seen := make([]uint32, len(lits))
	var dst []uint32
	b.SetBytes(int64(len(v)))
	gen := uint32(0)
	for b.Loop() {
		gen++
		dst = a.Find(v, dst[:0], seen, gen)
	}
	b.ReportMetric(float64(a.Size())/1e6, "MB")
	_ = fmt.Sprint(len(dst))
}
