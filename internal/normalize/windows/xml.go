package windows

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/tocsin-soc/tocsin/internal/jsontext"
)

// readXML reads an event as Windows renders it (`wevtutil qe … /f:xml`, Windows
// Event Collector): one <Event> element.
func (e *Event) readXML(body string) error {
	body, hasControls := withStandIns(body)
	d := xml.NewDecoder(strings.NewReader(body))
	r := xmlEvent{e: e, hasControls: hasControls}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("the XML cannot be read: %w", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if err := r.open(token); err != nil {
				return err
			}
		case xml.CharData:
			r.text = append(r.text, token...)
		case xml.EndElement:
			r.close()
		}
	}
	if !r.seen {
		return fmt.Errorf("the XML has no Event element")
	}
	e.userJSON = r.user.json()
	return nil
}

// An xmlEvent is where the reading of an event's XML stands.
type xmlEvent struct {
	e    *Event
	path []string // names of the open elements
	name string   // Name attribute of an open Data element
	leaf bool     // nothing was closed inside the open element
	text []byte
	seen bool
	user userWriter

	hasControls bool // texts have stand-ins for control characters
}

func (r *xmlEvent) open(t xml.StartElement) error {
	if len(r.path) >= jsontext.MaxNesting {
		return fmt.Errorf("the XML is nested deeper than %d", jsontext.MaxNesting)
	}
	if len(r.path) == 0 {
		if t.Name.Local != "Event" || r.seen {
			return fmt.Errorf("the XML is not one Event element")
		}
		r.seen = true
	}
	r.path = append(r.path, t.Name.Local)
	r.leaf, r.text, r.name = true, r.text[:0], ""
	if r.hasControls {
		for i := range t.Attr {
			t.Attr[i].Value = withControls(t.Attr[i].Value)
		}
	}
	if r.inUser() {
		r.user.open(t)
	}
	switch {
	case len(r.path) == 3 && r.path[1] == "System":
		for _, a := range t.Attr {
			switch name := a.Name.Local; {
			case a.Name.Space == "xmlns" || name == "xmlns":
			case name == "SystemTime" || name == "Qualifiers" || name == "UserID":
				r.e.setSystem(name, a.Value)
			default:
				r.e.setSystem(t.Name.Local+"_"+name, a.Value)
			}
		}
	case len(r.path) == 3 && r.path[1] == "EventData":
		r.name = t.Name.Local
		for _, a := range t.Attr {
			if a.Name.Local == "Name" && t.Name.Local == "Data" {
				r.name = a.Value
			}
		}
	}
	return nil
}

// inUser says whether the innermost element is UserData or in it. Of an event with
// too many values, which is refused, no more is written down.
func (r *xmlEvent) inUser() bool {
	return len(r.path) > 1 && r.path[1] == "UserData" && !r.e.isCut
}

// close takes the value of the element that ends.
func (r *xmlEvent) close() {
	depth, text := len(r.path), string(r.text)
	if r.hasControls {
		text = withControls(text)
	}
	if r.leaf && depth >= 3 && !r.e.isCut {
		leaf := r.path[depth-1]
		switch section := r.path[1]; {
		case section == "System" && depth == 3 && strings.TrimSpace(text) != "":
			r.e.setSystem(leaf, strings.TrimSpace(text))
		case section == "EventData" && depth == 3:
			r.e.addData(r.name, text)
		case section == "EventData":
			r.e.addData(leaf, text)
		case section == "UserData":
			r.e.addUser(strings.Join(r.path, "."), leaf, text)
		case section == "RenderingInfo" && leaf == "Message":
			r.e.message = text
		}
	}
	if r.inUser() {
		r.user.close(text)
	}
	r.path, r.leaf, r.text = r.path[:depth-1], false, r.text[:0]
}
