package tuple

import (
	"fmt"
	"math"
	"strconv"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
	"github.com/tocsin-soc/tocsin/kql/catalog"
)

// check says why the event cannot become a row; empty when it can.
func (l *Layout) check(ev *tocsin.Event) (reason string) {
	if len(ev.Values) > l.Values {
		return fmt.Sprintf("%d values for the %d columns of %s", len(ev.Values), l.Values, l.Table.Name)
	}
	if ev.Twin != "" && !l.twins {
		return fmt.Sprintf("a row of %s is shown in no other table", l.Table.Name)
	}
	for i := range ev.Values {
		v := &ev.Values[i]
		if v.Kind == tocsin.Null {
			continue
		}
		c := &l.columns[i]
		if !fits(v, c.kind) {
			return fmt.Sprintf("column %s of %s takes %s, not %s", c.name, l.Table.Name, c.kind, Describe(v))
		}
		if c.place == i {
			continue
		}
		if first := valueAt(ev, c.place); first != nil && *first != *v {
			return fmt.Sprintf("columns %s and %s of %s are one, but have different values", l.columns[c.place].name, c.name, l.Table.Name)
		}
	}
	return ""
}

// valueAt returns the value of a column, nil when it is null.
func valueAt(ev *tocsin.Event, i int) *tocsin.Value {
	if i < 0 || i >= len(ev.Values) || ev.Values[i].Kind == tocsin.Null {
		return nil
	}
	return &ev.Values[i]
}

// fits reports whether v can be stored, without loss, in a column of type t.
func fits(v *tocsin.Value, t catalog.Type) bool {
	switch t {
	case catalog.Bool:
		return v.Kind == tocsin.Bool
	case catalog.Int:
		return v.Kind == tocsin.Int && v.Num >= math.MinInt32 && v.Num <= math.MaxInt32
	case catalog.Long:
		return v.Kind == tocsin.Int
	case catalog.Real:
		return v.Kind == tocsin.Real || v.Kind == tocsin.Int
	case catalog.Decimal:
		return v.Kind == tocsin.Int || v.Kind == tocsin.Decimal && isDecimal(v.Str)
	case catalog.String:
		return v.Kind == tocsin.String
	case catalog.DateTime:
		return v.Kind == tocsin.DateTime
	case catalog.TimeSpan:
		return v.Kind == tocsin.TimeSpan
	case catalog.Dynamic:
		return v.Kind == tocsin.Dynamic
	case catalog.Guid:
		return v.Kind == tocsin.GUID && isUUID(v.Str)
	}
	return false
}

func isDecimal(s string) bool { _, _, ok := duck.ParseDecimal(s); return ok }

func isUUID(s string) bool { _, _, ok := duck.ParseUUID(s); return ok }

var kindNames = [...]string{
	tocsin.Null: "null", tocsin.Bool: "bool", tocsin.Int: "long", tocsin.Real: "real", tocsin.String: "string",
	tocsin.DateTime: "datetime", tocsin.TimeSpan: "timespan", tocsin.Dynamic: "dynamic", tocsin.GUID: "guid", tocsin.Decimal: "decimal",
}

// Describe names a value's type and, cut short, the value.
func Describe(v *tocsin.Value) string {
	if int(v.Kind) >= len(kindNames) {
		return "a value of no known kind"
	}
	text := v.Str
	if text == "" {
		text = strconv.FormatInt(v.Num, 10)
	}
	if len(text) > 60 {
		text = text[:60] + "…"
	}
	return kindNames[v.Kind] + " " + strconv.Quote(text)
}
