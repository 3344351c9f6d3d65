package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/normalize"
	"github.com/tocsin-soc/tocsin/internal/schema"
)

// ownFolder opens a folder that somebody named with a flag.
func ownFolder(kind, flag, dir string) (fs.FS, string, error) {
	info, err := os.Stat(dir)
	if err != nil || !info.IsDir() {
		return nil, "", tocsin.Wrap(orNotDir(err), tocsin.Invalid, "The %s folder %s cannot be read. Check %s.", kind, dir, flag)
	}
	return os.DirFS(dir), filepath.ToSlash(dir), nil
}

// loadTables loads the shipped tables and those of the folders. What is wrong in a
// file of the folders is listed, and its table left out.
func loadTables(dirs []string) (*schema.Schema, []*schema.Mistake, error) {
	tables, err := schema.Load(folder("tables"))
	if err != nil {
		return nil, nil, fmt.Errorf("loading tables: %w", err)
	}
	var mistakes []*schema.Mistake
	for _, dir := range dirs {
		files, label, err := ownFolder("table", "--tables", dir)
		if err != nil {
			return nil, nil, err
		}
		more, wrong, err := tables.With(files, label)
		if err != nil {
			return nil, nil, tocsin.Wrap(err, tocsin.Invalid, "The table folder %s cannot be read. Check --tables.", dir)
		}
		tables, mistakes = more, append(mistakes, wrong...)
	}
	return tables, mistakes, nil
}

// newNormalizer loads the shipped mappings and those of the folders.
func newNormalizer(tables *schema.Schema, dirs []string) (*normalize.Normalizer, error) {
	var own []normalize.Folder
	for _, dir := range dirs {
		files, label, err := ownFolder("mapping", "--mappings", dir)
		if err != nil {
			return nil, err
		}
		own = append(own, normalize.Folder{Label: label, Files: files})
	}
	n, err := normalize.New(tables, folder("normalize"), own...)
	if mistakes := mistakesIn(err); len(mistakes) > 0 {
		return nil, refuseMistakes("mappings", mistakes)
	}
	if err != nil {
		return nil, fmt.Errorf("loading normalisers: %w", err)
	}
	return n, nil
}

// checkMappings lists what is wrong in the mappings of the folders.
func checkMappings(tables *schema.Schema, dirs []string) ([]*schema.Mistake, error) {
	_, err := newNormalizer(tables, dirs)
	if mistakes := mistakesIn(err); len(mistakes) > 0 {
		return mistakes, nil
	}
	return nil, err
}

// refuseMistakes is the error for files with mistakes, one per line; nil when
// there are none.
func refuseMistakes(kind string, mistakes []*schema.Mistake) error {
	if len(mistakes) == 0 {
		return nil
	}
	lines, list := make([]string, len(mistakes)), make([]error, len(mistakes))
	for i, m := range mistakes {
		lines[i], list[i] = m.Error(), m
	}
	return tocsin.Wrap(errors.Join(list...), tocsin.Invalid, "The %s cannot be used (tocsin rules check says this without starting anything):\n%s", kind, strings.Join(lines, "\n"))
}

// mistakesIn returns the mistakes that an error joins.
func mistakesIn(err error) []*schema.Mistake {
	switch e := err.(type) { //nolint:errorlint // it walks the tree itself
	case nil:
		return nil
	case *schema.Mistake:
		return []*schema.Mistake{e}
	case interface{ Unwrap() []error }:
		var list []*schema.Mistake
		for _, part := range e.Unwrap() {
			list = append(list, mistakesIn(part)...)
		}
		return list
	}
	return mistakesIn(errors.Unwrap(err))
}
