package schema_test

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tocsin-soc/tocsin/content"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/kql/catalog"
)

var update = flag.Bool("update", false, "rewrite generated files")

func load(t testing.TB) *schema.Schema {
	t.Helper()
	tables, err := fs.Sub(content.Files, "tables")
	if err != nil {
		t.Fatal(err)
	}
	s, err := schema.Load(tables)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestLoad_ContentTables(t *testing.T) {
	s := load(t)
	cat := s.Catalog()
	for _, table := range s.Tables() {
		listed, ok := cat.Table(table.Name)
		if !ok || len(listed.Columns) != len(table.Columns) || listed.TimeColumn != table.TimeColumn {
			t.Errorf("%s: the catalogue says otherwise", table.Name)
		}
		if i, ok := table.Column("Type"); ok && table.Columns[i].Type != catalog.String {
			t.Errorf("%s: Type is %s, the store fills it with text", table.Name, table.Columns[i].Type)
		}
	}
	// What the product itself fills must be there.
	for _, name := range []string{"SecurityAlert", "SecurityIncident", "AlertInfo", "AlertEvidence", "DeadLetters", "IngestHealth", "RuleRuns"} {
		if _, ok := s.Table(name); !ok {
			t.Errorf("table %s is missing", name)
		}
	}
	// Defender's tables answer to both names of the time.
	for _, name := range []string{"DeviceProcessEvents", "EmailEvents", "AlertInfo", "IdentityLogonEvents", "CloudAppEvents", "UrlClickEvents", "EntraIdSignInEvents"} {
		table, ok := s.Table(name)
		if !ok {
			t.Errorf("table %s is missing", name)
			continue
		}
		for _, column := range []string{"Timestamp", "TimeGenerated"} {
			if _, ok := table.Column(column); !ok {
				t.Errorf("%s has no %s", name, column)
			}
		}
	}
}

// Each file in testdata/bad begins with the errors it must cause.
func TestLoad_SaysWhatIsWrong(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for line := range strings.Lines(string(text)) {
			if message, ok := strings.CutPrefix(line, "# ERROR "); ok {
				want = append(want, strings.TrimSpace(message))
			}
		}
		_, err = schema.Load(fstest.MapFS{filepath.Base(path): {Data: text}})
		if err == nil {
			t.Errorf("%s was accepted", path)
			continue
		}
		got := strings.Split(err.Error(), "\n")
		for i, message := range want {
			if i >= len(got) || !strings.HasPrefix(got[i], message) {
				t.Errorf("%s: got\n%v\nwant message %d to be\n%s", path, err, i+1, message)
			}
		}
	}
}

func TestLoad_TablesThatDifferOnlyInCase(t *testing.T) {
	file := func(name string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte("name: " + name + "\ndescription: A row.\ncategory: Test\nretentionDays: 1\ncolumns: |\n  _EventId string\n  _IngestionTime datetime\n  _Source string\n")}
	}
	_, err := schema.Load(fstest.MapFS{"Event.yaml": file("Event"), "EVENT.yaml": file("EVENT")})
	if err == nil || !strings.Contains(err.Error(), "already declared in EVENT.yaml") {
		t.Errorf("got %v", err)
	}
}

func TestStoredNames_OfColumnsThatDifferOnlyInCase(t *testing.T) {
	table := schema.NewTable("T", []schema.Column{
		{Name: "Isp", Type: catalog.String}, {Name: "LogonId", Type: catalog.Long}, {Name: "ISP", Type: catalog.String},
		{Name: "LogonID", Type: catalog.String}, {Name: "logonid", Type: catalog.Long}, {Name: "LOGONID", Type: catalog.Real},
	})
	var got []string
	for i, c := range table.Columns {
		got = append(got, fmt.Sprint(c.Stored, " ", table.Spelling(i)))
	}
	if want := "Isp 0,LogonId 1,Isp 0,LogonID~2 3,LogonId 1,LOGONID~3 5"; strings.Join(got, ",") != want {
		t.Errorf("got %s, want %s", strings.Join(got, ","), want)
	}
	if got, want := table.DDL(), `CREATE TABLE IF NOT EXISTS "T" ("Isp" VARCHAR, "LogonId" BIGINT, "LogonID~2" VARCHAR, "LOGONID~3" DOUBLE)`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestReadDeclarations_KeepsOrder(t *testing.T) {
	s, err := schema.ReadDeclarations(strings.NewReader(`{"T":{"z":"long","a":"datetime","Timestamp":"datetime"},"A":{}}`))
	if err != nil {
		t.Fatal(err)
	}
	table, _ := s.Table("T")
	if got, want := table.DDL(), `CREATE TABLE IF NOT EXISTS "T" ("z" BIGINT, "a" BIGINT, "Timestamp" BIGINT)`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if table.TimeColumn != "Timestamp" || table.IsStamped() {
		t.Errorf("time column %q, stamped %v", table.TimeColumn, table.IsStamped())
	}
	for _, bad := range []string{``, `[]`, `{"T":1}`, `{"T":{"a":"text"}}`, `{"T":{"a":"int","a":"int"}}`, `{"T":{"a":1}}`, `{"T":{}`} {
		if _, err := schema.ReadDeclarations(strings.NewReader(bad)); err == nil {
			t.Errorf("%s was accepted", bad)
		}
	}
}

func TestPage_IsCurrent(t *testing.T) {
	const path = "../../docs/reference/tables.md"
	want := load(t).Page()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%s is not current (%v); run go test ./internal/schema -update", path, err)
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		load(b)
	}
}
