package sigma

// FieldMatch is one reason why a rule matched: a value and the test it passed.
type FieldMatch struct {
	Field string // as the rule names it; "" for a keyword
	Value string // the value, or "" when the test asks for absence
	Test  string // the predicate as text
}

// Explain tells why a rule, given by its index, matches ev: the positive tests
// that hold, in the rule's order. It is empty when the rule does not match. It
// allocates and is meant for the few events that match.
func (m *Matcher) Explain(rule int32, ev *Event) []FieldMatch {
	b := m.p.routes.bucket(m.p.routes.key(m, ev))
	own := len(ev.values)
	m.complete(b, ev)
	defer func() { ev.values = ev.values[:own] }()
	for i := range b.members {
		if mem := &b.members[i]; mem.rule == rule && mem.expr.holds(ev, own) {
			var why []FieldMatch
			mem.expr.explain(ev, own, &why)
			return why
		}
	}
	return nil
}

func (e *Expr) explain(ev *Event, own int, why *[]FieldMatch) {
	switch e.Op {
	case OpLeaf:
		p := *e.Leaf
		id := ev.fields.Lookup(stringBytes(p.Field))
		if !p.holds(ev, id, own) {
			return
		}
		value := p.witness(ev, id, own)
		p.Field = displayName(p.Field)
		f := FieldMatch{Field: p.Field, Value: value, Test: p.String()}
		for _, seen := range *why {
			if seen == f {
				return
			}
		}
		*why = append(*why, f)
	case OpNot: // absence is no evidence worth showing
	default:
		for _, a := range e.Args {
			if e.Op == OpAnd || a.holds(ev, own) {
				a.explain(ev, own, why)
			}
		}
	}
}

// witness returns the first value that passes.
func (p *Predicate) witness(ev *Event, id FieldID, own int) string {
	if p.Test == TestNull || p.Test == TestExists {
		return ""
	}
	values := ev.values
	if p.Field == "" {
		values = values[:own]
	}
	for i := range values {
		v := &values[i]
		if (v.id == id || p.Field == "") && v.kind != KindNull && p.holdsValue(ev, v.bytes) {
			return string(v.bytes)
		}
	}
	return string(ev.Raw)
}
