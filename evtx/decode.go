package evtx

import (
	"fmt"
	"strconv"
)

const (
	// maxText bounds the text one record may yield. A record has at most 64 KiB,
	// so it is far from honest use.
	maxText = 1 << 20
)

// A decoder flattens records. It is the hot path: it runs plans over values
// and appends text, and makes nothing else.
type decoder struct {
	binxml
	scopes   *scopes
	rec      *Record
	textSize func() int
}

func newDecoder(sym *symbols, format formatter) *decoder {
	d := &decoder{binxml: binxml{sym: sym, format: format}, scopes: newScopes()}
	d.enter = func(t *template, number int32, base, count, depth int) error {
		return d.run(t, t.planFor(number, d.sym, d.scopes), base, count, depth)
	}
	d.textSize = func() int { return len(d.rec.text) }
	d.missing = func(cause error, _ int32, base, count, depth int) error {
		d.rec.problem = cause
		return d.nameless(base, count, depth)
	}
	return d
}

// decode flattens the record's payload into its fields.
func (d *decoder) decode(r *Record) error {
	d.rec = r
	err := d.payload(r, d.textSize)
	if r.problem != nil && r.system[EventRecordID].kind == Null {
		r.system[EventRecordID] = systemValue{number: r.ID, kind: Uint, numeric: true}
		r.system[SystemTime] = systemValue{number: r.written, kind: Time, numeric: true}
	}
	return err
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

// run executes a plan over the count values from base on.
func (d *decoder) run(t *template, p *plan, base, count, depth int) error {
	for i := range p.actions {
		a := &p.actions[i]
		if err := d.step(); err != nil {
			return err
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
	nested := !a.optional && d.hasNested(t, a, base, count)
	if len(d.rec.text) > from || !a.optional && !nested { // an attribute without text is absent
		d.field(name, from, kind)
	}
	if nested {
		return d.nested(t, a, base, count, depth)
	}
	return nil
}

// hasNested says whether BinXML values stand beside other content.
func (d *decoder) hasNested(t *template, a *action, base, count int) bool {
	for i := a.from; i < a.to; i++ {
		if p := &t.nodes[i]; p.kind == nodeSlot && int(p.slot) < count {
			if s := d.slots[base+int(p.slot)]; s.typ == typeBinXML && s.size > 0 {
				return true
			}
		}
	}
	return false
}

// nested yields the fields of those values.
func (d *decoder) nested(t *template, a *action, base, count, depth int) error {
	for i := a.from; i < a.to; i++ {
		p := &t.nodes[i]
		if p.kind != nodeSlot || int(p.slot) >= count {
			continue
		}
		if s := d.slots[base+int(p.slot)]; s.typ == typeBinXML && s.size > 0 {
			if err := d.fragment(int(s.off), int(s.off)+int(s.size), a.inner, depth+1); err != nil {
				return err
			}
		}
	}
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
			if err := d.step(); err != nil {
				return err
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
			if s.typ == typeBinXML {
				continue // see nested
			}
			before := len(d.rec.text)
			d.rec.text, kind = d.joined(d.rec.text, s)
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
