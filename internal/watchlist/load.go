package watchlist

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
)

// Bounds of a folder of watchlists. A row is at most as long as in Sentinel
// (sentinel-service-limits.md, watchlists: 10,240 characters a line).
const (
	maxFiles   = 2000
	maxYAML    = 1 << 20
	maxCSV     = 64 << 20
	maxItems   = 1_000_000
	maxColumns = 200
	maxRow     = 10_240
)

// A Rejected is a file that holds no usable watchlist, and why.
type Rejected struct{ Path, Alias, Reason string }

// file is the form of <alias>.yaml. The items are in a CSV file beside it.
type file struct {
	Alias       string   `yaml:"alias"`
	Name        string   `yaml:"name"`
	Description string   `yaml:"description"`
	SearchKey   string   `yaml:"searchKey"`
	Items       string   `yaml:"items"` // name of the CSV file; default: as the YAML file
	Columns     []column `yaml:"columns"`
}

// column is a column that a list has before it has items.
type column struct {
	Name     string `yaml:"name"`
	Required bool   `yaml:"required"`
}

// Load reads every *.yaml and *.yml below fsys, one watchlist per file, in order of
// path. A file that is not exactly right is listed with its reason and stops nothing;
// the error is for a folder that cannot be read. label stands before the paths; now
// stands for the age of files that have none.
func Load(fsys fs.FS, label string, now time.Time) (lists []*List, rejected []Rejected, err error) {
	files := 0
	err = fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if ext := path.Ext(p); d.IsDir() || ext != ".yaml" && ext != ".yml" {
			return nil
		}
		if files++; files > maxFiles {
			return fmt.Errorf("more than %d files", maxFiles)
		}
		l, err := load(fsys, p, now)
		l.Path = path.Join(label, p)
		if err != nil {
			rejected = append(rejected, Rejected{Path: l.Path, Alias: l.Alias, Reason: err.Error()})
			return nil
		}
		lists = append(lists, l)
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("reading watchlist folder %s: %w", label, err)
	}
	return lists, rejected, nil
}

// Join puts lists in order of alias. A list replaces an earlier one of its alias and must
// have the columns that one requires; aliases that differ in case alone are rejected,
// because a store may not tell them apart.
func Join(lists []*List) (joined []*List, rejected []Rejected) {
	byAlias := map[string]*List{}
	for _, l := range lists {
		folded := strings.ToLower(l.Alias)
		earlier := byAlias[folded]
		reject := func(format string, args ...any) {
			rejected = append(rejected, Rejected{Path: l.Path, Alias: l.Alias, Reason: fmt.Sprintf(format, args...)})
		}
		switch {
		case earlier == nil:
		case earlier.Alias != l.Alias:
			reject("the alias %s differs only in case from %s in %s", l.Alias, earlier.Alias, earlier.Path)
			continue
		case missing(earlier.Required, l.Columns) != "":
			reject("%s has no column %q, which every watchlist of that alias has", l.Alias, missing(earlier.Required, l.Columns))
			continue
		default:
			l.Required = append(slices.Clone(earlier.Required), l.Required...)
		}
		byAlias[folded] = l
	}
	for _, l := range byAlias {
		joined = append(joined, l)
	}
	slices.SortFunc(joined, func(a, b *List) int { return strings.Compare(a.Alias, b.Alias) })
	return joined, rejected
}

func missing(required, columns []string) string {
	for _, name := range required {
		if !slices.Contains(columns, name) {
			return name
		}
	}
	return ""
}

