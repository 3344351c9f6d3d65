package evtx

import (
	"fmt"
	"strconv"
)

// A branch is an element, attribute, piece of text or instruction of a record
// rendered in full. Branches are linked by index; -1 ends a list.
type branch struct {
	kind       nodeKind // nodeElement, nodeAttribute, nodeText, nodePI
	value      Kind     // text: what it was
	closed     bool
	name       string
	off, size  uint32 // text and PI data
	attrs      int32  // element: first attribute
	lastAttr   int32
	first      int32 // element, attribute: first child
	last       int32
	next       int32 // sibling
	elements   int32 // element: number of child elements
	ordinal    int32 // element: how many siblings of its name are in front (JSON)
	twin       int32 // Data element: the next of its name (JSON)
	textLength uint32
}

const maxBranches = 1 << 17

// A tree is a record with its templates filled in. It serves the renderings
// and is never built for flattening.
type tree struct {
	binxml
	branches []branch
	text     []byte
	// names and dataNames are scratch of the JSON renderer.
	names, dataNames map[string]int32
}

const noBranch = int32(-1)

func newTree(sym *symbols, format formatter) *tree {
	t := &tree{binxml: binxml{sym: sym, format: format}, names: map[string]int32{}, dataNames: map[string]int32{}}
	t.enter = func(tpl *template, parent int32, base, count, depth int) error {
		return t.expand(tpl, 0, int32(len(tpl.nodes)), parent, base, count, depth)
	}
	t.missing = func(_ error, parent int32, base, count, depth int) error {
		return t.nameless(parent, base, count, depth)
	}
	return t
}

// build makes the tree of a record. Branch 0 is the document.
func (t *tree) build(r *Record) error {
	t.branches = append(t.branches[:0], branch{kind: nodeElement, attrs: noBranch, first: noBranch, last: noBranch, next: noBranch})
	t.text = t.text[:0]
	return t.payload(r, func() int { return len(t.text) })
}

// add appends a branch to its parent and returns its number.
func (t *tree) add(parent int32, b branch) int32 {
	at := int32(len(t.branches))
	b.attrs, b.first, b.last, b.next, b.twin = noBranch, noBranch, noBranch, noBranch, noBranch
	t.branches = append(t.branches, b)
	p := &t.branches[parent]
	switch {
	case b.kind == nodeAttribute && p.attrs == noBranch:
		p.attrs, p.lastAttr = at, at
	case b.kind == nodeAttribute:
		t.branches[p.lastAttr].next = at
		p.lastAttr = at
	case p.first == noBranch:
		p.first, p.last = at, at
	default:
		t.branches[p.last].next = at
		p.last = at
	}
	if b.kind == nodeElement {
		p.elements++
	}
	return at
}

// addText appends text[from:] to the parent.
func (t *tree) addText(parent int32, from int, kind Kind) {
	size := uint32(len(t.text) - from)
	t.add(parent, branch{kind: nodeText, value: kind, off: uint32(from), size: size})
	t.branches[parent].textLength += size
}

