package pipeline

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/tocsin-soc/tocsin/sigma/document"
	"github.com/tocsin-soc/tocsin/sigma/pattern"
	"github.com/tocsin-soc/tocsin/sigma/rule"
)

// transformation changes a rule, or fails it.
type transformation func(s *subject, it *item) error

type transformationMaker func(n *document.Node) (transformation, error)

// maker finds a transformation of pySigma by its type. It is a function, not a
// table, because nest parses items again.
func maker(kind string) (transformationMaker, bool) {
	m, ok := map[string]transformationMaker{
		"field_name_mapping": fieldNameMapping, "field_name_prefix_mapping": fieldPrefixMapping, "field_name_transform": fieldNameTransform,
		"field_name_prefix": fieldAffix(true), "field_name_suffix": fieldAffix(false), "drop_detection_item": dropItem,
		"add_condition": addCondition, "change_logsource": changeLogsource, "set_state": setState,
		"rule_failure": ruleFailure, "detection_item_failure": itemFailure,
		"replace_string": replaceString, "map_string": mapString, "case": caseTransform, "set_value": setValue, "convert_type": convertType,
		"value_placeholders": valuePlaceholders, "wildcard_placeholders": wildcardPlaceholders, "query_expression_placeholders": queryExpression,
		"hashes_fields": hashesFields, "nest": nest, "set_custom_attribute": nop,
		"add_field": outputFields(func(have, given []string) []string { return append(slices.Clone(have), given...) }),
		"set_field": outputFields(func(_, given []string) []string { return given }),
		"remove_field": outputFields(func(have, given []string) []string {
			return slices.DeleteFunc(slices.Clone(have), func(f string) bool { return slices.Contains(given, f) })
		}),
	}[kind]
	return m, ok
}

func nop(*document.Node) (transformation, error) {
	return func(*subject, *item) error { return nil }, nil
}

func mappingOf(n *document.Node) (map[string][]string, error) {
	m := n.Get("mapping")
	if m == nil || m.Kind != document.Map {
		return nil, fmt.Errorf("mapping is missing")
	}
	out := map[string][]string{}
	for i, k := range m.Keys {
		if out[k] = m.Items[i].Strs(); len(out[k]) == 0 && m.Items[i].Kind != document.Null {
			return nil, fmt.Errorf("mapping of %s is empty", k)
		}
	}
	return out, nil
}

func fieldNameMapping(n *document.Node) (transformation, error) {
	m, err := mappingOf(n)
	if err != nil {
		return nil, err
	}
	return renaming(func(f string) []string {
		if to := m[f]; len(to) > 0 {
			return to
		}
		return []string{f}
	}), nil
}

func fieldPrefixMapping(n *document.Node) (transformation, error) {
	m, err := mappingOf(n)
	if err != nil {
		return nil, err
	}
	return renaming(func(f string) []string {
		for prefix, to := range m {
			if rest, ok := strings.CutPrefix(f, prefix); ok {
				var out []string
				for _, t := range to {
					out = append(out, t+rest)
				}
				return out
			}
		}
		return []string{f}
	}), nil
}

func renaming(to func(string) []string) transformation {
	return func(s *subject, it *item) error { return s.rename(it, to) }
}

func fieldAffix(prefix bool) transformationMaker {
	return func(n *document.Node) (transformation, error) {
		affix := n.Get("prefix").Str() + n.Get("suffix").Str()
		if affix == "" {
			return nil, fmt.Errorf("prefix or suffix is missing")
		}
		return renaming(func(f string) []string {
			if prefix {
				return []string{affix + f}
			}
			return []string{f + affix}
		}), nil
	}
}

var snakeBorder = regexp.MustCompile(`([a-z0-9])([A-Z])`)

func fieldNameTransform(n *document.Node) (transformation, error) {
	how, ok := map[string]func(string) string{"lower": strings.ToLower, "upper": strings.ToUpper,
		"snake_case": func(f string) string { return strings.ToLower(snakeBorder.ReplaceAllString(f, "${1}_${2}")) }}[n.Get("transform_func").Str()]
	if !ok {
		return nil, fmt.Errorf("transform_func is lower, upper or snake_case")
	}
	return renaming(func(f string) []string { return []string{how(f)} }), nil
}

func dropItem(*document.Node) (transformation, error) {
	return func(s *subject, it *item) error {
		return s.each(it, func(*rule.Predicate) (*rule.Expr, error) { return nil, nil })
	}, nil
}

