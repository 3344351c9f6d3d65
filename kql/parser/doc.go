// Package parser turns KQL text into an ast.Script.
//
// It promises always to return a tree and diagnostics, for any bytes whatever:
// it does not fail, does not panic, and takes time linear in the length of the
// text. Each statement, each operator between pipes and each item of a list is
// parsed within its own slice of tokens, so a mistake in one neither hides nor
// invents mistakes in the next; what cannot be read becomes a Bad node.
//
// It accepts a little more than Kusto where a later stage can say better what is
// wrong. It refuses texts longer than MaxLength, deeper than MaxDepth and chains
// of more than MaxChain operators. The grammar follows the one Microsoft
// publishes (Kusto-Query-Language, grammar/Kql.g4) and, for reserved words, its
// parser library; names in the code are those of the documentation.
//
// Tested by golden cases (kql/testdata), by 3,034 published queries and the conformance suites
// in ../shared where present, and by a fuzz target with a deadline.
package parser
