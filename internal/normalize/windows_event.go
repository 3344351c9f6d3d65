package normalize

import (
	"slices"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
)

// readEvtx reads {"Event":{"System":…,"EventData":…}} as evtx_dump writes it
// (and `tocsin evtx dump`).
func (e *winEvent) readEvtx(body string) error {
	z := &scanner{s: body}
	err := z.object(func(key string) error {
		switch {
		case key == "Event" && z.kind() == jsonObject:
			return z.object(func(key string) error { return e.section(z, key) })
		case key == "#recovered" && z.kind() == jsonObject:
			return z.object(func(key string) error {
				if key != "origin" {
					return z.skip()
				}
				text, _, err := z.scalar()
				e.origin = text
				return err
			})
		}
		return z.skip()
	})
	if err != nil {
		return err
	}
	return z.document()
}

// section reads a child of Event.
func (e *winEvent) section(z *scanner, key string) error {
	if z.kind() != jsonObject {
		return z.skip()
	}
	switch key {
	case "System":
		return z.object(func(key string) error { return e.systemElement(z, key) })
	case "EventData":
		z.peek()
		from := z.at
		err := z.object(func(key string) error { return e.dataElement(z, key) })
		e.dataJSON = z.s[from:z.at]
		return err
	case "UserData":
		z.peek()
		from := z.at
		err := z.object(func(key string) error { return e.userElement(z, "Event.UserData", key) })
		e.userJSON = z.s[from:z.at]
		return err
	case "RenderingInfo":
		return z.object(func(key string) error {
			if key != "Message" || z.kind() != jsonString {
				return z.skip()
			}
			text, err := z.text()
			e.message = text
			return err
		})
	}
	return z.skip()
}

