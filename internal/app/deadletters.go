package app

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/api"
	"github.com/tocsin-soc/tocsin/internal/normalize"
	"github.com/tocsin-soc/tocsin/internal/telemetry"
	"github.com/tocsin-soc/tocsin/internal/transform"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/result"
)

// letters looks after dead letters, for the API and the command line alike.
type letters struct{ app *App }

// DeadLetters returns what lists, replays and discards dead letters.
func (a *App) DeadLetters() api.DeadLetters { return &letters{a} }

const (
	replayPage    = 500    // letters in one transaction
	defaultReplay = 10_000 // letters of one request that names no limit
	listedRaw     = 4096   // bytes of a record that a list shows
	mostGroups    = 500
	mostReasons   = 20
)

// List implements api.DeadLetters.
func (l *letters) List(ctx context.Context, q api.DeadLetterQuery, newestFirst bool, limit int, cursor string) (api.DeadLetterList, error) {
	after, err := parseLetterCursor(cursor)
	if err != nil {
		return api.DeadLetterList{}, err
	}
	f := filterOf(q)
	f.NewestFirst = newestFirst
	found, err := l.app.store.Letters(ctx, f, after, limit+1)
	if err != nil {
		return api.DeadLetterList{}, err
	}
	var out api.DeadLetterList
	for i := range found {
		if i == limit {
			last := &found[i-1]
			out.Next = strconv.FormatInt(tocsin.Ticks(last.Arrived), 10) + "." + string(last.ID)
			break
		}
		out.Items = append(out.Items, letterOf(&found[i], listedRaw))
	}
	return out, nil
}

// parseLetterCursor reads the cursor of List; empty is the first page.
func parseLetterCursor(cursor string) (*telemetry.Letter, error) {
	if cursor == "" {
		return nil, nil
	}
	ticks, id, ok := strings.Cut(cursor, ".")
	n, err := strconv.ParseInt(ticks, 10, 64)
	if !ok || err != nil {
		return nil, tocsin.Errorf(tocsin.Invalid, "The page's cursor does not belong to this list. Start again from the first page.")
	}
	return &telemetry.Letter{ID: tocsin.EventID(id), Arrived: tocsin.FromTicks(n)}, nil
}

// noTable stands in a query for letters whose sender named no table.
const noTable = "-"

// filterOf makes the store's filter of a query.
func filterOf(q api.DeadLetterQuery) telemetry.LetterFilter {
	f := telemetry.LetterFilter{State: q.State, Source: q.Source, Table: q.Table, Reason: q.Reason, Kind: q.Kind}
	if q.Table == noTable {
		f.Table, f.IsBare = "", true
	}
	if q.Since != nil {
		f.Since = *q.Since
	}
	for _, id := range q.IDs {
		f.IDs = append(f.IDs, tocsin.EventID(id))
	}
	return f
}

// letterOf makes the API's form, with at most so many bytes of the record.
func letterOf(l *telemetry.Letter, most int) api.DeadLetter {
	out := api.DeadLetter{
		ID: string(l.ID), Source: string(l.Raw.Source), Sender: l.Raw.Sender, Position: l.Raw.Position, Format: string(l.Raw.Format), Table: l.Raw.Table, Reason: l.Reason,
		RawLength: len(l.Raw.Body), IsTruncated: l.IsTruncated, State: l.State, Outcome: l.Outcome, Attempts: l.Attempts, ReceivedAt: l.Raw.ReceivedAt, ResolvedBy: l.ResolvedBy, Note: l.Note,
	}
	if !l.ResolvedAt.IsZero() {
		out.ResolvedAt = &l.ResolvedAt
	}
	body := l.Raw.Body
	if out.Raw, out.RawEncoding = transform.RecordText(body); len(body) > most {
		cut := body[:most]
		for out.RawEncoding == "utf-8" && len(cut) > 0 && !utf8.Valid(cut) {
			cut = cut[:len(cut)-1] // not in the middle of a character
		}
		out.Raw, _ = transform.RecordText(cut)
	}
	return out
}

