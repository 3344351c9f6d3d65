package ingest_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/klauspost/compress/zstd"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
)

// cut reads a stream and writes "position body" per record.
func cut(t testing.TB, r io.Reader, maxBytes int64) (records []string, err error) {
	t.Helper()
	for raw, readErr := range ingest.Read(r, ingest.Spec{Source: "s", Format: tocsin.FormatJSONLine, MaxBytes: maxBytes}) {
		if readErr != nil {
			return records, readErr
		}
		records = append(records, raw.Position+" "+string(raw.Body))
	}
	return records, nil
}

func TestRead_CutsRecords(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"one per line", "{\"a\":1}\n{\"a\":2}\n", `1 {"a":1}|2 {"a":2}`},
		{"no newline at the end, empty lines, carriage returns", "\r\n{\"a\":1}\r\n\r\n{\"a\":2}", `2 {"a":1}|4 {"a":2}`},
		{"a broken line costs only itself", "{\"a\":1}\n{\"a\":\n{\"a\":3}\n", `1 {"a":1}|2 {"a":|3 {"a":3}`},
		{"a broken first line too", "{\"a\":\n{\"a\":2}\n", `1 {"a":|2 {"a":2}`},
		{"an open string ends with its line", "{\"a\":\"x\n{\"a\":2}\n", `1 {"a":"x|2 {"a":2}`},
		{"text", "hello\nworld\n", `1 hello|2 world`},
		{"bytes that are no UTF-8", "{\"a\":\"\xff\"}\n", "1 {\"a\":\"\xff\"}"},
		{"array", ` [ {"a":[1,{"b":"]}"}]} , {"a":2},7,"x"]`, `1 {"a":[1,{"b":"]}"}]}|2 {"a":2}|3 7|4 "x"`},
		{"array over lines", "[\n  {\n    \"a\": 1\n  },\n  {\"a\": 2}\n]\n", "1 {\n    \"a\": 1\n  }|2 {\"a\": 2}"},
		{"array with a broken element", `[{"a":1},{"a"},nonsense,{"a":2}]`, `1 {"a":1}|2 {"a"}|3 nonsense|4 {"a":2}`},
		{"array that never ends", `[{"a":1},{"a":2`, `1 {"a":1}|2 {"a":2`},
		{"array and more", "[1]\n{\"a\":1}\n", `1 1|2 {"a":1}`},
		{"empty array", "[]", ``},
		{"objects over lines", "{\n  \"a\": \"}\"\n}\n{\n  \"a\": 2\n}\n", "1 {\n  \"a\": \"}\"\n}|4 {\n  \"a\": 2\n}"},
		{"equal objects that begin on one line", "{\n\"a\":1\n}{\"a\":2}{\"a\":2}\n{}", "1 {\n\"a\":1\n}|3 {\"a\":2}|3.2 {\"a\":2}|4 {}"},
		{"a stray bracket and another object on one line", "{]{\n0", "1 {]|1.2 {\n0"},
		{"an object that never closes", "{\n  \"a\": [\n{\n  \"a\": 2\n}\n", "1 {\n  \"a\": [|3 {\n  \"a\": 2\n}"},
		{"escaped quote", "{\"a\":\"\\\\\\\"}{\"}\n", "1 {\"a\":\"\\\\\\\"}{\"}"},
		{"a wrapper", `{"Records":[{"a":[1]},{"b":2}]}`, `1.1 {"a":[1]}|1.2 {"b":2}`},
		{"a wrapper with more around", "{\n \"@odata.context\": \"a\\\"[\", \"n\": 1,\n \"value\": [ {\"a\":1},\n{\"a\":2} ],\n \"next\": {\"x\":[\"}\"]} }\n", `1.1 {"a":1}|1.2 {"a":2}`},
		{"wrappers one per line", "{\"records\":[{\"a\":1}]}\n{\"records\":[]}\n{\"records\":[{\"a\":3}]}\n", `1.1 {"a":1}|3.1 {"a":3}`},
		{"a wrapper, then none", "{\"entries\":[{\"a\":1}]}\n{\"a\":2}\n{\"value\":[{\"a\":3}]}", `1.1 {"a":1}|2.0 {"a":2}|3.1 {"a":3}`},
		{"no wrapper: not of objects, within another, another name", "{\"value\":[1,2]}\n{\"x\":{\"value\":[{}]}}\n{\"items\":[{}]}\n", `1 {"value":[1,2]}|2 {"x":{"value":[{}]}}|3 {"items":[{}]}`},
		{"byte order mark", "\xef\xbb\xbf{\"a\":1}", `1 {"a":1}`},
		{"empty", "", ``}, {"white space", " \n\t\r\n", ``},
		{"stray brackets", "}\n]\n{\"a\":1}\n", `1 }|2 ]|3 {"a":1}`},
	} {
		readers := map[string]io.Reader{
			"whole": strings.NewReader(c.in), "bytewise": iotest.OneByteReader(strings.NewReader(c.in)),
			"gzip": bytes.NewReader(gzipped(c.in)), "zstd": bytes.NewReader(zstded(t, c.in)), "zstd bytewise": iotest.OneByteReader(bytes.NewReader(zstded(t, c.in))),
		}
		for how, r := range readers {
			got, err := cut(t, r, 0)
			if text := strings.Join(got, "|"); err != nil || text != c.want {
				t.Errorf("%s, %s:\n got %q, %v\nwant %q", c.name, how, text, err, c.want)
			}
		}
	}
}

