package mail

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite testdata/*.json")

// TestRead compares what is read of each message with the JSON beside it.
func TestRead(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.eml")
	if len(files) == 0 {
		t.Fatal("no cases")
	}
	for _, path := range files {
		body, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Read(body)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		var got bytes.Buffer
		enc := json.NewEncoder(&got)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", " ")
		if err := enc.Encode(m); err != nil {
			t.Fatal(err)
		}
		golden := strings.TrimSuffix(path, ".eml") + ".json"
		if *update {
			if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%s: got\n%s\nwant\n%s", path, got.Bytes(), want)
		}
	}
}

// TestRead_Hostile: bounds hold, and what is no message is refused.
func TestRead_Hostile(t *testing.T) {
	if _, err := Read([]byte("just words\n\nmore")); err != ErrNoMessage {
		t.Errorf("a text is read as mail: %v", err)
	}
	nested := "From: a@example.com\n"
	for i := range 50 {
		nested += fmt.Sprintf("Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
	}
	many := "From: a@example.com\nContent-Type: multipart/mixed; boundary=x\n\n" + strings.Repeat("--x\nContent-Type: application/x\n\nz\n", 5000) + "--x--\n"
	links := "From: a@example.com\n\n" + strings.Repeat("http://x.example/", 1)
	for i := range 5000 {
		links += fmt.Sprintf(" http://h%d.example/", i)
	}
	recipients := "From: a@example.com\nTo: " + strings.Repeat("b@example.com, ", 5000) + "c@example.com\n\nx"
	headers := "From: a@example.com\n" + strings.Repeat("X-Pad: "+strings.Repeat("y", 1000)+"\n", 500) + "\nx"
	for name, c := range map[string]struct{ body, cut string }{
		"nested":     {nested, "parts"},
		"parts":      {many, "parts"},
		"links":      {links, "addresses of the web"},
		"recipients": {recipients, "addresses"},
		"headers":    {headers, "header fields"},
	} {
		m, err := Read([]byte(c.body))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !strings.Contains(strings.Join(m.Cut, ","), c.cut) {
			t.Errorf("%s: cut are %q, want %q", name, m.Cut, c.cut)
		}
	}
}
