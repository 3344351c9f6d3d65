// Package assist answers an editor's questions about a KQL text: what is wrong
// with it, what may stand at the cursor, what a word means. Editors hold no grammar
// of their own beyond colours; they ask here, so they and the compiler cannot disagree.
//
// It promises an answer for any text and any position, broken texts above all: that
// is what a text is while it is being typed. Suggestions come from the catalogue,
// the function table and the rows that the operators before the cursor deliver, as the
// checker sees them. Positions count lines and columns from 1, columns in UTF-16
// code units, as editors do.
//
// Tested by cases in testdata (a text with | for the cursor and what must and must not be
// offered) and by asking at every position of published queries.
package assist
