package telemetry

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
)

// States of a dead letter.
const (
	LetterOpen      = "open"      // nobody has dealt with it
	LetterReplayed  = "replayed"  // its record is stored, or was found stored or filtered
	LetterDiscarded = "discarded" // somebody gave it up
)

// A Letter is one dead letter.
type Letter struct {
	ID          tocsin.EventID
	Raw         tocsin.Raw // as it was received; Format and Table are what the door said
	Reason      string     // why it could not become events, as of the last try
	IsTruncated bool       // the body holds only the beginning of the record, which cannot be replayed
	State       string
	Outcome     string // of a replay: stored, duplicate, filtered
	ResolvedAt  time.Time
	ResolvedBy  string
	Note        string    // why it was given up, in the words of who did
	Attempts    int64     // replays that failed
	Arrived     time.Time // _IngestionTime: with ID, the place in a list
}

// A LetterFilter chooses dead letters. Zero fields choose everything.
type LetterFilter struct {
	State  string // empty means open; "all" means any
	Source string
	Table  string // the table the sender named
	Reason string // part of the reason, in any case
	Kind   string // the kind of reason, as LetterGroup.Reason has it
	IsBare bool   // only letters whose sender named no table

	NewestFirst bool // the order of Letters
	Since       time.Time
	Until       time.Time // arrived up to then
	IDs         []tocsin.EventID
}

// where returns the conditions of a filter with their arguments.
func (f *LetterFilter) where() (string, []any) {
	var conditions []string
	var args []any
	add := func(condition string, arg any) {
		args = append(args, arg)
		conditions = append(conditions, fmt.Sprintf(condition, len(args)))
	}
	switch f.State {
	case "", LetterOpen:
		conditions = append(conditions, `"State" IN ('', 'open')`)
	case "all":
	default:
		add(`"State" = $%d`, f.State)
	}
	if f.Source != "" {
		add(`"SourceId" = $%d`, f.Source)
	}
	if f.Table != "" {
		add(`"TargetTable" = $%d`, f.Table)
	}
	if f.IsBare {
		conditions = append(conditions, `"TargetTable" = ''`)
	}
	if f.Kind != "" {
		add(reasonKind+` = $%d`, f.Kind)
	}
	if f.Reason != "" {
		add(`contains(lower("Reason"), lower($%d))`, f.Reason)
	}
	if !f.Since.IsZero() {
		add(`"TimeGenerated" >= $%d`, tocsin.Ticks(f.Since))
	}
	if !f.Until.IsZero() {
		add(`"_IngestionTime" <= $%d`, tocsin.Ticks(f.Until))
	}
	if len(f.IDs) > 0 {
		add(`"_EventId" IN (SELECT unnest(from_json($%d, '["VARCHAR"]')))`, jsonTexts(f.IDs))
	}
	if len(conditions) == 0 {
		return "true", args
	}
	return strings.Join(conditions, " AND "), args
}

// reasonKind is a reason without what differs from record to record: quoted
// texts and numbers.
const reasonKind = `regexp_replace(regexp_replace("Reason", '"(\\.|[^"\\])*"', '"…"', 'g'), '[0-9]+', '#', 'g')`

