// Package pipeline applies processing pipelines in pySigma's YAML form to rules:
// field mapping, log source changes, placeholders, added conditions, failures,
// each under conditions on rule, item and field.
//
// It promises that a transformation or condition it does not know makes the
// pipeline an error by name, never a step left out. It refuses what works on the
// text of a query (postprocessing, finalizers, query expressions): there is none
// here. It is tested by cases in testdata.
package pipeline

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/tocsin-soc/tocsin/sigma/document"
	"github.com/tocsin-soc/tocsin/sigma/rule"
)

// Pipeline is a list of transformations, applied in order.
type Pipeline struct {
	Name     string
	Priority int
	vars     map[string][]string
	items    []*item
}

// item is a transformation and when it applies.
type item struct {
	id     string
	kind   string
	do     transformation
	rule   conditions
	detect conditions
	field  conditions
}

// Parse reads a pipeline.
func Parse(src []byte) (*Pipeline, error) {
	docs, err := document.Parse(src)
	if err != nil {
		return nil, err
	}
	if len(docs) != 1 || docs[0].Kind != document.Map {
		return nil, fmt.Errorf("a pipeline is one YAML map")
	}
	p := &Pipeline{vars: map[string][]string{}}
	for i, key := range docs[0].Keys {
		v := &docs[0].Items[i]
		switch key {
		case "name":
			p.Name = v.Str()
		case "priority":
			if p.Priority, err = strconv.Atoi(v.Str()); err != nil {
				return nil, fmt.Errorf("priority %q is no number", v.Str())
			}
		case "vars":
			for j, name := range v.Keys {
				p.vars[name] = v.Items[j].Strs()
			}
		case "allowed_backends":
		case "transformations":
			for j := range v.Items {
				it, err := parseItem(&v.Items[j])
				if err != nil {
					return nil, fmt.Errorf("transformation %d: %w", j+1, err)
				}
				p.items = append(p.items, it)
			}
		case "postprocessing", "finalizers":
			if len(v.Items) > 0 {
				return nil, fmt.Errorf("%s works on the text of a query; rules are matched here without one", key)
			}
		default:
			return nil, fmt.Errorf("unknown key %q", key)
		}
	}
	return p, nil
}

func parseItem(n *document.Node) (*item, error) {
	it := &item{id: n.Get("id").Str(), kind: n.Get("type").Str()}
	var err error
	if it.rule, err = parseConditions(n, "rule_conditions", "rule_cond_op", "rule_cond_not", ruleConditions); err != nil {
		return nil, err
	}
	if it.detect, err = parseConditions(n, "detection_item_conditions", "detection_item_cond_op", "detection_item_cond_not", itemConditions); err != nil {
		return nil, err
	}
	if it.field, err = parseConditions(n, "field_name_conditions", "field_name_cond_op", "field_name_cond_not", fieldConditions); err != nil {
		return nil, err
	}
	for _, key := range n.Keys {
		if key == "rule_cond_expr" || key == "detection_item_cond_expr" || key == "field_name_cond_expr" {
			return nil, fmt.Errorf("%s: condition expressions are not supported; use a list with its operator", key)
		}
	}
	makeIt, ok := maker(it.kind)
	if !ok {
		return nil, fmt.Errorf("type %q is not known", it.kind)
	}
	it.do, err = makeIt(n)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", it.kind, err)
	}
	return it, nil
}

// subject is a rule on its way through the pipelines.
type subject struct {
	rule    *rule.Rule
	state   map[string]string
	applied map[string]bool
	touched map[*rule.Predicate]map[string]bool // items that changed a predicate
	fields  []func(string) []string             // field renamings in force, for correlations
	vars    map[string][]string
	current *item
}

