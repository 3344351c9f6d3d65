package normalize

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/kql/catalog"
)

// TestMappingMistakes loads a broken mapping per file of testdata/mistakes; each
// must be refused with the message in its section "error".
func TestMappingMistakes(t *testing.T) {
	tables := map[string]*table{"T": newTable(schema.NewTable("T", []schema.Column{
		{Name: "TimeGenerated", Type: catalog.DateTime}, {Name: "A", Type: catalog.String},
	}))}
	files, _ := filepath.Glob("testdata/mistakes/*.txtar")
	if len(files) == 0 {
		t.Fatal("no cases")
	}
	for _, path := range files {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		fsys, want, hasOwn := fstest.MapFS{}, "", false
		for _, f := range archive.Files {
			if f.Name == "error" {
				want = strings.TrimSpace(string(f.Data))
				continue
			}
			hasOwn = hasOwn || strings.HasPrefix(f.Name, "own/")
			fsys[f.Name] = &fstest.MapFile{Data: f.Data}
		}
		folders := []Folder{{Files: fsys}}
		if own, err := fs.Sub(fsys, "own"); hasOwn && err == nil {
			folders = append(folders, Folder{Label: "own", Files: own, IsOwn: true})
		}
		_, err = loadMapping(folders, tables)
		if err == nil {
			_, err = loadViews(folders, tables)
		}
		if got := strings.TrimSpace(fmt.Sprint(err)); got != want {
			t.Errorf("%s: got %q, want %q", filepath.Base(path), got, want)
		}
	}
}

// TestBatch_OneAnswerPerRecord checks the promise of Batch, with several
// goroutines at once.
func TestBatch_OneAnswerPerRecord(t *testing.T) {
	n := shipped(t)
	good := `{"Event":{"System":{"Provider":{"#attributes":{"Name":"P"}},"EventID":1,"Channel":"C"}}}`
	var raws []tocsin.Raw
	for i := range 100 {
		body := good
		if i%3 == 0 {
			body = `{"Event":`
		}
		raws = append(raws, evtxRaw([]byte(body), fmt.Sprint(i)))
	}
	first, _ := n.Batch(raws)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			records, rejects := n.Batch(raws)
			if len(records) != 66 || len(rejects) != 34 || rejects[1].Raw.Position != "3" {
				t.Errorf("%d records and %d rejects of 100", len(records), len(rejects))
			}
			for i := range records {
				if records[i].Events[0].ID != first[i].Events[0].ID {
					t.Errorf("record %d has another id the second time", i)
				}
			}
		})
	}
	group.Wait()
	big := tocsin.Raw{Format: tocsin.FormatEvtx, Body: make([]byte, tocsin.MaxRawBytes+1)}
	if _, rejects := n.Batch([]tocsin.Raw{big}); len(rejects) != 1 {
		t.Error("a record above the bound was taken")
	}
}

// TestLosses_AreBounded sends rows whose unknown fields are many and long.
func TestLosses_AreBounded(t *testing.T) {
	n := shipped(t)
	body := []byte("{")
	for i := range 12_000 {
		body = fmt.Appendf(body, `"%d%s":1,`, i, strings.Repeat("ä", 100))
	}
	body = append(body, `"TimeGenerated":"2026-01-01T00:00:00Z"}`...)
	n.Batch([]tocsin.Raw{{Format: tocsin.FormatRow, Table: "SigninLogs", ReceivedAt: received, Body: body}})
	list, sum := n.Losses(), int64(0)
	for _, l := range list {
		if sum += l.Count; len(l.Field) > maxFieldName+len("…") {
			t.Errorf("a name of %d bytes is kept", len(l.Field))
		}
	}
	if len(list) > maxLosses+1 || sum != 12_000 {
		t.Errorf("%d losses are told apart, %d counted", len(list), sum)
	}
}

// TestGoldenSAML sends SimuLand's 52 recorded events through, of which a dozen
// name no table or the wrong one: each becomes a row of the table it is from.
func TestGoldenSAML(t *testing.T) {
	files, _ := filepath.Glob(corpora + "/data/golden-saml/*.json")
	if len(files) == 0 {
		t.Skip("the recorded exercise is not beside the checkout")
	}
	n := shipped(t)
	count := map[string]int{}
	searches := 0
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
			raw := tocsin.Raw{Source: "saml", Format: tocsin.FormatJSONLine, Position: fmt.Sprint(i), ReceivedAt: received, Body: []byte(line)}
			records, rejects := n.Batch([]tocsin.Raw{raw})
			if len(rejects) > 0 {
				t.Errorf("%s line %d: %s", path, i+1, rejects[0].Reason)
				continue
			}
			event := &records[0].Events[0]
			count[event.Table]++
			if event.OccurredAt.Year() != 2021 {
				t.Errorf("%s line %d: happened at %v", path, i+1, event.OccurredAt)
			}
			extra := n.tables[event.Table].byName[additionalFields]
			if event.Table == "DeviceEvents" && strings.Contains(event.Values[extra].Str, `"AttributeList"`) {
				searches++
			}
		}
	}
	want := map[string]int{"SecurityEvent": 36, "Event": 2, "DeviceEvents": 5, "IdentityDirectoryEvents": 2, "CloudAppEvents": 2, "AuditLogs": 4, "OfficeActivity": 1}
	if diff := cmp.Diff(want, count); diff != "" {
		t.Errorf("rows by table:\n%s", diff)
	}
	if searches != 5 {
		t.Errorf("%d of 5 LDAP searches have their attributes in AdditionalFields", searches)
	}
}

// FuzzBatch holds normalising to its promises on hostile bodies: one answer,
// valid JSON in dynamic values, UTF-8 everywhere, no more values than columns.
func FuzzBatch(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.txtar")
	for _, path := range files {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, section := range archive.Files {
			words := append(strings.Fields(section.Name), "", "")
			if words[0] != "raw" {
				continue
			}
			for _, line := range strings.Split(strings.TrimSpace(string(section.Data)), "\n") {
				f.Add(words[1], words[2], unfold([]byte(line)))
			}
		}
	}
	n := shipped(f)
	f.Fuzz(func(t *testing.T, format, table string, body []byte) {
		raw := tocsin.Raw{Source: "fuzz", Format: tocsin.Format(format), Table: table, ReceivedAt: received, Body: body}
		records, rejects := n.Batch([]tocsin.Raw{raw})
		if len(records)+len(rejects) != 1 {
			t.Fatalf("%d records, %d rejects", len(records), len(rejects))
		}
		for _, rec := range records {
			for _, f := range rec.Fields {
				if !utf8.ValidString(f.Name) || !utf8.ValidString(f.Value) {
					t.Fatalf("field %q: %q is no UTF-8", f.Name, f.Value)
				}
			}
			for _, e := range rec.Events {
				if len(e.Values) > len(n.tables[e.Table].columns) || e.ID == "" || e.OccurredAt.IsZero() && !received.IsZero() && e.OccurredAt.Year() != 1 {
					t.Fatalf("row of %s: %d values, id %q, at %v", e.Table, len(e.Values), e.ID, e.OccurredAt)
				}
				for i, v := range e.Values {
					if !utf8.ValidString(v.Str) {
						t.Fatalf("%s.%s is no UTF-8: %q", e.Table, n.tables[e.Table].columns[i].Name, v.Str)
					}
					if v.Kind == tocsin.Dynamic && !json.Valid([]byte(v.Str)) {
						t.Fatalf("%s.%s is not JSON: %q", e.Table, n.tables[e.Table].columns[i].Name, v.Str)
					}
				}
			}
		}
	})
}
