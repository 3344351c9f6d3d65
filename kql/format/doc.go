// Package format lays out KQL text in one style and keeps every comment.
//
// It promises: the syntax tree of the result is the tree of the source, comments keep
// their order and stay with what they stand beside, and formatting a formatted text
// changes nothing. Old spellings become today's (mvexpand, <>, order by). A text
// with syntax errors and a management command are returned as they are.
//
// The layout is a pretty-printer in the manner of Wadler ("A prettier printer"):
// build.go and its siblings turn the tree into a document of texts, possible line
// breaks and groups, layout.go prints it to a width.
//
// Tested by golden cases (kql/testdata/syntax) and, over the published corpus where present, by the
// three promises above.
package format
