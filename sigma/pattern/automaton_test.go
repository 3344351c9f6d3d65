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

func randomNeedles(r *rand.Rand, alphabet string, n, length int) []Needle {
	seen := map[Needle]bool{}
	var lits []Needle
	runes := []rune(alphabet)
	for len(lits) < n {
		var text []rune
		for range r.IntN(length) + 1 {
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

func TestAutomaton_FindsWhatANaiveSearchFinds(t *testing.T) {
	wide := ""
	for c := byte(33); c < 127; c++ {
		if c < 'A' || c > 'Z' {
			wide += string(rune(c))
		}
	}
	for name, alphabet := range map[string]string{"few letters": "ab", "letters": "abcdefg\\.", "all of ASCII": wide, "not ASCII": "aäж😀"} {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, uint64(len(alphabet))))
			lits := randomNeedles(r, alphabet, 300*min(len(alphabet), 5)/5, 40)
			a, partial := NewAutomaton(lits)
			seen := make([]uint32, len(lits))
			for gen := uint32(1); gen < 3000; gen++ {
				var v []byte
				for range r.IntN(5) {
					l := lits[r.IntN(len(lits))].Text
					v = append(v, l[r.IntN(len(l)+1):]...)
				}
				got := a.Scan(bytes.ToUpper(v), nil, seen, gen)
				if !IsASCII(v) {
					got = a.Scan(v, got[:0], seen, gen+1<<31)
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

func BenchmarkAutomaton_Scan(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	lits := randomNeedles(r, "abcdefghijklmnopqrstuvwxyz\\.- ", 9000, 20)
	a, _ := NewAutomaton(lits)
	v := []byte(`"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe" -NoProfile -ExecutionPolicy Bypass -File C:\ProgramData\agent\collect.ps1`)
	seen := make([]uint32, len(lits))
	var dst []uint32
	b.SetBytes(int64(len(v)))
	gen := uint32(0)
	for b.Loop() {
		gen++
		dst = a.Scan(v, dst[:0], seen, gen)
	}
	b.ReportMetric(float64(a.Size())/1e6, "MB")
	_ = fmt.Sprint(len(dst))
}
