package evtx

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/iotest"
)

// plainRecord is a template-less event with one Data.
const plainRecord = `fragment
open Event
close
  open EventData
  close
    open Data
    attr Name
    text "A"
    close
      text "value"
    /
  /
/
eof`

// threeChunks makes a log with records 1–5, 6–10 and 11–15, and the offset of
// each record in its chunk.
func threeChunks(flags int) (log []byte, at []int) {
	five := []string{plainRecord, plainRecord, plainRecord, plainRecord, plainRecord}
	log = fileHead(3, flags)
	for i := range 3 {
		log = append(log, assembleChunk(1+5*i, five...)...)
	}
	for off := chunkHeader; len(at) < 5; {
		at = append(at, off)
		off += int(binary.LittleEndian.Uint32(log[fileHeader+off+4:]))
	}
	return log, append(at, at[4]+at[4]-at[3])
}

// outcome is what reading a damaged log gives.
type outcome struct {
	logical, uncommitted, carved, damaged, warnings, recordErrors, chunkErrors int64
}

// TestDamage checks that damage costs what was hit and nothing else, and that
// every announced record is returned or reported.
func TestDamage(t *testing.T) {
	_, at := threeChunks(0)
	const second = fileHeader + chunkSize
	put := binary.LittleEndian.PutUint32
	cases := []struct {
		name   string
		flags  int
		carve  bool
		damage func(log []byte) []byte
		want   outcome
	}{
		{"intact", 0, false, nil, outcome{logical: 15}},
		{"record signature", 0, false, func(b []byte) []byte { b[second+at[2]] = 0; return b },
			outcome{logical: 14, damaged: 1, recordErrors: 1, warnings: 1}},
		{"record size too large", 0, false, func(b []byte) []byte { put(b[second+at[1]+4:], 1<<31); return b },
			outcome{logical: 14, damaged: 1, recordErrors: 1, warnings: 1}},
		{"record size zero", 0, false, func(b []byte) []byte { put(b[second+at[0]+4:], 0); return b },
			outcome{logical: 14, damaged: 1, recordErrors: 1, warnings: 1}},
		{"copy of the size", 0, false, func(b []byte) []byte { put(b[second+at[1]-4:], 7); return b },
			outcome{logical: 14, damaged: 1, recordErrors: 1, warnings: 1}},
		{"two records zeroed", 0, false, func(b []byte) []byte { clear(b[second+at[1] : second+at[3]]); return b },
			outcome{logical: 13, damaged: 2, recordErrors: 1, warnings: 1}},
		{"last record zeroed", 0, false, func(b []byte) []byte { clear(b[second+at[4] : second+at[5]]); return b },
			outcome{logical: 14, damaged: 1, recordErrors: 1, warnings: 1}},
		{"two separate records", 0, false, func(b []byte) []byte { b[second+at[1]], b[second+at[3]] = 0, 0; return b },
			outcome{logical: 13, damaged: 2, recordErrors: 2, warnings: 1}},
		{"token in a record", 0, false, func(b []byte) []byte { b[second+at[2]+recordHeader+4] = 0x1F; return b },
			outcome{logical: 14, damaged: 1, recordErrors: 1, warnings: 1}},
		{"cut inside a record", 0, false, func(b []byte) []byte { return b[:second+at[2]+40] },
			outcome{logical: 7, damaged: 3, recordErrors: 1, chunkErrors: 1}},
		{"cut between records", 0, false, func(b []byte) []byte { return b[:second+at[2]] },
			outcome{logical: 7, damaged: 3, recordErrors: 1, chunkErrors: 1}},
		{"cut in a chunk header", 0, false, func(b []byte) []byte { return b[:second+100] },
			outcome{logical: 5, damaged: 5, recordErrors: 1, chunkErrors: 1}},
		{"chunk signature", 0, false, func(b []byte) []byte { b[second] = 'X'; return b },
			outcome{logical: 10, chunkErrors: 1}},
		{"chunk signature, carved", 0, true, func(b []byte) []byte { b[second] = 'X'; return b },
			outcome{logical: 10, carved: 5, chunkErrors: 1}},
		{"zeroed chunk between", 0, false, func(b []byte) []byte { clear(b[second : second+chunkSize]); return b },
			outcome{logical: 10}},
		{"checksums", 0, false, func(b []byte) []byte { put(b[second+52:], 1); put(b[second+124:], 2); return b },
			outcome{logical: 15, warnings: 1}},
		{"checksums not used", flagNoCRC32, false, func(b []byte) []byte { put(b[second+52:], 1); return b }, outcome{logical: 15}},
		{"unknown flags", 1 << 9, false, nil, outcome{logical: 15}},
		{"free-space mark outside", flagNoCRC32, false, func(b []byte) []byte { put(b[second+48:], 1<<30); return b }, outcome{logical: 15}},
		{"slack", 0, false, slack(second, at, 2), outcome{logical: 12}},
		{"slack, carved", 0, true, slack(second, at, 2), outcome{logical: 12, carved: 3}},
		{"slack in a dirty log", flagDirty, false, slack(second, at, 2), outcome{logical: 12, uncommitted: 3}},
		{"counts of the file header", 0, false, func(b []byte) []byte { b[42] = 200; b[16] = 99; return b }, outcome{logical: 15, warnings: 1}},
		{"counts of a chunk header", flagNoCRC32, false, func(b []byte) []byte { b[second+16] = 99; return b }, outcome{logical: 15, warnings: 1}},
		{"trailing bytes", 0, false, func(b []byte) []byte { return append(b, "trailing"...) }, outcome{logical: 15, chunkErrors: 1}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			log, _ := threeChunks(c.flags)
			if c.damage != nil {
				log = c.damage(log)
			}
			whole := readAll(t, bytes.NewReader(log), c.carve)
			if whole != c.want {
				t.Errorf("got %+v, want %+v", whole, c.want)
			}
			if trickle := readAll(t, iotest.OneByteReader(bytes.NewReader(log)), c.carve); trickle != whole {
				t.Errorf("from a slow stream: %+v, from memory: %+v", trickle, whole)
			}
		})
	}
}

