package app

import (
	"context"
	"errors"
	"time"
	"unsafe"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
	"github.com/tocsin-soc/tocsin/internal/normalize"
	"github.com/tocsin-soc/tocsin/internal/telemetry"
	"github.com/tocsin-soc/tocsin/internal/transform"
)

// fullDisk is when a sender should come back whose records a full disk refused.
const fullDisk = 30 * time.Second

// refused gives an error of the store that means no room the form that doors
// know how to answer.
func refused(err error) error {
	var no *telemetry.NoRoom
	if err == nil || !errors.As(err, &no) {
		return err
	}
	_, message := tocsin.Explain(err)
	return tocsin.Wrap(errors.Join(&ingest.Full{RetryAfter: fullDisk}, no), tocsin.Unavailable, "%s", message)
}

// A shaped batch is normalised and transformed: every raw record is in exactly
// one of its lists, whose numbers are positions in the raw records.
type shaped struct {
	records  []tocsin.Record
	recordOf []int // nil when nobody asked
	rejects  []tocsin.Reject
	rejectOf []int // nil when nobody asked
	filtered []int
}

// shape normalises and transforms. Where every record went costs a pass over
// them, so it is said only on demand or when a transform needs it.
func (p *pipeline) shape(ctx context.Context, memory *normalize.Memory, raws []tocsin.Raw, account bool) (shaped, error) {
	var out shaped
	out.records, out.rejects = p.normalize.BatchIn(memory, raws)
	applies := p.transforms.Applies(out.records)
	if account || applies {
		out.recordOf, out.rejectOf = origins(raws, out.rejects)
	}
	if !applies {
		return out, nil
	}
	outcome, err := p.transforms.Apply(ctx, out.records)
	if err != nil {
		return shaped{}, err
	}
	out.take(raws, outcome)
	return out, nil
}

// take sorts the records by what a transform made of them.
func (b *shaped) take(raws []tocsin.Raw, outcome transform.Outcome) {
	for _, i := range outcome.Filtered {
		b.filtered = append(b.filtered, b.recordOf[i])
	}
	for _, f := range outcome.Failed {
		at := b.recordOf[f.Record]
		b.rejects = append(b.rejects, tocsin.Reject{Raw: raws[at], Reason: f.Reason})
		b.rejectOf = append(b.rejectOf, at)
	}
	records, of := b.records[:0], b.recordOf[:0]
	for _, i := range outcome.Kept {
		records, of = append(records, b.records[i]), append(of, b.recordOf[i])
	}
	b.records, b.recordOf = records, of
}

// counts are the filtered records by source, for the balance.
func (b *shaped) counts(raws []tocsin.Raw) map[tocsin.SourceID]telemetry.Count {
	if len(b.filtered) == 0 {
		return nil
	}
	counts := map[tocsin.SourceID]telemetry.Count{}
	for _, i := range b.filtered {
		c := counts[raws[i].Source]
		c.Filtered++
		counts[raws[i].Source] = c
	}
	return counts
}

// origins says which raw records became records and which rejects: the
// normaliser makes one of the two of each and keeps their order.
func origins(raws []tocsin.Raw, rejects []tocsin.Reject) (recordOf, rejectOf []int) {
	for i := range raws {
		if n := len(rejectOf); n < len(rejects) && isSame(&raws[i], &rejects[n].Raw) {
			rejectOf = append(rejectOf, i)
		} else {
			recordOf = append(recordOf, i)
		}
	}
	return recordOf, rejectOf
}

// isSame reports whether two raw records are one and the same: a reject holds
// the very bytes that came in.
func isSame(a, b *tocsin.Raw) bool {
	return a.Source == b.Source && a.Position == b.Position && len(a.Body) == len(b.Body) && unsafe.SliceData(a.Body) == unsafe.SliceData(b.Body)
}

// replay stores what became of dead letters, and raises what it triggers.
func (p *pipeline) replay(ctx context.Context, raws []tocsin.Raw, ready shaped, replay *telemetry.Replay) (telemetry.Appended, int, error) {
	found, seen := p.stream.Match(ready.records, p.now())
	batch, err := batchOf(raws, ready.records, ready.rejects, found, seen)
	if err != nil {
		return telemetry.Appended{}, 0, err
	}
	batch.Replay = replay
	stored, err := p.telemetry.Append(ctx, batch)
	if err != nil {
		return telemetry.Appended{}, 0, refused(err)
	}
	alerts, err := p.raiseKept(ctx, found, seen, stored.Findings)
	if err != nil {
		p.log.Error("alerts are stored and will be raised later", "error", err)
	}
	return stored, alerts, nil
}
