package schema_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tocsin-soc/tocsin/content"
	"github.com/tocsin-soc/tocsin/internal/schema"
)

func loadFunctions(t *testing.T) []schema.Function {
	t.Helper()
	folder, err := fs.Sub(content.Files, "functions")
	if err != nil {
		t.Fatal(err)
	}
	list, rejected, err := schema.LoadFunctions(folder, "builtin")
	if err != nil || len(rejected) > 0 {
		t.Fatal(rejected, err)
	}
	return list
}

func TestLoadFunctions_Content(t *testing.T) {
	for _, f := range loadFunctions(t) {
		if want := "builtin/" + f.Name + ".yaml"; f.Path != want {
			t.Errorf("%s belongs in the file %s", f.Path, want)
		}
		if f.Doc == "" || strings.Contains(f.Doc, "\n") {
			t.Errorf("%s: description must be one line that says what it gives", f.Path)
		}
	}
}

// Each file in testdata/functions/bad begins with the reason it must be listed
// with, and keeps no other from being loaded.
func TestLoadFunctions_SaysWhatIsWrong(t *testing.T) {
	files, err := filepath.Glob("testdata/functions/bad/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(string(text), "\n")
		want := strings.TrimPrefix(first, "# ERROR ")
		list, rejected, err := schema.LoadFunctions(fstest.MapFS{
			"sub/bad.yaml": {Data: text}, "z.yml": {Data: []byte("name: Good\nquery: SigninLogs")}, "readme.md": {Data: []byte("text")},
		}, "mine")
		if err != nil || len(list) != 1 || list[0].Name != "Good" {
			t.Errorf("%s: loaded %v, %v", path, list, err)
		}
		if len(rejected) != 1 || rejected[0].Path != "mine/sub/bad.yaml" || !strings.HasPrefix(rejected[0].Reason, want) {
			t.Errorf("%s: got\n%+v\nwant\n%s", path, rejected, want)
		}
	}
}

func TestLoadFunctions_Forms(t *testing.T) {
	list, rejected, err := schema.LoadFunctions(os.DirFS("testdata/functions/good"), "mine")
	if err != nil || len(rejected) > 0 {
		t.Fatal(rejected, err)
	}
	var got []string
	for _, f := range list {
		got = append(got, f.Name+"("+f.Parameters+") "+f.Body+" // "+f.Doc)
	}
	want, err := os.ReadFile("testdata/functions/good/want.txt")
	if err != nil || strings.Join(got, "\n")+"\n" != string(want) {
		t.Errorf("got\n%s\nwant\n%s%v", strings.Join(got, "\n"), want, err)
	}
}

func TestFunctionsPage_IsCurrent(t *testing.T) {
	const path = "../../docs/reference/functions.md"
	want := schema.FunctionsPage(loadFunctions(t))
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%s is not current (%v); run go test ./internal/schema -update", path, err)
	}
}

// FuzzLoadFunctions: any file is a function or has a reason.
func FuzzLoadFunctions(f *testing.F) {
	for _, folder := range []string{"bad", "good"} {
		files, err := filepath.Glob("testdata/functions/" + folder + "/*.yaml")
		if err != nil {
			f.Fatal(err)
		}
		for _, path := range files {
			text, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		list, rejected, err := schema.LoadFunctions(fstest.MapFS{"f.yaml": {Data: text}}, "mine")
		if err != nil || (len(list) == 0) != (len(rejected) == 1) {
			t.Errorf("%v %v %v", list, rejected, err)
		}
		for _, r := range rejected {
			if r.Reason == "" {
				t.Error("rejected without a reason")
			}
		}
	})
}
