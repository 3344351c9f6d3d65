package ledger

import (
	"strings"

	"github.com/tocsin-soc/tocsin/internal/schema"
)

// A view is a KQL table over what the store keeps beside the events. It
// is never appended to.
type view struct {
	from        string            // in the schema tocsin
	join        string            // another that has at most one row for the source, or empty
	group       string            // GROUP BY, or empty
	expressions map[string]string // by column; a column that is missing is null
}

// views are the tables that show the bookkeeping, that of retention included.
var views = map[string]view{
	"IngestHealth": {from: "sources", join: "expected", expressions: map[string]string{
		"TimeGenerated": "last_received", "SourceId": "source", "Received": "received", "Stored": "stored", "Duplicates": "duplicates",
		"DeadLettered": "dead_lettered", "Filtered": "filtered", "Unaccounted": "received - stored - duplicates - dead_lettered - filtered",
		"Events": "events", "Batches": "batches", "Replayed": "replayed", "Discarded": "discarded", "Ahead": "ahead", "LastAhead": "last_ahead", "Shortened": "shortened", "LastShortened": "last_shortened", "ClockSkew": "skew", "ExpectedSilence": "silence",
		"FirstReceived": "first_received", "LastStored": "last_stored", "Type": "'IngestHealth'",
		schema.EventIDColumn: "source", schema.IngestionTimeColumn: "last_received", schema.SourceColumn: "source",
	}},
	"IngestHistory": {from: "intake", group: " GROUP BY source, begun, width", expressions: map[string]string{
		"TimeGenerated": "begun", "SourceId": "source", "Width": "width", "Received": "sum(received)", "Stored": "sum(stored)", "Duplicates": "sum(duplicates)",
		"DeadLettered": "sum(dead_lettered)", "Filtered": "sum(filtered)", "Replayed": "sum(replayed)", "Events": "sum(events)", "Ahead": "sum(ahead)",
		"LagMin": "min(lag_min)", "LagMax": "max(lag_max)", "Type": "'IngestHistory'",
		schema.EventIDColumn: "source || ' ' || begun", schema.IngestionTimeColumn: "max(written)", schema.SourceColumn: "source",
	}},
	"RetentionRuns": {from: "deletions", expressions: map[string]string{
		"TimeGenerated": "made", "TableName": "name", "Rows": "removed", "Before": "cutoff", "Reason": "reason", "RowsHeld": "held",
		"BytesBefore": "bytes_before", "BytesAfter": "bytes_after", "Type": "'RetentionRuns'",
		schema.EventIDColumn: "id", schema.IngestionTimeColumn: "made", schema.SourceColumn: "'tocsin'",
	}},
	"FieldDrift": {from: "drift", expressions: map[string]string{
		"TimeGenerated": "last_seen", "SourceId": "source", "Shape": "shape", "TableName": "name", "Field": "field", "Reason": "reason", "Records": "records",
		"FirstSeen": "first_seen", "Type": "'FieldDrift'",
		schema.EventIDColumn: "md5(concat_ws(chr(31), source, shape, name, field, reason))", schema.IngestionTimeColumn: "last_seen", schema.SourceColumn: "source",
	}},
	"LegalHolds": {from: "holds", expressions: map[string]string{
		"TimeGenerated": "created", "HoldId": "id", "TableName": "name", "StartTime": "first", "EndTime": "last", "Entity": "entity", "IncidentNumber": "incident",
		"Reason": "reason", "CreatedBy": "created_by", "ReleasedAt": "released", "ReleasedBy": "released_by", "ReleaseReason": "release_reason", "Type": "'LegalHolds'",
		schema.EventIDColumn: "id", schema.IngestionTimeColumn: "created", schema.SourceColumn: "'tocsin'",
	}},
}

// query returns the statement behind a view, for its declared columns.
func (v view) query(t *schema.Table, database string) string {
	columns := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		expression, ok := v.expressions[c.Name]
		if !ok {
			expression = "NULL"
		}
		columns[i] = "CAST(" + expression + " AS " + schema.StoredType(c.Type) + ") AS " + schema.Quote(c.Stored)
	}
	book := schema.Quote(database) + ".tocsin."
	from := book + v.from
	if v.join != "" {
		from += " LEFT JOIN " + book + v.join + " USING (source)"
	}
	return "SELECT " + strings.Join(columns, ", ") + " FROM " + from + v.group
}

// Shows reports whether a table shows the bookkeeping: nothing is appended to it.
func Shows(table string) bool {
	_, ok := views[table]
	return ok
}

// Query returns the statement behind a table that shows the bookkeeping, for its
// declared columns; false for any other table. database is the name of the
// ledger's database in statements.
func Query(t *schema.Table, database string) (sql string, ok bool) {
	v, ok := views[t.Name]
	if !ok {
		return "", false
	}
	return v.query(t, database), true
}
