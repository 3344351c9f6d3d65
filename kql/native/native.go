// Package native holds the KQL functions that SQL cannot express, as pure Go.
//
// An engine registers every Function under its Name as a scalar SQL function;
// package duckdb emits calls to those names. It promises that a function is
// deterministic, never panics on any input, and answers nil (null) where Kusto
// answers null. It refuses I/O, clocks and state. Each function is tested by
// table-driven cases next to its file and by rows in kql/testdata.
package native

import "fmt"

// Kind is the physical type of an argument or result.
type Kind uint8

// The kinds. Text carries string, dynamic (JSON text), decimal and guid values;
// Long carries datetime and timespan as ticks of 100 ns.
const (
	None Kind = iota
	Bool
	Int  // 32-bit INTEGER
	Long // 64-bit BIGINT
	Real // DOUBLE
	Text // VARCHAR
)

// Function is one native scalar function.
type Function struct {
	// Name is the SQL name, "kql_" and what it does.
	Name string
	// Args are the kinds of the fixed arguments, in order.
	Args []Kind
	// Variadic is the kind of any further arguments; None when there are none.
	Variadic Kind
	// Result is the kind Fn returns; a nil result is NULL.
	Result Kind
	// Fn gets one value per argument: nil, bool, int64, float64 or string by
	// kind (Int and Long both arrive as int64), nulls included: the engine must
	// switch default null handling off. It returns nil or the Go value of Result
	// (int64 for Int and Long).
	Fn func(args []any) any
}

// Functions lists every native function, in the order of registration. The
// slice is new on each call; registering it twice is harmless.
func Functions() []Function {
	var all []Function
	for _, group := range [][]Function{
		stringFunctions(), regexFunctions(), timeFunctions(), castFunctions(), dynamicFunctions(),
		arrayFunctions(), bagFunctions(), seriesFunctions(), networkFunctions(), encodingFunctions(),
		hashFunctions(), mathFunctions(), parseFunctions(), aggregateFunctions(), geoFunctions(), s2Functions(), h3Functions(), shapeFunctions(),
	} {
		all = append(all, group...)
	}
	return all
}

// Find returns the function of that SQL name.
func Find(name string) (Function, error) {
	for _, f := range Functions() {
		if f.Name == name {
			return f, nil
		}
	}
	return Function{}, fmt.Errorf("no native function %q", name)
}
