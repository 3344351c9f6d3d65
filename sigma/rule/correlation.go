package rule

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin/sigma/document"
)

// CorrelationType says what a correlation looks at.
type CorrelationType string

// The types of specification 2.1 and pySigma.
const (
	EventCount      CorrelationType = "event_count"
	ValueCount      CorrelationType = "value_count"
	Temporal        CorrelationType = "temporal"
	TemporalOrdered CorrelationType = "temporal_ordered"
	ValueSum        CorrelationType = "value_sum"
	ValueAvg        CorrelationType = "value_avg"
	ValuePercentile CorrelationType = "value_percentile"
	ValueMedian     CorrelationType = "value_median"
)

var correlationTypes = []CorrelationType{EventCount, ValueCount, Temporal, TemporalOrdered, ValueSum, ValueAvg, ValuePercentile, ValueMedian}

// Correlation is a rule on several events (or on other correlations).
type Correlation struct {
	Head
	Type       CorrelationType
	Rules      []string // references by id or name, in order
	GroupBy    []string // fields or aliases; none means one group for all
	Timespan   time.Duration
	Bounds     []Bound   // all must hold; none only for temporal types
	Fields     []string  // of value types; several fields of value_count count distinct tuples
	Percentile float64   // of value_percentile, 0 to 100
	When       *RuleExpr // temporal types: boolean condition over rules, nil when Bounds decide
	Aliases    map[string]map[string]string
	Generate   bool // referenced rules raise alerts of their own, too
	Silent     bool // another correlation uses it: it raises nothing itself
}

// Bound is one comparison of a correlation's count or value.
type Bound struct {
	Compare Compare
	Not     bool // neq: Compare is Equal and must not hold
	Value   float64
}

// Holds reports whether v satisfies the bound.
func (b Bound) Holds(v float64) bool {
	cmp := 0
	if v < b.Value {
		cmp = -1
	} else if v > b.Value {
		cmp = 1
	}
	return b.Compare.Holds(cmp) != b.Not
}

// RuleExpr is a boolean condition over rules that matched, by index in Rules.
type RuleExpr struct {
	Op   Op // OpLeaf: Rule; else Args
	Rule int
	Args []*RuleExpr
}

// Holds evaluates the condition over the rules seen.
func (e *RuleExpr) Holds(seen func(rule int) bool) bool {
	switch e.Op {
	case OpLeaf:
		return seen(e.Rule)
	case OpNot:
		return !e.Args[0].Holds(seen)
	}
	for _, a := range e.Args {
		if a.Holds(seen) != (e.Op == OpAnd) {
			return e.Op == OpOr
		}
	}
	return e.Op == OpAnd
}

// Negates reports whether the condition wants a rule not to have matched.
func (e *RuleExpr) Negates() bool {
	return e.Op == OpNot || slices.ContainsFunc(e.Args, (*RuleExpr).Negates)
}

// Field returns the event field behind a group-by name for events of a rule.
func (c *Correlation) Field(name, ruleRef string) string {
	if a, ok := c.Aliases[name]; ok {
		return a[ruleRef]
	}
	return name
}

