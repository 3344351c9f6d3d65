package sigma

import (
	"bytes"
	"time"

	"github.com/tocsin-soc/tocsin/sigma/pattern"
)

// holds evaluates a predicate on an event without any index: the definition of
// what a predicate means. The matcher uses it for what it cannot index, and
// Explain for what it reports. Keywords look at the first own values.
func (p *Predicate) holds(ev *Event, id FieldID, own int) bool {
	switch p.Test {
	case TestNull:
		_, present := ev.Value(id)
		return !present
	case TestExists:
		return ev.has(id) != p.Absent
	}
	if p.Field == "" && ev.Raw != nil && p.holdsValue(ev, ev.Raw) {
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
		if (v.id == id || p.Field == "") && v.kind != KindNull && p.holdsValue(ev, v.bytes) {
			return true
		}
	}
	return false
}

func (e *Event) has(id FieldID) bool {
	for i := range e.values {
		if e.values[i].id == id && id != NoField {
			return true
		}
	}
	return false
}

// holdsValue tests one value.
func (p *Predicate) holdsValue(ev *Event, v []byte) bool {
	switch p.Test {
	case TestPattern:
		if p.Cased {
			return p.Pattern.Match(v)
		}
		return p.Pattern.Fold().Match(pattern.AppendFold(nil, v))
	case TestRegex:
		return p.Regex.Match(v)
	case TestCIDR:
		return inNetwork(v, p.Network)
	case TestCompare:
		n, ok := ParseNumber(string(v))
		return ok && p.Compare.Holds(n.Cmp(p.Number))
	case TestTime:
		return p.holdsTime(v)
	case TestField:
		return p.holdsField(ev, v)
	}
	panic("sigma: predicate " + p.String() + " tests no value")
}

func (p *Predicate) holdsField(ev *Event, v []byte) bool {
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

func placed(v, o []byte, place Place, cased bool) bool {
	if !cased {
		v, o = pattern.AppendFold(nil, v), pattern.AppendFold(nil, o)
	}
	switch place {
	case AtStart:
		return bytes.HasPrefix(v, o)
	case AtEnd:
		return bytes.HasSuffix(v, o)
	case Within:
		return bytes.Contains(v, o)
	}
	return bytes.Equal(v, o)
}

func (p *Predicate) holdsTime(v []byte) bool {
	t, ok := ParseTime(v)
	if !ok {
		return false
	}
	n := 0
	switch p.Part {
	case Minute:
		n = t.Minute()
	case Hour:
		n = t.Hour()
	case Day:
		n = t.Day()
	case Week:
		_, n = t.ISOWeek()
	case Month:
		n = int(t.Month())
	case Year:
		n = t.Year()
	}
	return p.Compare.Holds(Number{IsInt: true, Int: int64(n), Float: float64(n)}.Cmp(p.Number))
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

// holds walks an expression without any index.
func (e *Expr) holds(ev *Event, own int) bool {
	switch e.Op {
	case OpLeaf:
		return e.Leaf.holds(ev, ev.fields.Lookup(stringBytes(e.Leaf.Field)), own)
	case OpNot:
		return !e.Args[0].holds(ev, own)
	}
	for _, a := range e.Args {
		if a.holds(ev, own) != (e.Op == OpAnd) {
			return e.Op == OpOr
		}
	}
	return e.Op == OpAnd
}
