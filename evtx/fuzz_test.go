package evtx

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/txtar"
)

// check reads a hostile log in full and holds it to what is promised: no
// panic, bounded output, valid JSON, one place for every record.
func check(t *testing.T, log []byte) {
	r, err := NewStream(bytes.NewReader(log), Options{Carve: true})
	if err != nil {
		return
	}
	var records, failures int64
	for rec, err := range r.Records() {
		if err != nil {
			failures++
			continue
		}
		records++
		size := 0
		for f := range rec.Fields() {
			if size += len(f.Value); !utf8.Valid(f.Value) && f.Kind != Raw {
				t.Fatalf("%s is not UTF-8: %q", f.Name.Path, f.Value)
			}
		}
		if size > 2*maxText {
			t.Fatalf("record %d yields %d bytes", rec.ID, size)
		}
		for range rec.SystemFields() {
		}
		if text, err := rec.AppendJSON(nil, JSONOptions{}); err == nil && !json.Valid(text) {
			t.Fatalf("not JSON: %s", text)
		}
		if text, err := rec.AppendXML(nil); err == nil && !utf8.Valid(text) {
			t.Fatalf("not UTF-8: %q", text)
		}
	}
	if c := r.Counts(); c.Records != records || c.Records > int64(len(log)/minRecord) {
		t.Fatalf("%+v for %d bytes, %d returned", c, len(log), records)
	}
}

// seeds yields the logs of testdata and one real one.
func seeds(f *testing.F, add func(log []byte)) {
	files, _ := filepath.Glob("testdata/*.txtar")
	for _, path := range files {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		var records []string
		for _, file := range archive.Files {
			if file.Name[:3] == "rec" {
				records = append(records, string(file.Data))
			}
		}
		add(assemble(records...))
	}
	real, _ := filepath.Glob(corpora + "/sigma/regression_data/rules/windows/*/*/*/*.evtx")
	for i, path := range real {
		if data, err := os.ReadFile(path); err == nil && i%16 == 0 {
			add(data)
		}
	}
}

// FuzzLog changes whole logs. The zero padding of a chunk is cut off, so that
// the fuzzer works on bytes that matter.
func FuzzLog(f *testing.F) {
	seeds(f, func(log []byte) { f.Add(bytes.TrimRight(log, "\x00")) })
	f.Fuzz(func(t *testing.T, log []byte) {
		if len(log) > fileHeader && (len(log)-fileHeader)%chunkSize != 0 {
			log = append(log, make([]byte, chunkSize-(len(log)-fileHeader)%chunkSize)...)
		}
		check(t, log)
	})
}

// FuzzPayload changes the BinXML of one record, with the frame kept intact.
func FuzzPayload(f *testing.F) {
	seeds(f, func(log []byte) {
		size := int(uint32(log[fileHeader+chunkHeader+4]) | uint32(log[fileHeader+chunkHeader+5])<<8)
		f.Add(log[fileHeader+chunkHeader+recordHeader : fileHeader+chunkHeader+size-4])
	})
	f.Fuzz(func(t *testing.T, payload []byte) {
		if len(payload) > chunkSize-chunkHeader-minRecord {
			return
		}
		a := assembler{b: make([]byte, chunkHeader, chunkSize)}
		for range 2 {
			start := len(a.b)
			if start+len(payload)+minRecord > chunkSize {
				break
			}
			a.u32(recordMagic)
			a.u32(len(payload) + minRecord)
			a.b = append(a.b, make([]byte, 16)...)
			a.b = append(a.b, payload...)
			a.u32(len(payload) + minRecord)
			if start != chunkHeader {
				break
			}
		}
		check(t, append(fileHead(1, 0), chunkOf(a.b, 1, 2, chunkHeader, len(a.b))...))
	})
}
