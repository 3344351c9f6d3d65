package transform

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/telemetry"
)

// A Change is what is to be changed about the records of dead letters before they
// are tried again. Empty fields change nothing.
type Change struct {
	Table  string        // send them to this table
	Format tocsin.Format // read them as this format
	Edit   string        // KQL over the letter's row
}

// A Mend is a checked Change. A record keeps the identity it was received with
// whatever is changed, so that its events are stored once. It may be used by one
// goroutine at a time.
type Mend struct {
	schema *schema.Schema
	table  string
	format tocsin.Format
	edit   *Set // nil without
}

// editSource is what the transform of an edit is filed under.
const editSource = "edit"

// readable are the formats that a replay may be told to read records as.
var readableFormats = []tocsin.Format{tocsin.FormatRow, tocsin.FormatJSONLine, tocsin.FormatSyslog, tocsin.FormatLine, tocsin.FormatEvtx, tocsin.FormatWindows, tocsin.FormatMail}

// NewMend checks a change: the table must be one that events can be sent to, the
// format one that records are read as, the edit a query on one row. What is wrong
// is tocsin.Invalid and says so.
func NewMend(c Change, s *schema.Schema, now func() time.Time) (*Mend, error) {
	m := &Mend{schema: s, table: c.Table, format: c.Format}
	if t, ok := s.Table(c.Table); c.Table != "" && (!ok || t.Name != c.Table || !t.IsStamped()) {
		return nil, tocsin.Errorf(tocsin.Invalid, "There is no table %q to send the records to. docs/reference/tables.md lists the tables.", c.Table)
	}
	if m.format != "" && !slices.Contains(readableFormats, m.format) {
		return nil, tocsin.Errorf(tocsin.Invalid, "There is no format %q. The formats are %v.", m.format, readableFormats)
	}
	if c.Edit == "" {
		return m, nil
	}
	var err error
	m.edit, err = Load(map[tocsin.SourceID]Rule{editSource: {Text: c.Edit, Tables: []string{"DeadLetters"}}}, s, now)
	return m, err
}

// Close frees what the edit holds.
func (m *Mend) Close() { m.edit.Close() }

// Apply makes the raw records of letters, mended, with the id of the letter of
// each; skip hears of every letter that is not tried. Each keeps the identity of the
// record that was received, so that its events are stored once whatever was
// changed about it.
func (m *Mend) Apply(ctx context.Context, page []telemetry.Letter, skip func(reason string)) (raws []tocsin.Raw, ids []tocsin.EventID, err error) {
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
func (m *Mend) edited(ctx context.Context, raws []tocsin.Raw, ids []tocsin.EventID, skip func(reason string)) ([]tocsin.Raw, []tocsin.EventID, error) {
	table, _ := m.schema.Table("DeadLetters")
	column := func(name string) int { i, _ := table.Column(name); return i }
	rows := make([]tocsin.Record, len(raws))
	for i := range raws {
		text, encoding := RecordText(raws[i].Body)
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

// RecordText writes a record as text: as it is, or in base64.
func RecordText(body []byte) (text, encoding string) {
	if utf8.Valid(body) {
		return string(body), "utf-8"
	}
	return base64.StdEncoding.EncodeToString(body), "base64"
}
