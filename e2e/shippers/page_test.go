package shippers

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// configuration returns a configuration as docs/connect/<page>.md prints it,
// with the reader's own values put in: the first fenced block whose first line
// contains marker. A page that loses its block fails.
func configuration(t *testing.T, page, marker string, own ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../docs/connect", page+".md"))
	if err != nil {
		t.Fatal(err)
	}
	for i, block := range strings.Split(string(text), "```") {
		if i%2 == 0 {
			continue
		}
		_, body, _ := strings.Cut(block, "\n") // the language
		if first, _, _ := strings.Cut(body, "\n"); !strings.Contains(first, marker) {
			continue
		}
		for i := 0; i < len(own); i += 2 {
			if !strings.Contains(body, own[i]) {
				t.Fatalf("docs/connect/%s.md: the configuration %q does not mention %s", page, marker, own[i])
			}
		}
		return strings.NewReplacer(own...).Replace(body)
	}
	t.Fatalf("docs/connect/%s.md has no configuration that begins with %q", page, marker)
	return ""
}

// write puts a file into the test's folder and returns its path.
func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// source returns a sources file with the one source of that name that a page's
// sources file prints on a line of its own.
func source(t *testing.T, page, name string, own ...string) string {
	t.Helper()
	for line := range strings.Lines(configuration(t, page, "# sources.yaml")) {
		if strings.Contains(line, "{name: "+name+",") {
			return "sources:\n" + strings.NewReplacer(own...).Replace(line)
		}
	}
	t.Fatalf("docs/connect/%s.md has no source %s", page, name)
	return ""
}
