package detect

import (
	"fmt"
	"regexp"
	"sort"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
)

// A Table is the result of a rule's query: text cells as KQL's tostring gives
// them, empty for null. Truncated says that the query had more rows.
type Table struct {
	Columns   []string
	Rows      [][]string
	Truncated bool
}

// column returns the index of a column; ok is false when the query has none of
// that name, which published rules sometimes map all the same.
func (t *Table) column(name string) (i int, ok bool) {
	for i, c := range t.Columns {
		if c == name {
			return i, true
		}
	}
	return 0, false
}

// cell returns the text in a row's column, empty when there is no such column.
func (t *Table) cell(row []string, name string) string {
	if i, ok := t.column(name); ok {
		return row[i]
	}
	return ""
}

// Limits of one run of a rule, after Sentinel's. Each that bites is named in
// the ledger and on the alert.
const (
	maxAlertsPerRun   = 150
	maxEntities       = 500
	maxCustomDetails  = 20
	maxDetailValues   = 50
	maxOverrideName   = 256
	maxOverrideDetail = 5 << 10
)

// findings makes one finding per result row, or one without rows when the
// trigger is for too few of them. note names a limit that was hit.
func findings(r *KQLRule, w Window, t *Table, now time.Time) (list []Finding, note string) {
	if !r.Trigger.Fires(len(t.Rows)) {
		return nil, ""
	}
	if len(t.Rows) == 0 {
		a := baseAlert(r, w, now)
		a.Fingerprint = tocsin.Fingerprint(nil, "no rows")
		a.Notes = []string{fmt.Sprintf("The query had no rows from %s to %s, which is what this rule waits for.", w.From.Format(time.RFC3339), w.To.Format(time.RFC3339))}
		return []Finding{newFinding(a, "window "+w.To.Format(time.RFC3339))}, ""
	}
	alerts := map[tocsin.AlertID]bool{}
	for _, row := range t.Rows {
		f := rowFinding(r, w, t, row, now)
		if !alerts[f.Alert.ID] && len(alerts) == maxAlertsPerRun {
			return list, fmt.Sprintf("more than %d different alerts in one run; the rest was not raised: narrow the rule or its entity mapping", maxAlertsPerRun)
		}
		alerts[f.Alert.ID] = true
		list = append(list, f)
	}
	if t.Truncated {
		note = fmt.Sprintf("the query had more than %d rows; alerts were made of the first %d", len(t.Rows), len(t.Rows))
		list[len(list)-1].Alert.Notes = append(list[len(list)-1].Alert.Notes, "This run was cut off: "+note+".")
	}
	return list, note
}

// baseAlert is what every alert of the rule has.
func baseAlert(r *KQLRule, w Window, now time.Time) tocsin.Alert {
	return tocsin.Alert{
		Rule: r.ID, RuleKind: r.Kind, RuleVersion: r.Version, Author: r.Author, Title: r.Title, Description: r.Description,
		Severity: r.Severity, Tactics: r.Tactics, Techniques: r.Techniques, Grouping: r.Grouping,
		FirstActivity: w.From, LastActivity: w.To, RaisedAt: now,
	}
}

// rowFinding makes the finding of one result row.
func rowFinding(r *KQLRule, w Window, t *Table, row []string, now time.Time) Finding {
	a := baseAlert(r, w, now)
	a.Entities = rowEntities(r, t, row)
	a.FirstActivity, a.LastActivity = rowTimes(w, t, row)
	a.CustomDetails = rowDetails(r, t, row)
	if id := t.cell(row, "_EventId"); id != "" {
		a.Evidence = []tocsin.Evidence{{Event: tocsin.EventID(id), Table: t.cell(row, "Type"), OccurredAt: a.FirstActivity, Summary: summary(t, row)}}
	} else {
		a.Evidence = []tocsin.Evidence{{OccurredAt: a.FirstActivity, Summary: summary(t, row)}}
	}
	override(r, t, row, &a)
	if len(a.Entities) > 0 {
		a.Fingerprint = fingerprint(a.Entities)
	} else {
		a.Fingerprint = tocsin.Fingerprint(nil, steadyCells(t, row)...)
	}
	return newFinding(a, strings.Join(row, "\x1f"))
}

// customEntityColumns is the older way of naming entities in the result itself
// (AccountCustomEntity and its siblings), before entityMappings.
var customEntityColumns = map[string]EntityMapping{
	"AccountCustomEntity":  {tocsin.Account, []FieldMapping{{"FullName", "AccountCustomEntity"}}},
	"HostCustomEntity":     {tocsin.Host, []FieldMapping{{"FullName", "HostCustomEntity"}}},
	"IPCustomEntity":       {tocsin.IP, []FieldMapping{{"Address", "IPCustomEntity"}}},
	"URLCustomEntity":      {tocsin.URL, []FieldMapping{{"Url", "URLCustomEntity"}}},
	"FileHashCustomEntity": {tocsin.FileHash, []FieldMapping{{"Value", "FileHashCustomEntity"}}},
}

