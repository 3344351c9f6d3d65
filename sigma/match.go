package sigma

// bucket is the set of rules that apply to one kind of source.
type bucket struct {
	members    []member
	makings    []making
	splittings []splitting
}

func newBucket(p *Program, members []member, derived []derivation) *bucket {
	used := map[string]bool{}
	for _, m := range members {
		m.expr.Walk(func(q *Predicate) { used[q.Field], used[q.OtherField] = true, true })
	}
	return &bucket{members: members,
		makings:    makings(p.fields, members, used),
		splittings: splittings(p.fields, derived, used)}
}

// Matcher matches events against a program. It holds the scratch memory of one
// goroutine.
type Matcher struct {
	p    *Program
	fold []byte
	hits []int32

	lastChannel []byte
	lastIndex   int32
	lastNamed   Logsource
	lastReduced Logsource
}

// NewMatcher returns a matcher for one goroutine.
func (p *Program) NewMatcher() *Matcher { return &Matcher{p: p} }

// Program returns the program the matcher works for.
func (m *Matcher) Program() *Program { return m.p }

func (m *Matcher) reduced(l Logsource) Logsource {
	if l != m.lastNamed {
		m.lastNamed, m.lastReduced = l, m.p.routes.reduce(l)
	}
	return m.lastReduced
}

// Match returns the indices of the rules that match ev, in ascending order; see
// Program.Rules. The result is valid until the next call.
func (m *Matcher) Match(ev *Event) []int32 {
	m.hits = m.hits[:0]
	b := m.p.routes.bucket(m.p.routes.key(m, ev))
	if len(b.members) == 0 {
		return m.hits
	}
	own := len(ev.values)
	m.complete(b, ev)
	for i := range b.members {
		mem := &b.members[i]
		if n := len(m.hits); n > 0 && m.hits[n-1] == mem.rule {
			continue
		}
		if mem.expr.holds(ev) {
			m.hits = append(m.hits, mem.rule)
		}
	}
	ev.values = ev.values[:own]
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

// Routed reports whether any rule is about the source of ev.
func (m *Matcher) Routed(ev *Event) bool {
	return len(m.p.routes.bucket(m.p.routes.key(m, ev)).members) > 0
}