// systemElement reads a child of System: a scalar, or attributes and a text.
func (e *winEvent) systemElement(z *scanner, element string) error {
	if z.kind() != jsonObject {
		return e.systemValue(z, element)
	}
	return z.object(func(key string) error {
		switch {
		case key == "#text":
			return e.systemValue(z, element)
		case key == "#attributes" && z.kind() == jsonObject:
			return z.object(func(attr string) error {
				switch attr {
				case "SystemTime", "Qualifiers", "UserID":
					return e.systemValue(z, attr)
				}
				return e.systemValue(z, attributeName(element, attr))
			})
		}
		return z.skip()
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

func (e *winEvent) systemValue(z *scanner, name string) error {
	if k := z.kind(); k == jsonObject || k == jsonArray {
		return z.skip()
	}
	text, kind, err := z.scalar()
	if err == nil && kind != jsonNull {
		e.setSystem(name, text)
	}
	return err
}

// dataElement reads a member of EventData: a scalar, a list, or an object that
// stands for an element with attributes or children.
func (e *winEvent) dataElement(z *scanner, name string) error {
	if strings.HasPrefix(name, "#") && name != "#text" {
		return z.skip()
	}
	switch z.kind() {
	case jsonObject:
		return z.object(func(key string) error {
			if key == "#text" {
				key = name
			}
			return e.dataElement(z, key)
		})
	case jsonArray:
		return z.array(func() error { return e.dataElement(z, name) })
	}
	text, kind, err := z.scalar()
	if err == nil && kind != jsonNull {
		e.addData(name, text)
	}
	return err
}

// userElement reads a member of UserData, keeping the path.
func (e *winEvent) userElement(z *scanner, parent, name string) error {
	if strings.HasPrefix(name, "#") && name != "#text" {
		return z.skip()
	}
	path := parent
	if name == "#text" {
		name = parent[strings.LastIndexByte(parent, '.')+1:]
	} else {
		path = parent + "." + name
	}
	switch z.kind() {
	case jsonObject:
		return z.object(func(key string) error { return e.userElement(z, path, key) })
	case jsonArray:
		return z.array(func() error { return e.userElement(z, parent, name) })
	}
	text, kind, err := z.scalar()
	if err == nil && kind != jsonNull {
		e.addUser(path, name, text)
	}
	return err
}

// A special renders the whole event for a column.
type special func(e *winEvent) (string, bool)

// specials by the name that mappings use, after a dollar sign.
var specials = map[string]special{
	"DataXML":      func(e *winEvent) (string, bool) { s := e.dataXML(); return s, s != "" },
	"DataItemXML":  func(e *winEvent) (string, bool) { return e.dataItemXML(), true },
	"ParamXML":     func(e *winEvent) (string, bool) { s := e.paramXML(); return s, s != "" },
	"DataJSON":     func(e *winEvent) (string, bool) { s := e.bag(); return s, s != "" },
	"Message":      func(e *winEvent) (string, bool) { return e.message, e.message != "" },
	"SourceSystem": sourceSystem,
}

// sourceSystem says what collected the event, and whether it was recovered from
// a log's slack space.
func sourceSystem(e *winEvent) (string, bool) {
	if e.origin != "" {
		return "Tocsin (" + e.origin + ")", true
	}
	return "Tocsin", true
}

const eventNamespace = `xmlns="http://schemas.microsoft.com/win/2004/08/events/event"`

// dataXML renders EventData, or UserData where there is none, as Windows does.
func (e *winEvent) dataXML() string {
	e.buffer = e.appendDataXML(e.buffer[:0])
	return string(e.buffer)
}

func (e *winEvent) appendDataXML(b []byte) []byte {
	switch {
	case len(e.data) > 0:
		b = append(b, "<EventData "+eventNamespace+">"...)
		for i := range e.data {
			d := &e.data[i]
			if d.name == "Binary" {
				b = append(appendXML(append(b, "<Binary>"...), d.value), "</Binary>"...)
				continue
			}
			b = append(b, "<Data"...)
			if d.name != "Data" {
				b = append(appendXML(append(b, ` Name="`...), d.name), '"')
			}
			b = append(appendXML(append(b, '>'), d.value), "</Data>"...)
		}
		b = append(b, "</EventData>"...)
	case e.userJSON != "":
		b = append(b, "<UserData "+eventNamespace+">"...)
		z := scanner{s: e.userJSON}
		b, _ = membersXML(b, &z) // read once before, so it is well formed
		b = append(b, "</UserData>"...)
	case len(e.user) > 0:
		b = append(b, "<UserData "+eventNamespace+">"...)
		for i := range e.user {
			b = appendElement(b, e.user[i].name, e.user[i].value)
		}
		b = append(b, "</UserData>"...)
	}
	return b
}

// dataItemXML is the form of Event.EventData: the data in an envelope.
func (e *winEvent) dataItemXML() string {
	b := e.at.AppendFormat(append(e.buffer[:0], `<DataItem type="System.XmlData" time="`...), time.RFC3339Nano)
	e.buffer = append(e.appendDataXML(append(b, `">`...)), "</DataItem>"...)
	return string(e.buffer)
}

// membersXML turns a JSON object into elements.
func membersXML(b []byte, z *scanner) ([]byte, error) {
	err := z.object(func(key string) error {
		if strings.HasPrefix(key, "#") {
			if key == "#text" && z.kind() != jsonObject && z.kind() != jsonArray {
				text, _, err := z.scalar()
				b = appendXML(b, text)
				return err
			}
			return z.skip()
		}
		name := elementName(key)
		b = append(append(append(b, '<'), name...), '>')
		var err error
		switch z.kind() {
		case jsonObject:
			b, err = membersXML(b, z)
		case jsonArray:
			var json string
			json, err = z.raw()
			b = appendXML(b, json)
		default:
			var text string
			text, _, err = z.scalar()
			b = appendXML(b, text)
		}
		b = append(append(append(b, "</"...), name...), '>')
		return err
	})
	return b, err
}

func appendElement(b []byte, name, value string) []byte {
	name = elementName(name)
	b = append(append(append(b, '<'), name...), '>')
	b = appendXML(b, value)
	return append(append(append(b, "</"...), name...), '>')
}

// elementName makes a name that XML accepts.
func elementName(s string) string {
	ok := s != "" && !(s[0] >= '0' && s[0] <= '9') && s[0] != '-' && s[0] != '.'
	for i := 0; i < len(s) && ok; i++ {
		c := s[i]
		ok = c >= 0x80 || c == '_' || c == '-' || c == '.' || c-'0' < 10 || c|0x20-'a' < 26
	}
	if ok {
		return s
	}
	return "_" + strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == '.' || r >= '0' && r <= '9' || r|0x20 >= 'a' && r|0x20 <= 'z' {
			return r
		}
		return '_'
	}, s)
}

// escapes has what XML puts for a byte: nothing for most. What XML 1.0 cannot
// hold becomes U+FFFD.
var escapes = func() (table [256]string) {
	for c := range ' ' {
		table[c] = "\uFFFD"
	}
	table['\t'], table['\n'], table['\r'] = "", "", ""
	table['&'], table['<'], table['>'], table['"'] = "&amp;", "&lt;", "&gt;", "&quot;"
	return table
}()

// appendXML escapes a text for content and attributes.
func appendXML(b []byte, s string) []byte {
	from := 0
	for i := range len(s) {
		if escape := escapes[s[i]]; escape != "" {
			b = append(append(b, s[from:i]...), escape...)
			from = i + 1
		}
	}
	return append(b, s[from:]...)
}

// paramXML is the form of Event.ParameterXml: the values without their names.
func (e *winEvent) paramXML() string {
	b := e.buffer[:0]
	for i := range e.data {
		b = append(appendXML(append(b, "<Param>"...), e.data[i].value), "</Param>"...)
	}
	e.buffer = b
	return string(b)
}

// bag is the event's data as a JSON object.
func (e *winEvent) bag() string {
	switch {
	case len(e.data) > 0 && e.dataJSON != "":
		return plainJSON(e.dataJSON)
	case len(e.user) > 0 && e.userJSON != "":
		return plainJSON(e.userJSON)
	}
	list := e.data
	if len(list) == 0 {
		list = e.user
	}
	if len(list) == 0 {
		return ""
	}
	b := []byte{'{'}
	for i := range list {
		name := list[i].name
		if slices.ContainsFunc(list[:i], func(d datum) bool { return d.name == name }) {
			continue // written with the first of its name
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(appendJSONString(b, name), ':')
		if name == "Data" {
			b = append(appendTwins(append(b, `{"#text":`...), list[i:]), '}')
		} else {
			b = appendTwins(b, list[i:])
		}
	}
	return string(append(b, '}'))
}

// appendTwins appends the value of the first datum, or the list of the values
// that share its name.
func appendTwins(b []byte, list []datum) []byte {
	first, start := true, len(b)
	for i := range list {
		if list[i].name != list[0].name {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		b, first = appendJSONString(b, list[i].value), false
		if i > 0 && b[start] != '[' {
			b = slices.Insert(b, start, '[')
		}
	}
	if b[start] == '[' {
		b = append(b, ']')
	}
	return b
}

// utcText writes a time as SystemTime.
func utcText(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.0000000Z") }

// setTime takes the time of shapes that do not write it as SystemTime.
func (e *winEvent) setTime(t time.Time) {
	e.system = append(e.system, tocsin.Field{Name: "SystemTime", Value: utcText(t)})
	e.at = t
}
