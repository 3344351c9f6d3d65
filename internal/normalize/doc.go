// Package normalize turns raw records into rows of known tables and into the
// flat view that Sigma rules are matched against.
//
// It promises one record or one reject for every raw record, in their order;
// the same result for the same input (time comes with the record); and that
// nothing is dropped unseen: what a table has no column for goes to its
// AdditionalFields or _Unmapped and is counted by [Normalizer.Losses].
//
// Windows events, in whatever shape (package windows), become the raw tables
// SecurityEvent, or Event and WindowsEvent, and, where a mapping in
// content/normalize says so, rows of the Defender tables (DeviceProcessEvents, …),
// so that hunting queries written for Defender run on Sysmon. Rows that already
// have a table's shape are typed and checked. Every other record has a shape: a
// mapping says which fields tell it apart, which rows it becomes and what Sigma
// calls it (shape.go); parsers of text hand over the fields they found
// (readingRecord). Envelopes are opened.
//
// It refuses to guess: a body that is no JSON object, an unknown table, an
// unknown shape is rejected with what would mend it. A mapping that names an
// unknown table, column or conversion fails at start.
//
// It is tested by golden files in testdata (raw record in, rows and fields
// out), by SigmaHQ's regression logs going through it into the Sigma matcher,
// by comparing its flat view with that of package sigma, and by a fuzz target.
package normalize
