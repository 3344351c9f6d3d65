package token_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/tocsin-soc/tocsin/kql/token"
)

func TestRender_UnderlinesTheSpan(t *testing.T) {
	src := "SigninLogs\n| where UserNme == \"x\"\n"
	start := token.Pos(strings.Index(src, "UserNme"))
	d := token.Diagnostic{Code: "KQL2001", Span: token.Span{Start: start, End: start + 7},
		Message: `unknown column "UserNme"`, Hint: `did you mean "UserName"?`}
	want := "query:2:9: unknown column \"UserNme\" [KQL2001]\n" +
		"| where UserNme == \"x\"\n" +
		"        ~~~~~~~\n" +
		"hint: did you mean \"UserName\"?\n"
	if got := d.Render("query", src); got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
}

func TestRender_KeepsTabsAndWideCharactersAligned(t *testing.T) {
	src := "T\t| where 名前 == bad"
	start := token.Pos(strings.Index(src, "bad"))
	d := token.Diagnostic{Code: "KQL2006", Span: token.Span{Start: start, End: start + 3}, Message: "m"}
	want := "q:1:17: m [KQL2006]\nT\t| where 名前 == bad\n \t                ~~~\n"
	if got := d.Render("q", src); got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
}

func TestShown_OneErrorPerLine(t *testing.T) {
	src := "aaaa\nbbbb"
	var ds token.Diagnostics
	ds.Errorf("KQL1001", token.Span{Start: 5, End: 6}, "third")
	ds.Errorf("KQL1001", token.Span{Start: 2, End: 3}, "second")
	ds.Errorf("KQL1001", token.Span{Start: 0, End: 1}, "first")
	ds.Errorf("KQL1001", token.Span{Start: 0, End: 1}, "echo of the first")
	shown := ds.Shown(src)
	if len(ds) != 3 || len(shown) != 2 || shown[0].Message != "first" || shown[1].Message != "third" {
		t.Errorf("kept %d, shown %v", len(ds), shown)
	}
}

func TestErr_NilWithoutErrors(t *testing.T) {
	var ds token.Diagnostics
	ds.Warnf(token.DeprecatedSyntax, token.Span{}, "old")
	if err := ds.Err(); err != nil {
		t.Fatalf("a warning is not an error: %v", err)
	}
	ds.Errorf(token.Syntax, token.Span{Start: 1, End: 2}, "one")
	ds.Errorf(token.Syntax, token.Span{Start: 3, End: 4}, "two")
	err := ds.Err()
	var f *token.Failure
	if !errors.As(err, &f) || err.Error() != "one [KQL1001] (and 1 more)" {
		t.Errorf("got %v", err)
	}
}

func TestAdd_NoWarningKeepsAnErrorOut(t *testing.T) {
	var ds token.Diagnostics
	at := token.Span{Start: 1, End: 2}
	ds.Warnf(token.Syntax, at, "warning")
	ds.Errorf(token.Syntax, at, "error")
	if len(ds) != 1 || ds.Err() == nil {
		t.Errorf("at the place of a warning: %v", ds)
	}
	ds = nil
	for i := range token.Pos(token.MaxDiagnostics) {
		ds.Warnf(token.Syntax, token.Span{Start: i, End: i + 1}, "warning")
	}
	ds.Errorf(token.Syntax, token.Span{Start: 1000, End: 1001}, "error")
	if len(ds) != token.MaxDiagnostics || ds.Err() == nil {
		t.Errorf("in a full list: %d, %v", len(ds), ds.Err())
	}
}

func TestNearest(t *testing.T) {
	names := []string{"where", "extend", "summarize", "project", "project-away", "UserName", "Account"}
	for word, want := range map[string]string{
		"sumarize": "summarize", "pojrect": "project", "Where": "where", "username": "UserName",
		"UserNme": "UserName", "zzz": "", "": "", "e": "", "extand": "extend",
	} {
		if got := token.Nearest(word, slices.Values(names)); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestLines_InverseOfLocate(t *testing.T) {
	src := "ab\n\nçé d\n"
	lines := token.NewLines(src)
	for p := token.Pos(0); int(p) <= len(src); p++ {
		at := token.Locate(src, p)
		if got := lines.Place(p); got != at {
			t.Errorf("Place(%d) = %v, Locate says %v", p, got, at)
		}
	}
	if got := lines.Offset(token.Place{Line: 3, Column: 3}); src[got:got+1] != " " {
		t.Errorf("Offset(3:3) = %d", got)
	}
}

func FuzzRender(f *testing.F) {
	f.Add("a\tb\n\xffé", 2, 9)
	f.Fuzz(func(t *testing.T, src string, start, end int) {
		d := token.Diagnostic{Code: "KQL1001", Span: token.Span{Start: token.Pos(start), End: token.Pos(end)}, Message: src, Hint: src}
		if out := d.Render("q", src); !strings.HasSuffix(out, "\n") {
			t.Errorf("no final newline in %q", out)
		}
	})
}
