package normalize

import (
	"strconv"
	"strings"

	"github.com/tocsin-soc/tocsin/internal/normalize/expression"
)

// A node is a field of a shape, in the tree of their names. The tree of a shape
// has the fields that mappings ask for; a reader works on a copy of its own,
// which learns the others as they come.
type node struct {
	key    string
	path   string // keys from the record down, joined by dots; indexes left out
	parent *node
	depth  int

	children map[string]*node
	symbol   int    // -1
	list     bool   // the symbol collects a list
	plans    uint64 // rows that take it or what it is in, as bits
	auto     []autoCell
	whole    bool  // auto takes objects too
	filled   []int // rows whose columns the members fill
	suffixed []flatCell
	pair     [2]string // names of the members that hold name and value
	ignored  bool
	isLong   bool     // its path has more than maxPath bytes: it stands under a shorter one, and rules do not see it
	opened   bool     // opening an envelope takes it
	elements bool     // there are children for elements of an array
	names    []string // as Sigma rules call it

	tally tally // of the last source
}

// An autoCell is the column of a row that takes a field by its name.
type autoCell struct{ plan, column int }

// A flatCell is the beginning of a column's name, which a suffix completes.
type flatCell struct {
	plan int
	name string
}

const allPlans = ^uint64(0)

// isUnit says whether an object is kept or left as one value. Others are kept in
// parts: a row that takes the object has them all.
func (nd *node) isUnit() bool { return nd.whole || nd.ignored || nd.opened }

// takenBy says which rows take a symbol.
type takenBy struct {
	s    *recordShape
	bits map[int]uint64
}

func newTakes(s *recordShape) *takenBy { return &takenBy{s: s, bits: map[int]uint64{}} }

func (t *takenBy) symbol(plans uint64, id int) { t.bits[id] |= plans }

func (t *takenBy) mark(plans uint64, list ...*expression.Expr) {
	for _, x := range list {
		if x == nil {
			continue
		}
		x.Each(func(id int) { t.bits[id] |= plans })
	}
}

// grow makes the tree of a shape; opened says what opening an envelope takes.
func (s *recordShape) grow(rule *shapeRule, t, opened *takenBy) {
	s.root = &node{symbol: -1}
	for name, id := range s.sym.IDs {
		nd := s.root.at(name)
		nd.symbol, nd.plans = id, t.bits[id]
		nd.opened = opened.bits[id] != 0
		for p := nd; p != nil; p = p.parent {
			nd.list = nd.list || p.key == "*"
		}
	}
	for path, names := range rule.Pairs {
		s.root.at(path).pair = names
	}
	for _, path := range rule.Ignore {
		s.root.at(path).ignored = true
	}
	for field := range rule.Recognise.Is {
		if nd := s.root.at(field); nd.plans == 0 {
			nd.plans = allPlans // the shape's name says it
		}
	}
	for i, row := range rule.Rows {
		for _, path := range row.Auto {
			nd := s.root
			if path != "." {
				nd = s.root.at(path)
			}
			nd.filled = append(nd.filled, i)
		}
		for path, name := range row.Suffixed {
			nd := s.root
			if path != "." {
				nd = s.root.at(path)
			}
			nd.suffixed = append(nd.suffixed, flatCell{plan: i, name: name})
		}
	}
	s.root.settle(s)
}

// at returns the node of a path, made if it is not there.
func (nd *node) at(path string) *node {
	for key := range strings.SplitSeq(path, ".") {
		child := nd.children[key]
		if child == nil {
			child = nd.add(key)
		}
		nd = child
	}
	return nd
}

// add makes a child.
func (nd *node) add(key string) *node {
	child := &node{key: key, path: nd.path, parent: nd, depth: nd.depth + 1, symbol: -1}
	if _, err := strconv.Atoi(key); key == "*" || err == nil && nd.parent != nil {
		nd.elements, child.depth = true, nd.depth
	} else if nd.path == "" {
		child.path = key
	} else {
		child.path = nd.path + "." + key
	}
	if nd.children == nil {
		nd.children = map[string]*node{}
	}
	nd.children[key] = child
	return child
}

// settle fills in what follows from the shape, for the node and all below it.
func (nd *node) settle(s *recordShape) {
	if nd.parent != nil {
		nd.inherit(s)
	}
	for _, child := range nd.children {
		child.settle(s)
	}
}

// inherit fills in what a node has from its parents.
func (nd *node) inherit(s *recordShape) {
	if !nd.isLong {
		nd.name(s)
	}
	nd.ignored = nd.ignored || nd.parent.ignored
	nd.plans |= nd.parent.plans
	for _, i := range nd.parent.filled {
		if i >= len(s.plans) {
			continue // the row was refused
		}
		p := s.plans[i]
		column, ok := p.t.column(nd.key)
		if ok && !p.taken[column] && column != p.t.typeName {
			nd.auto = append(nd.auto, autoCell{plan: i, column: column})
			nd.whole = true
		}
	}
	for _, f := range nd.parent.suffixed {
		if f.plan < len(s.plans) && !nd.isLong {
			nd.flatten(s.plans[f.plan], f)
		}
	}
}

// name says what Sigma rules call the node.
func (nd *node) name(s *recordShape) {
	nd.names = append(nd.names, nd.path)
	for _, prefix := range s.strip {
		if rest, ok := strings.CutPrefix(nd.path, prefix); ok && len(rest) > 1 && rest[0] == '.' {
			nd.names = append(nd.names, rest[1:])
		}
	}
	for _, prefix := range s.under {
		nd.names = append(nd.names, prefix+"."+nd.path)
	}
}

// flatten gives a node the columns that begin with its path.
func (nd *node) flatten(p *shapePlan, f flatCell) {
	if f.name != "" {
		f.name += "_"
	}
	f.name += columnName(nd.key)
	nd.suffixed = append(nd.suffixed, f)
	for _, suffix := range [...]string{"_d", "_b", "_g", "_t", "_s"} {
		if column, ok := p.t.column(f.name + suffix); ok && !p.taken[column] {
			nd.auto = append(nd.auto, autoCell{plan: f.plan, column: column})
		}
	}
}

// columnName writes a name as Azure does in columns: what is neither letter, digit
// nor underscore becomes an underscore, one for several in a row:
// "http://schemas.example/upn" is http_schemas_example_upn.
func columnName(key string) string {
	b := make([]byte, 0, len(key))
	isGap := false
	for i := range len(key) {
		switch c := key[i]; {
		case c == '_' || c-'0' < 10 || c|0x20-'a' < 26:
			b, isGap = append(b, c), false
		case !isGap:
			b, isGap = append(b, '_'), true
		}
	}
	return string(b)
}

// copied returns a copy of the tree for a reader.
func (nd *node) copied(parent *node) *node {
	c := *nd
	c.parent = parent
	c.children = make(map[string]*node, len(nd.children))
	for key, child := range nd.children {
		c.children[key] = child.copied(&c)
	}
	return &c
}
