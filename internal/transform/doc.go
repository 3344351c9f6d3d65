// Package transform changes and filters records at the door by KQL that an
// operator wrote for a source:
//
//	source | where EventID != 4658 | extend Account = tolower(Account)
//
// It promises exactly KQL's semantics, because the text is compiled like any
// query and run by the same engine over the rows of a batch. It promises that no
// record is lost: one whose rows were all left out by where is counted as
// filtered, one that the text fails on is rejected with the reason. A source
// without a transform pays nothing.
//
// It refuses, when it is loaded, whatever needs more than one row (summarize,
// join, sort, …) or other tables, and a result that does not fit the table. The
// rules follow Azure Monitor's for transformations in data collection rules
// (learn.microsoft.com/azure/azure-monitor/data-collection/data-collection-transformations-kql):
// the input is called source, the result must have the table's time column, and
// a null time becomes the time of receipt. It is tested by cases of rows in and
// rows out, and fuzzed.
package transform
