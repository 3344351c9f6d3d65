package mail

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzRead holds reading to its bounds.
func FuzzRead(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.eml")
	for _, path := range files {
		body, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Add([]byte("From: a@b\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\n--x--"))
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := Read(body)
		if err != nil {
			return
		}
		if len(m.URLs) > maxURLs || len(m.Attachments) > maxParts+1 || len(m.To) > maxRecipients {
			t.Fatalf("%d addresses, %d attachments, %d recipients", len(m.URLs), len(m.Attachments), len(m.To))
		}
	})
}