// rowEntities maps a row to entities; a mapping whose columns are absent or
// empty gives none (published rules map columns their query does not have).
func rowEntities(r *KQLRule, t *Table, row []string) []tocsin.Entity {
	mappings := r.Entities
	if len(mappings) == 0 {
		for _, c := range t.Columns {
			if m, ok := customEntityColumns[c]; ok {
				mappings = append(mappings, m)
			}
		}
	}
	var list []tocsin.Entity
	for _, m := range mappings {
		var pairs []string
		for _, f := range m.Fields {
			pairs = append(pairs, f.Identifier, t.cell(row, f.Column))
		}
		if e := tocsin.NewEntity(m.Type, pairs...); len(e.Identifiers) > 0 && len(list) < maxEntities {
			list = append(list, e)
		}
	}
	return list
}

// timeColumns are looked at, in this order, for when a row's activity began and ended.
var startColumns = []string{"StartTime", "StartTimeUtc", "FirstSeen", "FirstActivity", "TimeGenerated", "Timestamp"}
var endColumns = []string{"EndTime", "EndTimeUtc", "LastSeen", "LastActivity", "TimeGenerated", "Timestamp"}

// rowTimes returns the activity of a row, the window when the row does not say.
func rowTimes(w Window, t *Table, row []string) (first, last time.Time) {
	first, last = w.From, w.To
	if at, ok := rowTime(t, row, startColumns); ok {
		first = at
	}
	if at, ok := rowTime(t, row, endColumns); ok {
		last = at
	}
	if last.Before(first) {
		last = first
	}
	return first, last
}

func rowTime(t *Table, row []string, names []string) (time.Time, bool) {
	for _, n := range names {
		if at, err := time.Parse(time.RFC3339Nano, t.cell(row, n)); err == nil && at.Year() > 1 {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}

// rowDetails maps a row to the rule's custom details.
func rowDetails(r *KQLRule, t *Table, row []string) map[string][]string {
	if len(r.Details) == 0 {
		return nil
	}
	names := make([]string, 0, len(r.Details))
	for n := range r.Details {
		names = append(names, n)
	}
	sort.Strings(names)
	details := map[string][]string{}
	for _, n := range names[:min(len(names), maxCustomDetails)] {
		if v := t.cell(row, r.Details[n]); v != "" {
			details[n] = []string{v}
		}
	}
	return details
}

// steadyCells are the cells of a row that name things rather than measure them:
// without entities they make the alert's identity, so a growing count is the
// same alert. Numbers and times are left out.
func steadyCells(t *Table, row []string) []string {
	var cells []string
	for i, c := range row {
		if c != "" && !measure.MatchString(c) {
			cells = append(cells, t.Columns[i]+"="+c)
		}
	}
	return cells
}

var measure = regexp.MustCompile(`^-?[\d.,:]+(e[+-]?\d+)?$|^\d{4}-\d\d-\d\dT`)

// unremarkable columns say nothing in a summary: the evidence has its own time and table.
var unremarkable = map[string]bool{"TimeGenerated": true, "Timestamp": true, "TenantId": true, "Type": true, "SourceSystem": true}

// summary writes a row in one line for the evidence list.
func summary(t *Table, row []string) string {
	var parts []string
	for i, c := range row {
		if c == "" || strings.HasPrefix(t.Columns[i], "_") || unremarkable[t.Columns[i]] {
			continue
		}
		parts = append(parts, t.Columns[i]+"="+shorten(c, 80))
		if len(parts) == 8 {
			break
		}
	}
	return strings.Join(parts, "  ")
}

// shorten cuts text to n runes, with an ellipsis.
func shorten(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	return string(runes[:n-1]) + "…"
}

var placeholder = regexp.MustCompile(`\{\{\s*([^{}]{1,100}?)\s*\}\}`)

// override applies alertDetailsOverride. A format that comes out empty keeps
// the rule's own text.
func override(r *KQLRule, t *Table, row []string, a *tocsin.Alert) {
	fill := func(format string, limit int, keep string) string {
		text := placeholder.ReplaceAllStringFunc(format, func(m string) string {
			return t.cell(row, placeholder.FindStringSubmatch(m)[1])
		})
		if strings.TrimSpace(text) == "" {
			return keep
		}
		return shorten(text, limit)
	}
	a.Title = fill(r.Override.NameFormat, maxOverrideName, a.Title)
	a.Description = fill(r.Override.DescriptionFormat, maxOverrideDetail, a.Description)
	if sev, ok := tocsin.ParseSeverity(t.cell(row, r.Override.SeverityColumn)); ok && r.Override.SeverityColumn != "" {
		a.Severity = sev
	}
	if v := t.cell(row, r.Override.TacticsColumn); v != "" && r.Override.TacticsColumn != "" {
		a.Tactics = splitList(v)
	}
}

// splitList reads a, b or ["a","b"].
func splitList(s string) []string {
	var list []string
	for _, p := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(`[]", `, r) }) {
		list = append(list, p)
	}
	return list
}
