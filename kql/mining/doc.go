// Package mining holds the plugins that look for patterns in rows: basket, autocluster,
// diffpatterns, sequence_detect, schema_merge.
//
// It promises the same answer for the same rows in whatever order they come, exact
// counts, and an error instead of a partial answer when there are too many patterns. Where
// Kusto's own choice is not determined – it samples, and its scores are not published –
// the function table says what is done instead. Cells are nil, bool, int64, float64 or
// string, as in package result. It is tested by rows in kql/testdata.
package mining
