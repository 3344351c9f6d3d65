package app

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/api"
	"github.com/tocsin-soc/tocsin/internal/detect"
	"github.com/tocsin-soc/tocsin/internal/hunt"
	"github.com/tocsin-soc/tocsin/internal/incident/sqlstore"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/watchlist"
	"github.com/tocsin-soc/tocsin/kql/token"
	"github.com/tocsin-soc/tocsin/sigma"
)

// A rulebook is every detection rule that was loaded, and every one that was not.
type rulebook struct {
	stream    *detect.Stream
	scheduled []*detect.KQLRule
	rejected  []detect.Rejected
	skipped   []detect.Rejected
	warnings  []detect.Rejected // rules that run, with something their author should know
	ledger    *sqlstore.Rules
}

// loadRules loads the built-in rules and those of the folders. Queries are
// compiled once here, so that a rule that cannot run is listed at start.
func loadRules(dirs []string, hunter *hunt.Hunter, ledger *sqlstore.Rules, timing detect.Timing) (*rulebook, error) {
	set, err := detect.Load(folder("rules"), "builtin")
	if err != nil {
		return nil, err
	}
	for _, dir := range dirs {
		more, err := loadFolder(dir)
		if err != nil {
			return nil, err
		}
		set.Add(more)
	}
	set.Link()
	mapping, err := sigma.LoadMapping(folder("sigma"))
	if err != nil {
		return nil, fmt.Errorf("loading log sources: %w", err)
	}
	text, err := fs.ReadFile(folder("entities"), "fields.yaml")
	if err != nil {
		return nil, fmt.Errorf("loading the entity map: %w", err)
	}
	entities, err := detect.ParseEntityMap(text)
	if err != nil {
		return nil, err
	}
	b := &rulebook{rejected: set.Rejected, skipped: set.Skipped, ledger: ledger}
	var unmatched []detect.Rejected
	b.stream, unmatched = detect.NewStream(set, mapping, entities, timing)
	b.rejected = append(b.rejected, unmatched...)
	for _, r := range set.KQL {
		b.addScheduled(r, hunter)
	}
	return b, nil
}

// addScheduled puts a rule on the clock if its query compiles. Content is
// checked leniently; what strict checking would refuse is a warning.
func (b *rulebook) addScheduled(r *detect.KQLRule, hunter *hunt.Hunter) {
	diags := hunter.Check(hunt.Query{Text: r.Query, Lenient: true})
	line := detect.Rejected{Path: r.Path, ID: string(r.ID), Title: r.Title, Kind: r.Kind}
	if diags.HasErrors() {
		line.Reason = explainQuery(diags, r.Query)
		b.rejected = append(b.rejected, line)
		return
	}
	for _, d := range diags.Shown(r.Query) {
		if d.Severity == token.Warning {
			at := token.Locate(r.Query, d.Span.Start)
			line.Reason = fmt.Sprintf("query %d:%d: %s", at.Line, at.Column, d.Error())
			b.warnings = append(b.warnings, line)
		}
	}
	b.scheduled = append(b.scheduled, r)
}

// loadFolder loads one folder that the operator named.
func loadFolder(dir string) (*detect.RuleSet, error) {
	info, err := os.Stat(dir)
	if err != nil || !info.IsDir() {
		return nil, tocsin.Wrap(orNotDir(err), tocsin.Invalid, "The rule folder %s cannot be read. Check --rules.", dir)
	}
	return detect.Load(os.DirFS(dir), filepath.ToSlash(dir))
}

func orNotDir(err error) error {
	if err == nil {
		return fs.ErrInvalid
	}
	return err
}

// List implements api.Rules: rules that do not load first, then by title.
func (b *rulebook) List(ctx context.Context) ([]api.Rule, error) {
	last, err := b.ledger.LastRuns(ctx)
	if err != nil {
		return nil, err
	}
	raised, err := b.ledger.AlertCounts(ctx)
	if err != nil {
		return nil, err
	}
	slow := b.slow()
	var list []api.Rule
	add := func(r *tocsin.Rule) {
		item := ruleOf(r)
		item.Alerts = raised[r.ID]
		if run, ok := last[r.ID]; ok {
			item.LastRun = &run.StartedAt
			if run.Status == tocsin.RunFailed {
				item.State, item.Reason = "paused", run.Reason
			}
		}
		if reason, ok := slow[r.ID]; ok {
			item.State, item.Reason = "paused", reason
		}
		list = append(list, item)
	}
	for i := range b.stream.Rules() {
		add(&b.stream.Rules()[i])
	}
	for _, r := range b.scheduled {
		add(&r.Rule)
	}
	sort.SliceStable(list, func(i, j int) bool { return strings.ToLower(list[i].Title) < strings.ToLower(list[j].Title) })
	out := make([]api.Rule, 0, len(list)+len(b.rejected))
	for _, r := range b.rejected {
		out = append(out, rejectedOf(r))
	}
	return append(out, list...), nil
}

