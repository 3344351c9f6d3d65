package files_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest/files"
)

var update = flag.Bool("update", false, "rewrite golden files")

// read writes the records of a file: format, table, position, body.
func read(r io.Reader, spec files.Spec) string {
	var b strings.Builder
	for raw, err := range files.Read(r, spec) {
		if err != nil {
			_, text := tocsin.Explain(err)
			fmt.Fprintf(&b, "ERROR %s\n", text)
			continue
		}
		table := raw.Table
		if table != "" {
			table = " " + table
		}
		fmt.Fprintf(&b, "%s%s @%s %s\n", raw.Format, table, raw.Position, strings.ReplaceAll(string(raw.Body), "\n", "⏎"))
	}
	return b.String()
}

func isTable(name string) bool { return name == "SigninLogs" || name == "DeviceInfo" }

// TestFiles reads the files in testdata/*.txtar: each case has a file and, behind
// it, "records", what it gives. A file named T@name is read as rows of table T.
func TestFiles(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatal("no cases", err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i+1 < len(archive.Files); i += 2 {
			in, want := archive.Files[i], &archive.Files[i+1]
			table, name, ok := strings.Cut(in.Name, "@")
			if !ok {
				table, name = "", in.Name
			}
			data := []byte(strings.ReplaceAll(string(in.Data), "␍", "\r"))
			spec := files.Spec{Source: "s", Name: name, Table: table, IsTable: isTable}
			got := read(bytes.NewReader(data), spec)
			if bytewise := read(iotest.OneByteReader(bytes.NewReader(data)), spec); bytewise != got {
				t.Errorf("%s, %s: byte by byte it gives\n%s", path, in.Name, bytewise)
			}
			if *update {
				want.Data = []byte(got)
			} else if got != string(want.Data) {
				t.Errorf("%s, %s:\n got\n%s\nwant\n%s", path, in.Name, got, want.Data)
			}
		}
		if *update {
			if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func gzipped(s string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, s)
	z.Close()
	return b.Bytes()
}

// inZip and inTar make an archive of members.
func inZip(t testing.TB, members map[string][]byte, order ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range order {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write(members[name])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	z.Close()
	return b.Bytes()
}

func inTar(t testing.TB, members map[string][]byte, order ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := tar.NewWriter(&b)
	for _, name := range order {
		err := z.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(members[name]))})
		if err == nil {
			_, err = z.Write(members[name])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	z.Close()
	return b.Bytes()
}

func TestArchives(t *testing.T) {
	members := map[string][]byte{
		"logs/a.json.gz": gzipped(`{"a":1}`), "logs/auth.log": []byte("<13>hello\n"), "photo.jpg": []byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00"),
	}
	order := []string{"logs/a.json.gz", "logs/auth.log", "photo.jpg"}
	want := "json-line @logs/a.json.gz:1 {\"a\":1}\nsyslog @logs/auth.log:1 <13>hello\nERROR photo.jpg in x: photo.jpg is not read: it is binary, of no kind that is known.\n"
	zipped, tarred := inZip(t, members, order...), inTar(t, members, order...)
	for name, data := range map[string][]byte{"zip": zipped, "tar": tarred, "tar.gz": gzipped(string(tarred))} {
		if got := read(bytes.NewReader(data), files.Spec{Name: "x"}); got != want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want)
		}
		if got := read(iotest.OneByteReader(bytes.NewReader(data)), files.Spec{Name: "x"}); got != want {
			t.Errorf("%s as a stream:\n got %s", name, got)
		}
	}
	// An archive in an archive in an archive …
	nested := []byte("{}")
	for range 5 {
		nested = inZip(t, map[string][]byte{"n.zip": nested}, "n.zip")
	}
	if got := read(bytes.NewReader(nested), files.Spec{Name: "x"}); !strings.Contains(got, "too many archives") {
		t.Errorf("nested: %s", got)
	}
	// Very many members that cannot be read are told in a few words.
	many := map[string][]byte{}
	var names []string
	for i := range 500 {
		name := fmt.Sprintf("%d.bin", i)
		many[name], names = []byte{0, 1, 2}, append(names, name)
	}
	for name, data := range map[string][]byte{"zip": inZip(t, many, names...), "tar": inTar(t, many, names...)} {
		for _, err := range files.Read(bytes.NewReader(data), files.Spec{Name: "x"}) {
			if got := err.Error(); len(got) > 10_000 || !strings.Contains(got, "480 more members") {
				t.Errorf("many members of %s: %.500s", name, got)
			}
		}
	}
	// Members that unpack to too much, together.
	bomb := strings.Repeat(`{"a":1}`+"\n", 50_000)
	got := read(bytes.NewReader(inZip(t, map[string][]byte{"1": []byte(bomb), "2": []byte(bomb), "3": []byte(bomb)}, "1", "2", "3")), files.Spec{Name: "x", MaxBytes: 500_000})
	if n := strings.Count(got, "json-line"); n > 63_000 || !strings.Contains(got, "ERROR") {
		t.Errorf("%d records of a bomb: %s", n, got[max(0, len(got)-200):])
	}
}

func TestRead_LongLinesAndBrokenReaders(t *testing.T) {
	for _, head := range []string{"<13>", "#separator \\x09\n#fields\ta\n", "#Fields: a\n", "a,b\n1,2\n\"", "From x\nFrom: a\nTo: b\n\n", "From: a\nTo: b\n\n", "<Event >", "type=A msg=audit(1.1:1): "} {
		size := 0
		for raw, err := range files.Read(io.MultiReader(strings.NewReader(head), io.LimitReader(endless{}, 12<<20)), files.Spec{Name: "x.log"}) {
			if err != nil {
				t.Errorf("%q: %v", head, err)
			}
			size = max(size, len(raw.Body))
		}
		if size > tocsin.MaxRawBytes+1 {
			t.Errorf("%q: a record of %d bytes", head, size)
		}
		if got := read(io.MultiReader(strings.NewReader(head), iotest.ErrReader(errors.New("gone"))), files.Spec{Name: "x.log"}); !strings.Contains(got, "ERROR") {
			t.Errorf("%q: a broken reader gives %q", head, got)
		}
	}
}

