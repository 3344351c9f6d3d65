package folder

import (
	"context"
	"errors"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
)

// What is handed on at once: many files, if they are small.
const (
	batchRecords = 20_000
	batchBytes   = 8 << 20
)

// A batch is what was read and is not stored yet, with what to remember once it is.
type batch struct {
	raws  []tocsin.Raw
	bytes int
	after map[string]string // for the journal
	lost  bool              // the end came before it was stored: nothing more is remembered
}

// add takes a record.
func (f *Folder) add(ctx context.Context, raw tocsin.Raw) {
	raw.Source, raw.ReceivedAt = f.opts.Sender.Source, f.opts.Intake.Now().UTC()
	f.batch.raws = append(f.batch.raws, raw)
	f.batch.bytes += len(raw.Body) + 200
	if len(f.batch.raws) >= batchRecords || f.batch.bytes >= batchBytes {
		f.flush(ctx)
	}
}

// remember notes a value as soon as all that was added before is stored.
func (f *Folder) remember(key, value string) {
	if f.batch.after == nil {
		f.batch.after = map[string]string{}
	}
	f.batch.after[key] = value
}

// known returns what is remembered, or about to be.
func (f *Folder) known(key string) string {
	if value, ok := f.batch.after[key]; ok {
		return value
	}
	return f.journal.values[key]
}

// flush stores the batch, again and again until it is, or the end comes: then it
// is not remembered, and read again the next time.
func (f *Folder) flush(ctx context.Context) {
	b := f.batch
	f.batch = batch{lost: b.lost}
	if len(b.raws) > 0 && !f.store(ctx, b.raws) {
		f.batch.lost = true
	}
	if f.batch.lost || len(b.after) == 0 {
		return
	}
	for key, value := range b.after {
		f.journal.set(key, value)
	}
	if err := f.journal.flush(); err != nil {
		f.trouble(f.opts.Memory, err)
	}
}

func (f *Folder) store(ctx context.Context, raws []tocsin.Raw) bool {
	for pause := time.Second; ; pause = min(2*pause, 30*time.Second) {
		_, err := f.opts.Intake.Feed(ctx, func(yield func(tocsin.Raw, error) bool) {
			for i := range raws {
				if !yield(raws[i], nil) {
					return
				}
			}
		})
		if err == nil {
			f.opts.Pulse.Took(len(raws))
			return true
		}
		wait := pause
		var full *ingest.Full
		if errors.As(err, &full) {
			wait, pause = full.RetryAfter, time.Second
		} else if ctx.Err() == nil {
			f.trouble(f.opts.Sender.Path, err)
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return false
		}
	}
}
