package sigma

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/tocsin-soc/tocsin/sigma/pattern"
	"github.com/tocsin-soc/tocsin/sigma/rule"
)

// routes finds, for the source of an event, the rules that are about it. What an
// event says of its source is reduced to a small routeKey; each distinct set of
// rules is one bucket.
type routes struct {
	p        *Program
	channels map[string]int32 // folded channel → index in sources
	sources  []*channelSource // [0] is every channel nobody lists
	relevant []map[int32]bool // per source: event ids that select rules
	groups   []logsourceGroup
	vocab    [3]map[string]bool // products, categories, services the rules name

	mu      sync.RWMutex
	buckets map[routeKey]*bucket
	same    map[string]*bucket // by members: equal sets share one
}

// logsourceGroup holds the rules of one log source.
type logsourceGroup struct {
	is    Logsource
	rules []int32
}

// routeKey is a source: what the sender named, the channel (-1 none) and the
// event id as far as it selects rules (anyEvent or otherEvent if it does not).
type routeKey struct {
	named   Logsource
	channel int32
	event   int32
}

const (
	noChannel  = -1
	anyEvent   = -1 // no usable id: rules are not narrowed by it
	otherEvent = -2 // an id that no rule and no category asks for
)

// member is a rule as it applies to one route: with the field names of the
// event's form and the further conditions of its category.
type member struct {
	rule    int32
	expr    *Expr
	set     *fieldSet // nil: the event's own names
	variant string    // tells members of one rule apart
}