func parseCorrelation(doc *document.Node, head Head) (*Correlation, error) {
	n := doc.Get("correlation")
	if n.Kind != document.Map {
		return nil, fmt.Errorf("correlation is no map")
	}
	c := &Correlation{Head: head, Type: CorrelationType(strings.ToLower(n.Get("type").Str())), Rules: n.Get("rules").Strs(), GroupBy: n.Get("group-by").Strs()}
	if !slices.Contains(correlationTypes, c.Type) {
		return nil, fmt.Errorf("correlation type %q is not known", c.Type)
	}
	for i, key := range n.Keys {
		v := &n.Items[i]
		var err error
		switch key {
		case "type", "rules", "group-by", "condition":
		case "timespan", "timeframe":
			c.Timespan, err = ParseTimespan(v.Str())
		case "aliases":
			err = c.parseAliases(v)
		case "generate":
			if c.Generate = v.Text == "true"; v.Kind != document.Bool {
				err = fmt.Errorf("generate is true or false, not %q", v.Text)
			}
		default:
			err = fmt.Errorf("unknown key %q in correlation", key)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := c.parseCondition(n.Get("condition")); err != nil {
		return nil, err
	}
	return c, c.check()
}

func (c *Correlation) temporal() bool { return c.Type == Temporal || c.Type == TemporalOrdered }

func (c *Correlation) check() error {
	value := !c.temporal() && c.Type != EventCount
	switch {
	case len(c.Rules) == 0:
		return fmt.Errorf("correlation refers to no rules")
	case len(c.Rules) > 64:
		return fmt.Errorf("correlation refers to more than 64 rules")
	case c.Timespan == 0:
		return fmt.Errorf("correlation has no timespan")
	case len(c.Bounds) == 0 && !c.temporal():
		return fmt.Errorf("%s needs a condition", c.Type)
	case value && len(c.Fields) == 0:
		return fmt.Errorf("%s needs a field in its condition", c.Type)
	case !value && len(c.Fields) > 0:
		return fmt.Errorf("%s takes no field", c.Type)
	case value && c.Type != ValueCount && len(c.Fields) > 1:
		return fmt.Errorf("%s takes one field", c.Type)
	case c.Type == ValuePercentile && c.Percentile == 0:
		return fmt.Errorf("value_percentile needs percentile (1 to 100) in its condition")
	case c.Type == TemporalOrdered && c.When != nil && (c.When.Op == OpOr || c.When.Negates()):
		return fmt.Errorf("temporal_ordered cannot honour or and not: the order would be undefined")
	}
	return nil
}

func (c *Correlation) parseAliases(n *document.Node) error {
	if n.Kind != document.Map {
		return fmt.Errorf("aliases is no map")
	}
	c.Aliases = map[string]map[string]string{}
	for i, alias := range n.Keys {
		m := map[string]string{}
		if n.Items[i].Kind != document.Map {
			return fmt.Errorf("alias %s is no map of rule to field", alias)
		}
		for j, ref := range n.Items[i].Keys {
			m[ref] = n.Items[i].Items[j].Str()
		}
		c.Aliases[alias] = m
	}
	return nil
}

var boundWords = map[string]Bound{"lt": {Compare: Less}, "lte": {Compare: LessEqual}, "gt": {Compare: Greater}, "gte": {Compare: GreaterEqual}, "eq": {Compare: Equal}, "neq": {Compare: Equal, Not: true}}

func (c *Correlation) parseCondition(n *document.Node) error {
	switch {
	case n == nil || n.Kind == document.Null:
		return nil
	case n.Kind == document.String && c.temporal():
		return c.parseRuleCondition(n.Text)
	case n.Kind != document.Map:
		return fmt.Errorf("condition of %s is no map", c.Type)
	}
	for i, key := range n.Keys {
		v := &n.Items[i]
		bound, isBound := boundWords[key]
		switch {
		case isBound:
			f, err := strconv.ParseFloat(v.Str(), 64)
			if err != nil {
				return fmt.Errorf("condition: %s needs a number, not %q", key, v.Str())
			}
			bound.Value = f
			c.Bounds = append(c.Bounds, bound)
		case key == "field":
			c.Fields = v.Strs()
		case key == "percentile":
			f, err := strconv.ParseFloat(v.Str(), 64)
			if err != nil || f <= 0 || f > 100 {
				return fmt.Errorf("condition: percentile is a number from 1 to 100, not %q", v.Str())
			}
			c.Percentile = f
		default:
			return fmt.Errorf("condition: unknown key %q", key)
		}
	}
	return nil
}

// parseRuleCondition reads a boolean condition over rule names, with the grammar
// of detection conditions.
func (c *Correlation) parseRuleCondition(text string) error {
	names := c.Rules
	leaves := map[string]*Expr{}
	index := map[*Expr]int{}
	if len(names) == 0 { // the condition itself lists the rules
		words, err := conditionWords(text)
		if err != nil {
			return err
		}
		for _, w := range words {
			switch l := strings.ToLower(w); {
			case l == "and" || l == "or" || l == "not" || l == "(" || l == ")":
			case !slices.Contains(names, w):
				names = append(names, w)
			}
		}
		c.Rules = names
	}
	for i, name := range names {
		leaf := &Expr{Op: OpLeaf, Leaf: &Predicate{Field: name}}
		leaves[name], index[leaf] = leaf, i
	}
	e, err := parseCondition(text, names, func(name string) *Expr { return leaves[name] })
	if err != nil {
		return err
	}
	used := map[int]bool{}
	c.When = ruleExpr(e, index, used)
	if len(used) < len(names) {
		return fmt.Errorf("condition %q does not use every rule of the correlation", text)
	}
	return nil
}

func ruleExpr(e *Expr, index map[*Expr]int, used map[int]bool) *RuleExpr {
	out := &RuleExpr{Op: e.Op}
	if e.Op == OpLeaf {
		out.Rule = index[e]
		used[out.Rule] = true
		return out
	}
	for _, a := range e.Args {
		out.Args = append(out.Args, ruleExpr(a, index, used))
	}
	return out
}

// timespanUnits: s, m, h, d are the specification's; w, M (a twelfth of a mean
// Gregorian year) and y are pySigma's.
var timespanUnits = map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour,
	'w': 7 * 24 * time.Hour, 'M': 2_629_746 * time.Second, 'y': 31_556_952 * time.Second}

// ParseTimespan reads a number and a unit: 90m, 1h, 7d.
func ParseTimespan(s string) (time.Duration, error) {
	if len(s) < 2 {
		return 0, fmt.Errorf("timespan %q is no number with a unit (s, m, h, d)", s)
	}
	unit, ok := timespanUnits[s[len(s)-1]]
	n, err := strconv.Atoi(s[:len(s)-1])
	if !ok || err != nil || n <= 0 || n > int(1<<62/unit) {
		return 0, fmt.Errorf("timespan %q is no number with a unit (s, m, h, d)", s)
	}
	return time.Duration(n) * unit, nil
}
