package normalize

import (
	"fmt"
	"math/bits"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/jsontext"
	"github.com/tocsin-soc/tocsin/internal/normalize/expression"
	"github.com/tocsin-soc/tocsin/internal/normalize/value"
	"github.com/tocsin-soc/tocsin/kql/catalog"
)

// jsonRecord makes the record of a JSON object of a shape.
func (n *batch) jsonRecord(raw *tocsin.Raw, body string, s *recordShape, w wrapping) (tocsin.Record, error) {
	r := n.readers.Get().(*recordReader)
	defer n.readers.Put(r)
	r.begin(s)
	if err := r.readJSON(body); err != nil {
		return tocsin.Record{}, err
	}
	r.tell("$Record", jsontext.Plain(body))
	return n.shaped(raw, r, w)
}

// shaped makes the record of what was read.
func (n *batch) shaped(raw *tocsin.Raw, r *recordReader, w wrapping) (tocsin.Record, error) {
	s := r.shape
	r.tell("$Host", w.host)
	r.tell("$Kind", w.kind)
	r.tell("$Source", string(raw.Source))
	r.tell("$SourceSystem", "Tocsin")
	if s.unwrap != nil {
		if rec, ok, err := n.wrapped(raw, r, w); ok || err != nil {
			return rec, err
		}
	}
	if s.rowTable != nil {
		return n.carriedRow(raw, r)
	}
	at, hasTime := r.time(w, n.clock)
	if !hasTime {
		at = raw.ReceivedAt
	}
	var holding uint64
	first := -1
	for i, p := range s.plans {
		if r.holds(p.when) {
			holding |= 1 << i
			if first < 0 {
				first = i
			}
		}
	}
	if first < 0 {
		return tocsin.Record{}, fmt.Errorf("the record has the shape %s, but no row of it is for this kind. Its mapping file in content/normalize would have to say what it becomes", s.name)
	}
	if !hasTime {
		n.losses.add(Loss{Source: raw.Source, Shape: s.name, Table: s.plans[first].t.name, Field: "TimeGenerated", Reason: "no time"})
	}
	r.addSigmaFields()
	rec := tocsin.Record{LogSource: r.logSource(), Events: n.memory.events.take(bits.OnesCount64(holding))[:0]}
	digest := raw.Digest()
	builders := append(r.builders[:0], make([]rowBuilder, len(s.plans))...)
	r.builders = builders
	for i, p := range s.plans {
		if holding>>i&1 != 0 {
			builders[i] = r.fill(n.localRow(p.t), i, p, raw, at)
		}
	}
	n.keepRest(raw, r, holding, first, builders)
	for i, p := range s.plans {
		if holding>>i&1 == 0 {
			continue
		}
		ordinal := 0
		for j := range rec.Events {
			if rec.Events[j].Table == p.t.name {
				ordinal++
			}
		}
		rec.Events = append(rec.Events, tocsin.Event{
			ID: tocsin.IdentifyEvent(digest, p.t.name, ordinal), Table: p.t.name, Source: raw.Source,
			OccurredAt: at, ReceivedAt: raw.ReceivedAt, Values: builders[i].finish(n.Normalizer),
		})
	}
	if s.view {
		r.addView(n, &rec)
	}
	rec.Fields = n.keep(r.fields)
	return rec, nil
}

// addView shows the first row to rules too, by the names of its columns, as it
// would be had it come in the shape of its table.
func (r *recordReader) addView(n *batch, rec *tocsin.Record) {
	row := tocsin.Record{}
	r.fields = n.rowView(&row, r.fields, n.tables[rec.Events[0].Table], rec.Events[0].Values)
	if rec.LogSource == (tocsin.LogSource{}) {
		rec.LogSource = row.LogSource
	}
}

// time finds when the record happened.
func (r *recordReader) time(w wrapping, clock value.Clock) (time.Time, bool) {
	if r.shape.time != nil {
		if text, _, ok := r.shape.time.Of(&r.Slots); ok {
			if at, ok := value.Instant(text, clock); ok {
				return at, true
			}
		}
	}
	return w.at, !w.at.IsZero()
}

// holds says whether the record fulfils the conditions of a row.
func (r *recordReader) holds(when []condition) bool {
	for _, c := range when {
		value, present := r.Get(c.symbol)
		found := false
		if present && r.kinds[c.symbol] == jsontext.Array {
			jsontext.EachElement(value, func(element string) bool {
				found = c.allows(element)
				return !found
			})
		} else {
			found = c.allows(value)
		}
		if !found {
			return false
		}
	}
	return true
}

