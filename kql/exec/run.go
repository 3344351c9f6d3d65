package exec

import (
	"context"
	"fmt"
	"strings"

	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/duckdb"
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/result"
	"github.com/tocsin-soc/tocsin/kql/rewrite"
)

// A Program is a compiled query ready to run; package kql makes it.
type Program struct {
	Plan *plan.Query
	// Recompile answers the open questions of Plan (Plan.Shapes) and returns the
	// next plan. It is called only while there are any.
	Recompile func(shapes map[string][]catalog.Column) (*plan.Query, error)
	// Dialect adapts the statements to the store.
	Dialect duckdb.Options
	// Holds says whether a stored table has rows now; nil asks the engine. Run
	// leaves out the tables without.
	Holds func(table string) bool
	// Fetch reads externaldata; nil refuses it.
	Fetch FetchFunc
}

// FetchFunc returns the rows of an externaldata operator as texts, one slice per
// row in the order of the columns. urls are the evaluated addresses.
type FetchFunc func(ctx context.Context, op *plan.External, urls []string) ([][]string, error)

// Limits bound a run. Zero fields take the defaults.
type Limits struct {
	Rows   int // per result; default 500,000
	Bytes  int // of text in all results together; default 256 MiB
	Rounds int // of recompiling for run-time columns; default 8
}

func (l Limits) withDefaults() Limits {
	if l.Rows == 0 {
		l.Rows = 500_000
	}
	if l.Bytes == 0 {
		l.Bytes = 256 << 20
	}
	if l.Rounds == 0 {
		l.Rounds = 8
	}
	return l
}

// Run runs a program and returns its results in order. A result that reaches a
// limit is cut and marked Truncated; the error is of the engine, the context, or
// an *duckdb.Unsupported.
func Run(ctx context.Context, engine Engine, p *Program, limits Limits) ([]*result.Table, error) {
	limits = limits.withDefaults()
	q, err := Close(ctx, engine, p, limits)
	if err != nil {
		return nil, err
	}
	q = p.held(q)
	run := &runner{ctx: ctx, engine: engine, program: p, bytes: limits.Bytes}
	var tables []*result.Table
	for _, r := range q.Results {
		opt := p.Dialect
		opt.Limit = int64(limits.Rows) + 1
		t, err := run.attempts(opt, limits.Rows, func(opt duckdb.Options) (*duckdb.Statement, error) { return duckdb.Compile(q, r, opt) })
		if err != nil {
			return nil, err
		}
		t.Name = r.Name
		if r.Render != nil {
			t.Render = r.Render.Kind
			t.Properties = map[string]string{}
			for _, pr := range r.Render.Properties {
				t.Properties[pr.Name] = pr.Value
			}
		}
		tables = append(tables, t)
	}
	return tables, nil
}

// Close answers the questions a plan has for the data until it is closed.
func Close(ctx context.Context, engine Engine, p *Program, limits Limits) (*plan.Query, error) {
	q := p.Plan
	limits = limits.withDefaults()
	shapes := map[string][]catalog.Column{}
	run := &runner{ctx: ctx, engine: engine, program: p, bytes: limits.Bytes}
	for round := 0; len(q.Shapes) > 0; round++ {
		if round == limits.Rounds || p.Recompile == nil {
			return nil, fmt.Errorf("the columns of %s are still unknown after %d rounds", q.Shapes[0].Plugin, round)
		}
		held := p.held(q)
		for _, sh := range held.Shapes {
			t, err := run.attempts(p.Dialect, maxShape, func(opt duckdb.Options) (*duckdb.Statement, error) { return duckdb.ShapeStatement(held, sh, opt) })
			if err != nil {
				return nil, err
			}
			if t.Truncated {
				return nil, fmt.Errorf("%s would make more than %d columns", sh.Plugin, maxShape)
			}
			shapes[sh.Key] = []catalog.Column{}
			for _, row := range t.Rows {
				name, _ := row[0].(string)
				kinds, _ := row[1].(string)
				shapes[sh.Key] = append(shapes[sh.Key], catalog.Column{Name: name, Type: commonKind(kinds)})
			}
		}
		next, err := p.Recompile(shapes)
		if err != nil {
			return nil, err
		}
		q = next
	}
	return q, nil
}

// held is the plan over the tables that hold rows.
func (p *Program) held(q *plan.Query) *plan.Query {
	if p.Holds == nil {
		return q
	}
	return rewrite.Held(q, p.Holds)
}

// maxShape is the greatest number of columns a plugin may make.
const maxShape = 1000

// commonKind is the type a column has whose values are of these kinds.
func commonKind(kinds string) catalog.Type {
	t, set := catalog.Dynamic, false
	for _, k := range strings.Split(kinds, ",") {
		if k == "" {
			continue
		}
		kind, ok := catalog.ParseType(k)
		switch {
		case !ok:
			return catalog.Dynamic
		case !set:
			t, set = kind, true
		case t == kind:
		case t == catalog.Long && kind == catalog.Real || t == catalog.Real && kind == catalog.Long:
			t = catalog.Real
		case t == catalog.DateTime && kind == catalog.String || t == catalog.String && kind == catalog.DateTime:
			t = catalog.String
		default:
			return catalog.Dynamic
		}
	}
	return t
}

// runner runs the statements of one program.
type runner struct {
	ctx     context.Context
	engine  Engine
	program *Program
	bytes   int // of text still allowed
}

// attempts runs the unguarded statement and, when a whole number did not fit, the
// one that computes it as Kusto does.
func (r *runner) attempts(opt duckdb.Options, most int, compile func(duckdb.Options) (*duckdb.Statement, error)) (*result.Table, error) {
	bytes := r.bytes
	opt.Unguarded = true
	st, err := compile(opt)
	if err != nil {
		return nil, err
	}
	t, err := r.table(st, most)
	if !duckdb.Overflowed(err) {
		return t, err
	}
	r.bytes, opt.Unguarded = bytes, false
	if st, err = compile(opt); err != nil {
		return nil, err
	}
	return r.table(st, most)
}

// table runs a statement, its inputs first, and reads at most so many rows.
func (r *runner) table(st *duckdb.Statement, most int) (*result.Table, error) {
	args := append([]any(nil), st.Args...)
	for _, in := range st.Inputs {
		text, err := r.input(in)
		if err != nil {
			return nil, err
		}
		args[in.Arg] = text
	}
	t := &result.Table{}
	for _, c := range st.Columns {
		t.Columns = append(t.Columns, catalog.Column{Name: c.Name, Type: c.Type})
	}
	rows, err := r.engine.Query(r.ctx, st.SQL, args)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	width := max(len(t.Columns), 1)
	for rows.Next() {
		if len(t.Rows) == most {
			t.Truncated = true
			break
		}
		cells := make([]any, width)
		if err := rows.Scan(cells); err != nil {
			return nil, err
		}
		cells = cells[:len(t.Columns)]
		for _, v := range cells {
			if s, ok := v.(string); ok {
				r.bytes -= len(s)
			}
		}
		if r.bytes < 0 {
			t.Truncated = true
			break
		}
		t.Rows = append(t.Rows, cells)
	}
	return t, rows.Err()
}
