package schema_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/tocsin-soc/tocsin/internal/schema"
)

// Each file in testdata/own/bad begins with the mistakes it must be reported for.
func TestWith_SaysWhatIsWrong(t *testing.T) {
	shipped := load(t)
	files, err := filepath.Glob("testdata/own/bad/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, mistakes, err := shipped.With(fstest.MapFS{filepath.Base(path): {Data: text}}, "own")
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for line := range strings.Lines(string(text)) {
			want, ok := strings.CutPrefix(strings.TrimSpace(line), "# ERROR ")
			if !ok {
				continue
			}
			if n >= len(mistakes) || !strings.HasPrefix(mistakes[n].Error(), want) {
				t.Errorf("%s: got %v, want mistake %d to be\n%s", path, mistakes, n+1, want)
			}
			n++
		}
		if len(mistakes) != n {
			t.Errorf("%s: %d mistakes, want %d: %v", path, len(mistakes), n, mistakes)
		}
	}
}

func columnsOf(table *schema.Table) string {
	var names []string
	for _, c := range table.Columns {
		names = append(names, c.Name+" "+c.Type.String())
	}
	return strings.Join(names, ",")
}

func TestWith_OwnTableNeedsOnlyNameAndColumns(t *testing.T) {
	s, mistakes, err := load(t).With(fstest.MapFS{
		"README.md":            {Data: []byte("not a table")},
		"a/Door_CL.yml":        {Data: []byte("name: Door_CL\ncolumns: |\n  TimeGenerated datetime\n  Level_d real  How bad.\n")},
		"b/Full_CL.yaml":       {Data: []byte("name: Full_CL\ndescription: A door.\ncategory: Doors\ntime: Opened\nretentionDays: 7\ncolumns: |\n  Timestamp datetime\n  Opened datetime\n  _EventId string\n  AdditionalFields dynamic\n")},
		"b/twice/Door_CL.yaml": {Data: []byte("name: Door_CL\ncolumns: |\n  TimeGenerated datetime\n")},
	}, "own")
	if err != nil || len(mistakes) != 1 || mistakes[0].Error() != "own/b/twice/Door_CL.yaml:1: table Door_CL is already declared in own/a/Door_CL.yml; keep one of the two" {
		t.Fatal(mistakes, err)
	}
	door, _ := s.Table("Door_CL")
	if got, want := columnsOf(door), "TimeGenerated datetime,Level_d real,Type string,_Unmapped dynamic,_EventId string,_IngestionTime datetime,_Source string"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if door.TimeColumn != "TimeGenerated" || door.Retention != 90*24*time.Hour || door.Category != "Custom logs" || door.Path != "own/a/Door_CL.yml" {
		t.Errorf("got %+v", door)
	}
	full, _ := s.Table("Full_CL")
	if got, want := columnsOf(full), "Timestamp datetime,Opened datetime,AdditionalFields dynamic,Type string,_EventId string,_IngestionTime datetime,_Source string"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if full.TimeColumn != "Opened" || full.Retention != 7*24*time.Hour || full.Description != "A door." || full.Category != "Doors" {
		t.Errorf("got %+v", full)
	}
}

func TestWith_AddsColumnsToAShippedTable(t *testing.T) {
	shipped := load(t)
	before, _ := shipped.Table("SigninLogs")
	s, mistakes, err := shipped.With(fstest.MapFS{"SigninLogs.yaml": {Data: []byte("name: SigninLogs\ncolumns: |\n  UserPrincipalName string\n  Badge long  Of the door.\n")}}, "own")
	if err != nil || len(mistakes) > 0 {
		t.Fatal(mistakes, err)
	}
	after, _ := s.Table("SigninLogs")
	if want := strings.Replace(columnsOf(before), ",_EventId", ",Badge long,_EventId", 1); columnsOf(after) != want || !after.IsStamped() {
		t.Errorf("got %s", columnsOf(after))
	}
	if after.TimeColumn != before.TimeColumn || after.Retention != before.Retention || after.Category != before.Category {
		t.Errorf("got %+v", after)
	}
	if again, _ := shipped.Table("SigninLogs"); again != before {
		t.Error("the shipped schema was changed")
	}
}

func FuzzWith(f *testing.F) {
	files, _ := filepath.Glob("testdata/own/bad/*.yaml")
	for _, path := range files {
		if text, err := os.ReadFile(path); err == nil {
			f.Add(text)
		}
	}
	f.Add([]byte("name: Fuzz_CL\ncolumns: |\n  TimeGenerated datetime\n  A_s string\n"))
	shipped := load(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, name := range []string{"Fuzz_CL", "SigninLogs"} {
			s, mistakes, err := shipped.With(fstest.MapFS{name + ".yaml": {Data: text}}, "own")
			if err != nil {
				t.Fatal(err)
			}
			table, ok := s.Table(name)
			if ok && !table.IsStamped() {
				t.Errorf("%s is not stamped", name)
			}
			if name == "Fuzz_CL" && ok == (len(mistakes) > 0) {
				t.Errorf("loaded: %t, mistakes: %v", ok, mistakes)
			}
			for _, m := range mistakes {
				if m.Line < 1 || m.Line > strings.Count(string(text), "\n")+strings.Count(string(text), "\r")+2 || m.Text == "" {
					t.Errorf("%v", m)
				}
			}
		}
	})
}
