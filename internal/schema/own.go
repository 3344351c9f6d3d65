package schema

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/tocsin-soc/tocsin/kql/catalog"
)

// Bounds of a folder of tables, and what a file that does not say otherwise means.
const (
	maxOwnFiles      = 1000
	ownCategory      = "Custom logs"
	ownRetentionDays = 90
)

// unmappedColumn takes what a record has and no other column does.
const unmappedColumn = "_Unmapped"

// closed are the categories of tables that Tocsin fills itself: nobody adds to them.
var closed = map[string]bool{"Tocsin": true, "Reference": true}

// With returns the schema with the tables of a folder of somebody's own: every
// *.yaml and *.yml below fsys, one table per file, in the form of content/tables.
// Such a file needs only a name and columns: the rest has defaults, and Type,
// _Unmapped and the columns that the store fills are added if they are missing.
//
// A file with the name of a shipped table may only add columns to it: it has a
// name and columns, nothing else, and repeats no shipped column with another type.
// What is wrong is listed and the table left out; the error is for a folder that
// cannot be read. label stands before the paths. s is not changed.
func (s *Schema) With(fsys fs.FS, label string) (*Schema, []*Mistake, error) {
	tables := make(map[string]*Table, len(s.tables)) // by name in lower case
	for _, t := range s.tables {
		tables[strings.ToLower(t.Name)] = t
	}
	var mistakes []*Mistake
	files := 0
	err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if ext := path.Ext(p); d.IsDir() || ext != ".yaml" && ext != ".yml" {
			return nil
		}
		if files++; files > maxOwnFiles {
			return fmt.Errorf("more than %d files", maxOwnFiles)
		}
		text, err := fs.ReadFile(fsys, p)
		if err != nil {
			return err
		}
		f := ownFile{path: path.Join(label, p), text: string(text)}
		if t := f.table(tables); t != nil {
			tables[strings.ToLower(t.Name)] = t
		}
		mistakes = append(mistakes, f.mistakes...)
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("reading table folder %s: %w", label, err)
	}
	return New(slices.Collect(maps.Values(tables))...), mistakes, nil
}

// An ownFile is one table file of a folder of somebody's own, being read.
type ownFile struct {
	path, text string
	file
	mistakes []*Mistake
}

func (f *ownFile) reject(line int, format string, args ...any) {
	f.mistakes = append(f.mistakes, &Mistake{f.path, max(line, 1), fmt.Sprintf(format, args...)})
}

// line returns the number of the line with a key of the file, 1-based.
func (f *ownFile) line(key string) int {
	n := 0
	for line := range strings.Lines(f.text) {
		if n++; strings.HasPrefix(line, key+":") {
			return n
		}
	}
	return 1
}

// table reads the file; nil when it has mistakes.
func (f *ownFile) table(known map[string]*Table) *Table {
	if len(f.text) > maxFileBytes {
		f.reject(1, "the file has %d bytes, at most %d", len(f.text), maxFileBytes)
		return nil
	}
	const keys = "a table has name, description, category, time, retentionDays and columns"
	if err := yaml.UnmarshalWithOptions([]byte(f.text), &f.file, yaml.Strict()); err != nil {
		f.mistakes = append(f.mistakes, YAMLMistake(f.path, err, keys))
		return nil
	}
	base := strings.TrimSuffix(path.Base(f.path), path.Ext(f.path))
	switch {
	case f.Name == "":
		f.reject(1, "name is missing; it is what queries call the table: name: %s", base)
	case !tableName.MatchString(f.Name):
		f.reject(f.line("name"), "name %q must be letters, digits and _, not beginning with a digit", f.Name)
	case base != f.Name:
		f.reject(f.line("name"), "table %s belongs in the file %s.yaml", f.Name, f.Name)
	}
	columns := parseColumns(f.Columns, columnsLine([]byte(f.text)), func(line int, format string, args ...any) {
		if line == 0 {
			line, format, args = 1, "columns is missing; list them as lines of a name and a type, below columns: |", nil
		}
		f.reject(line, format, args...)
	})
	if len(f.mistakes) > 0 {
		return nil
	}
	other := known[strings.ToLower(f.Name)]
	switch {
	case other == nil:
		return f.own(columns)
	case other.Path != "":
		f.reject(f.line("name"), "table %s is already declared in %s; keep one of the two", other.Name, other.Path)
	case other.Name != f.Name:
		f.reject(f.line("name"), "there is a table %s, and the store does not tell %s from it; choose another name, such as %s_CL", other.Name, f.Name, f.Name)
	default:
		return f.extended(other, columns)
	}
	return nil
}

