package normalize

import (
	"encoding/xml"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/jsontext"
	"github.com/tocsin-soc/tocsin/internal/normalize/expression"
	"github.com/tocsin-soc/tocsin/internal/normalize/value"
)

// viewFile is the form of content/normalize/tables.yaml.
type viewFile struct {
	Maps   map[string]map[string]string `yaml:"maps"`
	Tables map[string]viewRule          `yaml:"tables"`
}

// A viewRule says how a row of a table looks to Sigma rules.
type viewRule struct {
	Product  string `yaml:"product"`
	Category string `yaml:"category"`
	Service  string `yaml:"service"`
	Channel  string `yaml:"channel"` // of rows that have none
	// Categories choose the category by the value of a column.
	Categories struct {
		Column string            `yaml:"column"`
		Values map[string]string `yaml:"values"`
	} `yaml:"categories"`
	// Data is the column with the event's own data, XML or an object.
	Data string `yaml:"data"`
	// Fields are lines "Name Column": further names of a column's value.
	Fields string `yaml:"fields"`
}

// A view is a viewRule compiled.
type view struct {
	source     tocsin.LogSource
	categories map[string]string
	category   int // column, -1
	data       int // column, -1
	fields     []viewField
}

type viewField struct {
	name   string
	column int
	steps  []expression.Step
}

// loadViews reads the files named tables.yaml.
func loadViews(folders []Folder, tables map[string]*table) (map[string]*view, error) {
	views := map[string]*view{}
	var c mappingCompiler
	for i := range folders {
		paths, err := folders[i].views()
		if err != nil {
			return nil, err
		}
		for _, p := range paths {
			c.readViews(&folders[i], p, tables, views)
		}
	}
	return views, c.err()
}

// readViews reads one file and adds its views.
func (c *mappingCompiler) readViews(from *Folder, name string, tables map[string]*table, views map[string]*view) {
	var f viewFile
	text := &yamlFile{path: from.path(name)}
	if m := text.decode(from.Files, name, &f); m != nil {
		c.errs = append(c.errs, m)
		return
	}
	for _, name := range sortedNames(f.Tables) {
		rule, at := f.Tables[name], text.at("tables", name)
		t, ok := tables[name]
		switch {
		case !ok:
			c.rejectTable(at, "", name)
		case views[name] != nil:
			c.reject(at, "what rows of table %s look like to Sigma is said already; take this one out", name)
		default:
			views[name] = c.view(&rule, at, t, f.Maps)
		}
	}
}

// view compiles a rule.
func (c *mappingCompiler) view(r *viewRule, at place, t *table, maps map[string]map[string]string) *view {
	v := &view{source: tocsin.LogSource{Product: r.Product, Category: r.Category, Service: r.Service, Channel: r.Channel}, category: -1, data: -1}
	column := func(at place, name string) int {
		i, ok := t.byName[name]
		if !ok {
			c.reject(at, "table %s: no column %s", t.name, name)
		}
		return i
	}
	if r.Categories.Column != "" {
		v.category, v.categories = column(at.in("categories"), r.Categories.Column), r.Categories.Values
	}
	if r.Data != "" {
		v.data = column(at.in("data"), r.Data)
	}
	for i, line := range linesOf(r.Fields) {
		at := at.in("fields").line(i)
		parts := strings.Split(strings.TrimSpace(line.rest), " | ")
		if len(strings.Fields(parts[0])) != 1 {
			c.reject(at, "table %s: line %q is not a name and a column", t.name, line.name+" "+line.rest)
			continue
		}
		field := viewField{name: line.name, column: column(at, strings.TrimSpace(parts[0]))}
		for _, part := range parts[1:] {
			name, arg, _ := strings.Cut(strings.TrimSpace(part), " ")
			s, err := expression.ParseStep(name, strings.TrimSpace(arg), maps)
			if err != nil {
				c.reject(at, "table %s: %w", t.name, err)
				continue
			}
			field.steps = append(field.steps, s)
		}
		v.fields = append(v.fields, field)
	}
	return v
}

// maxLeaves bounds the fields made of one dynamic column.
const maxLeaves = 512

// rowView adds the flat view of a row to fields: its columns by their names, the leaves
// of its dynamic columns by their paths, and the names that Sigma rules use.
func (n *Normalizer) rowView(rec *tocsin.Record, fields []tocsin.Field, t *table, values []tocsin.Value) []tocsin.Field {
	from := len(fields)
	for i := range values {
		v := &values[i]
		if v.IsNull() || strings.HasPrefix(t.columns[i].Name, "_") {
			continue
		}
		name := t.columns[i].Name
		fields = append(fields, tocsin.Field{Name: name, Value: valueText(v)})
		if v.Kind == tocsin.Dynamic {
			fields = appendLeaves(fields, name, v.Str)
		}
	}
	if v := n.views[t.name]; v != nil {
		rec.LogSource = v.source
		fields = append(fields[:from], v.extend(rec, fields[from:], values)...)
	}
	return fields
}

