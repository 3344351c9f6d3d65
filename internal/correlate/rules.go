package correlate

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/incident"
)

// Rules are the rules of correlation, checked and ready. They are immutable and
// safe for concurrent use.
type Rules struct {
	policy  policy
	rules   []rule // by id
	degrees map[string]int
}

// policy is content/correlation/policy.yaml, checked.
type policy struct {
	link, merge    float64
	retire         time.Duration
	degree, fanout int
	hubs           map[tocsin.EntityType][]string // patterns, lower case
}

// A rule is one reason that two alerts belong together.
type rule struct {
	id, name string
	types    map[tocsin.EntityType]bool // of which both must share one thing
	first    map[string]bool            // tactics of the earlier alert; nil unless a sequence
	then     map[string]bool            // tactics of the later one
	weight   float64
	window   time.Duration
	blockers []blocker
}

// A blocker is a condition under which a rule does not hold.
type blocker string

// The blockers.
const (
	informational    blocker = "informational"    // one of the two alerts is informational
	sameRule         blocker = "sameRule"         // both come from one detection rule
	differentRule    blocker = "differentRule"    // they come from different detection rules
	differentAccount blocker = "differentAccount" // both name accounts, and none is the same
	differentHost    blocker = "differentHost"    // both name hosts, and none is the same
)

// file is the shape of a rule file and of the policy file.
type file struct {
	Kind        string   `yaml:"kind"`
	ID          string   `yaml:"id"`
	Name        string   `yaml:"name"`
	Description string   `yaml:"description"`
	Link        linkPart `yaml:"link"`
	Weight      float64  `yaml:"weight"`
	Window      string   `yaml:"window"`
	Blockers    []string `yaml:"blockers"`
}

type linkPart struct {
	Entities  []tocsin.EntityType `yaml:"entities"`
	Artifacts []tocsin.EntityType `yaml:"artifacts"`
	Sequence  *sequencePart       `yaml:"sequence"`
}

type sequencePart struct {
	First   []string            `yaml:"first"`
	Then    []string            `yaml:"then"`
	Sharing []tocsin.EntityType `yaml:"sharing"`
}

type policyFile struct {
	Kind   string  `yaml:"kind"`
	Link   float64 `yaml:"link"`
	Merge  float64 `yaml:"merge"`
	Retire string  `yaml:"retire"`
	Hubs   struct {
		Degree int `yaml:"degree"`
		Fanout int `yaml:"fanout"`
		Listed []struct {
			Type tocsin.EntityType `yaml:"type"`
			Like []string          `yaml:"like"`
		} `yaml:"listed"`
	} `yaml:"hubs"`
}

// Limits on rule files.
const (
	maxFile  = 256 << 10
	maxRules = 200
)

// Load reads every *.yaml of a folder: the policy, exactly once, and the rules.
// An error names the file and what is wrong in it.
func Load(folder fs.FS) (*Rules, error) {
	names, err := fs.Glob(folder, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("listing rules of correlation: %w", err)
	}
	if len(names) > maxRules {
		return nil, fmt.Errorf("%d rules of correlation are more than %d", len(names), maxRules)
	}
	r := &Rules{}
	hasPolicy := false
	seen := map[string]string{}
	for _, name := range names {
		text, err := readBounded(folder, name)
		if err != nil {
			return nil, err
		}
		var head struct {
			Kind string `yaml:"kind"`
		}
		if err := decode(text, &head); err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		switch head.Kind {
		case "policy":
			if hasPolicy {
				return nil, fmt.Errorf("%s: there is a policy already", name)
			}
			hasPolicy = true
			if r.policy, err = readPolicy(text); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		case "rule":
			one, err := readRule(text)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			if other, twice := seen[one.id]; twice {
				return nil, fmt.Errorf("%s: %s has the id %q already", name, other, one.id)
			}
			seen[one.id] = name
			r.rules = append(r.rules, one)
		default:
			return nil, fmt.Errorf("%s: kind is %q, want policy or rule", name, head.Kind)
		}
	}
	if !hasPolicy || len(r.rules) == 0 {
		return nil, fmt.Errorf("the rules of correlation need one policy and at least one rule; %d files were read", len(names))
	}
	slices.SortFunc(r.rules, func(a, b rule) int { return strings.Compare(a.id, b.id) })
	return r, nil
}

// readBounded reads a file of bounded size.
func readBounded(folder fs.FS, name string) ([]byte, error) {
	st, err := fs.Stat(folder, name)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	if st.Size() > maxFile {
		return nil, fmt.Errorf("%s has %d bytes, more than %d", name, st.Size(), maxFile)
	}
	text, err := fs.ReadFile(folder, name)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	return text, nil
}

// decode reads YAML. goccy/go-yaml 1.19.2 panics on some broken files (a tag
// where a list belongs, found by FuzzFiles); that must not stop the program.
func decode(text []byte, into any, options ...yaml.DecodeOption) (err error) {
	defer func() {
		if broken := recover(); broken != nil {
			err = fmt.Errorf("the YAML is broken: %v", broken)
		}
	}()
	return yaml.UnmarshalWithOptions(text, into, options...)
}

