package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tocsin-soc/tocsin/internal/hunt"
)

// TestWatchlists_AreShownToEditors: as functions whose text compiles and has the columns
// of every list, the built-in ones among them.
func TestWatchlists_AreShownToEditors(t *testing.T) {
	dir := listFiles(t, map[string]string{"odd.yaml": "alias: Odd's\nsearchKey: it's", "odds.yaml": "alias: Odds\nsearchKey: it's", "odds.csv": "it's,Tags\na,b\n"})
	space, err := openWorkspace(folders{watchlists: []string{dir}, now: noClock()})
	if err != nil {
		t.Fatal(err)
	}
	if len(space.rejectedLists) != 1 || space.rejectedLists[0].Alias != "Odd's" {
		t.Errorf("rejected: %v", space.rejectedLists)
	}
	hunter := hunt.New(space.catalog, nil, nil, noClock)
	functions := (&hunting{space: space}).Schema().Functions
	for _, f := range functions[len(functions)-2:] {
		text := "let f = " + f.Parameters + " {\n" + f.Body + " };\n"
		call := "f('Odds') | project ['it\\'s'], Tags, SearchKey, ['User Principal Name']"
		if f.Name == "_GetWatchlistAlias" {
			call = "f | project WatchlistAlias"
		}
		if diags := hunter.Check(hunt.Query{Text: text + call}); len(diags) > 0 {
			t.Errorf("%s:\n%s", f.Name, diags.Render("query", text+call))
		}
	}
	if body := functions[len(functions)-2].Body; !strings.Contains(body, "HighValueAssets") || !strings.Contains(body, "Odds") {
		t.Error(body)
	}
}

// listFiles writes files into a fresh folder.
func listFiles(t *testing.T, content map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range content {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
