// Package incident is the life cycle of incidents and the alerts in them.
//
// It promises: an incident changes only through [Desk.Apply], one [Entry] of
// its timeline for every change, with who did it; the state that is stored is
// always the [Fold] of that timeline, so a merge can be undone exactly and the
// question what an incident looked like at any time has an answer; an alert is
// in at most one incident; a finding that is delivered twice counts once; a cap
// that bites leaves a note.
//
// It refuses: closing without a classification, merging what belongs to
// different people, writing over a change the caller has not seen, text without
// bounds. It knows nothing of HTTP, of rules that detect, or of correlation: it
// is told, by commands.
//
// It is tested by tables over the commands, by property tests that run random
// commands and compare the stored state with the fold of the log, and by the
// suite in storetest, which every store must pass.
package incident
