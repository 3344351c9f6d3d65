package evtx

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"
)

// Tokens of BinXML, [MS-EVEN6] section 2.2.12. The high flag of an open start
// says that attributes follow; of the others that more of the same follows.
const (
	tokenEOF         = 0x00
	tokenOpenStart   = 0x01
	tokenCloseStart  = 0x02
	tokenCloseEmpty  = 0x03
	tokenEndElement  = 0x04
	tokenValue       = 0x05
	tokenAttribute   = 0x06
	tokenCDATA       = 0x07
	tokenCharRef     = 0x08
	tokenEntityRef   = 0x09
	tokenPITarget    = 0x0A
	tokenPIData      = 0x0B
	tokenInstance    = 0x0C
	tokenNormal      = 0x0D
	tokenOptional    = 0x0E
	tokenFragment    = 0x0F
	tokenMoreFlag    = 0x40
	fragmentHeader   = 4 // bytes of a fragment header
	definitionHeader = 24
)

const (
	maxDepth = 32 // nested elements, and nested BinXML values
	// maxCompile bounds the bytes of definitions compiled per chunk. Honest
	// definitions do not overlap, so they sum up to less than a chunk.
	maxCompile = 4 * chunkSize
)

type nodeKind uint8

const (
	nodeElement nodeKind = iota
	nodeAttribute
	nodeText     // literal, references resolved
	nodeSlot     // substitution
	nodeInstance // nested template instance at off
	nodePI
)

// A node is one step of a compiled fragment. Nodes lie in document order; an
// element's attributes come before its content, and end is the index behind
// the last node inside it.
type node struct {
	kind     nodeKind
	optional bool // slot: leave out when null
	closed   bool // element: written <x/> in the source
	slot     uint16
	end      int32
	off      int32  // instance: offset in the chunk
	name     string // element, attribute, PI target
	text     string // literal, PI data
}

// A template is a compiled definition or template-less fragment. It is
// immutable but for its plans, which are added on first use per scope.
type template struct {
	guid  [16]byte
	nodes []node
	plans []*plan
	// broken says why the definition cannot be compiled.
	broken error
}

// A compiler turns the tokens of one fragment into nodes.
type compiler struct {
	chunk *chunk
	sym   *symbols
	nodes []node
	pos   int
	end   int
	// definition says that start tags carry a dependency id, which they do in
	// template definitions and not in values of type BinXML.
	definition bool
	depth      int
	scratch    []byte
}

// compileDefinition compiles the definition of a template.
func compileDefinition(c *chunk, sym *symbols, pos, end int, into *template) error {
	k := compiler{chunk: c, sym: sym, nodes: into.nodes[:0], pos: pos, end: end, definition: true}
	err := k.fragment()
	into.nodes = k.nodes
	return err
}

// compileLoose compiles the one piece at pos of a fragment without a template,
// and returns the position behind it.
func compileLoose(c *chunk, sym *symbols, pos, end int, into *template) (int, error) {
	k := compiler{chunk: c, sym: sym, nodes: into.nodes[:0], pos: pos, end: end}
	err := k.item(c.data[pos])
	into.nodes = k.nodes
	return k.pos, err
}

// fragment reads optional fragment headers and processing instructions and one
// or more elements up to an EOF token or the end.
func (k *compiler) fragment() error {
	for k.pos < k.end {
		switch token := k.chunk.data[k.pos]; token &^ tokenMoreFlag {
		case tokenEOF:
			k.pos++
			return nil
		case tokenFragment:
			k.pos += fragmentHeader
		default:
			if err := k.item(token); err != nil {
				return err
			}
		}
	}
	return nil
}