// Groups implements api.DeadLetters.
func (l *letters) Groups(ctx context.Context, q api.DeadLetterQuery) (api.DeadLetterGroups, error) {
	groups, total, err := l.app.store.LetterGroups(ctx, filterOf(q), mostGroups)
	if err != nil {
		return api.DeadLetterGroups{}, err
	}
	out := api.DeadLetterGroups{Total: total}
	for _, g := range groups {
		out.Items = append(out.Items, api.DeadLetterGroup{
			Reason: g.Reason, Example: g.Example, Letter: string(g.Letter), Source: string(g.Source), Table: g.Table, Count: g.Count, First: g.First, Last: g.Last,
		})
	}
	return out, nil
}

// Get implements api.DeadLetters.
func (l *letters) Get(ctx context.Context, id string) (api.DeadLetter, error) {
	found, err := l.app.store.Letters(ctx, telemetry.LetterFilter{State: "all", IDs: []tocsin.EventID{tocsin.EventID(id)}}, nil, 1)
	if err != nil {
		return api.DeadLetter{}, err
	}
	if len(found) == 0 {
		return api.DeadLetter{}, tocsin.Errorf(tocsin.NotFound, "There is no dead letter %q. It may have passed its retention.", id)
	}
	return letterOf(&found[0], tocsin.MaxRawBytes), nil
}

// Discard implements api.DeadLetters.
func (l *letters) Discard(ctx context.Context, r api.DiscardRequest, by string) (out api.DiscardResult, err error) {
	err = l.each(ctx, r.DeadLetterQuery, defaultReplay*100, func(page []telemetry.Letter) error {
		batch := telemetry.Batch{ID: "discard", Replay: &telemetry.Replay{By: by, Note: r.Note}}
		for i := range page {
			batch.Replay.Discard = append(batch.Replay.Discard, page[i].ID)
		}
		done, err := l.app.store.Append(ctx, batch)
		out.Discarded += done.Discarded
		return refused(err)
	})
	return out, err
}

// each hands the open letters of a query on, page by page, those that are there
// now: a letter that stays open is not met again.
func (l *letters) each(ctx context.Context, q api.DeadLetterQuery, limit int, do func([]telemetry.Letter) error) error {
	if q.State != "" && q.State != telemetry.LetterOpen {
		return tocsin.Errorf(tocsin.Conflict, "Only open dead letters can be replayed or discarded.")
	}
	until, err := l.app.store.Watermark(ctx)
	if err != nil {
		return err
	}
	f := filterOf(q)
	f.Until = until
	var after *telemetry.Letter
	for limit > 0 {
		page, err := l.app.store.Letters(ctx, f, after, min(replayPage, limit))
		if err != nil || len(page) == 0 {
			return err
		}
		after, limit = &page[len(page)-1], limit-len(page)
		if err := do(page); err != nil {
			return err
		}
	}
	return nil
}

// Replay implements api.DeadLetters.
func (l *letters) Replay(ctx context.Context, r api.ReplayRequest, by string) (api.ReplayResult, error) {
	change, err := transform.NewMend(transform.Change{Table: r.SetTable, Format: tocsin.Format(r.SetFormat), Edit: r.Edit}, l.app.schema, l.app.cfg.Now)
	if err != nil {
		return api.ReplayResult{}, err
	}
	defer change.Close()
	limit := r.Limit
	if limit == 0 {
		limit = defaultReplay
	}
	run := &replaying{letters: l, mend: change, by: by, isDry: r.IsDry, reasons: map[string]int{}}
	seen := 0
	err = l.each(ctx, r.DeadLetterQuery, limit, func(page []telemetry.Letter) error {
		seen += len(page)
		return run.page(ctx, page)
	})
	out := run.result
	out.IsCut = seen == limit
	for _, reason := range slices.Sorted(maps.Keys(run.reasons)) {
		out.Reasons = append(out.Reasons, api.ReplayTally{Reason: reason, Count: run.reasons[reason]})
	}
	slices.SortStableFunc(out.Reasons, func(a, b api.ReplayTally) int { return cmp.Compare(b.Count, a.Count) })
	out.Reasons = out.Reasons[:min(len(out.Reasons), mostReasons)]
	return out, err
}

