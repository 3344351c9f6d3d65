package text

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/tocsin-soc/tocsin/internal/normalize/value"
)

var update = flag.Bool("update", false, "rewrite the expected sections of testdata/*.txtar")

// received is when the texts of all tests were taken.
var received = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func shipped(t testing.TB) *Reader {
	t.Helper()
	rd, err := NewReader(os.DirFS("../../../content/normalize"))
	if err != nil {
		t.Fatal(err)
	}
	return rd
}

// texts cuts a section into its texts: one per line, but for sections of groups,
// where an empty line stands between them.
func texts(section txtar.File) []string {
	body, cut := strings.TrimRight(string(section.Data), "\n"), "\n"
	if section.Name == "groups" {
		cut = "\n\n"
	}
	return strings.Split(strings.NewReplacer("{GS}", "\x1d", "{TAB}", "\t", "{BOM}", "\uFEFF").Replace(body), cut)
}

// TestGolden reads the texts in the sections "syslog", "line" and "groups" of
// each file and compares the readings with the section "readings".
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	rd := shipped(t)
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			given := 0
			for ; given < len(archive.Files) && archive.Files[given].Name != "readings"; given++ {
				for _, s := range texts(archive.Files[given]) {
					describe(&got, rd, archive.Files[given].Name, s)
				}
			}
			if *update {
				archive.Files = append(archive.Files[:given:given], txtar.File{Name: "readings", Data: got.Bytes()})
				if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if len(archive.Files) == given || got.String() != string(archive.Files[given].Data) {
				t.Errorf("%s: got\n%s", archive.Comment, got.String())
			}
		})
	}
}

func describe(b *bytes.Buffer, rd *Reader, section, s string) {
	var r Reading
	if section == "syslog" {
		rd.Syslog(&r, s, value.Clock{Received: received})
	} else if !rd.Line(&r, s, value.Clock{Received: received}) {
		fmt.Fprintf(b, "not recognised: %q\n", s)
		return
	}
	at := "no time"
	if !r.Time.IsZero() {
		at = r.Time.Format(time.RFC3339Nano)
	}
	fmt.Fprintf(b, "%s %s\n", r.Shape, at)
	for _, f := range r.Fields {
		fmt.Fprintf(b, "\t%s %s\n", f.Name, strings.NewReplacer("\n", "⏎", "\t", "⇥").Replace(f.Value))
	}
}