// slack sets the free-space mark of a chunk behind n records.
func slack(chunk int, at []int, n int) func([]byte) []byte {
	return func(b []byte) []byte {
		c := b[chunk : chunk+chunkSize]
		first := binary.LittleEndian.Uint64(c[8:])
		binary.LittleEndian.PutUint64(c[16:], first+uint64(n)-1)
		binary.LittleEndian.PutUint64(c[32:], first+uint64(n)-1)
		binary.LittleEndian.PutUint32(c[48:], uint32(at[n]))
		sign(c)
		return b
	}
}

func readAll(t *testing.T, src io.Reader, carve bool) outcome {
	t.Helper()
	r, err := NewStream(src, Options{Carve: carve})
	if err != nil {
		t.Fatal(err)
	}
	var o outcome
	seen := map[string]bool{}
	for rec, err := range r.Records() {
		var bad *RecordError
		var chunk *ChunkError
		switch {
		case errors.As(err, &bad):
			o.recordErrors++
			o.damaged += bad.Lost
		case errors.As(err, &chunk):
			o.chunkErrors++
		case err != nil:
			t.Fatal(err)
		default:
			if key := fmt.Sprint(rec.ID, rec.Offset); seen[key] {
				t.Errorf("record %s is returned twice", key)
			} else {
				seen[key] = true
			}
			switch rec.Origin {
			case Logical:
				o.logical++
			case Uncommitted:
				o.uncommitted++
			case Carved:
				o.carved++
			}
			for f := range rec.Fields() {
				if string(f.Value) != "value" || f.Name.Flat != "A" {
					t.Errorf("record %d: %s is %q", rec.ID, f.Name.Flat, f.Value)
				}
			}
		}
	}
	c := r.Counts()
	o.warnings = c.Warnings
	if c.Expected != 0 && o.logical+o.damaged < c.Expected && c.Warnings == 0 {
		t.Errorf("%d records announced, %d returned, %d reported as damaged, and no warning", c.Expected, o.logical, o.damaged)
	}
	if c.Records != o.logical+o.uncommitted+o.carved || c.Damaged != o.damaged || c.Carved != o.carved || c.Uncommitted != o.uncommitted {
		t.Errorf("counts %+v, seen %+v", c, o)
	}
	return o
}

func TestNewReader_RefusesWhatIsNoLog(t *testing.T) {
	for _, s := range []string{"", "ElfFile", "PK\x03\x04" + string(make([]byte, 8192))} {
		if _, err := NewReader(bytes.NewReader([]byte(s)), int64(len(s)), Options{}); !errors.Is(err, ErrNotEVTX) {
			t.Errorf("%.10q: %v, want ErrNotEVTX", s, err)
		}
	}
	broken := errors.New("disk on fire")
	if _, err := NewStream(iotest.ErrReader(broken), Options{}); !errors.Is(err, broken) {
		t.Errorf("got %v, want the source's error", err)
	}
}

// TestRecords_YieldsTheSourcesError checks that a failing source is told apart
// from a log that ends.
func TestRecords_YieldsTheSourcesError(t *testing.T) {
	log, _ := threeChunks(0)
	broken := errors.New("connection reset")
	r, err := NewStream(io.MultiReader(bytes.NewReader(log[:fileHeader+chunkSize]), iotest.ErrReader(broken)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	records, last := 0, error(nil)
	for _, err := range r.Records() {
		if last = err; err == nil {
			records++
		}
	}
	if records != 5 || !errors.Is(last, broken) {
		t.Errorf("%d records and %v, want 5 and the source's error", records, last)
	}
}

// TestClone_StaysValid keeps all records of a log and renders them afterwards.
func TestClone_StaysValid(t *testing.T) {
	log, _ := threeChunks(0)
	r, err := NewStream(bytes.NewReader(log), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var kept []*Record
	var want []string
	for rec, err := range r.Records() {
		if err != nil {
			t.Fatal(err)
		}
		text, _ := rec.AppendXML(nil)
		kept, want = append(kept, rec.Clone()), append(want, string(text))
	}
	for i, rec := range kept {
		if text, err := rec.AppendXML(nil); err != nil || string(text) != want[i] || rec.ID != uint64(i+1) {
			t.Errorf("record %d: %s, %v, want %s", rec.ID, text, err, want[i])
		}
	}
}
