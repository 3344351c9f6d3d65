package telemetry

import (
	"context"
	"fmt"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/schema"
)

// Arrived returns the stretch of event time, earlier than before, of the events
// in these tables that were committed after the watermark: from the first event
// to the last, both zero when there is none. It is how a scheduled rule learns
// which windows late events have touched.
func (s *Store) Arrived(ctx context.Context, tables []string, watermark, before time.Time) (first, last time.Time, err error) {
	for _, name := range tables {
		t, ok := s.opts.Schema.Table(name)
		if !ok || !t.IsStamped() || t.TimeColumn == "" {
			return time.Time{}, time.Time{}, tocsin.Errorf(tocsin.NotFound, "There is no table %s with a time.", name)
		}
		from, to, err := s.arrivedIn(ctx, t, watermark, before)
		if err != nil {
			return time.Time{}, time.Time{}, fmt.Errorf("looking for late events in %s: %w", name, err)
		}
		if from.IsZero() {
			continue
		}
		if first.IsZero() || from.Before(first) {
			first = from
		}
		if to.After(last) {
			last = to
		}
	}
	return first, last, nil
}

// arrivedIn is Arrived for one table.
func (s *Store) arrivedIn(ctx context.Context, t *schema.Table, watermark, before time.Time) (first, last time.Time, err error) {
	i, _ := t.Column(t.TimeColumn)
	when, ingested := schema.Quote(t.Columns[i].Stored), schema.Quote(schema.IngestionTimeColumn)
	sql := fmt.Sprintf(`SELECT min(%[1]s), max(%[1]s) FROM %[2]s WHERE %[3]s > $1 AND %[1]s < $2`, when, schema.Quote(t.Name), ingested)
	rows, err := s.Select(ctx, sql, tocsin.Ticks(watermark), tocsin.Ticks(before))
	if err != nil {
		return first, last, err
	}
	defer func() { _ = rows.Close() }() // read to its end or failed
	cells := make([]any, 2)
	if !rows.Next() {
		return first, last, rows.Err()
	}
	if err := rows.Scan(cells); err != nil {
		return first, last, err
	}
	if from, ok := cells[0].(int64); ok {
		first = tocsin.FromTicks(from)
	}
	if to, ok := cells[1].(int64); ok {
		last = tocsin.FromTicks(to)
	}
	return first, last, rows.Err()
}
