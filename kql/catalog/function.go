package catalog

// Kind says where a function may be called.
type Kind uint8

// The kinds of function.
const (
	Scalar    Kind = iota // anywhere an expression may stand
	Aggregate             // in summarize, make-series, top-nested
	Window                // over a serialized row set
	Plugin                // after evaluate
	Graph                 // inside graph-match
	Tabular               // a source: table(), materialize(), externaldata …
)

var kindNames = [...]string{"scalar", "aggregate", "window", "plugin", "graph", "tabular"}

// String returns the word functions.txt uses.
func (k Kind) String() string { return kindNames[k] }

// A Function is one entry of the language's function table.
type Function struct {
	Name       string
	Kind       Kind
	Signatures []Signature
	Naming     Naming
	// Alias is the current name when this entry is an old or alternative
	// spelling; a plan only ever carries current names.
	Alias string
	// Deprecated entries work and draw a warning that names Alias.
	Deprecated bool
	Doc        string // one sentence
	Example    string // a query that runs on its own
	// Fidelity is empty when results equal Kusto's, else how they differ.
	Fidelity string
	// Unsupported is empty, or why a call is rejected (code 4xxx) and what to
	// use instead.
	Unsupported string
}

// A Signature is one way to call a function.
type Signature struct {
	Params []Param
	Result Rule
	Fixed  Type // result type when Result is RuleFixed
}

// Arity returns the least and greatest number of arguments; max is -1 when the
// last parameters repeat without bound.
func (s *Signature) Arity() (least, most int) {
	for _, p := range s.Params {
		if p.Repeat {
			most = -1
		}
		if !p.Optional {
			least++
		}
		if most >= 0 {
			most++
		}
	}
	return least, most
}

// A Param is one parameter of a signature.
type Param struct {
	Name     string
	Class    Class
	Optional bool
	Repeat   bool // given one or more times (any number when Optional), in a block with its repeating neighbours
	Constant bool // must be known when the query is compiled or, at the latest, once per query
}

// Class is what a parameter accepts and what the argument is converted to.
// dynamic is accepted everywhere a scalar is, and converted.
type Class uint8

// The parameter classes. "Converted" means that check puts an explicit cast
// into the plan.
const (
	ClassAny             Class = iota // any scalar, unchanged
	ClassString                       // string; only dynamic is converted
	ClassText                         // any scalar, converted to string (strcat)
	ClassBool                         // bool
	ClassInteger                      // int or long
	ClassLong                         // int or long, converted to long
	ClassReal                         // any number, converted to real
	ClassDecimal                      // any number, converted to decimal
	ClassNumber                       // int, long, real, decimal; dynamic becomes real
	ClassSummable                     // a number, timespan or datetime; dynamic becomes real
	ClassOrdered                      // a number, datetime, timespan, string or bool; dynamic stays
	ClassDateTime                     // datetime
	ClassTimeSpan                     // timespan
	ClassDynamic                      // dynamic; nothing else converts to it
	ClassGuid                         // guid
	ClassNotDynamic                   // any scalar but dynamic
	ClassColumn                       // a column reference
	ClassStar                         // * or any scalar: arg_max(x, *)
	ClassType                         // typeof(…)
	ClassTable                        // a tabular expression
	ClassCommon                       // any scalar; all arguments of this class are brought to one type
	ClassCommonOrDynamic              // as ClassCommon; a mixture becomes dynamic instead of an error
	ClassCommonOrdered                // as ClassCommon, of ordered types
)

// Rule says how a result type follows from the arguments.
type Rule uint8

// The result rules.
const (
	RuleFixed    Rule = iota // Signature.Fixed
	RuleArg0                 // the type of the first argument, after conversion
	RuleArg1                 // the type of the second argument
	RuleArg2                 // the type of the third argument
	RuleCommon               // the common type of the arguments of ClassCommon
	RuleWidest               // the widest of the numeric arguments
	RulePromoted             // as arg0, but int becomes long (sum)
	RuleMean                 // avg: real; decimal, timespan and datetime keep their type
	RuleTypeArg              // the type named by the typeof argument
	RuleTuple                // several columns; see the naming of each such aggregate in check
	RuleTable                // a tabular result
)

// Naming says how an unnamed call names its column (inventory.md §15).
type Naming struct {
	Kind   NameKind
	Prefix string
}

// NameKind is how an automatic column name is made.
type NameKind uint8

// The ways to name a column after a call.
const (
	NameNone          NameKind = iota // none: Column1, print_0
	NameFirstArg                      // the first argument's name
	NameOnlyArg                       // the argument's name if there is one argument
	NamePrefixArg                     // prefix_argument; prefix_ when the argument has no name
	NamePrefixOnly                    // prefix
	NamePrefixArgs                    // prefix_argument_argument, of the first two
	NameFuncArg                       // function_argument
	NameFirstArgValue                 // the text of the first argument if it names a column
)
