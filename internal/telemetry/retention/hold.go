package retention

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
	"github.com/tocsin-soc/tocsin/kql/catalog"
)

// A Hold keeps rows from being deleted by retention, whatever their age and
// however full the store is, until it is released. Empty fields hold everything.
type Hold struct {
	ID         string
	Table      string    // empty: all tables
	From, To   time.Time // event time, half open; a zero bound is open
	Entity     string    // rows in which this text occurs, in any column of text or dynamic one and in any case
	Incident   int64     // the incident it was set for; 0 for none. A label: it chooses no rows
	Reason     string
	CreatedAt  time.Time
	CreatedBy  string
	ReleasedAt time.Time // zero while it stands
	ReleasedBy string
	ReleaseWhy string // in the words of who released it
}

const holdColumns = `id, name, first, last, entity, incident, reason, created, created_by, released, released_by, coalesce(release_reason, '')`

// checkHold says what is wrong with the scope of a hold.
func (k *Keeper) checkHold(h *Hold) error {
	t, ok := k.opts.Schema.Table(h.Table)
	switch {
	case h.Table != "" && (!ok || !t.IsStamped()):
		return tocsin.Errorf(tocsin.Invalid, "There is no table %q to hold. docs/reference/tables.md lists the tables.", h.Table)
	case !h.From.IsZero() && !h.To.IsZero() && !h.From.Before(h.To):
		return tocsin.Errorf(tocsin.Invalid, "The hold ends before it begins.")
	}
	return nil
}

// AddHold sets a hold. It stands once AddHold returned; the id is made here.
func (k *Keeper) AddHold(ctx context.Context, h Hold) (Hold, error) {
	if err := k.checkHold(&h); err != nil {
		return h, err
	}
	switch {
	case h.Reason == "" || h.CreatedBy == "":
		return h, tocsin.Errorf(tocsin.Invalid, "A hold needs a reason, and somebody who sets it.")
	case len(h.Reason) > 2000 || len(h.Entity) > 1000:
		return h, tocsin.Errorf(tocsin.Invalid, "A hold's reason has at most 2000 bytes, its entity at most 1000.")
	}
	var raw [6]byte
	_, _ = rand.Read(raw[:]) // never fails (crypto/rand)
	h.ID, h.CreatedAt = "hold-"+hex.EncodeToString(raw[:]), k.opts.Now()
	err := k.store.Write(ctx, func(c *duck.Conn) error {
		var incident any
		if h.Incident != 0 {
			incident = h.Incident
		}
		return c.ExecArgs(ctx, `INSERT INTO tocsin.holds VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NULL, '', '')`,
			h.ID, h.Table, ticksOrNull(h.From), ticksOrNull(h.To), h.Entity, incident, h.Reason, tocsin.Ticks(h.CreatedAt), h.CreatedBy)
	})
	return h, err
}

// ReleaseHold ends a hold and keeps why. It stays listed. It is tocsin.NotFound
// when no such hold stands.
func (k *Keeper) ReleaseHold(ctx context.Context, id, by, why string) error {
	if why == "" || len(why) > 2000 {
		return tocsin.Errorf(tocsin.Invalid, "Say why the hold is released, in at most 2000 bytes.")
	}
	return k.store.Write(ctx, func(c *duck.Conn) error {
		n, err := c.QueryInt(ctx, `UPDATE tocsin.holds SET released = $2, released_by = $3, release_reason = $4 WHERE id = $1 AND released IS NULL`, id, tocsin.Ticks(k.opts.Now()), by, why)
		if err == nil && n == 0 {
			return tocsin.Errorf(tocsin.NotFound, "No hold %q stands. GET /api/v1/holds lists the holds.", id)
		}
		return err
	})
}

// HoldList returns every hold that was ever set, newest first.
func (k *Keeper) HoldList(ctx context.Context) (out []Hold, err error) {
	err = k.store.Read(ctx, func(c *duck.Chunk) { out = appendHolds(out, c) },
		`SELECT `+holdColumns+` FROM `+k.opts.Database+`.tocsin.holds ORDER BY created DESC, id`)
	if err != nil {
		return nil, fmt.Errorf("reading the holds: %w", err)
	}
	return out, nil
}

// standingHolds returns the holds that concern a table. The writer calls it
// just before it deletes.
func standingHolds(ctx context.Context, c *duck.Conn, t Table) (out []Hold, err error) {
	rows, err := c.Query(ctx, `SELECT `+holdColumns+` FROM tocsin.holds WHERE released IS NULL AND name IN ('', $1, $2)`, t.Name, cmp.Or(t.Also, t.Name))
	if err != nil {
		return nil, fmt.Errorf("reading the holds: %w", err)
	}
	defer rows.Close()
	for rows.NextChunk() {
		out = appendHolds(out, rows.Chunk())
	}
	return out, rows.Err()
}

func appendHolds(out []Hold, chunk *duck.Chunk) []Hold {
	for i := range chunk.Len {
		text := func(column int) string { return chunk.Columns[column].Texts[i] }
		at := func(column int) (t time.Time) {
			if ticks, ok := chunk.Columns[column].Value(i).(int64); ok {
				t = tocsin.FromTicks(ticks)
			}
			return t
		}
		incident, _ := chunk.Columns[5].Value(i).(int64)
		out = append(out, Hold{
			ID: text(0), Table: text(1), From: at(2), To: at(3), Entity: text(4), Incident: incident, Reason: text(6),
			CreatedAt: at(7), CreatedBy: text(8), ReleasedAt: at(9), ReleasedBy: text(10), ReleaseWhy: text(11),
		})
	}
	return out
}

// heldSQL is the condition that a hold keeps a row.
func (t Table) heldSQL(holds []Hold) (string, []any) {
	if len(holds) == 0 {
		return "false", nil
	}
	var either []string
	var args []any
	for _, h := range holds {
		all := []string{"true"}
		if !h.From.IsZero() {
			all = append(all, fmt.Sprintf("%s >= %d", t.Time, tocsin.Ticks(h.From)))
		}
		if !h.To.IsZero() {
			all = append(all, fmt.Sprintf("%s < %d", t.Time, tocsin.Ticks(h.To)))
		}
		if h.Entity != "" {
			plain := strings.ToLower(h.Entity)
			args = append(args, plain, inJSON(plain))
			var in []string
			for _, c := range t.Columns { // those of the database: what the declaration lacks is held, too
				n := len(args) - 1
				switch c.Kind {
				case catalog.Dynamic:
					n++
				case catalog.String, catalog.Guid:
				default:
					continue
				}
				in = append(in, fmt.Sprintf("contains(lower(CAST(%s AS VARCHAR)), $%d)", schema.Quote(c.Name), n))
			}
			// The engine refuses arguments that nothing asks for: a table may have no dynamic column.
			all = append(all, fmt.Sprintf("($%d != '' AND (%s))", len(args), strings.Join(in, " OR ")))
		}
		either = append(either, "("+strings.Join(all, " AND ")+")")
	}
	return "coalesce(" + strings.Join(either, " OR ") + ", false)", args
}

// inJSON is a text as it stands in a JSON text, without the quotes.
func inJSON(text string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(text) // a string can always be written
	return strings.TrimSuffix(strings.TrimPrefix(b.String(), `"`), "\"\n")
}