// replaying is one replay under way.
type replaying struct {
	letters *letters
	mend    *transform.Mend
	by      string
	isDry   bool
	result  api.ReplayResult
	reasons map[string]int
}

// page replays letters in one transaction.
func (r *replaying) page(ctx context.Context, page []telemetry.Letter) error {
	raws, ids, err := r.mend.Apply(ctx, page, func(reason string) {
		r.result.Skipped++
		r.reasons[reason]++
	})
	if err != nil || len(raws) == 0 {
		return err
	}
	r.result.Tried += len(raws)
	p := r.letters.app.pipe
	ready, err := p.shape(ctx, &normalize.Memory{}, raws, true)
	if err != nil {
		return err
	}
	for i := range ready.rejects {
		r.reasons[ready.rejects[i].Reason]++
	}
	if r.isDry {
		r.result.Stored += len(ready.records)
		r.result.Filtered += len(ready.filtered)
		r.result.Failed += len(ready.rejects)
		r.preview(ready.records)
		return nil
	}
	done, alerts, err := p.replay(ctx, raws, ready, &telemetry.Replay{By: r.by, Records: pick(ids, ready.recordOf), Rejects: pick(ids, ready.rejectOf), Filtered: pick(ids, ready.filtered)})
	if err != nil {
		return err
	}
	r.result.Stored += done.Stored
	r.result.Duplicates += done.Duplicates
	r.result.Filtered += done.Filtered
	r.result.Failed += done.DeadLettered
	r.result.Events += done.Events
	r.result.Alerts += alerts
	return nil
}

const (
	mostPreview = 5   // rows that a dry run shows
	previewCell = 500 // bytes of a cell that it shows
)

// preview keeps rows that would be stored, so that one can see whether a mend
// puts things where they belong.
func (r *replaying) preview(records []tocsin.Record) {
	for i := range records {
		for j := range records[i].Events {
			if len(r.result.Preview) == mostPreview {
				return
			}
			ev := &records[i].Events[j]
			row := api.ReplayRow{Table: ev.Table, Cells: []api.ReplayCell{}}
			t, _ := r.letters.app.schema.Table(ev.Table) // the normaliser makes rows of declared tables only
			for at := range ev.Values {
				if text := valueText(ev.Values[at]); text != "" {
					row.Cells = append(row.Cells, api.ReplayCell{Column: t.Columns[at].Name, Value: clip(text, previewCell)})
				}
			}
			r.result.Preview = append(r.result.Preview, row)
		}
	}
}

// valueText writes a value as the query page does.
func valueText(v tocsin.Value) string {
	switch v.Kind {
	case tocsin.Null:
		return ""
	case tocsin.Bool:
		return result.CellText(catalog.Bool, v.Num != 0)
	case tocsin.Int:
		return result.CellText(catalog.Long, v.Num)
	case tocsin.Real:
		return result.CellText(catalog.Real, v.Real())
	case tocsin.DateTime:
		return result.CellText(catalog.DateTime, v.Num)
	case tocsin.TimeSpan:
		return result.CellText(catalog.TimeSpan, v.Num)
	case tocsin.String, tocsin.Dynamic, tocsin.GUID, tocsin.Decimal:
		return v.Str
	}
	panic(fmt.Sprintf("app: a value of the unknown kind %d", v.Kind))
}

// clip cuts text to at most so many bytes, not in the middle of a character.
func clip(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

func pick(ids []tocsin.EventID, at []int) []tocsin.EventID {
	out := make([]tocsin.EventID, len(at))
	for i, n := range at {
		out[i] = ids[n]
	}
	return out
}