// Letters returns dead letters in the order of their arrival, or against it,
// after the given one (nil begins), at most limit.
func (s *Store) Letters(ctx context.Context, f LetterFilter, after *Letter, limit int) ([]Letter, error) {
	where, args := f.where()
	beyond, order := ">", `"_IngestionTime", "_EventId"`
	if f.NewestFirst {
		beyond, order = "<", `"_IngestionTime" DESC, "_EventId" DESC`
	}
	if after != nil {
		where += fmt.Sprintf(` AND ("_IngestionTime", "_EventId") %s ($%d, $%d)`, beyond, len(args)+1, len(args)+2)
		args = append(args, tocsin.Ticks(after.Arrived), string(after.ID))
	}
	args = append(args, int64(limit))
	rows, err := s.Select(ctx, fmt.Sprintf(`SELECT "_EventId", "SourceId", "Position", "Format", "TargetTable", "TimeGenerated", "RawData", "RawEncoding", "Reason", "IsTruncated",
		"State", "Outcome", "ResolvedAt", "ResolvedBy", coalesce("Attempts", 0), "_IngestionTime", "SenderAddress", "Note", "RecordDigest"
		FROM "DeadLetters" WHERE %s ORDER BY %s LIMIT $%d`, where, order, len(args)), args...)
	if err != nil {
		return nil, fmt.Errorf("reading dead letters: %w", err)
	}
	defer func() { _ = rows.Close() }() // read to its end or failed
	var out []Letter
	for rows.NextChunk() {
		chunk := rows.Chunk()
		for i := range chunk.Len {
			text := func(column int) string { v, _ := chunk.Columns[column].Value(i).(string); return v }
			at := func(column int) (t time.Time) {
				if ticks, ok := chunk.Columns[column].Value(i).(int64); ok {
					t = tocsin.FromTicks(ticks)
				}
				return t
			}
			body := []byte(text(6))
			if text(7) == "base64" {
				if body, err = base64.StdEncoding.DecodeString(text(6)); err != nil {
					return nil, fmt.Errorf("reading dead letter %s: %w", text(0), err)
				}
			}
			truncated, _ := chunk.Columns[9].Value(i).(bool)
			attempts, _ := chunk.Columns[14].Value(i).(int64)
			l := Letter{
				ID: tocsin.EventID(text(0)), Reason: text(8), IsTruncated: truncated, State: text(10), Outcome: text(11), ResolvedAt: at(12), ResolvedBy: text(13),
				Attempts: attempts, Arrived: at(15), Note: text(17),
				Raw: tocsin.Raw{Source: tocsin.SourceID(text(1)), Position: text(2), Format: tocsin.Format(text(3)), Table: text(4), Sender: text(16), ReceivedAt: at(5), Body: body},
			}
			if digest, err := hex.DecodeString(text(18)); err == nil && len(digest) == len(l.Raw.Of) {
				copy(l.Raw.Of[:], digest) // letters of before it was kept have none: they are known by what they hold
			}
			if l.State == "" {
				l.State = LetterOpen
			}
			out = append(out, l)
		}
	}
	return out, rows.Err()
}

// A LetterGroup counts dead letters that have the same kind of reason.
type LetterGroup struct {
	Reason  string // what differs from record to record (quoted texts, numbers) is written … and #
	Example string // one of the reasons
	Source  tocsin.SourceID
	Table   string
	Count   int64
	First   time.Time // received
	Last    time.Time
	Letter  tocsin.EventID // one of them
}

// LetterGroups counts dead letters by reason, source and table, most first, at
// most limit groups; total is the number of letters over all groups.
func (s *Store) LetterGroups(ctx context.Context, f LetterFilter, limit int) (groups []LetterGroup, total int64, err error) {
	where, args := f.where()
	args = append(args, int64(limit))
	rows, err := s.Select(ctx, fmt.Sprintf(`SELECT `+reasonKind+` AS kind, min("Reason"), "SourceId", "TargetTable",
		count(*), min("TimeGenerated"), max("TimeGenerated"), min("_EventId"), sum(count(*)) OVER ()::BIGINT
		FROM "DeadLetters" WHERE %s GROUP BY kind, "SourceId", "TargetTable" ORDER BY 5 DESC, 1, 3, 4 LIMIT $%d`, where, len(args)), args...)
	if err != nil {
		return nil, 0, fmt.Errorf("counting dead letters: %w", err)
	}
	defer func() { _ = rows.Close() }() // read to its end or failed
	for rows.NextChunk() {
		chunk := rows.Chunk()
		for i := range chunk.Len {
			text := func(column int) string { return chunk.Columns[column].Texts[i] }
			num := func(column int) int64 { return chunk.Columns[column].Ints[i] }
			total = num(8)
			groups = append(groups, LetterGroup{
				Reason: text(0), Example: text(1), Source: tocsin.SourceID(text(2)), Table: text(3), Count: num(4),
				First: tocsin.FromTicks(num(5)), Last: tocsin.FromTicks(num(6)), Letter: tocsin.EventID(text(7)),
			})
		}
	}
	return groups, total, rows.Err()
}
