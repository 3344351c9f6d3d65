package telemetry

import (
	"context"
	"fmt"
	"strings"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
	"github.com/tocsin-soc/tocsin/internal/telemetry/tuple"
)

// Event returns one stored event; its Values are those of the table's columns,
// the three stamps at the end included. It is tocsin.NotFound when the table
// holds no such event (any more).
func (s *Store) Event(ctx context.Context, table string, id tocsin.EventID) (tocsin.Event, error) {
	t, ok := s.opts.Schema.Table(table)
	if !ok || !t.IsStamped() {
		return tocsin.Event{}, tocsin.Errorf(tocsin.NotFound, "There is no table %s.", table)
	}
	columns := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		columns[i] = schema.Quote(c.Stored)
	}
	sql := fmt.Sprintf(`SELECT %s FROM %s WHERE %s = $1 LIMIT 1`, strings.Join(columns, ", "), schema.Quote(t.Name), schema.Quote(schema.EventIDColumn))
	rows, err := s.Select(ctx, sql, string(id))
	if err != nil {
		return tocsin.Event{}, fmt.Errorf("reading event %s of %s: %w", id, table, err)
	}
	defer rows.Close()
	if !rows.NextChunk() {
		if err := rows.Err(); err != nil {
			return tocsin.Event{}, fmt.Errorf("reading event %s of %s: %w", id, table, err)
		}
		return tocsin.Event{}, tocsin.Errorf(tocsin.NotFound, "Table %s holds no event %s. It may have passed its retention of %d days.", table, id, int(t.Retention.Hours()/24))
	}
	return eventAt(t, rows.Chunk(), 0), nil
}

// eventAt reads row i of a chunk that holds the table's columns in order.
func eventAt(t *schema.Table, chunk *duck.Chunk, i int) tocsin.Event {
	ev := tocsin.Event{Table: t.Name, Values: make([]tocsin.Value, len(t.Columns))}
	for j, c := range t.Columns {
		ev.Values[j] = tuple.ValueOf(c.Type, chunk.Columns[j].Value(i))
	}
	first := len(t.Columns) - 3
	ev.ID = tocsin.EventID(ev.Values[first].Str)
	ev.ReceivedAt = ev.Values[first+1].Time()
	ev.Source = tocsin.SourceID(ev.Values[first+2].Str)
	ev.OccurredAt = ev.ReceivedAt
	if j, ok := t.Column(t.TimeColumn); ok && !ev.Values[j].IsNull() {
		ev.OccurredAt = ev.Values[j].Time()
	}
	return ev
}
