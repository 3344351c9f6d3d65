package rule

import (
	"fmt"
	"strings"

	"github.com/tocsin-soc/tocsin/sigma/document"
)

// Level is the severity a rule's author gives a match.
type Level uint8

// The levels, from least to most severe. A rule without one has LevelNone.
const (
	LevelNone Level = iota
	Informational
	Low
	Medium
	High
	Critical
)

var levelNames = [...]string{"", "informational", "low", "medium", "high", "critical"}

// String returns the level as rules write it.
func (l Level) String() string { return levelNames[l] }

// ParseLevel reads a level; "" is LevelNone.
func ParseLevel(s string) (Level, error) {
	for i, name := range levelNames {
		if strings.EqualFold(s, name) {
			return Level(i), nil
		}
	}
	return LevelNone, fmt.Errorf("level %q is none of informational, low, medium, high, critical", s)
}

// Logsource says which events a rule is about. An empty part does not restrict.
type Logsource struct {
	Product  string
	Category string
	Service  string
}

// Contains reports whether every part l names is the same in other: whether
// something for l applies to other (specification: containment, not equality).
func (l Logsource) Contains(other Logsource) bool {
	part := func(a, b string) bool { return a == "" || strings.EqualFold(a, b) }
	return part(l.Product, other.Product) && part(l.Category, other.Category) && part(l.Service, other.Service)
}

// String writes product/category/service with - for an empty part.
func (l Logsource) String() string {
	dash := func(s string) string {
		if s == "" {
			return "-"
		}
		return s
	}
	return dash(l.Product) + "/" + dash(l.Category) + "/" + dash(l.Service)
}

// Head is what every Sigma document carries beside its logic.
type Head struct {
	ID          string
	Name        string // for references by other documents
	Title       string
	Status      string
	Level       Level
	Author      string // keep it in alerts: the Detection Rule License asks for it
	Date        string
	Modified    string
	Description string
	License     string
	Tags        []string
	References  []string
	FalsePos    []string
	Fields      []string
	Source      string // file and, for later documents of it, #n
}

// Rule is a parsed detection rule on single events.
type Rule struct {
	Head
	Logsource Logsource
	Expr      *Expr

	// Silent rules only feed correlations and raise nothing themselves.
	Silent bool

	derived bool // made of an aggregating rule: it has no life of its own
}

// Ref reports whether another document's reference ref (id or name) means h.
func (h *Head) Ref(ref string) bool {
	return ref != "" && (strings.EqualFold(h.ID, ref) || h.Name == ref)
}

// Rejection is a document that cannot be honoured, and why.
type Rejection struct {
	Source string // file
	ID     string // "" when unreadable
	Title  string
	Reason string // for the rule's author
}

// String writes the rejection in one line.
func (r Rejection) String() string {
	name := r.Title
	if name == "" {
		name = r.ID
	}
	return fmt.Sprintf("%s: %s: %s", r.Source, name, r.Reason)
}

var statuses = map[string]bool{"": true, "stable": true, "test": true, "experimental": true, "deprecated": true, "unsupported": true}

func parseHead(doc *document.Node, source string) (Head, error) {
	h := Head{
		ID:          doc.Get("id").Str(),
		Name:        doc.Get("name").Str(),
		Title:       strings.TrimSpace(doc.Get("title").Str()),
		Status:      strings.ToLower(doc.Get("status").Str()),
		Author:      strings.TrimSpace(strings.Join(doc.Get("author").Strs(), ", ")),
		Date:        doc.Get("date").Str(),
		Modified:    doc.Get("modified").Str(),
		Description: strings.TrimSpace(doc.Get("description").Str()),
		License:     doc.Get("license").Str(),
		Tags:        doc.Get("tags").Strs(),
		References:  doc.Get("references").Strs(),
		FalsePos:    doc.Get("falsepositives").Strs(),
		Fields:      doc.Get("fields").Strs(),
		Source:      source,
	}
	if h.Title == "" {
		return h, fmt.Errorf("title is missing")
	}
	if !statuses[h.Status] {
		return h, fmt.Errorf("status %q is none of stable, test, experimental, deprecated, unsupported", h.Status)
	}
	var err error
	h.Level, err = ParseLevel(doc.Get("level").Str())
	return h, err
}

// parseRule reads a detection rule on single events.
func parseRule(doc *document.Node, head Head) (*Rule, error) {
	r := &Rule{Head: head}
	var err error
	if r.Logsource, err = parseLogsource(doc.Get("logsource")); err != nil {
		return nil, err
	}
	r.Expr, err = parseDetection(doc.Get("detection"))
	return r, err
}

func parseLogsource(n *document.Node) (Logsource, error) {
	if n == nil || n.Kind != document.Map {
		return Logsource{}, fmt.Errorf("logsource is missing")
	}
	l := Logsource{
		Product:  strings.ToLower(n.Get("product").Str()),
		Category: strings.ToLower(n.Get("category").Str()),
		Service:  strings.ToLower(n.Get("service").Str()),
	}
	if l == (Logsource{}) {
		return l, fmt.Errorf("logsource names neither product nor category nor service")
	}
	return l, nil
}

// detectionWords are keys of a detection section that are no selections.
var detectionWords = map[string]bool{"condition": true, "timeframe": true}

// parseDetection resolves a detection (or filter) section into one expression.
// Several conditions are alternatives.
func parseDetection(n *document.Node) (*Expr, error) {
	conditions, err := parseConditions(n)
	if err != nil {
		return nil, err
	}
	return resolveDetection(n, conditions)
}

// aggregates reports whether a detection has a pre-2.0 aggregation.
func aggregates(n *document.Node) bool {
	for _, c := range n.Get("condition").Strs() {
		if strings.Contains(c, "|") {
			return true
		}
	}
	return false
}

func parseConditions(n *document.Node) ([]string, error) {
	if n == nil || n.Kind != document.Map {
		return nil, fmt.Errorf("detection is missing")
	}
	c := n.Get("condition")
	if c == nil || c.Kind == document.Map || c.Kind == document.Null {
		return nil, fmt.Errorf("detection has no condition")
	}
	conditions := c.Strs()
	if len(conditions) == 0 {
		return nil, fmt.Errorf("detection has no condition")
	}
	return conditions, nil
}

func resolveDetection(n *document.Node, conditions []string) (*Expr, error) {
	var names []string
	selections := map[string]*Expr{}
	for i, key := range n.Keys {
		if detectionWords[key] {
			continue
		}
		if selections[key] != nil {
			return nil, fmt.Errorf("selection %s: defined twice", key)
		}
		e, err := parseSelection(&n.Items[i])
		if err != nil {
			return nil, fmt.Errorf("selection %s: %w", key, err)
		}
		names = append(names, key)
		selections[key] = e
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("detection has no selection")
	}
	alternatives := make([]*Expr, 0, len(conditions))
	for _, c := range conditions {
		e, err := parseCondition(c, names, func(name string) *Expr { return selections[name] })
		if err != nil {
			return nil, err
		}
		alternatives = append(alternatives, e)
	}
	return Or(alternatives...), nil
}
