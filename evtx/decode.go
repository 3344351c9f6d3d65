package evtx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
)

const (
	// maxSteps bounds the actions one record may run, maxText the text it may
	// yield. A record has at most 64 KiB, so both are far from honest use;
	// they stop values that repeat themselves by nesting.
	maxSteps = 1 << 16
	maxText  = 1 << 20
	// minItem is the least size of an element or a template instance. Records
	// are padded to multiples of 8 with whatever was in memory, with or without
	// an EOF token in front: fewer bytes behind a whole item say nothing.
	minItem = 8
	// maxChunkText bounds the text of all records of a chunk.
	maxChunkText = 32 << 20
)

// A slot is one value of a template instance.
type slot struct {
	off  int32 // in the chunk
	size uint16
	typ  uint8
}

// A decoder flattens records. It is the hot path: it runs plans over values
// and appends text, and makes nothing else.
type decoder struct {
	sym    *symbols
	scopes *scopes
	format formatter

	rec   *Record
	chunk *chunk
	slots []slot
	steps int
	// loose holds the compiled form of template-less fragments, by depth.
	loose [maxDepth + 1]template
}

// decode flattens the record's payload into its fields.
func (d *decoder) decode(r *Record) error {
	d.rec, d.chunk, d.slots, d.steps = r, r.chunk, d.slots[:0], maxSteps
	err := d.fragment(r.from, r.to, 0, 0)
	if r.chunk.written += len(r.text); err == nil && r.chunk.written > maxChunkText {
		err = fmt.Errorf("%w: the records of a chunk yield more than %d bytes of text", ErrLimit, maxChunkText)
	}
	return err
}

// fragment decodes BinXML: the payload of a record or a value of that type.
func (d *decoder) fragment(pos, end int, number int32, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("%w: BinXML values nested deeper than %d", ErrLimit, maxDepth)
	}
	for first := true; pos < end; first = false {
		if !first && end-pos < minItem {
			return nil
		}
		switch d.chunk.data[pos] &^ tokenMoreFlag {
		case tokenEOF:
			if pos++; !d.chunk.another(pos, end) {
				return nil
			}
		case tokenFragment:
			pos += fragmentHeader
		case tokenInstance:
			next, err := d.instance(pos, end, number, depth)
			if err != nil {
				return err
			}
			pos = next
		default:
			t := &d.loose[depth]
			t.plans = t.plans[:0]
			next, err := compileLoose(d.chunk, d.sym, pos, end, t)
			if err != nil {
				return err
			}
			if err := d.run(t, t.planFor(number, d.sym, d.scopes), 0, 0, depth); err != nil {
				return err
			}
			pos = next
		}
	}
	return nil
}

// instance decodes a template instance and returns the position behind it.
func (d *decoder) instance(pos, end int, number int32, depth int) (int, error) {
	in, err := d.chunk.instanceAt(pos, end)
	if err != nil {
		return 0, err
	}
	base := len(d.slots)
	d.slots = d.chunk.appendSlots(d.slots, in)
	count := len(d.slots) - base
	t, err := d.chunk.template(in, d.sym)
	switch {
	case err == nil:
		err = d.run(t, t.planFor(number, d.sym, d.scopes), base, count, depth)
	case errors.Is(err, errMissingTemplate):
		d.rec.problem = err
		err = d.nameless(base, count, depth)
	}
	d.slots = d.slots[:base]
	return in.next, err
}

// appendSlots appends the descriptions of the values of an instance.
func (c *chunk) appendSlots(slots []slot, in instance) []slot {
	count := int(binary.LittleEndian.Uint32(c.data[in.values:]))
	at := in.values + 4
	off := at + count*slotDescription
	for range count {
		size := binary.LittleEndian.Uint16(c.data[at:])
		slots = append(slots, slot{off: int32(off), size: size, typ: c.data[at+2]})
		off += int(size)
		at += slotDescription
	}
	return slots
}

