package rule

import (
	"fmt"
	"io/fs"
	"path"
	"runtime"
	"strings"
	"sync"

	"github.com/tocsin-soc/tocsin/sigma/document"
)

// Set is what a folder of Sigma documents holds.
type Set struct {
	Rules        []*Rule
	Correlations []*Correlation
	Filters      []*Filter   // not yet applied: see Link
	Rejected     []Rejection // cannot be honoured
	Skipped      []Rejection // status deprecated or unsupported: left out on purpose
	Warnings     []Rejection // honoured, and probably not what the author means
	Files        int
}

// Load reads every .yml and .yaml file of the folders and links the set. A
// document that cannot be honoured is rejected, alone; the error is only for
// files that cannot be read. The order of the result follows the file names.
func Load(folders ...fs.FS) (*Set, error) {
	all := &Set{}
	for _, fsys := range folders {
		set, err := loadFolder(fsys)
		if err != nil {
			return nil, err
		}
		all.Add(set)
	}
	all.Link()
	return all, nil
}

func loadFolder(fsys fs.FS) (*Set, error) {
	names, err := ruleFiles(fsys)
	if err != nil {
		return nil, err
	}
	parts := make([]Set, len(names))
	errs := make([]error, len(names))
	var wg sync.WaitGroup
	workers := min(runtime.GOMAXPROCS(0), 8)
	for w := range workers {
		wg.Go(func() {
			for i := w; i < len(names); i += workers {
				src, err := fs.ReadFile(fsys, names[i])
				if err != nil {
					errs[i] = fmt.Errorf("reading rule: %w", err)
					continue
				}
				parts[i] = Parse(names[i], src)
			}
		})
	}
	wg.Wait()
	all := &Set{Files: len(names)}
	for i := range parts {
		if errs[i] != nil {
			return nil, errs[i]
		}
		all.Add(&parts[i])
	}
	return all, nil
}

func ruleFiles(fsys fs.FS) ([]string, error) {
	var names []string
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("listing rules: %w", err)
		}
		if ext := strings.ToLower(path.Ext(name)); !d.IsDir() && (ext == ".yml" || ext == ".yaml") {
			names = append(names, name)
		}
		return nil
	})
	return names, err
}

// Add appends the documents of another set. Link when all are together.
func (s *Set) Add(o *Set) {
	s.Files += o.Files
	s.Rules = append(s.Rules, o.Rules...)
	s.Correlations = append(s.Correlations, o.Correlations...)
	s.Filters = append(s.Filters, o.Filters...)
	s.Warnings = append(s.Warnings, o.Warnings...)
	s.Rejected = append(s.Rejected, o.Rejected...)
	s.Skipped = append(s.Skipped, o.Skipped...)
}

// Parse reads the documents of one file, named source in rejections.
func Parse(source string, src []byte) Set {
	var set Set
	docs, err := document.Parse(src)
	if err != nil {
		set.Rejected = append(set.Rejected, Rejection{Source: source, Reason: err.Error()})
		return set
	}
	for i := range docs {
		name := source
		if i > 0 {
			name = fmt.Sprintf("%s#%d", source, i+1)
		}
		set.parseDocument(&docs[i], name)
	}
	return set
}

func (s *Set) parseDocument(doc *document.Node, source string) {
	head, err := parseHead(doc, source)
	rejection := Rejection{Source: source, ID: head.ID, Title: head.Title}
	if err == nil && (head.Status == "deprecated" || head.Status == "unsupported") {
		rejection.Reason = "status " + head.Status
		s.Skipped = append(s.Skipped, rejection)
		return
	}
	if err == nil {
		err = s.parseBody(doc, head)
	}
	if err != nil {
		rejection.Reason = err.Error()
		s.Rejected = append(s.Rejected, rejection)
	}
}

func (s *Set) parseBody(doc *document.Node, head Head) error {
	if a := doc.Get("action"); a != nil {
		return fmt.Errorf("action %q: rule collections ended with Sigma 2.0; write each rule out", a.Str())
	}
	switch {
	case doc.Get("correlation") != nil:
		c, err := parseCorrelation(doc, head)
		if err != nil {
			return err
		}
		s.Correlations = append(s.Correlations, c)
	case doc.Get("filter") != nil:
		f, err := parseFilter(doc, head)
		if err != nil {
			return err
		}
		s.Filters = append(s.Filters, f)
	case aggregates(doc.Get("detection")):
		return s.convertAggregation(doc, head)
	default:
		r, err := parseRule(doc, head)
		if err != nil {
			return err
		}
		s.Rules = append(s.Rules, r)
	}
	return nil
}