// expand adds the nodes from…to of a template to the parent.
func (t *tree) expand(tpl *template, from, to, parent int32, base, count, depth int) error {
	for i := from; i < to; i++ {
		if err := t.step(); err != nil {
			return err
		}
		if len(t.text) > maxText || len(t.branches) > maxBranches {
			return fmt.Errorf("%w: more than %d bytes of text in a record", ErrLimit, maxText)
		}
		n := &tpl.nodes[i]
		var err error
		switch n.kind {
		case nodeElement:
			err = t.element(tpl, i, parent, base, count, depth)
			i = n.end - 1
		case nodeAttribute:
			err = t.attribute(tpl, i, parent, base, count)
			i = n.end - 1
		case nodeText:
			from := len(t.text)
			t.text = append(t.text, n.text...)
			t.addText(parent, from, String)
		case nodePI:
			from := len(t.text)
			t.text = append(t.text, n.text...)
			t.add(parent, branch{kind: nodePI, name: n.name, off: uint32(from), size: uint32(len(n.text))})
		case nodeInstance:
			_, err = t.instance(int(n.off), chunkSize, parent, depth+1)
		case nodeSlot:
			err = t.slot(n, parent, base, count, depth)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// element adds an element; one whose only content is an array is repeated for
// each item.
func (t *tree) element(tpl *template, at, parent int32, base, count, depth int) error {
	n := &tpl.nodes[at]
	body := at + 1
	for body < n.end && tpl.nodes[body].kind == nodeAttribute {
		body = tpl.nodes[body].end
	}
	items, base8 := []byte(nil), uint8(0)
	if n.end-body == 1 && tpl.nodes[body].kind == nodeSlot && int(tpl.nodes[body].slot) < count {
		if s := t.slots[base+int(tpl.nodes[body].slot)]; s.typ&typeArray != 0 {
			items, base8 = t.bytes(s), s.typ&^typeArray
		}
	}
	for {
		e := t.add(parent, branch{kind: nodeElement, name: n.name, closed: n.closed})
		if err := t.expand(tpl, at+1, body, e, base, count, depth); err != nil {
			return err
		}
		if len(items) == 0 {
			return t.expand(tpl, body, n.end, e, base, count, depth)
		}
		var item []byte
		item, items = nextItem(base8, items)
		from := len(t.text)
		var kind Kind
		t.text, kind = t.format.append(t.text, base8, item)
		t.addText(e, from, kind)
		if len(items) == 0 {
			return nil
		}
		if err := t.step(); err != nil {
			return err
		}
	}
}

// attribute adds an attribute, unless all its values are absent optional ones.
func (t *tree) attribute(tpl *template, at, parent int32, base, count int) error {
	n := &tpl.nodes[at]
	from, kind, pieces, absent := len(t.text), Null, 0, n.end > at+1
	for i := at + 1; i < n.end; i++ {
		p := &tpl.nodes[i]
		before := len(t.text)
		switch {
		case p.kind == nodeText:
			t.text = append(t.text, p.text...)
			kind, absent = String, false
		case p.kind != nodeSlot || int(p.slot) >= count:
		default:
			t.text, kind = t.joined(t.text, t.slots[base+int(p.slot)])
			absent = absent && p.optional && len(t.text) == before
		}
		if len(t.text) > before {
			pieces++
		}
	}
	if absent {
		return nil
	}
	if pieces > 1 {
		kind = String
	}
	a := t.add(parent, branch{kind: nodeAttribute, name: n.name})
	t.addText(a, from, kind)
	return nil
}

// slot adds a value among an element's content.
func (t *tree) slot(n *node, parent int32, base, count, depth int) error {
	if int(n.slot) >= count {
		return nil
	}
	s := t.slots[base+int(n.slot)]
	if s.typ == typeBinXML && s.size > 0 {
		return t.fragment(int(s.off), int(s.off)+int(s.size), parent, depth+1)
	}
	from := len(t.text)
	var kind Kind
	t.text, kind = t.joined(t.text, s)
	t.addText(parent, from, kind)
	return nil
}

// nameless adds the values of an instance without template as an EventData
// with elements _raw[0], _raw[1], …; inside an event it adds them to that.
func (t *tree) nameless(parent int32, base, count, depth int) error {
	if parent == 0 {
		parent = t.add(0, branch{kind: nodeElement, name: "Event"})
	}
	data := parent
	if t.branches[parent].name != "EventData" {
		data = t.add(parent, branch{kind: nodeElement, name: "EventData"})
	}
	for i := range count {
		if err := t.step(); err != nil {
			return err
		}
		e := t.add(data, branch{kind: nodeElement, name: "Data"})
		name := t.add(e, branch{kind: nodeAttribute, name: "Name"})
		from := len(t.text)
		t.text = append(strconv.AppendInt(append(t.text, "_raw["...), int64(i), 10), ']')
		t.addText(name, from, String)
		n := node{slot: uint16(i)}
		if err := t.slot(&n, e, base, count, depth); err != nil {
			return err
		}
	}
	return nil
}

// value returns the text of the text branches below an element or attribute,
// joined, and what it was if it is just one value.
func (t *tree) value(at int32, scratch []byte) ([]byte, Kind) {
	kind, pieces := Null, 0
	for i := t.branches[at].first; i != noBranch; i = t.branches[i].next {
		b := &t.branches[i]
		if b.kind != nodeText || b.size == 0 {
			continue
		}
		scratch = append(scratch, t.text[b.off:b.off+b.size]...)
		kind = b.value
		pieces++
	}
	if pieces > 1 {
		kind = String
	}
	return scratch, kind
}