// Apply sends every rule of a linked set through the pipelines, lowest priority
// first. A rule that a transformation fails is rejected with the pipeline's
// message. Fields of correlations follow the rules they refer to.
func Apply(set *rule.Set, pipelines ...*Pipeline) {
	pipelines = slices.Clone(pipelines)
	slices.SortStableFunc(pipelines, func(a, b *Pipeline) int { return cmp.Compare(a.Priority, b.Priority) })
	kept := set.Rules[:0:0]
	done := map[string]*subject{}
	for _, r := range set.Rules {
		c := *r
		s := &subject{rule: &c, state: map[string]string{}, applied: map[string]bool{}, touched: map[*rule.Predicate]map[string]bool{}, vars: map[string][]string{}}
		if err := s.run(pipelines); err != nil {
			set.Rejected = append(set.Rejected, rule.Rejection{Source: r.Source, ID: r.ID, Title: r.Title, Reason: err.Error()})
			continue
		}
		kept = append(kept, &c)
		done[r.ID], done[r.Name] = s, s
	}
	set.Rules = kept
	for _, c := range set.Correlations {
		follow(c, done)
	}
}

func (s *subject) run(pipelines []*Pipeline) error {
	for _, p := range pipelines {
		maps.Copy(s.vars, p.vars)
		for _, it := range p.items {
			if !it.rule.hold(s, nil, "") {
				continue
			}
			s.current = it
			if err := it.do(s, it); err != nil {
				return fmt.Errorf("pipeline %s: %w", p.Name, err)
			}
			if it.id != "" {
				s.applied[it.id] = true
			}
		}
	}
	return nil
}

// each replaces the predicates an item's conditions select. change returns the
// replacement, nil to drop it.
func (s *subject) each(it *item, change func(p *rule.Predicate) (*rule.Expr, error)) error {
	e, err := s.rule.Expr.Map(func(p *rule.Predicate) (*rule.Expr, error) {
		if !it.detect.hold(s, p, p.Field) || !it.field.hold(s, p, p.Field) {
			return rule.Leaf(p), nil
		}
		out, err := change(p)
		if out != nil && it.id != "" {
			out.Walk(func(q *rule.Predicate) {
				t := maps.Clone(s.touched[p])
				if t == nil {
					t = map[string]bool{}
				}
				t[it.id] = true
				s.touched[q] = t
			})
		}
		return out, err
	})
	if err != nil {
		return err
	}
	if e == nil {
		return fmt.Errorf("%s leaves nothing of the detection", it.kind)
	}
	s.rule.Expr = e
	return nil
}

// rename renames fields, also those fieldref names; several names are
// alternatives.
func (s *subject) rename(it *item, to func(string) []string) error {
	s.fields = append(s.fields, func(field string) []string {
		if field == "" || !it.field.hold(s, nil, field) {
			return []string{field}
		}
		return to(field)
	})
	return s.each(it, func(p *rule.Predicate) (*rule.Expr, error) {
		if p.Field == "" {
			return rule.Leaf(p), nil
		}
		others := []string{p.OtherField}
		if p.OtherField != "" {
			others = to(p.OtherField)
		}
		var args []*rule.Expr
		for _, name := range to(p.Field) {
			for _, other := range others {
				c := *p
				c.Field, c.OtherField = name, other
				args = append(args, rule.Leaf(&c))
			}
		}
		if p.Test == rule.TestNull || p.Test == rule.TestExists && p.Absent {
			return rule.And(args...), nil // absent under every name
		}
		return rule.Or(args...), nil
	})
}

// follow renames the fields of a correlation as those of its rules were; where
// rules differ, an alias says so.
func follow(c *rule.Correlation, done map[string]*subject) {
	names := slices.Concat(c.GroupBy, c.Fields)
	aliases := maps.Clone(c.Aliases)
	if aliases == nil {
		aliases = map[string]map[string]string{}
	}
	for _, name := range names {
		m := map[string]string{}
		changed := false
		for _, ref := range c.Rules {
			field := c.Field(name, ref)
			if s := done[ref]; s != nil {
				for _, f := range s.fields {
					if to := f(field); len(to) > 0 {
						field = to[0]
					}
				}
			}
			changed = changed || field != name
			m[ref] = field
		}
		if changed {
			aliases[name] = m
		}
	}
	if len(aliases) > 0 {
		c.Aliases = aliases
	}
}
