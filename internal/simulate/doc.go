// Package simulate plays attacks in a small simulated enterprise and knows the
// truth about every event it makes.
//
// The layers are world (people, devices, addresses, applications), actors
// (benign users and the attacker), steps (abstract actions with preconditions),
// emitters (one per telemetry source: the only place that knows a table's
// columns) and truth (which event belongs to which step). Attacker and benign
// users go through the same emitters, so formatting gives nothing away.
//
// It promises the same bytes for the same scenario, seed and start time, and it
// refuses to know any store or detection: events leave through a function value,
// as from any source. Truth never travels inside events. It is tested by
// properties of the emitted data and, in package app, by what is detected.
package simulate