// item compiles one piece of content: everything but the tokens that end it.
func (k *compiler) item(token byte) error {
	switch token &^ tokenMoreFlag {
	case tokenOpenStart:
		return k.element()
	case tokenValue:
		return k.literal()
	case tokenCDATA, tokenPIData:
		k.pos++
		text, err := k.counted()
		if err == nil {
			k.nodes = append(k.nodes, node{kind: nodeText, text: text})
		}
		return err
	case tokenCharRef:
		if k.pos+3 > k.end {
			return ErrTruncated
		}
		r := rune(binary.LittleEndian.Uint16(k.chunk.data[k.pos+1:]))
		k.pos += 3
		k.scratch = utf8.AppendRune(k.scratch[:0], r)
		k.nodes = append(k.nodes, node{kind: nodeText, text: k.sym.text(k.scratch)})
		return nil
	case tokenEntityRef:
		k.pos++
		name, err := k.name()
		if err != nil {
			return fmt.Errorf("entity reference: %w", err)
		}
		k.nodes = append(k.nodes, node{kind: nodeText, text: entity(name)})
		return nil
	case tokenPITarget:
		return k.instruction()
	case tokenNormal, tokenOptional:
		if k.pos+4 > k.end {
			return ErrTruncated
		}
		slot := binary.LittleEndian.Uint16(k.chunk.data[k.pos+1:])
		k.nodes = append(k.nodes, node{kind: nodeSlot, slot: slot, optional: token&^tokenMoreFlag == tokenOptional})
		k.pos += 4
		return nil
	case tokenInstance:
		k.nodes = append(k.nodes, node{kind: nodeInstance, off: int32(k.pos)})
		next, err := k.chunk.skipInstance(k.pos, k.end)
		k.pos = next
		return err
	case tokenFragment:
		k.pos += fragmentHeader
		return nil
	}
	return fmt.Errorf("unknown token 0x%02x at chunk offset %d", token, k.pos)
}

// entity resolves the five entities of XML; another one stays visible.
func entity(name string) string {
	switch name {
	case "amp":
		return "&"
	case "lt":
		return "<"
	case "gt":
		return ">"
	case "quot":
		return `"`
	case "apos":
		return "'"
	}
	return "&" + name + ";"
}

func (k *compiler) element() error {
	if k.depth++; k.depth > maxDepth {
		return fmt.Errorf("%w: elements nested deeper than %d", ErrLimit, maxDepth)
	}
	defer func() { k.depth-- }()
	at := len(k.nodes)
	name, attributes, err := k.openStart()
	if err != nil {
		return fmt.Errorf("start tag: %w", err)
	}
	k.nodes = append(k.nodes, node{kind: nodeElement, name: name})
	if attributes {
		if err := k.attributes(); err != nil {
			return fmt.Errorf("attributes of %s: %w", name, err)
		}
	}
	if k.pos >= k.end {
		return ErrTruncated
	}
	switch token := k.chunk.data[k.pos]; token {
	case tokenCloseEmpty:
		k.pos++
		k.nodes[at].closed = true
	case tokenCloseStart:
		k.pos++
		if err := k.content(); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	default:
		return fmt.Errorf("%s: unexpected token 0x%02x in start tag at chunk offset %d", name, token, k.pos)
	}
	k.nodes[at].end = int32(len(k.nodes))
	return nil
}

// content compiles everything up to the end tag.
func (k *compiler) content() error {
	for k.pos < k.end {
		token := k.chunk.data[k.pos]
		if token == tokenEndElement {
			k.pos++
			return nil
		}
		if token == tokenEOF {
			break
		}
		if err := k.item(token); err != nil {
			return err
		}
	}
	return fmt.Errorf("end tag: %w", ErrTruncated)
}

// openStart reads a start tag up to its attributes. Whether a dependency id is
// there follows from where the tag stands; producers that break the rule are
// recognised by a tag that makes sense only the other way.
func (k *compiler) openStart() (name string, attributes bool, err error) {
	attributes = k.chunk.data[k.pos]&tokenMoreFlag != 0
	start := k.pos
	for _, dependency := range [2]bool{k.definition, !k.definition} {
		k.pos = start + 1
		if dependency {
			k.pos += 2
		}
		var size uint32
		if size, err = k.uint32(); err != nil {
			continue
		}
		if int64(size) > int64(k.end-k.pos) {
			err = fmt.Errorf("%w: element of %d bytes in %d", ErrTruncated, size, k.end-k.pos)
			continue
		}
		if name, err = k.name(); err != nil {
			continue
		}
		if attributes {
			if size, err = k.uint32(); err == nil && int64(size) > int64(k.end-k.pos) {
				err = fmt.Errorf("%w: attribute list of %d bytes in %d", ErrTruncated, size, k.end-k.pos)
			}
		}
		if err == nil {
			return name, attributes, nil
		}
	}
	return "", false, err
}

