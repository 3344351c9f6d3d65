package transform_test

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/content"
	"github.com/tocsin-soc/tocsin/internal/normalize"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/transform"
)

var update = flag.Bool("update", false, "rewrite the outcomes in testdata")

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return now }

func folder(t testing.TB, name string) fs.FS {
	t.Helper()
	sub, err := fs.Sub(content.Files, name)
	if err != nil {
		t.Fatal(err)
	}
	return sub
}

func tables(t testing.TB) *schema.Schema {
	t.Helper()
	s, err := schema.Load(folder(t, "tables"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// records normalises JSON rows of a table.
func records(t testing.TB, s *schema.Schema, table string, rows []string) []tocsin.Record {
	t.Helper()
	n, err := normalize.New(s, folder(t, "normalize"))
	if err != nil {
		t.Fatal(err)
	}
	var raws []tocsin.Raw
	for i, row := range rows {
		raws = append(raws, tocsin.Raw{Source: "s", Format: tocsin.FormatRow, Table: table, Position: fmt.Sprint(i), ReceivedAt: now, Body: []byte(row)})
	}
	out, rejects := n.Batch(raws)
	if len(rejects) > 0 {
		t.Fatal(rejects)
	}
	return out
}

// show writes an event's columns that have a value, but for the stamps.
func show(t *schema.Table, ev *tocsin.Event) string {
	var parts []string
	for i, v := range ev.Values {
		var text string
		switch v.Kind {
		case tocsin.Null:
			continue
		case tocsin.Bool:
			text = fmt.Sprint(v.Num != 0)
		case tocsin.Int, tocsin.TimeSpan:
			text = fmt.Sprint(v.Num)
		case tocsin.Real:
			text = fmt.Sprint(v.Real())
		case tocsin.DateTime:
			text = v.Time().Format(time.RFC3339)
		default:
			text = fmt.Sprintf("%q", v.Str)
		}
		parts = append(parts, t.Columns[i].Name+"="+text)
	}
	return strings.Join(parts, " ") + " at " + ev.OccurredAt.Format(time.RFC3339)
}

func load(t testing.TB, s *schema.Schema, text string, tables ...string) (*transform.Set, error) {
	set, err := transform.Load(map[tocsin.SourceID]transform.Rule{"s": {Text: text, Tables: tables}}, s, clock)
	if err == nil {
		t.Cleanup(set.Close)
	}
	return set, err
}

// TestCases: testdata/*.txtar hold a transform, rows in, and rows out or the error.
func TestCases(t *testing.T) {
	s := tables(t)
	archive, err := txtar.ParseFile("testdata/cases.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for n, f := range archive.Files {
		body := string(f.Data)
		if f.Name == "rows" {
			rows = strings.Split(strings.TrimSpace(body), "\n")
			continue
		}
		t.Run(strings.ReplaceAll(f.Name, " ", "_"), func(t *testing.T) {
			text, want, ok := strings.Cut(body, "----\n")
			if !ok {
				t.Fatal("a case is a transform, a line of four dashes, and what comes of it")
			}
			got := strings.TrimSpace(outcome(t, s, strings.TrimSpace(text), rows)) + "\n"
			if *update {
				archive.Files[n].Data = []byte(text + "----\n" + got)
			} else if got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
	if *update {
		if err := os.WriteFile("testdata/cases.txtar", txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// outcome runs a case.
func outcome(t *testing.T, s *schema.Schema, text string, rows []string) string {
	set, err := load(t, s, text, "SecurityEvent")
	if err != nil {
		return err.Error()
	}
	table, _ := s.Table("SecurityEvent")
	in := records(t, s, "SecurityEvent", rows)
	if !set.Applies(in) {
		t.Fatal("the transform does not apply")
	}
	out, err := set.Apply(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, i := range out.Kept {
		for j := range in[i].Events {
			lines = append(lines, fmt.Sprintf("%d: %s", i, show(table, &in[i].Events[j])))
		}
	}
	for _, f := range out.Failed {
		lines = append(lines, fmt.Sprintf("%d failed: %s", f.Record, f.Reason))
	}
	if len(out.Filtered) > 0 {
		lines = append(lines, fmt.Sprint("filtered ", out.Filtered))
	}
	if n := len(out.Kept) + len(out.Filtered) + len(out.Failed); n != len(in) {
		t.Errorf("%d of %d records are accounted for", n, len(in))
	}
	return strings.Join(lines, "\n")
}

func TestApply_SeveralTablesOfOneRecord(t *testing.T) {
	s := tables(t)
	set, err := load(t, s, `source | where TimeGenerated > datetime(2026-01-01) | project-away Computer`)
	if err != nil {
		t.Fatal(err)
	}
	in := records(t, s, "SecurityEvent", []string{`{"TimeGenerated":"2026-11-21T10:00:00Z","Computer":"a","EventID":1}`, `{"TimeGenerated":"2020-11-21T10:00:00Z","Computer":"b","EventID":2}`})
	other := records(t, s, "SigninLogs", []string{`{"TimeGenerated":"2026-11-21T10:00:00Z","UserPrincipalName":"u"}`})
	in[0].Events = append(in[0].Events, in[1].Events[0]) // one row left, one not: kept
	in = append(in, other...)
	out, err := set.Apply(context.Background(), in)
	if err != nil || fmt.Sprint(out.Kept) != "[0]" || fmt.Sprint(out.Filtered) != "[1]" || len(in[0].Events) != 1 || len(out.Failed) != 1 || out.Failed[0].Record != 2 {
		t.Errorf("%+v, %v", out, err) // SigninLogs has no column Computer
	}
	if len(out.Failed) == 1 && !strings.Contains(out.Failed[0].Reason, "SigninLogs") {
		t.Error(out.Failed[0].Reason)
	}
}

func TestApply_OtherSourcesPayNothing(t *testing.T) {
	s := tables(t)
	set, err := load(t, s, "source")
	if err != nil {
		t.Fatal(err)
	}
	in := records(t, s, "SecurityEvent", []string{`{"EventID":1}`})
	in[0].Events[0].Source = "other"
	var none *transform.Set
	if set.Applies(in) || none.Applies(in) {
		t.Error("a source without a transform is transformed")
	}
}

func TestApply_LanesAreShared(t *testing.T) {
	s := tables(t)
	set, err := load(t, s, "source | where EventID % 2 == 0 | extend Account = strcat('x', EventID)", "SecurityEvent")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	for w := range 8 {
		go func() {
			for n := range 10 {
				var rows []string
				for i := range 50 {
					rows = append(rows, fmt.Sprintf(`{"EventID":%d}`, w*1000+n*50+i))
				}
				in := records(t, s, "SecurityEvent", rows)
				out, err := set.Apply(context.Background(), in)
				if err == nil && (len(out.Kept) != 25 || len(out.Filtered) != 25) {
					err = fmt.Errorf("%+v", out)
				}
				if err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// FuzzLoad: whatever a transform says, it loads or is refused with a reason, and
// what loads accounts for every record.
func FuzzLoad(f *testing.F) {
	archive, err := txtar.ParseFile("testdata/cases.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, c := range archive.Files {
		text, _, _ := strings.Cut(string(c.Data), "----\n")
		f.Add(text)
	}
	s := tables(f)
	f.Fuzz(func(t *testing.T, text string) {
		set, err := transform.Load(map[tocsin.SourceID]transform.Rule{"s": {Text: text, Tables: []string{"SecurityEvent"}}}, s, clock)
		if err != nil {
			if !tocsin.IsKind(err, tocsin.Invalid) {
				t.Error(err)
			}
			return
		}
		defer set.Close()
		in := records(t, s, "SecurityEvent", []string{`{"EventID":1,"Account":"A"}`, `{"EventID":2}`})
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		out, err := set.Apply(ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Kept)+len(out.Filtered)+len(out.Failed) != 2 {
			t.Errorf("%+v", out)
		}
	})
}
