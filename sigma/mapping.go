package sigma

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-soc/tocsin/sigma/pattern"
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
	categories map[string]bool // "product/category" that the mapping speaks of
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
	m := &Mapping{channels: map[string]*channelSource{}, providers: map[string]string{}, categories: map[string]bool{}}
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
		docs, err := parseYAML(src)
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

func (m *Mapping) add(doc *yamlNode) error {
	product := doc.get("product").str()
	sets, err := parseFieldSets(doc.get("field_sets"))
	if err != nil {
		return err
	}
	for i, key := range doc.keys {
		v := &doc.items[i]
		switch key {
		case "product", "field_sets":
		case "any_channel":
			if v.text == "true" {
				m.anyChannel = product
			}
		case "providers":
			for j, p := range v.keys {
				m.providers[pattern.FoldString(p)] = pattern.FoldString(v.items[j].str())
			}
		case "services":
			for j, service := range v.keys {
				for _, c := range v.items[j].strs() {
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

func (m *Mapping) addCategories(n *yamlNode, product string, sets map[string]*fieldSet) error {
	for i, category := range n.keys {
		category = strings.ToLower(category)
		m.categories[product+"/"+category] = len(n.items[i].items) > 0
		for j := range n.items[i].items {
			if err := m.addCategory(category, &n.items[i].items[j], product, sets); err != nil {
				return fmt.Errorf("category %s: %w", category, err)
			}
		}
	}
	return nil
}

func (m *Mapping) addCategory(category string, n *yamlNode, product string, sets map[string]*fieldSet) error {
	at := categorySource{category: category}
	var events []int
	for i, key := range n.keys {
		v := &n.items[i]
		switch key {
		case "channels":
		case "events":
			for _, s := range v.strs() {
				id, err := strconv.Atoi(s)
				if err != nil {
					return fmt.Errorf("event id %q", s)
				}
				events = append(events, id)
			}
		case "when":
			e, err := parseItems(v)
			if err != nil {
				return fmt.Errorf("when: %w", err)
			}
			at.when = e
		case "fields":
			if at.set = sets[v.str()]; at.set == nil {
				return fmt.Errorf("no field set %q", v.str())
			}
		default:
			return fmt.Errorf("unknown key %q", key)
		}
	}
	for _, c := range n.get("channels").strs() {
		src := m.channel(c, product)
		for _, id := range events {
			src.events[id] = append(src.events[id], at)
		}
	}
	return nil
}

func parseFieldSets(n *yamlNode) (map[string]*fieldSet, error) {
	sets := map[string]*fieldSet{}
	if n == nil {
		return sets, nil
	}
	for i, name := range n.keys {
		set := &fieldSet{name: name, fields: map[string]fieldSource{}, absent: n.items[i].get("absent").strs()}
		fields := n.items[i].get("fields")
		if fields == nil || fields.kind != yamlMap {
			return nil, fmt.Errorf("field set %s has no fields", name)
		}
		for j, field := range fields.keys {
			src, err := parseFieldSource(&fields.items[j])
			if err != nil {
				return nil, fmt.Errorf("field set %s, %s: %w", name, field, err)
			}
			set.fields[field] = src
		}
		sets[name] = set
	}
	return sets, nil
}

func parseFieldSource(n *yamlNode) (fieldSource, error) {
	if n.kind != yamlMap {
		return fieldSource{from: n.strs()}, nil
	}
	s := fieldSource{from: n.get("from").strs(), join: n.get("join").str()}
	for i, key := range n.keys {
		v := &n.items[i]
		switch key {
		case "from", "join":
		case "as":
			if s.decimal = v.str() == "decimal"; !s.decimal {
				return s, fmt.Errorf("as: %q is not known", v.str())
			}
		case "values":
			s.values = map[string]string{}
			for j, k := range v.keys {
				s.values[pattern.FoldString(k)] = v.items[j].str()
			}
		case "prefixes":
			for j, k := range v.keys {
				text, one := strings.CutSuffix(k, "?")
				s.prefixes = append(s.prefixes, prefixSource{from: pattern.FoldString(text), one: one, to: v.items[j].str()})
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

func (m *Mapping) addDerived(n *yamlNode) error {
	for i := range n.items {
		item := &n.items[i]
		d := derivation{from: item.get("from").str(), names: map[string]string{}}
		switch split := item.get("split").str(); split {
		case ",":
			d.sep = ','
		case "lines":
			d.sep = '\n'
		default:
			return fmt.Errorf("derived from %s: split %q is neither , nor lines", d.from, split)
		}
		for _, c := range item.get("channels").strs() {
			d.channels = append(d.channels, pattern.FoldString(c))
		}
		names := item.get("names")
		if d.from == "" || names == nil {
			return fmt.Errorf("derived: from and names are needed")
		}
		for j, k := range names.keys {
			d.names[pattern.FoldString(k)] = names.items[j].str()
		}
		m.derived = append(m.derived, d)
	}
	return nil
}

func (m *Mapping) addRecognised(n *yamlNode) error {
	for i := range n.items {
		item := &n.items[i]
		r := recognition{fields: item.get("fields").strs(), is: Logsource{
			Product: item.get("product").str(), Category: item.get("category").str(), Service: item.get("service").str()}}
		if len(r.fields) == 0 || r.is == (Logsource{}) {
			return fmt.Errorf("recognise: fields and a source are needed")
		}
		m.recognise = append(m.recognise, r)
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
