package evtx

// A scope says where in an event a fragment stands. Plans depend on it: the
// same template can be the event or a value inside one.
type scope struct {
	place   place
	section Section
	path    string // of the enclosing element, from Event down
	leaf    string // name of the enclosing element
}

type place uint8

const (
	outside  place = iota // nothing is open
	inEvent               // the children of Event
	inSystem              // the children of System
	inData                // the children of EventData
	inside                // anywhere else
)

type actionKind uint8

const (
	actField    actionKind = iota // text of an element or attribute
	actSystem                     // the same, of a field with a fixed place
	actSlot                       // a value that stands among elements
	actInstance                   // a template instance that stands among elements
)

// An action is one step of flattening a fragment.
type action struct {
	kind   actionKind
	system SystemField
	// single is the slot of content that is one substitution, else -1.
	single   int32
	optional bool
	// from and to delimit the nodes of the content.
	from, to int32
	// nameFrom and nameTo delimit those of a Name attribute that is not a
	// plain literal; name is nil then.
	nameFrom, nameTo int32
	name             *Name
	inner            int32 // scope of elements found in the value
	off              int32 // of an instance
}

// A plan is a template compiled for a scope.
type plan struct {
	scope   int32
	actions []action
}

// scopes numbers the scopes of a Reader.
type scopes struct {
	list   []scope
	number map[scope]int32
	bytes  int // of all paths
}

// maxScopes bounds the scopes of a Reader, maxInterned the bytes of their paths.
const maxScopes = 1 << 14

func newScopes() *scopes {
	s := &scopes{number: map[scope]int32{}}
	s.of(scope{place: outside, section: OtherSection})
	return s
}

// of returns the number of a scope. A log with more scopes than any honest one
// gets the last number for the rest, so their fields are filed under its path.
func (s *scopes) of(sc scope) int32 {
	if n, ok := s.number[sc]; ok {
		return n
	}
	n := int32(len(s.list))
	if s.bytes += 2 * len(sc.path); n >= maxScopes || s.bytes > maxInterned {
		return max(n-1, 0)
	}
	s.list = append(s.list, sc)
	s.number[sc] = n
	return n
}

// planFor returns the plan of a template in a scope, made at first use.
func (t *template) planFor(number int32, sym *symbols, sc *scopes) *plan {
	for _, p := range t.plans {
		if p.scope == number {
			return p
		}
	}
	b := planner{nodes: t.nodes, sym: sym, scopes: sc}
	b.content(0, int32(len(t.nodes)), sc.list[number])
	p := &plan{scope: number, actions: b.actions}
	t.plans = append(t.plans, p)
	return p
}

type planner struct {
	nodes   []node
	sym     *symbols
	scopes  *scopes
	actions []action
}

// content plans the nodes between two elements' tags.
func (b *planner) content(from, to int32, sc scope) {
	for i := from; i < to; i++ {
		switch n := &b.nodes[i]; n.kind {
		case nodeElement:
			b.element(i, sc)
			i = n.end - 1
		case nodeInstance:
			b.actions = append(b.actions, action{kind: actInstance, off: n.off, inner: b.scopes.of(sc)})
		case nodeSlot:
			a := b.field(actSlot, i, i+1, b.scopes.of(sc))
			a.name = b.sym.name(sc.section, sc.path, "#text")
			b.actions = append(b.actions, a)
		}
	}
}

func (b *planner) field(kind actionKind, from, to, inner int32) action {
	a := action{kind: kind, single: -1, from: from, to: to, inner: inner}
	if to-from == 1 && b.nodes[from].kind == nodeSlot {
		a.single = int32(b.nodes[from].slot)
		a.optional = b.nodes[from].optional
	}
	return a
}

func (b *planner) element(at int32, sc scope) {
	n := &b.nodes[at]
	body := at + 1
	for body < n.end && b.nodes[body].kind == nodeAttribute {
		body = b.nodes[body].end
	}
	inner := scope{place: inside, section: sc.section, path: n.name, leaf: n.name}
	if sc.path != "" {
		inner.path = sc.path + "." + n.name
	}
	switch sc.place {
	case outside:
		if n.name == "Event" {
			b.content(body, n.end, scope{place: inEvent, section: OtherSection})
			return
		}
	case inEvent:
		b.section(at, body, inner)
		return
	case inSystem:
		b.system(at, body, inner)
		return
	case inData:
		if n.name == "Data" {
			b.data(at, body, sc)
			return
		}
	}
	b.generic(at, body, sc, inner)
}

