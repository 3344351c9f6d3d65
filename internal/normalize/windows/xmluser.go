package windows

import (
	"encoding/xml"
	"strconv"

	"github.com/tocsin-soc/tocsin/internal/jsontext"
)

// A userWriter writes the elements of UserData as JSON, as evtx_dump does: with
// their attributes as #attributes, their text beside those as #text, and of
// several of a name the second as name_1.
type userWriter struct {
	b     []byte
	stack []userElement // from UserData down
	times int           // how many UserData there were
}

// A userElement is an element that is not closed yet.
type userElement struct {
	attributes []xml.Attr
	hasMembers bool           // its brace is written
	next       map[string]int // by the names of its elements: the number of the next one
}

// open begins an element; UserData itself is the first.
func (w *userWriter) open(t xml.StartElement) {
	if len(w.stack) == 0 {
		w.times++
		w.b = append(w.b[:0], '{')
		w.stack = append(w.stack, userElement{hasMembers: true})
		return
	}
	w.member(w.stack[len(w.stack)-1].unique(t.Name.Local))
	w.stack = append(w.stack, userElement{attributes: t.Attr})
}

// member begins a member of the innermost element.
func (w *userWriter) member(name string) {
	switch e := &w.stack[len(w.stack)-1]; {
	case !e.hasMembers:
		e.hasMembers = true
		if w.b = append(w.b, '{'); w.attributes(e) {
			w.b = append(w.b, ',')
		}
	case w.b[len(w.b)-1] != '{':
		w.b = append(w.b, ',')
	}
	w.b = append(jsontext.AppendQuoted(w.b, name), ':')
}

// attributes writes those of an element, if it has some.
func (w *userWriter) attributes(e *userElement) bool {
	if len(e.attributes) == 0 {
		return false
	}
	w.b = append(w.b, `"#attributes":{`...)
	named := userElement{}
	for i, a := range e.attributes {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		name := a.Name.Local
		if a.Name.Space == "xmlns" {
			name = "xmlns:" + name
		}
		w.b = append(jsontext.AppendQuoted(w.b, named.unique(name)), ':')
		w.b = jsontext.AppendQuoted(w.b, a.Value)
	}
	w.b = append(w.b, '}')
	return true
}

// close ends the innermost element, whose text is that of a leaf.
func (w *userWriter) close(text string) {
	e := &w.stack[len(w.stack)-1]
	switch {
	case e.hasMembers:
		w.b = append(w.b, '}')
	case len(e.attributes) > 0:
		w.b = append(w.b, '{')
		w.attributes(e)
		if text != "" {
			w.b = jsontext.AppendQuoted(append(w.b, `,"#text":`...), text)
		}
		w.b = append(w.b, '}')
	default:
		w.b = jsontext.AppendQuoted(w.b, text)
	}
	w.stack = w.stack[:len(w.stack)-1]
}

// json is what was written: nothing of events with no UserData or several.
func (w *userWriter) json() string {
	if w.times != 1 || len(w.stack) > 0 || len(w.b) <= len("{}") {
		return ""
	}
	return string(w.b)
}

// unique returns a name that no other element inside of this one has.
func (e *userElement) unique(name string) string {
	if e.next == nil {
		e.next = map[string]int{}
	}
	n := e.next[name]
	if n == 0 {
		e.next[name] = 1
		return name
	}
	for ; ; n++ {
		if numbered := name + "_" + strconv.Itoa(n); e.next[numbered] == 0 {
			e.next[name], e.next[numbered] = n+1, 1
			return numbered
		}
	}
}