// own makes a table of a name of its own.
func (f *ownFile) own(columns []Column) *Table {
	if strings.ContainsAny(strings.TrimSpace(f.Description), "\r\n") {
		f.reject(f.line("description"), "description must be one line that says what a row is")
	}
	days := ownRetentionDays
	if f.RetentionDays != nil {
		days = *f.RetentionDays
	}
	if days < 0 || days > maxRetentionDays {
		f.reject(f.line("retentionDays"), "retentionDays is %d, must be from 0 (for ever) to %d", days, maxRetentionDays)
	}
	columns = f.distinct(nil, columns)
	has := func(name string, kind catalog.Type) bool {
		return slices.ContainsFunc(columns, func(c Column) bool { return c.Name == name && c.Type == kind })
	}
	if !has("TimeGenerated", catalog.DateTime) && !has("Timestamp", catalog.DateTime) {
		f.reject(f.line("columns"), "no column says when an event happened; add the line: TimeGenerated datetime")
	}
	if f.Time != "" && !has(f.Time, catalog.DateTime) {
		f.reject(f.line("time"), "time column %s is not a datetime column of the table", f.Time)
	}
	if len(f.mistakes) > 0 {
		return nil
	}
	if !slices.ContainsFunc(columns, func(c Column) bool { return strings.EqualFold(c.Name, "Type") }) {
		columns = append(columns, Column{Name: "Type", Type: catalog.String, Doc: "Name of the table."})
	}
	if !has(unmappedColumn, catalog.Dynamic) && !has("AdditionalFields", catalog.Dynamic) {
		columns = append(columns, Column{Name: unmappedColumn, Type: catalog.Dynamic, Doc: "What the record had and no other column takes."})
	}
	t := NewTable(f.Name, append(columns, stamps[:]...))
	t.Description, t.Category, t.Path = strings.TrimSpace(f.Description), f.Category, f.path
	if t.Category == "" {
		t.Category = ownCategory
	}
	if f.Time != "" {
		t.TimeColumn = f.Time
	}
	t.Retention = time.Duration(days) * 24 * time.Hour
	return t
}

// extended adds columns to a shipped table.
func (f *ownFile) extended(t *Table, columns []Column) *Table {
	if closed[t.Category] || !t.IsStamped() {
		f.reject(f.line("name"), "%s is a table that Tocsin itself fills; nothing can be added to it", t.Name)
		return nil
	}
	for _, key := range []struct {
		name  string
		isSet bool
	}{{"description", f.Description != ""}, {"category", f.Category != ""}, {"time", f.Time != ""}, {"retentionDays", f.RetentionDays != nil}} {
		if key.isSet {
			f.reject(f.line(key.name), "%s is a shipped table, to which a file can only add columns; take %s out, or give the table another name (--retention says how long rows are kept)", t.Name, key.name)
		}
	}
	columns = f.distinct(t, columns)
	if len(f.mistakes) > 0 {
		return nil
	}
	end := len(t.Columns) - len(stamps)
	if end+len(columns) > maxColumns {
		f.reject(f.line("columns"), "more than %d columns", maxColumns)
		return nil
	}
	more := NewTable(t.Name, slices.Concat(t.Columns[:end], columns, t.Columns[end:]))
	more.Description, more.Category, more.TimeColumn, more.Retention = t.Description, t.Category, t.TimeColumn, t.Retention
	return more
}

// distinct leaves out the columns that the store fills and those that the
// shipped table, if there is one, has just so. Names that differ only in case
// are one column in the store.
func (f *ownFile) distinct(shipped *Table, columns []Column) []Column {
	first := columnsLine([]byte(f.text))
	seen := map[string]Column{}
	for _, c := range stamps {
		seen[strings.ToLower(c.Name)] = c
	}
	if shipped != nil {
		for _, c := range shipped.Columns {
			seen[strings.ToLower(c.Name)] = c
		}
	}
	var kept []Column
	for _, c := range columns {
		line := f.columnLine(first, c.Name)
		other, again := seen[strings.ToLower(c.Name)]
		switch {
		case c.Name == "_Twin":
			f.reject(line, "the name _Twin is the store's own; choose another")
		case c.Name == "Type" && c.Type != catalog.String:
			f.reject(line, "Type is %s, but it holds the table's name; make it a string, or choose another name", c.Type)
		case !again:
			kept = append(kept, c)
			seen[strings.ToLower(c.Name)] = c
		case other.Name != c.Name && (shipped == nil || !shippedHas(shipped, c)):
			f.reject(line, "columns %s and %s are one in the store, which ignores case; choose another name", other.Name, c.Name)
		case other.Name == c.Name && other.Type != c.Type:
			f.reject(line, "column %s is %s here, but it is %s already; choose another name, such as %s2", c.Name, c.Type, other.Type, c.Name)
		}
	}
	return kept
}

// shippedHas reports whether the table has exactly this column.
func shippedHas(t *Table, c Column) bool {
	i, ok := t.Column(c.Name)
	return ok && t.Columns[i].Type == c.Type
}

// columnLine returns the line in which a column is declared.
func (f *ownFile) columnLine(first int, name string) int {
	for i, line := range strings.Split(f.text, "\n") {
		if word, _, _ := strings.Cut(strings.TrimSpace(line), " "); i+1 >= first && word == name {
			return i + 1
		}
	}
	return first
}
