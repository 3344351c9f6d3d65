package normalize

import (
	"fmt"
	"os"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/tocsin-soc/tocsin/internal/normalize/recognition"
)

// shapesPage lists the shapes; the text in front of the table is written by hand.
const shapesPage = "../../docs/reference/record-shapes.md"

// TestShapesPage_IsCurrent compares the table on the page with the mapping files.
func TestShapesPage_IsCurrent(t *testing.T) {
	old, err := os.ReadFile(shapesPage)
	if err != nil {
		t.Fatal(err)
	}
	const mark = "<!-- made by go test ./internal/normalize -update -->\n"
	head, _, ok := strings.Cut(string(old), mark)
	if !ok {
		t.Fatalf("%s has lost its mark", shapesPage)
	}
	page := head + mark + shapeTable(t)
	if *update {
		if err := os.WriteFile(shapesPage, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if page != string(old) {
		t.Errorf("%s is not current; run go test ./internal/normalize -update", shapesPage)
	}
}

// shapeTable writes the shapes of JSON records as a table.
func shapeTable(t *testing.T) string {
	files, err := os.ReadDir("../../content/normalize")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("\n| shape | file | recognised by | becomes | Sigma |\n|---|---|---|---|---|\n")
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".yaml") || file.Name() == tablesFile {
			continue
		}
		text, err := os.ReadFile("../../content/normalize/" + file.Name())
		if err != nil {
			t.Fatal(err)
		}
		var f mappingFile
		if err := yaml.Unmarshal(text, &f); err != nil {
			t.Fatal(err)
		}
		for i := range f.Shapes {
			s := &f.Shapes[i]
			if ways := ways(&s.Recognise); ways != "" {
				fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", s.Name, strings.TrimSuffix(file.Name(), ".yaml"), ways, becomes(s), source(s))
			}
		}
	}
	return b.String()
}

// ways says how a shape is recognised.
func ways(r *recognition.Rule) string {
	var all []string
	for _, way := range append([]recognition.Rule{*r}, r.Or...) {
		var parts []string
		for _, field := range way.Has {
			parts = append(parts, "`"+field+"`")
		}
		for _, field := range sortedNames(way.Is) {
			values := way.Is[field]
			text := strings.Join(values, ", ")
			if len(values) > 4 {
				text = strings.Join(values[:4], ", ") + ", …"
			}
			parts = append(parts, "`"+field+"` = "+text)
		}
		for _, field := range way.Not {
			parts = append(parts, "no `"+field+"`")
		}
		if len(parts) > 0 {
			all = append(all, strings.Join(parts, " "))
		}
	}
	return strings.Join(all, "; or ")
}

func becomes(s *shapeRule) string {
	var list []string
	if s.Unwrap != nil {
		list = append(list, "what is in `"+s.Unwrap.Body+"`")
	}
	if s.Row != nil {
		list = append(list, "a row: `"+strings.ReplaceAll(s.Row.Table, "|", `\|`)+"`")
	}
	for _, row := range s.Rows {
		if name := "`" + row.Table + "`"; !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return strings.Join(list, ", ")
}

func source(s *shapeRule) string {
	var list []string
	for _, line := range linesOf(s.LogSource) {
		name, x := line.name, strings.TrimSpace(line.rest)
		if fixed, ok := strings.CutPrefix(x, "="); ok {
			list = append(list, name+" "+strings.TrimSpace(fixed))
		} else {
			list = append(list, name+" by `"+strings.ReplaceAll(x, "|", `\|`)+"`")
		}
	}
	if len(list) == 0 && s.View {
		return "as the table, see tables.yaml"
	}
	sort.Strings(list)
	return strings.Join(list, ", ")
}
