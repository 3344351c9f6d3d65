package normalize

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

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/normalize/value"
	"github.com/tocsin-soc/tocsin/internal/normalize/windows"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/telemetry"
)

var update = flag.Bool("update", false, "rewrite the expected sections of testdata/*.txtar")

// received is when the records of all tests were taken.
var received = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// TestGolden normalises the "raw FORMAT [TABLE]" sections of each file, which
// hold one record per line, and compares rows, fields, rejects and losses. A
// comment "zone: NAME" is the zone of the source.
func TestGolden(t *testing.T) {
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
			n := shipped(t)
			if _, name, ok := strings.Cut(string(archive.Comment), "zone: "); ok {
				zone, err := time.LoadLocation(strings.TrimSpace(name))
				if err != nil {
					t.Fatal(err)
				}
				n.InZones(map[tocsin.SourceID]*time.Location{"test": zone}, nil)
			}
			var raws []tocsin.Raw
			given := 0
			for ; given < len(archive.Files) && strings.HasPrefix(archive.Files[given].Name, "raw "); given++ {
				words := append(strings.Fields(archive.Files[given].Name), "")
				for line := range bytes.Lines(archive.Files[given].Data) {
					raws = append(raws, tocsin.Raw{
						Source: "test", Format: tocsin.Format(words[1]), Table: words[2], Position: fmt.Sprint(len(raws)),
						ReceivedAt: received, Body: unfold(line),
					})
				}
			}
			got := describe(t, n, raws)
			if *update {
				archive.Files = append(archive.Files[:given:given], got...)
				if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want := map[string]string{}
			for _, f := range archive.Files[given:] {
				want[f.Name] = string(f.Data)
			}
			for _, f := range got {
				if want[f.Name] != string(f.Data) {
					t.Errorf("%s\n%s: got\n%s\nwant\n%s", archive.Comment, f.Name, f.Data, want[f.Name])
				}
				delete(want, f.Name)
			}
			for name := range want {
				t.Errorf("%s: nothing of the kind came out", name)
			}
		})
	}
}

// twinRows writes down the rows of Event that a store makes of the records.
func twinRows(t *testing.T, records []tocsin.Record) map[tocsin.EventID]string {
	batch := telemetry.Batch{ID: "twins"}
	for _, rec := range records {
		for _, e := range rec.Events {
			if e.Twin != "" {
				batch.Events = append(batch.Events, e)
			}
		}
	}
	out := map[tocsin.EventID]string{}
	if len(batch.Events) == 0 {
		return out
	}
	tables, err := schema.Load(os.DirFS("../../content/tables"))
	if err != nil {
		t.Fatal(err)
	}
	store, err := telemetry.Open(t.Context(), telemetry.Options{Schema: tables, Now: time.Now, Render: telemetry.Renderer{Data: windows.EventData, Parameters: windows.EventParameters}})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if _, err := store.Append(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	shown, _ := tables.Table("Event")
	for _, e := range batch.Events {
		row, err := store.Event(t.Context(), "Event", e.ID)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		fmt.Fprintf(&b, "Event %s\n", value.TimeText(row.OccurredAt))
		for c, v := range row.Values[:len(row.Values)-3] {
			if text := valueText(&v); !v.IsNull() && text != "" {
				fmt.Fprintf(&b, "\t%s %s\n", shown.Columns[c].Name, strings.ReplaceAll(text, "\n", `\n`))
			}
		}
		out[e.ID] = b.String()
	}
	return out
}

// unfold makes a record of a line, in which {NL} stands for a line break, {GS}
// for the byte auditd puts in front of names, {TAB} for a tab.
func unfold(line []byte) []byte {
	return []byte(strings.NewReplacer("{NL}", "\n", "{GS}", "\x1d", "{TAB}", "\t").Replace(string(bytes.TrimSpace(line))))
}

// visible shows characters that would not survive in a golden file.
var visible = strings.NewReplacer("\n", `\n`, "\x1d", "{GS}", "\t", "{TAB}")

// describe writes down what normalising gives.
func describe(t *testing.T, n *Normalizer, raws []tocsin.Raw) []txtar.File {
	var rows, fields, rejected, lost bytes.Buffer
	records, rejects := n.Batch(raws)
	twins := twinRows(t, records)
	for _, rec := range records {
		for i := range rec.Events {
			e := &rec.Events[i]
			rows.WriteString(twins[e.ID])
			fmt.Fprintf(&rows, "%s %s\n", e.Table, value.TimeText(e.OccurredAt))
			for c, v := range e.Values {
				if !v.IsNull() {
					fmt.Fprintf(&rows, "\t%s %s\n", n.tables[e.Table].columns[c].Name, visible.Replace(valueText(&v)))
				}
			}
		}
		fmt.Fprintf(&fields, "%+v\n", rec.LogSource)
		for _, f := range rec.Fields {
			fmt.Fprintf(&fields, "\t%s %s\n", f.Name, visible.Replace(f.Value))
		}
	}
	for _, r := range rejects {
		fmt.Fprintf(&rejected, "%s: %s\n", r.Raw.Position, r.Reason)
	}
	for _, l := range n.Losses() {
		shape := ""
		if l.Shape != "" {
			shape = l.Shape + ": "
		}
		fmt.Fprintf(&lost, "%d × %s%s.%s: %s\n", l.Count, shape, l.Table, l.Field, l.Reason)
	}
	var list []txtar.File
	for _, f := range []txtar.File{{Name: "rows", Data: rows.Bytes()}, {Name: "fields", Data: fields.Bytes()}, {Name: "rejects", Data: rejected.Bytes()}, {Name: "losses", Data: lost.Bytes()}} {
		if len(f.Data) > 0 {
			list = append(list, f)
		}
	}
	return list
}
