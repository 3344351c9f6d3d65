// Package correlate decides which alerts belong to one incident, and says why.
//
// It promises: [Decide] is pure, and any order of the same alerts and incidents
// gives the same decisions; every link names the rule of correlation, what both
// sides share and how strongly; a hub (an entity that many unrelated things
// share) never links alone; a rule's own grouping is honoured; a full incident
// is continued visibly.
//
// It refuses a rule file with a field, entity type, tactic or blocker it does
// not know, and it never touches a store: decisions become commands, and
// somebody else applies them.
//
// It is tested by scenes in testdata (alerts and incidents in, decisions with
// reasons out), by a property test over shuffled batches, and by the rule files
// in content/correlation.
package correlate
