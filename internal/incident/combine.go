package incident

import (
	"cmp"
	"slices"
	"sort"
	"strings"
	"time"
	"unicode"

	"github.com/tocsin-soc/tocsin"
)

// Limits on one alert, the first two as in Sentinel's scheduled rules.
const (
	MaxEntities   = 500
	MaxDetailKeys = 20
	maxDetails    = 50 // values of one custom detail
	maxNotes      = 50
	maxNoteBytes  = 1_000
	maxDescribed  = 20_000        // bytes of a description
	maxCount      = 1_000_000_000 // of one finding
)

// What a cap that bites says. Fixed texts, so that a repeat adds none twice.
const (
	noteEvidence = "More than 100 events support this alert; the earliest 100 are kept as evidence. Run the rule's query to see all."
	noteEntities = "More than 500 entities were found; the first 500 are kept."
	noteDetails  = "A custom detail had more than 50 values, or there were more than 20 details; the rest is left out."
	noteSeverity = "The rule gave no usable severity; medium was taken."
	noteTimes    = "The rule gave no times of activity; the time it was recorded was taken."
	noteText     = "The title or description was longer than is kept; it was cut."
)

// clean brings a finding's alert into bounds. What is cut or made up leaves a note.
func clean(in *tocsin.Alert, now time.Time) tocsin.Alert {
	a := *in
	a.Notes = nil
	a.Count = min(max(a.Count, 1), maxCount)
	var notes []string
	for _, n := range in.Notes {
		notes = append(notes, clip(n, maxNoteBytes))
	}
	if a.Severity.Rank() == 0 {
		a.Severity = tocsin.Medium
		notes = append(notes, noteSeverity)
	}
	if len(a.Title) > tocsin.MaxTitleBytes || len(a.Description) > maxDescribed {
		a.Title, a.Description = clip(strings.ToValidUTF8(a.Title, "?"), tocsin.MaxTitleBytes), clip(a.Description, maxDescribed)
		notes = append(notes, noteText)
	}
	if a.Title = oneLine(a.Title); a.Title == "" {
		a.Title = clip(oneLine(string(a.Rule)), tocsin.MaxTitleBytes)
	}
	a.FirstActivity, a.LastActivity, a.RaisedAt = wholeTicks(a.FirstActivity), wholeTicks(a.LastActivity), wholeTicks(a.RaisedAt)
	if a.RaisedAt.IsZero() {
		a.RaisedAt = now
	}
	switch {
	case a.FirstActivity.IsZero() && a.LastActivity.IsZero():
		a.FirstActivity, a.LastActivity = now, now
		notes = append(notes, noteTimes)
	case a.FirstActivity.IsZero() || a.LastActivity.Before(a.FirstActivity) && !a.LastActivity.IsZero():
		a.FirstActivity = a.LastActivity
	case a.LastActivity.IsZero():
		a.LastActivity = a.FirstActivity
	}
	bound(&a, notes)
	return a
}

// oneLine makes a text from telemetry fit for a title: control characters
// become blanks, broken UTF-8 is marked.
func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD")))
}

// combine makes have what it is after one more finding of the same.
func combine(have, more *tocsin.Alert) {
	have.Count += more.Count
	if more.FirstActivity.Before(have.FirstActivity) {
		// The earliest finding names the alert, in whatever order they come.
		have.Title, have.Description, have.Author, have.FirstActivity = more.Title, more.Description, more.Author, more.FirstActivity
	}
	if more.LastActivity.After(have.LastActivity) {
		have.LastActivity, have.RuleVersion, have.Grouping = more.LastActivity, more.RuleVersion, more.Grouping
	}
	if more.Severity.Rank() > have.Severity.Rank() {
		have.Severity = more.Severity
	}
	have.Tactics = append(slices.Clone(have.Tactics), more.Tactics...)
	have.Techniques = append(slices.Clone(have.Techniques), more.Techniques...)
	have.Entities = append(slices.Clone(have.Entities), more.Entities...)
	have.Evidence = append(slices.Clone(have.Evidence), more.Evidence...)
	details := make(map[string][]string, len(have.CustomDetails))
	for _, from := range []map[string][]string{have.CustomDetails, more.CustomDetails} {
		for k, values := range from {
			details[k] = append(slices.Clone(details[k]), values...)
		}
	}
	have.CustomDetails = details
	bound(have, more.Notes)
}

// bound makes the lists of an alert free of repeats, ordered and no longer than
// they may be, and adds notes, each text once. Lists are never nil.
func bound(a *tocsin.Alert, notes []string) {
	a.Tactics = sortTactics(setOf(a.Tactics))
	a.Techniques = sortedKeys(setOf(a.Techniques))
	a.Entities, _ = unite(a.Entities)
	if len(a.Entities) > MaxEntities {
		a.Entities = a.Entities[:MaxEntities]
		notes = append(notes, noteEntities)
	}
	if a.Entities == nil {
		a.Entities = []tocsin.Entity{}
	}
	if a.Evidence = orderEvidence(a.Evidence); len(a.Evidence) > tocsin.MaxEvidence {
		a.Evidence = a.Evidence[:tocsin.MaxEvidence]
		notes = append(notes, noteEvidence)
	}
	details, cut := boundDetails(a.CustomDetails)
	if a.CustomDetails = details; cut {
		notes = append(notes, noteDetails)
	}
	all := []string{}
	for _, n := range append(slices.Clone(a.Notes), notes...) {
		if !slices.Contains(all, n) && len(all) < maxNotes {
			all = append(all, n)
		}
	}
	a.Notes = all
}

// orderEvidence returns evidence earliest first, each event once; never nil.
// Keeping the earliest makes what is kept independent of the order of findings.
func orderEvidence(list []tocsin.Evidence) []tocsin.Evidence {
	out := append([]tocsin.Evidence{}, list...)
	slices.SortFunc(out, func(a, b tocsin.Evidence) int {
		return cmp.Or(a.OccurredAt.Compare(b.OccurredAt), cmp.Compare(a.Event, b.Event))
	})
	seen := map[tocsin.EventID]bool{}
	return slices.DeleteFunc(out, func(e tocsin.Evidence) bool {
		twice := seen[e.Event]
		seen[e.Event] = true
		return twice
	})
}

// boundDetails returns custom details with sorted values, each once; never nil.
func boundDetails(in map[string][]string) (out map[string][]string, cut bool) {
	out = make(map[string][]string, len(in))
	keys := make([]string, 0, len(in))
	for k := range in {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	if len(keys) > MaxDetailKeys {
		keys, cut = keys[:MaxDetailKeys], true
	}
	for _, k := range keys {
		values := sortedKeys(setOf(in[k]))
		if len(values) > maxDetails {
			values, cut = values[:maxDetails], true
		}
		out[k] = values
	}
	return out, cut
}

// setOf makes a set of the texts that are not empty.
func setOf(list []string) map[string]bool {
	set := make(map[string]bool, len(list))
	for _, s := range list {
		if s != "" {
			set[s] = true
		}
	}
	return set
}
