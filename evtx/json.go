package evtx

import (
	"fmt"
	"strconv"
	"unicode/utf8"
)

// JSONOptions change details of AppendJSON. The zero value is what evtx_dump
// of today writes.
type JSONOptions struct {
	// TrimSpace cuts white space off the end of text values, as evtx_dump did
	// before 2026. It loses data; it exists to compare with older dumps.
	TrimSpace bool
	// TimeDigits is the number of fraction digits of times: 0 means 6, as
	// evtx_dump writes; 7 keeps all that a log holds.
	TimeDigits int
}

// A renderer writes the de-facto JSON of a tree.
type renderer struct {
	*tree
	opts    JSONOptions
	out     []byte
	scratch []byte
}

// AppendJSON appends the event as one JSON object in the shape of evtx_dump
// (https://github.com/omerbenamram/evtx): elements become keys, attributes
// "#attributes", text beside them "#text"; numbers and booleans are typed;
// times have 6 digits; an empty element is null and an empty Data "". Named
// Data of EventData become keys, nameless ones Data.#text (a list if there are
// several). Two things differ, so that nothing is lost: Data elements that
// share a name become a list, and nameless ones beside named ones are kept.
//
// A second fragment of a record is Event_1.
//
// A degraded record (see Problem) has System values from the record header
// only and its values as EventData._raw[i]; a recovered one is told apart by
// the caller, the shape has no place for it.
func (r *Record) AppendJSON(dst []byte, opts JSONOptions) ([]byte, error) {
	if r.reader.json == nil {
		r.reader.json = newTree(r.reader.sym, formatter{ansi: r.reader.opts.ANSI, digits: 6})
	}
	t := r.reader.json
	if t.format.digits = 6; opts.TimeDigits > 0 {
		t.format.digits = min(opts.TimeDigits, 9)
	}
	if err := t.build(r); err != nil {
		return dst, fmt.Errorf("rendering record %d: %w", r.ID, err)
	}
	w := renderer{tree: t, opts: opts, out: dst, scratch: r.reader.scratch}
	root := t.branches[0].first
	for root != noBranch && t.branches[root].kind != nodeElement {
		root = t.branches[root].next
	}
	if root == noBranch {
		return append(dst, "{}"...), nil
	}
	if r.problem != nil && t.branches[root].attrs == noBranch {
		w.header(r, root)
	} else {
		w.out = append(w.out, '{')
		w.children(0, true)
		w.out = append(w.out, '}')
	}
	r.reader.scratch = w.scratch
	return w.out, nil
}

// header writes an event whose System is unknown from the record header.
func (w *renderer) header(r *Record, root int32) {
	w.out = append(w.out, `{"Event":{"System":{"TimeCreated":{"#attributes":{"SystemTime":"`...)
	w.out = appendFiletime(w.out, r.written, w.format.digits)
	w.out = append(w.out, `"}},"EventRecordID":`...)
	w.out = strconv.AppendUint(w.out, r.ID, 10)
	w.out = append(w.out, `},"EventData":`...)
	w.element(w.branches[root].first, true)
	w.out = append(w.out, "}}"...)
}

func (w *renderer) key(first bool, name string) {
	w.out = appendKey(w.out, first, name)
}

func appendKey[T string | []byte](dst []byte, first bool, name T) []byte {
	if !first {
		dst = append(dst, ',')
	}
	return append(appendJSONString(dst, name), ':')
}

// textValue writes the text of an element or attribute as a JSON value.
func (w *renderer) textValue(at int32) {
	var kind Kind
	w.scratch, kind = w.value(at, w.scratch[:0])
	switch kind {
	case Int, Uint, Bool:
		w.out = append(w.out, w.scratch...)
	default:
		text := w.scratch
		if w.opts.TrimSpace {
			for len(text) > 0 && (text[len(text)-1] == ' ' || text[len(text)-1]-'\t' < 5) {
				text = text[:len(text)-1]
			}
		}
		w.out = appendJSONString(w.out, text)
	}
}

// hasAttributes says whether an attribute has text; empty ones are left out.
func (w *renderer) hasAttributes(at int32) bool {
	for a := w.branches[at].attrs; a != noBranch; a = w.branches[a].next {
		if w.branches[a].textLength > 0 {
			return true
		}
	}
	return false
}

// element writes the value of an element.
func (w *renderer) element(at int32, container bool) {
	b := &w.branches[at]
	switch {
	case b.elements > 0 || w.hasAttributes(at):
		w.object(at, container)
	case b.textLength == 0:
		w.out = append(w.out, "null"...)
	default:
		w.textValue(at)
	}
}

// object writes an element with attributes or child elements.
func (w *renderer) object(at int32, container bool) {
	w.out = append(w.out, '{')
	empty := true
	if w.hasAttributes(at) {
		w.key(true, "#attributes")
		w.attributes(at)
		empty = false
	}
	if w.branches[at].textLength > 0 {
		w.key(empty, "#text")
		w.textValue(at)
		empty = false
	}
	if container {
		w.data(at, empty)
	} else {
		w.children(at, empty)
	}
	w.out = append(w.out, '}')
}

