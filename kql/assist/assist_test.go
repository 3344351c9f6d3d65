package assist_test

import (
	"bufio"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tocsin-soc/tocsin/kql/assist"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/check"
	"github.com/tocsin-soc/tocsin/kql/parser"
	"github.com/tocsin-soc/tocsin/kql/token"
)

const mark = "‸"

func world() *catalog.Static {
	w := &catalog.Static{}
	w.AddTable(catalog.NewTable("SigninLogs", []catalog.Column{
		{Name: "TimeGenerated", Type: catalog.DateTime, Doc: "When it happened."}, {Name: "Account", Type: catalog.String, Doc: "Who signed in."},
		{Name: "ResultType", Type: catalog.String}, {Name: "Roles", Type: catalog.Dynamic}, {Name: "Weird Name", Type: catalog.Long},
	}))
	w.AddTable(catalog.NewTable("DeviceInfo", []catalog.Column{
		{Name: "Timestamp", Type: catalog.DateTime}, {Name: "DeviceName", Type: catalog.String}, {Name: "OSPlatform", Type: catalog.String},
	}))
	w.AddFunction(&catalog.SavedFunction{Name: "ParseIt", Parameters: "T:(*)", Body: "T | take 1", Doc: "Parses it."})
	return w
}

// TestComplete runs testdata/complete.txt.
func TestComplete(t *testing.T) {
	text, err := os.ReadFile("testdata/complete.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, paragraph := range strings.Split(string(text), "\n\n") {
		var query, wanted, banned []string
		var first string
		for _, line := range strings.Split(strings.TrimSpace(paragraph), "\n") {
			switch {
			case strings.HasPrefix(line, "#"):
			case strings.HasPrefix(line, "1 "):
				first = line[2:]
			case strings.HasPrefix(line, "+ "):
				wanted = append(wanted, strings.Split(line[2:], ", ")...)
			case strings.HasPrefix(line, "- "):
				banned = append(banned, strings.Split(line[2:], ", ")...)
			default:
				query = append(query, line)
			}
		}
		src := strings.Join(query, "\n")
		at := strings.Index(src, mark)
		if at < 0 {
			continue
		}
		t.Run(src, func(t *testing.T) {
			got := assist.Complete(strings.Replace(src, mark, "", 1), token.Pos(at), world())
			var labels []string
			for _, item := range got.Items {
				labels = append(labels, item.Label)
			}
			if first != "" && (len(labels) == 0 || labels[0] != first) {
				t.Errorf("%q is not offered first", first)
			}
			for _, w := range wanted {
				if !slices.Contains(labels, w) {
					t.Errorf("%q is not offered", w)
				}
			}
			for _, b := range banned {
				if slices.Contains(labels, b) {
					t.Errorf("%q is offered", b)
				}
			}
			if t.Failed() {
				t.Logf("offered: %s", strings.Join(labels[:min(len(labels), 30)], ", "))
			}
		})
	}
}

func TestHover(t *testing.T) {
	for src, want := range map[string]string{
		"SigninLogs | where Acc‸ount == ''":                   "column Account: string",
		"Signin‸Logs | take 1":                                "table SigninLogs (5 columns)",
		"SigninLogs | summ‸arize count()":                     "operator T | summarize [Name =] aggregate, … [by Column, …]",
		"SigninLogs | extend n = str‸len(Account)":            "function strlen(string) : long",
		"let f = (a:int, b:string) { a }; print f‸(1, 'x')":   "function f(a:int, b:string)",
		"let Look‸back = 1d; print Lookback":                  "variable let Lookback",
		"SigninLogs | extend n = 1 | where n‸ > 0":            "column n: long",
		"SigninLogs | join kind=inner (Device‸Info) on $left": "table DeviceInfo (3 columns)",
		"SigninLogs | where // Acc‸ount\n true":               "",
		"‸": "",
	} {
		at := strings.Index(src, mark)
		card, ok := assist.Hover(strings.Replace(src, mark, "", 1), token.Pos(at), world())
		got := ""
		if ok {
			got = card.Kind + " " + card.Title
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", src, got, want)
		}
	}
}

func TestDiagnose_PlacesInUTF16(t *testing.T) {
	got := assist.Diagnose("SigninLogs\n| where '😀' == Accont", world(), check.Options{})
	if len(got) != 1 || got[0].Code != "KQL2001" || got[0].Range.Start != (assist.Position{Line: 2, Column: 17}) {
		t.Errorf("got %+v", got)
	}
	if at := assist.Offset("a\n'😀' b", assist.Position{Line: 2, Column: 6}); at != 9 {
		t.Errorf("Offset = %d", at)
	}
}

// TestOperators_AreTheParsers: the table describes every operator the parser knows, and no other.
func TestOperators_AreTheParsers(t *testing.T) {
	var have []string
	for _, op := range assist.Operators() {
		have = append(have, op.Name)
	}
	for _, name := range parser.OperatorNames() {
		if !slices.Contains(have, name) {
			t.Errorf("operators.txt lacks %s", name)
		}
	}
	for _, name := range have {
		if name != "print" && name != "range" && name != "macro-expand" && !slices.Contains(parser.OperatorNames(), name) {
			t.Errorf("operators.txt has %s, which the parser does not know", name)
		}
	}
	if !slices.IsSorted(have) {
		t.Error("operators.txt is not sorted")
	}
}

// TestAnywhere asks at many positions of published queries, cut off there as if being typed.
func TestAnywhere(t *testing.T) {
	f, err := os.Open("../../../shared/kql/corpus/queries.jsonl")
	if err != nil {
		t.Skip("the shared corpus is not here")
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	for n := 0; lines.Scan(); n++ {
		if n%40 != 0 {
			continue
		}
		var c struct{ ID, Query string }
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		for at := 0; at <= len(c.Query); at += 1 + len(c.Query)/12 {
			assist.Complete(c.Query, token.Pos(at), world())
			assist.Complete(c.Query[:at], token.Pos(at), world())
			assist.Hover(c.Query, token.Pos(at), world())
			assist.Diagnose(c.Query[:at], world(), check.Options{})
		}
	}
}

// FuzzComplete: any text and position, whole and cut off.
func FuzzComplete(f *testing.F) {
	f.Add("SigninLogs | join kind=inner (DeviceInfo | where x", 30)
	f.Add("let f = (a:int) { T | ", 12)
	f.Fuzz(func(t *testing.T, src string, at int) {
		assist.Complete(src, token.Pos(at), world())
		assist.Hover(src, token.Pos(at), world())
		for _, m := range assist.Diagnose(src, world(), check.Options{}) {
			if m.Range.Start.Line < 1 || m.Range.Start.Column < 1 {
				t.Errorf("%+v", m)
			}
		}
	})
}

func BenchmarkComplete(b *testing.B) {
	w := world()
	src := "let a = 1d;\nSigninLogs\n| where TimeGenerated > ago(a)\n| summarize n = count() by Account, bin(TimeGenerated, 1h)\n| where n > 5 and "
	b.ReportAllocs()
	for b.Loop() {
		assist.Complete(src, token.Pos(len(src)), w)
	}
}
