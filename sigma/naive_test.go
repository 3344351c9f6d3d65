package sigma

import (
	"net/netip"
	"strconv"
	"strings"
	"unicode"

	"github.com/tocsin-soc/tocsin/sigma/pattern"
	"github.com/tocsin-soc/tocsin/sigma/rule"
)

// naiveEvent is an event as a plain list, the yardstick's only data structure.
type naiveEvent struct {
	values []naiveValue
	raw    string
	source Logsource

	derived, translated *naiveEvent // made once
}

type naiveValue struct {
	name  string
	text  string
	lower string
	null  bool
}

func newNaiveValue(name, text string) naiveValue {
	return naiveValue{name: name, text: text, lower: naiveLower(text)}
}

// naiveLowered remembers the lower case of patterns' texts.
var naiveLowered = map[string]string{}

func naiveLowerText(s string) string {
	l, ok := naiveLowered[s]
	if !ok {
		l = naiveLower(s)
		naiveLowered[s] = l
	}
	return l
}

func (e *naiveEvent) get(name string) (out []string, present bool) {
	for _, v := range e.values {
		if v.name == name {
			present = true
			if !v.null {
				out = append(out, v.text)
			}
		}
	}
	return out, present
}

func (e *naiveEvent) first(name string) string {
	if v, _ := e.get(name); len(v) > 0 {
		return v[0]
	}
	return ""
}

// naiveCopy turns an Event into a naiveEvent, so that both see the same fields.
// Names no rule knows are lost, as they are to the matcher.
func naiveCopy(ev *Event) *naiveEvent {
	e := &naiveEvent{raw: string(ev.Raw), source: ev.Logsource}
	for i := range ev.Len() {
		id, kind, v := ev.At(i)
		nv := newNaiveValue(ev.Fields().Name(id), string(v))
		nv.null = kind == KindNull
		e.values = append(e.values, nv)
	}
	return e
}

