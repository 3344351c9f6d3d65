package telemetry

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
	"github.com/tocsin-soc/tocsin/internal/telemetry/engine"
)

// A Finding is something a batch gave rise to that must not be lost between
// storing the batch and acting on it: a detection on the stream. It is stored
// with the batch and stays pending until it is settled.
type Finding struct {
	ID    string         // unique; the same id while pending is kept once
	Event tocsin.EventID // the event it rests on; when that was stored before, the finding is dropped. Empty keeps it always
	Body  []byte         // JSON or other UTF-8 text
}

// Pending returns the findings that are not settled, oldest first.
func (s *Store) Pending(ctx context.Context) ([]Finding, error) {
	rows, err := s.Select(ctx, `SELECT id, body FROM `+engine.Database+`.tocsin.findings ORDER BY position`)
	if err != nil {
		return nil, fmt.Errorf("reading unsettled findings: %w", err)
	}
	defer rows.Close()
	var out []Finding
	for rows.NextChunk() {
		chunk := rows.Chunk()
		for i := range chunk.Len {
			out = append(out, Finding{ID: chunk.Columns[0].Texts[i], Body: []byte(chunk.Columns[1].Texts[i])})
		}
	}
	return out, rows.Err()
}

// Settle marks findings as acted on; they are pending no more. Unknown ids are
// ignored, so that settling twice does no harm.
func (s *Store) Settle(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	return s.withWriter(ctx, func(c *duck.Conn) error {
		if err := c.ExecArgs(ctx, `DELETE FROM tocsin.findings WHERE id IN (SELECT unnest(from_json($1, '["VARCHAR"]')))`, jsonTexts(ids)); err != nil {
			return fmt.Errorf("settling findings: %w", err)
		}
		for _, id := range ids {
			delete(s.outbox.pending, id)
		}
		return nil
	})
}

// outbox knows which findings are pending. It belongs to the writer.
type outbox struct {
	pending map[string]struct{}
	next    int64 // position of the next finding
}

func loadOutbox(ctx context.Context, c *duck.Conn) (*outbox, error) {
	o := &outbox{pending: map[string]struct{}{}}
	rows, err := c.Query(ctx, `SELECT id, position FROM tocsin.findings`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.NextChunk() {
		chunk := rows.Chunk()
		for i := range chunk.Len {
			o.pending[chunk.Columns[0].Texts[i]] = struct{}{}
			o.next = max(o.next, chunk.Columns[1].Ints[i]+1)
		}
	}
	return o, rows.Err()
}

// write puts findings into the open transaction.
func (o *outbox) write(c *duck.Conn, findings []Finding) error {
	a, err := c.NewAppender("tocsin", "findings")
	if err != nil {
		return err
	}
	for start := 0; start < len(findings); start += duck.ChunkRows {
		part := findings[start:min(start+duck.ChunkRows, len(findings))]
		err := a.Append(len(part), func(column int, w *duck.Writer) error {
			for i := range part {
				switch column {
				case 0:
					w.Long(i, o.next+int64(start+i))
				case 1:
					w.Text(i, part[i].ID)
				case 2:
					w.Text(i, string(part[i].Body))
				}
			}
			return nil
		})
		if err != nil {
			a.Discard()
			return err
		}
	}
	return a.Close()
}

// committed records that findings are stored.
func (o *outbox) committed(findings []Finding) {
	o.next += int64(len(findings))
	for _, f := range findings {
		o.pending[f.ID] = struct{}{}
	}
}

// jsonTexts writes texts as a JSON array, the form in which a list is bound to
// one parameter.
func jsonTexts[S ~string](texts []S) string {
	body, err := json.Marshal(texts)
	if err != nil {
		panic(fmt.Sprintf("telemetry: a list of texts has no JSON: %v", err))
	}
	return string(body)
}