// nameless yields the values of an instance without its template as _raw[i].
func (d *decoder) nameless(base, count, depth int) error {
	for i := range count {
		name := d.sym.name(EventData, "EventData", "_raw["+strconv.Itoa(i)+"]")
		s := d.slots[base+i]
		if err := d.slotValue(s, name, 0, depth); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) bytes(s slot) []byte {
	return d.chunk.data[s.off : int(s.off)+int(s.size)]
}

// run executes a plan over the count values from base on.
func (d *decoder) run(t *template, p *plan, base, count, depth int) error {
	for i := range p.actions {
		a := &p.actions[i]
		if d.steps--; d.steps < 0 {
			return fmt.Errorf("%w: more than %d steps in a record", ErrLimit, maxSteps)
		}
		if len(d.rec.text) > maxText {
			return fmt.Errorf("%w: more than %d bytes of text in a record", ErrLimit, maxText)
		}
		if err := d.act(t, a, base, count, depth); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) act(t *template, a *action, base, count, depth int) error {
	if a.kind == actInstance {
		_, err := d.instance(int(a.off), chunkSize, a.inner, depth+1)
		return err
	}
	var s slot
	if a.single >= 0 && int(a.single) < count {
		s = d.slots[base+int(a.single)]
	}
	switch {
	case a.kind == actSystem:
		d.system(t, a, s, base, count)
		return nil
	case a.kind == actSlot && (s.size == 0 || s.typ == typeNull):
		return nil
	}
	name := a.name
	if name == nil {
		from := len(d.rec.text)
		d.parts(t, a.nameFrom, a.nameTo, base, count)
		text := d.sym.text(d.rec.text[from:])
		d.rec.text = d.rec.text[:from]
		name = d.sym.name(d.scopes.list[a.inner].section, "EventData", text)
	}
	if a.single >= 0 {
		return d.slotValue(s, name, a.inner, depth)
	}
	from := len(d.rec.text)
	kind := d.parts(t, a.from, a.to, base, count)
	if a.optional && len(d.rec.text) == from {
		return nil // an attribute whose values are all absent
	}
	d.field(name, from, kind)
	return nil
}

// slotValue yields a value as one field, an array as several, and BinXML as
// the fields inside it.
func (d *decoder) slotValue(s slot, name *Name, inner int32, depth int) error {
	b := d.bytes(s)
	if s.typ == typeBinXML && len(b) > 0 {
		return d.fragment(int(s.off), int(s.off)+len(b), inner, depth+1)
	}
	if s.typ&typeArray != 0 && len(b) > 0 {
		for len(b) > 0 {
			if d.steps--; d.steps < 0 {
				return fmt.Errorf("%w: more than %d steps in a record", ErrLimit, maxSteps)
			}
			var item []byte
			item, b = nextItem(s.typ&^typeArray, b)
			d.scalar(name, s.typ&^typeArray, item)
		}
		return nil
	}
	d.scalar(name, s.typ, b)
	return nil
}

func (d *decoder) scalar(name *Name, typ uint8, b []byte) {
	from := len(d.rec.text)
	var kind Kind
	d.rec.text, kind = d.format.append(d.rec.text, typ, b)
	d.field(name, from, kind)
}

func (d *decoder) field(name *Name, from int, kind Kind) {
	r := d.rec
	r.fields = append(r.fields, field{name: name, off: uint32(from), size: uint32(len(r.text) - from), kind: kind})
}

// parts appends the joined text of nodes and returns the kind of it: that of
// the value if there is just one.
func (d *decoder) parts(t *template, from, to int32, base, count int) Kind {
	kind, n := Null, 0
	for i := from; i < to; i++ {
		switch p := &t.nodes[i]; p.kind {
		case nodeText:
			d.rec.text = append(d.rec.text, p.text...)
			kind, n = String, n+1
		case nodeSlot:
			if int(p.slot) >= count {
				continue
			}
			s := d.slots[base+int(p.slot)]
			before := len(d.rec.text)
			kind = d.joined(s)
			if len(d.rec.text) > before {
				n++
			}
		}
	}
	if n > 1 {
		return String
	}
	return kind
}

// joined appends a value; the items of an array are joined by commas.
func (d *decoder) joined(s slot) Kind {
	b := d.bytes(s)
	if s.typ&typeArray == 0 {
		var kind Kind
		d.rec.text, kind = d.format.append(d.rec.text, s.typ, b)
		return kind
	}
	for first := true; len(b) > 0; first = false {
		var item []byte
		item, b = nextItem(s.typ&^typeArray, b)
		if !first {
			d.rec.text = append(d.rec.text, ',')
		}
		d.rec.text, _ = d.format.append(d.rec.text, s.typ&^typeArray, item)
	}
	return String
}

// system keeps a value of System. Numbers and times stay numbers: their text
// is made when it is asked for.
func (d *decoder) system(t *template, a *action, s slot, base, count int) {
	v := &d.rec.system[a.system]
	if a.single >= 0 {
		b := d.bytes(s)
		n, ok := unsigned(b)
		switch {
		case !ok:
		case s.typ == typeUint8, s.typ == typeUint16, s.typ == typeUint32, s.typ == typeUint64:
			*v = systemValue{number: n, kind: Uint, numeric: true}
			return
		case s.typ == typeHex32, s.typ == typeHex64, s.typ == typeSizeT:
			*v = systemValue{number: n, kind: Hex, numeric: true}
			return
		case s.typ == typeFiletime && len(b) == 8:
			*v = systemValue{number: n, kind: Time, numeric: true}
			return
		}
	}
	from := len(d.rec.text)
	kind := d.parts(t, a.from, a.to, base, count)
	*v = systemValue{off: uint32(from), size: uint32(len(d.rec.text) - from), kind: kind}
}
