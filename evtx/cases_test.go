package evtx

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "rewrite the expected sections of testdata/*.txtar")

// TestCases assembles the records of each testdata/*.txtar and compares fields,
// JSON and XML. The comment of a case is the rule it shows.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var records []string
			for _, f := range archive.Files {
				if strings.HasPrefix(f.Name, "record") {
					records = append(records, string(f.Data))
				}
			}
			got := describe(t, assemble(records...))
			if *update {
				archive.Files = append(archive.Files[:len(records)], got...)
				if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want := archive.Files[len(records):]
			for i, f := range got {
				if i >= len(want) || string(want[i].Data) != string(f.Data) {
					t.Errorf("%s: %s", f.Name, archive.Comment)
					t.Errorf("got:\n%s", f.Data)
					if i < len(want) {
						t.Errorf("want:\n%s", want[i].Data)
					}
				}
			}
		})
	}
}

// describe reads a log and writes down all it yields.
func describe(t *testing.T, log []byte) []txtar.File {
	t.Helper()
	var fields, asJSON, asXML, errors bytes.Buffer
	r, err := NewReader(bytes.NewReader(log), int64(len(log)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for rec, err := range r.Records() {
		if err != nil {
			fmt.Fprintln(&errors, err)
			continue
		}
		if rec.Problem() != nil {
			fmt.Fprintln(&errors, "degraded:", rec.Problem())
		}
		for f := range rec.SystemFields() {
			fmt.Fprintf(&fields, "%s %s %q\n", f.Name.Flat, f.Kind, f.Value)
		}
		for f := range rec.Fields() {
			fmt.Fprintf(&fields, "%s %s %q\n", f.Name.Path, f.Kind, f.Value)
		}
		out, err := rec.AppendJSON(nil, JSONOptions{})
		fmt.Fprintf(&asJSON, "%s\n", out)
		if err != nil {
			fmt.Fprintln(&errors, "json:", err)
		}
		out, err = rec.AppendXML(nil)
		fmt.Fprintf(&asXML, "%s\n", out)
		if err != nil {
			fmt.Fprintln(&errors, "xml:", err)
		}
	}
	for _, w := range r.Warnings() {
		fmt.Fprintln(&errors, "warning:", w)
	}
	list := []txtar.File{{Name: "fields", Data: fields.Bytes()}, {Name: "json", Data: asJSON.Bytes()}, {Name: "xml", Data: asXML.Bytes()}}
	if errors.Len() > 0 {
		list = append(list, txtar.File{Name: "errors", Data: errors.Bytes()})
	}
	return list
}
