package normalize

import (
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/jsontext"
	"github.com/tocsin-soc/tocsin/internal/normalize/expression"
)

// A recordReader reads one record at a time by its shape. It is reused from
// record to record and learns the names of fields as they come.
type recordReader struct {
	all   *shapes
	trees map[*recordShape]*node
	expression.Slots
	kinds    []jsontext.Kind
	shape    *recordShape
	root     *node
	units    []unit
	fields   []tocsin.Field
	builders []rowBuilder
	lists    map[int][]byte // by symbol: elements of lists that are not complete
	rest     restWriter
	buffer   []byte
	cut      bool // there were more fields than are shown to rules
	learned  int
}

// A unit is a value that a column may take by its name, or that none takes.
type unit struct {
	nd   *node
	text string // JSON of objects and arrays, the text of others
	kind jsontext.Kind
	part bool   // of another unit: only for columns of its name
	used uint64 // rows that took it by its name
}

// A wrapping is what envelopes around a record say of it.
type wrapping struct {
	host  string
	kind  string // sourcetype, dataset, facility …
	at    time.Time
	depth int
}

const (
	maxFields  = 4096  // flat fields of a record that rules see
	maxLearned = 8192  // names a reader remembers
	maxPath    = 256   // bytes of a path that it remembers and rules see
	maxUnits   = 32768 // values of a record
	maxKept    = 65536 // units and bytes that a reader keeps for the next record
)

var errManyFields = fmt.Errorf("the record has more than %d fields. Split it at the source", maxUnits)

func newRecordReader(all *shapes) *recordReader {
	return &recordReader{
		all: all, trees: map[*recordShape]*node{}, Slots: expression.NewSlots(all.symbols), kinds: make([]jsontext.Kind, all.symbols),
	}
}

// begin makes ready for a record of a shape.
func (r *recordReader) begin(s *recordShape) {
	r.Clear()
	r.shape, r.root = s, r.trees[s]
	if r.root == nil {
		r.root = s.root.copied(nil)
		r.trees[s] = r.root
	}
	if cap(r.units)+len(r.buffer)+len(r.rest.b) > maxKept {
		r.units, r.buffer, r.rest = nil, nil, restWriter{} // that was a record out of proportion
	}
	r.units, r.fields, r.cut, r.lists = r.units[:0], r.fields[:0], false, nil
}

// readJSON reads a record that is a JSON object.
func (r *recordReader) readJSON(body string) error {
	z := jsontext.New(body)
	if err := r.object(z, r.root, false); err != nil {
		return err
	}
	if len(r.units) > maxUnits {
		return errManyFields
	}
	r.closeLists()
	return z.End()
}

// readFlat reads a record that a parser has cut into fields.
func (r *recordReader) readFlat(fields []tocsin.Field) {
	for i := range fields {
		nd := r.child(r.root, fields[i].Name)
		r.scalar(nd, fields[i].Value, jsontext.String, false)
	}
	r.closeLists()
}

// tell makes known what is not a field of the record but about it.
func (r *recordReader) tell(name, value string) {
	if id, ok := r.shape.sym.IDs[name]; ok && value != "" {
		r.put(id, value, jsontext.String)
	}
}

func (r *recordReader) put(symbol int, text string, kind jsontext.Kind) {
	if !r.Has(symbol) {
		r.Set(symbol, text)
		r.kinds[symbol] = kind
	}
}

// object reads the members of an object. Inside of a unit they are no units.
func (r *recordReader) object(z *jsontext.Scanner, nd *node, inside bool) error {
	return z.Object(func(key string) error {
		if len(r.units) > maxUnits {
			return errManyFields
		}
		return r.value(z, r.child(nd, key), inside)
	})
}

// value reads the value of a field.
func (r *recordReader) value(z *jsontext.Scanner, nd *node, inside bool) error {
	kind := z.Kind()
	if kind != jsontext.Object && kind != jsontext.Array {
		text, kind, err := z.Scalar()
		if err == nil && kind != jsontext.Null {
			r.scalar(nd, text, kind, inside)
		}
		return err
	}
	z.Peek()
	from, isUnit := z.Offset(), nd.isUnit()
	var err error
	switch {
	case kind == jsontext.Object:
		err = r.object(z, nd, inside || isUnit)
	case nd.pair[0] != "":
		err = r.pairs(z, nd, inside || isUnit)
	default:
		isUnit = true // what no column takes of an array stays together
		err = r.array(z, nd)
	}
	if err != nil {
		return err
	}
	if nd.symbol < 0 && nd.depth > 2 && !isUnit {
		return nil
	}
	raw := jsontext.Plain(z.Since(from))
	if nd.symbol >= 0 {
		r.take(nd, raw, kind)
	}
	if nd.depth <= 2 {
		r.show(nd, raw)
	}
	if isUnit && len(raw) > 2 {
		r.keep(unit{nd: nd, text: raw, kind: kind, part: inside})
	}
	return nil
}

