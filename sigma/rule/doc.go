// Package rule is the language of Sigma documents (specification 2.1): it reads
// detection rules, correlation rules and filters, and resolves selections,
// modifiers and conditions into one boolean Expr of Predicates.
//
// It promises that a document is either understood in full or rejected by name
// and reason; no modifier, value or condition is ever ignored. It knows nothing
// of events or matching. It is tested by a case per trap of the specification
// (testdata of package sigma), and by fuzzing.
package rule
