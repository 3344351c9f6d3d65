package ast

// A LiteralKind is the type of a literal.
type LiteralKind uint8

// The kinds of scalar literals. Dynamic values are *Dynamic nodes.
const (
	Bool     LiteralKind = iota + 1
	Int                  // int(5): 32 bits
	Long                 // 5, 0x1F, long(5)
	Real                 // 1.5, 1e3, real(nan)
	Decimal              // decimal(1.5)
	String               // "x", 'x', @"x", h"x", ```x```, and runs of them
	DateTime             // datetime(2024-01-31 10:00)
	TimeSpan             // 1d, 30min, timespan(1.02:03:04)
	Guid                 // guid(…)
)

var kindNames = [...]string{"", "bool", "int", "long", "real", "decimal", "string", "datetime", "timespan", "guid"}

// String is the KQL name of the type.
func (k LiteralKind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return ""
}

// A Literal is a scalar constant, already decoded. A number never carries a sign:
// -5 is a Unary, except inside long(-5) and its kin.
type Literal struct {
	Loc
	Kind LiteralKind
	Null bool   // int(null); the value fields are then zero. There is no null string
	Raw  string // as written; "" in trees built by hand

	Bool bool    // Bool
	Int  int64   // Int, Long; DateTime: 100-ns ticks since 0001-01-01T00:00:00Z; TimeSpan: 100-ns ticks
	Real float64 // Real; may be NaN or infinite
	Text string  // String: the value. Decimal: digits as written. Guid: lower case with dashes

	// Hidden marks an obfuscated string (h"…"), which logs must not show.
	Hidden bool
}

// A Dynamic is dynamic(…). Its contents are KQL's own: single-quoted and verbatim
// strings, runs of strings, datetimes, timespans and guids are allowed.
type Dynamic struct {
	Loc
	Value *DynValue
}

// A DynKind is the kind of a value inside dynamic(…).
type DynKind uint8

// The kinds of dynamic values.
const (
	DynNull DynKind = iota
	DynScalar
	DynArray
	DynObject
)

// A DynValue is a value inside dynamic(…).
type DynValue struct {
	Loc
	Kind   DynKind
	Scalar *Literal    // DynScalar; numbers carry their sign here
	Items  []*DynValue // DynArray
	Fields []DynField  // DynObject, in source order; a repeated key is kept
}

// A DynField is one key of an object.
type DynField struct {
	Key   string
	Value *DynValue
}