func naiveLower(s string) string {
	var b strings.Builder
	for i, r := range s {
		if r == unicode.ReplacementChar && s[i] >= 0x80 && !strings.HasPrefix(s[i:], "\uFFFD") {
			b.WriteByte(s[i])
			continue
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// naiveGlob matches by recursion over the tokens.
func naiveGlob(p pattern.Pattern, v string, cased bool) bool {
	if len(p) == 0 {
		return v == ""
	}
	switch p[0].Kind {
	case pattern.Literal:
		text := p[0].Text
		if !cased {
			text = naiveLowerText(text)
		}
		return strings.HasPrefix(v, text) && naiveGlob(p[1:], v[len(text):], cased)
	case pattern.Any:
		if len(p) == 1 {
			return true
		}
		for i := range v {
			if naiveGlob(p[1:], v[i:], cased) {
				return true
			}
		}
		return naiveGlob(p[1:], "", cased)
	case pattern.One:
		for i := range v {
			if i > 0 {
				return naiveGlob(p[1:], v[i:], cased)
			}
		}
		return v != "" && naiveGlob(p[1:], "", cased)
	}
	return false
}

func naiveTest(p *Predicate, e *naiveEvent, nv naiveValue) bool {
	v := nv.text
	switch p.Test {
	case rule.TestPattern:
		if !p.Cased {
			v = nv.lower
		}
		return naiveGlob(p.Pattern, v, p.Cased)
	case rule.TestRegex:
		return p.Regex.MatchString(v)
	case rule.TestCIDR:
		a, err := netip.ParseAddr(v)
		return err == nil && p.Network.Contains(a.Unmap().WithZone(""))
	case rule.TestCompare:
		f, err := strconv.ParseFloat(v, 64)
		if _, ok := rule.ParseNumber(v); err != nil || !ok {
			return false
		}
		switch p.Compare {
		case rule.Less:
			return f < p.Number.Float
		case rule.LessEqual:
			return f <= p.Number.Float
		case rule.Greater:
			return f > p.Number.Float
		case rule.GreaterEqual:
			return f >= p.Number.Float
		}
		return f == p.Number.Float
	case rule.TestField:
		others, _ := e.get(p.OtherField)
		for _, o := range others {
			a, b := v, o
			if !p.Cased {
				a, b = naiveLower(a), naiveLower(b)
			}
			if [...]bool{a == b, strings.HasPrefix(a, b), strings.HasSuffix(a, b), strings.Contains(a, b)}[p.Place] {
				return true
			}
		}
		return false
	case rule.TestTime:
		return holdsTime(p, []byte(v))
	}
	panic("not a test of a value")
}

func naivePredicate(p *Predicate, e *naiveEvent) bool {
	if p.Field == "" {
		for _, v := range e.values {
			if !v.null && naiveTest(p, e, v) {
				return true
			}
		}
		return e.raw != "" && naiveTest(p, e, newNaiveValue("", e.raw))
	}
	values, present := e.get(p.Field)
	switch p.Test {
	case rule.TestNull:
		return len(values) == 0
	case rule.TestExists:
		return present != p.Absent
	}
	for _, v := range e.values {
		if v.name == p.Field && !v.null && naiveTest(p, e, v) {
			return true
		}
	}
	return false
}

func naiveExpr(x *Expr, e *naiveEvent) bool {
	switch x.Op {
	case rule.OpLeaf:
		return naivePredicate(x.Leaf, e)
	case rule.OpNot:
		return !naiveExpr(x.Args[0], e)
	}
	for _, a := range x.Args {
		if naiveExpr(a, e) != (x.Op == rule.OpAnd) {
			return x.Op == rule.OpOr
		}
	}
	return x.Op == rule.OpAnd
}

// naiveMatch walks every rule: no index, no routes, one decision after another.
func naiveMatch(rules []*Rule, m *Mapping, e *naiveEvent) []int32 {
	var out []int32
	for i, r := range rules {
		if naiveRule(r, m, e) {
			out = append(out, int32(i))
		}
	}
	return out
}

func naiveRule(r *Rule, m *Mapping, e *naiveEvent) bool {
	channel := pattern.FoldString(e.first("Channel"))
	if channel == "" {
		channel = m.providers[pattern.FoldString(e.first("Provider_Name"))]
	}
	ids, _ := e.get("EventID")
	src := m.channels[channel]
	if src == nil {
		src = &channelSource{}
		if channel != "" && len(ids) > 0 {
			src.product = m.anyChannel
		}
	}
	named := e.source
	if named == (Logsource{}) && src.product == "" {
		named = naiveRecognise(m, e)
	}
	product := named.Product
	if product == "" {
		product = src.product
	}
	l := r.Logsource
	if l.Product != "" && !strings.EqualFold(l.Product, product) {
		return false
	}
	if l.Service != "" && !strings.EqualFold(l.Service, named.Service) && !strings.Contains("\n"+strings.Join(src.services, "\n")+"\n", "\n"+l.Service+"\n") {
		return false
	}
	if e.derived == nil {
		e.derived = naiveDerive(m, channel, e)
	}
	if l.Category == "" || strings.EqualFold(l.Category, named.Category) {
		return naiveExpr(r.Expr, e.derived)
	}
	if product != src.product || len(ids) != 1 {
		return false
	}
	id, err := strconv.Atoi(ids[0])
	if err != nil {
		return false
	}
	for _, c := range src.events[id] {
		if c.category == l.Category && (c.when == nil || naiveExpr(c.when, e)) && naiveExpr(r.Expr, naiveTranslate(c.set, e.derived)) {
			return true
		}
	}
	return false
}

func naiveRecognise(m *Mapping, e *naiveEvent) Logsource {
	for _, rec := range m.recognise {
		all := true
		for _, f := range rec.fields {
			_, present := e.get(f)
			all = all && present
		}
		if all {
			return rec.is
		}
	}
	return Logsource{}
}

func naiveDerive(m *Mapping, channel string, e *naiveEvent) *naiveEvent {
	out := *e
	for _, d := range m.derived {
		if d.channels != nil && !strings.Contains("\n"+strings.Join(d.channels, "\n")+"\n", "\n"+channel+"\n") {
			continue
		}
		values, _ := e.get(d.from)
		for _, v := range values {
			for _, part := range strings.Split(v, string(d.sep)) {
				key, value, ok := strings.Cut(part, "=")
				name := d.names[naiveLower(strings.TrimSpace(key))]
				if _, has := out.get(name); ok && name != "" && !has && len(key) <= 64 {
					out.values = append(out.values[:len(out.values):len(out.values)], newNaiveValue(name, strings.TrimRight(value, "\r ")))
				}
			}
		}
	}
	return &out
}

func naiveTranslate(set *fieldSet, e *naiveEvent) *naiveEvent {
	if set == nil {
		return e
	}
	if e.translated != nil { // one set per event: a channel and id have one
		return e.translated
	}
	out := &naiveEvent{raw: e.raw}
	e.translated = out
	for _, v := range e.values {
		if _, made := set.fields[v.name]; !made {
			out.values = append(out.values, v)
		}
	}
	for name, src := range set.fields {
		var parts []string
		for i, from := range src.from {
			if v, _ := e.get(from); len(v) > 0 && (i == 0 || v[0] != "") {
				parts = append(parts, v[0])
			}
		}
		if parts == nil {
			if _, present := e.get(src.from[0]); present && src.rename() {
				out.values = append(out.values, naiveValue{name: name, null: true})
			}
			continue
		}
		v := strings.Join(parts, src.join)
		if src.decimal {
			if n, err := strconv.ParseUint(strings.TrimPrefix(naiveLower(v), "0x"), 16, 64); err == nil && strings.HasPrefix(naiveLower(v), "0x") {
				v = strconv.FormatUint(n, 10)
			}
		}
		if to, ok := src.values[naiveLower(v)]; ok {
			v = to
		} else {
			for _, p := range src.prefixes {
				if n := len(p.from); strings.HasPrefix(naiveLower(v), p.from) {
					if p.one {
						n = min(n+1, len(v))
					}
					v = p.to + v[n:]
					break
				}
			}
		}
		out.values = append(out.values, newNaiveValue(name, v))
	}
	return out
}
