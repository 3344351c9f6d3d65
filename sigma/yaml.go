package sigma

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

type yamlKind uint8

const (
	yamlNull yamlKind = iota
	yamlString
	yamlInt
	yamlFloat
	yamlBool
	yamlMap
	yamlList
)

// yamlNode is a YAML value reduced to what rules need: the kind of a scalar
// decides how a detection compares it, so it is kept beside the text.
type yamlNode struct {
	kind  yamlKind
	text  string // scalars: the value as text, numbers in canonical form
	keys  []string
	items []yamlNode // list elements, or map values beside keys
	line  int
}

func (n *yamlNode) get(key string) *yamlNode {
	if n == nil || n.kind != yamlMap {
		return nil
	}
	for i, k := range n.keys {
		if k == key {
			return &n.items[i]
		}
	}
	return nil
}

// str returns the text of a scalar, "" when the node is absent or no scalar.
func (n *yamlNode) str() string {
	if n == nil || n.kind == yamlMap || n.kind == yamlList {
		return ""
	}
	return n.text
}

// strs returns the scalars of a list, or the scalar itself as a list of one.
func (n *yamlNode) strs() []string {
	switch {
	case n == nil || n.kind == yamlNull || n.kind == yamlMap:
		return nil
	case n.kind != yamlList:
		return []string{n.text}
	}
	out := make([]string, 0, len(n.items))
	for i := range n.items {
		if s := n.items[i].str(); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// parseYAML reads every document of a file.
func parseYAML(src []byte) (docs []yamlNode, err error) {
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
		c := yamlConverter{anchors: map[string]ast.Node{}}
		n, err := c.convert(d.Body, 0)
		if err != nil {
			return nil, err
		}
		if n.kind == yamlNull {
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

type yamlConverter struct {
	anchors map[string]ast.Node
	nodes   int
}

func (c *yamlConverter) convert(n ast.Node, depth int) (yamlNode, error) {
	if c.nodes++; depth > maxYAMLDepth || c.nodes > maxYAMLNodes {
		return yamlNode{}, fmt.Errorf("document is nested deeper than %d or larger than %d values", maxYAMLDepth, maxYAMLNodes)
	}
	line := 0
	if t := n.GetToken(); t != nil && t.Position != nil {
		line = t.Position.Line
	}
	switch n := n.(type) {
	case *ast.NullNode:
		return yamlNode{kind: yamlNull, line: line}, nil
	case *ast.StringNode:
		return yamlNode{kind: yamlString, text: n.Value, line: line}, nil
	case *ast.LiteralNode:
		return yamlNode{kind: yamlString, text: n.Value.Value, line: line}, nil
	case *ast.BoolNode:
		return yamlNode{kind: yamlBool, text: strconv.FormatBool(n.Value), line: line}, nil
	case *ast.IntegerNode:
		return yamlNode{kind: yamlInt, text: fmt.Sprint(n.Value), line: line}, nil
	case *ast.FloatNode:
		return yamlNode{kind: yamlFloat, text: strconv.FormatFloat(n.Value, 'f', -1, 64), line: line}, nil
	case *ast.InfinityNode, *ast.NanNode:
		return yamlNode{kind: yamlString, text: n.GetToken().Value, line: line}, nil
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
			return yamlNode{}, fmt.Errorf("line %d: unknown alias *%s", line, n.Value.GetToken().Value)
		}
		return c.convert(target, depth+1)
	case *ast.TagNode:
		v, err := c.convert(n.Value, depth+1)
		if err == nil && n.Start.Value == "!!str" && v.kind != yamlMap && v.kind != yamlList {
			v.kind = yamlString
		}
		return v, err
	}
	return yamlNode{}, fmt.Errorf("line %d: YAML %s is not supported", line, n.Type())
}

func (c *yamlConverter) convertMap(values []*ast.MappingValueNode, line, depth int) (yamlNode, error) {
	out := yamlNode{kind: yamlMap, line: line,
		keys: make([]string, 0, len(values)), items: make([]yamlNode, 0, len(values))}
	for _, v := range values {
		if v.Key.Type() == ast.MergeKeyType {
			return out, fmt.Errorf("line %d: YAML merge keys are not supported", line)
		}
		item, err := c.convert(v.Value, depth+1)
		if err != nil {
			return out, err
		}
		out.keys = append(out.keys, keyText(v.Key))
		out.items = append(out.items, item)
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

func (c *yamlConverter) convertList(n *ast.SequenceNode, line, depth int) (yamlNode, error) {
	out := yamlNode{kind: yamlList, line: line, items: make([]yamlNode, 0, len(n.Values))}
	for _, v := range n.Values {
		item, err := c.convert(v, depth+1)
		if err != nil {
			return out, err
		}
		out.items = append(out.items, item)
	}
	return out, nil
}
