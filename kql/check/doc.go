// Package check turns a syntax tree into a plan: it resolves names, settles
// types, inserts every implicit conversion, names columns as Kusto does, inlines
// functions, and applies the period of the run to every table read. It is the
// only place that says "unknown column".
//
// Promise: a plan without errors is closed (no unresolved names, no Unknown
// types) unless Query.Shapes is not empty. What KQL allows and Tocsin does not
// run is a diagnostic of the 4xxx group, never a silent approximation.
//
// Two modes. Strict, for editors and new rules, accepts what Microsoft's analyzer
// accepts. Lenient, for imported content, turns an unknown column into a null
// dynamic, an unknown table into an empty one and a failing conversion into null,
// each with a warning.
//
// The checker refuses texts that unfold into too much (Limits) and never panics.
// It is tested by the public query corpus (columns and types that Microsoft's
// analyzer derives), by the recorded results of the Kusto emulator, and by fuzzing.
package check
