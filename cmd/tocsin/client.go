package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/api"
	"github.com/tocsin-soc/tocsin/internal/hunt"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/result"
)

// maxAnswer bounds what is read of a server's answer.
const maxAnswer = 1 << 30

// queryServer runs a query on a running server.
func queryServer(ctx context.Context, server, token string, q hunt.Query) ([]*result.Table, error) {
	body := api.QueryRequest{Query: q.Text, Limit: q.Rows}
	if !q.From.IsZero() {
		body.From = &q.From
	}
	var answer api.QueryResult
	if err := post(ctx, server, "/api/v1/query", token, body, &answer); err != nil {
		return nil, err
	}
	failed := false
	for _, d := range answer.Diagnostics {
		failed = failed || d.Severity == "error"
		fmt.Fprintf(os.Stderr, "query:%d:%d: %s [%s]\n", d.Line, d.Column, d.Message, d.Code)
		if d.Hint != "" {
			fmt.Fprintln(os.Stderr, "hint: "+d.Hint)
		}
	}
	if failed {
		return nil, exitCode{code: 3}
	}
	tables := make([]*result.Table, len(answer.Tables))
	for i := range answer.Tables {
		t, err := typedTable(&answer.Tables[i])
		if err != nil {
			return nil, fmt.Errorf("reading the server's answer: %w", err)
		}
		tables[i] = t
	}
	return tables, nil
}

// typedTable makes a table of the wire form. Every cell keeps its own text: a
// dynamic as JSON, everything else as the text people read.
func typedTable(t *api.ResultTable) (*result.Table, error) {
	out := &result.Table{Name: t.Name, Truncated: t.Truncated, Columns: make([]catalog.Column, len(t.Columns)), Rows: make([][]any, len(t.Rows))}
	for i, c := range t.Columns {
		kind, ok := catalog.ParseType(c.Type)
		if !ok {
			return nil, fmt.Errorf("column %s has the unknown type %q", c.Name, c.Type)
		}
		out.Columns[i] = catalog.Column{Name: c.Name, Type: kind}
	}
	for i, row := range t.Rows {
		out.Rows[i] = make([]any, len(row))
		for j, cell := range row {
			v, err := result.ParseCell(out.Columns[j].Type, cell)
			if err != nil {
				return nil, fmt.Errorf("row %d, column %s: %w", i+1, t.Columns[j].Name, err)
			}
			out.Rows[i][j] = v
		}
	}
	return out, nil
}

// post sends one JSON request; a problem document becomes a tocsin.Error.
func post(ctx context.Context, server, path, token string, in, out any) error {
	text, err := json.Marshal(in)
	if err != nil {
		return err
	}
	return send(ctx, http.MethodPost, server, path, token, bytes.NewReader(text), out)
}

// get asks for one JSON document.
func get(ctx context.Context, server, path, token string, out any) error {
	return send(ctx, http.MethodGet, server, path, token, nil, out)
}

func send(ctx context.Context, method, server, path, token string, body io.Reader, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(server, "/")+path, body)
	if err != nil {
		return tocsin.Wrap(err, tocsin.Invalid, "%q is not an address. Write for example http://127.0.0.1:8700.", server)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return tocsin.Wrap(err, tocsin.Unavailable, "No server answers at %s. Is tocsin serve running there?", server)
	}
	defer func() { _ = resp.Body.Close() }() // read only
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return tocsin.Wrap(err, tocsin.Unavailable, "The answer of %s broke off. Try again.", server)
	}
	if resp.StatusCode != http.StatusOK {
		var p api.Problem
		if json.Unmarshal(text, &p) != nil || p.Message == "" {
			return tocsin.Errorf(tocsin.Unavailable, "%s answered %s; it does not look like Tocsin.", server, resp.Status)
		}
		return tocsin.Errorf(p.Kind, "%s (request %s)", p.Message, p.RequestID)
	}
	return json.Unmarshal(text, out)
}