// addCondition joins fixed conditions to the rule, or their opposite.
func addCondition(n *document.Node) (transformation, error) {
	c := n.Get("conditions")
	if c == nil {
		return nil, fmt.Errorf("conditions are missing")
	}
	e, err := rule.ParseItems(c)
	if err != nil {
		return nil, err
	}
	if n.Get("negated").Str() == "true" {
		e = rule.Not(e)
	}
	return func(s *subject, _ *item) error {
		s.rule.Expr = rule.And(e, s.rule.Expr)
		return nil
	}, nil
}

func changeLogsource(n *document.Node) (transformation, error) {
	l := rule.Logsource{Product: n.Get("product").Str(), Category: n.Get("category").Str(), Service: n.Get("service").Str()}
	return func(s *subject, _ *item) error {
		s.rule.Logsource = l
		return nil
	}, nil
}

func setState(n *document.Node) (transformation, error) {
	key, val := n.Get("key").Str(), n.Get("val").Str()
	return func(s *subject, _ *item) error {
		s.state[key] = val
		return nil
	}, nil
}

func ruleFailure(n *document.Node) (transformation, error) {
	msg := n.Get("message").Str()
	return func(*subject, *item) error { return fmt.Errorf("%s", msg) }, nil
}

func itemFailure(n *document.Node) (transformation, error) {
	msg := n.Get("message").Str()
	return func(s *subject, it *item) error {
		return s.each(it, func(p *rule.Predicate) (*rule.Expr, error) { return nil, fmt.Errorf("%s (%s)", msg, p.Field) })
	}, nil
}

// literals changes the literal parts of string values.
func literals(change func(string) string) transformation {
	return func(s *subject, it *item) error {
		return s.each(it, func(p *rule.Predicate) (*rule.Expr, error) {
			if p.Test != rule.TestPattern {
				return rule.Leaf(p), nil
			}
			c := *p
			c.Pattern = slices.Clone(p.Pattern)
			for i, t := range c.Pattern {
				if t.Kind == pattern.Literal {
					c.Pattern[i].Text = change(t.Text)
				}
			}
			return rule.Leaf(&c), nil
		})
	}
}

func replaceString(n *document.Node) (transformation, error) {
	re, err := regexp.Compile(n.Get("regex").Str())
	if err != nil {
		return nil, err
	}
	// Python's \1 and \g<1> are ${1} here.
	to := regexp.MustCompile(`\\(?:g<(\w+)>|(\d+))`).ReplaceAllString(strings.ReplaceAll(n.Get("replacement").Str(), "$", "$$"), "$${$1$2}")
	return literals(func(s string) string { return re.ReplaceAllString(s, to) }), nil
}

func caseTransform(n *document.Node) (transformation, error) {
	switch n.Get("method").Str() {
	case "lower":
		return literals(strings.ToLower), nil
	case "upper":
		return literals(strings.ToUpper), nil
	}
	return nil, fmt.Errorf("method is lower or upper")
}

func mapString(n *document.Node) (transformation, error) {
	m, err := mappingOf(n)
	if err != nil {
		return nil, err
	}
	return func(s *subject, it *item) error {
		return s.each(it, func(p *rule.Predicate) (*rule.Expr, error) {
			if p.Test != rule.TestPattern || m[p.Pattern.String()] == nil {
				return rule.Leaf(p), nil
			}
			return alternatives(p, m[p.Pattern.String()]), nil
		})
	}, nil
}

func setValue(n *document.Node) (transformation, error) {
	v := n.Get("value")
	if v == nil || v.Kind == document.Map || v.Kind == document.List {
		return nil, fmt.Errorf("value is missing")
	}
	return func(s *subject, it *item) error {
		return s.each(it, func(p *rule.Predicate) (*rule.Expr, error) {
			if v.Kind == document.Null {
				return rule.Leaf(&rule.Predicate{Field: p.Field, Test: rule.TestNull}), nil
			}
			return alternatives(&rule.Predicate{Field: p.Field}, []string{v.Text}), nil
		})
	}, nil
}

func alternatives(p *rule.Predicate, values []string) *rule.Expr {
	var args []*rule.Expr
	for _, v := range values {
		c := *p
		c.Pattern = pattern.Parse(v, false)
		args = append(args, rule.Leaf(&c))
	}
	return rule.Or(args...)
}