// slow are the reasons of the rules that were switched off for what they cost.
func (b *rulebook) slow() map[tocsin.RuleID]string {
	reasons := map[tocsin.RuleID]string{}
	for _, s := range b.stream.Slow() {
		reasons[s.ID] = s.Reason
	}
	return reasons
}

func ruleOf(r *tocsin.Rule) api.Rule {
	return api.Rule{
		ID: r.ID, Kind: r.Kind, Title: r.Title, Severity: r.Severity, Tactics: orEmpty(r.Tactics), Techniques: orEmpty(r.Techniques),
		Author: r.Author, Path: r.Path, State: "on",
	}
}

func rejectedOf(r detect.Rejected) api.Rule {
	return api.Rule{
		ID: tocsin.RuleID(r.ID), Kind: r.Kind, Title: r.Title, Path: r.Path, State: "rejected", Reason: r.Reason,
		Severity: tocsin.Informational, Tactics: []string{}, Techniques: []string{},
	}
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// Detail implements api.Rules.
func (b *rulebook) Detail(ctx context.Context, id tocsin.RuleID) (api.RuleDetail, error) {
	rule := b.find(id)
	if rule == nil {
		for _, r := range b.rejected {
			if tocsin.RuleID(r.ID) == id && id != "" {
				return api.RuleDetail{Rule: rejectedOf(r), Runs: []tocsin.RuleRun{}}, nil
			}
		}
		return api.RuleDetail{}, tocsin.Errorf(tocsin.NotFound, "There is no rule %q.", id)
	}
	runs, err := b.ledger.Runs(ctx, id, 50)
	if err != nil {
		return api.RuleDetail{}, err
	}
	if runs == nil {
		runs = []tocsin.RuleRun{}
	}
	item := ruleOf(rule)
	if reason, ok := b.slow()[id]; ok {
		item.State, item.Reason = "paused", reason
	}
	return api.RuleDetail{Rule: item, Description: rule.Description, Source: rule.Source, Runs: runs}, nil
}

// find returns a loaded rule; nil when there is none.
func (b *rulebook) find(id tocsin.RuleID) *tocsin.Rule {
	for i := range b.stream.Rules() {
		if r := &b.stream.Rules()[i]; r.ID == id {
			return r
		}
	}
	for _, r := range b.scheduled {
		if r.ID == id {
			return &r.Rule
		}
	}
	return nil
}

// A RuleCheck is what loading rules found.
type RuleCheck struct {
	Sigma, KQL, Functions       int
	Rejected, Skipped, Warnings []detect.Rejected
	RejectedFunctions           []schema.RejectedFunction
	RejectedWatchlists          []watchlist.Rejected
	TableMistakes               []*schema.Mistake
	MappingMistakes             []*schema.Mistake
}

// CheckRules loads the built-in content and that of the folders of a configuration,
// without a store.
func CheckRules(_ context.Context, cfg Config) (*RuleCheck, error) {
	tables, tableMistakes, err := loadTables(cfg.TableDirs)
	if err != nil {
		return nil, err
	}
	mappingMistakes, err := checkMappings(tables, cfg.MapDirs)
	if err != nil {
		return nil, err
	}
	space, err := openWorkspaceOf(tables, folders{functions: cfg.FuncDirs, watchlists: cfg.ListDirs, now: noClock()})
	if err != nil {
		return nil, err
	}
	b, err := loadRules(cfg.RuleDirs, hunt.New(space.catalog, nil, nil, noClock), nil, detect.Timing{})
	if err != nil {
		return nil, err
	}
	for _, f := range space.warnings {
		b.warnings = append(b.warnings, detect.Rejected{Path: f.Path, Title: f.Name, Reason: f.Reason})
	}
	return &RuleCheck{
		Sigma: len(b.stream.Rules()), KQL: len(b.scheduled), Functions: len(space.functions),
		Rejected: b.rejected, Skipped: b.skipped, Warnings: b.warnings, RejectedFunctions: space.rejected, RejectedWatchlists: space.rejectedLists,
		TableMistakes: tableMistakes, MappingMistakes: mappingMistakes,
	}, nil
}

// noClock is the clock of a check, where no answer depends on it.
func noClock() time.Time { return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) }
