package app

import (
	"context"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin/internal/detect"
	"github.com/tocsin-soc/tocsin/internal/hunt"
	"github.com/tocsin-soc/tocsin/internal/telemetry"
	"github.com/tocsin-soc/tocsin/kql/result"
)

// ruleRows is how many result rows of one run are made into findings.
const ruleRows = 10_000

// ruleTimeout bounds one run of a rule's query.
const ruleTimeout = 2 * time.Minute

// ruleEngine runs the queries of scheduled rules.
type ruleEngine struct {
	hunter *hunt.Hunter
	store  *telemetry.Store
	space  *workspace
}

// Query implements detect.Engine. The rule's text runs as it is, leniently: in
// published content a table that is not there has no rows. now() is the end of
// the window, so that a window that is caught up on, or looked at again for late
// events, asks the same as one that ran in time.
func (e *ruleEngine) Query(ctx context.Context, r *detect.KQLRule, w detect.Window) (*detect.Table, error) {
	answer, err := e.hunter.Run(ctx, hunt.Query{Text: r.Query, From: w.From, To: w.To, Now: w.To, Lenient: true, Rows: ruleRows, Timeout: ruleTimeout})
	if err != nil {
		return nil, err
	}
	if answer.Diagnostics.HasErrors() {
		return nil, errQuery(answer.Diagnostics, r.Query)
	}
	if len(answer.Tables) == 0 {
		return &detect.Table{}, nil
	}
	return textTable(answer.Tables[0]), nil
}

// textTable writes every cell as text.
func textTable(t *result.Table) *detect.Table {
	out := &detect.Table{Columns: make([]string, len(t.Columns)), Rows: make([][]string, len(t.Rows)), Truncated: t.Truncated}
	for i, c := range t.Columns {
		out.Columns[i] = c.Name
	}
	for i, row := range t.Rows {
		cells := make([]string, len(row))
		for j, v := range row {
			cells[j] = result.CellText(t.Columns[j].Type, v)
		}
		out.Rows[i] = cells
	}
	return out
}

// Late implements detect.Engine: the stretch of event time before an instant
// that arrived after the watermark, over every table whose name the rule's text
// holds, or that of a function it calls. More tables than it reads cost a little; fewer would lose alerts.
func (e *ruleEngine) Late(ctx context.Context, r *detect.KQLRule, watermark, before time.Time) (detect.Window, error) {
	var tables []string
	text := e.space.reading(r.Query)
	for _, t := range e.space.schema.Tables() {
		if t.IsStamped() && t.TimeColumn != "" && strings.Contains(text, t.Name) {
			tables = append(tables, t.Name)
		}
	}
	first, last, err := e.store.Arrived(ctx, tables, watermark, before)
	return detect.Window{From: first, To: last}, err
}

// Watermark implements detect.Engine.
func (e *ruleEngine) Watermark(ctx context.Context) (time.Time, error) { return e.store.Watermark(ctx) }

var _ detect.Engine = (*ruleEngine)(nil)
