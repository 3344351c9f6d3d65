package assist_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/tocsin-soc/tocsin/kql/assist"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/command"
)

var update = flag.Bool("update", false, "rewrite docs/reference/kql.md")

const referencePage = "../../docs/reference/kql.md"

// TestReference holds the reference page to the tables it is made from.
func TestReference(t *testing.T) {
	got := reference(t)
	if *update {
		if err := os.WriteFile(referencePage, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(referencePage)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Error("docs/reference/kql.md is not what the tables say; run go test ./kql/assist -update")
	}
}

func reference(t *testing.T) string {
	var b strings.Builder
	b.WriteString(`# KQL reference

Made from the tables the compiler works with (` + "`go test ./kql/assist -update`" + `); do not edit.
How well each agrees with Kusto is measured in [kql-conformance.md](kql-conformance.md).

## Tabular operators

| operator | form | |
|---|---|---|
`)
	for _, op := range assist.Operators() {
		fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", op.Name, cell(op.Syntax), cell(op.Doc))
	}
	b.WriteString("\nOld spellings work: filter, mvexpand, mvapply, order by, limit, notcontains, containscs, `<>`.\n")
	for _, group := range []struct {
		kind  catalog.Kind
		title string
		intro string
	}{
		{catalog.Scalar, "Scalar functions", ""},
		{catalog.Aggregate, "Aggregates", "In summarize, make-series and top-nested."},
		{catalog.Window, "Window functions", "Over rows in an order: behind sort, top or serialize."},
		{catalog.Plugin, "Plugins", "Behind evaluate."},
		{catalog.Graph, "Graph functions", "In graph-match and graph-shortest-paths."},
		{catalog.Tabular, "Sources", "Where a table may stand."},
	} {
		functions(&b, group.kind, group.title, group.intro)
	}
	codes(t, &b)
	return b.String()
}

func functions(b *strings.Builder, kind catalog.Kind, title, intro string) {
	fmt.Fprintf(b, "\n## %s\n\n", title)
	if intro != "" {
		b.WriteString(intro + "\n\n")
	}
	b.WriteString("| call | | example | |\n|---|---|---|---|\n")
	var list []*catalog.Function
	for _, f := range catalog.Functions().All() {
		if f.Kind == kind && !strings.HasPrefix(f.Name, "__") {
			list = append(list, f)
		}
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	fails := failing()
	for _, f := range list {
		example := ""
		if f.Example != "" {
			example = "`" + cell(f.Example) + "`"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", cell(assist.Signature(f)), cell(f.Doc), example, cell(note(f, fails[f.Name])))
	}
}

// failing returns why the examples that do not run yet do not, as the conformance runner records it.
func failing() map[string]string {
	out := map[string]string{}
	text, err := os.ReadFile("../testdata/examples.jsonl")
	if err != nil {
		return out
	}
	for line := range strings.Lines(string(text)) {
		var x struct{ Function, Fails string }
		if json.Unmarshal([]byte(line), &x) == nil && strings.Contains(x.Fails, "not supported") {
			out[x.Function] = "not run yet"
		}
	}
	return out
}

func note(f *catalog.Function, fails string) string {
	switch {
	case fails != "":
		return fails
	case f.Unsupported != "":
		return "not supported: " + f.Unsupported
	case f.Deprecated:
		return "deprecated: " + f.Alias
	case f.Alias != "":
		return "same as " + f.Alias
	case f.Fidelity != "":
		return "differs: " + f.Fidelity
	}
	return ""
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

// codes lists the diagnostics, from the constants and their comments.
func codes(t *testing.T, b *strings.Builder) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../token/codes.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	b.WriteString("\n## Management commands\n\nA text that begins with a dot. The rows can be worked on: `.show tables | where TableName has \"Device\"`. In brackets is what may be left out; NAME is a name, LIST names in parentheses, WITH and LATER (if_later_than) change nothing. Every other command is refused.\n\n| command | |\n|---|---|\n")
	for _, c := range command.All() {
		fmt.Fprintf(b, "| `.%s` | %s |\n", c.Syntax, c.Doc)
	}
	b.WriteString("\n## Diagnostics\n\n1xxx syntax, 2xxx names, 3xxx types, 4xxx valid KQL that is not run, 5xxx limits, 6xxx data that is missing or old.\n\n| code | |\n|---|---|\n")
	for _, decl := range file.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.CONST {
			continue
		}
		for _, spec := range gen.Specs {
			v := spec.(*ast.ValueSpec)
			code, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			text := strings.TrimSpace(v.Comment.Text())
			if text == "" {
				t.Errorf("%s has no comment that explains it", code)
			}
			fmt.Fprintf(b, "| %s | %s |\n", code, cell(strings.ReplaceAll(text, "\n", " ")))
		}
	}
}
