package app

import (
	"crypto/rand"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin/internal/detect"
	"github.com/tocsin-soc/tocsin/internal/hunt"
	"github.com/tocsin-soc/tocsin/internal/ingest/files"
)

// TestWorkspace_BuiltInFunctionsCompileStrictly: with no warning, so that they
// also run where names must be known, as in hunting.
func TestWorkspace_BuiltInFunctionsCompileStrictly(t *testing.T) {
	space, err := openWorkspace(folders{now: noClock()})
	if err != nil || len(space.rejected) > 0 || len(space.warnings) > 0 {
		t.Fatal(err, space.rejected, space.warnings)
	}
	if len(space.functions) < 8 {
		t.Errorf("%d functions", len(space.functions))
	}
	hunter := hunt.New(space.catalog, nil, nil, noClock)
	for _, f := range space.functions {
		text := f.Name + "(" + strings.Join(placeholders(f.Params), ", ") + ")"
		if diags := hunter.Check(hunt.Query{Text: text}); len(diags) > 0 {
			t.Errorf("%s:\n%s", f.Path, diags.Render("query", text))
		}
		// Entities are found, and events opened, by these columns.
		if diags := hunter.Check(hunt.Query{Text: text + " | project TimeGenerated, _EventId, Type"}); len(diags) > 0 {
			t.Errorf("%s:\n%s", f.Path, diags.Render("query", text))
		}
	}
}

// files writes files into a fresh folder.
func written(t *testing.T, content map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range content {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestWorkspace_LeavesOutWhatCannotBeCalled: each with its reason; the others load.
func TestWorkspace_LeavesOutWhatCannotBeCalled(t *testing.T) {
	dir := written(t, map[string]string{
		"a.yaml": "name: Good\nquery: SigninLogs",
		"b.yaml": "name: Value\nparameters: [{name: x, type: long}]\nquery: x + 1",
		"c.yaml": "name: Rows\nparameters: [{name: T, type: '(IPAddress:string)'}]\nquery: T | where IPAddress != ''",
		"d.yaml": "name: Loop\nquery: Loop()",
		"e.yaml": "name: strcat\nquery: SigninLogs",
		"f.yaml": "name: FailedSignIns\nquery: SigninLogs",
		"h.yaml": "name: _Im_Dns\nquery: SigninLogs | project Mine = IPAddress",
		"g.yaml": "name: Wrong\nquery: |\n  SigninLogs\n  | where ipv4_is_in_range(IPAddress)",
	})
	space, err := openWorkspace(folders{functions: []string{dir}, now: noClock()})
	if err != nil {
		t.Fatal(err)
	}
	var loaded []string
	for _, f := range space.functions {
		if !strings.HasPrefix(f.Path, "builtin/") {
			loaded = append(loaded, f.Name)
		}
	}
	if want := []string{"Good", "Rows", "Value", "_Im_Dns"}; !slices.Equal(slices.Sorted(slices.Values(loaded)), want) {
		t.Errorf("loaded %v, want %v", loaded, want)
	}
	reasons := map[string]string{}
	for _, r := range space.rejected {
		reasons[filepath.Base(r.Path)] = r.Reason
	}
	for file, want := range map[string]string{
		"d.yaml": "query 1:1: ",
		"e.yaml": "the name strcat is already that of a function of the language",
		"f.yaml": "the name FailedSignIns is already that of the function in builtin/FailedSignIns.yaml",
		"g.yaml": "query 2:9: ipv4_is_in_range() takes 2 arguments",
	} {
		if got, ok := reasons[file]; !ok || !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q, want %q", file, got, want)
		}
	}
	hunter := hunt.New(space.catalog, nil, nil, noClock)
	for _, text := range []string{"Good | count", "print Value(1)", "SigninLogs | invoke Rows()", "_Im_Dns | project Mine"} {
		if diags := hunter.Check(hunt.Query{Text: text}); len(diags) > 0 {
			t.Errorf("%s: %v", text, diags)
		}
	}
}

// TestFunctions_EverywhereAlike: rules and the API's schema see a function, and
// late events of a table that only the function names re-open a rule's window.
func TestFunctions_EverywhereAlike(t *testing.T) {
	functions := written(t, map[string]string{
		"inner.yaml": "name: Inner\nquery: AzureActivity",
		"outer.yaml": "name: Outer\nparameters: [{name: caller, type: string, default: ''}]\nquery: Inner | where Caller startswith caller",
	})
	rules := written(t, map[string]string{"r.yaml": "id: 7d0f2c1e-0000-4000-8000-000000000002\nname: By function\nseverity: Low\nqueryFrequency: 5m\nqueryPeriod: 5m\ntriggerOperator: gt\ntriggerThreshold: 0\nquery: Outer('a') | project TimeGenerated, Caller\n"})
	in := written(t, map[string]string{"AzureActivity.jsonl": `{"TimeGenerated":"2026-03-01T08:00:00Z","Caller":"a@x.example"}` + "\n"})
	a, err := Open(t.Context(), Config{
		Data: t.TempDir(), RuleDirs: []string{rules}, FuncDirs: []string{functions}, Version: "test", Now: time.Now, Random: rand.Reader,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Close() }()
	if len(a.Rejected()) > 0 || len(a.RejectedFunctions()) > 0 {
		t.Fatal(a.Rejected(), a.RejectedFunctions())
	}
	if err := a.Import(t.Context(), ImportRequest{Paths: []string{in}, Done: func(files.Report) {}}); err != nil {
		t.Fatal(err)
	}
	var rule *detect.KQLRule
	for _, r := range a.rules.scheduled {
		if r.Title == "By function" {
			rule = r
		}
	}
	engine := &ruleEngine{a.hunter, a.store, a.space}
	late, err := engine.Late(t.Context(), rule, time.Time{}, time.Now())
	if want := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC); err != nil || !late.From.Equal(want) {
		t.Errorf("late events from %v (%v), want %v", late.From, err, want)
	}
	table, err := engine.Query(t.Context(), rule, detect.Window{From: time.Date(2026, 3, 1, 7, 0, 0, 0, time.UTC), To: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)})
	if err != nil || len(table.Rows) != 1 {
		t.Errorf("%v %v", table, err)
	}
	shown := map[string]string{}
	for _, f := range (&hunting{a.hunter, a.store, a.space, time.Now}).Schema().Functions {
		shown[f.Name] = f.Parameters + " " + f.Body
	}
	if got, want := shown["Outer"], `(caller:string="") Inner | where Caller startswith caller`; got != want || shown["FailedSignIns"] == "" {
		t.Errorf("the schema says %q, want %q", got, want)
	}
}
