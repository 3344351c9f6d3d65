package tocsin

import (
	"math"
	"time"
)

// A ValueKind is the type of a Value. The names follow KQL's types.
type ValueKind uint8

// The kinds of a value. Null is the zero Value.
const (
	Null     ValueKind = iota
	Bool               // Num is 0 or 1
	Int                // Num; KQL int and long
	Real               // Num holds the bits of a float64
	String             // Str
	DateTime           // Num is ticks: 100 ns since 0001-01-01T00:00:00Z
	TimeSpan           // Num is ticks: 100 ns
	Dynamic            // Str is JSON text
	GUID               // Str is 8-4-4-4-12 lower-case hexadecimal
	Decimal            // Str is decimal digits
)

// A Value is one cell of an event's row: a small tagged union without pointers
// beyond its text, so a row costs one allocation.
type Value struct {
	Kind ValueKind
	Num  int64
	Str  string
}

// BoolValue, IntValue and the other constructors make a Value of their kind.
func BoolValue(b bool) Value {
	if b {
		return Value{Kind: Bool, Num: 1}
	}
	return Value{Kind: Bool}
}

// IntValue makes an Int.
func IntValue(n int64) Value { return Value{Kind: Int, Num: n} }

// RealValue makes a Real.
func RealValue(f float64) Value { return Value{Kind: Real, Num: int64(math.Float64bits(f))} }

// StringValue makes a String.
func StringValue(s string) Value { return Value{Kind: String, Str: s} }

// TimeValue makes a DateTime; the zero time gives Null.
func TimeValue(t time.Time) Value {
	if t.IsZero() {
		return Value{}
	}
	return Value{Kind: DateTime, Num: Ticks(t)}
}

// DynamicValue makes a Dynamic from JSON text, which the caller has checked.
func DynamicValue(json string) Value { return Value{Kind: Dynamic, Str: json} }

// Real returns the float64 of a Real.
func (v Value) Real() float64 { return math.Float64frombits(uint64(v.Num)) }

// Time returns the instant of a DateTime.
func (v Value) Time() time.Time { return FromTicks(v.Num) }

// IsNull reports whether the value is absent.
func (v Value) IsNull() bool { return v.Kind == Null }

// epochTicks is 1970-01-01 in ticks since 0001-01-01 (Kusto's and .NET's count).
const epochTicks = 621355968000000000

// Ticks returns t as Kusto's datetime: 100-ns ticks since 0001-01-01T00:00:00Z.
// Finer parts are cut off.
func Ticks(t time.Time) int64 {
	return t.Unix()*1e7 + int64(t.Nanosecond())/100 + epochTicks
}

// FromTicks is the inverse of Ticks; the result is in UTC.
func FromTicks(ticks int64) time.Time {
	n := ticks - epochTicks
	sec, rest := n/1e7, n%1e7
	if rest < 0 {
		sec, rest = sec-1, rest+1e7
	}
	return time.Unix(sec, rest*100).UTC()
}