func newRoutes(p *Program) *routes {
	r := &routes{p: p, channels: map[string]int32{}, buckets: map[routeKey]*bucket{}, same: map[string]*bucket{}}
	r.sources = append(r.sources, &channelSource{product: p.mapping.anyChannel})
	for _, name := range sortedKeys(p.mapping.channels) {
		r.channels[name] = int32(len(r.sources))
		r.sources = append(r.sources, p.mapping.channels[name])
	}
	index := map[Logsource]int{}
	for i, rule := range p.rules {
		l := rule.Logsource
		k, ok := index[l]
		if !ok {
			k = len(r.groups)
			index[l] = k
			r.groups = append(r.groups, logsourceGroup{is: l})
		}
		r.groups[k].rules = append(r.groups[k].rules, int32(i))
	}
	r.vocab = [3]map[string]bool{{}, {}, {}}
	for _, g := range r.groups {
		r.vocab[0][g.is.Product], r.vocab[1][g.is.Category], r.vocab[2][g.is.Service] = true, true, true
	}
	r.relevant = make([]map[int32]bool, len(r.sources))
	for i, src := range r.sources {
		r.relevant[i] = r.relevantEvents(src)
	}
	return r
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// relevantEvents are the ids a category maps or a rule on the channel demands.
func (r *routes) relevantEvents(src *channelSource) map[int32]bool {
	ids := map[int32]bool{}
	for id := range src.events {
		ids[int32(id)] = true
	}
	for _, g := range r.groups {
		if g.is.Category != "" || !r.aboutChannel(g.is, src) {
			continue
		}
		for _, i := range g.rules {
			set, _ := necessaryEvents(r.p.rules[i].Expr)
			for id := range set {
				ids[id] = true
			}
		}
	}
	return ids
}

func (r *routes) aboutChannel(l Logsource, src *channelSource) bool {
	return (l.Product == "" || l.Product == src.product) && (l.Service == "" || slices.Contains(src.services, l.Service))
}

// necessaryEvents returns the event ids without one of which e is false; ok is
// false when e does not demand any.
func necessaryEvents(e *Expr) (ids map[int32]bool, ok bool) {
	switch e.Op {
	case rule.OpLeaf:
		q := e.Leaf
		if q.Field != "EventID" || q.Test != rule.TestPattern {
			return nil, false
		}
		text, plain := q.Pattern.Plain()
		id := eventNumber([]byte(text))
		if !plain || id < 0 {
			return nil, false
		}
		return map[int32]bool{id: true}, true
	case rule.OpAnd:
		for _, a := range e.Args {
			if set, yes := necessaryEvents(a); yes && (!ok || len(set) < len(ids)) {
				ids, ok = set, true
			}
		}
		return ids, ok
	case rule.OpOr:
		ids = map[int32]bool{}
		for _, a := range e.Args {
			set, yes := necessaryEvents(a)
			if !yes {
				return nil, false
			}
			for id := range set {
				ids[id] = true
			}
		}
		return ids, true
	}
	return nil, false
}

// eventNumber reads an event id in canonical decimal form, -1 if it is none.
func eventNumber(v []byte) int32 {
	if len(v) == 0 || len(v) > 9 || v[0] == '0' && len(v) > 1 {
		return -1
	}
	n := int32(0)
	for _, c := range v {
		if c < '0' || c > '9' {
			return -1
		}
		n = n*10 + int32(c-'0')
	}
	return n
}

// prepare builds the buckets of every source the mapping and the rules name, so
// that matching hardly ever compiles.
func (r *routes) prepare() {
	for i := range r.sources {
		for id := range r.relevant[i] {
			r.bucket(routeKey{channel: int32(i), event: id})
		}
		r.bucket(routeKey{channel: int32(i), event: otherEvent})
	}
	for _, g := range r.groups {
		r.bucket(routeKey{named: g.is, channel: noChannel, event: anyEvent})
	}
	for _, rec := range r.p.mapping.recognise {
		r.bucket(routeKey{named: r.reduce(rec.is), channel: noChannel, event: anyEvent})
	}
}

// reduce drops what no rule names from a log source, so that foreign names do
// not make new routes. A foreign product stays distinct from none.
func (r *routes) reduce(l Logsource) Logsource {
	l = Logsource{Product: strings.ToLower(l.Product), Category: strings.ToLower(l.Category), Service: strings.ToLower(l.Service)}
	if l.Product != "" && !r.vocab[0][l.Product] {
		l.Product = "?"
	}
	if !r.vocab[1][l.Category] {
		l.Category = ""
	}
	if !r.vocab[2][l.Service] {
		l.Service = ""
	}
	return l
}

// bucket returns the rules for a key, compiling them when they are new.
func (r *routes) bucket(key routeKey) *bucket {
	r.mu.RLock()
	b := r.buckets[key]
	r.mu.RUnlock()
	if b != nil {
		return b
	}
	members := r.members(key)
	id := memberKey(members)
	r.mu.Lock()
	defer r.mu.Unlock()
	if b = r.buckets[key]; b != nil {
		return b
	}
	if b = r.same[id]; b == nil {
		b = newBucket(r.p, members, r.derivations(key))
		r.same[id] = b
	}
	r.buckets[key] = b
	return b
}

// plansMade returns how many field plans the program has so far.
func (p *Program) plansMade() uint32 {
	p.routes.mu.RLock()
	defer p.routes.mu.RUnlock()
	return p.plans
}

// memberKey is equal for equal buckets.
func memberKey(members []member) string {
	var b strings.Builder
	for _, m := range members {
		b.WriteString(strconv.Itoa(int(m.rule)))
		b.WriteString(m.variant)
		b.WriteByte(' ')
	}
	return b.String()
}

// members selects the rules that apply to a source.
func (r *routes) members(key routeKey) []member {
	src := &channelSource{}
	if key.channel != noChannel {
		src = r.sources[key.channel]
	}
	product := key.named.Product
	if product == "" {
		product = src.product
	}
	var out []member
	for _, g := range r.groups {
		l := g.is
		if l.Product != "" && l.Product != product ||
			l.Service != "" && l.Service != key.named.Service && !slices.Contains(src.services, l.Service) {
			continue
		}
		if l.Category == "" || l.Category == key.named.Category {
			out = r.appendMembers(out, g.rules, key.event, nil)
			continue
		}
		if product != src.product {
			continue
		}
		var variants []categorySource
		for _, c := range src.events[int(key.event)] {
			if c.category == l.Category {
				variants = append(variants, c)
			}
		}
		if variants != nil {
			out = r.appendMembers(out, g.rules, key.event, variants)
		}
	}
	slices.SortStableFunc(out, func(a, b member) int { return int(a.rule - b.rule) })
	return out
}

// appendMembers adds rules unless their own event id already excludes them.
func (r *routes) appendMembers(out []member, rules []int32, event int32, variants []categorySource) []member {
	for _, i := range rules {
		expr := r.p.rules[i].Expr
		if event != anyEvent {
			if ids, ok := necessaryEvents(expr); ok && !ids[event] {
				continue
			}
		}
		if variants == nil {
			out = append(out, member{rule: i, expr: expr})
			continue
		}
		for _, v := range variants {
			e, variant := v.set.qualify(expr), ""
			if v.set != nil {
				variant = "@" + v.set.name
			}
			if v.when != nil {
				e = rule.And(v.when, e)
				variant += "&" + v.when.String()
			}
			out = append(out, member{rule: i, expr: e, set: v.set, variant: variant})
		}
	}
	return out
}

// derivations are those that may apply to events of the channel.
func (r *routes) derivations(key routeKey) []derivation {
	var out []derivation
	for _, d := range r.p.mapping.derived {
		if d.channels == nil || key.channel > 0 && slices.Contains(d.channels, pattern.FoldString(r.sources[key.channel].name)) {
			out = append(out, d)
		}
	}
	return out
}

// key reduces what an event says of its source.
func (r *routes) key(m *Matcher, ev *Event) routeKey {
	key := routeKey{channel: noChannel, event: anyEvent}
	if ev.Logsource != (Logsource{}) {
		key.named = m.reduced(ev.Logsource)
	}
	key.channel = r.channelIndex(m, ev)
	if key.channel == noChannel {
		if key.named == (Logsource{}) {
			key.named = r.recognised(ev)
		}
		return key
	}
	if ev.eventIDs == 1 {
		if v := &ev.values[ev.known[FieldEventID]-1]; v.kind != KindNull {
			key.event = eventNumber(v.bytes)
		}
	}
	if key.event >= 0 && !r.relevant[key.channel][key.event] {
		key.event = otherEvent
	}
	return key
}

// channelIndex finds the channel of an event, by its provider when the channel
// is empty.
func (r *routes) channelIndex(m *Matcher, ev *Event) int32 {
	if at := ev.known[FieldChannel]; at > 0 && len(ev.values[at-1].bytes) > 0 {
		name := ev.values[at-1].bytes
		if bytes.Equal(name, m.lastChannel) {
			return m.lastIndex
		}
		m.fold = pattern.AppendFold(m.fold[:0], name)
		i := r.channels[string(m.fold)] // 0 when nobody lists it
		if i == 0 && ev.eventIDs == 0 {
			return noChannel // some other product's idea of a channel
		}
		m.lastChannel, m.lastIndex = append(m.lastChannel[:0], name...), i
		return i
	}
	if at := ev.known[FieldProvider]; at > 0 {
		m.fold = pattern.AppendFold(m.fold[:0], ev.values[at-1].bytes)
		if c, ok := r.p.mapping.providers[string(m.fold)]; ok {
			return r.channels[c]
		}
	}
	return noChannel
}

// recognised names the source of a record by the fields it has.
func (r *routes) recognised(ev *Event) Logsource {
	for i := range r.p.mapping.recognise {
		rec := &r.p.mapping.recognise[i]
		all := true
		for _, f := range rec.fields {
			if all = ev.Has(r.p.fields.Lookup(stringBytes(f))); !all {
				break
			}
		}
		if all {
			return r.reduce(rec.is)
		}
	}
	return Logsource{}
}
