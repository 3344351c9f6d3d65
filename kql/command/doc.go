// Package command answers management commands that only look: .show tables and its kin.
//
// It promises the columns that Kusto's clients read, with their types (the result schemas
// of Kusto's command table), filled from a catalogue; what an installation of one node
// without extents, policies and principals has no value for is null or empty. It refuses
// every other command by name. It knows nothing of plans: package check turns an answer
// into rows, so that operators can follow. It is tested by rows in kql/testdata.
package command
