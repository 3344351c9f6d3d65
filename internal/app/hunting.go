package app

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/api"
	"github.com/tocsin-soc/tocsin/internal/hunt"
	"github.com/tocsin-soc/tocsin/internal/telemetry"
	"github.com/tocsin-soc/tocsin/kql/result"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// hunting answers the API's queries.
type hunting struct {
	hunter *hunt.Hunter
	store  *telemetry.Store
	space  *workspace
	now    func() time.Time
}

// Query implements api.Hunt.
func (h *hunting) Query(ctx context.Context, q api.QueryRequest) (api.QueryResult, error) {
	began := h.now()
	answer, err := h.hunter.Run(ctx, queryOf(q))
	if err != nil {
		return api.QueryResult{}, err
	}
	out := api.QueryResult{Diagnostics: diagnosticsOf(answer.Diagnostics, q.Query), TookMillis: float64(h.now().Sub(began).Microseconds()) / 1000}
	for _, t := range answer.Tables {
		out.Tables = append(out.Tables, tableOf(t))
		if t.Render != "" && out.Render == nil {
			out.Render = &api.Render{Visualization: t.Render, Properties: t.Properties}
			if out.Render.Properties == nil {
				out.Render.Properties = map[string]string{}
			}
		}
	}
	return out, nil
}

// queryOf makes the hunter's query of a request.
func queryOf(q api.QueryRequest) hunt.Query {
	out := hunt.Query{Text: q.Query, Rows: q.Limit}
	if q.From != nil {
		out.From = *q.From
	}
	if q.To != nil {
		out.To = *q.To
	}
	return out
}

// Check implements api.Hunt.
func (h *hunting) Check(_ context.Context, q api.QueryRequest) ([]api.Diagnostic, error) {
	return diagnosticsOf(h.hunter.Check(queryOf(q)), q.Query), nil
}

// tableOf makes the API's table of a result.
func tableOf(t *result.Table) api.ResultTable {
	out := api.ResultTable{Name: t.Name, Columns: make([]api.Column, len(t.Columns)), Rows: make([][]json.RawMessage, len(t.Rows)), Truncated: t.Truncated, RowCount: len(t.Rows)}
	for i, c := range t.Columns {
		out.Columns[i] = api.Column{Name: c.Name, Type: c.Type.String()}
	}
	for i, row := range t.Rows {
		cells := make([]json.RawMessage, len(row))
		for j, v := range row {
			cells[j] = result.AppendCell(nil, t.Columns[j].Type, v)
		}
		out.Rows[i] = cells
	}
	return out
}

// diagnosticsOf makes the API's diagnostics, with lines and columns.
func diagnosticsOf(diags token.Diagnostics, src string) []api.Diagnostic {
	shown := diags.Shown(src)
	out := make([]api.Diagnostic, 0, len(shown))
	for _, d := range shown {
		at := token.Locate(src, d.Span.Start)
		out = append(out, api.Diagnostic{
			Code: string(d.Code), Severity: d.Severity.String(), Message: d.Message, Hint: d.Hint,
			Start: int(d.Span.Start), End: int(d.Span.End), Line: at.Line, Column: at.Column,
		})
	}
	return out
}

// Schema implements api.Hunt.
func (h *hunting) Schema() api.Schema {
	out := api.Schema{Tables: []api.SchemaTable{}, Functions: []api.SchemaFunction{}}
	for _, t := range h.space.schema.Tables() {
		table := api.SchemaTable{Name: t.Name, Description: t.Description, Columns: make([]api.Column, 0, len(t.Columns))}
		for _, c := range t.Columns {
			table.Columns = append(table.Columns, api.Column{Name: c.Name, Type: c.Type.String()})
		}
		out.Tables = append(out.Tables, table)
	}
	for _, f := range h.space.functions {
		out.Functions = append(out.Functions, api.SchemaFunction{Name: f.Name, Parameters: "(" + f.Parameters + ")", Body: f.Body})
	}
	out.Functions = append(out.Functions, h.space.listFunctions()...)
	return out
}

// explainQuery says what is wrong with a rule's query, in one line.
func explainQuery(diags token.Diagnostics, src string) string {
	var parts []string
	for _, d := range diags.Shown(src) {
		if d.Severity != token.Error {
			continue
		}
		at := token.Locate(src, d.Span.Start)
		text := fmt.Sprintf("query %d:%d: %s", at.Line, at.Column, d.Error())
		if d.Hint != "" {
			text += " (" + d.Hint + ")"
		}
		parts = append(parts, text)
		if len(parts) == 3 {
			break
		}
	}
	return strings.Join(parts, "; ")
}

// errQuery is the error of a rule whose query does not compile.
func errQuery(diags token.Diagnostics, src string) error {
	return tocsin.Errorf(tocsin.Invalid, "The query does not compile: %s.", explainQuery(diags, src))
}