// readPolicy reads and checks the policy.
func readPolicy(text []byte) (policy, error) {
	var f policyFile
	if err := decode(text, &f, yaml.Strict()); err != nil {
		return policy{}, err
	}
	p := policy{link: f.Link, merge: f.Merge, degree: f.Hubs.Degree, fanout: f.Hubs.Fanout, hubs: map[tocsin.EntityType][]string{}}
	var err error
	if p.retire, err = parseWindow(f.Retire); err != nil {
		return p, fmt.Errorf("retire: %w", err)
	}
	switch {
	case p.link <= 0 || p.link > 1 || p.merge < p.link || p.merge > 1:
		return p, fmt.Errorf("want 0 < link <= merge <= 1, have link %v and merge %v", p.link, p.merge)
	case p.degree < 2 || p.fanout < 2:
		return p, fmt.Errorf("hubs: degree and fanout must be at least 2, are %d and %d", p.degree, p.fanout)
	}
	for _, h := range f.Hubs.Listed {
		if !known(h.Type) {
			return p, fmt.Errorf("hubs: unknown entity type %q", h.Type)
		}
		for _, like := range h.Like {
			like = strings.ToLower(like)
			if _, err := path.Match(escapeBackslash(like), "x"); err != nil || like == "" {
				return p, fmt.Errorf("hubs: %q is no pattern", like)
			}
			p.hubs[h.Type] = append(p.hubs[h.Type], escapeBackslash(like))
		}
	}
	return p, nil
}

// readRule reads and checks one rule.
func readRule(text []byte) (rule, error) {
	var f file
	if err := decode(text, &f, yaml.Strict()); err != nil {
		return rule{}, err
	}
	r := rule{id: f.ID, name: f.Name, weight: f.Weight, types: map[tocsin.EntityType]bool{}}
	if r.id == "" || r.name == "" || f.Description == "" || strings.ContainsAny(r.id, " \t\n") {
		return r, fmt.Errorf("a rule needs an id without blanks, a name and a description")
	}
	if r.weight <= 0 || r.weight >= 1 {
		return r, fmt.Errorf("weight %v is not between 0 and 1", r.weight)
	}
	var err error
	if r.window, err = parseWindow(f.Window); err != nil {
		return r, fmt.Errorf("window: %w", err)
	}
	kinds := 0
	for _, list := range [][]tocsin.EntityType{f.Link.Entities, f.Link.Artifacts} {
		if len(list) > 0 {
			kinds++
			err = r.share(list)
		}
	}
	if f.Link.Sequence != nil {
		kinds++
		err = r.follow(f.Link.Sequence)
	}
	if err != nil {
		return r, err
	}
	if kinds != 1 {
		return r, fmt.Errorf("link needs exactly one of entities, artifacts and sequence; it has %d", kinds)
	}
	for _, b := range f.Blockers {
		switch blocker(b) {
		case informational, sameRule, differentRule, differentAccount, differentHost:
			r.blockers = append(r.blockers, blocker(b))
		default:
			return r, fmt.Errorf("unknown blocker %q", b)
		}
	}
	return r, nil
}

// share makes a rule of entity types.
func (r *rule) share(types []tocsin.EntityType) error {
	for _, t := range types {
		if !known(t) {
			return fmt.Errorf("unknown entity type %q", t)
		}
		r.types[t] = true
	}
	return nil
}

// follow makes a rule of a sequence.
func (r *rule) follow(s *sequencePart) error {
	if len(s.First) == 0 || len(s.Then) == 0 || len(s.Sharing) == 0 {
		return fmt.Errorf("a sequence needs first, then and sharing")
	}
	r.first, r.then = map[string]bool{}, map[string]bool{}
	for _, part := range []struct {
		names []string
		set   map[string]bool
	}{{s.First, r.first}, {s.Then, r.then}} {
		for _, name := range part.names {
			if incident.TacticRank(name) == incident.TacticRank("") {
				return fmt.Errorf("ATT&CK has no tactic %q", name)
			}
			part.set[name] = true
		}
	}
	return r.share(s.Sharing)
}

// known reports whether t is an entity type that can be shared.
func known(t tocsin.EntityType) bool {
	_, ok := nouns[t]
	return ok
}

// parseWindow reads 30m, 2h or 3d.
func parseWindow(text string) (time.Duration, error) {
	unit := map[string]time.Duration{"m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}
	if text != "" {
		n, err := strconv.Atoi(text[:len(text)-1])
		if u := unit[text[len(text)-1:]]; err == nil && u > 0 && n > 0 && n <= 10_000 {
			return time.Duration(n) * u, nil
		}
	}
	return 0, fmt.Errorf("%q is no span of time; write 30m, 2h or 3d", text)
}

// escapeBackslash makes a backslash in a pattern stand for itself.
func escapeBackslash(pattern string) string { return strings.ReplaceAll(pattern, `\`, `\\`) }

// Measured returns the rules with what was measured: in how many incidents of
// the last days each entity key occurs (incident.Desk.Degrees). r is unchanged.
func (r *Rules) Measured(degrees map[string]int) *Rules {
	out := *r
	out.degrees = maps.Clone(degrees)
	return &out
}

// HubWindow is how far back degrees are to be measured.
const HubWindow = 7 * 24 * time.Hour

// Ask returns which incidents Decide has to be shown for these alerts, and the
// entity keys whose degree it should know.
func (r *Rules) Ask(alerts []tocsin.Alert) (related incident.Related, keys []string) {
	reach := time.Duration(0)
	for _, one := range r.rules {
		reach = max(reach, one.window)
	}
	set := map[string]bool{}
	rules := map[tocsin.RuleID]bool{}
	var first time.Time
	for i := range alerts {
		a := &alerts[i]
		if a.Incident != 0 || a.Grouping.NoIncident {
			continue
		}
		if first.IsZero() || a.FirstActivity.Before(first) {
			first = a.FirstActivity
		}
		if a.Grouping.Method != "" {
			rules[a.Rule] = true
			reach = max(reach, lookback(a))
			related.Closed = related.Closed || a.Grouping.Reopen
			continue
		}
		for _, e := range a.Entities {
			for _, k := range e.Keys() {
				set[k] = true
			}
		}
	}
	related.Since = first.Add(-reach)
	related.Keys = slices.Sorted(maps.Keys(set))
	related.Rules = slices.Sorted(maps.Keys(rules))
	return related, related.Keys
}
