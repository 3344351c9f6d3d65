package telemetry

import (
	"encoding/base64"
	"encoding/json"
	"unicode/utf8"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/schema"
)

// deadLetterTable is the table of records that could not become events.
const deadLetterTable = "DeadLetters"

// keptOfLong is what is kept of a record that is longer than a record may be, or
// than there is room for: it cannot be replayed, and is there to be recognised.
const keptOfLong = 32 << 10

// A letterRoom bounds how much of dead letters is kept. DuckDB reads and writes a
// table 2,048 rows at a time and holds the texts of all of them meanwhile, so
// that megabytes in each would take it down, again at every start. Of so many
// letters one behind the other, as many long ones are kept whole as fit into the
// room. Only the writer goroutine uses it.
type letterRoom struct {
	size    int64 // of the texts of one stretch, beyond keptOfLong
	left    int64
	letters int // of the stretch so far
}

const letterStretch = 2048

func newLetterRoom(memory int64) *letterRoom {
	const most = 256 << 20
	if memory > 0 {
		return &letterRoom{size: min(most, memory/8)}
	}
	return &letterRoom{size: most}
}

// take returns how much of a body is kept.
func (r *letterRoom) take(size int) int {
	if r.letters%letterStretch == 0 {
		r.left = r.size
	}
	r.letters++
	if size <= keptOfLong {
		return size
	}
	if size > tocsin.MaxRawBytes || int64(size) > r.left {
		return keptOfLong
	}
	r.left -= int64(size)
	return size
}

// deadLetter makes the row of a reject. Its id comes from the record, so that
// the same broken record sent twice is one dead letter.
func deadLetter(t *schema.Table, room *letterRoom, batch string, r *tocsin.Reject) tocsin.Event {
	body := r.Raw.Body[:room.take(len(r.Raw.Body))]
	truncated := len(body) < len(r.Raw.Body)
	text, encoding := string(body), "utf-8"
	if !utf8.Valid(body) {
		text, encoding = base64.StdEncoding.EncodeToString(body), "base64"
	}
	ev := tocsin.Event{
		ID: tocsin.IdentifyEvent(r.Raw.Digest(), deadLetterTable, 0), Table: deadLetterTable, Source: r.Raw.Source,
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
			values[i] = describe(v)
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
