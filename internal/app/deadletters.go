package app

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
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
	if out.Raw, out.RawEncoding = rawText(body); len(body) > most {
		cut := body[:most]
		for out.RawEncoding == "utf-8" && len(cut) > 0 && !utf8.Valid(cut) {
			cut = cut[:len(cut)-1] // not in the middle of a character
		}
		out.Raw, _ = rawText(cut)
	}
	return out
}

// rawText writes a record as text: as it is, or in base64.
func rawText(body []byte) (text, encoding string) {
	if utf8.Valid(body) {
		return string(body), "utf-8"
	}
	return base64.StdEncoding.EncodeToString(body), "base64"
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
	mend, err := l.newMend(r)
	if err != nil {
		return api.ReplayResult{}, err
	}
	defer mend.edit.Close()
	limit := r.Limit
	if limit == 0 {
		limit = defaultReplay
	}
	run := &replaying{letters: l, mend: mend, by: by, isDry: r.IsDry, reasons: map[string]int{}}
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
	mend    *mend
	by      string
	isDry   bool
	result  api.ReplayResult
	reasons map[string]int
}

// page replays letters in one transaction.
func (r *replaying) page(ctx context.Context, page []telemetry.Letter) error {
	raws, ids, err := r.mend.apply(ctx, page, func(reason string) {
		r.result.Skipped++
		r.reasons[reason]++
	})
	if err != nil || len(raws) == 0 {
		return err
	}
	r.result.Tried += len(raws)
	p := r.letters.app.pipe
	ready, err := p.prepare(ctx, &normalize.Memory{}, &normalize.Memory{}, raws, true)
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

// mend is what is to be changed about records before they are tried again.
type mend struct {
	app    *App
	table  string
	format tocsin.Format
	edit   *transform.Set // nil without
	asOf   time.Time
}

// editSource is what the transform of an edit is filed under.
const editSource = "edit"

// readable are the formats that a replay may be told to read records as.
var readableFormats = []tocsin.Format{tocsin.FormatRow, tocsin.FormatJSONLine, tocsin.FormatSyslog, tocsin.FormatLine, tocsin.FormatEvtx, tocsin.FormatWindows, tocsin.FormatMail}

func (l *letters) newMend(r api.ReplayRequest) (*mend, error) {
	m := &mend{app: l.app, table: r.SetTable, format: tocsin.Format(r.SetFormat)}
	if m.table != "" && !l.app.isTable(m.table) {
		return nil, tocsin.Errorf(tocsin.Invalid, "There is no table %q to send the records to. docs/reference/tables.md lists the tables.", m.table)
	}
	if m.format != "" && !slices.Contains(readableFormats, m.format) {
		return nil, tocsin.Errorf(tocsin.Invalid, "There is no format %q. The formats are %v.", m.format, readableFormats)
	}
	if r.Edit == "" {
		return m, nil
	}
	var err error
	m.edit, err = transform.Load(map[tocsin.SourceID]transform.Rule{editSource: {Text: r.Edit, Tables: []string{"DeadLetters"}}}, l.app.schema, l.app.cfg.Now)
	return m, err
}

// apply makes the raw records of letters, mended. Each keeps the identity of the
// record that was received, so that its events are stored once whatever was
// changed about it.
func (m *mend) apply(ctx context.Context, page []telemetry.Letter, skip func(reason string)) (raws []tocsin.Raw, ids []tocsin.EventID, err error) {
	for i := range page {
		l := &page[i]
		if l.IsTruncated {
			skip("only the beginning of the record was kept: it was longer than " + strconv.Itoa(tocsin.MaxRawBytes) + " bytes, or one of very many long ones")
			continue
		}
		raw := l.Raw
		raw.Of = raw.Digest()
		if m.table != "" {
			raw.Table = m.table
		}
		raw.Format = cmp.Or(m.format, raw.Format)
		raws, ids = append(raws, raw), append(ids, l.ID)
	}
	if m.edit == nil {
		return raws, ids, nil
	}
	return m.edited(ctx, raws, ids, skip)
}

// edited runs the edit over the letters' rows.
func (m *mend) edited(ctx context.Context, raws []tocsin.Raw, ids []tocsin.EventID, skip func(reason string)) ([]tocsin.Raw, []tocsin.EventID, error) {
	table, _ := m.app.schema.Table("DeadLetters")
	column := func(name string) int { i, _ := table.Column(name); return i }
	rows := make([]tocsin.Record, len(raws))
	for i := range raws {
		text, encoding := rawText(raws[i].Body)
		values := make([]tocsin.Value, len(table.Columns)-3)
		values[column(table.TimeColumn)] = tocsin.TimeValue(raws[i].ReceivedAt)
		for name, v := range map[string]string{
			"SourceId": string(raws[i].Source), "SenderAddress": raws[i].Sender, "Position": raws[i].Position, "Format": string(raws[i].Format), "TargetTable": raws[i].Table, "RawData": text, "RawEncoding": encoding,
		} {
			values[column(name)] = tocsin.StringValue(v)
		}
		values[column("RawLength")] = tocsin.IntValue(int64(len(raws[i].Body)))
		rows[i] = tocsin.Record{Events: []tocsin.Event{{ID: ids[i], Table: table.Name, Source: editSource, OccurredAt: raws[i].ReceivedAt, ReceivedAt: raws[i].ReceivedAt, Values: values}}}
	}
	outcome, err := m.edit.Apply(ctx, rows)
	if err != nil {
		return nil, nil, err
	}
	for _, f := range outcome.Failed {
		skip("the edit failed: " + f.Reason)
	}
	for range outcome.Filtered {
		skip("the edit leaves the record out")
	}
	var out []tocsin.Raw
	var kept []tocsin.EventID
	for _, i := range outcome.Kept {
		text := func(name string) string {
			if at := column(name); at < len(rows[i].Events[0].Values) {
				return rows[i].Events[0].Values[at].Str
			}
			return ""
		}
		raw := raws[i]
		raw.Format, raw.Table, raw.Body = tocsin.Format(text("Format")), text("TargetTable"), []byte(text("RawData"))
		if text("RawEncoding") == "base64" {
			if raw.Body, err = base64.StdEncoding.DecodeString(text("RawData")); err != nil {
				skip(fmt.Sprintf("the edit made RawData that is not base64, as RawEncoding says: %s", err))
				continue
			}
		}
		out, kept = append(out, raw), append(kept, ids[i])
	}
	return out, kept, nil
}
