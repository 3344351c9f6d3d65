package schema

import (
	"fmt"
	"strings"
)

// Page returns the reference page of the tables as Markdown: an overview by
// category, then each table with its columns.
func (s *Schema) Page() string {
	var b strings.Builder
	b.WriteString("# Tables\n\n")
	b.WriteString("<!-- Generated from content/tables by `go test ./internal/schema -update`. Change the table's file, not this page. -->\n\n")
	fmt.Fprintf(&b, "%d tables are declared. A declared table can always be queried; it is empty until something fills it.\n", len(s.tables))
	b.WriteString("Names and types follow Microsoft Sentinel and Defender XDR, so that queries written for them run unchanged.\n")
	fmt.Fprintf(&b, "Every table ends with `%s`, `%s` and `%s`, which Tocsin fills.\n", EventIDColumn, IngestionTimeColumn, SourceColumn)

	byCategory := map[string][]*Table{}
	for _, t := range s.tables {
		byCategory[t.Category] = append(byCategory[t.Category], t)
	}
	for _, category := range sortedKeys(byCategory) {
		fmt.Fprintf(&b, "\n## %s\n\n| table | what a row is | columns | kept |\n|---|---|--:|---|\n", category)
		for _, t := range byCategory[category] {
			fmt.Fprintf(&b, "| [%s](#%s) | %s | %d | %s |\n", t.Name, strings.ToLower(t.Name), t.Description, len(t.Columns), t.kept())
		}
	}
	b.WriteString("\n---\n")
	for _, t := range s.tables {
		t.section(&b)
	}
	return b.String()
}

func (t *Table) kept() string {
	if t.Retention == 0 {
		return "for ever"
	}
	return fmt.Sprintf("%d days", int(t.Retention.Hours()/24))
}

// section writes one table: columns that have something to say as a table, the
// others as a list, so that wide tables stay readable.
func (t *Table) section(b *strings.Builder) {
	fmt.Fprintf(b, "\n### %s\n\n%s\n", t.Name, t.Description)
	if t.TimeColumn != "" {
		fmt.Fprintf(b, "Periods apply to `%s`.\n", t.TimeColumn)
	}
	b.WriteString("\n| column | type | |\n|---|---|---|\n")
	var bare []string
	for _, c := range t.Columns {
		if c.Doc == "" {
			bare = append(bare, fmt.Sprintf("`%s` %s", c.Name, c.Type))
			continue
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", c.Name, c.Type, strings.ReplaceAll(c.Doc, "|", `\|`))
	}
	if len(bare) > 0 {
		fmt.Fprintf(b, "\nAlso: %s.\n", strings.Join(bare, ", "))
	}
}
