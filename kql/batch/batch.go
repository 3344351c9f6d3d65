// Package batch runs many queries from a stream of JSON lines.
//
// It promises one line of output per line of input, in order, whatever a query
// does: what does not compile, does not run or takes too long is an error on its
// own line and never stops the rest. It refuses lines longer than 16 MiB. It is
// tested by its own rows and by the conformance measurements, which use it.
package batch

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin/kql"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/exec"
	"github.com/tocsin-soc/tocsin/kql/native"
	"github.com/tocsin-soc/tocsin/kql/result"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// Options are the circumstances of a batch.
type Options struct {
	// Compile holds for every query.
	Compile kql.Options
	// Imported says that the queries are published content: one that names a
	// table, function or column nobody knows is compiled leniently, and its line
	// has "warnings" that name them.
	Imported bool
	// Check compiles without running: columns as far as they are known, no rows.
	Check bool
	// Timeout is for each query; 0 means 30 s.
	Timeout time.Duration
	Limits  exec.Limits
	Fetch   exec.FetchFunc
}

// A Request is one line of input.
type Request struct {
	ID    string `json:"id"`
	Query string `json:"query"`
}

// maxLine is the longest line of input.
const maxLine = 16 << 20

// Run reads requests and writes one answer per line:
//
//	{"id":…,"columns":[{"name":…,"type":…}],"rows":[[…]],"tables":[…],"error":{"code":…,"message":…,"line":…,"column":…}}
//
// tables holds the second and further results, each with columns and rows. The
// error returned is of in or out, or the end of ctx.
func Run(ctx context.Context, in io.Reader, out io.Writer, engine exec.Engine, cat catalog.Catalog, opt Options) error {
	if opt.Timeout == 0 {
		opt.Timeout = 30 * time.Second
	}
	sc := bufio.NewScanner(in)
	sc.Buffer(make([]byte, 64<<10), maxLine)
	w := bufio.NewWriter(out)
	for n := 1; sc.Scan(); n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		if len(strings.TrimSpace(sc.Text())) == 0 {
			continue
		}
		line := answer(ctx, sc.Bytes(), n, engine, cat, opt)
		if _, err := w.Write(append(line, '\n')); err != nil {
			return fmt.Errorf("writing the answer to line %d: %w", n, err)
		}
		if err := w.Flush(); err != nil {
			return fmt.Errorf("writing the answer to line %d: %w", n, err)
		}
	}
	if err := sc.Err(); err != nil {
		return fmt.Errorf("reading queries: %w", err)
	}
	return nil
}

// failure is what went wrong with one query.
type failure struct {
	code, message string
	line, column  int
}

// answer runs one line; a panic in it is that line's error.
func answer(ctx context.Context, line []byte, n int, engine exec.Engine, cat catalog.Catalog, opt Options) (out []byte) {
	var req Request
	defer func() {
		if r := recover(); r != nil {
			out = appendFailure(begin(req.ID), &failure{code: "internal", message: fmt.Sprint(r)})
		}
	}()
	if err := json.Unmarshal(line, &req); err != nil {
		return appendFailure(begin(fmt.Sprintf("line %d", n)), &failure{code: "input", message: "not a JSON object with id and query: " + err.Error()})
	}
	q, warnings, fail := compile(req.Query, cat, opt)
	var tables []*result.Table
	if fail == nil {
		tables, fail = run(ctx, q, engine, opt)
	}
	out = begin(req.ID)
	if fail != nil {
		return appendFailure(out, fail)
	}
	for i, t := range tables {
		switch i {
		case 0:
			out = append(out, ',')
			out = appendTable(out, t, opt.Check)
			continue
		case 1:
			out = append(out, `,"tables":[`...)
		default:
			out = append(out, ',')
		}
		out = append(out, '{')
		out = appendTable(out, t, opt.Check)
		out = append(out, '}')
	}
	if len(tables) > 1 {
		out = append(out, ']')
	}
	return append(appendWarnings(out, warnings), '}')
}

// appendWarnings lists what a lenient compilation tolerated.
func appendWarnings(out []byte, warnings []string) []byte {
	for i, w := range warnings {
		if i == 0 {
			out = append(out, `,"warnings":[`...)
		} else {
			out = append(out, ',')
		}
		out = native.AppendString(out, w)
	}
	if len(warnings) > 0 {
		out = append(out, ']')
	}
	return out
}

