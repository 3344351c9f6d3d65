package sigma

import "slices"

// Matcher matches events against a program. It holds the scratch memory of one
// goroutine; everything stamped with gen belongs to the current event.
type Matcher struct {
	p    *Program
	hits []int32

	events  uint64 // matched, for sampling
	gen     uint32
	truth   []uint32 // by pred: gen when it holds
	falsity []uint32 // by pred: gen when it was evaluated and does not hold
	maybe   []uint32 // by pred: gen when a required literal was seen
	chosen  []uint32 // by member: gen when it is a candidate
	cands   []uint32

	slotGen []uint32 // by slot: gen when the event has the field
	first   []int32  // by slot: first value
	last    []int32
	next    []int32 // by value: next value of the same field, -1 none

	scanGen uint32
	seen    []uint32 // by needle: scanGen when found in the current value
	found   []uint32
	folded  []byte
	other   []byte
	fold    []byte
	own     int // values the event came with; more are made by complete
	memo    memo

	lastChannel []byte
	lastIndex   int32
	lastNamed   Logsource
	lastReduced Logsource
}

// NewMatcher returns a matcher for one goroutine.
func (p *Program) NewMatcher() *Matcher { return &Matcher{p: p, memo: newMemo(p.plansMade())} }

// Program returns the program the matcher works for.
func (m *Matcher) Program() *Program { return m.p }

func (m *Matcher) reduced(l Logsource) Logsource {
	if l != m.lastNamed {
		m.lastNamed, m.lastReduced = l, m.p.routes.reduce(l)
	}
	return m.lastReduced
}

// Routed reports whether any rule is about the source of ev.
func (m *Matcher) Routed(ev *Event) bool {
	return len(m.p.routes.bucket(m.p.routes.key(m, ev)).members) > 0
}

// Match returns the indices of the rules that match ev, in ascending order; see
// Program.Rules. The result is valid until the next call.
func (m *Matcher) Match(ev *Event) []int32 {
	m.hits = m.hits[:0]
	b := m.p.routes.bucket(m.p.routes.key(m, ev))
	if len(b.members) == 0 {
		return m.hits
	}
	m.own = len(ev.values)
	m.complete(b, ev)
	m.begin(b, ev)
	m.scanFields(b, ev)
	if b.keywords != nil {
		m.scanKeywords(b, ev)
	}
	m.evaluate(b, ev)
	ev.values = ev.values[:m.own]
	slices.Sort(m.hits)
	m.hits = slices.Compact(m.hits)
	return m.hits
}

// complete adds the fields the bucket's rules expect and the event only implies.
func (m *Matcher) complete(b *bucket, ev *Event) {
	for i := range b.splittings {
		m.fold = b.splittings[i].apply(ev, m.fold)
	}
	for i := range b.makings {
		b.makings[i].apply(ev)
	}
}

// begin makes room for the bucket and starts a generation.
func (m *Matcher) begin(b *bucket, ev *Event) {
	if n := len(b.preds); len(m.truth) < n {
		m.truth, m.falsity, m.maybe = make([]uint32, n), make([]uint32, n), make([]uint32, n)
	}
	if n := len(b.members); len(m.chosen) < n {
		m.chosen = make([]uint32, n)
	}
	if n := len(b.plans); len(m.slotGen) < n {
		m.slotGen, m.first, m.last = make([]uint32, n), make([]int32, n), make([]int32, n)
	}
	if n := int(b.literals); len(m.seen) < n {
		m.seen = make([]uint32, n)
	}
	if n := cap(ev.values); len(m.next) < n {
		m.next = make([]int32, n)
	}
	if m.gen++; m.gen == 0 { // wrapped: stamps of four billion events ago would come alive
		clear(m.truth)
		clear(m.falsity)
		clear(m.maybe)
		clear(m.chosen)
		clear(m.slotGen)
		m.gen = 1
	}
	m.cands = append(m.cands[:0], b.always...)
}

func (m *Matcher) scanFields(b *bucket, ev *Event) {
	for i := range ev.values {
		v := &ev.values[i]
		if int(v.id) >= len(b.slotOf) {
			continue
		}
		slot := b.slotOf[v.id]
		if slot < 0 {
			continue
		}
		m.next[i] = -1
		if m.slotGen[slot] == m.gen {
			m.next[m.last[slot]] = int32(i)
		} else {
			m.slotGen[slot], m.first[slot] = m.gen, int32(i)
		}
		m.last[slot] = int32(i)
		if fp := b.plans[slot]; fp != nil && v.kind != KindNull {
			m.scan(b, fp, v.bytes)
		}
	}
}

func (m *Matcher) scanKeywords(b *bucket, ev *Event) {
	for i := range ev.values[:m.own] {
		if v := &ev.values[i]; v.kind != KindNull {
			m.scan(b, b.keywords, v.bytes)
		}
	}
	if len(ev.Raw) > 0 {
		m.scan(b, b.keywords, ev.Raw)
	}
}

// mark notes that a predicate holds, or may hold, and calls the members that
// wait for it.
func (m *Matcher) mark(b *bucket, t target) {
	p := t.pred()
	stamp := &m.truth[p]
	if t.kind() == indexMaybe {
		stamp = &m.maybe[p]
	}
	if *stamp == m.gen {
		return
	}
	*stamp = m.gen
	for _, member := range b.triggers[p] {
		if m.chosen[member] != m.gen {
			m.chosen[member] = m.gen
			m.cands = append(m.cands, member)
		}
	}
}

// evaluate runs the conditions of the candidates.
func (m *Matcher) evaluate(b *bucket, ev *Event) {
	costs := m.p.costs
	if costs.enabled() {
		if m.events++; m.events%sampleEvery == 0 {
			m.evaluateTimed(b, ev)
			return
		}
	}
	for _, c := range m.cands {
		if rule := b.members[c].rule; !costs.skips(rule) && m.holdsMember(b, ev, c) {
			m.hits = append(m.hits, rule)
		}
	}
}

// evaluateTimed does the same and takes the time of every candidate.
func (m *Matcher) evaluateTimed(b *bucket, ev *Event) {
	costs := m.p.costs
	costs.events.Add(1)
	at := costs.opt.Clock()
	for _, c := range m.cands {
		rule := b.members[c].rule
		if costs.skips(rule) {
			continue
		}
		if m.holdsMember(b, ev, c) {
			m.hits = append(m.hits, rule)
		}
		now := costs.opt.Clock()
		costs.add(rule, now-at)
		at = now
	}
	if m.events%(sampleEvery*flushEvery) == 0 {
		costs.settle(m.p)
	}
}

// holdsMember runs the condition of one member.
func (m *Matcher) holdsMember(b *bucket, ev *Event, c uint32) bool {
	pc := b.entry[c]
	for pc >= 0 {
		in := &b.code[pc]
		holds := m.truth[in.pred] == m.gen
		if in.lazy && !holds {
			holds = m.holds(b, ev, in.pred)
		}
		if holds {
			pc = in.yes
		} else {
			pc = in.no
		}
	}
	return pc == jumpTrue
}
