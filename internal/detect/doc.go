// Package detect turns telemetry into alerts, in two ways: Sigma rules on the
// stream of records (Stream) and KQL rules on a clock (Schedule).
//
// It promises that a rule that cannot be loaded is listed with its reason and
// stops nothing, that a rule that fails fails alone and visibly, that every
// window of a scheduled rule is run once and again when late events touch it,
// each run with a line in the ledger, and that the same finding always makes
// the same alert. It refuses to store anything itself: alerts and runs are
// handed to the caller. It is tested with rule files and windows as data and a
// hand-written query function; package app tests it against the real stores.
package detect
