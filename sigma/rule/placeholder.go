package rule

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tocsin-soc/tocsin/sigma/pattern"
)

// Fill returns r with every placeholder of the expand modifier replaced by its
// values, r itself when it has none. A placeholder without values is an error:
// the specification wants such a rule rejected.
func Fill(r *Rule, values map[string][]string) (*Rule, error) {
	var missing []string
	found := false
	r.Expr.Walk(func(q *Predicate) {
		for _, name := range q.Pattern.Placeholders() {
			found = true
			if _, ok := values[name]; !ok && !slices.Contains(missing, "%"+name+"%") {
				missing = append(missing, "%"+name+"%")
			}
		}
	})
	if missing != nil {
		return nil, fmt.Errorf("no value is configured for placeholder %s", strings.Join(missing, ", "))
	}
	if !found {
		return r, nil
	}
	out := *r
	var err error
	out.Expr, err = r.Expr.Map(func(q *Predicate) (*Expr, error) { return fillPredicate(q, values) })
	return &out, err
}

func fillPredicate(q *Predicate, values map[string][]string) (*Expr, error) {
	if q.Pattern.Placeholders() == nil {
		return Leaf(q), nil
	}
	list, err := pattern.Product(q.Pattern, func(name string) ([]string, bool) {
		v, ok := values[name]
		return v, ok
	})
	if err != nil {
		return nil, err
	}
	args := make([]*Expr, 0, len(list))
	for _, filled := range list {
		c := *q
		c.Pattern = filled
		if q.Test == TestCIDR {
			text, _ := filled.Plain()
			if c.Network, err = parseNetwork(text); err != nil {
				return nil, err
			}
			c.Pattern = nil
		}
		args = append(args, Leaf(&c))
	}
	return Or(args...), nil
}
