package catalog

import "strings"

// Type is a KQL scalar type.
type Type uint8

// The scalar types. Unknown is the type of a column whose shape only the data
// can tell (below an open plugin, or a tolerated unknown name); it converts to
// and from everything and never reaches a dialect in a closed plan.
const (
	Unknown Type = iota
	Bool
	Int
	Long
	Real
	Decimal
	String
	DateTime
	TimeSpan
	Dynamic
	Guid
	numTypes
)

var typeNames = [numTypes]string{
	Unknown: "unknown", Bool: "bool", Int: "int", Long: "long", Real: "real", Decimal: "decimal", String: "string",
	DateTime: "datetime", TimeSpan: "timespan", Dynamic: "dynamic", Guid: "guid",
}

// String returns the name KQL uses in schemas: "long", "datetime", …
func (t Type) String() string {
	if t >= numTypes {
		return "invalid"
	}
	return typeNames[t]
}

// ParseType resolves a type name or one of its aliases ("double", "date",
// "uniqueid", …), ignoring case. ok is false for a name that is no type.
func ParseType(name string) (t Type, ok bool) {
	switch strings.ToLower(name) {
	case "bool", "boolean":
		return Bool, true
	case "int", "int32", "int16", "int8", "uint8", "uint16", "uint":
		return Int, true
	case "long", "int64", "uint32", "uint64", "ulong":
		return Long, true
	case "real", "double", "float":
		return Real, true
	case "decimal":
		return Decimal, true
	case "string":
		return String, true
	case "datetime", "date":
		return DateTime, true
	case "timespan", "time":
		return TimeSpan, true
	case "dynamic":
		return Dynamic, true
	case "guid", "uuid", "uniqueid":
		return Guid, true
	}
	return Unknown, false
}

// Numeric reports whether t is int, long, real or decimal.
func (t Type) Numeric() bool { return t >= Int && t <= Decimal }

// Integer reports whether t is int or long.
func (t Type) Integer() bool { return t == Int || t == Long }

// Temporal reports whether t is datetime or timespan.
func (t Type) Temporal() bool { return t == DateTime || t == TimeSpan }

// Summable reports whether values of t can be added up: a number or a timespan.
func (t Type) Summable() bool { return t.Numeric() || t == TimeSpan }

// Types is a set of types.
type Types uint16

// TypesOf returns the set of the given types.
func TypesOf(list ...Type) Types {
	var s Types
	for _, t := range list {
		s |= 1 << t
	}
	return s
}

// The sets that signatures use.
var (
	AnyType     = Types(1<<numTypes - 1)
	NumberTypes = TypesOf(Int, Long, Real, Decimal)
)

// Has reports whether t is in the set.
func (s Types) Has(t Type) bool { return s&(1<<t) != 0 }

// List returns the members in declaration order.
func (s Types) List() []Type {
	var out []Type
	for t := Type(0); t < numTypes; t++ {
		if s.Has(t) {
			out = append(out, t)
		}
	}
	return out
}