// allows says whether a value is one of the condition's.
func (c *condition) allows(value string) bool {
	excluded := false
	for _, want := range c.values {
		if not, ok := strings.CutPrefix(want, "!"); ok {
			if excluded = true; strings.EqualFold(value, not) {
				return false
			}
		} else if want == "*" && value != "" || strings.EqualFold(value, want) {
			return true
		}
	}
	return excluded
}

func (r *recordReader) logSource() tocsin.LogSource {
	var text [3]string
	for i, x := range r.shape.logSource {
		if x != nil {
			if value, _, ok := x.Of(&r.Slots); ok {
				text[i] = value
			}
		}
	}
	return tocsin.LogSource{Product: text[0], Category: text[1], Service: text[2]}
}

// addSigmaFields adds the further names that rules know values by.
func (r *recordReader) addSigmaFields() {
	for i := range r.shape.fields {
		f := &r.shape.fields[i]
		text, symbol, ok := f.expr.Of(&r.Slots)
		switch {
		case !ok:
		case r.kindOf(symbol) == jsontext.Array:
			jsontext.EachElement(text, func(element string) bool {
				r.fields = append(r.fields, tocsin.Field{Name: f.name, Value: element})
				return len(r.fields) < maxFields
			})
		default:
			r.fields = append(r.fields, tocsin.Field{Name: f.name, Value: text})
		}
	}
}

// fill makes the columns of one row.
func (r *recordReader) fill(b rowBuilder, i int, p *shapePlan, raw *tocsin.Raw, at time.Time) rowBuilder {
	b.source, b.shape = raw.Source, r.shape.name
	for j := range p.cells {
		if text, symbol, ok := p.cells[j].expr.Of(&r.Slots); ok {
			b.take(p.cells[j].column, text, r.kindOf(symbol))
		}
	}
	for j := range p.special {
		m := &p.special[j]
		if text, symbol, ok := m.expr.Of(&r.Slots); ok && text != "" {
			if json := jsonText(text, r.kindOf(symbol)); m.column == p.t.additional {
				b.addExtra(m.member, json)
			} else {
				b.addMember(m.column, m.member, json)
			}
		}
	}
	for j := range r.units {
		u := &r.units[j]
		for _, a := range u.nd.auto {
			if a.plan == i && u.used>>i&1 == 0 && b.values[a.column].IsNull() && b.fits(a.column, u) {
				b.take(a.column, u.text, u.kind)
				u.used |= 1 << i
			}
		}
	}
	b.setTime(at)
	if p.t.typeName >= 0 {
		b.values[p.t.typeName] = tocsin.StringValue(p.t.name)
	}
	return b
}

// kindOf returns the kind of a symbol's value; a text that was made is a string.
func (r *recordReader) kindOf(symbol int) jsontext.Kind {
	if symbol == expression.NoSymbol {
		return jsontext.String
	}
	return r.kinds[symbol]
}

// take types a value for a column.
func (b *rowBuilder) take(column int, text string, kind jsontext.Kind) {
	c := &b.t.columns[column]
	switch {
	case c.Type == catalog.Dynamic && kind == jsontext.String:
		b.values[column] = dynamicText(text)
	case c.Type == catalog.Dynamic:
		b.values[column] = tocsin.DynamicValue(text)
	case c.Type != catalog.String && (kind == jsontext.Object || kind == jsontext.Array):
		b.mistyped(c, text)
	default:
		b.set(column, text)
	}
}

// fits says whether a value can be of a column that was found by its name.
func (b *rowBuilder) fits(column int, u *unit) bool {
	if len(u.nd.auto) < 2 {
		return true // or it is mistyped, which is counted
	}
	t := b.t.columns[column].Type
	if u.kind == jsontext.String && (t == catalog.Real || t == catalog.Bool) {
		return false // "200" is a text: _s, as Azure's collector sees it
	}
	_, ok := value.Of(t, u.text, b.clock)
	return ok
}

// addMember adds a member to the object that a column holds.
func (b *rowBuilder) addMember(column int, name, json string) {
	v := &b.values[column]
	text := []byte{'{'}
	if !v.IsNull() {
		text = append([]byte(v.Str[:len(v.Str)-1]), ',')
	}
	text = append(append(append(jsontext.AppendQuoted(text, name), ':'), json...), '}')
	b.take(column, string(text), jsontext.Object)
}

// jsonText is the JSON of a value.
func jsonText(text string, kind jsontext.Kind) string {
	if kind == jsontext.String {
		return string(jsontext.AppendQuoted(nil, text))
	}
	return text
}

