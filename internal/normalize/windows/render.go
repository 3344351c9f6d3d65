package windows

import (
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin/internal/jsontext"
)

// A Rendering renders the whole event for a column.
type Rendering func(e *Event) (string, bool)

// renderings by the name that mappings use, after a dollar sign.
var renderings = map[string]Rendering{
	"DataXML":      func(e *Event) (string, bool) { s := e.dataXML(); return s, s != "" },
	"DataItemXML":  func(e *Event) (string, bool) { return e.dataItemXML(), true },
	"ParamXML":     func(e *Event) (string, bool) { s := e.paramXML(); return s, s != "" },
	"DataJSON":     func(e *Event) (string, bool) { s := e.bag(); return s, s != "" },
	"Message":      func(e *Event) (string, bool) { return e.message, e.message != "" },
	"SourceSystem": sourceSystem,
}

// RenderingOf returns the rendering of a name; nil if there is none.
func RenderingOf(name string) Rendering { return renderings[name] }

// sourceSystem says what collected the event, and whether it was recovered from
// a log's slack space.
func sourceSystem(e *Event) (string, bool) {
	if e.origin != "" {
		return "Tocsin (" + e.origin + ")", true
	}
	return "Tocsin", true
}

const eventNamespace = `xmlns="http://schemas.microsoft.com/win/2004/08/events/event"`

// dataXML renders EventData, or UserData where there is none, as Windows does.
func (e *Event) dataXML() string {
	e.buffer = e.appendDataXML(e.buffer[:0])
	return string(e.buffer)
}

func (e *Event) appendDataXML(b []byte) []byte {
	switch {
	case len(e.data) > 0:
		b = append(b, "<EventData "+eventNamespace+">"...)
		for i := range e.data {
			d := &e.data[i]
			if d.Name == "Binary" {
				b = append(appendXML(append(b, "<Binary>"...), d.Value), "</Binary>"...)
				continue
			}
			b = append(b, "<Data"...)
			if d.Name != "Data" {
				b = append(appendXML(append(b, ` Name="`...), d.Name), '"')
			}
			b = append(appendXML(append(b, '>'), d.Value), "</Data>"...)
		}
		b = append(b, "</EventData>"...)
	case e.userJSON != "":
		b = append(b, "<UserData "+eventNamespace+">"...)
		z := jsontext.New(e.userJSON)
		b, _ = membersXML(b, z) // read once before, so it is well formed
		b = append(b, "</UserData>"...)
	case len(e.user) > 0:
		b = append(b, "<UserData "+eventNamespace+">"...)
		for i := range e.user {
			b = appendElement(b, e.user[i].Name, e.user[i].Value)
		}
		b = append(b, "</UserData>"...)
	}
	return b
}

// dataItemXML is the form of Event.EventData: the data in an envelope.
func (e *Event) dataItemXML() string {
	b := e.At.AppendFormat(append(e.buffer[:0], `<DataItem type="System.XmlData" time="`...), time.RFC3339Nano)
	e.buffer = append(e.appendDataXML(append(b, `">`...)), "</DataItem>"...)
	return string(e.buffer)
}

// membersXML turns a JSON object into elements.
func membersXML(b []byte, z *jsontext.Scanner) ([]byte, error) {
	err := z.Object(func(key string) error {
		if strings.HasPrefix(key, "#") {
			if key == "#text" && z.Kind() != jsontext.Object && z.Kind() != jsontext.Array {
				text, _, err := z.Scalar()
				b = appendXML(b, text)
				return err
			}
			return z.Skip()
		}
		name := elementName(key)
		b = append(append(append(b, '<'), name...), '>')
		var err error
		switch z.Kind() {
		case jsontext.Object:
			b, err = membersXML(b, z)
		case jsontext.Array:
			var json string
			json, err = z.Raw()
			b = appendXML(b, json)
		default:
			var text string
			text, _, err = z.Scalar()
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
func (e *Event) paramXML() string {
	b := e.buffer[:0]
	for i := range e.data {
		b = append(appendXML(append(b, "<Param>"...), e.data[i].Value), "</Param>"...)
	}
	e.buffer = b
	return string(b)
}

// bag is the event's data as a JSON object.
func (e *Event) bag() string {
	switch {
	case len(e.data) > 0 && e.dataJSON != "":
		return jsontext.Plain(e.dataJSON)
	case len(e.user) > 0 && e.userJSON != "":
		return jsontext.Plain(e.userJSON)
	}
	list := e.data
	if len(list) == 0 {
		list = e.user
	}
	if len(list) == 0 {
		return ""
	}
	b := []byte{'{'}
	order, values := grouped(list)
	for _, name := range order {
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(jsontext.AppendQuoted(b, name), ':')
		if name == "Data" {
			b = append(appendTwins(append(b, `{"#text":`...), values[name]), '}')
		} else {
			b = appendTwins(b, values[name])
		}
	}
	return string(append(b, '}'))
}

// grouped puts the values of each name together, names in the order of their
// first value.
func grouped(list []Datum) (order []string, values map[string][]string) {
	values = make(map[string][]string, len(list))
	for i := range list {
		d := &list[i]
		if values[d.Name] == nil {
			order = append(order, d.Name)
		}
		values[d.Name] = append(values[d.Name], d.Value)
	}
	return order, values
}

// appendTwins appends a value, or the list of several.
func appendTwins(b []byte, values []string) []byte {
	if len(values) == 1 {
		return jsontext.AppendQuoted(b, values[0])
	}
	for i, v := range values {
		b = jsontext.AppendQuoted(append(b, "[,"[min(i, 1)]), v)
	}
	return append(b, ']')
}
