// Package storetest is the conformance suite of incident.Store: what a desk
// expects of the database behind it, said once and run on every dialect.
//
// It promises that a store which passes keeps state equal to the fold of the
// log, finds and pages what it stored in the stated order, and leaves nothing
// of a failed transaction behind. It refuses to look inside a store.
package storetest