func (w *renderer) attributes(at int32) {
	w.out = append(w.out, '{')
	first := true
	for a := w.branches[at].attrs; a != noBranch; a = w.branches[a].next {
		if w.branches[a].textLength == 0 {
			continue
		}
		w.key(first, w.branches[a].name)
		w.textValue(a)
		first = false
	}
	w.out = append(w.out, '}')
}

// children writes child elements by name; the second of a name is called
// name_1, the third name_2.
func (w *renderer) children(at int32, empty bool) {
	w.rank(at, false)
	for c := w.branches[at].first; c != noBranch; c = w.branches[c].next {
		if w.branches[c].kind == nodeElement {
			w.child(c, empty)
			empty = false
		}
	}
}

func (w *renderer) child(c int32, empty bool) {
	name := w.branches[c].name
	container := name == "EventData" || name == "UserData"
	if n := w.branches[c].ordinal; n > 0 {
		name += "_" + strconv.Itoa(int(n))
	}
	w.key(empty, name)
	w.element(c, container)
}

// rank numbers the child elements that share a name, and links Data elements
// of a container that do.
func (w *renderer) rank(at int32, container bool) {
	if w.branches[at].elements < 2 {
		return
	}
	clear(w.names)
	clear(w.dataNames)
	for c := w.branches[at].first; c != noBranch; c = w.branches[c].next {
		b := &w.branches[c]
		if b.kind != nodeElement {
			continue
		}
		if container && w.isData(c) {
			name := w.dataName(c)
			if before, ok := w.dataNames[string(name)]; ok {
				w.branches[before].twin = c
				b.ordinal = 1
			}
			w.dataNames[string(name)] = c
			continue
		}
		b.ordinal = w.names[b.name]
		w.names[b.name]++
	}
}

// dataName returns the Name attribute of a Data element.
func (w *renderer) dataName(c int32) []byte {
	for a := w.branches[c].attrs; a != noBranch; a = w.branches[a].next {
		if w.branches[a].name == "Name" {
			if t := w.branches[a].first; t != noBranch {
				return w.text[w.branches[t].off : w.branches[t].off+w.branches[t].size]
			}
		}
	}
	return nil
}

// isData says whether c is a Data element, which containers hold by name.
func (w *renderer) isData(c int32) bool {
	return w.branches[c].kind == nodeElement && w.branches[c].name == "Data"
}

// data writes the children of EventData or UserData.
func (w *renderer) data(at int32, empty bool) {
	named := false
	for c := w.branches[at].first; c != noBranch && !named; c = w.branches[c].next {
		named = w.isData(c) && len(w.dataName(c)) > 0
	}
	w.rank(at, true)
	for c := w.branches[at].first; c != noBranch; c = w.branches[c].next {
		switch {
		case w.branches[c].kind != nodeElement:
			continue
		case !w.isData(c):
			w.child(c, empty)
		case w.branches[c].ordinal > 0:
			continue // written with the first of its name
		default:
			w.named(c, named, empty)
		}
		empty = false
	}
}

// named writes a Data element, and those that share its name, with its key.
func (w *renderer) named(c int32, flat, empty bool) {
	if name := w.dataName(c); len(name) > 0 {
		w.out = appendKey(w.out, empty, name)
	} else {
		w.key(empty, "Data")
	}
	if !flat {
		w.out = append(w.out, `{"#text":`...)
	}
	if w.branches[c].twin == noBranch {
		w.dataValue(c)
	} else {
		w.out = append(w.out, '[')
		for i := c; i != noBranch; i = w.branches[i].twin {
			if i != c {
				w.out = append(w.out, ',')
			}
			w.dataValue(i)
		}
		w.out = append(w.out, ']')
	}
	if !flat {
		w.out = append(w.out, '}')
	}
}

// dataValue writes the value of a Data element, whose own name is not part of it.
func (w *renderer) dataValue(c int32) {
	switch b := &w.branches[c]; {
	case b.elements > 0:
		w.object(c, false)
	case b.textLength == 0:
		w.out = append(w.out, `""`...)
	default:
		w.textValue(c)
	}
}

// appendJSONString appends a quoted JSON string. Invalid UTF-8 becomes U+FFFD.
func appendJSONString[T string | []byte](dst []byte, s T) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(string(s[i:min(i+utf8.UTFMax, len(s))]))
			if r != utf8.RuneError || size != 1 {
				i += size
				continue
			}
			dst = append(append(dst, s[from:i]...), "\uFFFD"...)
			i++
			from = i
			continue
		}
		dst = append(dst, s[from:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\f':
			dst = append(dst, '\\', 'f')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexLower[c>>4], hexLower[c&15])
		}
		i++
		from = i
	}
	dst = append(dst, s[from:]...)
	return append(dst, '"')
}
