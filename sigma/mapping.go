package sigma

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-soc/tocsin/sigma/document"
	"github.com/tocsin-soc/tocsin/sigma/pattern"
	"github.com/tocsin-soc/tocsin/sigma/rule"
)

// Mapping says where log sources are found: which channel and event id belong to
// which service and category, how a built-in event's fields translate, and how a
// record without a channel is recognised. It is read from content/sigma and
// immutable afterwards.
type Mapping struct {
	channels   map[string]*channelSource // by folded name
	providers  map[string]string         // folded provider → folded channel
	anyChannel string                    // product of channels nobody lists
	derived    []derivation
	recognise  []recognition
	categories map[string]bool   // "product/category" that the mapping speaks of
	tables     []tableSource     // for ToKQL: tables of other log sources
	spaced     map[string]string // for ToKQL: field without spaces → name in the event
}

// tableSource is a table that holds a log source.
type tableSource struct {
	is      Logsource
	table   string
	where   map[string]string
	columns map[string]string // field → column; others have their own name
}

// channelSource is what one event channel carries.
type channelSource struct {
	name     string
	product  string
	services []string
	events   map[int][]categorySource
}

// categorySource is a category found at one event id of a channel.
type categorySource struct {
	category string
	when     *Expr // further condition, nil when none
	set      *fieldSet
}

// fieldSet translates the fields of a built-in event for rules of a category.
type fieldSet struct {
	name   string
	fields map[string]fieldSource
	absent []string
}

// fieldSource makes one field from others of the event.
type fieldSource struct {
	from     []string
	join     string
	decimal  bool              // 0x hex becomes decimal
	values   map[string]string // folded text → replacement
	prefixes []prefixSource
}

type prefixSource struct {
	from string // folded
	one  bool   // one more character, whatever it is, belongs to the prefix
	to   string
}

// rename reports whether the field is another under a new name and nothing else.
func (s *fieldSource) rename() bool {
	return len(s.from) == 1 && !s.decimal && s.values == nil && s.prefixes == nil
}

// derivation takes fields out of a list of key=value pairs.
type derivation struct {
	from     string
	sep      byte // ',' or '\n'
	channels []string
	names    map[string]string // folded key → field
}

// recognition names the source of a record by its fields.
type recognition struct {
	fields []string
	is     Logsource
}

// LoadMapping reads every .yaml file of fsys (content/sigma). Any mistake is an
// error that names file and key: a mapping is part of the product.
func LoadMapping(fsys fs.FS) (*Mapping, error) {
	m := &Mapping{channels: map[string]*channelSource{}, providers: map[string]string{}, categories: map[string]bool{}, spaced: map[string]string{}}
	names, err := fs.Glob(fsys, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("listing mapping: %w", err)
	}
	slices.Sort(names)
	for _, name := range names {
		src, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("reading mapping: %w", err)
		}
		docs, err := document.Parse(src)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for i := range docs {
			if err := m.add(&docs[i]); err != nil {
				return nil, fmt.Errorf("%s: %w", path.Base(name), err)
			}
		}
	}
	return m, nil
}

