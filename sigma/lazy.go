package sigma

import (
	"bytes"
	"net/netip"
	"unsafe"

	"github.com/tocsin-soc/tocsin/sigma/pattern"
	"github.com/tocsin-soc/tocsin/sigma/rule"
)

// holds evaluates a predicate the index does not decide, once per event.
func (m *Matcher) holds(b *bucket, ev *Event, i uint32) bool {
	if m.falsity[i] == m.gen {
		return false
	}
	if m.compute(ev, &b.preds[i], i) {
		m.truth[i] = m.gen
		return true
	}
	m.falsity[i] = m.gen
	return false
}

func (m *Matcher) compute(ev *Event, p *pred, i uint32) bool {
	switch p.Test {
	case rule.TestNull:
		return !m.any(ev, p.slot, func([]byte) bool { return true })
	case rule.TestExists:
		return (m.slotGen[p.slot] == m.gen) != p.Absent
	case rule.TestRegex:
		if p.index == indexMaybe && m.maybe[i] != m.gen {
			return false
		}
		return m.any(ev, p.slot, func(v []byte) bool { return p.needs.Allows(v) && p.Regex.Match(v) })
	case rule.TestCIDR:
		return m.any(ev, p.slot, func(v []byte) bool { return inNetwork(v, p.Network) })
	case rule.TestPattern:
		return m.any(ev, p.slot, func(v []byte) bool {
			m.folded = pattern.AppendFold(m.folded[:0], v)
			return p.matches(v, m.folded)
		})
	case rule.TestField:
		return m.any(ev, p.slot, func(v []byte) bool {
			return m.any(ev, p.other, func(o []byte) bool { return m.placed(v, o, p) })
		})
	}
	return m.any(ev, p.slot, func(v []byte) bool { return holdsValue(p.Predicate, ev, v) })
}

// any reports whether test holds for a value of the field in a slot; for
// keywords (slot -1) for any value of the event or its raw text.
func (m *Matcher) any(ev *Event, slot int16, test func([]byte) bool) bool {
	if slot < 0 {
		for i := range ev.values[:m.own] {
			if v := &ev.values[i]; v.kind != KindNull && test(v.bytes) {
				return true
			}
		}
		return len(ev.Raw) > 0 && test(ev.Raw)
	}
	if m.slotGen[slot] != m.gen {
		return false
	}
	for i := m.first[slot]; i >= 0; i = m.next[i] {
		if v := &ev.values[i]; v.kind != KindNull && test(v.bytes) {
			return true
		}
	}
	return false
}

// placed is fieldref: o stands in v where the predicate wants it.
func (m *Matcher) placed(v, o []byte, p *pred) bool {
	if !p.Cased {
		m.folded = pattern.AppendFold(m.folded[:0], v)
		m.other = pattern.AppendFold(m.other[:0], o)
		v, o = m.folded, m.other
	}
	switch p.Place {
	case rule.AtStart:
		return bytes.HasPrefix(v, o)
	case rule.AtEnd:
		return bytes.HasSuffix(v, o)
	case rule.Within:
		return bytes.Contains(v, o)
	}
	return bytes.Equal(v, o)
}

func inNetwork(v []byte, n netip.Prefix) bool {
	if len(v) < 2 || len(v) > 64 {
		return false
	}
	// The text is not kept: the zone, its only part that could be, is cut off.
	addr, err := netip.ParseAddr(unsafe.String(&v[0], len(v)))
	if err != nil {
		return false
	}
	return n.Contains(addr.Unmap().WithZone(""))
}