func TestRead_UTF16(t *testing.T) {
	text := "{\"a\":\"grün 🔔\"}\r\n{\"a\":2}"
	for _, little := range []bool{true, false} {
		var b bytes.Buffer
		for _, unit := range append([]uint16{0xfeff}, utf16.Encode([]rune(text))...) {
			if little {
				b.Write([]byte{byte(unit), byte(unit >> 8)})
			} else {
				b.Write([]byte{byte(unit >> 8), byte(unit)})
			}
		}
		got, err := cut(t, iotest.OneByteReader(&b), 0)
		if want := `1 {"a":"grün 🔔"}|2 {"a":2}`; err != nil || strings.Join(got, "|") != want {
			t.Errorf("got %q, %v; want %q", got, err, want)
		}
	}
	got, err := cut(t, strings.NewReader("\xff\xfe{\x00\x00\xd8x\x00}"), 0)
	if want := "1 {\uFFFDx\uFFFD"; err != nil || strings.Join(got, "|") != want {
		t.Errorf("broken UTF-16: got %q, %v; want %q", got, err, want)
	}
}

func TestRead_LongRecordsAreCut(t *testing.T) {
	long := `{"a":"` + strings.Repeat("x", 2*tocsin.MaxRawBytes) + `"}`
	for name, in := range map[string]string{"lines": long + "\n{\"b\":1}\n", "array": "[" + long + ",{\"b\":1}]", "objects": "{\n" + long[1:] + "\n{\n\"b\":1}\n"} {
		var sizes []int
		for raw, err := range ingest.Read(strings.NewReader(in), ingest.Spec{}) {
			if err != nil {
				t.Fatal(err)
			}
			sizes = append(sizes, len(raw.Body))
		}
		if len(sizes) != 2 || sizes[0] != tocsin.MaxRawBytes+1 || sizes[1] > 10 {
			t.Errorf("%s: bodies of %v bytes", name, sizes)
		}
	}
}

func TestRead_BombsAreBounded(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	line := []byte(strings.Repeat("x", 999) + "\n")
	for range 100_000 {
		_, _ = z.Write(line)
	}
	z.Close()
	got, err := cut(t, &b, 1<<20)
	if kind, message := tocsin.Explain(err); kind != tocsin.Invalid || message != "The data is larger than 1 MiB once decompressed. Split it." {
		t.Errorf("got %s %q", kind, message)
	}
	if len(got) == 0 || len(got) > 1050 {
		t.Errorf("%d records before the limit", len(got))
	}
	// What is exactly as large as allowed is allowed.
	if _, err := cut(t, strings.NewReader("{}\n{}"), 5); err != nil {
		t.Errorf("5 bytes of 5: %v", err)
	}
}

func TestRead_DamagedStreamKeepsWhatCameBefore(t *testing.T) {
	var in strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&in, "{\"a\":%d,\"b\":%d}\n", i, i*7919%1000)
	}
	for name, packed := range map[string][]byte{"gzip": gzipped(in.String()), "zstd": zstded(t, in.String())} {
		got, err := cut(t, bytes.NewReader(packed[:len(packed)*2/3]), 0)
		if kind, _ := tocsin.Explain(err); kind != tocsin.Invalid || len(got) == 0 {
			t.Errorf("%s: %d records, %v", name, len(got), err)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{"{\"a\":1}\n{", "[{},{\"a\":\"]\"},", "{\n\"a\":[\n{\n", "\xff\xfe{\x00", "\x1f\x8b\x08", "\x28\xb5\x2f\xfd", "]}\"\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		total, seen := 0, map[string]bool{}
		for raw, err := range ingest.Read(bytes.NewReader(in), ingest.Spec{Format: tocsin.FormatJSONLine, MaxBytes: 1 << 16}) {
			if err != nil {
				return
			}
			if seen[raw.Position] {
				t.Errorf("two records at position %s", raw.Position)
			}
			seen[raw.Position] = true
			if len(bytes.TrimSpace(raw.Body)) == 0 {
				t.Error("an empty record")
			}
			total += len(raw.Body)
		}
		plain := len(in) < 4 || !bytes.HasPrefix(in, []byte{0x1f, 0x8b}) && !bytes.HasPrefix(in, []byte{0x28, 0xb5, 0x2f, 0xfd})
		if plain && !bytes.HasPrefix(in, []byte{0xff, 0xfe}) && !bytes.HasPrefix(in, []byte{0xfe, 0xff}) && total > len(in) {
			t.Errorf("%d bytes out of %d", total, len(in))
		}
	})
}

func gzipped(s string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, s)
	z.Close()
	return b.Bytes()
}

func zstded(t testing.TB, s string) []byte {
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return z.EncodeAll([]byte(s), nil)
}
