package telemetry

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
	"github.com/tocsin-soc/tocsin/internal/telemetry/ledger"
)

// A Replay makes a batch one of dead letters: its records came from letters and
// were received long ago. What becomes of each letter is written in the
// transaction of the batch. A letter that is not open any more is left alone
// with everything that was made of it, so that replaying twice, or twice at
// once, stores nothing twice.
type Replay struct {
	By       string           // who does it
	Note     string           // why letters are given up
	Records  []tocsin.EventID // the letter of each record, in the order of the batch
	Rejects  []tocsin.EventID // the letter of each reject: it stays open, with the new reason
	Filtered []tocsin.EventID // letters whose record a transform left out
	Discard  []tocsin.EventID // letters to give up
}

// check refuses a replay that does not name the letter of everything in it.
func (r *Replay) check(b *Batch) error {
	if len(r.Records) != b.records() || len(r.Rejects) != len(b.Rejects) || len(b.Counts) > 0 {
		return tocsin.Errorf(tocsin.Internal, "replay %s: %d letters for %d records, %d for %d rejects, %d counts", b.ID, len(r.Records), b.records(), len(r.Rejects), len(b.Rejects), len(b.Counts))
	}
	return nil
}

// letters returns everything the replay is about.
func (r *Replay) letters() []tocsin.EventID {
	return slices.Concat(r.Records, r.Rejects, r.Filtered, r.Discard)
}

// A verdict is what becomes of a letter.
type verdict struct {
	ID      tocsin.EventID `json:"id"`
	State   string         `json:"state"`
	Outcome string         `json:"outcome"`
	Reason  string         `json:"why"` // of a letter that stays open
	By      string         `json:"by"`
	Note    string         `json:"note"`
}

// letterColumns are the columns of a dead letter that a replay writes.
var letterColumns = []string{"State", "Outcome", "ResolvedAt", "ResolvedBy", "Attempts", "Reason", "Note"}

// openLetters returns the sources of those letters of the group that are open.
func (s *Store) openLetters(ctx context.Context, c *duck.Conn, group []*request) (map[tocsin.EventID]tocsin.SourceID, error) {
	var ids []tocsin.EventID
	for _, r := range group {
		if replay := r.prepared.batch.Replay; replay != nil {
			ids = append(ids, replay.letters()...)
		}
	}
	letters, ok := s.tables[deadLetterTable]
	if len(ids) == 0 || !ok || !letters.exists {
		return nil, nil
	}
	state := `''`
	if i, ok := letters.decl.Column("State"); ok && letters.has(i) {
		state = `"State"`
	}
	rows, err := c.Query(ctx, `SELECT "_EventId", "SourceId" FROM `+letters.qualified()+` WHERE `+state+` IN ('', 'open') AND "_EventId" IN (SELECT unnest(from_json($1, '["VARCHAR"]')))`, jsonTexts(ids))
	if err != nil {
		return nil, fmt.Errorf("looking for open dead letters: %w", err)
	}
	defer rows.Close()
	open := map[tocsin.EventID]tocsin.SourceID{}
	for rows.NextChunk() {
		chunk := rows.Chunk()
		for i := range chunk.Len {
			open[tocsin.EventID(chunk.Columns[0].Texts[i])] = tocsin.SourceID(chunk.Columns[1].Texts[i])
		}
	}
	return open, rows.Err()
}

// admitReplay turns a batch of dead letters into rows. A letter is taken out of
// open as it is dealt with.
func (s *Store) admitReplay(k *commit, request int, p *Prepared, open map[tocsin.EventID]tocsin.SourceID) {
	b := &p.batch
	if letters, ok := s.tables[deadLetterTable]; ok {
		for _, name := range letterColumns {
			if i, ok := letters.decl.Column(name); ok && !letters.has(i) && !slices.Contains(letters.wanted, i) {
				letters.wanted = append(letters.wanted, i)
			}
		}
	}
	take := func(letter tocsin.EventID) (unit, bool) {
		source, ok := open[letter]
		delete(open, letter)
		return unit{request: request, source: source, letter: letter}, ok
	}
	start := 0
	for i := range p.records {
		rows := p.rows[start:p.records[i].end]
		start = p.records[i].end
		if u, ok := take(b.Replay.Records[i]); ok {
			s.admitRows(k, u, rows)
			continue
		}
		if k.settled == nil {
			k.settled = map[tocsin.EventID]bool{}
		}
		for j := range rows {
			k.settled[rows[j].event] = true
		}
	}
	by := b.Replay.By
	settle := func(letters []tocsin.EventID, v verdict, count func(*ledger.Balance, *Appended)) {
		for i, letter := range letters {
			u, ok := take(letter)
			if !ok {
				continue
			}
			one := v
			one.ID, one.By = letter, by
			if v.State == LetterOpen {
				one.Reason = b.Rejects[i].Reason
			}
			k.verdicts = append(k.verdicts, one)
			count(k.delta(u.source), &k.answers[request])
		}
	}
	settle(b.Replay.Rejects, verdict{State: LetterOpen}, func(_ *ledger.Balance, a *Appended) { a.DeadLettered++ })
	settle(b.Replay.Filtered, verdict{State: LetterReplayed, Outcome: "filtered"}, func(d *ledger.Balance, a *Appended) { d.Replayed++; a.Filtered++ })
	settle(b.Replay.Discard, verdict{State: LetterDiscarded, Outcome: "discarded", Note: b.Replay.Note}, func(d *ledger.Balance, a *Appended) { d.Discarded++; a.Discarded++ })
}

// countReplayed decides what became of the letter behind a record.
func (k *commit) countReplayed(u *unit, d *ledger.Balance, a *Appended) {
	v := verdict{ID: u.letter, State: LetterReplayed, By: k.group[u.request].prepared.batch.Replay.By}
	switch {
	case u.stored:
		v.Outcome = "stored"
		a.Stored++
	case u.dead: // the values fit no column: each event is a dead letter of its own now
		v.Outcome = "dead-lettered anew"
		a.DeadLettered++
	default:
		v.Outcome = "duplicate"
		a.Duplicates++
	}
	d.Replayed++
	k.verdicts = append(k.verdicts, v)
}

// writeVerdicts puts what became of the letters into the open transaction.
func (s *Store) writeVerdicts(ctx context.Context, c *duck.Conn, verdicts []verdict, now time.Time) error {
	if len(verdicts) == 0 {
		return nil
	}
	text, err := json.Marshal(verdicts)
	if err != nil {
		return err
	}
	return c.ExecArgs(ctx, `UPDATE `+s.tables[deadLetterTable].qualified()+` SET
		"State" = v.state, "Outcome" = v.outcome, "Note" = v.note,
		"ResolvedAt" = CASE WHEN v.state = 'open' THEN NULL ELSE $2 END, "ResolvedBy" = CASE WHEN v.state = 'open' THEN '' ELSE v."by" END,
		"Attempts" = coalesce("Attempts", 0) + CASE WHEN v.state = 'open' THEN 1 ELSE 0 END,
		"Reason" = CASE WHEN v.state = 'open' THEN v.why ELSE "Reason" END
		FROM (SELECT unnest(from_json($1, '[{"id":"VARCHAR","state":"VARCHAR","outcome":"VARCHAR","why":"VARCHAR","by":"VARCHAR","note":"VARCHAR"}]'), recursive := true)) v
		WHERE "_EventId" = v.id`, string(text), tocsin.Ticks(now))
}
