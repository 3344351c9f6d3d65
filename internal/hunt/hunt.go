// Package hunt runs KQL for people and rules: compile against the catalogue,
// apply the time range to every table read, run within limits, return typed
// tables.
//
// It promises that what is wrong with a query comes back as diagnostics with
// their place and what is wrong with the store as an error that says what to
// do. It refuses queries that write, and anything without limits. It is tested
// on a real store.
package hunt

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/kql"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/exec"
	"github.com/tocsin-soc/tocsin/kql/plan"
	"github.com/tocsin-soc/tocsin/kql/result"
	"github.com/tocsin-soc/tocsin/kql/token"
)

// A Hunter runs queries on one store. It is safe for concurrent use.
type Hunter struct {
	catalog catalog.Catalog
	engine  exec.Engine
	holds   func(table string) bool
	now     func() time.Time
	fetch   Fetch
	missing map[string]string
	version string
}

// A Fetch reads the addresses of an externaldata operator: rows as texts in the order of its
// columns, and what the reader of the answer should know.
type Fetch func(ctx context.Context, op *plan.External, urls []string) (rows [][]string, warnings []string, err error)

// Reading returns the hunter with a reader for externaldata; without one it reads nothing.
func (h Hunter) Reading(fetch Fetch) *Hunter {
	h.fetch = fetch
	return &h
}

// Named returns the hunter of a version of the product: what .show version says.
func (h Hunter) Named(version string) *Hunter {
	h.version = version
	return &h
}

// Without returns the hunter of an installation that lacks data: by the name of the
// function that needs it, the sentence that says so to whoever calls it.
func (h Hunter) Without(missing map[string]string) *Hunter {
	h.missing = missing
	return &h
}

// New makes a hunter. holds says whether a declared table has rows, so that a
// query over all tables is planned over those alone; nil asks the engine for
// every one. now is what the function now() answers.
func New(c catalog.Catalog, engine exec.Engine, holds func(table string) bool, now func() time.Time) *Hunter {
	return &Hunter{catalog: c, engine: engine, holds: holds, now: now}
}

// A Query is a question: text and the range of event time it is about.
type Query struct {
	Text    string
	From    time.Time // zero: open
	To      time.Time
	Now     time.Time     // what now() answers; zero: the hunter's clock
	Lenient bool          // unknown tables are empty and unknown columns null, each with a warning
	Rows    int           // most rows per table; 0 means DefaultRows
	Bytes   int           // most bytes of text in all tables; 0 means DefaultBytes
	Timeout time.Duration // 0 means DefaultTimeout
}

// Limits of a query that names none.
const (
	DefaultRows    = 10_000
	DefaultBytes   = 64 << 20
	DefaultTimeout = 10 * time.Minute
	maxText        = 512 << 10 // enough for every rule of SigmaHQ: agreement_test.go
)

// An Answer is what a query delivered.
type Answer struct {
	Tables      []*result.Table // none when Diagnostics hold an error
	Diagnostics token.Diagnostics
}

// Check compiles without running.
func (h *Hunter) Check(q Query) token.Diagnostics {
	_, diags := h.compile(q)
	return diags
}

func (h *Hunter) compile(q Query) (*kql.Query, token.Diagnostics) {
	if len(q.Text) > maxText {
		var diags token.Diagnostics
		diags.Errorf(token.TooLong, token.Span{Start: maxText, End: maxText}, "the query has %d bytes; the limit is %d", len(q.Text), maxText)
		return nil, diags
	}
	now := q.Now
	if now.IsZero() {
		now = h.now()
	}
	return kql.Compile(q.Text, h.catalog, kql.Options{Now: now, Period: kql.Period{From: q.From, To: q.To}, Lenient: q.Lenient, Holds: h.holds, Missing: h.missing, Version: h.version})
}

// Run compiles and runs a query. The error is a *tocsin.Error: Unavailable when
// a limit of time or memory was hit, Invalid when the data made it fail.
func (h *Hunter) Run(ctx context.Context, q Query) (*Answer, error) {
	compiled, diags := h.compile(q)
	if compiled == nil {
		return &Answer{Diagnostics: diags}, nil
	}
	if q.Timeout <= 0 {
		q.Timeout = DefaultTimeout
	}
	ctx, cancel := context.WithTimeoutCause(ctx, q.Timeout, tocsin.Errorf(tocsin.Unavailable,
		"The query ran longer than %s and was stopped. Narrow its time range or filter earlier.", q.Timeout))
	defer cancel()
	var notes []string
	if h.fetch != nil {
		compiled = compiled.WithFetch(func(ctx context.Context, op *plan.External, urls []string) ([][]string, error) {
			rows, warnings, err := h.fetch(ctx, op, urls)
			notes = append(notes, warnings...)
			return rows, err
		})
	}
	tables, err := compiled.Run(ctx, h.engine, limits(q))
	if err != nil {
		return h.explain(ctx, q, diags, err)
	}
	return &Answer{Tables: tables, Diagnostics: noted(diags, notes, q.Text)}, nil
}

// noted adds what was learnt on the way as warnings about the whole text.
func noted(diags token.Diagnostics, notes []string, text string) token.Diagnostics {
	slices.Sort(notes)
	for _, note := range slices.Compact(notes) {
		diags.Warnf(token.MissingData, token.Span{Start: 0, End: token.Pos(len(text))}, "%s", note)
	}
	return diags
}

// limits are the query's own or the defaults.
func limits(q Query) exec.Limits {
	l := exec.Limits{Rows: q.Rows, Bytes: q.Bytes}
	if l.Rows <= 0 {
		l.Rows = DefaultRows
	}
	if l.Bytes <= 0 {
		l.Bytes = DefaultBytes
	}
	return l
}

// explain tells a query that cannot run from a store that could not run it.
func (h *Hunter) explain(ctx context.Context, q Query, diags token.Diagnostics, err error) (*Answer, error) {
	var said *tocsin.Error
	switch {
	case errors.As(err, &said):
		return nil, said
	case ctx.Err() != nil:
		if cause := context.Cause(ctx); errors.As(cause, &said) {
			return nil, said
		}
		return nil, ctx.Err()
	case kql.IsUnsupported(err):
		diags.Errorf(token.UnsupportedForm, token.Span{Start: 0, End: token.Pos(len(q.Text))}, "%s", err)
		return &Answer{Diagnostics: diags}, nil
	}
	return nil, tocsin.Wrap(err, tocsin.Invalid, "The store could not run this query. If it is valid KQL, please report it with the request id.")
}