func (m *Mapping) add(doc *document.Node) error {
	product := doc.Get("product").Str()
	sets, err := parseFieldSets(doc.Get("field_sets"))
	if err != nil {
		return err
	}
	for i, key := range doc.Keys {
		v := &doc.Items[i]
		switch key {
		case "product", "field_sets":
		case "any_channel":
			if v.Text == "true" {
				m.anyChannel = product
			}
		case "providers":
			for j, p := range v.Keys {
				m.providers[pattern.FoldString(p)] = pattern.FoldString(v.Items[j].Str())
			}
		case "services":
			for j, service := range v.Keys {
				for _, c := range v.Items[j].Strs() {
					src := m.channel(c, product)
					src.services = append(src.services, strings.ToLower(service))
				}
			}
		case "categories":
			err = m.addCategories(v, product, sets)
		case "derived":
			err = m.addDerived(v)
		case "recognise":
			err = m.addRecognised(v)
		case "tables":
			err = m.addTables(v)
		case "spaced_names":
			for _, name := range v.Strs() {
				m.spaced[strings.ReplaceAll(name, " ", "")] = name
			}
		default:
			err = fmt.Errorf("unknown key %q", key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (m *Mapping) channel(name, product string) *channelSource {
	key := pattern.FoldString(name)
	c := m.channels[key]
	if c == nil {
		c = &channelSource{name: name, product: product, events: map[int][]categorySource{}}
		m.channels[key] = c
	}
	return c
}

func (m *Mapping) addCategories(n *document.Node, product string, sets map[string]*fieldSet) error {
	for i, category := range n.Keys {
		category = strings.ToLower(category)
		m.categories[product+"/"+category] = len(n.Items[i].Items) > 0
		for j := range n.Items[i].Items {
			if err := m.addCategory(category, &n.Items[i].Items[j], product, sets); err != nil {
				return fmt.Errorf("category %s: %w", category, err)
			}
		}
	}
	return nil
}

func (m *Mapping) addCategory(category string, n *document.Node, product string, sets map[string]*fieldSet) error {
	at := categorySource{category: category}
	var events []int
	for i, key := range n.Keys {
		v := &n.Items[i]
		switch key {
		case "channels":
		case "events":
			for _, s := range v.Strs() {
				id, err := strconv.Atoi(s)
				if err != nil {
					return fmt.Errorf("event id %q", s)
				}
				events = append(events, id)
			}
		case "when":
			e, err := rule.ParseItems(v)
			if err != nil {
				return fmt.Errorf("when: %w", err)
			}
			at.when = e
		case "fields":
			if at.set = sets[v.Str()]; at.set == nil {
				return fmt.Errorf("no field set %q", v.Str())
			}
		default:
			return fmt.Errorf("unknown key %q", key)
		}
	}
	for _, c := range n.Get("channels").Strs() {
		src := m.channel(c, product)
		for _, id := range events {
			src.events[id] = append(src.events[id], at)
		}
	}
	return nil
}

func parseFieldSets(n *document.Node) (map[string]*fieldSet, error) {
	sets := map[string]*fieldSet{}
	if n == nil {
		return sets, nil
	}
	for i, name := range n.Keys {
		set := &fieldSet{name: name, fields: map[string]fieldSource{}, absent: n.Items[i].Get("absent").Strs()}
		fields := n.Items[i].Get("fields")
		if fields == nil || fields.Kind != document.Map {
			return nil, fmt.Errorf("field set %s has no fields", name)
		}
		for j, field := range fields.Keys {
			src, err := parseFieldSource(&fields.Items[j])
			if err != nil {
				return nil, fmt.Errorf("field set %s, %s: %w", name, field, err)
			}
			set.fields[field] = src
		}
		sets[name] = set
	}
	return sets, nil
}

func parseFieldSource(n *document.Node) (fieldSource, error) {
	if n.Kind != document.Map {
		return fieldSource{from: n.Strs()}, nil
	}
	s := fieldSource{from: n.Get("from").Strs(), join: n.Get("join").Str()}
	for i, key := range n.Keys {
		v := &n.Items[i]
		switch key {
		case "from", "join":
		case "as":
			if s.decimal = v.Str() == "decimal"; !s.decimal {
				return s, fmt.Errorf("as: %q is not known", v.Str())
			}
		case "values":
			s.values = map[string]string{}
			for j, k := range v.Keys {
				s.values[pattern.FoldString(k)] = v.Items[j].Str()
			}
		case "prefixes":
			for j, k := range v.Keys {
				text, one := strings.CutSuffix(k, "?")
				s.prefixes = append(s.prefixes, prefixSource{from: pattern.FoldString(text), one: one, to: v.Items[j].Str()})
			}
		default:
			return s, fmt.Errorf("unknown key %q", key)
		}
	}
	if len(s.from) == 0 {
		return s, fmt.Errorf("from is missing")
	}
	return s, nil
}

func (m *Mapping) addDerived(n *document.Node) error {
	for i := range n.Items {
		item := &n.Items[i]
		d := derivation{from: item.Get("from").Str(), names: map[string]string{}}
		switch split := item.Get("split").Str(); split {
		case ",":
			d.sep = ','
		case "lines":
			d.sep = '\n'
		default:
			return fmt.Errorf("derived from %s: split %q is neither , nor lines", d.from, split)
		}
		for _, c := range item.Get("channels").Strs() {
			d.channels = append(d.channels, pattern.FoldString(c))
		}
		names := item.Get("names")
		if d.from == "" || names == nil {
			return fmt.Errorf("derived: from and names are needed")
		}
		for j, k := range names.Keys {
			d.names[pattern.FoldString(k)] = names.Items[j].Str()
		}
		m.derived = append(m.derived, d)
	}
	return nil
}

func (m *Mapping) addRecognised(n *document.Node) error {
	for i := range n.Items {
		item := &n.Items[i]
		r := recognition{fields: item.Get("fields").Strs(), is: Logsource{
			Product: item.Get("product").Str(), Category: item.Get("category").Str(), Service: item.Get("service").Str()}}
		if len(r.fields) == 0 || r.is == (Logsource{}) {
			return fmt.Errorf("recognise: fields and a source are needed")
		}
		m.recognise = append(m.recognise, r)
	}
	return nil
}

func (m *Mapping) addTables(n *document.Node) error {
	for i := range n.Items {
		item := &n.Items[i]
		t := tableSource{table: item.Get("table").Str(), where: map[string]string{}, columns: map[string]string{}, is: Logsource{
			Product: item.Get("product").Str(), Category: item.Get("category").Str(), Service: item.Get("service").Str()}}
		if t.table == "" || t.is == (Logsource{}) {
			return fmt.Errorf("tables: table and a source are needed")
		}
		for name, to := range map[string]map[string]string{"where": t.where, "columns": t.columns} {
			if v := item.Get(name); v != nil {
				for j, k := range v.Keys {
					to[k] = v.Items[j].Str()
				}
			}
		}
		m.tables = append(m.tables, t)
	}
	return nil
}

// HasSource reports whether any channel the mapping knows carries events for l.
// Rules on file_access, for example, live on event tracing alone. A product the
// mapping does not speak of must be named by the sender and counts as known.
func (m *Mapping) HasSource(l Logsource) bool {
	if l.Category == "" || l.Product == "" {
		return true
	}
	has, listed := m.categories[l.Product+"/"+l.Category]
	return has || !listed
}

// Missing returns the fields rule r asks for that the built-in event of its
// category cannot carry, by field set. A rule that needs one positively cannot
// fire there; one that filters by it becomes noisier.
func (m *Mapping) Missing(r *Rule) map[string][]string {
	out := map[string][]string{}
	used := map[string]bool{}
	r.Expr.Walk(func(p *Predicate) { used[p.Field] = true })
	for _, c := range m.channels {
		for _, sources := range c.events {
			for _, s := range sources {
				if s.set == nil || s.category != r.Logsource.Category || out[s.set.name] != nil {
					continue
				}
				for _, f := range s.set.absent {
					if used[f] {
						out[s.set.name] = append(out[s.set.name], f)
					}
				}
			}
		}
	}
	return out
}
