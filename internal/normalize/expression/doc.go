// Package expression is the small language in which mappings (content/normalize)
// say how a column is made from the fields of a record: a field, the first of
// several, some joined, and conversions of the text; see [Expr].
//
// Expressions are compiled once against a set of [Symbols] and evaluated over
// [Slots], which a reader of records fills. The package knows no table and no
// format of records; it refuses a conversion, map or rendering that there is
// not. It is tested where mappings are: by package normalize's golden files and
// by testdata/mistakes there.
package expression