// aliasForm is what Sentinel accepts: 3 to 64 letters, digits, dashes and the like.
var aliasForm = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_. -]{1,62}[A-Za-z0-9_]$`)

func load(fsys fs.FS, name string, now time.Time) (*List, error) {
	stem := strings.TrimSuffix(path.Base(name), path.Ext(name))
	l := &List{Alias: stem}
	text, err := bounded(fsys, name, maxYAML)
	if err != nil {
		return l, err
	}
	var f file
	if err := yaml.UnmarshalWithOptions(text, &f, yaml.Strict()); err != nil {
		return l, errors.New(strings.SplitN(err.Error(), "\n", 2)[0])
	}
	if f.Alias != "" {
		l.Alias = f.Alias
	}
	l.Name, l.Description, l.SearchKey = f.Name, strings.TrimSpace(f.Description), f.SearchKey
	if l.Name == "" {
		l.Name = l.Alias
	}
	if !aliasForm.MatchString(l.Alias) {
		return l, fmt.Errorf("alias %q must be 3 to 64 letters, digits, dashes, dots or underscores", l.Alias)
	}
	if f.SearchKey == "" {
		return l, errors.New("searchKey is missing; it names the column that queries join on")
	}
	l.Source = f.Items
	if l.Source == "" {
		l.Source = stem + ".csv"
	}
	if !fs.ValidPath(path.Join(path.Dir(name), l.Source)) {
		return l, fmt.Errorf("items: %q is not a file in the folder", l.Source)
	}
	for _, c := range f.Columns {
		l.Columns = append(l.Columns, c.Name)
		if c.Required {
			l.Required = append(l.Required, c.Name)
		}
	}
	err = l.read(fsys, path.Join(path.Dir(name), l.Source), now)
	if errors.Is(err, fs.ErrNotExist) && f.Items == "" && len(l.Columns) > 0 {
		l.Source, l.Updated, err = "", now, nil // a list that has no items yet
	}
	if err == nil {
		err = l.check()
	}
	return l, err
}

// check looks at what needs the columns.
func (l *List) check() error {
	seen := map[string]string{}
	for _, c := range l.Columns {
		folded := strings.ToLower(c)
		switch other, taken := seen[folded]; {
		case c == "" || !utf8.ValidString(c) || len(c) > 128:
			return fmt.Errorf("column %q needs a name of 1 to 128 bytes", c)
		case taken && other == c:
			return fmt.Errorf("the column %q is there twice", c)
		case taken:
			return fmt.Errorf("the columns %q and %q differ only in case", other, c)
		case slices.Contains([]string{"_dtitemid", "lastupdatedtimeutc", "searchkey"}, folded) && c != "SearchKey":
			return fmt.Errorf("the column %q has the name of one that every watchlist has", c)
		}
		seen[folded] = c
	}
	switch name := missing(l.Required, l.Columns); {
	case name != "":
		return fmt.Errorf("%s has no column %q", l.Source, name)
	case len(l.Columns) > maxColumns:
		return fmt.Errorf("%d columns, at most %d", len(l.Columns), maxColumns)
	case !slices.Contains(l.Columns, l.SearchKey):
		return fmt.Errorf("searchKey %q is none of the columns %s", l.SearchKey, strings.Join(l.Columns, ", "))
	}
	return nil
}

// read reads the items of a CSV file.
func (l *List) read(fsys fs.FS, name string, now time.Time) error {
	text, err := bounded(fsys, name, maxCSV)
	if err != nil {
		return err
	}
	l.Updated = now
	if info, err := fs.Stat(fsys, name); err == nil && !info.ModTime().IsZero() {
		l.Updated = info.ModTime()
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))))
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%s is empty; its first line names the columns", path.Base(name))
	} else if err != nil {
		return fmt.Errorf("%s: %w", path.Base(name), err)
	}
	for i := range header {
		header[i] = strings.TrimSpace(header[i])
	}
	l.Columns = header
	seen := map[string]int{}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("%s: %w", path.Base(name), err)
		}
		line, _ := r.FieldPos(0)
		size := len(cells)
		for i, c := range cells {
			size += len(c)
			if !utf8.ValidString(c) {
				return fmt.Errorf("%s:%d: column %q is not UTF-8", path.Base(name), line, header[i])
			}
		}
		if size > maxRow {
			return fmt.Errorf("%s:%d: the row has %d bytes, at most %d", path.Base(name), line, size, maxRow)
		}
		if len(l.Items) == maxItems {
			return fmt.Errorf("%s: more than %d items", path.Base(name), maxItems)
		}
		l.Items = append(l.Items, Item{ID: identify(l.Alias, cells, seen), Cells: cells})
	}
}

// bounded reads a file of at most so many bytes.
func bounded(fsys fs.FS, name string, most int) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	defer func() { _ = f.Close() }() // read only
	text, err := io.ReadAll(io.LimitReader(f, int64(most)+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("cannot be read: %w", err)
	case len(text) > most:
		return nil, fmt.Errorf("%s is larger than %d bytes", path.Base(name), most)
	}
	return text, nil
}
