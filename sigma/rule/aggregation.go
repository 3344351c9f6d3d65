package rule

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-soc/tocsin/sigma/document"
)

// aggregationForm is the pre-2.0 "| count(field) by group > 5".
var aggregationForm = regexp.MustCompile(`^(count|sum|avg|min|max)\s*\(\s*([\w.\-]*)\s*\)\s*(?:by\s+([\w.\-]+(?:\s*,\s*[\w.\-]+)*)\s*)?(<=|>=|==|=|<|>)\s*(-?\d+(?:\.\d+)?)$`)

var nearForm = regexp.MustCompile(`^near\s+(.+)$`)

var aggregationBounds = map[string]Compare{"<": Less, "<=": LessEqual, ">": Greater, ">=": GreaterEqual, "=": Equal, "==": Equal}

// convertAggregation reads a rule whose condition aggregates (removed with Sigma
// 2.0) as what it means today: silent base rules and a correlation that carries
// the rule's head.
func (s *Set) convertAggregation(doc *document.Node, head Head) error {
	detection := doc.Get("detection")
	conditions, err := parseConditions(detection)
	if err != nil {
		return err
	}
	if len(conditions) != 1 {
		return fmt.Errorf("an aggregation cannot be one of several conditions")
	}
	search, aggregation, _ := strings.Cut(conditions[0], "|")
	search, aggregation = strings.TrimSpace(search), strings.TrimSpace(aggregation)
	c := &Correlation{Head: head}
	frame := detection.Get("timeframe").Str()
	if frame == "" {
		return fmt.Errorf("aggregation %q has no timeframe", aggregation)
	}
	if c.Timespan, err = ParseTimespan(frame); err != nil {
		return err
	}
	if m := nearForm.FindStringSubmatch(aggregation); m != nil {
		return s.convertNear(doc, c, search, m[1])
	}
	m := aggregationForm.FindStringSubmatch(aggregation)
	if m == nil {
		return fmt.Errorf("aggregation %q is not understood", aggregation)
	}
	switch function, field := m[1], m[2]; {
	case function == "count" && field == "":
		c.Type = EventCount
	case function == "count":
		c.Type, c.Fields = ValueCount, []string{field}
	case (function == "sum" || function == "avg") && field != "":
		c.Type, c.Fields = CorrelationType("value_"+function), []string{field}
	default:
		return fmt.Errorf("aggregation %s(%s) has no correlation that means the same", function, field)
	}
	for _, g := range strings.Split(m[3], ",") {
		if g = strings.TrimSpace(g); g != "" {
			c.GroupBy = append(c.GroupBy, g)
		}
	}
	n, err := strconv.ParseFloat(m[5], 64)
	if err != nil {
		return fmt.Errorf("aggregation: %q is no number", m[5])
	}
	c.Bounds = []Bound{{Compare: aggregationBounds[m[4]], Value: n}}
	base, err := baseRule(doc, head, search, "base")
	if err != nil {
		return err
	}
	c.Rules = []string{base.Name}
	s.Rules, s.Correlations = append(s.Rules, base), append(s.Correlations, c)
	return nil
}

// convertNear makes a base rule of the search and of each selection behind near.
func (s *Set) convertNear(doc *document.Node, c *Correlation, search, others string) error {
	c.Type = Temporal
	words, err := conditionWords(others)
	if err != nil {
		return err
	}
	var bases []*Rule
	condition := "base"
	negated := false
	names := map[string]string{}
	add := func(search, name string) error {
		base, err := baseRule(doc, c.Head, search, name)
		if err == nil {
			bases, c.Rules, names[name] = append(bases, base), append(c.Rules, base.Name), base.Name
		}
		return err
	}
	if err := add(search, "base"); err != nil {
		return err
	}
	for i, w := range words {
		switch l := strings.ToLower(w); {
		case l == "and" && i > 0:
		case l == "not":
			negated = true
		case slices.Contains([]string{"or", "(", ")", "of", "and"}, l):
			return fmt.Errorf("near %q is not understood", others)
		default:
			if err := add(w, w); err != nil {
				return err
			}
			if condition += " and "; negated {
				condition += "not "
			}
			condition, negated = condition+w, false
		}
	}
	plain := c.Rules
	c.Rules = nil
	if err := c.parseRuleCondition(condition); err != nil {
		return err
	}
	c.Rules = plain
	s.Rules, s.Correlations = append(s.Rules, bases...), append(s.Correlations, c)
	return nil
}

// baseRule is the part of an aggregating rule that looks at single events.
func baseRule(doc *document.Node, head Head, search, name string) (*Rule, error) {
	r := &Rule{Head: head, Silent: true, derived: true}
	r.Name = head.Source + ":" + name
	r.ID = ""
	var err error
	if r.Logsource, err = parseLogsource(doc.Get("logsource")); err != nil {
		return nil, err
	}
	r.Expr, err = resolveDetection(doc.Get("detection"), []string{search})
	return r, err
}
