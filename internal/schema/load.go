package schema

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"sort"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/tocsin-soc/tocsin/kql/catalog"
)

// Bounds of a table file. Wider tables than maxColumns are a mistake in the file.
const (
	maxFileBytes     = 1 << 20
	maxColumns       = 1000
	maxRetentionDays = 36500
)

// file is the form of content/tables/<Name>.yaml. Columns is text, one column
// per line: name, type, and what it holds.
type file struct {
	Name          string `yaml:"name"`
	Description   string `yaml:"description"`
	Category      string `yaml:"category"`
	Time          string `yaml:"time"`
	RetentionDays *int   `yaml:"retentionDays"`
	Columns       string `yaml:"columns"`
}

// Load reads every *.yaml in the root of fsys. Its error joins one message for
// each thing that is wrong, "SigninLogs.yaml:12: …", so that a whole folder can
// be mended at once.
func Load(fsys fs.FS) (*Schema, error) {
	names, err := fs.Glob(fsys, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("listing table files: %w", err)
	}
	var tables []*Table
	var problems []error
	folded := map[string]string{} // lower-case table name → file
	for _, name := range names {
		t, errs := loadFile(fsys, name)
		problems = append(problems, errs...)
		if t == nil {
			continue
		}
		if other, taken := folded[strings.ToLower(t.Name)]; taken {
			problems = append(problems, fmt.Errorf("%s: table %s is already declared in %s (case does not tell tables apart in the store)", name, t.Name, other))
			continue
		}
		folded[strings.ToLower(t.Name)] = name
		tables = append(tables, t)
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return New(tables...), nil
}

// loadFile reads one file; t is nil when errs has anything.
func loadFile(fsys fs.FS, name string) (t *Table, errs []error) {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, []error{fmt.Errorf("%s: reading: %w", name, err)}
	}
	if len(text) > maxFileBytes {
		return nil, []error{fmt.Errorf("%s: %d bytes, at most %d", name, len(text), maxFileBytes)}
	}
	var f file
	if err := yaml.UnmarshalWithOptions(text, &f, yaml.Strict()); err != nil {
		return nil, []error{fmt.Errorf("%s: %w", name, err)}
	}
	reject := func(line int, format string, args ...any) {
		at := name
		if line > 0 {
			at = fmt.Sprintf("%s:%d", name, line)
		}
		errs = append(errs, fmt.Errorf("%s: %s", at, fmt.Sprintf(format, args...)))
	}
	f.check(name, reject)
	columns := parseColumns(f.Columns, columnsLine(text), reject)
	if len(errs) > 0 {
		return nil, errs
	}
	t = NewTable(f.Name, columns)
	t.Description, t.Category, t.TimeColumn = f.Description, f.Category, f.Time
	t.Retention = time.Duration(*f.RetentionDays) * 24 * time.Hour
	t.check(reject)
	if len(errs) > 0 {
		return nil, errs
	}
	return t, nil
}

// tableName is what KQL accepts as a name without brackets.
var tableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,127}$`)

// check looks at everything but the columns.
func (f *file) check(name string, reject func(line int, format string, args ...any)) {
	if !tableName.MatchString(f.Name) {
		reject(0, "name %q must be letters, digits and _, not beginning with a digit", f.Name)
	} else if want := f.Name + ".yaml"; path.Base(name) != want {
		reject(0, "table %s belongs in the file %s", f.Name, want)
	}
	if strings.TrimSpace(f.Description) == "" || strings.ContainsAny(f.Description, "\r\n") {
		reject(0, "description must be one line that says what a row is")
	}
	if f.Category == "" {
		reject(0, "category is missing; it groups the tables on the reference page")
	}
	if f.RetentionDays == nil {
		reject(0, "retentionDays is missing; 0 keeps rows for ever")
	} else if *f.RetentionDays < 0 || *f.RetentionDays > maxRetentionDays {
		reject(0, "retentionDays is %d, must be from 0 (for ever) to %d", *f.RetentionDays, maxRetentionDays)
	}
}

// columnsLine returns the number of the first line below "columns:", 1-based.
func columnsLine(text []byte) int {
	for i, line := range bytes.Split(text, []byte("\n")) {
		if bytes.HasPrefix(line, []byte("columns:")) {
			return i + 2
		}
	}
	return 1
}

// parseColumns reads the lines "name type doc…".
func parseColumns(text string, firstLine int, reject func(line int, format string, args ...any)) []Column {
	var columns []Column
	seen := map[string]int{}
	for i, line := range strings.Split(text, "\n") {
		at := firstLine + i
		name, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name == "" {
			continue
		}
		typeName, doc, _ := strings.Cut(strings.TrimSpace(rest), " ")
		t, ok := catalog.ParseType(typeName)
		switch {
		case !tableName.MatchString(name):
			reject(at, "column %q must be letters, digits and _, not beginning with a digit", name)
		case typeName == "":
			reject(at, "column %s has no type", name)
		case !ok || t.String() != typeName:
			reject(at, "column %s has type %q, must be one of bool, int, long, real, decimal, string, datetime, timespan, dynamic, guid", name, typeName)
		case seen[name] != 0:
			reject(at, "column %s is already declared in line %d", name, seen[name])
		case len(columns) == maxColumns:
			reject(at, "more than %d columns", maxColumns)
			return columns
		default:
			seen[name] = at
			columns = append(columns, Column{Name: name, Type: t, Doc: strings.TrimSpace(doc)})
		}
	}
	if len(columns) == 0 && len(seen) == 0 {
		reject(0, "columns is empty")
	}
	return columns
}

// check looks at what needs the columns.
func (t *Table) check(reject func(line int, format string, args ...any)) {
	if i, ok := t.Column(t.TimeColumn); t.TimeColumn != "" && (!ok || t.Columns[i].Type != catalog.DateTime) {
		reject(0, "time column %s is not a datetime column of the table", t.TimeColumn)
	}
	if !t.IsStamped() {
		reject(0, "the last three columns must be %s string, %s datetime, %s string", EventIDColumn, IngestionTimeColumn, SourceColumn)
	}
}

// sortedKeys returns the keys of m in order.
func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
