package pipeline

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/tocsin-soc/tocsin/sigma/document"
	"github.com/tocsin-soc/tocsin/sigma/rule"
)

// condition looks at a rule, one of its predicates (nil for none) and a field.
type condition func(s *subject, p *rule.Predicate, field string) bool

// conditions are a list joined by AND or OR, perhaps negated. No conditions hold.
type conditions struct {
	list   []condition
	or     bool
	negate bool
}

func (c conditions) hold(s *subject, p *rule.Predicate, field string) bool {
	if len(c.list) == 0 {
		return true
	}
	for _, one := range c.list {
		if one(s, p, field) == c.or {
			return c.or != c.negate
		}
	}
	return c.or == c.negate
}

type conditionMaker func(n *document.Node) (condition, error)

func parseConditions(n *document.Node, list, op, not string, known map[string]conditionMaker) (conditions, error) {
	var c conditions
	switch v := n.Get(op).Str(); v {
	case "", "and":
	case "or":
		c.or = true
	default:
		return c, fmt.Errorf("%s is and or or, not %q", op, v)
	}
	c.negate = n.Get(not).Str() == "true"
	l := n.Get(list)
	if l == nil {
		return c, nil
	}
	for i := range l.Items {
		kind := l.Items[i].Get("type").Str()
		maker, ok := known[kind]
		if !ok {
			return c, fmt.Errorf("%s: type %q is not known", list, kind)
		}
		one, err := maker(&l.Items[i])
		if err != nil {
			return c, fmt.Errorf("%s, %s: %w", list, kind, err)
		}
		c.list = append(c.list, one)
	}
	return c, nil
}

var ruleConditions = map[string]conditionMaker{
	"logsource":                 logsourceCondition,
	"contains_detection_item":   containsItem,
	"contains_field":            containsField,
	"processing_item_applied":   itemApplied,
	"processing_state":          stateCondition,
	"is_sigma_rule":             constant(true),
	"is_sigma_correlation_rule": constant(false),
	"rule_attribute":            attributeCondition,
	"tag":                       tagCondition,
}

var itemConditions = map[string]conditionMaker{
	"match_string":            matchString,
	"contains_wildcard":       containsWildcard,
	"is_null":                 isNull,
	"processing_item_applied": predicateApplied,
	"processing_state":        stateCondition,
}

var fieldConditions = map[string]conditionMaker{
	"include_fields":          includeFields(true),
	"exclude_fields":          includeFields(false),
	"processing_item_applied": predicateApplied,
	"processing_state":        stateCondition,
}

func constant(v bool) conditionMaker {
	return func(*document.Node) (condition, error) {
		return func(*subject, *rule.Predicate, string) bool { return v }, nil
	}
}

func logsourceCondition(n *document.Node) (condition, error) {
	l := rule.Logsource{Product: n.Get("product").Str(), Category: n.Get("category").Str(), Service: n.Get("service").Str()}
	if l == (rule.Logsource{}) {
		return nil, fmt.Errorf("names no product, category or service")
	}
	return func(s *subject, _ *rule.Predicate, _ string) bool { return l.Contains(s.rule.Logsource) }, nil
}

func containsItem(n *document.Node) (condition, error) {
	field, value := n.Get("field").Str(), n.Get("value").Str()
	return func(s *subject, _ *rule.Predicate, _ string) bool {
		found := false
		s.rule.Expr.Walk(func(p *rule.Predicate) {
			found = found || p.Field == field && p.Test == rule.TestPattern && p.Pattern.String() == value
		})
		return found
	}, nil
}

func containsField(n *document.Node) (condition, error) {
	field := n.Get("field").Str()
	return func(s *subject, _ *rule.Predicate, _ string) bool {
		found := false
		s.rule.Expr.Walk(func(p *rule.Predicate) { found = found || p.Field == field })
		return found
	}, nil
}

func itemApplied(n *document.Node) (condition, error) {
	id := n.Get("processing_item_id").Str()
	return func(s *subject, _ *rule.Predicate, _ string) bool { return s.applied[id] }, nil
}

// predicateApplied: the item has changed this very predicate.
func predicateApplied(n *document.Node) (condition, error) {
	id := n.Get("processing_item_id").Str()
	return func(s *subject, p *rule.Predicate, _ string) bool { return p != nil && s.touched[p][id] }, nil
}

