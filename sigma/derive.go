package sigma

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/tocsin-soc/tocsin/sigma/pattern"
	"github.com/tocsin-soc/tocsin/sigma/rule"
)

// qualifier separates a field name from the field set it belongs to. Such names
// cannot occur in events, so only rules of the set's category see the field.
const qualifier = "\x1f"

// qualify rewrites an expression to the fields of a built-in event: plain
// renames to the event's own field, made fields to their qualified name.
func (s *fieldSet) qualify(e *Expr) *Expr {
	if s == nil {
		return e
	}
	out, _ := e.Map(func(p *Predicate) (*Expr, error) { // replaces every predicate by one, so never nil
		field, other := s.target(p.Field), s.target(p.OtherField)
		if field == p.Field && other == p.OtherField {
			return rule.Leaf(p), nil
		}
		c := *p
		c.Field, c.OtherField = field, other
		return rule.Leaf(&c), nil
	})
	return out
}

func (s *fieldSet) target(field string) string {
	src, ok := s.fields[field]
	switch {
	case !ok:
		return field
	case src.rename():
		return src.from[0]
	}
	return field + qualifier + s.name
}

// displayName is the name rules use for a possibly qualified field.
func displayName(field string) string {
	name, _, _ := strings.Cut(field, qualifier)
	return name
}

// fieldNames lists every field the mapping reads or makes.
func (m *Mapping) fieldNames() []string {
	var names []string
	for _, c := range m.channels {
		for _, sources := range c.events {
			for _, s := range sources {
				if s.when != nil {
					s.when.Walk(func(p *Predicate) { names = append(names, p.Field) })
				}
				if s.set == nil {
					continue
				}
				for field, src := range s.set.fields {
					names = append(append(names, src.from...), s.set.target(field))
				}
			}
		}
	}
	for _, d := range m.derived {
		names = append(names, d.from)
		for _, n := range d.names {
			names = append(names, n)
		}
	}
	for _, r := range m.recognise {
		names = append(names, r.fields...)
	}
	return names
}

// making is one field to be made on each event of a bucket.
type making struct {
	id     FieldID
	from   []FieldID
	source *fieldSource
}

// splitting takes fields out of another on each event of a bucket.
type splitting struct {
	from  FieldID
	sep   byte
	names map[string]FieldID // folded key → field
}

// makings lists the made fields among those a bucket's rules read.
func makings(f *Fields, members []member, used map[string]bool) []making {
	var out []making
	done := map[string]bool{}
	for _, m := range members {
		if m.set == nil || done[m.set.name] {
			continue
		}
		done[m.set.name] = true
		for _, field := range sortedKeys(m.set.fields) {
			src := m.set.fields[field]
			name := m.set.target(field)
			if src.rename() || !used[name] {
				continue
			}
			mk := making{id: f.ID(name), source: &src}
			for _, from := range src.from {
				mk.from = append(mk.from, f.ID(from))
			}
			out = append(out, mk)
		}
	}
	return out
}

// splittings lists the derivations that yield a field a bucket's rules read.
func splittings(f *Fields, list []derivation, used map[string]bool) []splitting {
	var out []splitting
	for _, d := range list {
		s := splitting{from: f.ID(d.from), sep: d.sep, names: map[string]FieldID{}}
		for key, name := range d.names {
			if used[name] {
				s.names[key] = f.ID(name)
			}
		}
		if len(s.names) > 0 {
			out = append(out, s)
		}
	}
	return out
}

// apply adds the made field to ev, when the event has something to make it of.
func (mk *making) apply(ev *Event) {
	at, found := len(ev.arena), false
	for i, id := range mk.from {
		v, ok := ev.Value(id)
		if !ok || i > 0 && len(v) == 0 {
			continue
		}
		if found {
			ev.arena = append(ev.arena, mk.source.join...)
		}
		ev.arena = append(ev.arena, v...)
		found = true
	}
	if !found {
		return
	}
	v := ev.arena[at:len(ev.arena):len(ev.arena)]
	ev.Add(mk.id, KindString, mk.source.translate(ev, v))
}

// translate applies the source's changes to a value.
func (s *fieldSource) translate(ev *Event, v []byte) []byte {
	if s.decimal && len(v) > 2 && v[0] == '0' && (v[1] == 'x' || v[1] == 'X') {
		if n, err := strconv.ParseUint(string(v[2:]), 16, 64); err == nil {
			at := len(ev.arena)
			ev.arena = strconv.AppendUint(ev.arena, n, 10)
			return ev.arena[at:len(ev.arena):len(ev.arena)]
		}
	}
	if s.values == nil && s.prefixes == nil {
		return v
	}
	at := len(ev.arena)
	ev.arena = pattern.AppendFold(ev.arena, v)
	folded := ev.arena[at:]
	ev.arena = ev.arena[:at]
	if to, ok := s.values[string(folded)]; ok {
		return stringBytes(to)
	}
	for i := range s.prefixes {
		p := &s.prefixes[i]
		n := len(p.from)
		if len(folded) != len(v) || len(folded) < n || string(folded[:n]) != p.from {
			continue
		}
		if p.one {
			n = min(n+1, len(v))
		}
		ev.arena = append(append(ev.arena, p.to...), v[n:]...)
		return ev.arena[at:len(ev.arena):len(ev.arena)]
	}
	return v
}

// apply adds the fields found in every value of the source field. A field the
// event has already is left alone.
func (s *splitting) apply(ev *Event, fold []byte) []byte {
	for i, n := 0, len(ev.values); i < n; i++ {
		if ev.values[i].id != s.from || ev.values[i].kind == KindNull {
			continue
		}
		rest := ev.values[i].bytes
		for len(rest) > 0 {
			part := rest
			if k := bytes.IndexByte(rest, s.sep); k >= 0 {
				part, rest = rest[:k], rest[k+1:]
			} else {
				rest = nil
			}
			key, value, ok := bytes.Cut(part, []byte{'='})
			if !ok || len(key) > 64 {
				continue
			}
			fold = pattern.AppendFold(fold[:0], bytes.TrimSpace(key))
			if id := s.names[string(fold)]; id != NoField && !ev.Has(id) {
				ev.Add(id, KindString, bytes.TrimRight(value, "\r "))
			}
		}
	}
	return fold
}
