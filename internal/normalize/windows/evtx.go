package windows

import (
	"strings"

	"github.com/tocsin-soc/tocsin/internal/jsontext"
)

// readEvtx reads {"Event":{"System":…,"EventData":…}} as evtx_dump writes it
// (and `tocsin evtx dump`).
func (e *Event) readEvtx(body string) error {
	z := jsontext.New(body)
	err := z.Object(func(key string) error {
		switch {
		case key == "Event" && z.Kind() == jsontext.Object:
			return z.Object(func(key string) error { return e.section(z, key) })
		case key == "#recovered" && z.Kind() == jsontext.Object:
			return z.Object(func(key string) error {
				if key != "origin" {
					return z.Skip()
				}
				text, _, err := z.Scalar()
				e.origin = text
				return err
			})
		}
		return z.Skip()
	})
	if err != nil {
		return err
	}
	return z.End()
}

// section reads a child of Event.
func (e *Event) section(z *jsontext.Scanner, key string) error {
	if z.Kind() != jsontext.Object {
		return z.Skip()
	}
	switch key {
	case "System":
		return z.Object(func(key string) error { return e.systemElement(z, key) })
	case "EventData":
		z.Peek()
		from := z.Offset()
		err := z.Object(func(key string) error { return e.dataElement(z, key) })
		e.dataJSON = z.Since(from)
		return err
	case "UserData":
		z.Peek()
		from := z.Offset()
		err := z.Object(func(key string) error { return e.userElement(z, "Event.UserData", key) })
		e.userJSON = z.Since(from)
		return err
	case "RenderingInfo":
		return z.Object(func(key string) error {
			if key != "Message" || z.Kind() != jsontext.String {
				return z.Skip()
			}
			text, err := z.Text()
			e.message = text
			return err
		})
	}
	return z.Skip()
}

// systemElement reads a child of System: a scalar, or attributes and a text.
func (e *Event) systemElement(z *jsontext.Scanner, element string) error {
	if z.Kind() != jsontext.Object {
		return e.systemValue(z, element)
	}
	return z.Object(func(key string) error {
		switch {
		case key == "#text":
			return e.systemValue(z, element)
		case key == "#attributes" && z.Kind() == jsontext.Object:
			return z.Object(func(attr string) error {
				switch attr {
				case "SystemTime", "Qualifiers", "UserID":
					return e.systemValue(z, attr)
				}
				return e.systemValue(z, attributeName(element, attr))
			})
		}
		return z.Skip()
	})
}

// attributeName joins the names of an element of System and its attribute.
func attributeName(element, attribute string) string {
	switch {
	case element == "Provider" && attribute == "Name":
		return "Provider_Name"
	case element == "Provider" && attribute == "Guid":
		return "Provider_Guid"
	case element == "Execution" && attribute == "ProcessID":
		return "Execution_ProcessID"
	case element == "Execution" && attribute == "ThreadID":
		return "Execution_ThreadID"
	}
	return element + "_" + attribute
}

func (e *Event) systemValue(z *jsontext.Scanner, name string) error {
	if k := z.Kind(); k == jsontext.Object || k == jsontext.Array {
		return z.Skip()
	}
	text, kind, err := z.Scalar()
	if err == nil && kind != jsontext.Null {
		e.setSystem(name, text)
	}
	return err
}

// dataElement reads a member of EventData: a scalar, a list, or an object that
// stands for an element with attributes or children.
func (e *Event) dataElement(z *jsontext.Scanner, name string) error {
	if strings.HasPrefix(name, "#") && name != "#text" {
		return z.Skip()
	}
	switch z.Kind() {
	case jsontext.Object:
		return z.Object(func(key string) error {
			if key == "#text" {
				key = name
			}
			return e.dataElement(z, key)
		})
	case jsontext.Array:
		return z.Array(func() error { return e.dataElement(z, name) })
	}
	text, kind, err := z.Scalar()
	if err == nil && kind != jsontext.Null {
		e.addData(name, text)
	}
	return err
}

// userElement reads a member of UserData, keeping the path.
func (e *Event) userElement(z *jsontext.Scanner, parent, name string) error {
	if e.isCut || strings.HasPrefix(name, "#") && name != "#text" {
		return z.Skip()
	}
	path := parent
	if name == "#text" {
		name = parent[strings.LastIndexByte(parent, '.')+1:]
	} else {
		path = parent + "." + name
	}
	switch z.Kind() {
	case jsontext.Object:
		return z.Object(func(key string) error { return e.userElement(z, path, key) })
	case jsontext.Array:
		return z.Array(func() error { return e.userElement(z, parent, name) })
	}
	text, kind, err := z.Scalar()
	if err == nil && kind != jsontext.Null {
		e.addUser(path, name, text)
	}
	return err
}