// keepRest puts what no column takes where the rows have room for it, and
// counts it.
func (n *batch) keepRest(raw *tocsin.Raw, r *recordReader, holding uint64, first int, builders []rowBuilder) {
	s := r.shape
	rest := &r.rest
	rest.b = rest.b[:0]
	kept, isWhole, asPairs, asJSON := "", false, false, false
	for i, p := range s.plans {
		if holding>>i&1 != 0 && p.whole {
			kept, isWhole = p.wholeColumn(r), true
			break
		}
		if holding>>i&1 == 0 || p.rest < 0 || p.first && i != first {
			continue
		}
		if column := &p.t.columns[p.rest]; column.Type == catalog.String {
			asPairs = true
		} else {
			asJSON = true
		}
		if kept == "" {
			kept = p.t.columns[p.rest].Name
		}
	}
	if isWhole && kept == "" {
		return // a text: its fields are our parser's
	}
	left := false
	for j := range r.units {
		u := &r.units[j]
		if u.part || u.nd.ignored || (u.nd.plans|u.used)&holding != 0 {
			continue
		}
		left = true
		u.nd.tally.count(n.Normalizer, raw.Source, s, s.plans[first].t.name, u.nd.path, kept)
		if asJSON && !isWhole {
			rest.add(u)
		}
	}
	if r.cut {
		n.losses.add(Loss{Source: raw.Source, Shape: s.name, Table: s.plans[first].t.name, Reason: fmt.Sprintf("more than %d fields, or names of more than %d bytes: rules do not see the others", maxFields, maxPath)})
	}
	if !left || isWhole {
		return
	}
	rest.close(0)
	pairs := ""
	if asPairs {
		pairs = r.restPairs(holding)
	}
	for i, p := range s.plans {
		if holding>>i&1 == 0 || p.rest < 0 || p.first && i != first {
			continue
		}
		b := &builders[i]
		switch {
		case p.t.columns[p.rest].Type == catalog.String:
			b.values[p.rest] = tocsin.StringValue(pairs)
		case p.rest == p.t.additional:
			if len(b.extra) > 0 {
				b.extra = append(b.extra, ',')
			}
			b.extra = append(b.extra, rest.b...)
		default:
			b.take(p.rest, "{"+string(rest.b)+"}", jsontext.Object)
		}
	}
}

// wholeColumn returns the column that has the whole of a JSON record; empty if
// the row has the whole of a text.
func (p *shapePlan) wholeColumn(r *recordReader) string {
	id, ok := r.shape.sym.IDs["$Record"]
	if !ok {
		return ""
	}
	for _, c := range p.cells {
		if c.expr.IsField(id) {
			return p.t.columns[c.column].Name
		}
	}
	return ""
}

// restPairs writes values that no column takes as the Azure Monitor agent does in
// AdditionalExtensions: key=value;key=value.
func (r *recordReader) restPairs(holding uint64) string {
	b := r.buffer[:0]
	for j := range r.units {
		u := &r.units[j]
		if u.nd.ignored || (u.nd.plans|u.used)&holding != 0 {
			continue
		}
		if len(b) > 0 {
			b = append(b, ';')
		}
		b = append(append(append(b, u.nd.path...), '='), u.text...)
	}
	r.buffer = b
	return string(b)
}

// A restWriter writes values that no column takes as the members of an object,
// each in its place.
type restWriter struct {
	b    []byte
	open []*node // objects that are not closed
}

func (w *restWriter) add(u *unit) {
	var way [jsontext.MaxNesting + 1]*node
	depth := 0
	for p := u.nd.parent; p != nil && p.parent != nil && depth < len(way); p = p.parent {
		if p.key != "*" {
			way[depth] = p
			depth++
		}
	}
	same := 0
	for same < len(w.open) && same < depth && w.open[same] == way[depth-1-same] {
		same++
	}
	w.close(same)
	for i := depth - 1 - same; i >= 0; i-- {
		w.name(way[i].key)
		w.b = append(w.b, '{')
		w.open = append(w.open, way[i])
	}
	w.name(u.nd.key)
	if u.kind == jsontext.String {
		w.b = jsontext.AppendQuoted(w.b, u.text)
	} else {
		w.b = append(w.b, u.text...)
	}
}

func (w *restWriter) name(key string) {
	if len(w.b) > 0 && w.b[len(w.b)-1] != '{' {
		w.b = append(w.b, ',')
	}
	w.b = append(jsontext.AppendQuoted(w.b, key), ':')
}

// close closes all objects but the first few.
func (w *restWriter) close(to int) {
	for len(w.open) > to {
		w.b = append(w.b, '}')
		w.open = w.open[:len(w.open)-1]
	}
}
