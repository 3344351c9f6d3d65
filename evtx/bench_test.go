package evtx

import (
	"bytes"
	"encoding/json"
	"hash/crc32"
	"io"
	"os"
	"testing"
)

// load reads the corpus into memory. used is the number of bytes that hold
// chunk headers and records: the files are padded to 64 KiB chunks, and empty
// space must not count as speed.
func load(b *testing.B) (files [][]byte, used int64) {
	b.Helper()
	for _, path := range logs(b, "data/evtx-to-mitre") {
		data, err := os.ReadFile(path)
		if err != nil {
			b.Fatal(err)
		}
		files = append(files, data)
		r, err := NewStream(bytes.NewReader(data), Options{})
		if err != nil {
			b.Fatal(err)
		}
		for rec, err := range r.Records() {
			if err != nil {
				b.Fatal(err)
			}
			used += int64(rec.Size)
		}
		used += r.Counts().Chunks * chunkHeader
	}
	return files, used
}

// each reads all files and calls do for every record.
func each(b *testing.B, files [][]byte, do func(*Record)) {
	for _, data := range files {
		r, err := NewStream(bytes.NewReader(data), Options{})
		if err != nil {
			b.Fatal(err)
		}
		for rec, err := range r.Records() {
			if err != nil {
				b.Fatal(err)
			}
			do(rec)
		}
	}
}

// BenchmarkDecode measures the ways through a log, in bytes of records: all
// files one by one, and (fields-one-log) all their chunks as one big log, beside
// two yardsticks over the same bytes: the least work any reader must do (CRC32
// and UTF-16 to UTF-8 of everything) and the standard library reading the same
// events as JSON. Ratios to them can be compared between machines.
func BenchmarkDecode(b *testing.B) {
	files, used := load(b)
	total := 0
	run := func(name string, bytesPerLoop int64, do func()) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(bytesPerLoop)
			b.ReportAllocs()
			for b.Loop() {
				do()
			}
		})
	}
	run("fields", used, func() {
		each(b, files, func(r *Record) {
			for i := range r.Len() {
				total += len(r.Field(i).Value)
			}
		})
	})
	log := append([]byte(nil), files[0][:fileHeader]...)
	for _, data := range files {
		for chunk := data[fileHeader:]; len(chunk) >= chunkSize; chunk = chunk[chunkSize:] {
			if string(chunk[:8]) == chunkMagic {
				log = append(log, chunk[:chunkSize]...)
			}
		}
	}
	run("fields-one-log", used, func() {
		each(b, [][]byte{log}, func(r *Record) {
			for i := range r.Len() {
				total += len(r.Field(i).Value)
			}
		})
	})
	var line []byte
	var events bytes.Buffer
	run("json", used, func() {
		events.Reset()
		each(b, files, func(r *Record) {
			line, _ = r.AppendJSON(line[:0], JSONOptions{})
			events.Write(line)
		})
	})
	run("xml", used, func() {
		each(b, files, func(r *Record) { line, _ = r.AppendXML(line[:0]) })
	})
	var text []byte
	run("yardstick-crc32-utf16", used, func() {
		each := used
		for _, data := range files {
			part := data[min(len(data), fileHeader):]
			if int64(len(part)) > each {
				part = part[:each]
			}
			each -= int64(len(part))
			total += int(crc32.ChecksumIEEE(part))
			text = appendUTF16(text[:0], part)
		}
	})
	run("yardstick-encoding-json", int64(events.Len()), func() {
		for d := json.NewDecoder(bytes.NewReader(events.Bytes())); ; {
			var v any
			if err := d.Decode(&v); err == io.EOF {
				return
			} else if err != nil {
				b.Fatal(err)
			}
		}
	})
}
