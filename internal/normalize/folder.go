package normalize

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/tocsin-soc/tocsin/internal/schema"
)

// A Folder is a folder of mapping files of somebody's own: every *.yaml and *.yml
// in it, at any depth, in the form of content/normalize. They add to what is
// shipped: shapes have names of their own, and of two shapes that are recognised
// equally well the own one wins; rows for Windows events come beside the shipped
// ones; groups and maps of a folder are known in it alone, and hide shipped ones
// of their name there.
type Folder struct {
	Label string // stands before the paths of its files
	Files fs.FS
	IsOwn bool // set by New
}

// Bounds of a folder of somebody's own.
const (
	maxOwnFiles     = 1000
	maxMappingBytes = 1 << 20
)

func (f *Folder) path(name string) string { return path.Join(f.Label, name) }

// mappings and views list the files of the folder, in order.
func (f *Folder) mappings() ([]string, error) {
	return f.list(func(name string) bool { return !isViews(name) })
}
func (f *Folder) views() ([]string, error) { return f.list(isViews) }

func isViews(name string) bool {
	return strings.TrimSuffix(path.Base(name), path.Ext(name)) == strings.TrimSuffix(tablesFile, ".yaml")
}

func (f *Folder) list(wanted func(name string) bool) (names []string, err error) {
	files := 0
	err = fs.WalkDir(f.Files, ".", func(p string, d fs.DirEntry, err error) error {
		ext := path.Ext(p)
		switch {
		case err != nil:
			return err
		case d.IsDir() && p != "." && !f.IsOwn:
			return fs.SkipDir // messages, which package text reads
		case d.IsDir() || ext != ".yaml" && (ext != ".yml" || !f.IsOwn):
			return nil
		}
		if files++; files > maxOwnFiles {
			return fmt.Errorf("more than %d files", maxOwnFiles)
		}
		if wanted(p) {
			names = append(names, p)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("listing mapping files of %q: %w", f.Label, err)
	}
	return names, nil
}

// A scope is what the mapping files of a folder may name.
type scope struct {
	groups   map[string]group
	maps     map[string]map[string]string
	declared map[string]bool // "group x" and "map y" of this folder
}

type group struct {
	text string
	at   place
}

// inner returns a scope that also knows what s does.
func (s *scope) inner() *scope {
	return &scope{groups: maps.Clone(s.groups), maps: maps.Clone(s.maps), declared: map[string]bool{}}
}

// A mappingSource is a mapping file that was read.
type mappingSource struct {
	yamlFile
	mappingFile
	names *scope
	isOwn bool
}

// A yamlFile knows where what it holds is written.
type yamlFile struct {
	path string
	text []byte
	tree *ast.File // nil until somebody asks for a line
}

// decode reads the file into a value that knows all its keys.
func (f *yamlFile) decode(fsys fs.FS, name string, into any) *schema.Mistake {
	var err error
	if f.text, err = fs.ReadFile(fsys, name); err != nil {
		return &schema.Mistake{Path: f.path, Line: 1, Text: "the file cannot be read: " + err.Error()}
	}
	if len(f.text) > maxMappingBytes {
		return &schema.Mistake{Path: f.path, Line: 1, Text: fmt.Sprintf("the file has %d bytes, at most %d", len(f.text), maxMappingBytes)}
	}
	if err := yaml.UnmarshalWithOptions(f.text, into, yaml.Strict()); err != nil {
		return schema.YAMLMistake(f.path, err, "docs/reference/normalize.md says which there are")
	}
	return nil
}

// at returns the place of keys, strings and positions in lists, of the file.
func (f *yamlFile) at(keys ...any) place { return place{file: f}.in(keys...) }

// A place is where in a file something is said.
type place struct {
	file *yamlFile
	keys []any
	plus int // a line of a text of several lines, from 0
}

// in returns the place of what is below this one.
func (p place) in(keys ...any) place {
	p.keys = append(slices.Clip(p.keys), keys...)
	return p
}

// line returns the place of a line of a text of several lines.
func (p place) line(n int) place { p.plus = n; return p }

// number returns the number of the line, 1-based: that of the nearest key that
// is there.
func (p place) number() int {
	if p.file.tree == nil {
		tree, err := parser.ParseBytes(p.file.text, 0)
		if err != nil {
			return 1
		}
		p.file.tree = tree
	}
	for n := len(p.keys); n > 0; n-- {
		b := (&yaml.PathBuilder{}).Root()
		for _, key := range p.keys[:n] {
			switch key := key.(type) {
			case int:
				b = b.Index(uint(key))
			case string:
				b = b.Child(key)
			default:
				panic(fmt.Sprintf("normalize: %T is no key", key))
			}
		}
		node, err := b.Build().FilterFile(p.file.tree)
		if err != nil || node == nil || node.GetToken() == nil {
			continue
		}
		if text, ok := node.(*ast.LiteralNode); ok && n == len(p.keys) {
			return text.Start.Position.Line + 1 + p.plus
		}
		return node.GetToken().Position.Line
	}
	return 1
}

func (c *mappingCompiler) reject(at place, format string, args ...any) {
	c.errs = append(c.errs, &schema.Mistake{Path: at.file.path, Line: at.number(), Text: fmt.Errorf(format, args...).Error()})
}

func (c *mappingCompiler) rejectTable(at place, where, table string) {
	c.reject(at.in("table"), "%stable %s is not known; tables of one's own are declared with --tables", where, table)
}

// err joins what is wrong in order of files and lines, each once: a rule is
// compiled for each channel and event.
func (c *mappingCompiler) err() error {
	slices.SortStableFunc(c.errs, func(a, b *schema.Mistake) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), a.Line-b.Line, strings.Compare(a.Text, b.Text))
	})
	var list []error
	for _, m := range slices.CompactFunc(c.errs, func(a, b *schema.Mistake) bool { return *a == *b }) {
		list = append(list, m)
	}
	return errors.Join(list...)
}