func begin(id string) []byte { return native.AppendString([]byte(`{"id":`), id) }

func appendTable(out []byte, t *result.Table, check bool) []byte {
	out = t.AppendColumns(append(out, `"columns":`...))
	if check {
		return out
	}
	out = append(out, `,"rows":[`...)
	for i, row := range t.Rows {
		if i > 0 {
			out = append(out, ',')
		}
		out = t.AppendRow(out, row)
	}
	out = append(out, ']')
	if t.Truncated {
		out = append(out, `,"truncated":true`...)
	}
	return out
}

func appendFailure(out []byte, f *failure) []byte {
	out = native.AppendString(append(out, `,"error":{"code":`...), f.code)
	out = native.AppendString(append(out, `,"message":`...), f.message)
	return append(out, fmt.Sprintf(`,"line":%d,"column":%d}}`, f.line, f.column)...)
}

// compile compiles strictly and, for imported content, leniently what then names
// something unknown.
func compile(src string, cat catalog.Catalog, opt Options) (*kql.Query, []string, *failure) {
	q, diags := kql.Compile(src, cat, opt.Compile)
	fail := firstError(diags, src)
	if fail == nil || !opt.Imported || !strings.HasPrefix(fail.code, "KQL2") {
		return q, nil, fail
	}
	lenient := opt.Compile
	lenient.Lenient = true
	q, diags = kql.Compile(src, cat, lenient)
	if again := firstError(diags, src); again != nil {
		return nil, nil, fail // the first complaint is the one to mend
	}
	var warnings []string
	for _, d := range diags.Shown(src) {
		warnings = append(warnings, d.Error())
	}
	return q, warnings, nil
}

// run runs a compiled query within the limits.
func run(ctx context.Context, q *kql.Query, engine exec.Engine, opt Options) ([]*result.Table, *failure) {
	if opt.Check {
		cols, _ := q.Columns()
		return []*result.Table{{Columns: cols}}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, opt.Timeout)
	defer cancel()
	if opt.Fetch != nil {
		q = q.WithFetch(opt.Fetch)
	}
	tables, err := q.Run(ctx, engine, opt.Limits)
	switch {
	case err == nil:
		return tables, nil
	case ctx.Err() != nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
		return nil, &failure{code: "timeout", message: fmt.Sprintf("the query ran longer than %s; narrow its time range", opt.Timeout)}
	case kql.IsUnsupported(err):
		return nil, &failure{code: string(token.UnsupportedForm), message: err.Error()}
	}
	return nil, &failure{code: "run", message: err.Error()}
}

func firstError(diags token.Diagnostics, src string) *failure {
	for _, d := range diags {
		if d.Severity != token.Error {
			continue
		}
		at := token.Locate(src, d.Span.Start)
		return &failure{code: string(d.Code), message: d.Message, line: at.Line, column: at.Column}
	}
	return nil
}

// Schemas reads {"table":{"column":"type"}} into a catalogue, columns in the
// order of the text; the standard columns a table does not list come after them.
// Every watchlist exists and is empty.
func Schemas(r io.Reader) (*catalog.Static, error) {
	dec := json.NewDecoder(r)
	cat := &catalog.Static{AnyWatchlist: true}
	var raw map[string]json.RawMessage
	if err := dec.Decode(&raw); err != nil {
		return nil, fmt.Errorf("reading schemas: %w", err)
	}
	names := make([]string, 0, len(raw))
	for name := range raw {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		cols, err := schema(raw[name])
		if err != nil {
			return nil, fmt.Errorf("reading the schema of %s: %w", name, err)
		}
		t := catalog.WithStandardColumns(name, cols)
		t.Empty = true // a schema brings no rows
		cat.AddTable(t)
	}
	return cat, nil
}

// schema reads one table's columns in order, which a Go map would lose.
func schema(raw json.RawMessage) ([]catalog.Column, error) {
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	var cols []catalog.Column
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, err
		}
		var kind string
		if err := dec.Decode(&kind); err != nil {
			return nil, err
		}
		t, ok := catalog.ParseType(kind)
		if !ok {
			return nil, fmt.Errorf("unknown type %q of column %v", kind, key)
		}
		cols = append(cols, catalog.Column{Name: key.(string), Type: t})
	}
	return cols, nil
}
