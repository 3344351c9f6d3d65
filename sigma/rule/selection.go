package rule

import (
	"fmt"
	"strings"

	"github.com/tocsin-soc/tocsin/sigma/document"
)

// parseSelection resolves one named search: a map is all of its items, a list is
// any of its elements, a scalar is a keyword.
func parseSelection(n *document.Node) (*Expr, error) {
	switch n.Kind {
	case document.Map:
		return ParseItems(n)
	case document.List:
		return parseAlternatives(n)
	case document.Null:
		return nil, fmt.Errorf("is empty")
	}
	return parseItem("", []document.Node{*n})
}

func parseAlternatives(n *document.Node) (*Expr, error) {
	if len(n.Items) == 0 {
		return nil, fmt.Errorf("is an empty list")
	}
	var args []*Expr
	var keywords []document.Node
	for i := range n.Items {
		item := &n.Items[i]
		switch item.Kind {
		case document.Map:
			e, err := ParseItems(item)
			if err != nil {
				return nil, err
			}
			args = append(args, e)
		case document.List:
			return nil, fmt.Errorf("line %d: a list inside a list has no meaning", item.Line)
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

// ParseItems resolves a map of "field|modifiers: values" items, all of which must
// hold.
func ParseItems(n *document.Node) (*Expr, error) {
	if len(n.Keys) == 0 {
		return nil, fmt.Errorf("is an empty map")
	}
	args := make([]*Expr, 0, len(n.Keys))
	for i, key := range n.Keys {
		v := &n.Items[i]
		values := []document.Node{*v}
		switch v.Kind {
		case document.List:
			values = v.Items
		case document.Map:
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
func parseItem(key string, values []document.Node) (*Expr, error) {
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
		if k := values[i].Kind; k == document.Map || k == document.List {
			return nil, fmt.Errorf("line %d: only plain values may stand in a value list", values[i].Line)
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
