package sigma

import (
	"bytes"
	"time"

	"github.com/tocsin-soc/tocsin/sigma/pattern"
	"github.com/tocsin-soc/tocsin/sigma/rule"
)

// holds evaluates a predicate on an event without any index: the definition of
// what a predicate means. The matcher uses it for what it cannot index, and
// Explain for what it reports. Keywords look at the first own values.
func holds(p *Predicate, ev *Event, id FieldID, own int) bool {
	switch p.Test {
	case rule.TestNull:
		_, present := ev.Value(id)
		return !present
	case rule.TestExists:
		return ev.Has(id) != p.Absent
	}
	if p.Field == "" && len(ev.Raw) > 0 && holdsValue(p, ev, ev.Raw) {
		return true
	}
	if p.Field != "" && id == NoField {
		return false
	}
	values := ev.values
	if p.Field == "" {
		values = values[:own]
	}
	for i := range values {
		v := &values[i]
		if (v.id == id || p.Field == "") && v.kind != KindNull && holdsValue(p, ev, v.bytes) {
			return true
		}
	}
	return false
}

// Has reports whether the event has the field, be it null or empty.
func (e *Event) Has(id FieldID) bool {
	for i := range e.values {
		if e.values[i].id == id && id != NoField {
			return true
		}
	}
	return false
}

// holdsValue tests one value.
func holdsValue(p *Predicate, ev *Event, v []byte) bool {
	switch p.Test {
	case rule.TestPattern:
		if p.Cased {
			return p.Pattern.Match(v)
		}
		return p.Pattern.Fold().Match(pattern.AppendFold(nil, v))
	case rule.TestRegex:
		return p.Regex.Match(v)
	case rule.TestCIDR:
		return inNetwork(v, p.Network)
	case rule.TestCompare:
		n, ok := rule.ParseNumber(string(v))
		return ok && p.Compare.Holds(n.Cmp(p.Number))
	case rule.TestTime:
		return holdsTime(p, v)
	case rule.TestField:
		return holdsField(p, ev, v)
	}
	panic("sigma: predicate " + p.String() + " tests no value")
}

func holdsField(p *Predicate, ev *Event, v []byte) bool {
	other := ev.fields.Lookup(stringBytes(p.OtherField))
	if other == NoField {
		return false
	}
	for i := range ev.values {
		o := &ev.values[i]
		if o.id == other && o.kind != KindNull && placed(v, o.bytes, p.Place, p.Cased) {
			return true
		}
	}
	return false
}

func placed(v, o []byte, place rule.Place, cased bool) bool {
	if !cased {
		v, o = pattern.AppendFold(nil, v), pattern.AppendFold(nil, o)
	}
	switch place {
	case rule.AtStart:
		return bytes.HasPrefix(v, o)
	case rule.AtEnd:
		return bytes.HasSuffix(v, o)
	case rule.Within:
		return bytes.Contains(v, o)
	}
	return bytes.Equal(v, o)
}

func holdsTime(p *Predicate, v []byte) bool {
	t, ok := ParseTime(v)
	if !ok {
		return false
	}
	n := 0
	switch p.Part {
	case rule.Minute:
		n = t.Minute()
	case rule.Hour:
		n = t.Hour()
	case rule.Day:
		n = t.Day()
	case rule.Week:
		_, n = t.ISOWeek()
	case rule.Month:
		n = int(t.Month())
	case rule.Year:
		n = t.Year()
	}
	return p.Compare.Holds(rule.Number{IsInt: true, Int: int64(n), Float: float64(n)}.Cmp(p.Number))
}

// timeLayouts are the date forms of log records; a fraction may follow seconds.
var timeLayouts = []string{
	time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04:05 MST", "2006/01/02 15:04:05", "2006-01-02T15:04:05Z0700", "2006-01-02",
}

// ParseTime reads a date as log records write it; without a zone it is UTC.
func ParseTime(v []byte) (time.Time, bool) {
	if len(v) < 10 || len(v) > 40 || v[0] < '0' || v[0] > '9' {
		return time.Time{}, false
	}
	s := string(v)
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// exprHolds walks an expression without any index.
func exprHolds(e *Expr, ev *Event, own int) bool {
	switch e.Op {
	case rule.OpLeaf:
		return holds(e.Leaf, ev, ev.fields.Lookup(stringBytes(e.Leaf.Field)), own)
	case rule.OpNot:
		return !exprHolds(e.Args[0], ev, own)
	}
	for _, a := range e.Args {
		if exprHolds(a, ev, own) != (e.Op == rule.OpAnd) {
			return e.Op == rule.OpOr
		}
	}
	return e.Op == rule.OpAnd
}