// section plans a child of Event.
func (b *planner) section(at, body int32, inner scope) {
	n := &b.nodes[at]
	switch n.name {
	case "System":
		inner.place, inner.section = inSystem, SystemSection
	case "EventData":
		inner.place, inner.section = inData, EventData
	case "UserData":
		inner.section = UserData
	default:
		inner.section = OtherSection
		b.generic(at, body, scope{place: inEvent, section: OtherSection}, inner)
		return
	}
	b.attributes(at, body, inner)
	b.content(body, n.end, inner)
}

// system plans a child of System.
func (b *planner) system(at, body int32, inner scope) {
	n := &b.nodes[at]
	for i := at + 1; i < body; i = b.nodes[i].end {
		if f, ok := systemField(n.name, b.nodes[i].name); ok {
			a := b.field(actSystem, i+1, b.nodes[i].end, 0)
			a.system = f
			b.actions = append(b.actions, a)
		} else {
			b.attribute(i, inner)
		}
	}
	if f, ok := systemField(n.name, ""); ok && !b.hasElements(body, n.end) {
		a := b.field(actSystem, body, n.end, b.scopes.of(inner))
		a.system = f
		b.actions = append(b.actions, a)
		return
	}
	if body < n.end {
		b.body(body, n.end, scope{place: inside, section: SystemSection, path: "System"}, inner)
	}
}

// data plans a Data element of EventData: its name is its Name attribute.
func (b *planner) data(at, body int32, sc scope) {
	n := &b.nodes[at]
	nameFrom, nameTo := int32(0), int32(0)
	for i := at + 1; i < body; i = b.nodes[i].end {
		if b.nodes[i].name == "Name" {
			nameFrom, nameTo = i+1, b.nodes[i].end
		}
	}
	inner := scope{place: inside, section: sc.section, path: sc.path + ".Data", leaf: "Data"}
	plain := nameTo-nameFrom == 1 && b.nodes[nameFrom].kind == nodeText
	if plain {
		inner.leaf = b.nodes[nameFrom].text
		inner.path = sc.path + "." + inner.leaf
	}
	if b.hasElements(body, n.end) {
		b.content(body, n.end, inner)
		return
	}
	a := b.field(actField, body, n.end, b.scopes.of(inner))
	if plain || nameFrom == nameTo {
		a.name = b.sym.name(sc.section, sc.path, inner.leaf)
	} else {
		a.nameFrom, a.nameTo = nameFrom, nameTo
	}
	b.actions = append(b.actions, a)
}

func (b *planner) generic(at, body int32, sc, inner scope) {
	n := &b.nodes[at]
	b.attributes(at, body, inner)
	if body == n.end && body > at+1 {
		return // attributes and no content: nothing more to say
	}
	b.body(body, n.end, sc, inner)
}

// body plans the content of an element: a field, or more elements.
func (b *planner) body(body, end int32, sc, inner scope) {
	if b.hasElements(body, end) {
		b.content(body, end, inner)
		return
	}
	a := b.field(actField, body, end, b.scopes.of(inner))
	if sc.path == "" {
		a.name = b.sym.name(inner.section, inner.path, "#text")
	} else {
		a.name = b.sym.name(inner.section, sc.path, inner.leaf)
	}
	b.actions = append(b.actions, a)
}

func (b *planner) attributes(at, body int32, inner scope) {
	for i := at + 1; i < body; i = b.nodes[i].end {
		b.attribute(i, inner)
	}
}

// attribute plans an attribute as a field; name space declarations are not
// part of what happened.
func (b *planner) attribute(i int32, inner scope) {
	n := &b.nodes[i]
	if n.name == "xmlns" || len(n.name) > 6 && n.name[:6] == "xmlns:" {
		return
	}
	a := b.field(actField, i+1, n.end, 0)
	a.name = b.sym.name(inner.section, inner.path, attributesKey+n.name)
	a.single, a.optional = -1, true // an array is joined, an empty text left out
	b.actions = append(b.actions, a)
}

func (b *planner) hasElements(from, to int32) bool {
	for i := from; i < to; i++ {
		if k := b.nodes[i].kind; k == nodeElement || k == nodeInstance {
			return true
		}
	}
	return false
}
