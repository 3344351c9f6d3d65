package detect

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"runtime"
	"sort"
	"strings"
	"sync"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/sigma"
)

// A RuleSet is what rule folders hold, in order of path.
type RuleSet struct {
	Sigma    sigma.Set // rules, correlations and filters; linked by Link
	KQL      []*KQLRule
	Rejected []Rejected
	Skipped  []Rejected        // left out on purpose: deprecated or unsupported by their author
	Sources  map[string]string // path → text, for the rule page
}

// Rejected is a rule that did not load.
type Rejected struct {
	Path, ID, Title, Reason string
	Kind                    tocsin.RuleKind
}

// maxRuleFile bounds one rule file.
const maxRuleFile = 1 << 20

// Load reads every .yml and .yaml file below the root of fsys: Sigma documents
// and Sentinel rules, told apart by their keys. label names the folder in paths.
// A rule that cannot be honoured is listed with its reason; the error is only
// for a folder that cannot be read.
func Load(fsys fs.FS, label string) (*RuleSet, error) {
	var paths []string
	err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if ext := path.Ext(p); !d.IsDir() && (ext == ".yml" || ext == ".yaml") {
			paths = append(paths, p)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading rule folder %s: %w", label, err)
	}
	parsed := make([]RuleSet, len(paths))
	var wg sync.WaitGroup
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range next {
				parsed[i] = loadFile(fsys, paths[i], path.Join(label, paths[i]))
			}
		})
	}
	for i := range paths {
		next <- i
	}
	close(next)
	wg.Wait()
	set := &RuleSet{Sources: map[string]string{}}
	for i := range parsed {
		set.Add(&parsed[i])
	}
	return set, nil
}

// Link joins what refers to each other across folders: Sigma filters narrow
// their rules, correlations find theirs. Call it once, when every folder is added.
func (s *RuleSet) Link() {
	s.Sigma.Link()
	for _, r := range s.Sigma.Rejected {
		s.Rejected = append(s.Rejected, rejectedSigma(r))
	}
	s.Sigma.Rejected = nil
}

// loadFile reads one file.
func loadFile(fsys fs.FS, name, label string) RuleSet {
	reject := func(kind tocsin.RuleKind, err error) RuleSet {
		return RuleSet{Rejected: []Rejected{{Path: label, Kind: kind, Title: label, Reason: err.Error()}}}
	}
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return reject("", err)
	}
	if info.Size() > maxRuleFile {
		return reject("", fmt.Errorf("the file has %d bytes; the limit for a rule is %d", info.Size(), maxRuleFile))
	}
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return reject("", err)
	}
	if isKQL(text) {
		rule, err := ParseKQLRule(label, text)
		if err != nil {
			return reject(tocsin.ScheduledRule, err)
		}
		return RuleSet{KQL: []*KQLRule{rule}}
	}
	out := RuleSet{Sigma: sigma.Parse(label, text), Sources: map[string]string{label: string(text)}}
	for _, r := range out.Sigma.Rejected {
		out.Rejected = append(out.Rejected, rejectedSigma(r))
	}
	for _, r := range out.Sigma.Skipped {
		out.Skipped = append(out.Skipped, rejectedSigma(r))
	}
	out.Sigma.Rejected, out.Sigma.Skipped = nil, nil
	return out
}

func rejectedSigma(r sigma.Rejection) Rejected {
	return Rejected{Path: r.Source, ID: r.ID, Title: r.Title, Reason: r.Reason, Kind: tocsin.SigmaRule}
}

var queryKey = regexp.MustCompile(`(?m)^query\s*:`)

// isKQL tells a Sentinel rule from a Sigma document: only the first has a query.
func isKQL(text []byte) bool { return queryKey.Match(text) }

// Add appends another set. A rule whose id is already there is rejected by
// name, because two rules of one id would share the identity of their alerts.
func (s *RuleSet) Add(o *RuleSet) {
	if s.Sources == nil {
		s.Sources = map[string]string{}
	}
	have := map[string]string{}
	for _, r := range s.Sigma.Rules {
		have[r.ID] = r.Source
	}
	for _, r := range s.Sigma.Correlations {
		have[r.ID] = r.Source
	}
	for _, r := range s.KQL {
		have[string(r.ID)] = r.Path
	}
	twin := func(id, path, title string, kind tocsin.RuleKind) bool {
		first, ok := have[id]
		if !ok || id == "" {
			have[id] = path
			return false
		}
		s.Rejected = append(s.Rejected, Rejected{Path: path, ID: id, Title: title, Kind: kind, Reason: "the id is already that of " + first + "; give one of them its own"})
		return true
	}
	for _, r := range o.Sigma.Rules {
		if !twin(r.ID, r.Source, r.Title, tocsin.SigmaRule) {
			s.Sigma.Rules = append(s.Sigma.Rules, r)
		}
	}
	for _, r := range o.Sigma.Correlations {
		if !twin(r.ID, r.Source, r.Title, tocsin.SigmaRule) {
			s.Sigma.Correlations = append(s.Sigma.Correlations, r)
		}
	}
	s.Sigma.Filters = append(s.Sigma.Filters, o.Sigma.Filters...)
	for _, r := range o.KQL {
		if !twin(string(r.ID), r.Path, r.Title, r.Kind) {
			s.KQL = append(s.KQL, r)
		}
	}
	s.Rejected = append(s.Rejected, o.Rejected...)
	s.Skipped = append(s.Skipped, o.Skipped...)
	for p, text := range o.Sources {
		s.Sources[p] = text
	}
}

// vocabulary returns what a Sigma rule has in common with every other.
func vocabulary(r *sigma.Head, source string) tocsin.Rule {
	sev, ok := tocsin.ParseSeverity(r.Level.String())
	if !ok {
		sev = tocsin.Informational
	}
	out := tocsin.Rule{
		ID: tocsin.RuleID(r.ID), Kind: tocsin.SigmaRule, Version: r.Modified, Title: r.Title, Description: r.Description, Author: r.Author,
		Severity: sev, Path: r.Source, Source: source,
	}
	if out.Version == "" {
		out.Version = r.Date
	}
	for _, tag := range r.Tags {
		switch name, ok := strings.CutPrefix(strings.ToLower(tag), "attack."); {
		case !ok:
		case technique.MatchString(name):
			out.Techniques = append(out.Techniques, strings.ToUpper(name))
		case tactics[strings.ReplaceAll(name, "_", "-")] != "":
			out.Tactics = append(out.Tactics, tactics[strings.ReplaceAll(name, "_", "-")])
		}
	}
	sort.Strings(out.Techniques)
	return out
}

var technique = regexp.MustCompile(`^t\d{4}(\.\d{3})?$`)

// tactics maps ATT&CK's short names, as Sigma tags write them, to Sentinel's.
var tactics = map[string]string{
	"reconnaissance": "Reconnaissance", "resource-development": "ResourceDevelopment", "initial-access": "InitialAccess", "execution": "Execution",
	"persistence": "Persistence", "privilege-escalation": "PrivilegeEscalation", "defense-evasion": "DefenseEvasion", "stealth": "DefenseEvasion",
	"credential-access": "CredentialAccess", "discovery": "Discovery", "lateral-movement": "LateralMovement", "collection": "Collection",
	"command-and-control": "CommandAndControl", "exfiltration": "Exfiltration", "impact": "Impact", "defense-impairment": "DefenseEvasion",
}
