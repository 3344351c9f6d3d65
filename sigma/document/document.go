// Package document reads YAML documents into trees of scalars, lists and maps.
//
// It promises to keep what Sigma needs and generic decoders lose: whether a
// scalar was written as text, number, truth value or null, and the line. It
// refuses files that are too large, too deep or that aliases blow up, and what
// YAML allows but rules do not use (merge keys). It never panics.
package document

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds on a document: content comes from strangers.
const (
	maxDocumentBytes = 4 << 20
	maxYAMLDepth     = 64
)

// Kind is the kind of a Node.
type Kind uint8

// The kinds; a plain scalar has the one YAML 1.2 gives it.
const (
	Null Kind = iota
	String
	Int
	Float
	Bool
	Map
	List
)

// Node is a YAML value reduced to what rules need: the kind of a scalar
// decides how a detection compares it, so it is kept beside the text.
type Node struct {
	Kind  Kind
	Text  string // scalars: the value as text, numbers in canonical form
	Keys  []string
	Items []Node // list elements, or map values beside Keys
	Line  int
}

// Get returns the value of a key, nil when n is no map or has none such.
func (n *Node) Get(key string) *Node {
	if n == nil || n.Kind != Map {
		return nil
	}
	for i, k := range n.Keys {
		if k == key {
			return &n.Items[i]
		}
	}
	return nil
}

// Str returns the text of a scalar, "" when the node is absent or no scalar.
func (n *Node) Str() string {
	if n == nil || n.Kind == Map || n.Kind == List {
		return ""
	}
	return n.Text
}

// Strs returns the scalars of a list, or the scalar itself as a list of one.
func (n *Node) Strs() []string {
	switch {
	case n == nil || n.Kind == Null || n.Kind == Map:
		return nil
	case n.Kind != List:
		return []string{n.Text}
	}
	out := make([]string, 0, len(n.Items))
	for i := range n.Items {
		if s := n.Items[i].Str(); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// Parse reads every document of a file; empty ones are left out.
func Parse(src []byte) (docs []Node, err error) {
	if len(src) > maxDocumentBytes {
		return nil, fmt.Errorf("file of %d bytes exceeds the limit of %d", len(src), maxDocumentBytes)
	}
	defer func() {
		// The YAML library is not ours; a panic in it must not take down a loader of thousands of files.
		if r := recover(); r != nil {
			docs, err = nil, fmt.Errorf("reading YAML: %v", r)
		}
	}()
	file, err := parser.ParseBytes(src, 0)
	if err != nil {
		return nil, fmt.Errorf("reading YAML: %s", firstLine(err.Error()))
	}
	for _, d := range file.Docs {
		if d.Body == nil {
			continue
		}
		c := converter{anchors: map[string]ast.Node{}}
		n, err := c.convert(d.Body, 0)
		if err != nil {
			return nil, err
		}
		if n.Kind == Null {
			continue
		}
		docs = append(docs, n)
	}
	return docs, nil
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

// maxYAMLNodes bounds what aliases can blow a document up to.
const maxYAMLNodes = 200_000

type converter struct {
	anchors map[string]ast.Node
	nodes   int
}

func (c *converter) convert(n ast.Node, depth int) (Node, error) {
	if c.nodes++; depth > maxYAMLDepth || c.nodes > maxYAMLNodes {
		return Node{}, fmt.Errorf("document is nested deeper than %d or larger than %d values", maxYAMLDepth, maxYAMLNodes)
	}
	line := 0
	if t := n.GetToken(); t != nil && t.Position != nil {
		line = t.Position.Line
	}
	switch n := n.(type) {
	case *ast.NullNode:
		return Node{Kind: Null, Line: line}, nil
	case *ast.StringNode:
		return Node{Kind: String, Text: n.Value, Line: line}, nil
	case *ast.LiteralNode:
		return Node{Kind: String, Text: n.Value.Value, Line: line}, nil
	case *ast.BoolNode:
		return Node{Kind: Bool, Text: strconv.FormatBool(n.Value), Line: line}, nil
	case *ast.IntegerNode:
		return Node{Kind: Int, Text: fmt.Sprint(n.Value), Line: line}, nil
	case *ast.FloatNode:
		return Node{Kind: Float, Text: strconv.FormatFloat(n.Value, 'f', -1, 64), Line: line}, nil
	case *ast.InfinityNode, *ast.NanNode:
		return Node{Kind: String, Text: n.GetToken().Value, Line: line}, nil
	case *ast.MappingNode:
		return c.convertMap(n.Values, line, depth)
	case *ast.MappingValueNode:
		return c.convertMap([]*ast.MappingValueNode{n}, line, depth)
	case *ast.SequenceNode:
		return c.convertList(n, line, depth)
	case *ast.AnchorNode:
		c.anchors[n.Name.GetToken().Value] = n.Value
		return c.convert(n.Value, depth+1)
	case *ast.AliasNode:
		target, ok := c.anchors[n.Value.GetToken().Value]
		if !ok {
			return Node{}, fmt.Errorf("line %d: unknown alias *%s", line, n.Value.GetToken().Value)
		}
		return c.convert(target, depth+1)
	case *ast.TagNode:
		v, err := c.convert(n.Value, depth+1)
		if err == nil && n.Start.Value == "!!str" && v.Kind != Map && v.Kind != List {
			v.Kind = String
		}
		return v, err
	}
	return Node{}, fmt.Errorf("line %d: YAML %s is not supported", line, n.Type())
}

func (c *converter) convertMap(values []*ast.MappingValueNode, line, depth int) (Node, error) {
	out := Node{Kind: Map, Line: line,
		Keys: make([]string, 0, len(values)), Items: make([]Node, 0, len(values))}
	for _, v := range values {
		if v.Key.Type() == ast.MergeKeyType {
			return out, fmt.Errorf("line %d: YAML merge keys are not supported", line)
		}
		item, err := c.convert(v.Value, depth+1)
		if err != nil {
			return out, err
		}
		out.Keys = append(out.Keys, keyText(v.Key))
		out.Items = append(out.Items, item)
	}
	return out, nil
}

func keyText(k ast.MapKeyNode) string {
	switch k := k.(type) {
	case *ast.StringNode:
		return k.Value
	case *ast.MappingKeyNode:
		return k.Value.GetToken().Value
	}
	if t := k.GetToken(); t != nil && t.Type != token.AnchorType {
		return t.Value
	}
	return k.String()
}

func (c *converter) convertList(n *ast.SequenceNode, line, depth int) (Node, error) {
	out := Node{Kind: List, Line: line, Items: make([]Node, 0, len(n.Values))}
	for _, v := range n.Values {
		item, err := c.convert(v, depth+1)
		if err != nil {
			return out, err
		}
		out.Items = append(out.Items, item)
	}
	return out, nil
}