// extend adds what a table's view knows beyond the columns.
func (v *view) extend(rec *tocsin.Record, fields []tocsin.Field, values []tocsin.Value) []tocsin.Field {
	at := func(column int) *tocsin.Value {
		if column < 0 || column >= len(values) || values[column].IsNull() {
			return nil
		}
		return &values[column]
	}
	if c := at(v.category); c != nil {
		if category, ok := v.categories[c.Str]; ok {
			rec.LogSource.Category = category
		}
	}
	if d := at(v.data); d != nil {
		fields = appendData(fields, d.Str)
	}
	for i := range v.fields {
		f := &v.fields[i]
		value := at(f.column)
		if value == nil {
			continue
		}
		text, ok := valueText(value), true
		for _, s := range f.steps {
			if text, ok = s(text); !ok {
				break
			}
		}
		if ok {
			fields = append(fields, tocsin.Field{Name: f.name, Value: text})
		}
	}
	source := &rec.LogSource
	for _, f := range fields {
		switch f.Name {
		case "Channel":
			source.Channel = f.Value
		case "Provider_Name":
			source.Provider = f.Value
		case "EventID":
			source.EventID, _ = strconv.Atoi(f.Value)
		}
	}
	if source.Channel != "" && !slices.ContainsFunc(fields, func(f tocsin.Field) bool { return f.Name == "Channel" }) {
		fields = append(fields, tocsin.Field{Name: "Channel", Value: source.Channel})
	}
	return fields
}

// valueText is the text of a value as rules compare it.
func valueText(v *tocsin.Value) string {
	switch v.Kind {
	case tocsin.Bool:
		return strconv.FormatBool(v.Num != 0)
	case tocsin.Int, tocsin.TimeSpan:
		return strconv.FormatInt(v.Num, 10)
	case tocsin.Real:
		return strconv.FormatFloat(v.Real(), 'g', -1, 64)
	case tocsin.DateTime:
		return value.TimeText(v.Time())
	}
	return v.Str
}

// appendLeaves adds the leaves of a dynamic value by their paths.
func appendLeaves(fields []tocsin.Field, path, json string) []tocsin.Field {
	z := jsontext.New(json)
	limit := len(fields) + maxLeaves
	var walk func(path string) error
	walk = func(path string) error {
		switch {
		case len(fields) >= limit:
			return z.Skip()
		case z.Kind() == jsontext.Object:
			return z.Object(func(key string) error {
				if len(path)+len(key) > maxPath {
					return z.Skip()
				}
				return walk(path + "." + key)
			})
		case z.Kind() == jsontext.Array:
			return z.Array(func() error { return walk(path) })
		}
		text, kind, err := z.Scalar()
		if err == nil && kind != jsontext.Null {
			fields = append(fields, tocsin.Field{Name: path, Value: text})
		}
		return err
	}
	if k := z.Kind(); k == jsontext.Object || k == jsontext.Array {
		_ = walk(path) // it was read before, so it is well formed
	}
	return fields
}

// appendData adds the data of a Windows event stored in one column, as XML or
// as an object.
func appendData(fields []tocsin.Field, text string) []tocsin.Field {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "{") {
		from := len(fields)
		fields = appendLeaves(fields, "", text)
		for i := from; i < len(fields); i++ {
			name := strings.TrimPrefix(fields[i].Name, ".")
			name = strings.TrimSuffix(name, ".#text")
			fields[i].Name = strings.ReplaceAll(name, " ", "")
		}
		return fields
	}
	if !strings.HasPrefix(text, "<") {
		return fields
	}
	d := xml.NewDecoder(strings.NewReader(text))
	d.Strict = false
	name, depth := "", 0
	var value []byte
	for limit := len(fields) + maxLeaves; len(fields) < limit && depth <= jsontext.MaxNesting; {
		token, err := d.Token()
		if err != nil {
			break // what was read so far is shown; the column keeps the text
		}
		switch token := token.(type) {
		case xml.StartElement:
			depth++
			name, value = token.Name.Local, value[:0]
			for _, a := range token.Attr {
				if a.Name.Local == "Name" && token.Name.Local == "Data" {
					name = a.Value
				}
			}
		case xml.CharData:
			value = append(value, token...)
		case xml.EndElement:
			depth--
			if name != "" && (len(value) > 0 || token.Name.Local == "Data") {
				fields = append(fields, tocsin.Field{Name: strings.ReplaceAll(name, " ", ""), Value: string(value)})
			}
			name, value = "", value[:0]
		}
	}
	return fields
}
