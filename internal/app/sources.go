package app

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
	followed "github.com/tocsin-soc/tocsin/internal/ingest/folder"
	"github.com/tocsin-soc/tocsin/internal/ingest/kafka"
	"github.com/tocsin-soc/tocsin/internal/ingest/syslog"
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
		if _, err := a.newSource(s, ingest.Intake{Now: a.cfg.Now}, nil); err != nil {
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

// A runner is a source that Tocsin opens itself. Run returns when ctx has ended
// and what was read is committed.
type runner interface{ Run(ctx context.Context) }

// newSource makes the runner of a source; none for the doors that wait for
// requests on the main address.
func (a *App) newSource(s ingest.Settings, intake ingest.Intake, pulse *ingest.Pulse) (runner, error) {
	sender := ingest.Sender{Source: tocsin.SourceID(s.Door + ":" + s.Name), Settings: s}
	switch s.Door {
	case ingest.DoorSyslog:
		return orNone(syslog.New(syslog.Options{Sender: sender, Intake: intake, Random: a.cfg.Random, Log: a.cfg.Log, Pulse: pulse}))
	case ingest.DoorAzure:
		_, err := workspaceKey(&s)
		return nil, err
	case ingest.DoorKafka:
		return orNone(kafka.New(kafka.Options{Sender: sender, Intake: intake, Log: a.cfg.Log, Pulse: pulse}))
	case ingest.DoorFolder:
		memory := filepath.Join(a.cfg.Data, "follow", s.Name+".journal")
		return orNone(followed.New(followed.Options{Sender: sender, Intake: intake, Log: a.cfg.Log, Pulse: pulse, Memory: memory}))
	case ingest.DoorHTTP, ingest.DoorHEC, ingest.DoorElastic, ingest.DoorOTLP:
		return nil, nil
	default:
		return nil, tocsin.Errorf(tocsin.Invalid, "Sources of door %s cannot be opened.", s.Door)
	}
}

// orNone keeps a nil pointer from becoming a runner that is not nil.
func orNone[R runner](r R, err error) (runner, error) {
	if err != nil {
		return nil, err
	}
	return r, nil
}

// settings returns what the sources file says about a source of a door.
func (a *App) settings(door, name string) ingest.Settings {
	if a.sources != nil {
		for _, s := range a.sources.List {
			if s.Door == door && s.Name == name {
				return s
			}
		}
	}
	return noSettings(door, name)
}

// runSources opens the listeners, consumers and folders of the sources file and
// returns when ctx has ended and what they read is committed. One that cannot be
// opened says so in its health and costs the others nothing.
func (a *App) runSources(ctx context.Context, d *doors) {
	if a.sources == nil {
		return
	}
	var running sync.WaitGroup
	defer running.Wait()
	for _, s := range a.sources.List {
		sender := d.sender(s.Door, s.Name)
		pulse := ingest.NewPulse(sender.Source, s.Door, a.cfg.Now)
		r, err := a.newSource(s, d.intake(), pulse)
		if err != nil {
			pulse.Set(ingest.StateFailed, "", err)
			a.cfg.Log.Error("opening a source", "source", sender.Source, "error", err)
		}
		if r == nil && err == nil {
			continue
		}
		a.pulsing.Lock()
		a.pulses = append(a.pulses, pulse)
		a.pulsing.Unlock()
		if r != nil {
			running.Go(func() { r.Run(ctx) })
		}
	}
}

// SourceHealth returns the state of the sources that Tocsin opened itself, in
// the order of the sources file.
func (a *App) SourceHealth() []ingest.Health {
	a.pulsing.Lock()
	defer a.pulsing.Unlock()
	list := make([]ingest.Health, len(a.pulses))
	for i, p := range a.pulses {
		list[i] = p.Health()
	}
	return list
}