// endless is a line without an end.
type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'x'
	}
	return len(b), nil
}

func FuzzRead(f *testing.F) {
	paths, _ := filepath.Glob("testdata/*.txtar")
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for i := 0; i < len(archive.Files); i += 2 {
			f.Add(archive.Files[i].Data, archive.Files[i].Name)
		}
	}
	f.Add(parquetFile(f), "p")
	f.Add(inZip(f, map[string][]byte{"a": []byte("{}")}, "a"), "z")
	f.Add(inTar(f, map[string][]byte{"a": []byte("{}")}, "a"), "t")
	f.Fuzz(func(t *testing.T, in []byte, name string) {
		n := 0
		for raw, err := range files.Read(bytes.NewReader(in), files.Spec{Name: name, MaxBytes: 1 << 20, IsTable: isTable}) {
			if err != nil {
				if strings.Contains(err.Error(), "a defect of its reader") && !bytes.HasPrefix(in, []byte("PAR1")) {
					t.Error(err)
				}
				continue
			}
			if n++; len(raw.Body) > tocsin.MaxRawBytes+1 {
				t.Errorf("a record of %d bytes", len(raw.Body))
			}
		}
	})
}

func FuzzGrows(f *testing.F) {
	for _, seed := range []string{"{\"a\":1}\n", "{", "\ufeff{}\n", "#fields\ta\n#types\tset[x]\n(empty)\n", "#Fields: a \"b\n\"x\"\" y\n", "type=A msg=audit(1.1:1): x\n", "\xff\xfea\x00"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		g, ok := files.Grows(in, files.Spec{Name: "conn.log", IsTable: isTable})
		if !ok {
			return
		}
		given, out := 0, 0
		emit := func(p files.Piece) { out++; g.Raw(p, "s") }
		for i, line := range bytes.Split(in, []byte("\n")) {
			if len(line) > 0 {
				given++
				g.Lines.Line(fmt.Sprint("x:", i), bytes.Clone(line), emit)
			}
		}
		g.Lines.End(emit)
		if out > given || g.Lines.Holds() != "" {
			t.Errorf("%d records of %d lines, holding %q", out, given, g.Lines.Holds())
		}
	})
}

// TestRead_Limits: what one file may become, however it is packed.
func TestRead_Limits(t *testing.T) {
	line := `{"a":1}` + "\n"
	packed := func(n int) []byte {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write([]byte(strings.Repeat(line, n))) // into memory
		_ = z.Close()
		return b.Bytes()
	}
	gz := packed(10_000) // 80,000 bytes
	long := map[string][]byte{}
	var longNames []string
	for i := range 300 {
		name := fmt.Sprint(i, strings.Repeat("n", 60_000))
		long[name], longNames = []byte(line), append(longNames, name)
	}
	many := map[string][]byte{}
	var manyNames []string
	for i := range 100_001 {
		name := fmt.Sprint(i)
		many[name], manyNames = nil, append(manyNames, name)
	}
	three := inZip(t, map[string][]byte{"1.gz": gz, "2.gz": gz, "3.gz": gz}, "1.gz", "2.gz", "3.gz")
	for _, c := range []struct {
		name     string
		data     []byte
		most     int64
		atLeast  int
		atMost   int
		refusing string
	}{
		{"gzip within the limit", gz, 80_000, 10_000, 10_000, ""},
		{"gzip beyond it", gz, 79_000, 9_000, 9_900, "unpacks to more"},
		{"three in a zip within it", three, 260_000, 30_000, 30_000, ""},
		{"three in a zip beyond it, together", three, 150_000, 15_000, 19_000, "unpacks to more"},
		{"three in a zip in a zip, counted at each level", inZip(t, map[string][]byte{"in.zip": three}, "in.zip"), 150_000, 15_000, 19_000, "unpacks to more"},
		{"three in a tar beyond it", inTar(t, map[string][]byte{"1.gz": gz, "2.gz": gz, "3.gz": gz}, "1.gz", "2.gz", "3.gz"), 150_000, 10_000, 19_000, "unpacks to more"},
		{"a directory of 18 MB", inZip(t, long, longNames...), 0, 0, 0, "directory of x is longer"},
		{"a hundred thousand members and one", inZip(t, many, manyNames...), 0, 0, 0, "more than 100000 files"},
		{"two hundred members", inZip(t, long, longNames[:200]...), 0, 200, 200, ""},
	} {
		records, failure := 0, ""
		for _, err := range files.Read(bytes.NewReader(c.data), files.Spec{Name: "x", MaxBytes: c.most}) {
			if err != nil {
				failure = err.Error()
				if !files.IsTooMuch(err) {
					t.Errorf("%s: another cause: %v", c.name, err)
				}
				continue
			}
			records++
		}
		if records < c.atLeast || records > c.atMost || (failure == "") != (c.refusing == "") || !strings.Contains(failure, c.refusing) {
			t.Errorf("%s: %d records, %.300q", c.name, records, failure)
		}
	}
	for size, want := range map[int64]int64{0: 1 << 30, 1 << 20: 1 << 30, 1 << 30: 200 << 30} {
		if got := files.MaxUnpacked(size); got != want {
			t.Errorf("a file of %d bytes may become %d", size, got)
		}
	}
}
