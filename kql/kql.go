// Package kql compiles and runs the Kusto Query Language.
//
// Compile is the whole way from text to a plan: parse, check, rewrite, and lower
// once to be sure that the dialect can run it. A Query is immutable and may be
// run any number of times, concurrently. What cannot run is a diagnostic with a
// place in the text, never a guess. Each stage is a package below this one; the
// conformance suites in internal/telemetry/kqltest test them together.
package kql

import (
	"context"
	"errors"
	"time"

	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/check"
	"github.com/tocsin-soc/tocsin/kql/duckdb"
	"github.com/tocsin-soc/tocsin/kql/exec"
	"github.com/tocsin-soc/tocsin/kql/native"
	"github.com/tocsin-soc/tocsin/kql/parser"
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/result"
	"github.com/tocsin-soc/tocsin/kql/rewrite"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// Options are the circumstances of a compilation.
type Options struct {
	// Now is the value of now(), constant for the query.
	Now time.Time
	// Period is applied to every table read; a zero bound is open.
	Period Period
	// Lenient tolerates unknown columns and tables, each with a warning.
	Lenient bool
	// Parameters are values of declared query parameters, as KQL literals.
	Parameters map[string]string
	// Missing names functions whose data is not installed: see check.Options.
	Missing map[string]string
	// Version is what .show version says.
	Version string
	// Limits bound what the text may unfold into.
	Limits check.Limits
	// Dialect adapts the statements to the store.
	Dialect duckdb.Options
	// Holds says whether a stored table has rows; it is asked at each run, so that
	// a query over all tables is planned over those that matter. nil asks the
	// engine. What compiles does not depend on it.
	Holds func(table string) bool
}

// A Period is the half-open range [From, To).
type Period struct{ From, To time.Time }

// A Query is a compiled script.
type Query struct {
	// Plan is the checked and rewritten plan; open while it has Shapes.
	Plan *plan.Query
	// Statements are one per result; empty while the plan is open.
	Statements []*duckdb.Statement
	program    *exec.Program
}

// Columns are the columns of the first result; nil for a script without one.
// known is false when only the data can tell them all.
func (q *Query) Columns() (cols []catalog.Column, known bool) {
	if len(q.Plan.Results) == 0 {
		return nil, true
	}
	for _, c := range q.Plan.Results[0].Rel.Columns() {
		cols = append(cols, catalog.Column{Name: c.Name, Type: c.Type})
	}
	return cols, len(q.Plan.Shapes) == 0
}

// Compile turns a text into a query. The query is nil when the diagnostics hold
// an error.
func Compile(src string, cat catalog.Catalog, opt Options) (*Query, token.Diagnostics) {
	script, diags := parser.Parse(src)
	if diags.HasErrors() {
		return nil, diags
	}
	co := check.Options{Now: ticks(opt.Now), From: ticks(opt.Period.From), To: ticks(opt.Period.To), Lenient: opt.Lenient, Parameters: opt.Parameters, Limits: opt.Limits, Missing: opt.Missing, Version: opt.Version}
	p, found := check.Check(script, cat, co)
	diags = append(diags, found...)
	if diags.HasErrors() {
		return nil, diags
	}
	q := &Query{Plan: p}
	q.program = &exec.Program{Plan: p, Dialect: opt.Dialect, Holds: opt.Holds, Recompile: func(shapes map[string][]catalog.Column) (*plan.Query, error) {
		again := co
		again.Shapes = shapes
		// Every name has been checked as far as the data does not decide: what is
		// still unknown is a column no row had, and that is null.
		again.Lenient = true
		p, diags := check.Check(script, cat, again)
		if err := diags.Err(); err != nil {
			return nil, err
		}
		return rewrite.Fold(p), nil
	}}
	if len(p.Shapes) > 0 {
		return q, diags
	}
	p = rewrite.Fold(p)
	q.Plan, q.program.Plan = p, p
	dialect := opt.Dialect
	dialect.Unguarded = true // what a run tries first
	for _, r := range p.Results {
		st, err := duckdb.Compile(p, r, dialect)
		if err == nil {
			err = exec.Verify(st)
		}
		if err != nil {
			diags.Errorf(token.UnsupportedForm, script.Span(), "%s", err)
			return nil, diags
		}
		q.Statements = append(q.Statements, st)
	}
	return q, diags
}

// Run runs the query. Columns that only the data can tell are found first.
func (q *Query) Run(ctx context.Context, engine exec.Engine, limits exec.Limits) ([]*result.Table, error) {
	return exec.Run(ctx, engine, q.program, limits)
}

// WithFetch returns the query with a reader for externaldata.
func (q *Query) WithFetch(fetch exec.FetchFunc) *Query {
	out := *q
	program := *q.program
	program.Fetch = fetch
	out.program = &program
	return &out
}

// IsUnsupported says that an error of Run names a construct the dialect lacks.
func IsUnsupported(err error) bool {
	var u *duckdb.Unsupported
	return errors.As(err, &u)
}

func ticks(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return native.Ticks(t.UTC())
}
