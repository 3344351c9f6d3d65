package sigma

import (
	"fmt"
	"strings"
)

// parseSelection resolves one named search: a map is all of its items, a list is
// any of its elements, a scalar is a keyword.
func parseSelection(n *yamlNode) (*Expr, error) {
	switch n.kind {
	case yamlMap:
		return parseItems(n)
	case yamlList:
		return parseAlternatives(n)
	case yamlNull:
		return nil, fmt.Errorf("is empty")
	}
	return parseItem("", []yamlNode{*n})
}

func parseAlternatives(n *yamlNode) (*Expr, error) {
	if len(n.items) == 0 {
		return nil, fmt.Errorf("is an empty list")
	}
	var args []*Expr
	var keywords []yamlNode
	for i := range n.items {
		item := &n.items[i]
		switch item.kind {
		case yamlMap:
			e, err := parseItems(item)
			if err != nil {
				return nil, err
			}
			args = append(args, e)
		case yamlList:
			return nil, fmt.Errorf("line %d: a list inside a list has no meaning", item.line)
		default:
			keywords = append(keywords, *item)
		}
	}
	if keywords != nil {
		e, err := parseItem("", keywords)
		if err != nil {
			return nil, err
		}
		args = append(args, e)
	}
	return Or(args...), nil
}

func parseItems(n *yamlNode) (*Expr, error) {
	if len(n.keys) == 0 {
		return nil, fmt.Errorf("is an empty map")
	}
	args := make([]*Expr, 0, len(n.keys))
	for i, key := range n.keys {
		v := &n.items[i]
		values := []yamlNode{*v}
		switch v.kind {
		case yamlList:
			values = v.items
		case yamlMap:
			return nil, fmt.Errorf("%s: a map is no value", key)
		}
		e, err := parseItem(key, values)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		args = append(args, e)
	}
	return And(args...), nil
}

// parseItem resolves "field|modifier…: values". An empty field means keywords.
func parseItem(key string, values []yamlNode) (*Expr, error) {
	field, chain, _ := strings.Cut(key, "|")
	var mods []string
	if chain != "" {
		mods = strings.Split(chain, "|")
	}
	c, err := newModifierChain(field, mods)
	if err != nil {
		return nil, err
	}
	if len(values) == 0 {
		return nil, fmt.Errorf("has an empty list of values")
	}
	args := make([]*Expr, 0, len(values))
	for i := range values {
		if k := values[i].kind; k == yamlMap || k == yamlList {
			return nil, fmt.Errorf("line %d: only plain values may stand in a value list", values[i].line)
		}
		e, err := c.value(&values[i])
		if err != nil {
			return nil, err
		}
		args = append(args, e)
	}
	join := Or
	if c.all {
		join = And
	}
	e := join(args...)
	if c.negate {
		e = Not(e)
	}
	return e, nil
}