func (k *compiler) attributes() error {
	for k.pos < k.end && k.chunk.data[k.pos]&^tokenMoreFlag == tokenAttribute {
		k.pos++
		name, err := k.name()
		if err != nil {
			return err
		}
		at := len(k.nodes)
		k.nodes = append(k.nodes, node{kind: nodeAttribute, name: name})
		for done := false; !done && k.pos < k.end; {
			switch token := k.chunk.data[k.pos]; token &^ tokenMoreFlag {
			case tokenValue, tokenCDATA, tokenCharRef, tokenEntityRef, tokenNormal, tokenOptional:
				if err := k.item(token); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
			default:
				done = true
			}
		}
		k.nodes[at].end = int32(len(k.nodes))
	}
	return nil
}

// literal compiles a value token. Templates hold strings; another type is
// formatted as it would be in a slot.
func (k *compiler) literal() error {
	if k.pos+2 > k.end {
		return ErrTruncated
	}
	typ := k.chunk.data[k.pos+1]
	k.pos += 2
	if typ == typeString {
		text, err := k.counted()
		if err == nil {
			k.nodes = append(k.nodes, node{kind: nodeText, text: text})
		}
		return err
	}
	size := len(k.chunk.data)
	if item, _ := nextItem(typ, k.chunk.data[k.pos:k.end]); typ != typeANSI && typ != typeBinary {
		size = len(item)
	}
	if size > 32 {
		return fmt.Errorf("literal of value type 0x%02x at chunk offset %d", typ, k.pos)
	}
	format := formatter{ansi: appendWindows1252, digits: 7}
	k.scratch, _ = format.append(k.scratch[:0], typ, k.chunk.data[k.pos:k.pos+size])
	k.nodes = append(k.nodes, node{kind: nodeText, text: k.sym.text(k.scratch)})
	k.pos += size
	return nil
}

func (k *compiler) instruction() error {
	k.pos++
	target, err := k.name()
	if err != nil {
		return fmt.Errorf("processing instruction: %w", err)
	}
	n := node{kind: nodePI, name: target}
	if k.pos < k.end && k.chunk.data[k.pos] == tokenPIData {
		k.pos++
		if n.text, err = k.counted(); err != nil {
			return err
		}
	}
	k.nodes = append(k.nodes, n)
	return nil
}

// counted reads UTF-16 text with a count of units in front.
func (k *compiler) counted() (string, error) {
	if k.pos+2 > k.end {
		return "", ErrTruncated
	}
	size := 2 * int(binary.LittleEndian.Uint16(k.chunk.data[k.pos:]))
	k.pos += 2
	if k.pos+size > k.end {
		return "", fmt.Errorf("%w: text of %d bytes in %d", ErrTruncated, size, k.end-k.pos)
	}
	k.scratch = appendUTF16(k.scratch[:0], k.chunk.data[k.pos:k.pos+size])
	k.pos += size
	return k.sym.text(k.scratch), nil
}

// name reads a reference to a name. The name itself stands here iff the
// reference points here; else it was written earlier in the chunk.
func (k *compiler) name() (string, error) {
	off, err := k.uint32()
	if err != nil {
		return "", err
	}
	name, size, err := k.chunk.nameAt(off, k.sym)
	if err != nil {
		return "", err
	}
	if int(off) == k.pos {
		if k.pos+size > k.end {
			return "", ErrTruncated
		}
		k.pos += size
	}
	return name, nil
}

func (k *compiler) uint32() (uint32, error) {
	if k.pos+4 > k.end {
		return 0, ErrTruncated
	}
	v := binary.LittleEndian.Uint32(k.chunk.data[k.pos:])
	k.pos += 4
	return v, nil
}
