package sigma

import (
	"github.com/tocsin-soc/tocsin/sigma/rule"
)

// FieldMatch is one reason why a rule matched: a value and the test it passed.
type FieldMatch struct {
	Field string // as the rule names it; "" for a keyword
	Value string // the value, or "" when the test asks for absence
	Test  string // the predicate as text
}

// Explain tells why the rule of that index matches ev: the positive tests
// that hold, in the rule's order. It is empty when the rule does not match. It
// allocates and is meant for the few events that match.
func (m *Matcher) Explain(index int32, ev *Event) []FieldMatch {
	b := m.p.routes.bucket(m.p.routes.key(m, ev))
	own := len(ev.values)
	m.complete(b, ev)
	defer func() { ev.values = ev.values[:own] }()
	for i := range b.members {
		if mem := &b.members[i]; mem.rule == index && exprHolds(mem.expr, ev, own) {
			var why []FieldMatch
			explain(mem.expr, ev, own, &why)
			return why
		}
	}
	return nil
}

func explain(e *Expr, ev *Event, own int, why *[]FieldMatch) {
	switch e.Op {
	case rule.OpLeaf:
		p := *e.Leaf
		id := ev.fields.Lookup(stringBytes(p.Field))
		if !holds(&p, ev, id, own) {
			return
		}
		value := witness(&p, ev, id, own)
		p.Field = displayName(p.Field)
		f := FieldMatch{Field: p.Field, Value: value, Test: p.String()}
		for _, seen := range *why {
			if seen == f {
				return
			}
		}
		*why = append(*why, f)
	case rule.OpNot: // absence is no evidence worth showing
	default:
		for _, a := range e.Args {
			if e.Op == rule.OpAnd || exprHolds(a, ev, own) {
				explain(a, ev, own, why)
			}
		}
	}
}

// witness returns the first value that passes.
func witness(p *Predicate, ev *Event, id FieldID, own int) string {
	if p.Test == rule.TestNull || p.Test == rule.TestExists {
		return ""
	}
	values := ev.values
	if p.Field == "" {
		values = values[:own]
	}
	for i := range values {
		v := &values[i]
		if (v.id == id || p.Field == "") && v.kind != KindNull && holdsValue(p, ev, v.bytes) {
			return string(v.bytes)
		}
	}
	return string(ev.Raw)
}
