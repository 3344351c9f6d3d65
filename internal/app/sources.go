package app

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/app/doors"
	"github.com/tocsin-soc/tocsin/internal/ingest"
	"github.com/tocsin-soc/tocsin/internal/transform"
)

// A SourceMistake is something wrong in a sources file; Line is 1-based.
type SourceMistake struct {
	Path string
	Line int
	Text string
}

// String writes it as compilers do.
func (m SourceMistake) String() string { return fmt.Sprintf("%s:%d: %s", m.Path, m.Line, m.Text) }

// CheckSources reads a sources file and checks it as a whole, as Open does: the
// settings, the tables they name, the certificates they point to. It opens no
// listener and connects to nothing.
func CheckSources(path string, cfg Config) ([]ingest.Settings, []SourceMistake, error) {
	space, err := openWorkspace(cfg.folders())
	if err != nil {
		return nil, nil, err
	}
	a := &App{cfg: cfg, space: space, schema: space.schema}
	sources, wrong, err := a.readSources(path)
	if err != nil || len(wrong) > 0 {
		return nil, wrong, err
	}
	return sources.List, nil, nil
}

// openSources reads the sources file of the configuration, if there is one.
func (a *App) openSources() error {
	if a.cfg.SourcesFile == "" {
		return nil
	}
	sources, wrong, err := a.readSources(a.cfg.SourcesFile)
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		lines := make([]string, len(wrong))
		for i, m := range wrong {
			lines[i] = m.String()
		}
		return tocsin.Errorf(tocsin.Invalid, "The sources file cannot be used:\n%s", strings.Join(lines, "\n"))
	}
	a.sources = sources
	return nil
}

// readSources reads and checks a sources file.
func (a *App) readSources(path string) (*ingest.Sources, []SourceMistake, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, tocsin.Wrap(err, tocsin.NotFound, "The sources file %s cannot be read. Check the path and its permissions.", path)
	}
	sources, mistakes := ingest.ParseSources(text, filepath.Dir(path))
	if len(mistakes) == 0 {
		mistakes = a.checkSources(sources)
	}
	wrong := make([]SourceMistake, len(mistakes))
	for i, m := range mistakes {
		wrong[i] = SourceMistake{path, m.Line, m.Text}
	}
	return sources, wrong, nil
}

// checkSources checks what needs more than the file: tables, and what each door
// says to its settings.
func (a *App) checkSources(sources *ingest.Sources) (wrong []ingest.Mistake) {
	for i := range sources.List {
		s := sources.List[i]
		tables := []string{s.Table}
		for _, t := range s.Tables {
			tables = append(tables, t)
		}
		slices.Sort(tables)
		for _, t := range slices.Compact(tables) {
			if t != "" && !a.isTable(t) {
				wrong = append(wrong, ingest.Mistake{Line: sources.Line(i, "table"), Text: fmt.Sprintf("There is no table %q to send to. docs/reference/tables.md lists the tables; case matters.", t)})
			}
		}
		one := &ingest.Sources{List: sources.List[i : i+1]}
		if set, err := transform.Load(transformRules(one), a.schema, a.cfg.Now); err != nil {
			_, text := tocsin.Explain(err)
			wrong = append(wrong, ingest.Mistake{Line: sources.Line(i, "transform"), Text: text})
		} else {
			set.Close()
		}
		if err := doors.Check(s, doors.Options{Now: a.cfg.Now, Random: a.cfg.Random, Log: a.cfg.Log, Data: a.cfg.Data}); err != nil {
			_, text := tocsin.Explain(err)
			wrong = append(wrong, ingest.Mistake{Line: sources.Line(i, "door"), Text: text})
		}
	}
	return wrong
}

// transformRules are the transforms of a sources file, by source.
func transformRules(sources *ingest.Sources) map[tocsin.SourceID]transform.Rule {
	rules := map[tocsin.SourceID]transform.Rule{}
	if sources == nil {
		return rules
	}
	for i := range sources.List {
		s := &sources.List[i]
		if s.Transform == "" {
			continue
		}
		rule := transform.Rule{Text: s.Transform}
		for _, t := range append(slices.Collect(maps.Values(s.Tables)), s.Table) {
			if t != "" {
				rule.Tables = append(rule.Tables, t)
			}
		}
		slices.Sort(rule.Tables)
		rule.Tables = slices.Compact(rule.Tables)
		rules[tocsin.SourceID(s.Door+":"+s.Name)] = rule
	}
	return rules
}

// sourceZones are the zones of a sources file, by source. They were checked when
// it was read.
func sourceZones(sources *ingest.Sources) map[tocsin.SourceID]*time.Location {
	zones := map[tocsin.SourceID]*time.Location{}
	if sources == nil {
		return zones
	}
	for i := range sources.List {
		s := &sources.List[i]
		if zone, err := s.Location(); err == nil && zone != nil {
			zones[tocsin.SourceID(s.Door+":"+s.Name)] = zone
		}
	}
	return zones
}

// isTable reports whether rows can be sent to a table of that name.
func (a *App) isTable(name string) bool { t, ok := a.schema.Table(name); return ok && t.IsStamped() }
