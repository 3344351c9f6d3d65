package simulate

import (
	"bytes"
	"context"
	"fmt"
	"time"
)

// A Batch is what one submission to the HTTP door carries: rows of one table,
// one JSON object per line.
type Batch struct {
	ID    string // the same for the same data set, so that a re-send stores nothing twice
	Table string
	From  time.Time // event time of its first row
	To    time.Time
	Rows  int
	Body  []byte
}

// Batches cuts the data set into submissions: in order of time, each of one
// table, spanning at most that much event time.
func (d *Dataset) Batches(span time.Duration) []Batch {
	var list []Batch
	open := map[string]int{} // table → index of its last batch
	var buffers []*bytes.Buffer
	for _, e := range d.Emissions {
		i, ok := open[e.Table]
		if !ok || e.At.Sub(list[i].From) > span {
			i = len(list)
			open[e.Table] = i
			list = append(list, Batch{ID: fmt.Sprintf("%s-%d-%d-%d", d.Scenario.ID, d.Seed, d.Start.Unix(), i), Table: e.Table, From: e.At})
			buffers = append(buffers, &bytes.Buffer{})
		}
		buffers[i].Write(e.Row)
		buffers[i].WriteByte('\n')
		list[i].To, list[i].Rows = e.At, list[i].Rows+1
	}
	for i := range list {
		list[i].Body = buffers[i].Bytes()
	}
	return list
}

// Play hands the batches to send, in order. It stops at the first error.
func Play(ctx context.Context, batches []Batch, send func(context.Context, Batch) error) error {
	for _, b := range batches {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := send(ctx, b); err != nil {
			return fmt.Errorf("sending %d rows of %s: %w", b.Rows, b.Table, err)
		}
	}
	return nil
}
