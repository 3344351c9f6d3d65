package token

// A Code names a kind of diagnostic for good: "KQL2001". Tools and documents
// refer to it, so a code is never reused for something else. The first digit is
// the stage that speaks:
//
//	1xxx  syntax: the text is not KQL
//	2xxx  names: a table, column or function is unknown, ambiguous or said twice
//	3xxx  types: a value is not of the type its place needs
//	4xxx  valid KQL that Tocsin does not run; the message names it and the alternative
//	5xxx  limits
//
// Add a code at the end of its group, with the sentence that explains it.
type Code string

// Syntax (package parser).
const (
	Syntax            Code = "KQL1001" // something is missing or unexpected at this place
	UnknownOperator   Code = "KQL1002" // the word after a pipe is not a tabular operator
	UnclosedString    Code = "KQL1003" // a string literal does not end on its line (or, for ```, at all)
	BadEscape         Code = "KQL1004" // a backslash sequence that string literals do not have
	BadLiteral        Code = "KQL1005" // datetime(…), guid(…), a number … whose contents cannot be read
	UnclosedBracket   Code = "KQL1006" // an opening ( [ { without its partner, or the reverse
	ReservedWord      Code = "KQL1007" // a keyword used as a name; write it in brackets: ['last']
	BadCharacter      Code = "KQL1008" // a character that begins no token
	KeywordCase       Code = "KQL1009" // keywords are lower case: AND, Where
	BadParameter      Code = "KQL1010" // an operator parameter (kind=, hint.x=) the operator does not have, or a bad value
	EmptyQuery        Code = "KQL1011" // there is no query in the text
	DuplicateClause   Code = "KQL1012" // a clause or parameter written twice
	IgnoredDirective  Code = "KQL1013" // warning: a client directive line (#connect …) is not part of the query
	DeprecatedSyntax  Code = "KQL1014" // warning: an old spelling that still works; the message names the new one
	BadManagementWord Code = "KQL1015" // a management command without a verb
	MeantEqual        Code = "KQL1016" // warning: "where a = b" is legal, names b and compares nothing
)

// Names (package check).
const (
	UnknownColumn    Code = "KQL2001" // no column of that name in the rows at this place
	UnknownTable     Code = "KQL2002" // no table, view or saved function of that name
	UnknownFunction  Code = "KQL2003" // no function, aggregate or plugin of that name
	DuplicateColumn  Code = "KQL2005" // the same column name declared twice
	UnknownParameter Code = "KQL2007" // a named argument the function does not have
	DuplicateName    Code = "KQL2008" // a variable or parameter declared twice
)

// Types (package check).
const (
	TypeMismatch     Code = "KQL3001" // an operand or argument of a type that does not fit
	ArgumentCount    Code = "KQL3002" // too few or too many arguments
	NotTabular       Code = "KQL3003" // a scalar where rows are needed
	NotScalar        Code = "KQL3004" // rows where a scalar is needed
	NotConstant      Code = "KQL3005" // a value that must be known before the query runs is not
	NotAggregate     Code = "KQL3006" // summarize needs an aggregate here
	MisplacedCall    Code = "KQL3007" // an aggregate, window or graph function outside its place
	BadArgument      Code = "KQL3008" // a value outside what the function or operator accepts
	NotSerialized    Code = "KQL3009" // prev(), next(), row_number() … over rows in no order
	IncompatibleRows Code = "KQL3010" // rows whose columns do not fit together
)

// Valid KQL that is not supported (any stage).
const (
	UnsupportedOperator Code = "KQL4001" // a tabular operator
	UnsupportedFunction Code = "KQL4002" // a function, aggregate or plugin
	UnsupportedForm     Code = "KQL4003" // a form, parameter or combination of something supported
	UnsupportedSource   Code = "KQL4004" // a source outside this installation: cluster(), sql_request
	UnsupportedCommand  Code = "KQL4005" // a management command
)

// What the answer rests on (package check, and whoever runs the query).
const (
	MissingData Code = "KQL6001" // warning: data that a function or source needs is not here, or old
)

// Limits (any stage).
const (
	TooLong    Code = "KQL5001" // the text is longer than a query may be
	TooDeep    Code = "KQL5002" // brackets, functions or subqueries nested too deeply
	TooComplex Code = "KQL5003" // too many operators, columns, rows or expansions
)
