package telemetry

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"unicode/utf8"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/telemetry/tuple"
)

// deadLetterTable is the table of records that could not become events.
const deadLetterTable = "DeadLetters"

// keptOfLong is what is kept of a record that is longer than a record may be: it
// cannot be replayed, and is there to be recognised.
const keptOfLong = 32 << 10

// deadLetter makes the row of a reject. Its id comes from the record, so that
// the same broken record sent twice is one dead letter.
func deadLetter(t *schema.Table, batch string, r *tocsin.Reject) tocsin.Event {
	body := r.Raw.Body
	truncated := len(body) > tocsin.MaxRawBytes
	if truncated {
		body = body[:keptOfLong]
	}
	text, encoding := string(body), "utf-8"
	if !utf8.Valid(body) {
		text, encoding = base64.StdEncoding.EncodeToString(body), "base64"
	}
	digest := r.Raw.Digest()
	ev := tocsin.Event{
		ID: tocsin.IdentifyEvent(digest, deadLetterTable, 0), Table: deadLetterTable, Source: r.Raw.Source,
		OccurredAt: r.Raw.ReceivedAt, ReceivedAt: r.Raw.ReceivedAt,
		Values: make([]tocsin.Value, len(t.Columns)-3),
	}
	set := func(column string, v tocsin.Value) {
		if i, ok := t.Column(column); ok {
			ev.Values[i] = v
		}
	}
	set("TimeGenerated", tocsin.TimeValue(r.Raw.ReceivedAt))
	set("SourceId", tocsin.StringValue(string(r.Raw.Source)))
	set("RecordDigest", tocsin.StringValue(hex.EncodeToString(digest[:])))
	set("SenderAddress", tocsin.StringValue(r.Raw.Sender))
	set("Position", tocsin.StringValue(r.Raw.Position))
	set("Format", tocsin.StringValue(string(r.Raw.Format)))
	set("TargetTable", tocsin.StringValue(r.Raw.Table))
	set("Reason", tocsin.StringValue(r.Reason))
	set("RawData", tocsin.StringValue(text))
	set("RawEncoding", tocsin.StringValue(encoding))
	set("RawLength", tocsin.IntValue(int64(len(r.Raw.Body))))
	set("IsTruncated", tocsin.BoolValue(truncated))
	set("State", tocsin.StringValue(LetterOpen))
	set("BatchId", tocsin.StringValue(batch))
	return ev
}

// shortenLetter leaves the beginning of the record, for which there is no room.
func shortenLetter(t *storedTable, row *tuple.Tuple) {
	raw, ok := t.decl.Column("RawData")
	cut, okCut := t.decl.Column("IsTruncated")
	if ok && okCut {
		row.Cut(raw, shortRow) // of base64, a multiple of its four digits
		row.SetBool(cut, true)
	}
}

// rejectEvent makes a reject of an event whose values do not fit its table: a
// defect of a normaliser, kept where it can be seen. The raw record is gone by
// then, so the event itself is kept, as JSON.
func rejectEvent(ev *tocsin.Event, reason string) tocsin.Reject {
	values := make([]any, len(ev.Values))
	for i := range ev.Values {
		v := &ev.Values[i]
		switch v.Kind {
		case tocsin.Null:
		case tocsin.Bool:
			values[i] = v.Num != 0
		case tocsin.Int, tocsin.TimeSpan:
			values[i] = v.Num
		case tocsin.Real:
			values[i] = tuple.Describe(v)
		case tocsin.DateTime:
			values[i] = v.Time()
		default:
			values[i] = v.Str
		}
	}
	body, err := json.Marshal(map[string]any{"table": ev.Table, "id": ev.ID, "values": values})
	if err != nil {
		body = []byte(err.Error())
	}
	return tocsin.Reject{
		Raw:    tocsin.Raw{Source: ev.Source, Table: ev.Table, Position: "event " + string(ev.ID), ReceivedAt: ev.ReceivedAt, Body: body},
		Reason: reason,
	}
}