func stateCondition(n *document.Node) (condition, error) {
	key, val, op := n.Get("key").Str(), n.Get("val").Str(), n.Get("op").Str()
	if op != "" && op != "eq" && op != "ne" {
		return nil, fmt.Errorf("operator %q is neither eq nor ne", op)
	}
	return func(s *subject, _ *rule.Predicate, _ string) bool { return (s.state[key] == val) != (op == "ne") }, nil
}

func attributeCondition(n *document.Node) (condition, error) {
	name, value, op := n.Get("attribute").Str(), n.Get("value").Str(), n.Get("op").Str()
	if op == "" {
		op = "eq"
	}
	get, ok := map[string]func(*rule.Rule) string{
		"title": func(r *rule.Rule) string { return r.Title }, "id": func(r *rule.Rule) string { return r.ID },
		"level": func(r *rule.Rule) string { return r.Level.String() }, "status": func(r *rule.Rule) string { return r.Status },
		"author": func(r *rule.Rule) string { return r.Author }, "date": func(r *rule.Rule) string { return r.Date }}[name]
	if !ok {
		return nil, fmt.Errorf("attribute %q is not known", name)
	}
	order := func(v string) int {
		if level, err := rule.ParseLevel(v); err == nil && name == "level" {
			return int(level)
		}
		return 0
	}
	holds, ok := map[string]func(a, b string) bool{
		"eq": func(a, b string) bool { return strings.EqualFold(a, b) }, "ne": func(a, b string) bool { return !strings.EqualFold(a, b) },
		"gte": func(a, b string) bool { return order(a) > order(b) || order(a) == order(b) && a >= b },
		"lte": func(a, b string) bool { return order(a) < order(b) || order(a) == order(b) && a <= b },
		"gt":  func(a, b string) bool { return order(a) > order(b) || order(a) == order(b) && a > b },
		"lt":  func(a, b string) bool { return order(a) < order(b) || order(a) == order(b) && a < b }}[op]
	if !ok {
		return nil, fmt.Errorf("operator %q is not known", op)
	}
	return func(s *subject, _ *rule.Predicate, _ string) bool { return holds(get(s.rule), value) }, nil
}

func tagCondition(n *document.Node) (condition, error) {
	tag := n.Get("tag").Str()
	return func(s *subject, _ *rule.Predicate, _ string) bool {
		return slices.ContainsFunc(s.rule.Tags, func(t string) bool { return strings.EqualFold(t, tag) })
	}, nil
}

func matchString(n *document.Node) (condition, error) {
	re, err := regexp.Compile("^(?:" + n.Get("pattern").Str() + ")")
	if err != nil {
		return nil, err
	}
	negate := n.Get("negate").Str() == "true"
	return func(_ *subject, p *rule.Predicate, _ string) bool {
		return p != nil && p.Test == rule.TestPattern && re.MatchString(p.Pattern.String()) != negate
	}, nil
}

func containsWildcard(*document.Node) (condition, error) {
	return func(_ *subject, p *rule.Predicate, _ string) bool {
		if p == nil || p.Test != rule.TestPattern {
			return false
		}
		_, plain := p.Pattern.Plain()
		return !plain
	}, nil
}

func isNull(*document.Node) (condition, error) {
	return func(_ *subject, p *rule.Predicate, _ string) bool { return p != nil && p.Test == rule.TestNull }, nil
}

func includeFields(include bool) conditionMaker {
	return func(n *document.Node) (condition, error) {
		fields := n.Get("fields").Strs()
		match := func(f string) bool { return slices.Contains(fields, f) }
		if mode := n.Get("mode").Str(); mode == "re" || n.Get("match_type").Str() == "re" {
			re, err := regexp.Compile("^(?:" + strings.Join(fields, "|") + ")")
			if err != nil {
				return nil, err
			}
			match = re.MatchString
		} else if mode != "" && mode != "plain" {
			return nil, fmt.Errorf("mode %q is neither plain nor re", mode)
		}
		return func(_ *subject, _ *rule.Predicate, field string) bool { return field != "" && match(field) == include }, nil
	}
}
