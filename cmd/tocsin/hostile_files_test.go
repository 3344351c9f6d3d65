//go:build linux

package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// hostileFiles are files that lie about what they are, by name.
func hostileFiles() map[string][]byte {
	return map[string][]byte{
		"bomb.log.gz":       gzipBomb(),
		"bomb.log.zst":      zstdBomb(),
		"bomb.zip":          zipOf("bomb.gz", gzipBomb(), "bomb.zst", zstdBomb()),
		"nested.zip":        nestedZip(6),
		"zip-in-gzip.gz":    gzipped(append([]byte("PK\x03\x04"), make([]byte, 8<<20)...)),
		"traversal.zip":     zipOf("../../../../../../tmp/tocsin-escaped.log", []byte(syslogHead+"zip\n"), "/etc/tocsin-escaped.log", []byte(syslogHead+"zip\n"), `..\..\tocsin-escaped.log`, []byte(syslogHead+"zip\n")),
		"traversal.tar":     hostileTar(),
		"many.zip":          manyMembers(20_000),
		"columns.csv":       []byte(strings.Repeat("a,", 100_000) + "b\n" + strings.Repeat("1,", 100_000) + "2\n"),
		"quotes.csv":        []byte("Name,Text\n" + strings.Repeat(`1,"`+strings.Repeat(`a""`, 20)+"\n", 30_001)),
		"footer.parquet":    []byte("PAR1" + strings.Repeat("x", 100) + "\xff\xff\xff\x7fPAR1"),
		"footer2.parquet":   []byte("PAR1\x15\x02\x19\xfc\xff\xff\xff\x0f\x00\x00\x00\x0f\x00\x00\x00PAR1"),
		"cut.evtx":          evtxHead(),
		"bomb.xml":          []byte(`<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "` + strings.Repeat("&a;", 1000) + `">]><Events>` + strings.Repeat("<Event><System><EventID>&b;</EventID></System></Event>", 100) + "</Events>"),
		"deep.xml":          []byte("<Events><Event>" + strings.Repeat("<a>", 100_000) + "</Event></Events>"),
		"deep.json":         []byte(strings.Repeat("[", 100_000)),
		"deep2.json":        []byte(`{"Records":[` + strings.Repeat(`{"a":`, 100_000)),
		"parts.eml":         deepMail(5_000),
		"words.eml":         []byte("From: a@example.com\nTo: b@example.com\nDate: Sun, 22 Nov 2026 00:00:00 +0000\nSubject: " + strings.Repeat("=?utf-8?B?QUFBQQ==?= ", 50_000) + "\n\nx\n"),
		"many.mbox":         []byte("From a\nFrom: a@example.com\nTo: b@example.com\nSubject: x\n\nx\n\n" + strings.Repeat("From b\n\n", 20_000)),
		"conn.log":          []byte("#separator \\x09\n#path\tconn\n#fields\tts\ta\n#types\ttime\t" + strings.Repeat("set[", 500_000) + "\n1.0\tx\n"),
		"line.log":          []byte(syslogHead + strings.Repeat("a", 10<<20) + "\n"),
		"utf16.log":         append([]byte{0xff, 0xfe}, bytes.Repeat([]byte{0x00, 0xd8}, 100_000)...),
		"na\x1b[2Jme\n.log": []byte(syslogHead + "a name with an escape\n"),
	}
}

// dropFiles puts all of them into the followed folder, and waits until they were
// read: files are read in the order of their names, and the last one is good.
func (w *hostileWorld) dropFiles() string {
	list := hostileFiles()
	for name, content := range list {
		w.write(filepath.Join("drop", name), content)
	}
	if err := syscall.Mkfifo(filepath.Join(w.dir, "drop", "pipe.log"), 0o600); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(w.dir, "key"), filepath.Join(w.dir, "drop", "link.log")); err != nil {
		w.t.Fatal(err)
	}
	w.write("drop/zzz.json", []byte(`[{"Type":"Syslog","TimeGenerated":"2026-11-22T00:00:00Z","SyslogMessage":"good-last-file"}]`))
	w.until("the last file is read", func() bool {
		return len(w.texts(`Syslog | where SyslogMessage == "good-last-file" | project SyslogMessage`)) > 0
	})
	for _, path := range []string{"/tmp/tocsin-escaped.log", "/etc/tocsin-escaped.log"} {
		if _, err := os.Stat(path); err == nil {
			w.t.Errorf("%s was written by an archive", path)
		}
	}
	return fmt.Sprintf("%d files read", len(list))
}

func (w *hostileWorld) goodFile(id string) {
	w.write("drop/"+id+".log", []byte(syslogHead+id+"\n"+syslogHead+"end\n"))
	w.wanted = append(w.wanted, id)
}

// zipOf is an archive of names and contents by turns.
func zipOf(pairs ...any) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(pairs); i += 2 {
		m, err := z.CreateHeader(&zip.FileHeader{Name: pairs[i].(string), Method: zip.Deflate})
		if err != nil {
			panic(err) // into memory
		}
		_, _ = m.Write(pairs[i+1].([]byte)) // into memory
	}
	_ = z.Close()
	return b.Bytes()
}

func nestedZip(depth int) []byte {
	inner := []byte(syslogHead + "deep\n")
	for range depth {
		inner = zipOf("inner.zip", inner)
	}
	return inner
}

func manyMembers(n int) []byte {
	pairs := make([]any, 0, 2*n)
	for i := range n {
		pairs = append(pairs, fmt.Sprintf("%d.bin", i), []byte{0, 1, 2})
	}
	return zipOf(pairs...)
}

func hostileTar() []byte {
	var b bytes.Buffer
	z := tar.NewWriter(&b)
	for _, h := range []tar.Header{
		{Name: "../../../../../../tmp/tocsin-escaped.log", Typeflag: tar.TypeReg, Size: 4, Mode: 0o777},
		{Name: "/etc/tocsin-escaped.log", Typeflag: tar.TypeReg, Size: 4, Mode: 0o777},
		{Name: "link.log", Typeflag: tar.TypeSymlink, Linkname: "/etc/shadow"},
		{Name: "hard.log", Typeflag: tar.TypeLink, Linkname: "/etc/shadow"},
		{Name: "device", Typeflag: tar.TypeBlock, Devmajor: 8},
	} {
		if err := z.WriteHeader(&h); err != nil {
			panic(err) // into memory
		}
		if h.Size > 0 {
			_, _ = z.Write([]byte("log\n"))
		}
	}
	_ = z.Close()
	return b.Bytes()
}

// evtxHead is the header of a log that claims 65,535 chunks and has none.
func evtxHead() []byte {
	b := make([]byte, 4096)
	copy(b, "ElfFile\x00")
	binary.LittleEndian.PutUint64(b[16:], 65_534)
	binary.LittleEndian.PutUint32(b[32:], 128)
	binary.LittleEndian.PutUint16(b[36:], 1)
	binary.LittleEndian.PutUint16(b[38:], 3)
	binary.LittleEndian.PutUint16(b[40:], 4096)
	binary.LittleEndian.PutUint16(b[42:], 65_535)
	return append(b, "ElfChnk\x00"...)
}

// deepMail is a message of parts in parts.
func deepMail(depth int) []byte {
	var b strings.Builder
	b.WriteString("From: a@example.com\nTo: b@example.com\nSubject: parts\n")
	for i := range depth {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
	}
	return []byte(b.String() + "\nend\n")
}