// scalar takes the value of a field.
func (r *recordReader) scalar(nd *node, text string, kind jsontext.Kind, inside bool) {
	if nd.symbol >= 0 {
		r.take(nd, text, kind)
	}
	r.show(nd, text)
	if text != "" || kind != jsontext.String {
		r.keep(unit{nd: nd, text: text, kind: kind, part: inside})
	}
}

func (r *recordReader) keep(u unit) {
	if (!u.part || len(u.nd.auto) > 0) && len(r.units) <= maxUnits {
		r.units = append(r.units, u)
	}
}

// take makes a value known to expressions.
func (r *recordReader) take(nd *node, text string, kind jsontext.Kind) {
	if !nd.list {
		r.put(nd.symbol, text, kind)
		return
	}
	if kind == jsontext.String {
		text = string(jsontext.AppendQuoted(nil, text))
	}
	if r.lists == nil {
		r.lists = map[int][]byte{}
	}
	list := r.lists[nd.symbol]
	if len(list) > 0 {
		list = append(list, ',')
	}
	r.lists[nd.symbol] = append(list, text...)
}

func (r *recordReader) closeLists() {
	for id, list := range r.lists {
		r.put(id, "["+string(list)+"]", jsontext.Array)
	}
	r.lists = nil
}

// show makes a value known to Sigma rules.
func (r *recordReader) show(nd *node, text string) {
	if nd.names == nil {
		r.cut = true // its path is too long
	}
	for _, name := range nd.names {
		if len(r.fields) >= maxFields {
			r.cut = true
			return
		}
		r.fields = append(r.fields, tocsin.Field{Name: name, Value: text})
	}
}

// array reads the elements of an array. They have the fields of the array's own
// node, unless a mapping asks for elements by themselves.
func (r *recordReader) array(z *jsontext.Scanner, nd *node) error {
	n := 0
	return z.Array(func() error {
		element := nd
		if nd.elements {
			if element = nd.children[indexText(n)]; element == nil {
				if element = nd.children["*"]; element == nil {
					element = nd
				}
			}
		}
		n++
		switch kind := z.Kind(); kind {
		case jsontext.Object:
			z.Peek()
			from := z.Offset()
			err := r.object(z, element, true)
			if element != nd && element.symbol >= 0 {
				r.take(element, jsontext.Plain(z.Since(from)), kind)
			}
			return err
		case jsontext.Array:
			return r.array(z, element)
		}
		text, kind, err := z.Scalar()
		if err != nil || kind == jsontext.Null {
			return err
		}
		if element != nd && element.symbol >= 0 {
			r.take(element, text, kind)
		}
		r.show(nd, text)
		return nil
	})
}

func indexText(n int) string {
	const digits = "0123456789"
	if n < len(digits) {
		return digits[n : n+1]
	}
	return fmt.Sprint(n)
}

// pairs reads an array of objects that hold a name and a value each. What has
// no name is shown under the array's own.
func (r *recordReader) pairs(z *jsontext.Scanner, nd *node, inside bool) error {
	return z.Array(func() error {
		if z.Kind() != jsontext.Object {
			return r.value(z, nd, true)
		}
		name, value, kind := "", "", jsontext.Null
		err := z.Object(func(key string) error {
			var err error
			switch {
			case key == nd.pair[0] && z.Kind() == jsontext.String:
				name, err = z.Text()
			case key == nd.pair[1] && (z.Kind() == jsontext.Object || z.Kind() == jsontext.Array):
				kind = z.Kind()
				value, err = z.Raw()
			case key == nd.pair[1]:
				value, kind, err = z.Scalar()
			default:
				err = r.value(z, r.child(nd, key), true)
			}
			return err
		})
		if err == nil && kind != jsontext.Null {
			r.scalar(r.child(nd, name), value, kind, inside)
		}
		return err
	})
}

// child returns the node of a member. A name with dots is a path if the shape
// knows that path.
func (r *recordReader) child(nd *node, key string) *node {
	if c := nd.children[key]; c != nil {
		return c
	}
	c := nd
	if strings.IndexByte(key, '.') > 0 {
		for part := range strings.SplitSeq(key, ".") {
			if c = c.children[part]; c == nil || c.ignored {
				break
			}
		}
	} else {
		c = nil
	}
	if len(nd.path)+len(key) <= maxPath {
		key = strings.Clone(key)
	}
	if c == nil {
		c = &node{key: key, path: nd.path, parent: nd, depth: nd.depth + 1, symbol: -1, isLong: nd.isLong || len(nd.path)+len(key) > maxPath}
		switch {
		case c.isLong: // named by what it is in, or every field in it would cost that much
		case nd.path == "":
			c.path = key
		default:
			c.path = nd.path + "." + key
		}
		c.inherit(r.shape)
	}
	if r.learned < maxLearned && !c.isLong {
		r.learned++
		if nd.children == nil {
			nd.children = map[string]*node{}
		}
		nd.children[key] = c
	}
	return c
}
