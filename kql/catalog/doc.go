// Package catalog says what a query may name: types, tables, saved functions,
// and the one table of functions, aggregates, window functions and plugins of
// the language, from which checking, completion, hover text and the reference
// page are made.
//
// It knows nothing of syntax trees, plans or dialects. The function table is
// the text file functions.txt, parsed once; its form is described there and its
// loading panics on a malformed line, so a test that loads it is its check.
package catalog
