package lane

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"
)

func TestGenerate_SameSeedSameBytes(t *testing.T) {
	for _, mix := range []Mix{ProcessCreation, FileEvent, Office, Sysmon} {
		a, err := Generate(mix, 200, 7)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := Generate(mix, 200, 7)
		other, _ := Generate(mix, 200, 8)
		if !bytes.Equal(bytes.Join(a, nil), bytes.Join(b, nil)) || bytes.Equal(bytes.Join(a, nil), bytes.Join(other, nil)) {
			t.Errorf("%s: a seed does not decide the bytes", mix)
		}
		for _, rec := range a {
			if !json.Valid(rec) {
				t.Fatalf("%s: not JSON: %s", mix, rec)
			}
		}
	}
	if _, err := Generate("nonsense", 1, 1); err == nil {
		t.Error("an unknown mix is accepted")
	}
}

func TestStream_BothShapesAreJSON(t *testing.T) {
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	for _, shape := range []Shape{Evtx, Winlogbeat} {
		s, err := NewStream(Sysmon, 3)
		if err != nil {
			t.Fatal(err)
		}
		s.Shape, s.At = shape, func() time.Time { return at }
		for range 500 {
			rec := s.Append(nil)
			if !json.Valid(rec) || !bytes.Contains(rec, []byte("2026-11-22T10:00:00.000Z")) {
				t.Fatalf("shape %d: %s", shape, rec)
			}
		}
	}
}

func BenchmarkStream(b *testing.B) {
	s, err := NewStream(Sysmon, 1)
	if err != nil {
		b.Fatal(err)
	}
	var buf []byte
	size := 0
	for b.Loop() {
		buf = s.Append(buf[:0])
		size += len(buf)
	}
	b.ReportMetric(float64(size)/float64(b.N), "bytes/record")
}