// valuePlaceholders fills placeholders from the pipeline's variables.
func valuePlaceholders(n *document.Node) (transformation, error) {
	chosen := placeholderChoice(n)
	return func(s *subject, it *item) error {
		values := map[string][]string{}
		for name, v := range s.vars {
			if chosen(name) {
				values[name] = v
			}
		}
		return fill(s, it, chosen, values)
	}, nil
}

// wildcardPlaceholders lets placeholders match anything.
func wildcardPlaceholders(n *document.Node) (transformation, error) {
	chosen := placeholderChoice(n)
	return func(s *subject, it *item) error {
		values := map[string][]string{}
		s.rule.Expr.Walk(func(p *rule.Predicate) {
			for _, name := range p.Pattern.Placeholders() {
				if chosen(name) {
					values[name] = []string{"*"}
				}
			}
		})
		return fill(s, it, chosen, values)
	}, nil
}

func placeholderChoice(n *document.Node) func(string) bool {
	include, exclude := n.Get("include").Strs(), n.Get("exclude").Strs()
	return func(name string) bool {
		return (include == nil || slices.Contains(include, name)) && !slices.Contains(exclude, name)
	}
}

// fill replaces the chosen placeholders; others stay for later steps.
func fill(s *subject, it *item, chosen func(string) bool, values map[string][]string) error {
	return s.each(it, func(p *rule.Predicate) (*rule.Expr, error) {
		names := p.Pattern.Placeholders()
		if names == nil || !slices.ContainsFunc(names, chosen) {
			return rule.Leaf(p), nil
		}
		for _, name := range names {
			if !chosen(name) {
				return nil, fmt.Errorf("%s: a value mixes placeholder %%%s%% with others", it.kind, name)
			}
		}
		r, err := rule.Fill(&rule.Rule{Expr: rule.Leaf(p)}, values)
		if err != nil {
			return nil, err
		}
		return r.Expr, nil
	})
}

// hashesFields splits Hashes values ("SHA256=…") into fields of their own.
func hashesFields(n *document.Node) (transformation, error) {
	algorithms, prefix := n.Get("valid_hash_algos").Strs(), n.Get("field_prefix").Str()
	drop := n.Get("drop_algo_prefix").Str() == "true"
	byLength := map[int]string{32: "MD5", 40: "SHA1", 64: "SHA256", 128: "SHA512"}
	return func(s *subject, it *item) error {
		return s.each(it, func(p *rule.Predicate) (*rule.Expr, error) {
			if p.Field != "Hashes" && p.Field != "Hash" || p.Test != rule.TestPattern {
				return rule.Leaf(p), nil
			}
			text, _, _ := p.Pattern.Longest()
			algorithm, hash, ok := strings.Cut(text, "=")
			if !ok {
				algorithm, hash = byLength[len(text)], text
			}
			if !slices.ContainsFunc(algorithms, func(a string) bool { return strings.EqualFold(a, algorithm) }) {
				return nil, fmt.Errorf("hashes_fields: %q is no hash of a valid algorithm", text)
			}
			c := *p
			if c.Field = prefix; !drop {
				c.Field += strings.ToUpper(algorithm)
			}
			c.Pattern = pattern.Text(hash)
			return rule.Leaf(&c), nil
		})
	}, nil
}

func convertType(n *document.Node) (transformation, error) {
	switch n.Get("target_type").Str() {
	case "str", "num":
		return nop(n) // values compare as text in canonical form either way
	}
	return nil, fmt.Errorf("target_type is str or num")
}

// outputFields changes the rule's list of fields to show.
func outputFields(change func(have, given []string) []string) transformationMaker {
	return func(n *document.Node) (transformation, error) {
		given := slices.Concat(n.Get("field").Strs(), n.Get("fields").Strs())
		return func(s *subject, _ *item) error {
			s.rule.Fields = change(s.rule.Fields, given)
			return nil
		}, nil
	}
}

// nest applies several transformations under the conditions of one.
func nest(n *document.Node) (transformation, error) {
	l := n.Get("items")
	if l == nil || len(l.Items) == 0 {
		return nil, fmt.Errorf("items are missing")
	}
	var items []*item
	for i := range l.Items {
		it, err := parseItem(&l.Items[i])
		if err != nil {
			return nil, err
		}
		items = append(items, it)
	}
	return func(s *subject, _ *item) error { return s.run([]*Pipeline{{Name: "nest", items: items}}) }, nil
}

func queryExpression(*document.Node) (transformation, error) {
	return nil, fmt.Errorf("works on the text of a query; rules are matched here without one")
}
